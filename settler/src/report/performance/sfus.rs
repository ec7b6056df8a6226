//! SFUs: batches by verdict, gaps, and how much of the epochs their accepted batches cover.

use std::collections::BTreeMap;

use radio_payouts_protocol::batch::{BatchVerdict, ReceiptVerdict};

use super::super::Gathered;
use super::super::figures::share_bps;
use super::super::gather::Sealed;
use super::super::model::{Cell, Plot, Section, Shape, Table, Unit};
use crate::artefact::batches::read_verdicts;
use crate::artefact::receipts::rejected;
use crate::artefact::sfu_name;
use crate::outcome::Outcome;

/// Most gaps that are listed.
const MOST_GAPS: usize = 50;
const VERDICTS: &str = "batches/verdicts.csv: verdict";

/// One SFU over all epochs.
#[derive(Clone, Default)]
struct Sfu {
    accepted: u64,
    rejected: u64,
    carried: u64,
    late: u64,
    missing: u64,
    /// Milliseconds of the epochs that its accepted batches cover.
    covered_ms: u128,
    /// Milliseconds of the epochs in which it was registered.
    epochs_ms: u128,
}

#[derive(Default)]
struct Counted {
    sfus: BTreeMap<String, Sfu>,
    /// Accepted and rejected batches by epoch.
    epochs: Vec<(String, Vec<u128>)>,
    batch_verdicts: BTreeMap<String, u64>,
    receipt_verdicts: BTreeMap<String, u64>,
    receipts: u64,
    gaps: Vec<(u64, String, u64, u64)>,
}

/// The sections about SFUs.
pub(super) fn sections(gathered: &Gathered) -> Outcome<Vec<Section>> {
    let mut counted = Counted::default();
    let (Some(first), Some(last)) = (gathered.epochs.first(), gathered.epochs.last()) else { return Ok(Vec::new()) };
    let range = (in_ms(first.times()?.0), in_ms(last.times()?.1));
    for sealed in &gathered.epochs {
        count(sealed, range, &mut counted)?;
    }
    Ok(vec![by_sfu(&counted), verdicts(&counted), gaps(&counted)])
}

fn in_ms(unix: i64) -> u64 {
    u64::try_from(unix).unwrap_or_default().saturating_mul(1_000)
}

/// Counts what one epoch judged; `range` is the time of all epochs of the report.
fn count(sealed: &Sealed, range: (u64, u64), counted: &mut Counted) -> Outcome {
    let (artefact, (start, end)) = (&sealed.artefact, sealed.times()?);
    for sfu in &artefact.manifest.registry {
        let is_valid = sfu.valid_from <= sealed.number() && sealed.number() < sfu.valid_until;
        let of = counted.sfus.entry(sfu_name(&sfu.key)).or_default();
        if is_valid {
            of.epochs_ms += u128::from(in_ms(end).saturating_sub(in_ms(start)));
        }
    }
    for sfu in &artefact.manifest.sfus {
        let of = counted.sfus.entry(sfu.sfu.clone()).or_default();
        let length = |first: u64, last: u64| last.saturating_sub(first).saturating_add(1);
        of.carried += sfu.carried.iter().map(|range| length(range.0, range.1)).sum::<u64>();
        for range in &sfu.gaps {
            of.missing = of.missing.saturating_add(length(range.0, range.1));
            counted.gaps.push((sealed.number(), sfu.sfu.clone(), range.0, range.1));
        }
    }
    let (mut accepted, mut refused) = (0u64, 0u64);
    read_verdicts(&artefact.folder, |line| {
        let of = counted.sfus.entry(sfu_name(&line.header.sfu_key)).or_default();
        if line.verdict == "accepted" {
            accepted += 1;
            of.accepted += 1;
            let (from, to) = (line.header.from_ms.max(range.0), line.header.to_ms.min(range.1));
            of.covered_ms += u128::from(to.saturating_sub(from));
            counted.receipts += line.receipts.unwrap_or_default();
        } else {
            refused += 1;
            of.rejected += 1;
            of.late += u64::from(line.verdict == BatchVerdict::Late.as_str());
        }
        *counted.batch_verdicts.entry(line.verdict).or_default() += 1;
        Ok(())
    })?;
    rejected(artefact, |line| {
        *counted.receipt_verdicts.entry(line.verdict).or_default() += 1;
        Ok(())
    })?;
    counted.epochs.push((sealed.number().to_string(), vec![accepted.into(), refused.into()]));
    Ok(())
}

