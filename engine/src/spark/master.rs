//! Where Spark runs.

use std::fmt;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::str::FromStr;
use std::time::Duration;

/// How long a master has to accept a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// A Spark master: `spark://host:port` (several hosts with commas between them), `local[threads]`, `local[*]`, `yarn` or
/// `k8s://…`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Master(String);

/// A text that is no master.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is no Spark master: write spark://host:port, local[2], local[*], yarn or k8s://…")]
pub struct NoMaster(String);

impl Master {
    /// The URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Hosts with their ports, of a cluster of Spark's own.
    fn hosts(&self) -> Option<impl Iterator<Item = &str>> {
        Some(self.0.strip_prefix("spark://")?.split(','))
    }

    /// Whether it is this machine itself.
    pub(super) fn is_local(&self) -> bool {
        self.0.starts_with("local")
    }

    /// Looks whether one of the hosts listens. Spark itself would try for a minute and not say why.
    pub(super) fn reach(&self) -> Result<(), String> {
        let Some(hosts) = self.hosts() else { return Ok(()) };
        let mut why = String::new();
        for host in hosts {
            match host.to_socket_addrs() {
                Ok(addresses) => {
                    for address in addresses {
                        match TcpStream::connect_timeout(&address, PATIENCE) {
                            Ok(_) => return Ok(()),
                            Err(error) => why = format!("{address}: {error}"),
                        }
                    }
                }
                Err(error) => why = format!("{host}: {error}"),
            }
        }
        Err(format!("no master listens there ({why}); is it started, and is this the URL that it shows in its log?"))
    }
}

impl FromStr for Master {
    type Err = NoMaster;

    fn from_str(text: &str) -> Result<Self, NoMaster> {
        let is_host = |host: &str| {
            host.rsplit_once(':').is_some_and(|(name, port)| {
                !name.is_empty() && !name.contains(['/', ' ']) && port.parse::<u16>().is_ok_and(|port| port > 0)
            })
        };
        let is_threads = |threads: &str| threads == "*" || threads.parse::<u16>().is_ok_and(|threads| threads > 0);
        let is_master = match text.strip_prefix("spark://") {
            Some(hosts) => hosts.split(',').all(is_host),
            None => match text.strip_prefix("local[").and_then(|rest| rest.strip_suffix(']')) {
                Some(threads) => is_threads(threads),
                None => text == "yarn" || text.strip_prefix("k8s://").is_some_and(|rest| !rest.is_empty()),
            },
        };
        if is_master { Ok(Self(text.to_owned())) } else { Err(NoMaster(text.to_owned())) }
    }
}

impl fmt::Display for Master {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_master_is_refused() {
        for text in [
            "",
            "local",
            "local[]",
            "local[0]",
            "local[x]",
            "local[2",
            "spark://",
            "spark://host",
            "spark://host:0",
            "spark://host:70000",
            "spark://:7077",
            "spark://a:1,",
            "spark://a/b:1",
            "http://host:7077",
            "k8s://",
            "Yarn",
        ] {
            assert_eq!(text.parse::<Master>(), Err(NoMaster(text.to_owned())));
        }
    }

    #[test]
    fn masters_are_taken_as_they_are() {
        for text in
            ["local[1]", "local[*]", "spark://host:7077", "spark://a:1,b:2", "spark://[::1]:7077", "yarn", "k8s://x"]
        {
            assert_eq!(text.parse::<Master>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn a_master_that_does_not_listen_is_not_reached() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let several: Master = format!("spark://127.0.0.1:1,127.0.0.1:{port}").parse().unwrap();
        assert_eq!(several.reach(), Ok(()), "one of them listens");
        drop(listener);
        let why = several.reach().unwrap_err();
        assert!(why.contains("no master listens"), "{why}");
    }
}
