//! What a receiver answers at once, and the verdicts given when an epoch is sealed (section 4.4).

use alloc::string::String;

/// The answer to an envelope, before any verdict. Logged locally; no part of an epoch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// `v` is not 1.
    WrongVersion,
    /// Not UTF-8 or JSON, outside the profile, or over a limit: the reason.
    Malformed(String),
    /// Well-formed, but not the canonical bytes.
    NotCanonical,
    /// No such SFU is registered.
    UnknownSfu,
    /// The signature does not hold under the strict rules, or was made for another domain.
    BadSignature,
    /// Ahead of the receiver's clock or of the SFU's sequence.
    TryLater,
    /// The same batch is held, or nothing more of this `(sfu, seq)` or beyond this stop is.
    AlreadyHeld,
    /// Kept from now on.
    Held,
}

impl Answer {
    /// The code of section 4.4.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::WrongVersion => "wrong_version",
            Self::Malformed(_) => "malformed",
            Self::NotCanonical => "not_canonical",
            Self::UnknownSfu => "unknown_sfu",
            Self::BadSignature => "bad_signature",
            Self::TryLater => "try_later",
            Self::AlreadyHeld => "already_held",
            Self::Held => "held",
        }
    }

    /// One sentence for the SFU's operator.
    #[must_use]
    pub fn explanation(&self) -> &str {
        match self {
            Self::WrongVersion => "the batch is not of version 1",
            Self::Malformed(reason) => reason,
            Self::NotCanonical => "the bytes are not the canonical ones (RFC 8785): sign and send those",
            Self::UnknownSfu => "no SFU is registered under this key",
            Self::BadSignature => "the signature does not hold for this deployment's domain",
            Self::TryLater => {
                "the batch lies ahead of the receiver's clock or of the sequence held: send it again later"
            }
            Self::AlreadyHeld => "this batch, or all that is kept of its sequence number, is held already",
            Self::Held => "the batch is held",
        }
    }
}

macro_rules! verdicts {
    ($(#[$doc:meta])* $name:ident { $($(#[$one:meta])* $variant:ident = $code:literal, $text:literal, $why:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[repr(u8)]
        pub enum $name {
            $(#[doc = $why] $variant = $code,)*
        }

        impl $name {
            /// All verdicts, in the order in which they are tried.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The verdict's number, in the order of section 4.4 from 0.
            #[must_use]
            pub const fn code(self) -> u8 {
                self as u8
            }

            /// The code of section 4.4.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// One sentence for the SFU's operator.
            #[must_use]
            pub const fn explanation(self) -> &'static str {
                match self { $(Self::$variant => $why,)* }
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                formatter.pad(self.as_str())
            }
        }
    };
}

verdicts! {
    /// Why a held batch does not count. The first that applies, in this order, decides.
    BatchVerdict {
        Stopped = 0, "stopped", "its sequence number is at or past the SFU's stop";
        NotValid = 1, "not_valid", "the SFU is not registered for the epoch of the batch, or is a demo SFU in a Live epoch";
        Late = 2, "late", "it is older than what may still be carried into this epoch";
        ChainBroken = 3, "chain_broken", "it fills a gap and is not the batch that its successor names";
        BadWindow = 4, "bad_window", "its window has a wrong length or overlaps that of an accepted neighbour";
    }
}

verdicts! {
    /// Why a receipt of an accepted batch does not count. The first that applies, in this order, decides.
    ReceiptVerdict {
        BadDid = 0, "bad_did", "a contributor's DID is not valid";
        BadTime = 1, "bad_time", "its timestamp lies outside the batch's window";
        Duplicate = 2, "duplicate", "an earlier receipt of the batch has its room and track";
        NoContributors = 3, "no_contributors", "it names nobody";
        Unlicensed = 4, "unlicensed", "its track is Licensed and such tracks are not paid";
        BytesOverBound = 5, "bytes_over_bound", "it claims more bytes than its recipients could have received";
        SfuOverCapacity = 6, "sfu_over_capacity", "the SFU's capacity for the epoch is used up";
    }
}
