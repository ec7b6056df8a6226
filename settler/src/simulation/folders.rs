//! The sealed epochs that a simulation replays: a row of folders, each naming the one before as its parent.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use radio_payouts_protocol::hash::Hash;

use crate::artefact::Artefact;
use crate::outcome::{Failure, Outcome};

/// From which epoch to which, both included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EpochRange {
    /// The first epoch.
    pub first: u64,
    /// The last epoch.
    pub last: u64,
}

impl std::str::FromStr for EpochRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let number =
            |text: &str| text.parse().map_err(|_| format!("\"{text}\" is not the number of an epoch: give A..B"));
        let range = Self { first: number(first)?, last: number(last)? };
        if range.first > range.last {
            return Err(format!("epoch {} is after epoch {}", range.first, range.last));
        }
        Ok(range)
    }
}

/// Folders of sealed epochs, by number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Folders(BTreeMap<u64, PathBuf>);

impl Folders {
    /// The epochs at the given places: each is one epoch's folder, or holds such folders, or is a data folder. Of two
    /// folders of one epoch the first counts.
    ///
    /// # Errors
    /// If a place is no folder, or a folder has a damaged manifest.
    pub fn find(places: &[PathBuf]) -> Outcome<Self> {
        let mut found = BTreeMap::new();
        for place in places {
            if place.join("manifest.json").is_file() {
                let epoch = Artefact::open(place)?.manifest.statement.epoch;
                found.entry(epoch).or_insert_with(|| place.clone());
                continue;
            }
            let below = place.join("epochs");
            for (epoch, folder) in epochs_in(if below.is_dir() { &below } else { place })? {
                found.entry(epoch).or_insert(folder);
            }
        }
        Ok(Self(found))
    }

    /// The epochs of `range`, or all, ascending: each must rest on the one before.
    ///
    /// # Errors
    /// Exit 2 if one is missing; exit 3 if a folder is not the one that the next epoch rests on.
    pub fn row(&self, range: Option<EpochRange>) -> Outcome<Vec<Artefact>> {
        let mut row = Vec::new();
        self.walk(range, |artefact| {
            row.push(artefact);
            Ok(())
        })?;
        Ok(row)
    }

    /// Hands the epochs of [`Folders::row`] to `each`, one by one.
    ///
    /// # Errors
    /// As [`Folders::row`]; of `each`.
    pub fn walk(&self, range: Option<EpochRange>, mut each: impl FnMut(Artefact) -> Outcome) -> Outcome {
        let mut before = None;
        for (_, folder) in self.select(range)? {
            let artefact = Artefact::open(&folder)?;
            if let Some(before) = &before {
                check_link(before, &artefact)?;
            }
            before = Some((artefact.manifest.statement.epoch, artefact.manifest.commitment));
            each(artefact)?;
        }
        Ok(())
    }

    /// The folders of the epochs of `range`, or of all, ascending; nothing in them is looked at.
    ///
    /// # Errors
    /// Exit 2 if there is none, or an end of the range is missing.
    pub fn select(&self, range: Option<EpochRange>) -> Outcome<Vec<(u64, PathBuf)>> {
        let (Some(first), Some(last)) = (self.0.keys().next(), self.0.keys().next_back()) else {
            return Err(Failure::usage(
                "no epoch is sealed here: `settler settle` seals them, --from takes the folders of another settler",
            ));
        };
        let range = range.unwrap_or(EpochRange { first: *first, last: *last });
        for end in [range.first, range.last] {
            if !self.0.contains_key(&end) {
                return Err(Failure::usage(format!(
                    "epoch {end} is not sealed here (there are {first} to {last}); --from takes the folders of another settler"
                )));
            }
        }
        Ok(self.0.range(range.first..=range.last).map(|(epoch, folder)| (*epoch, folder.clone())).collect())
    }
}

/// Whether `next` rests on the epoch before, given by number and commitment.
fn check_link((here, found): &(u64, Hash), next: &Artefact) -> Outcome {
    let epoch = next.manifest.statement.epoch;
    let Some(parent) = &next.manifest.parent else {
        return Err(Failure::difference(format!("epoch {epoch} names no parent, so epoch {here} is of another chain")));
    };
    if parent.commitment == *found {
        return Ok(());
    }
    let (wanted, commitment) = (parent.statement.epoch, hex::encode(parent.commitment));
    if wanted != *here {
        return Err(Failure::usage(format!(
            "there is a gap: epoch {epoch} rests on epoch {wanted} (commitment {commitment}), which is not sealed here; \
             --from takes another settler's folder, --epochs leaves it out"
        )));
    }
    Err(Failure::difference(format!(
        "epoch {epoch} rests on epoch {wanted} with commitment {commitment}, the folder of epoch {here} is of {}",
        hex::encode(found)
    )))
}

/// Folders named after epochs.
fn epochs_in(root: &Path) -> Outcome<Vec<(u64, PathBuf)>> {
    let doing = |error: std::io::Error| anyhow::anyhow!("cannot read {}: {error}", root.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root).map_err(doing)? {
        let path = entry.map_err(doing)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let number = name.strip_prefix("epoch-").and_then(|number| number.parse().ok());
        if let Some(epoch) = number.filter(|_| path.join("manifest.json").is_file()) {
            found.push((epoch, path));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_names_both_ends() {
        assert_eq!("3..7".parse(), Ok(EpochRange { first: 3, last: 7 }));
        assert_eq!("3".parse(), Ok(EpochRange { first: 3, last: 3 }));
        for text in ["", "..", "3..", "..7", "7..3", "3...7", "a..b", "-1..3"] {
            assert!(text.parse::<EpochRange>().is_err(), "{text}");
        }
    }
}
