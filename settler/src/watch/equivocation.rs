//! SFUs that signed two batches under one number: found among the batches held here and in published folders.
//!
//! Both batches are written beside each other as they were signed, so that they can be shown to anybody, and proven on chain by whoever
//! has them (`settler dispute prove-equivocation`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use radio_payouts_client::state::Sfu;
use radio_payouts_protocol::batch::BatchHeader;
use radio_payouts_protocol::domain::Domain;

use crate::artefact::sfu_name;
use crate::artefact::source::BatchSource;
use crate::artefact::verify::Recomputed;
use crate::durable;
use crate::fraud::Equivocation;
use crate::outcome::{Failure, Outcome};
use crate::store::Store;

/// Names of the two files.
const FILES: [&str; 2] = ["first.json", "second.json"];

/// Two batches of one SFU under one number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Twins {
    /// The SFU's key.
    pub sfu: [u8; 32],
    /// The number.
    pub seq: u64,
    /// The batches as they were signed.
    envelopes: [Vec<u8>; 2],
}

impl Twins {
    /// Writes both batches.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn write(&self, folder: &Path) -> Outcome<PathBuf> {
        let place = place(folder, &self.sfu, self.seq);
        for (name, envelope) in FILES.into_iter().zip(&self.envelopes) {
            let path = place.join(name);
            durable::write(&path, envelope).map_err(|error| doing(&path, error))?;
        }
        Ok(place)
    }
}

/// What was written of an SFU's two batches under a number, both signatures checked.
///
/// # Errors
/// If a file was removed or changed.
pub fn read(folder: &Path, sfu: &[u8; 32], seq: u64, domain: &Domain) -> Outcome<Equivocation> {
    let place = place(folder, sfu, seq);
    let [first, second] = FILES.map(|name| {
        let path = place.join(name);
        std::fs::read(&path).map_err(|error| doing(&path, error))
    });
    Ok(Equivocation::of([&first?, &second?], domain)?)
}

fn place(folder: &Path, sfu: &[u8; 32], seq: u64) -> PathBuf {
    folder.join("evidence").join(format!("equivocation-{}-{seq}", hex::encode(sfu)))
}

fn doing(path: &Path, error: std::io::Error) -> Failure {
    Failure::from(error).context(format!("evidence {}", path.display()))
}

impl std::fmt::Display for Twins {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SFU {} signed two batches under number {}", sfu_name(&self.sfu), self.seq)
    }
}

/// Of each SFU the least number under which two batches are held here, where its account does not know of one as low.
///
/// # Errors
/// If the store fails.
pub fn held(store: &Store, sfus: &[Sfu]) -> Outcome<Vec<Twins>> {
    let mut found = Vec::new();
    for sfu in sfus {
        let below = sfu.stop_seq.saturating_sub(1);
        let Some(seq) = store.index().equivocations(&sfu.key, below)?.first().copied() else { continue };
        let located = store.index().between(&sfu.key, seq, seq)?;
        let twin = |first: &BatchHeader| located.iter().find(|other| other.header.hash != first.hash);
        if let Some(first) = located.first()
            && let Some(second) = twin(&first.header)
        {
            let envelopes = [store.envelope(first)?, store.envelope(second)?];
            found.push(Twins { sfu: sfu.key, seq, envelopes });
        }
    }
    Ok(found)
}

/// Of each SFU the least number under which a folder shows two batches, alone or with those held here.
///
/// # Errors
/// If a batch cannot be read.
pub fn in_folder(folder: &Recomputed, store: Option<&Store>, sfus: &[Sfu]) -> Outcome<Vec<Twins>> {
    let mut numbers: BTreeMap<([u8; 32], u64), &BatchHeader> = BTreeMap::new();
    let mut found: BTreeMap<[u8; 32], Twins> = BTreeMap::new();
    for header in &folder.headers {
        let (sfu, seq) = (header.sfu_key, header.seq);
        let stop = sfus.iter().find(|known| known.key == sfu).map_or(0, |known| known.stop_seq);
        if seq >= stop || found.get(&sfu).is_some_and(|known| known.seq <= seq) {
            continue;
        }
        let here = numbers.insert((sfu, seq), header).filter(|other| other.hash != header.hash);
        let second = match (here, store) {
            (Some(other), _) => Some(folder.batches.envelope(other)?),
            (None, Some(store)) => held_twin(store, header)?,
            (None, None) => None,
        };
        if let Some(second) = second {
            let envelopes = [folder.batches.envelope(header)?, second];
            found.insert(sfu, Twins { sfu, seq, envelopes });
        }
    }
    Ok(found.into_values().collect())
}

/// Another batch held under the number of `header`.
fn held_twin(store: &Store, header: &BatchHeader) -> Outcome<Option<Vec<u8>>> {
    let located = store.index().between(&header.sfu_key, header.seq, header.seq)?;
    let twin = located.iter().find(|located| located.header.hash != header.hash);
    Ok(twin.map(|located| store.envelope(located)).transpose()?)
}
