//! The JSON profile of section 4.3 as serde types: what they do not accept is `malformed`.
//!
//! Integers are written without sign, fraction or exponent; objects are objects and have no unknown and no repeated
//! keys; `null` and booleans appear nowhere. (serde's derived code would also take an array for an object and a
//! one-key object for a word.) Every refusal starts with the path of the value refused, such as
//! `batch.receipts[3].contributors[0].bytesOut`. Limits are checked afterwards, in `limit`.

use alloc::borrow::Cow;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt::{self, Display};
use core::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Batch, Contribution, Descriptor, Envelope, Metadata, Receipt, Rights, Role};

/// Longest reason given to a sender, in characters.
const MAX_REASON_CHARS: usize = 300;

/// Parses a whole document; the error is the reason in words.
pub(crate) fn parse<'de, T: Deserialize<'de>>(json: &'de str) -> Result<T, String> {
    serde_json::from_str(json).map_err(|error| reason(&error))
}

/// An error's text without its leading separator, without control characters, and not longer than an answer should be.
fn reason(error: &impl Display) -> String {
    let text = error.to_string();
    let text = text.trim_start_matches(['.', ':', ' ']);
    let mut short = String::new();
    for (count, character) in text.chars().enumerate() {
        if count >= MAX_REASON_CHARS {
            short.push('…');
            break;
        }
        short.push(if character.is_control() { '\u{fffd}' } else { character });
    }
    short
}

/// Puts a step of the path before a refusal.
fn at<E: Error>(step: impl Display, error: &E) -> E {
    let text = error.to_string();
    let separator = if text.starts_with(['.', '[', ':']) { "" } else { ": " };
    E::custom(format_args!("{step}{separator}{text}"))
}

/// The raw value of one member of an object, if the text is an object and has it exactly once.
fn member<'de>(json: &'de str, name: &str) -> Option<&'de RawValue> {
    struct Member<'a>(&'a str);
    impl<'de> Visitor<'de> for Member<'_> {
        type Value = Option<&'de RawValue>;
        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut found = None;
            while let Some(Key(key)) = map.next_key()? {
                if key != self.0 {
                    map.next_value::<IgnoredAny>()?;
                } else if found.replace(map.next_value::<&RawValue>()?).is_some() {
                    return Err(A::Error::custom("repeated"));
                }
            }
            Ok(found)
        }
    }
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let found = deserializer.deserialize_map(Member(name)).ok()??;
    deserializer.end().ok()?;
    Some(found)
}

/// Whether the text is an envelope whose `batch.v` is an integer other than 1, whatever else it holds.
pub(super) fn has_other_version(json: &str) -> bool {
    let Some(version) = member(json, "batch").and_then(|batch| member(batch.get(), "v")) else {
        return false;
    };
    let digits = version.get().strip_prefix('-').unwrap_or(version.get());
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) && version.get() != "1"
}

/// An object's key: borrowed unless it is written with escapes.
pub(crate) struct Key<'de>(pub(crate) Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a key")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.into())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

/// Bytes in lower-case hexadecimal.
pub(crate) struct Hex<const N: usize>(pub(crate) [u8; N]);

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct HexVisitor<const N: usize>;
        impl<const N: usize> Visitor<'_> for HexVisitor<N> {
            type Value = Hex<N>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{N} bytes in lower-case hexadecimal")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                let mut bytes = [0; N];
                if text.bytes().any(|byte| byte.is_ascii_uppercase()) || hex::decode_to_slice(text, &mut bytes).is_err()
                {
                    return Err(E::custom(format_args!("not {N} bytes in lower-case hexadecimal")));
                }
                Ok(Hex(bytes))
            }
        }
        deserializer.deserialize_str(HexVisitor)
    }
}

/// An array, whose items' refusals carry their position.
pub(crate) struct List<T>(pub(crate) Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
            type Value = List<T>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an array")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) =
                    sequence.next_element().map_err(|error| at(format_args!("[{}]", items.len()), &error))?
                {
                    items.push(item);
                }
                Ok(List(items))
            }
        }
        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}

macro_rules! word {
    ($name:ident) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct WordVisitor;
                impl Visitor<'_> for WordVisitor {
                    type Value = $name;
                    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                        formatter.write_str("one of")?;
                        $name::ALL.iter().try_for_each(|word| write!(formatter, " {}", word.as_str()))
                    }
                    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                        $name::ALL
                            .into_iter()
                            .find(|word| word.as_str() == text)
                            .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
                    }
                }
                deserializer.deserialize_str(WordVisitor)
            }
        }
    };
}
word!(Role);
word!(Rights);

