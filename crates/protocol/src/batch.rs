//! Receipts and the signed batches that carry them (sections 4.1 to 4.4).
//!
//! What is received is a whole envelope. Its bytes must be the canonical ones: it is rejected otherwise, not
//! repaired, so that what was signed, what was sent and what is kept are the same bytes.
//!
//! The three steps of trust are types: [`Received`] has been read, [`Verified`] carries a strict signature.
//!
//! Text is owned (`Batch` is `Batch<String>`), or borrowed from the bytes that were received ([`BorrowedBatch`]): a receiver of
//! half a million receipts a second has no time to copy every identifier.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::did::Did;
use crate::domain::Domain;
use crate::hash::{Hash, sha256};
use crate::message::batch_message;

mod canonical;
pub(crate) mod decode;
mod field;
pub(crate) mod limit;
mod text;
mod verdict;

pub use limit::{
    MAX_BATCH_BYTES, MAX_CONTRIBUTORS, MAX_ENVELOPE_BYTES, MAX_INTEGER, MAX_RECEIPTS, MAX_RECIPIENTS, MAX_SEQ_AHEAD,
    MAX_TIME_AHEAD_MS,
};
pub use verdict::{Answer, BatchVerdict, ReceiptVerdict};

/// The role in which bytes were delivered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Role {
    /// The track's source; the role of an entry that names none.
    Uploader = 0,
    /// A peer that holds the track.
    Seeder = 1,
    /// A peer that passes it on.
    Relay = 2,
    /// Bytes served by a store, not bytes kept.
    Storage = 3,
}

impl Role {
    /// All roles, in the order of their codes.
    pub const ALL: [Self; 4] = [Self::Uploader, Self::Seeder, Self::Relay, Self::Storage];

    /// The name in receipts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Uploader => "uploader",
            Self::Seeder => "seeder",
            Self::Relay => "relay",
            Self::Storage => "storage",
        }
    }
}

/// Under which rights a track is distributed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub enum Rights {
    /// The uploader's own.
    Original,
    /// A Creative Commons licence.
    #[serde(rename = "CC")]
    Cc,
    /// Licensed from somebody; paid only if the parameter `pay_licensed` is on.
    Licensed,
}

impl Rights {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Original, Self::Cc, Self::Licensed];

    /// The name in descriptors.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Original => "Original",
            Self::Cc => "CC",
            Self::Licensed => "Licensed",
        }
    }
}

// Fields are declared in the order of their JSON names: serialising gives RFC 8785 bytes.

/// A contributor's bytes in a receipt.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Contribution<S = String> {
    /// Payload bytes delivered in the batch's window: a delta, retransmissions and padding excluded.
    #[serde(rename = "bytesOut")]
    pub bytes_out: u64,
    /// Who delivered them; whether it is a valid DID is judged at sealing.
    pub did: S,
    /// In what role; uploader if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

impl<S> Contribution<S> {
    /// The role, uploader if none was given.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role.unwrap_or(Role::Uploader)
    }
}

/// What was delivered of one track in one room within a batch's window.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Receipt<S = String> {
    /// Receivers' counter-signatures: carried and ignored in version 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acks: Option<Vec<S>>,
    /// Who delivered; one DID listed twice adds up.
    pub contributors: Vec<Contribution<S>>,
    /// Distinct receivers of the track in the window, 0 … 10^6.
    pub recipients: u32,
    /// The room.
    #[serde(rename = "roomId")]
    pub room_id: S,
    /// Unix milliseconds within the batch's window `(from, to]`.
    pub timestamp: u64,
    /// The track; described in the batch's `tracks`.
    #[serde(rename = "trackId")]
    pub track_id: S,
}

/// What is known of a track. Every field is optional.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Metadata<S = String> {
    /// Album.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub album: Option<S>,
    /// Artist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artist: Option<S>,
    /// Address of the cover.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artwork: Option<S>,
    /// Length in milliseconds.
    #[serde(rename = "durationMs", skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// Genre.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub genre: Option<S>,
    /// International Standard Recording Code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isrc: Option<S>,
    /// Licence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license: Option<S>,
    /// Title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<S>,
}

impl<S: AsRef<str>> Metadata<S> {
    /// The text fields, with their JSON names.
    #[must_use]
    pub fn texts(&self) -> [(&'static str, Option<&str>); 7] {
        [
            ("album", self.album.as_ref().map(S::as_ref)),
            ("artist", self.artist.as_ref().map(S::as_ref)),
            ("artwork", self.artwork.as_ref().map(S::as_ref)),
            ("genre", self.genre.as_ref().map(S::as_ref)),
            ("isrc", self.isrc.as_ref().map(S::as_ref)),
            ("license", self.license.as_ref().map(S::as_ref)),
            ("title", self.title.as_ref().map(S::as_ref)),
        ]
    }

    /// How many of the eight fields are present: text of at least 1 byte, `durationMs` above 0 (section 6).
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "at most eight")]
    pub fn field_count(&self) -> u8 {
        let texts = self.texts().iter().filter(|(_, text)| text.is_some_and(|text| !text.is_empty())).count();
        texts.saturating_add(usize::from(self.duration_ms.is_some_and(|length| length > 0))) as u8
    }
}

