//! From bytes to pool to parts that add up: allocation, caps, reasons for no leaf, concentration; or one contributor's arithmetic.

use std::collections::{BTreeMap, HashMap};

use radio_payouts_protocol::allocation::pool_limit;

use super::figures::{Concentration, share_bps};
use super::gather::Sealed;
use super::model::{Cell, Plot, Report, Section, Shape, Table, Unit, facts};
use super::{Gathered, figures};
use crate::artefact::payout;
use crate::outcome::{Failure, Outcome};

mod arithmetic;

/// Most lines of a table of names.
const MOST: usize = 20;
const PAYOUTS: &str = "payouts.parquet: did, amount_base_units, index";

/// What one epoch's lines come to.
#[derive(Default)]
struct Lines {
    /// Amounts with a leaf.
    amounts: Vec<u128>,
    /// Contributors whose raw part is above the cap, and what it took.
    capped: (u128, u128),
    /// Contributors without a leaf by reason, and what they would have had.
    reasons: BTreeMap<String, (u128, u128)>,
}

impl Lines {
    fn allocated(&self) -> u128 {
        self.amounts.iter().sum()
    }
}

/// Makes the report.
///
/// # Errors
/// Exit 2 if the contributor is in none of the epochs; exit 3 if an epoch's parts do not add up to what its manifest says.
pub fn report(gathered: &Gathered) -> Outcome<Report> {
    let (mut epochs, mut by_did) = (Vec::new(), HashMap::new());
    for sealed in &gathered.epochs {
        epochs.push(add_up(sealed, &mut by_did)?);
    }
    let mut sections = vec![gathered.about()?];
    match &gathered.did {
        Some(did) => sections.extend(arithmetic::sections(gathered, did)?),
        None => {
            sections.push(pool(gathered, &epochs));
            sections.push(shares(&by_did));
            sections.push(concentration(gathered, &epochs, &by_did));
            sections.push(caps(gathered, &epochs));
            sections.push(reasons(gathered, &epochs));
        }
    }
    Ok(Report {
        title: "Payout report".to_owned(),
        subtitle: gathered.subtitle(),
        is_provisional: gathered.is_provisional(),
        ending: None,
        sections,
    })
}

fn add_up(sealed: &Sealed, by_did: &mut HashMap<String, (u128, u128)>) -> Outcome<Lines> {
    let mut lines = Lines::default();
    payout::each(&sealed.artefact.folder.join("payouts.parquet"), |payout| {
        let (raw, amount) = (u128::from(payout.raw), u128::from(payout.amount));
        if raw > amount {
            lines.capped.0 += 1;
            lines.capped.1 += raw - amount;
        }
        match &payout.reason {
            Some(reason) => {
                let of = lines.reasons.entry(reason.clone()).or_default();
                *of = (of.0 + 1, of.1 + amount);
            }
            None => {
                lines.amounts.push(amount);
                let of = by_did.entry(payout.did).or_default();
                *of = (of.0 + amount, of.1 + 1);
            }
        }
        Ok(())
    })?;
    let manifest = &sealed.artefact.manifest;
    let trees: u128 = manifest.statement.payouts.iter().map(|tree| u128::from(tree.sum)).sum();
    let totals = &manifest.totals;
    let (allocated, unallocated) = (u128::from(totals.allocated_base_units), u128::from(totals.unallocated_base_units));
    let pool = u128::from(manifest.statement.pool);
    let sums =
        [("manifest.json: totals.allocated_base_units", allocated), ("the payout trees of the statement", trees)];
    for (source, sum) in sums {
        if sum != lines.allocated() {
            return Err(Failure::difference(format!(
                "epoch {}: payouts.parquet adds up to {} base units, {source} to {sum}; `settler verify` names the difference",
                sealed.number(),
                lines.allocated()
            )));
        }
    }
    if allocated + unallocated != pool {
        return Err(Failure::difference(format!(
            "epoch {}: {allocated} allocated and {unallocated} unallocated do not add up to the pool of {pool} base units",
            sealed.number()
        )));
    }
    Ok(lines)
}

