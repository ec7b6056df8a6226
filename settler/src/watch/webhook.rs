//! Alerts as POST requests with the JSON document as body.
//!
//! A receiver answers with 2xx. A connection that fails, a time-out, 408, 429 and 5xx are tried again, at most three times a
//! round; what is left is kept for the next round. Any other answer will not change: the alert is given up, with a
//! word on stderr. Redirections are not followed. The address is shown without what may be a secret.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::blocking::Client;
use reqwest::redirect::Policy;

use super::alert::Alert;
use crate::config::secret::SecretUrl;
use crate::outcome::{Failure, Outcome};
use crate::output::note;

const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(10);
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];

/// A receiver of alerts.
pub struct Webhook {
    url: SecretUrl,
    client: Client,
}

/// What became of a delivery.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delivery {
    /// The receiver has it.
    Done,
    /// The receiver will never take it.
    GivenUp,
    /// To be tried again later.
    Later,
}

impl Webhook {
    /// A receiver at an http or https address; connects with the first alert.
    ///
    /// # Errors
    /// Exit 2 if it is none.
    pub fn new(url: &str) -> Outcome<Self> {
        let shown = SecretUrl::new(url);
        let is_web = url.starts_with("http://") || url.starts_with("https://");
        if !is_web || reqwest::Url::parse(url).is_err() {
            return Err(Failure::usage(format!("--webhook {shown} is no http or https address")));
        }
        let client = Client::builder()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .redirect(Policy::none())
            .user_agent(concat!("radio-payouts/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| anyhow::anyhow!("no HTTP client: {}", error.without_url()))?;
        Ok(Self { url: shown, client })
    }

    /// Hands an alert over.
    #[must_use]
    pub fn deliver(&self, alert: &Alert) -> Delivery {
        let mut pauses = PAUSES.into_iter();
        loop {
            let trouble = match self.client.post(self.url.expose()).json(alert).send() {
                Ok(answer) if answer.status().is_success() => return Delivery::Done,
                Ok(answer) if !is_temporary(answer.status()) => {
                    note(format_args!(
                        "webhook {}: the receiver answers {}; alert {} is given up",
                        self.url,
                        answer.status(),
                        alert.id
                    ));
                    return Delivery::GivenUp;
                }
                Ok(answer) => format!("the receiver answers {}", answer.status()),
                Err(error) if error.is_timeout() => "no answer in time".to_owned(),
                Err(error) if error.is_connect() => "cannot connect".to_owned(),
                Err(_) => "the connection failed".to_owned(),
            };
            let Some(pause) = pauses.next() else {
                note(format_args!("webhook {}: {trouble}; alert {} is kept for later", self.url, alert.id));
                return Delivery::Later;
            };
            std::thread::sleep(pause);
        }
    }
}

fn is_temporary(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_are_taken_and_none_is_shown_whole() {
        for url in ["ftp://host/key", "host/key", "https://", ""] {
            assert!(Webhook::new(url).is_err(), "{url}");
        }
        let failure = Webhook::new("ftp://user:secret@host/key").err().unwrap();
        assert!(!format!("{:#}", failure.error).contains("secret"), "{:#}", failure.error);
        assert!(Webhook::new("https://hooks.example/services/key").is_ok());
    }

    #[test]
    fn what_may_pass_is_tried_again() {
        for status in [408, 429, 500, 503] {
            assert!(is_temporary(StatusCode::from_u16(status).unwrap()), "{status}");
        }
        for status in [301, 400, 401, 404, 410] {
            assert!(!is_temporary(StatusCode::from_u16(status).unwrap()), "{status}");
        }
    }
}
