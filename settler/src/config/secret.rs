//! Values that must not be printed.

/// An RPC address. Providers put keys into user names, paths and queries, so it prints as scheme, host and port.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(String);

impl SecretUrl {
    /// Wraps an address.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self(url.to_owned())
    }

    /// The whole address, for connecting.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for SecretUrl {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&without_secrets(&self.0))
    }
}

impl std::fmt::Debug for SecretUrl {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{self}")
    }
}

/// An address with everything that may hold a key replaced by `***`.
#[must_use]
pub fn without_secrets(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (user, host) = match authority.rsplit_once('@') {
        Some((_, host)) => ("***@", host),
        None => ("", authority),
    };
    let path = if path.is_empty() || path == "/" { "" } else { "/***" };
    format!("{scheme}://{user}{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_in_addresses_are_hidden() {
        for (url, shown) in [
            ("https://api.devnet.solana.com", "https://api.devnet.solana.com"),
            ("http://localhost:8899/", "http://localhost:8899"),
            ("https://node.example/v2/abcdef", "https://node.example/***"),
            ("https://node.example/?api-key=abcdef", "https://node.example/***"),
            ("https://node.example?api-key=abcdef", "https://node.example/***"),
            ("https://user:abcdef@node.example:1", "https://***@node.example:1"),
        ] {
            assert_eq!(without_secrets(url), shown);
            assert_eq!(format!("{:?}", SecretUrl::new(url)), shown);
        }
    }
}
