//! A simulation for people: a table, or CSV for spreadsheets.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use radio_payouts_protocol::hash::Hash;

use crate::output::Table;
use crate::simulation::document::{Bps, ContributorJson, difference_bps};
use crate::simulation::set::Number;
use crate::simulation::{Document, Totals};
use crate::words::amount::signed_bloom;

/// Totals, epochs and contributors, the greatest difference first.
pub fn table(simulation: &Document, hash: &Hash, limit: usize) -> String {
    let (first, last) = (simulation.epochs.first(), simulation.epochs.last());
    let numbers = [first, last].map(|epoch| epoch.map(|epoch| epoch.epoch.to_string()).unwrap_or_default());
    let [first, last] = numbers;
    let mut text = format!(
        "simulation of {} over {} epochs, {first} to {last}: nothing of it is posted, proven or paid\n\n",
        simulation.set,
        simulation.epochs.len()
    );
    text += &totals(&simulation.before, &simulation.after);
    text.push('\n');
    text += &epochs(simulation);
    text.push('\n');
    text += &contributors(&simulation.contributors, limit);
    let _ = write!(text, "\nsimulation hash {}", hex::encode(hash));
    text
}

fn totals(before: &Totals, after: &Totals) -> String {
    let mut table = Table::new(&["all epochs", ">before", ">after", ">difference", ">bps"]);
    for ((name, before), (_, after)) in before.fields().into_iter().zip(after.fields()) {
        let shown = match name.strip_suffix("_base_units") {
            Some(_) => signed_bloom,
            None => |count: i128| count.to_string(),
        };
        table.row([
            words(name),
            shown(before),
            shown(after),
            shown(after - before),
            bps(difference_bps(before, after)),
        ]);
    }
    let verdicts: BTreeSet<&String> = before.rejected_receipts.keys().chain(after.rejected_receipts.keys()).collect();
    for verdict in verdicts {
        let count =
            |totals: &Totals| totals.rejected_receipts.get(verdict).map_or(0, |Number(count)| i128::from(*count));
        let (before, after) = (count(before), count(after));
        table.row([
            format!("receipts {verdict}"),
            before.to_string(),
            after.to_string(),
            (after - before).to_string(),
            bps(difference_bps(before, after)),
        ]);
    }
    table.to_string()
}

/// What a sum is called; amounts are shown in BLOOM.
fn words(name: &str) -> String {
    let words = match name {
        "allocated_base_units" => "emission",
        other => other.strip_suffix("_base_units").unwrap_or(other),
    };
    let unit = if name.ends_with("_base_units") { " (BLOOM)" } else { "" };
    format!("{}{unit}", words.replace('_', " "))
}

fn epochs(simulation: &Document) -> String {
    let heads = [">epoch", ">version", "was", ">emission before", ">after", ">bps", ">unallocated before", ">after"];
    let mut table = Table::new(&heads);
    for epoch in &simulation.epochs {
        let (before, after) = (epoch.before.allocated_base_units, epoch.after.allocated_base_units);
        table.row([
            epoch.epoch.to_string(),
            epoch.params_version.to_string(),
            epoch.was.to_string(),
            signed_bloom(before),
            signed_bloom(after),
            bps(difference_bps(before, after)),
            signed_bloom(epoch.before.unallocated_base_units),
            signed_bloom(epoch.after.unallocated_base_units),
        ]);
    }
    table.to_string()
}

fn contributors(all: &[ContributorJson], limit: usize) -> String {
    let mut order: Vec<&ContributorJson> = all.iter().collect();
    order.sort_by_key(|one| (Reverse(one.difference_base_units.abs()), &one.did));
    let mut table = Table::new(&["did", ">before BLOOM", ">after BLOOM", ">difference", ">bps"]);
    for one in order.iter().take(limit) {
        table.row([
            one.did.clone(),
            signed_bloom(one.before_base_units),
            signed_bloom(one.after_base_units),
            signed_bloom(one.difference_base_units),
            bps(one.difference_bps),
        ]);
    }
    let count = |sign: i128| all.iter().filter(|one| one.difference_base_units.signum() == sign).count();
    let mut text = table.to_string();
    if all.len() > limit {
        let _ = writeln!(text, "and {} more; --limit shows them, --output csv writes all", all.len() - limit);
    }
    let _ = writeln!(text, "{} gain, {} lose, {} get the same", count(1), count(-1), count(0));
    text
}

fn bps(bps: Option<Bps>) -> String {
    bps.map_or_else(|| "-".to_owned(), |Bps(bps)| bps.to_string())
}

/// Every contributor, by DID, in base units.
pub fn csv(simulation: &Document) -> String {
    let mut text = "did,before_base_units,after_base_units,difference_base_units,difference_bps\n".to_owned();
    for one in &simulation.contributors {
        // No field can hold a comma, quote or line end: a DID's characters are [A-Za-z0-9._:%-].
        let ContributorJson { did, before_base_units, after_base_units, difference_base_units, difference_bps } = one;
        let bps = difference_bps.map(|Bps(bps)| bps.to_string()).unwrap_or_default();
        let _ = writeln!(text, "{did},{before_base_units},{after_base_units},{difference_base_units},{bps}");
    }
    text
}
