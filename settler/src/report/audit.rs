//! The audit: what `settler verify` checks, every check with its result. Nothing is checked here.

use std::path::PathBuf;

use super::model::{Cell, Report, Section, Table};
use crate::artefact::verify::{Checks, Ending, Group};
use crate::chain::{Chain, ChainClock};
use crate::epoch::verification::{self, Verified as Found};
use crate::epoch::view::{OnChain, standing};
use crate::outcome::{Failure, Outcome};

use super::text::utc;

/// A report and how the command that wrote it ends.
pub struct Audit {
    /// The report.
    pub report: Report,
    /// Exit 3 with the first difference, or what kept an epoch from being verified.
    pub end: Outcome,
}

struct Verified {
    epoch: u64,
    checks: Checks,
    stands: String,
    is_ratified: bool,
    verdicts: Vec<(String, u64)>,
    error: Option<Failure>,
}

/// Verifies each of these folders and reports on it.
///
/// # Errors
/// If the chain is away before anything was verified.
pub fn audit(folders: &[(u64, PathBuf)], chain: Option<&dyn Chain>) -> Outcome<Audit> {
    let on_chain = chain.map(OnChain::new);
    let view = on_chain.as_ref().map(OnChain::view).transpose()?;
    let mut verified = Vec::new();
    for (epoch, folder) in folders {
        let done = verification::verify(folder, on_chain.as_ref());
        let checks = done.checks.clone();
        let verdicts = match &done.verified {
            Some(Found::InMemory(recomputed)) => counts(recomputed),
            _ => Vec::new(),
        };
        let status = done.account.as_ref().map(|account| account.status);
        let stands = match (status, chain) {
            (Some(status), _) => standing(status).to_owned(),
            (None, Some(_)) => "no root in force".to_owned(),
            (None, None) => "not asked".to_owned(),
        };
        let is_ratified = stands == "ratified" || stands == "closed";
        let error = done.into_result().err().map(|failure| failure.context(format!("epoch {epoch}")));
        verified.push(Verified { epoch: *epoch, checks, stands, is_ratified, verdicts, error });
    }
    let clock = view.map(|view| ChainClock { slot: view.slot, unix_timestamp: view.now });
    let report = write(&verified, clock);
    // A difference is what the command ends with, whatever could not be checked before it.
    let has_difference = |verified: &&mut Verified| verified.checks.first_difference().is_some();
    let first = match verified.iter_mut().find(has_difference) {
        Some(differing) => differing.error.take(),
        None => verified.iter_mut().find_map(|verified| verified.error.take()),
    };
    Ok(Audit { report, end: first.map_or(Ok(()), Err) })
}

/// How many batches and receipts got which verdict when they were judged again.
fn counts(recomputed: &crate::artefact::verify::Recomputed) -> Vec<(String, u64)> {
    let mut counts = std::collections::BTreeMap::new();
    for judged in recomputed.settlement.seals.iter().flat_map(|seal| &seal.judged) {
        let verdict = judged.verdict.map_or("accepted", |verdict| verdict.as_str());
        *counts.entry(format!("batch {verdict}")).or_insert(0) += 1;
    }
    for verdict in recomputed.settlement.batches.iter().flat_map(|batch| &batch.receipts.verdicts) {
        let verdict = verdict.map_or("accepted", |verdict| verdict.as_str());
        *counts.entry(format!("receipt {verdict}")).or_insert(0) += 1;
    }
    counts.into_iter().collect()
}

fn worst(checks: &Checks, group: Group) -> Ending {
    let endings: Vec<Ending> = checks.of(group).map(|check| check.ending).collect();
    [Ending::Differs, Ending::NotChecked].into_iter().find(|ending| endings.contains(ending)).unwrap_or(Ending::Equal)
}

fn write(verified: &[Verified], clock: Option<ChainClock>) -> Report {
    let of = |ending| verified.iter().map(|verified| verified.checks.count(ending)).sum::<usize>();
    let (equal, differing, unchecked) = (of(Ending::Equal), of(Ending::Differs), of(Ending::NotChecked));
    let first = verified.iter().find_map(|verified| Some((verified.epoch, verified.checks.first_difference()?)));
    let ending = match (first, unchecked) {
        (Some((epoch, difference)), _) => (
            Ending::Differs,
            format!(
                "{differing} of {} checks found a difference. The first: epoch {epoch}: {difference}",
                equal + differing
            ),
        ),
        (None, 0) => (Ending::Equal, format!("All {equal} checks hold, for each of {} epochs.", verified.len())),
        (None, _) => (
            Ending::NotChecked,
            format!("{equal} checks hold, no difference was found; {unchecked} kinds of check were not carried out."),
        ),
    };
    let mut sections = vec![scope(verified, clock)];
    sections.extend(verified.iter().map(epoch));
    Report {
        title: "Audit report".to_owned(),
        subtitle: match (verified.first(), verified.last()) {
            (Some(first), Some(last)) if first.epoch != last.epoch => {
                format!("Epochs {} to {}", first.epoch, last.epoch)
            }
            (Some(only), _) => format!("Epoch {}", only.epoch),
            _ => "No epoch".to_owned(),
        },
        is_provisional: !verified.iter().all(|verified| verified.is_ratified),
        ending: Some(ending),
        sections,
    }
}

