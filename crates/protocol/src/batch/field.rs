//! How single fields of an envelope are read and written.

/// Bytes as lower-case hex of exactly their length.
pub(super) mod hex {
    use alloc::borrow::Cow;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(in crate::batch) fn serialize<const N: usize, S: Serializer>(
        bytes: &[u8; N],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&::hex::encode(bytes))
    }

    pub(in crate::batch) fn deserialize<'de, const N: usize, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<[u8; N], D::Error> {
        let text = Cow::<'_, str>::deserialize(deserializer)?;
        let mut bytes = [0; N];
        let is_lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        match ::hex::decode_to_slice(text.as_ref(), &mut bytes) {
            Ok(()) if is_lower => Ok(bytes),
            _ => Err(serde::de::Error::custom(format_args!("expected {} lower-case hex digits", N.saturating_mul(2)))),
        }
    }
}
