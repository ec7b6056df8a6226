//! How long the stages of a settlement took. Kept beside the sealed epochs in `DATA/stages/epoch-000042.json`, which is no part of
//! the artefact: a clock never enters what settlers agree on. Losing it loses a figure in a report, and nothing else.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::Stage;
use crate::artefact::folder_name;
use crate::durable;

/// A stage that was reached.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reached {
    /// The stage.
    pub stage: Stage,
    /// Milliseconds after the run began with the epoch.
    #[serde(with = "radio_payouts_protocol::json")]
    pub after_ms: u64,
}

/// One run of `settle` over an epoch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// When it began with the epoch, in Unix milliseconds by this machine's clock.
    #[serde(with = "radio_payouts_protocol::json")]
    pub started_unix_ms: u64,
    /// Stages that it reached, in order. A stage that an earlier run had reached is not reached again.
    pub stages: Vec<Reached>,
}

/// All runs over an epoch.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stages {
    /// The runs, in order.
    pub runs: Vec<Run>,
}

/// Runs that are kept of an epoch; of more, the first go.
const RUNS: usize = 16;

impl Stages {
    /// Where those of an epoch are kept.
    #[must_use]
    pub fn path(data: &Path, epoch: u64) -> PathBuf {
        data.join("stages").join(format!("{}.json", folder_name(epoch)))
    }

    /// Those of an epoch; none if nothing was recorded.
    ///
    /// # Errors
    /// If the file is there and damaged.
    pub fn read(data: &Path, epoch: u64) -> anyhow::Result<Option<Self>> {
        let path = Self::path(data, epoch);
        match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(anyhow::anyhow!("cannot read {}: {error}", path.display())),
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|error| anyhow::anyhow!("{}: no record of stages: {error}", path.display())),
        }
    }
}

/// Notes the stages of one run as they are reached.
#[derive(Debug)]
pub struct Watch {
    started: Instant,
    run: Run,
}

impl Watch {
    /// Begins.
    #[must_use]
    pub fn start() -> Self {
        let now = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or_default();
        Self { started: Instant::now(), run: Run { started_unix_ms: now, stages: Vec::new() } }
    }

    /// A stage is reached now.
    pub fn reached(&mut self, stage: Stage) {
        let after_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.run.stages.push(Reached { stage, after_ms });
    }

    /// Adds the run to those of its epoch. A settlement does not fail because its times could not be kept.
    pub fn keep(self, data: &Path, epoch: u64) {
        if self.run.stages.is_empty() {
            return;
        }
        if let Err(error) = self.add(data, epoch) {
            tracing::warn!(epoch, error = format!("{error:#}"), "the times of the stages were not kept");
        }
    }

    fn add(self, data: &Path, epoch: u64) -> anyhow::Result<()> {
        let mut stages = Stages::read(data, epoch)?.unwrap_or_default();
        stages.runs.push(self.run);
        let surplus = stages.runs.len().saturating_sub(RUNS);
        stages.runs.drain(..surplus);
        let mut bytes = serde_json::to_vec_pretty(&stages)?;
        bytes.push(b'\n');
        Ok(durable::write(&Stages::path(data, epoch), &bytes)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_add_up_and_a_run_without_a_stage_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        Watch::start().keep(folder.path(), 7);
        assert_eq!(Stages::read(folder.path(), 7).unwrap(), None);
        for stages in [&[Stage::Sealed, Stage::Built][..], &[Stage::Posted]] {
            let mut watch = Watch::start();
            stages.iter().for_each(|stage| watch.reached(*stage));
            watch.keep(folder.path(), 7);
        }
        let kept = Stages::read(folder.path(), 7).unwrap().unwrap();
        let stages: Vec<Vec<_>> =
            kept.runs.iter().map(|run| run.stages.iter().map(|reached| reached.stage).collect()).collect();
        assert_eq!(stages, [vec![Stage::Sealed, Stage::Built], vec![Stage::Posted]]);
        for run in &kept.runs {
            assert!(run.started_unix_ms > 1_700_000_000_000);
            assert!(run.stages.is_sorted_by_key(|reached| reached.after_ms));
        }
    }

    #[test]
    fn a_damaged_record_is_told_and_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = Stages::path(folder.path(), 7);
        durable::write(&path, b"{").unwrap();
        assert!(Stages::read(folder.path(), 7).is_err());
        let mut watch = Watch::start();
        watch.reached(Stage::Sealed);
        watch.keep(folder.path(), 7);
        assert_eq!(std::fs::read(path).unwrap(), b"{");
    }
}
