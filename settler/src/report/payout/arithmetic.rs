//! One contributor's share of each epoch, line by line: bytes, factors, weight, effective bytes, part of the pool, amount.

use super::super::gather::Sealed;
use super::super::model::{Cell, Plot, Section, Shape, Table, Unit, facts};
use super::super::text::short;
use super::Gathered;
use crate::artefact::payout::{self, Payout};
use crate::artefact::{cells, sfu_name};
use crate::outcome::{Failure, Outcome};

/// The sections about `did`.
pub(super) fn sections(gathered: &Gathered, did: &str) -> Outcome<Vec<Section>> {
    let mut lines = Vec::new();
    for sealed in &gathered.epochs {
        let mut found = None;
        payout::each(&sealed.artefact.folder.join("payouts.parquet"), |payout| {
            if payout.did == did {
                found = Some(payout);
            }
            Ok(())
        })?;
        lines.push((sealed, found));
    }
    if lines.iter().all(|(_, found)| found.is_none()) {
        return Err(Failure::usage(format!("{did} is in none of these epochs")));
    }
    let mut sections = vec![overview(&lines)];
    for (sealed, found) in &lines {
        if let Some(payout) = found {
            sections.push(arithmetic(sealed, payout)?);
        }
    }
    Ok(sections)
}

const SOURCE: &str = "payouts.parquet: bytes, effective_bytes, raw_base_units, amount_base_units, reason";

/// What is paid of a line: nothing without a leaf.
fn amount(payout: &Payout) -> u128 {
    if payout.index.is_some() { payout.amount.into() } else { 0 }
}

fn overview(lines: &[(&Sealed, Option<Payout>)]) -> Section {
    let mut section = Section::new("By epoch");
    section.plot(Plot {
        title: "Share by epoch".to_owned(),
        source: SOURCE.to_owned(),
        shape: Shape::Columns,
        axis: "epoch".to_owned(),
        unit: Unit::Bloom,
        series: vec!["share".to_owned()],
        points: lines
            .iter()
            .map(|(sealed, payout)| (sealed.number().to_string(), vec![payout.as_ref().map_or(0, amount)]))
            .collect(),
    });
    let heads = ["epoch", "standing", "bytes", "effective bytes", "share, BLOOM", "leaf, or why there is none"];
    let mut table = Table::new("Shares", SOURCE, &heads);
    for (sealed, payout) in lines {
        let (bytes, effective, share, leaf) = match payout {
            None => (Cell::Empty, Cell::Empty, Cell::Empty, "nothing was accepted".to_owned()),
            Some(payout) => {
                let leaf = payout
                    .index
                    .map_or_else(|| payout.reason.clone().unwrap_or_default(), |index| format!("leaf {index}"));
                let (bytes, effective) = (payout.bytes.into(), payout.effective_bytes.into());
                (Cell::Number(bytes), Cell::Number(effective), Cell::Bloom(amount(payout)), leaf)
            }
        };
        table.row([sealed.cell(), sealed.stands(), bytes, effective, share, Cell::Text(leaf)]);
    }
    section.table(table);
    section
}

fn arithmetic(sealed: &Sealed, payout: &Payout) -> Outcome<Section> {
    let mut section = Section::new(format!("Arithmetic of epoch {}", sealed.number()));
    let mut bytes = Table::new(
        "From bytes to weight",
        "cells.parquet: bytes, role_bps, time_bps, quality_bps, weight_e12; weight = bytes × role × time × quality",
        &["track", "SFU", "role", "hour, UTC", "bytes", "× role", "× time", "× quality", "= weight, 10^-12 bytes"],
    );
    let mut factors = Table::new(
        "Factors of time and quality",
        "cells.parquet: consistency_bps, peak_bps, long_term_bps, time_bps, high_quality_bps, metadata_rich_bps, popular_bps, quality_bps",
        &[
            "track",
            "role",
            "hour, UTC",
            "consistency",
            "× peak",
            "× long term",
            "= time",
            "high quality",
            "× metadata rich",
            "× popular",
            "= quality",
        ],
    );
    let mut weight = 0u128;
    cells::each(&sealed.artefact, |cell| {
        if *cell.did_hash != payout.did_hash {
            return Ok(());
        }
        weight += cell.weight_e12;
        let [role, consistency, peak, long_term, time, high, rich, popular, quality] = cell.factors_bps;
        let name = || Cell::Text(cell.track_id.to_owned());
        let (of, hour) = (|| Cell::Text(cell.role.to_owned()), || Cell::Number(cell.hour_utc.into()));
        let mut row =
            vec![name(), Cell::Code(short(&sfu_name(cell.sfu), 24)), of(), hour(), Cell::Number(cell.bytes.into())];
        row.extend([role, time, quality].map(Cell::Factor));
        row.push(Cell::Number(cell.weight_e12));
        bytes.row(row);
        let mut row = vec![name(), of(), hour()];
        row.extend([consistency, peak, long_term, time, high, rich, popular, quality].map(Cell::Factor));
        factors.row(row);
        Ok(())
    })?;
    section.table(bytes).table(factors);
    let manifest = &sealed.artefact.manifest;
    let (pool, totals) = (manifest.statement.pool, &manifest.totals);
    let Payout { effective_bytes, raw, .. } = payout;
    let share = format!("floor({pool} × {effective_bytes} / {})", totals.effective_bytes);
    let least = format!("min({raw}, {})", totals.cap_base_units);
    section.table(facts(
        "From weight to amount",
        vec![
            ("sum of the weights", Cell::Number(weight), "cells.parquet: weight_e12"),
            (
                "effective bytes = floor(that / 10^12)",
                Cell::Number((*effective_bytes).into()),
                "payouts.parquet: effective_bytes",
            ),
            (
                "effective bytes of all",
                Cell::Number(totals.effective_bytes.into()),
                "manifest.json: totals.effective_bytes",
            ),
            ("pool, base units", Cell::Number(pool.into()), "manifest.json: statement.pool"),
            ("part of the pool", Cell::Text(share), "section 7 of the protocol page"),
            ("that is, base units", Cell::Number((*raw).into()), "payouts.parquet: raw_base_units"),
            ("amount = min(part, cap)", Cell::Text(least), "manifest.json: totals.cap_base_units"),
            ("that is, base units", Cell::Number(payout.amount.into()), "payouts.parquet: amount_base_units"),
            ("that is, BLOOM", Cell::Bloom(payout.amount.into()), "10^9 base units are 1 BLOOM"),
            (
                "leaf",
                match (payout.index, &payout.reason) {
                    (Some(index), _) => Cell::Number(index.into()),
                    (None, reason) => Cell::Text(format!("none: {}", reason.as_deref().unwrap_or_default())),
                },
                "payouts.parquet: index, reason",
            ),
            (
                "payee",
                payout.payee_address().map_or_else(
                    || Cell::Text("none of its own: the binding at the time of a claim".to_owned()),
                    Cell::Code,
                ),
                "payouts.parquet: payee",
            ),
        ],
    ));
    let lines_up = weight / 1_000_000_000_000 == u128::from(*effective_bytes);
    if !lines_up {
        return Err(Failure::difference(format!(
            "epoch {}: the weights of {} in cells.parquet come to {} effective bytes, payouts.parquet says {effective_bytes}",
            sealed.number(),
            payout.did,
            weight / 1_000_000_000_000
        )));
    }
    Ok(section)
}
