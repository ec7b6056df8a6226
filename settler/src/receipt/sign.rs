//! Signing: receipts become batches under an SFU's key.
//!
//! An SFU must never sign two batches under one number. So [`Signer`] keeps a state file and writes it durably *before*
//! it gives a batch away; a lock on it keeps a second signer out. The state holds the last envelope too: after a crash
//! between the two, [`Signer::last`] gives it once more (to send a batch twice is harmless, to lose one leaves a gap).

use std::fs::File;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use ed25519_dalek::SigningKey;
use radio_payouts_protocol::bare::{BareReceipt, BareRefusal, Closed, LeftOut, Position, Wrapper};
use radio_payouts_protocol::batch::Descriptor;
use radio_payouts_protocol::did::did_of_key;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::Hash;
use serde::{Deserialize, Serialize};

use crate::durable;

/// The state file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct State {
    /// The SFU's did:key.
    sfu: String,
    /// The domain that it signs for.
    #[serde(with = "radio_payouts_protocol::json::hex32")]
    domain: Hash,
    /// Number of the next batch.
    #[serde(with = "radio_payouts_protocol::json")]
    next_seq: u64,
    /// Hash of the last batch.
    #[serde(with = "radio_payouts_protocol::json::hex32")]
    prev: Hash,
    /// End of the last closed window in Unix milliseconds.
    #[serde(with = "radio_payouts_protocol::json")]
    closed_to_ms: u64,
    /// The last envelope, as it was given away.
    last_envelope: Option<String>,
}

/// A batch that may be sent, and what it does not carry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signed {
    /// The envelope's bytes; `None` if nothing of the window was left.
    pub envelope: Option<Vec<u8>>,
    /// How many receipts it carries.
    pub receipts: usize,
    /// Tracks left out.
    pub left_out: Vec<LeftOut>,
}

/// Why a receipt or descriptor was not taken, or the state could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The receipt's fault; the next one may be fine.
    #[error(transparent)]
    Refused(#[from] BareRefusal),
    /// The state file cannot be written or the batch cannot be signed: nothing more may be signed.
    #[error("{0:#}")]
    Failed(anyhow::Error),
}

/// Signs one SFU's batches.
#[derive(Debug)]
pub struct Signer {
    key: SigningKey,
    domain: Domain,
    path: PathBuf,
    wrapper: Wrapper,
    last: Option<String>,
    _lock: File,
}