/// Describes a track that a batch's receipts mention.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Descriptor<S = String> {
    /// What is known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata<S>>,
    /// Under which rights it is distributed.
    pub rights: Rights,
    /// The SFU's name for it.
    #[serde(rename = "trackId")]
    pub track_id: S,
    /// Who brought it in.
    pub uploader: S,
}

/// Everything that an SFU measured in the window `(from, to]`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Batch<S = String> {
    /// Start of the window in Unix milliseconds, exclusive.
    pub from: u64,
    /// Hash of batch `seq - 1`, zeros for the first.
    #[serde(with = "field::hex")]
    pub prev: Hash,
    /// What was delivered.
    pub receipts: Vec<Receipt<S>>,
    /// Number of the batch, from 1.
    pub seq: u64,
    /// The SFU's did:key.
    pub sfu: S,
    /// End of the window in Unix milliseconds, inclusive.
    pub to: u64,
    /// Exactly one descriptor of every track mentioned in `receipts`.
    pub tracks: Vec<Descriptor<S>>,
    /// Version: 1.
    pub v: u64,
}

/// A batch whose text is borrowed from the bytes that were received, wherever it is written without escapes.
pub type BorrowedBatch<'a> = Batch<Cow<'a, str>>;

/// What sealing needs of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchHeader {
    /// Key of the SFU.
    #[serde(with = "field::hex")]
    pub sfu_key: [u8; 32],
    /// Number of the batch, from 1.
    #[serde(with = "crate::json")]
    pub seq: u64,
    /// SHA-256 of the canonical bytes of the batch.
    #[serde(with = "field::hex")]
    pub hash: Hash,
    /// Hash of batch `seq - 1`.
    #[serde(with = "field::hex")]
    pub prev: Hash,
    /// Start of the window in Unix milliseconds, exclusive.
    #[serde(with = "crate::json")]
    pub from_ms: u64,
    /// End of the window in Unix milliseconds, inclusive.
    #[serde(with = "crate::json")]
    pub to_ms: u64,
}

/// A batch with its signature, as it travels.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Envelope<S = String> {
    /// The batch.
    pub batch: Batch<S>,
    /// Ed25519 over the message of section 4.3.
    #[serde(with = "field::hex")]
    pub sig: [u8; 64],
}

impl Batch {
    /// Reads a batch from JSON in any spelling, and checks it as [`Batch::check`] does: for an SFU that is about to sign.
    ///
    /// # Errors
    /// [`Answer::Malformed`], [`Answer::WrongVersion`].
    pub fn parse(json: &str) -> Result<Self, Answer> {
        let batch: Self = decode::parse(json).map_err(Answer::Malformed)?;
        if batch.v != 1 {
            return Err(Answer::WrongVersion);
        }
        batch.check().map_err(Answer::Malformed)?;
        let bytes = batch.canonical_bytes().len();
        if bytes > MAX_BATCH_BYTES {
            return Err(Answer::Malformed(limit::too_long(bytes)));
        }
        Ok(batch)
    }

    /// Signs the batch with the key of `sfu`.
    ///
    /// # Errors
    /// If a limit is broken or `key` is not that of `sfu`.
    pub fn sign(self, key: &SigningKey, domain: &Domain) -> Result<Envelope, String> {
        let sfu_key = self.check()?;
        if sfu_key != key.verifying_key().to_bytes() {
            return Err("the key is not that of the batch's sfu".to_string());
        }
        let bytes = self.canonical_bytes();
        if bytes.len() > MAX_BATCH_BYTES {
            return Err(limit::too_long(bytes.len()));
        }
        let message = batch_message(domain, &sfu_key, self.seq, self.to, &sha256(&[&bytes]));
        Ok(Envelope { batch: self, sig: key.sign(&message).to_bytes() })
    }
}

impl<S: AsRef<str> + Serialize> Batch<S> {
    /// The canonical bytes (section 4.3).
    #[must_use]
    pub fn canonical_bytes(&self) -> Vec<u8> {
        // Strings, integers and lists of them: serialising cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// `SHA-256(canonical bytes)`.
    #[must_use]
    pub fn hash(&self) -> Hash {
        sha256(&[&self.canonical_bytes()])
    }

    /// Checks every limit and rule of section 4.2 that one batch can break by itself.
    ///
    /// # Errors
    /// What is wrong, for the answer `malformed`. The SFU's key otherwise.
    pub fn check(&self) -> Result<[u8; 32], String> {
        limit::check(self)
    }
}

impl<S: Serialize> Envelope<S> {
    /// The bytes that travel: canonical, no line end.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl Envelope {
    /// Reads an envelope; answers `wrong_version`, `malformed` or `not_canonical` otherwise.
    ///
    /// # Errors
    /// The first answer of section 4.4 that applies. Bytes beyond [`MAX_ENVELOPE_BYTES`] are not looked at.
    pub fn parse(bytes: &[u8]) -> Result<Received, Answer> {
        match canonical::read(bytes) {
            Some(received) => Ok(received.into_owned()),
            None => Self::parse_any(bytes),
        }
    }

