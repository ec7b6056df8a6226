//! Which encoding of a file a client is sent (RFC 9110, section 12.5.3).

use axum::http::{HeaderMap, header};

/// An encoding that a file may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Coding {
    /// As it is.
    Plain,
    /// Brotli.
    Brotli,
    /// gzip.
    Gzip,
}

impl Coding {
    /// Its name in `Content-Encoding`.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
        }
    }

    /// What tells its entity tag from that of the others.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Brotli => "-br",
            Self::Gzip => "-gz",
        }
    }
}

/// The first of brotli, gzip and plain that there is and that the client takes; plain for who refuses all.
#[must_use]
pub fn choose<'a>(
    request: &HeaderMap,
    brotli: Option<&'a [u8]>,
    gzip: Option<&'a [u8]>,
    plain: &'a [u8],
) -> (Coding, &'a [u8]) {
    let given = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let given: Vec<&str> = given.flat_map(|list| list.split(',')).map(str::trim).collect();
    match (brotli, gzip) {
        (Some(content), _) if takes(&given, "br") => (Coding::Brotli, content),
        (_, Some(content)) if takes(&given, "gzip") => (Coding::Gzip, content),
        _ => (Coding::Plain, plain),
    }
}

/// Whether a list names an encoding, or `*`, with a weight that is not 0.
fn takes(given: &[&str], name: &str) -> bool {
    let weight = |wanted: &str| {
        given.iter().find_map(|item| {
            let (found, rest) = item.split_once(';').unwrap_or((item, ""));
            let is_zero = rest.trim().strip_prefix("q=").is_some_and(|q| q.bytes().all(|byte| b"0.".contains(&byte)));
            found.trim().eq_ignore_ascii_case(wanted).then_some(!is_zero)
        })
    };
    weight(name).or_else(|| weight("*")).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_zero_refuse_and_a_star_takes_the_rest() {
        for (given, brotli, gzip) in [
            ("", false, false),
            ("gzip", false, true),
            ("gzip, deflate, br", true, true),
            ("br;q=0, gzip;q=0.5", false, true),
            ("br;q=0.000, *", false, true),
            ("*;q=0", false, false),
            ("BR ; q=1.0", true, false),
            ("identity", false, false),
        ] {
            let list: Vec<&str> = given.split(',').map(str::trim).collect();
            assert_eq!((takes(&list, "br"), takes(&list, "gzip")), (brotli, gzip), "{given}");
        }
    }
}
