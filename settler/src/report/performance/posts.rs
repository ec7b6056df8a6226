//! Posts: how long after end and grace each root came to be in force, and what its transaction used.

use radio_payouts_client::state::EpochStatus;

use super::super::model::{Cell, Plot, Section, Shape, Table, Unit};
use super::super::text::utc;
use super::super::{Gathered, Local};
use crate::chain::Journal;
use crate::chain::journal::{End, Entry};
use crate::outcome::Outcome;

/// The sections.
pub(super) fn sections(gathered: &Gathered, local: &Local<'_>) -> Outcome<Vec<Section>> {
    Ok(vec![lag(gathered)?, transactions(gathered, local)?])
}

fn lag(gathered: &Gathered) -> Outcome<Section> {
    let mut section = Section::new("Posting");
    let (mut points, mut rows) = (Vec::new(), Vec::new());
    for sealed in &gathered.epochs {
        let Some(account) = sealed.standing.account().filter(|account| account.status.has_root()) else { continue };
        let (_, end) = sealed.times()?;
        let due = end.saturating_add(i64::from(account.times.grace_seconds));
        let lag = u128::try_from(account.posted.at.saturating_sub(due)).unwrap_or_default();
        points.push((sealed.number().to_string(), vec![lag]));
        let finalized = if account.status.is_final() { Cell::Text(utc(account.finalized.at)) } else { Cell::Empty };
        rows.push(vec![
            sealed.cell(),
            sealed.stands(),
            Cell::Text(utc(end)),
            Cell::Number(account.times.grace_seconds.into()),
            Cell::Text(utc(account.posted.at)),
            Cell::Number(lag),
            Cell::Number(account.attempt.into()),
            finalized,
            Cell::Text(
                if account.contested || account.status == EpochStatus::Disputed { "yes" } else { "no" }.to_owned(),
            ),
        ]);
    }
    let source = "Epoch account: posted, times.grace_seconds, attempt, finalized; manifest.json: deployment";
    section.plot(Plot {
        title: "Seconds from end and grace to the root in force".to_owned(),
        source: source.to_owned(),
        shape: Shape::Columns,
        axis: "epoch".to_owned(),
        unit: Unit::Seconds,
        series: vec!["lag".to_owned()],
        points,
    });
    let heads = [
        "epoch",
        "standing",
        "end",
        "grace, s",
        "posted",
        "lag, s",
        "times reopened",
        "final",
        "disputed or contested",
    ];
    let mut table = Table::new("Posts by the chain's clock", source, &heads);
    table.rows = rows;
    section.table(table);
    if gathered.epochs.iter().any(|sealed| sealed.standing.on_chain.is_none()) {
        section.text("The chain was not asked (--offline).");
    }
    Ok(section)
}

fn transactions(gathered: &Gathered, local: &Local<'_>) -> Outcome<Section> {
    let mut section = Section::new("Transactions that posted");
    let Some(data) = &local.data else {
        section.text("The folders are another settler's: its journal is not here.");
        return Ok(section);
    };
    let source = "DATA/journal/closed: signature, end, slot; the chain's record of the transaction: compute units, fee";
    let heads = ["epoch", "end", "slot", "compute units", "fee, lamports", "signature"];
    let mut table = Table::new("Posts and attestations of this settler", source, &heads);
    let closed = Journal::new(&data.join("journal")).closed("post epoch ")?;
    for sealed in &gathered.epochs {
        let commitment = hex::encode(sealed.artefact.manifest.commitment);
        let is_its = |(entry, _): &&(Entry, End)| {
            entry.purpose.starts_with(&format!("post epoch {} ", sealed.number()))
                && entry.purpose.ends_with(&commitment)
        };
        for (entry, end) in closed.iter().filter(is_its) {
            let (word, slot) = match end {
                End::Landed { slot } => ("landed".to_owned(), Some(*slot)),
                End::Failed { slot, error } => (format!("failed: {error}"), Some(*slot)),
                End::Expired => ("expired".to_owned(), None),
            };
            let execution = match (local.chain, slot) {
                (Some(chain), Some(_)) => chain.execution(&entry.signature()?)?,
                _ => None,
            };
            let number = |number: Option<u64>| number.map_or(Cell::Empty, |number| Cell::Number(number.into()));
            table.row([
                sealed.cell(),
                Cell::Text(word),
                number(slot),
                number(execution.as_ref().map(|execution| execution.compute_units)),
                number(execution.as_ref().and_then(|execution| execution.fee)),
                Cell::Code(entry.signature.clone()),
            ]);
        }
    }
    section.table(table);
    section.text("Compute units and fees are empty where the chain was not asked or keeps no history.");
    Ok(section)
}