    /// [`Envelope::parse`] in words: what is not canonical is told what it is.
    fn parse_any(bytes: &[u8]) -> Result<Received, Answer> {
        if bytes.len() > MAX_ENVELOPE_BYTES {
            return Err(Answer::Malformed(limit::too_long(bytes.len())));
        }
        let text = core::str::from_utf8(bytes)
            .map_err(|error| Answer::Malformed(format!("not UTF-8 from byte {}", error.valid_up_to())))?;
        let envelope: Self = decode::parse(text).map_err(|reason| {
            if decode::has_other_version(text) { Answer::WrongVersion } else { Answer::Malformed(reason) }
        })?;
        if envelope.batch.v != 1 {
            return Err(Answer::WrongVersion);
        }
        let sfu_key = envelope.batch.check().map_err(|reason| Answer::Malformed(format!("batch.{reason}")))?;
        let canonical = envelope.to_bytes();
        // {"batch":…,"sig":"<128 hex>"}
        let batch_bytes = canonical
            .strip_prefix(br#"{"batch":"#)
            .and_then(|rest| rest.get(..rest.len().checked_sub(limit::SIGNATURE_TAIL_BYTES)?))
            .unwrap_or_default();
        if batch_bytes.len() > MAX_BATCH_BYTES {
            return Err(Answer::Malformed(limit::too_long(batch_bytes.len())));
        }
        if canonical != bytes {
            return Err(Answer::NotCanonical);
        }
        let hash = sha256(&[batch_bytes]);
        Ok(Received { envelope, sfu_key, hash })
    }
}

impl<'a> Envelope<Cow<'a, str>> {
    /// [`Envelope::parse`] with text borrowed from `bytes` wherever it is written without escapes: the same answers.
    ///
    /// # Errors
    /// As [`Envelope::parse`].
    pub fn read(bytes: &'a [u8]) -> Result<Received<Cow<'a, str>>, Answer> {
        match canonical::read(bytes) {
            Some(received) => Ok(received),
            None => Envelope::parse_any(bytes).map(Received::into_borrowed),
        }
    }
}

/// An envelope that has been read: within all limits and canonical, its signature not yet checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Received<S = String> {
    envelope: Envelope<S>,
    sfu_key: [u8; 32],
    hash: Hash,
}

impl<S> Received<S> {
    /// Header of the batch.
    #[must_use]
    pub const fn header(&self) -> BatchHeader {
        let Batch { seq, prev, from, to, .. } = self.envelope.batch;
        BatchHeader { sfu_key: self.sfu_key, seq, hash: self.hash, prev, from_ms: from, to_ms: to }
    }

    /// The batch, not to be counted yet.
    #[must_use]
    pub const fn batch(&self) -> &Batch<S> {
        &self.envelope.batch
    }

    /// The batch by value, not to be counted yet.
    #[must_use]
    pub fn into_batch(self) -> Batch<S> {
        self.envelope.batch
    }

    /// Checks the signature strictly: canonical S, no small-order keys.
    ///
    /// # Errors
    /// [`Answer::BadSignature`].
    pub fn verify(self, domain: &Domain) -> Result<Verified<S>, Answer> {
        let Batch { seq, to, .. } = self.envelope.batch;
        let message = batch_message(domain, &self.sfu_key, seq, to, &self.hash);
        let key = VerifyingKey::from_bytes(&self.sfu_key).map_err(|_| Answer::BadSignature)?;
        key.verify_strict(&message, &Signature::from_bytes(&self.envelope.sig)).map_err(|_| Answer::BadSignature)?;
        Ok(Verified(self))
    }
}

/// A batch whose signature was checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified<S = String>(Received<S>);

impl<S> Verified<S> {
    /// Header of the batch.
    #[must_use]
    pub const fn header(&self) -> BatchHeader {
        self.0.header()
    }

    /// The batch.
    #[must_use]
    pub const fn batch(&self) -> &Batch<S> {
        &self.0.envelope.batch
    }

    /// The batch by value.
    #[must_use]
    pub fn into_batch(self) -> Batch<S> {
        self.0.envelope.batch
    }

    /// The envelope, to be kept as it came.
    #[must_use]
    pub const fn envelope(&self) -> &Envelope<S> {
        &self.0.envelope
    }
}

/// The Ed25519 key of an SFU's DID.
fn sfu_key(did: &str) -> Result<[u8; 32], String> {
    Did::parse(did)
        .ok()
        .and_then(|did| did.ed25519_key())
        .ok_or_else(|| "sfu: expected a did:key with an Ed25519 key".to_string())
}

#[cfg(test)]
mod tests;