impl Signer {
    /// Opens the state file, or begins a new one if there is none.
    ///
    /// # Errors
    /// If another signer has it, or it belongs to another SFU or domain, or it is damaged.
    pub fn open(
        path: &Path,
        key: SigningKey,
        domain: Domain,
        max_kbps_per_recipient: NonZeroU32,
    ) -> anyhow::Result<Self> {
        let sfu = did_of_key(key.verifying_key().as_bytes());
        let lock = lock(path)?;
        let state = match std::fs::read(path) {
            Ok(bytes) => {
                let state: State = serde_json::from_slice(&bytes)
                    .with_context(|| format!("{} is no state file of a signer", path.display()))?;
                if state.sfu != sfu {
                    bail!("{} is the state of {}, and the key is that of {sfu}", path.display(), state.sfu);
                }
                if state.domain != *domain.as_bytes() {
                    bail!("{} is the state of a signer for another deployment (domain)", path.display());
                }
                Some(state)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let position = state.as_ref().map_or(Position::START, |state| Position {
            next_seq: state.next_seq,
            prev: state.prev,
            closed_to_ms: state.closed_to_ms,
        });
        Ok(Self {
            key,
            domain,
            path: path.to_owned(),
            wrapper: Wrapper::new(sfu, position, max_kbps_per_recipient),
            last: state.and_then(|state| state.last_envelope),
            _lock: lock,
        })
    }

    /// The last envelope that was signed, to be sent again if it is not known whether it was.
    #[must_use]
    pub fn last(&self) -> Option<&str> {
        self.last.as_deref()
    }

    /// Number of the next batch.
    #[must_use]
    pub const fn next_seq(&self) -> u64 {
        self.wrapper.position().next_seq
    }

    /// Takes a descriptor for the receipts that follow.
    ///
    /// # Errors
    /// [`SignError::Refused`].
    pub fn describe(&mut self, descriptor: Descriptor) -> Result<(), SignError> {
        Ok(self.wrapper.describe(descriptor)?)
    }

    /// Takes a receipt; gives the batch of the window before if this receipt begins a later one.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn push(&mut self, receipt: BareReceipt) -> Result<Option<Signed>, SignError> {
        let closed = self.wrapper.push(receipt)?;
        closed.map(|closed| self.sign(closed)).transpose()
    }

    /// Signs the open window.
    ///
    /// # Errors
    /// [`SignError::Failed`].
    pub fn finish(&mut self) -> Result<Option<Signed>, SignError> {
        let closed = self.wrapper.finish();
        closed.map(|closed| self.sign(closed)).transpose()
    }

    fn sign(&mut self, closed: Closed) -> Result<Signed, SignError> {
        let Closed { batch, left_out, position } = closed;
        let receipts = batch.as_ref().map_or(0, |batch| batch.receipts.len());
        let envelope = batch
            .map(|batch| batch.sign(&self.key, &self.domain).map(|envelope| envelope.to_bytes()))
            .transpose()
            .map_err(|reason| SignError::Failed(anyhow::anyhow!("the batch cannot be signed: {reason}")))?;
        if let Some(bytes) = &envelope {
            self.last = Some(String::from_utf8_lossy(bytes).into_owned());
        }
        self.keep(position).map_err(SignError::Failed)?;
        Ok(Signed { envelope, receipts, left_out })
    }

    fn keep(&self, position: Position) -> anyhow::Result<()> {
        let state = State {
            sfu: did_of_key(self.key.verifying_key().as_bytes()),
            domain: *self.domain.as_bytes(),
            next_seq: position.next_seq,
            prev: position.prev,
            closed_to_ms: position.closed_to_ms,
            last_envelope: self.last.clone(),
        };
        let bytes = serde_json::to_vec_pretty(&state)?;
        durable::write(&self.path, &bytes).with_context(|| format!("cannot write {}", self.path.display()))
    }
}

/// Locks the file beside the state; the lock goes with the process.
fn lock(path: &Path) -> anyhow::Result<File> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    let path = path.with_file_name(name);
    durable::create_folder(durable::folder_of(&path))?;
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("cannot open {}", path.display()))?;
    file.try_lock().with_context(|| format!("another process signs with this state ({})", path.display()))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use radio_payouts_protocol::batch::{Contribution, Envelope, Rights};

    const DOMAIN: Domain = Domain::from_bytes([7; 32]);
    const T: u64 = 1_760_000_000_000;

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[5; 32])
    }

    fn open(path: &Path) -> anyhow::Result<Signer> {
        Signer::open(path, key(), DOMAIN, NonZeroU32::new(20_000).unwrap())
    }

    fn receipt(timestamp: u64) -> BareReceipt {
        BareReceipt {
            room_id: "r".into(),
            track_id: "t".into(),
            timestamp,
            contributors: vec![Contribution { bytes_out: 100, did: "did:web:a".into(), role: None }],
            recipients: Some(2),
            acks: None,
        }
    }

    #[test]
    fn a_signer_goes_on_where_the_last_one_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let mut signer = open(&path).unwrap();
        assert_eq!((signer.next_seq(), signer.last()), (1, None));
        assert!(signer.push(receipt(T + 1)).unwrap().is_none());
        let first = signer.push(receipt(T + 10_001)).unwrap().unwrap().envelope.unwrap();
        // The process dies here: the second window was not signed and is open to the next signer.
        drop(signer);
        let mut signer = open(&path).unwrap();
        assert_eq!(signer.next_seq(), 2);
        assert_eq!(signer.last().unwrap().as_bytes(), first);
        assert!(matches!(signer.push(receipt(T + 9)), Err(SignError::Refused(BareRefusal::WindowClosed { .. }))));
        signer.push(receipt(T + 10_001)).unwrap();
        let second = signer.finish().unwrap().unwrap().envelope.unwrap();
        assert!(signer.finish().unwrap().is_none());
        let verified = |bytes: &[u8]| Envelope::parse(bytes).unwrap().verify(&DOMAIN).unwrap();
        assert_eq!(verified(&second).header().prev, verified(&first).header().hash);
        assert_eq!((verified(&first).header().seq, verified(&second).header().seq), (1, 2));
        assert_eq!(verified(&second).batch().receipts[0].recipients, 2);
    }

    #[test]
    fn the_state_is_on_disk_before_the_batch_is_given_away() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        let path = inner.join("state.json");
        let mut signer = open(&path).unwrap();
        signer.push(receipt(T + 1)).unwrap();
        std::fs::remove_dir_all(&inner).unwrap();
        std::fs::write(&inner, "in the way").unwrap();
        assert!(matches!(signer.finish(), Err(SignError::Failed(_))));
    }

    #[test]
    fn refuses_the_state_of_another_key_or_domain_and_a_second_signer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let mut signer = open(&path).unwrap();
        assert!(open(&path).is_err(), "locked");
        signer.push(receipt(T + 1)).unwrap();
        signer.finish().unwrap();
        drop(signer);
        let kbps = NonZeroU32::MIN;
        assert!(Signer::open(&path, SigningKey::from_bytes(&[6; 32]), DOMAIN, kbps).is_err());
        assert!(Signer::open(&path, key(), Domain::from_bytes([8; 32]), kbps).is_err());
        assert!(open(&path).is_ok());
        std::fs::write(&path, "{}").unwrap();
        assert!(open(&path).is_err());
    }

    #[test]
    fn a_given_descriptor_is_signed() {
        let folder = tempfile::tempdir().unwrap();
        let mut signer = open(&folder.path().join("state.json")).unwrap();
        let descriptor =
            Descriptor { metadata: None, rights: Rights::Cc, track_id: "t".into(), uploader: "did:web:label".into() };
        signer.describe(descriptor.clone()).unwrap();
        signer.push(receipt(T + 1)).unwrap();
        let envelope = signer.finish().unwrap().unwrap().envelope.unwrap();
        let received = Envelope::parse(&envelope).unwrap();
        assert_eq!(received.batch().tracks, [descriptor]);
    }
}