fn pool(gathered: &Gathered, epochs: &[Lines]) -> Section {
    let mut section = Section::new("From bytes to pool to parts");
    let total = |of: fn(&Sealed) -> u64| gathered.epochs.iter().map(|epoch| u128::from(of(epoch))).sum::<u128>();
    let pools = total(|epoch| epoch.artefact.manifest.statement.pool);
    let allocated = total(|epoch| epoch.artefact.manifest.totals.allocated_base_units);
    let unallocated = total(|epoch| epoch.artefact.manifest.totals.unallocated_base_units);
    let leaves: usize = epochs.iter().map(|lines| lines.amounts.len()).sum();
    section.table(facts(
        "In all epochs together",
        vec![
            ("pools, BLOOM", Cell::Bloom(pools), "manifest.json: statement.pool"),
            (
                "allocated, BLOOM",
                Cell::Bloom(allocated),
                "payouts.parquet: amount_base_units; manifest.json: totals.allocated_base_units",
            ),
            ("unallocated, BLOOM", Cell::Bloom(unallocated), "manifest.json: totals.unallocated_base_units"),
            ("allocated and unallocated, BLOOM", Cell::Bloom(allocated + unallocated), "their sum, which is the pools"),
            ("shares", Cell::Number(leaves as u128), "payouts.parquet: index"),
        ],
    ));
    section.plot(Plot {
        title: "Pool by epoch".to_owned(),
        source: "manifest.json: totals.allocated_base_units, totals.unallocated_base_units".to_owned(),
        shape: Shape::Columns,
        axis: "epoch".to_owned(),
        unit: Unit::Bloom,
        series: vec!["allocated".to_owned(), "unallocated".to_owned()],
        points: gathered
            .epochs
            .iter()
            .map(|sealed| {
                let totals = &sealed.artefact.manifest.totals;
                let parts = vec![totals.allocated_base_units.into(), totals.unallocated_base_units.into()];
                (sealed.number().to_string(), parts)
            })
            .collect(),
    });
    let mut bytes = Table::new(
        "From bytes to pool",
        "manifest.json: totals.bytes, totals.paid_bytes, params.rate, params.epoch_cap, statement.pool",
        &[
            "epoch",
            "standing",
            "accepted bytes",
            "bytes paid for",
            "rate, 10^-15 BLOOM per byte",
            "earned, BLOOM",
            "epoch cap, BLOOM",
            "pool, BLOOM",
        ],
    );
    let mut parts = Table::new(
        "From pool to parts",
        "payouts.parquet: amount_base_units; manifest.json: statement.pool, totals.unallocated_base_units",
        &["epoch", "shares", "no leaf", "allocated, BLOOM", "unallocated, BLOOM", "their sum is the pool"],
    );
    for (sealed, lines) in gathered.epochs.iter().zip(epochs) {
        let manifest = &sealed.artefact.manifest;
        let (totals, params) = (&manifest.totals, &manifest.params);
        bytes.row([
            sealed.cell(),
            sealed.stands(),
            Cell::Number(totals.bytes.into()),
            Cell::Number(totals.paid_bytes.into()),
            Cell::Number(params.rate.into()),
            Cell::Bloom(pool_limit(totals.paid_bytes, params.rate)),
            Cell::Bloom(params.epoch_cap.into()),
            Cell::Bloom(manifest.statement.pool.into()),
        ]);
        parts.row([
            sealed.cell(),
            Cell::Number(lines.amounts.len() as u128),
            Cell::Number(lines.reasons.values().map(|(count, _)| count).sum()),
            Cell::Bloom(lines.allocated()),
            Cell::Bloom(totals.unallocated_base_units.into()),
            // An epoch for which it does not hold has no report.
            Cell::Text("yes".to_owned()),
        ]);
    }
    section.text("earned = floor(bytes paid for × rate / 10^6) base units; pool = min(earned, epoch cap). Bytes paid for are accepted bytes at the price of their role.");
    section.table(bytes).table(parts);
    section
        .text("Unallocated is what rounding, the cap on a share and the minimum leave over. Nothing is minted for it.");
    section
}

fn shares(by_did: &HashMap<String, (u128, u128)>) -> Section {
    let mut section = Section::new("Shares");
    let mut ranked: Vec<_> = by_did.iter().collect();
    ranked.sort_unstable_by(|left, right| right.1.0.cmp(&left.1.0).then_with(|| left.0.cmp(right.0)));
    let sum: u128 = by_did.values().map(|(amount, _)| amount).sum();
    let shown = ranked.get(..MOST.min(ranked.len())).unwrap_or_default();
    section.plot(Plot {
        title: "Allocated by contributor".to_owned(),
        source: PAYOUTS.to_owned(),
        shape: Shape::Bars,
        axis: "contributor".to_owned(),
        unit: Unit::Bloom,
        series: vec!["allocated".to_owned()],
        points: shown.iter().map(|(did, (amount, _))| ((*did).clone(), vec![*amount])).collect(),
    });
    let of = if ranked.len() > MOST {
        format!("the {MOST} largest of {}", ranked.len())
    } else {
        format!("{} in all", ranked.len())
    };
    let mut table = Table::new(
        format!("Contributors: {of}"),
        PAYOUTS,
        &["contributor", "epochs", "BLOOM", "share of what is allocated"],
    );
    for (did, (amount, epochs)) in shown {
        table.row([
            Cell::Code((*did).clone()),
            Cell::Number(*epochs),
            Cell::Bloom(*amount),
            Cell::Bps(share_bps(*amount, sum)),
        ]);
    }
    let rest: u128 = ranked.iter().skip(MOST).map(|(_, (amount, _))| amount).sum();
    if ranked.len() > MOST {
        let others = Cell::Text(format!("{} others", ranked.len() - MOST));
        table.row([others, Cell::Empty, Cell::Bloom(rest), Cell::Bps(share_bps(rest, sum))]);
    }
    section.table(table);
    section
}

