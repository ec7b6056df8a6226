//! Who asks too often: a bucket of tokens for each address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Addresses that are remembered; beyond, those that have not asked for long are forgotten.
const ADDRESSES: usize = 65_536;
/// Seconds' worth of requests that may come at once.
const BURST_SECONDS: u64 = 2;

/// Tokens are counted in millionths.
const TOKEN: u64 = 1_000_000;

struct Bucket {
    tokens: u64,
    at: Instant,
}

/// What a request may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// Go on.
    Granted,
    /// Come again after so many seconds.
    Refused(u32),
}

/// Buckets of all addresses.
pub struct RateLimiter {
    rate: u64,
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
}

impl RateLimiter {
    /// A limit of so many requests a second; 0 for none.
    #[must_use]
    pub fn new(rate: u32) -> Self {
        Self { rate: u64::from(rate), buckets: Mutex::default() }
    }

    /// Takes a token of an address.
    pub fn take(&self, address: IpAddr, now: Instant) -> Turn {
        if self.rate == 0 {
            return Turn::Granted;
        }
        let full = self.rate * BURST_SECONDS * TOKEN;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= ADDRESSES {
            // Who has not asked for so long has a full bucket again.
            buckets.retain(|_, bucket| now.saturating_duration_since(bucket.at) < Duration::from_secs(BURST_SECONDS));
        }
        let bucket = buckets.entry(network(address)).or_insert(Bucket { tokens: full, at: now });
        let gained = u64::try_from(now.saturating_duration_since(bucket.at).as_micros()).unwrap_or(u64::MAX);
        bucket.tokens = bucket.tokens.saturating_add(gained.saturating_mul(self.rate)).min(full);
        bucket.at = now;
        if let Some(rest) = bucket.tokens.checked_sub(TOKEN) {
            bucket.tokens = rest;
            return Turn::Granted;
        }
        Turn::Refused(1)
    }
}

/// An IPv6 subscriber has a /64, not an address.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & !u128::from(u64::MAX)).into()),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_granted_then_the_rate() {
        let limiter = RateLimiter::new(10);
        let (one, other): (IpAddr, IpAddr) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let start = Instant::now();
        for _ in 0..20 {
            assert_eq!(limiter.take(one, start), Turn::Granted);
        }
        assert_eq!(limiter.take(one, start), Turn::Refused(1));
        assert_eq!(limiter.take(other, start), Turn::Granted, "another address has a bucket of its own");
        let later = start + Duration::from_millis(250);
        assert_eq!((0..5).filter(|_| limiter.take(one, later) == Turn::Granted).count(), 2);
    }

    #[test]
    fn a_subscriber_of_ipv6_has_one_bucket() {
        let network_of = |text: &str| network(text.parse().unwrap());
        assert_eq!(network_of("2001:db8::1"), network_of("2001:db8::ffff:1"));
        assert_ne!(network_of("2001:db8::1"), network_of("2001:db8:0:1::1"));
        assert_eq!(network_of("::ffff:10.0.0.1"), network_of("10.0.0.1"));
    }
}
