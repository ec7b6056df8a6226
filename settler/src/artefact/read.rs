//! Reading a sealed epoch's folder: what the next epoch, proofs and explanations need of it.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use arrow::array::{Array as _, AsArray as _};
use arrow::datatypes::Decimal128Type;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::forest::{Forest, hash_leaves};
use radio_payouts_protocol::history::{History, HistoryRecord};
use radio_payouts_protocol::statement::Statement;
use radio_payouts_protocol::tree::{TreeRoot, share_leaf};

use super::manifest::Manifest;
use super::payout::{self, Payout};
use super::sheet;
use super::terms::{ParentTerms, Terms};

/// A sealed epoch's folder.
#[derive(Clone, Debug)]
pub struct Artefact {
    /// The folder.
    pub folder: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
}

impl Artefact {
    /// Opens the artefact in `folder` and checks that the manifest is of our format and its commitment that of its
    /// own statement. Files are not looked at.
    ///
    /// # Errors
    /// If there is none, or it is damaged.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("manifest.json");
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let manifest = Manifest::parse(&bytes).with_context(|| path.display().to_string())?;
        Ok(Self { folder: folder.to_owned(), manifest })
    }

    /// The domain.
    #[must_use]
    pub fn domain(&self) -> Domain {
        Domain::from_bytes(self.manifest.deployment.domain)
    }

    /// The statement.
    #[must_use]
    pub fn statement(&self) -> Statement {
        Statement::from(&self.manifest.statement)
    }

    /// Everybody's line.
    ///
    /// # Errors
    /// If `payouts.parquet` is not there or damaged.
    pub fn payouts(&self) -> anyhow::Result<Vec<Payout>> {
        payout::read(&self.folder.join("payouts.parquet"))
    }

    /// The payout trees, built from the lines and checked against the statement.
    ///
    /// # Errors
    /// If they do not lead to the committed roots.
    pub fn forest(&self, payouts: &[Payout]) -> anyhow::Result<Forest> {
        let (domain, epoch) = (self.domain(), self.manifest.statement.epoch);
        let paid: Vec<_> = payouts.iter().filter_map(|payout| payout.index.map(|index| (index, payout))).collect();
        let leaves = hash_leaves(&paid, |_, (index, payout)| {
            share_leaf(&domain, epoch, *index, &payout.did_hash, &payout.payee, payout.amount)
        });
        let forest = Forest::build(&domain, &leaves)?;
        self.check_roots(&forest.roots())?;
        Ok(forest)
    }

    /// Checks that trees made from `payouts.parquet` are the statement's.
    ///
    /// # Errors
    /// If they are not.
    pub fn check_roots(&self, roots: &[TreeRoot]) -> anyhow::Result<()> {
        let folder = self.folder.display();
        anyhow::ensure!(
            roots == self.statement().payouts,
            "{folder}: payouts.parquet does not lead to the committed trees; `settler verify {folder}` names the difference"
        );
        Ok(())
    }

    /// The history before and after the epoch.
    ///
    /// # Errors
    /// If `history.parquet` is not there or damaged.
    pub fn histories(&self) -> anyhow::Result<(History, History)> {
        read_history(&self.folder.join("history.parquet"))
    }

    /// What the epoch rests on besides batches; the history before is checked against the parent's commitment.
    ///
    /// # Errors
    /// If the files are damaged or contradict the parent's statement.
    pub fn terms(&self) -> anyhow::Result<Terms> {
        let (before, _) = self.histories()?;
        let terms = self.manifest.terms(before);
        if let Some(parent) = &terms.parent {
            parent.check(&self.domain(), &self.manifest.statement.parent)?;
        }
        Ok(terms)
    }

    /// This epoch as the parent of the next; its history is checked against its commitment.
    ///
    /// # Errors
    /// If the files are damaged or contradict the statement.
    pub fn to_parent(&self) -> anyhow::Result<ParentTerms> {
        let (_, after) = self.histories()?;
        let parent = self.manifest.to_parent(after);
        parent
            .check(&self.domain(), &self.manifest.commitment)
            .with_context(|| format!("{} is damaged", self.folder.display()))?;
        Ok(parent)
    }
}

fn read_history(path: &Path) -> anyhow::Result<(History, History)> {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    sheet::read(path, |rows| {
        let column =
            |name: &str| rows.column_by_name(name).with_context(|| format!("{}: no column {name}", path.display()));
        let keys = column("did_hash")?.as_fixed_size_binary_opt().context("did_hash: not 32 bytes")?;
        for (first, activity, records) in
            [("first_epoch_before", "activity_before", &mut before), ("first_epoch", "activity", &mut after)]
        {
            let first = column(first)?.as_primitive_opt::<Decimal128Type>().context("not a decimal")?;
            let activity = column(activity)?.as_primitive_opt::<Decimal128Type>().context("not a decimal")?;
            for row in (0..rows.num_rows()).filter(|row| !first.is_null(*row)) {
                let record = HistoryRecord {
                    first_epoch: u64::try_from(first.value(row))?,
                    activity: u64::try_from(activity.value(row))?,
                };
                records.push((keys.value(row).try_into()?, record));
            }
        }
        Ok(())
    })?;
    Ok((History::from_records(before), History::from_records(after)))
}