fn by_sfu(counted: &Counted) -> Section {
    let mut section = Section::new("SFUs");
    section.plot(Plot {
        title: "Batches by epoch".to_owned(),
        source: VERDICTS.to_owned(),
        shape: Shape::Columns,
        axis: "epoch".to_owned(),
        unit: Unit::Count("batches"),
        series: vec!["accepted".to_owned(), "rejected".to_owned()],
        points: counted.epochs.clone(),
    });
    let uptime = |sfu: &Sfu| share_bps(sfu.covered_ms, sfu.epochs_ms);
    section.plot(Plot {
        title: "Uptime by SFU: part of the epochs that accepted batches cover".to_owned(),
        source: "batches/verdicts.csv: from_ms, to_ms of accepted batches; manifest.json: deployment, registry"
            .to_owned(),
        shape: Shape::Bars,
        axis: "SFU".to_owned(),
        unit: Unit::Bps,
        series: vec!["covered".to_owned()],
        points: counted.sfus.iter().map(|(name, sfu)| (name.clone(), vec![uptime(sfu)])).collect(),
    });
    let mut table = Table::new(
        "SFUs over these epochs",
        "batches/verdicts.csv: verdict, from_ms, to_ms; manifest.json: sfus.carried, sfus.gaps",
        &["SFU", "accepted", "rejected", "of these late", "carried", "numbers missing", "covered, s", "uptime"],
    );
    for (name, sfu) in &counted.sfus {
        table.row([
            Cell::Code(name.clone()),
            Cell::Number(sfu.accepted.into()),
            Cell::Number(sfu.rejected.into()),
            Cell::Number(sfu.late.into()),
            Cell::Number(sfu.carried.into()),
            Cell::Number(sfu.missing.into()),
            Cell::Number(sfu.covered_ms / 1_000),
            Cell::Bps(uptime(sfu)),
        ]);
    }
    section.table(table);
    section.text(
        "Uptime is reported and not paid. It is the part of the epochs in which an SFU was registered that lies in the windows of its accepted batches; a batch that was carried counts where its window lies.",
    );
    section
}

fn verdicts(counted: &Counted) -> Section {
    let mut section = Section::new("Rejected");
    let rejected: u64 = counted.receipt_verdicts.values().sum();
    let mut table = Table::new(
        "Batches and receipts by verdict",
        "batches/verdicts.csv: verdict, receipts; receipts.parquet: verdict",
        &["of", "verdict", "count", "meaning"],
    );
    let mut row = |of: &str, verdict: &str, count: u64, meaning: &str| {
        let [of, verdict, meaning] = [of, verdict, meaning].map(|text| Cell::Text(text.to_owned()));
        table.row([of, verdict, Cell::Number(count.into()), meaning]);
    };
    let count = |verdict: &str| counted.batch_verdicts.get(verdict).copied().unwrap_or_default();
    row("batch", "accepted", count("accepted"), "its receipts are judged one by one");
    for verdict in BatchVerdict::ALL {
        row("batch", verdict.as_str(), count(verdict.as_str()), verdict.explanation());
    }
    row("receipt", "accepted", counted.receipts - rejected.min(counted.receipts), "its bytes count");
    for verdict in ReceiptVerdict::ALL {
        let count = counted.receipt_verdicts.get(verdict.as_str()).copied().unwrap_or_default();
        row("receipt", verdict.as_str(), count, verdict.explanation());
    }
    let named = |of: &'static str, counts: &BTreeMap<String, u64>| -> Vec<(String, Vec<u128>)> {
        let rejected = counts.iter().filter(|(verdict, _)| *verdict != "accepted");
        rejected.map(|(verdict, count)| (format!("{of} {verdict}"), vec![u128::from(*count)])).collect()
    };
    let mut points = named("batch", &counted.batch_verdicts);
    points.extend(named("receipt", &counted.receipt_verdicts));
    section.plot(Plot {
        title: "Rejected, by verdict".to_owned(),
        source: "batches/verdicts.csv: verdict; receipts.parquet: verdict".to_owned(),
        shape: Shape::Bars,
        axis: "verdict".to_owned(),
        unit: Unit::Count("rejected"),
        series: vec!["rejected".to_owned()],
        points,
    });
    section.table(table);
    section
}

fn gaps(counted: &Counted) -> Section {
    let mut section = Section::new("Gaps");
    section.text("Numbers under which nothing was known when the epoch was sealed. A batch that comes later fills its gap and is carried.");
    let count = counted.gaps.len();
    let of = if count > MOST_GAPS { format!("the first {MOST_GAPS} of {count}") } else { format!("{count} in all") };
    let mut table = Table::new(
        format!("New gaps: {of}"),
        "manifest.json: sfus.gaps",
        &["epoch", "SFU", "first number", "last number"],
    );
    for (epoch, sfu, first, last) in counted.gaps.iter().take(MOST_GAPS) {
        let [epoch, first, last] = [*epoch, *first, *last].map(|number| Cell::Number(number.into()));
        table.row([epoch, Cell::Code(sfu.clone()), first, last]);
    }
    section.table(table);
    section
}
