//! Second pass: the pool is split, everybody's share written down and hashed into the payout trees, one tree at a time.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use anyhow::Context as _;
use radio_payouts_protocol::allocation::{Division, MOST_LEAVES, raised_minimum};
use radio_payouts_protocol::artefact::payout::CSV_HEAD;
use radio_payouts_protocol::forest::{ForestBuilder, hash_leaves};
use radio_payouts_protocol::hash::sha256;
use radio_payouts_protocol::settlement::Setting;
use radio_payouts_protocol::tree::{ProofError, TreeRoot, share_leaf};
use rayon::prelude::*;

use super::spill::{self, Line};
use super::weights::AllWeighed;
use super::{Closed, Digests, RUNS_AHEAD, Writing, file, hand_on};
use crate::artefact::files::FileKind;
use crate::artefact::payout::Payout;
use crate::artefact::tables::PayoutsTable;
use crate::crash;

/// Contributors that are handed on together.
const AT_A_TIME: usize = 8_192;

/// How the pool was split.
pub struct Shares {
    /// Pool, cap and minimum.
    pub division: Division,
    /// Sum of the leaves' amounts, in base units.
    pub allocated: u64,
    /// What is committed of every payout tree.
    pub roots: Vec<TreeRoot>,
    /// `payouts.parquet` and `payouts.csv`.
    pub files: Digests,
}

/// Splits the pool among the contributors of the spill.
///
/// # Errors
/// If a file cannot be read or written, or a sum overflows.
pub fn share(setting: &Setting<'_>, writing: &Writing<'_>, weighed: &AllWeighed) -> anyhow::Result<Shares> {
    let Writing { staging, spill, .. } = *writing;
    let mut division = Division::of(setting.params, weighed.sums.paid_bytes()?, weighed.sums.total)?;
    if weighed.contributors as usize > MOST_LEAVES {
        division.minimum = minimum(&division, spill)?;
    }
    let (to_table, of_table) = sync_channel::<Arc<Vec<Payout>>>(RUNS_AHEAD);
    let (to_csv, of_csv) = sync_channel::<Arc<Vec<Payout>>>(RUNS_AHEAD);
    std::thread::scope(|scope| {
        let table = scope.spawn(move || write_table(&staging.join(FileKind::Payouts.name()), of_table));
        let csv = scope.spawn(move || write_csv(&staging.join(FileKind::PayoutsCsv.name()), of_csv));
        let all = weighed.contributors.into();
        let planted = plant(setting, writing, &division, all, |payouts| {
            hand_on(&to_table, payouts.clone())?;
            hand_on(&to_csv, payouts)
        });
        drop((to_table, to_csv));
        let table = table.join().map_err(|_| anyhow::anyhow!("writing payouts.parquet panicked"))?;
        let csv = csv.join().map_err(|_| anyhow::anyhow!("writing payouts.csv panicked"))?;
        let files = [(FileKind::Payouts, table?), (FileKind::PayoutsCsv, csv?)];
        let (roots, allocated) = planted?;
        let files = files.into_iter().map(|(kind, digest)| (kind.name().to_owned(), digest)).collect();
        Ok(Shares { division, allocated, roots, files })
    })
}

fn lines(spill: &Path) -> anyhow::Result<impl Iterator<Item = anyhow::Result<Line>>> {
    let doing = || format!("cannot read {}", spill.display());
    let file = File::open(spill).with_context(doing)?;
    let mut reader = BufReader::with_capacity(1 << 20, file);
    Ok(std::iter::from_fn(move || spill::read(&mut reader).transpose().map(|line| line.map_err(Into::into))))
}

/// The minimum in force if there may be more leaves than the trees have room for.
fn minimum(division: &Division, spill: &Path) -> anyhow::Result<u64> {
    let mut amounts = Vec::new();
    for line in lines(spill)? {
        let share = division.share(line?.weighed.effective_bytes)?;
        amounts.extend(share.no_leaf.is_none().then_some(share.amount));
    }
    Ok(if amounts.len() > MOST_LEAVES { raised_minimum(amounts, MOST_LEAVES)? } else { division.minimum })
}

/// Roots of all trees and the sum of all amounts.
fn plant(
    setting: &Setting<'_>,
    writing: &Writing<'_>,
    division: &Division,
    all: u64,
    mut hand_on: impl FnMut(Arc<Vec<Payout>>) -> Result<(), Closed>,
) -> anyhow::Result<(Vec<TreeRoot>, u64)> {
    let mut lines = lines(writing.spill)?;
    let mut forest = ForestBuilder::new(*setting.domain);
    let (mut next, mut done, mut allocated) = (0u32, 0u64, 0u64);
    loop {
        let some: Vec<Line> = lines.by_ref().take(AT_A_TIME).collect::<anyhow::Result<_>>()?;
        if some.is_empty() {
            break;
        }
        let mut payouts: Vec<Payout> =
            some.into_par_iter().with_min_len(256).map(|line| payout(division, line)).collect::<anyhow::Result<_>>()?;
        for payout in payouts.iter_mut().filter(|payout| payout.reason.is_none()) {
            payout.index = Some(next);
            next = next.checked_add(1).ok_or(ProofError::PositionOutOfRange)?;
            allocated = allocated.checked_add(payout.amount).context("the sum of all amounts overflows")?;
        }
        let paid: Vec<(u32, &Payout)> = payouts.iter().filter_map(|payout| Some((payout.index?, payout))).collect();
        let (domain, epoch) = (setting.domain, setting.epoch);
        let leaves = hash_leaves(&paid, |_, (index, payout)| {
            share_leaf(domain, epoch, *index, &payout.did_hash, &payout.payee, payout.amount)
        });
        forest.extend(&leaves, |_| Ok::<_, ProofError>(()))?;
        done += payouts.len() as u64;
        hand_on(Arc::new(payouts))?;
        crash::point("epoch.shares_handed_on");
        (writing.heard)("shares written", done, Some(all));
    }
    Ok((forest.finish(|_| Ok::<_, ProofError>(()))?, allocated))
}

fn payout(division: &Division, line: Line) -> anyhow::Result<Payout> {
    let share = division.share(line.weighed.effective_bytes)?;
    Ok(Payout {
        index: None,
        did_hash: sha256(&[line.did.as_bytes()]),
        did: line.did,
        payee: line.weighed.payee,
        bytes: line.bytes,
        effective_bytes: line.weighed.effective_bytes,
        raw: share.raw,
        amount: share.amount,
        reason: share.no_leaf.map(|reason| reason.as_str().to_owned()),
    })
}

fn write_table(path: &Path, payouts: Receiver<Arc<Vec<Payout>>>) -> anyhow::Result<super::FileJson> {
    file(path, |writer| {
        let mut table = PayoutsTable::new(BufWriter::with_capacity(1 << 20, writer))?;
        for some in payouts {
            some.iter().try_for_each(|payout| table.payout(payout))?;
        }
        table.finish()
    })
}

fn write_csv(path: &Path, payouts: Receiver<Arc<Vec<Payout>>>) -> anyhow::Result<super::FileJson> {
    file(path, |writer| {
        let mut writer = BufWriter::with_capacity(1 << 20, writer);
        writeln!(writer, "{CSV_HEAD}")?;
        for some in payouts {
            let lines: Vec<String> = some.par_iter().with_min_len(256).map(Payout::csv_line).collect();
            for line in lines {
                writer.write_all(line.as_bytes())?;
                writer.write_all(b"\n")?;
            }
        }
        Ok(writer.flush()?)
    })
}