fn scope(verified: &[Verified], clock: Option<ChainClock>) -> Section {
    let mut section = Section::new("Result");
    section.text(match clock {
        Some(clock) => format!(
            "Each epoch was recomputed from its signed batches and compared with the chain as of slot {}, {}, and with every byte of every file of its folder. This is the list of checks of settler verify, which anyone can run.",
            clock.slot,
            utc(clock.unix_timestamp)
        ),
        None => "Each epoch was recomputed from its signed batches and compared with every byte of every file of its folder. The chain was not asked (--offline): nothing here says that this is what was posted.".to_owned(),
    });
    let mut table = Table::new("Checks by epoch", "settler verify", &["checks"]);
    table.heads.extend(verified.iter().map(|verified| format!("epoch {}", verified.epoch)));
    let mut stands = vec![Cell::Text("stands on chain as".to_owned())];
    stands.extend(verified.iter().map(|verified| Cell::Text(verified.stands.clone())));
    // Beside each other they would not fit: epochs go down then.
    if verified.len() > 6 {
        let mut table = Table::new(
            "Checks by epoch",
            "settler verify",
            &["epoch", "stands on chain as", "equal", "differ", "not carried out", "first difference"],
        );
        for one in verified {
            let count = |ending| Cell::Number(one.checks.count(ending) as u128);
            let first = one.checks.first_difference().map_or(Cell::Empty, |text| Cell::Text(text.to_owned()));
            table.row([
                Cell::Number(one.epoch.into()),
                Cell::Text(one.stands.clone()),
                count(Ending::Equal),
                count(Ending::Differs),
                count(Ending::NotChecked),
                first,
            ]);
        }
        section.table(table);
        return section;
    }
    table.row(stands);
    for group in Group::ALL {
        let mut row = vec![Cell::Text(group.title().to_owned())];
        row.extend(verified.iter().map(|verified| Cell::Ending(worst(&verified.checks, group))));
        table.row(row);
    }
    section.table(table);
    section
}

fn epoch(verified: &Verified) -> Section {
    let mut section = Section::new(format!("Epoch {}", verified.epoch));
    if let Some(difference) = verified.checks.first_difference() {
        section.text(format!("The first difference: {difference}"));
    } else if let Some(failure) = &verified.error {
        section.text(format!("It could not be verified to the end: {:#}", failure.error));
    }
    if !verified.verdicts.is_empty() {
        let mut table =
            Table::new("Judged again", "batches/*.ndjson, under the rules of section 4.4", &["verdict", "count"]);
        for (verdict, count) in &verified.verdicts {
            table.row([Cell::Text(verdict.clone()), Cell::Number((*count).into())]);
        }
        section.table(table);
    }
    for group in Group::ALL {
        let mut table = Table::new(group.title(), source(group), &["check", "result", "value, or the difference"]);
        for check in verified.checks.of(group) {
            let is_value = !check.detail.contains(' ');
            let detail = if is_value { Cell::Code(check.detail.clone()) } else { Cell::Text(check.detail.clone()) };
            table.row([Cell::Text(check.what.clone()), Cell::Ending(check.ending), detail]);
        }
        section.table(table);
    }
    section
}

const fn source(group: Group) -> &'static str {
    match group {
        Group::Manifest => "manifest.json, history.parquet",
        Group::Signatures => "batches/*.ndjson: sig, strictly",
        Group::Batches => "batches/*.ndjson, batches/verdicts.csv, folders of the ancestors",
        Group::Verdicts => "manifest.json: sfus; batches/*.ndjson, judged again",
        Group::Statement => "manifest.json: statement; recomputed from batches/*.ndjson",
        Group::Chain => "Epoch account: statement, commitment; recomputed from batches/*.ndjson",
        Group::Deployment => "manifest.json: deployment; Config account and genesis hash",
        Group::Parameters => "manifest.json: params, params_versions; ParamsVersion accounts",
        Group::Registry => "manifest.json: registry; Sfu accounts",
        Group::Files => "every file of the folder; written again from batches/*.ndjson",
        Group::Sample => "receipts.parquet, cells.parquet, tracks.parquet; derived from batches/*.ndjson for some DIDs",
    }
}