fn concentration(gathered: &Gathered, epochs: &[Lines], by_did: &HashMap<String, (u128, u128)>) -> Section {
    let mut section = Section::new("Concentration");
    section.text(
        "Among contributors with a leaf. The Gini coefficient is 0 if all have the same and tends to 100 % the more one has; it is computed in integers and rounded down to basis points.",
    );
    let all = Concentration::of(by_did.values().map(|(amount, _)| *amount).collect());
    section.plot(Plot {
        title: "Share that the smallest have together (Lorenz curve)".to_owned(),
        source: PAYOUTS.to_owned(),
        shape: Shape::Lines,
        axis: "contributors, smallest first".to_owned(),
        unit: Unit::Bps,
        series: vec!["as allocated".to_owned(), "if all had the same".to_owned()],
        points: (0u128..)
            .zip(&all.lorenz_bps)
            .map(|(step, bps)| (format!("{} %", step * 10), vec![*bps, step * 1_000]))
            .collect(),
    });
    let heads = ["epochs", "contributors", "largest share", "ten largest", "Gini"];
    let mut table = Table::new("Concentration", PAYOUTS, &heads);
    let line = |name: Cell, figures: &figures::Concentration| {
        let figures = [figures.count as u128, figures.top_1_bps, figures.top_10_bps, figures.gini_bps];
        let [count, top_1, top_10, gini] = figures;
        [name, Cell::Number(count), Cell::Bps(top_1), Cell::Bps(top_10), Cell::Bps(gini)]
    };
    for (sealed, lines) in gathered.epochs.iter().zip(epochs) {
        table.row(line(Cell::Text(sealed.number().to_string()), &Concentration::of(lines.amounts.clone())));
    }
    table.row(line(Cell::Text("all together".to_owned()), &all));
    section.table(table);
    section
}

fn caps(gathered: &Gathered, epochs: &[Lines]) -> Section {
    let mut section = Section::new("Caps");
    let mut table = Table::new(
        "Caps by epoch",
        "manifest.json: params.max_share_bps, params.epoch_cap, totals; payouts.parquet: raw_base_units, amount_base_units",
        &[
            "epoch",
            "largest share allowed",
            "that is, BLOOM",
            "contributors cut",
            "cut from them, BLOOM",
            "epoch cap reached",
        ],
    );
    for (sealed, lines) in gathered.epochs.iter().zip(epochs) {
        let manifest = &sealed.artefact.manifest;
        let is_reached = manifest.statement.pool == manifest.params.epoch_cap;
        table.row([
            sealed.cell(),
            Cell::Bps(manifest.params.max_share_bps.into()),
            Cell::Bloom(manifest.totals.cap_base_units.into()),
            Cell::Number(lines.capped.0),
            Cell::Bloom(lines.capped.1),
            Cell::Text(if is_reached { "yes" } else { "no" }.to_owned()),
        ]);
    }
    section.table(table);
    section
}

fn reasons(gathered: &Gathered, epochs: &[Lines]) -> Section {
    let mut section = Section::new("Reasons for no leaf");
    let mut table = Table::new(
        "Contributors without a leaf",
        "payouts.parquet: reason, amount_base_units; manifest.json: totals.minimum_base_units",
        &["epoch", "reason", "contributors", "not paid to them, BLOOM", "minimum, BLOOM"],
    );
    for (sealed, lines) in gathered.epochs.iter().zip(epochs) {
        for (reason, (count, amount)) in &lines.reasons {
            table.row([
                sealed.cell(),
                Cell::Text(reason.clone()),
                Cell::Number(*count),
                Cell::Bloom(*amount),
                Cell::Bloom(sealed.artefact.manifest.totals.minimum_base_units.into()),
            ]);
        }
    }
    section.table(table);
    section
}
