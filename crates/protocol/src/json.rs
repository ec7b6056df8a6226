//! How values of ours are written in JSON documents: a `u64` is a decimal string, bytes are lower-case hex (section 1).

use alloc::string::{String, ToString as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An integer that JSON documents of ours can carry.
pub trait Number: Sized {
    /// What stands in the document.
    type Json: Serialize + for<'de> Deserialize<'de>;
    /// The document's form.
    fn to_json(&self) -> Self::Json;
    /// The value; `None` if it is not written the one way that `to_json` writes it.
    fn from_json(json: Self::Json) -> Option<Self>;
}

macro_rules! decimal {
    ($($kind:ty),*) => {$(
        impl Number for $kind {
            type Json = String;
            fn to_json(&self) -> String {
                self.to_string()
            }
            fn from_json(json: String) -> Option<Self> {
                json.parse().ok().filter(|number: &Self| number.to_string() == json)
            }
        }
    )*};
}
// Sums and differences of amounts are wider than an amount, and signed.
decimal!(u64, u128, i128);

macro_rules! plain {
    ($($kind:ty),*) => {$(
        impl Number for $kind {
            type Json = $kind;
            fn to_json(&self) -> $kind {
                *self
            }
            fn from_json(json: $kind) -> Option<Self> {
                Some(json)
            }
        }
    )*};
}
plain!(u8, u32);

/// For `#[serde(with = …)]`.
///
/// # Errors
/// The serializer's.
pub fn serialize<N: Number, S: Serializer>(number: &N, serializer: S) -> Result<S::Ok, S::Error> {
    number.to_json().serialize(serializer)
}

/// For `#[serde(with = …)]`.
///
/// # Errors
/// If the number is not written in its one form.
pub fn deserialize<'de, N: Number, D: Deserializer<'de>>(deserializer: D) -> Result<N, D::Error> {
    N::from_json(N::Json::deserialize(deserializer)?).ok_or_else(|| serde::de::Error::custom("not a decimal number"))
}

/// Thirty-two bytes as 64 lower-case hex digits.
pub mod hex32 {
    use super::{Deserialize, Deserializer, Serialize, Serializer, String};

    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(bytes: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
        hex::encode(bytes).serialize(serializer)
    }

    /// # Errors
    /// If it is not 64 lower-case hex digits.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut bytes = [0; 32];
        match hex::decode_to_slice(&text, &mut bytes) {
            Ok(()) if hex::encode(bytes) == text => Ok(bytes),
            _ => Err(serde::de::Error::custom("expected 64 lower-case hex digits")),
        }
    }
}