/// Reads a member's value, refusing a repeated key.
pub(crate) fn set<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    slot: &mut Option<T>,
    key: &'static str,
    map: &mut A,
) -> Result<(), A::Error> {
    let value = map.next_value().map_err(|error| at(format_args!(".{key}"), &error))?;
    if slot.replace(value).is_some() {
        return Err(A::Error::custom(format_args!(".{key}: the key is repeated")));
    }
    Ok(())
}

/// The refusal of a key that the profile does not know.
pub(crate) fn unknown<E: Error>(key: &str) -> E {
    let start: String = key.chars().take(40).collect();
    E::custom(format_args!("unknown field {start:?}"))
}

/// The refusal of an object without one of its required keys.
pub(crate) fn missing<E: Error>(key: &'static str) -> E {
    E::custom(format_args!(".{key}: the field is missing"))
}

/// Reads an object with exactly these keys into `$target`, which `$build` makes of the values.
macro_rules! object {
    ($target:ident, $expecting:literal,
     required { $($required:ident: $required_type:ty = $required_key:literal,)* }
     optional { $($optional:ident: $optional_type:ty = $optional_key:literal,)* }
     $build:expr) => {
        impl<'de> serde::Deserialize<'de> for $target {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct ObjectVisitor;
                impl<'de> serde::de::Visitor<'de> for ObjectVisitor {
                    type Value = $target;
                    fn expecting(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                        formatter.write_str($expecting)
                    }
                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        use $crate::batch::decode::{Key, set, unknown};
                        $(let mut $required: Option<$required_type> = None;)*
                        $(let mut $optional: Option<$optional_type> = None;)*
                        while let Some(Key(key)) = map.next_key()? {
                            match &*key {
                                $($required_key => set(&mut $required, $required_key, &mut map)?,)*
                                $($optional_key => set(&mut $optional, $optional_key, &mut map)?,)*
                                other => return Err(unknown(other)),
                            }
                        }
                        $(let $required = $required.ok_or_else(|| $crate::batch::decode::missing::<A::Error>($required_key))?;)*
                        $build
                    }
                }
                deserializer.deserialize_map(ObjectVisitor)
            }
        }
    };
}
pub(crate) use object;

/// A list of plain items, out of its wrapper.
pub(crate) fn items<T>(list: Option<List<T>>) -> Option<Vec<T>> {
    list.map(|List(items)| items)
}

object! {
    Contribution, "a contributor",
    required { bytes_out: u64 = "bytesOut", did: String = "did", }
    optional { role: Role = "role", }
    Ok(Contribution { bytes_out, did, role })
}

object! {
    Receipt, "a receipt",
    required {
        contributors: List<Contribution> = "contributors",
        recipients: u32 = "recipients",
        room_id: String = "roomId",
        timestamp: u64 = "timestamp",
        track_id: String = "trackId",
    }
    optional { acks: List<String> = "acks", }
    Ok(Receipt { acks: items(acks), contributors: contributors.0, recipients, room_id, timestamp, track_id })
}

object! {
    Metadata, "metadata",
    required {}
    optional {
        album: String = "album",
        artist: String = "artist",
        artwork: String = "artwork",
        duration_ms: u64 = "durationMs",
        genre: String = "genre",
        isrc: String = "isrc",
        license: String = "license",
        title: String = "title",
    }
    Ok(Metadata { album, artist, artwork, duration_ms, genre, isrc, license, title })
}

object! {
    Descriptor, "a descriptor",
    required { rights: Rights = "rights", track_id: String = "trackId", uploader: String = "uploader", }
    optional { metadata: Metadata = "metadata", }
    Ok(Descriptor { metadata, rights, track_id, uploader })
}

object! {
    Batch, "a batch",
    required {
        from: u64 = "from",
        prev: Hex<32> = "prev",
        receipts: List<Receipt> = "receipts",
        seq: u64 = "seq",
        sfu: String = "sfu",
        to: u64 = "to",
        tracks: List<Descriptor> = "tracks",
        v: u64 = "v",
    }
    optional {}
    Ok(Batch { from, prev: prev.0, receipts: receipts.0, seq, sfu, to, tracks: tracks.0, v })
}

object! {
    Envelope, "an envelope",
    required { batch: Batch = "batch", sig: Hex<64> = "sig", }
    optional {}
    Ok(Envelope { batch, sig: sig.0 })
}
