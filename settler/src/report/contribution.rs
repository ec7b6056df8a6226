//! Who delivered what: accepted bytes by epoch, role, hour, SFU, track and contributor.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash as Key;

use radio_payouts_protocol::batch::Role;
use radio_payouts_protocol::hash::Hash;

use super::Gathered;
use super::figures::share_bps;
use super::model::{Cell, Plot, Report, Section, Shape, Table, Unit, facts};
use crate::artefact::{cells, payout, sfu_name};
use crate::outcome::{Failure, Outcome};

/// Most lines of a table of names.
const MOST: usize = 20;
const CELLS: &str = "cells.parquet: bytes";

/// The bytes of one epoch.
#[derive(Default)]
struct Bytes {
    in_all: u128,
    by_role: BTreeMap<String, u128>,
    contributors: BTreeSet<Hash>,
    tracks: BTreeSet<(Hash, String)>,
}

/// The bytes of all epochs.
#[derive(Default)]
struct Sums {
    epochs: Vec<Bytes>,
    in_all: u128,
    by_role: BTreeMap<String, u128>,
    by_hour: [u128; 24],
    by_sfu: HashMap<Hash, u128>,
    by_track: HashMap<(Hash, String), u128>,
    by_did: HashMap<Hash, u128>,
}

/// Makes the report.
///
/// # Errors
/// Exit 2 if the contributor delivered nothing; exit 3 if a table does not add up to its manifest.
pub fn report(gathered: &Gathered) -> Outcome<Report> {
    let (sums, names) = (add_up(gathered)?, names(gathered)?);
    if let (Some(did), 0) = (&gathered.did, sums.by_did.len()) {
        return Err(Failure::usage(format!("{did} delivered nothing that was accepted in these epochs")));
    }
    let mut sections =
        vec![gathered.about()?, overview(gathered, &sums), trend(gathered, &sums), roles(&sums), hours(&sums)];
    let sfus = by_name(&sums.by_sfu, sfu_name);
    sections.push(ranked("By SFU", "SFU", &["SFU"], sfus, &sums, |(name, _)| vec![Cell::Code(name)], CELLS));
    let tracks = by_name(&sums.by_track, |(sfu, track)| (track.clone(), sfu_name(sfu)));
    let cells = |((track, sfu), _): ((String, String), u128)| vec![Cell::Text(track), Cell::Code(sfu)];
    sections.push(ranked("By track", "track", &["track", "SFU"], tracks, &sums, cells, CELLS));
    if gathered.did.is_none() {
        let people = by_name(&sums.by_did, |hash| names.get(hash).cloned().unwrap_or_else(|| hex::encode(hash)));
        let source = "cells.parquet: bytes by did_hash; payouts.parquet: did";
        let cells = |(name, _)| vec![Cell::Code(name)];
        sections.push(ranked("By contributor", "contributor", &["contributor"], people, &sums, cells, source));
    }
    Ok(Report {
        title: "Contribution report".to_owned(),
        subtitle: gathered.subtitle(),
        is_provisional: gathered.is_provisional(),
        ending: None,
        sections,
    })
}

fn add_up(gathered: &Gathered) -> Outcome<Sums> {
    let (mut sums, only) = (Sums::default(), gathered.did_hash());
    for sealed in &gathered.epochs {
        let (mut epoch, mut everybody) = (Bytes::default(), 0u128);
        cells::each(&sealed.artefact, |cell| {
            let bytes = u128::from(cell.bytes);
            everybody += bytes;
            if only.is_some_and(|only| only != *cell.did_hash) {
                return Ok(());
            }
            let track = (*cell.sfu, cell.track_id.to_owned());
            epoch.in_all += bytes;
            *epoch.by_role.entry(cell.role.to_owned()).or_default() += bytes;
            epoch.contributors.insert(*cell.did_hash);
            epoch.tracks.insert(track.clone());
            let hour = sums.by_hour.get_mut(usize::from(cell.hour_utc));
            *hour.ok_or_else(|| anyhow::anyhow!("cells.parquet: there is no hour {}", cell.hour_utc))? += bytes;
            *sums.by_role.entry(cell.role.to_owned()).or_default() += bytes;
            *sums.by_sfu.entry(*cell.sfu).or_default() += bytes;
            *sums.by_track.entry(track).or_default() += bytes;
            *sums.by_did.entry(*cell.did_hash).or_default() += bytes;
            Ok(())
        })?;
        let total = u128::from(sealed.artefact.manifest.totals.bytes);
        if everybody != total {
            return Err(Failure::difference(format!(
                "epoch {}: cells.parquet adds up to {everybody} bytes, manifest.json says {total}; `settler verify` names the difference",
                sealed.number()
            )));
        }
        sums.in_all += epoch.in_all;
        sums.epochs.push(epoch);
    }
    Ok(sums)
}

fn names(gathered: &Gathered) -> Outcome<HashMap<Hash, String>> {
    let mut names = HashMap::new();
    for sealed in &gathered.epochs {
        payout::each(&sealed.artefact.folder.join("payouts.parquet"), |payout| {
            names.entry(payout.did_hash).or_insert(payout.did);
            Ok(())
        })?;
    }
    Ok(names)
}

/// Bytes by name, the most first, equal ones by name.
fn by_name<K: Key, N: Ord>(sums: &HashMap<K, u128>, name: impl Fn(&K) -> N) -> Vec<(N, u128)> {
    let mut named: Vec<_> = sums.iter().map(|(key, bytes)| (name(key), *bytes)).collect();
    named.sort_unstable_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
    named
}

fn overview(gathered: &Gathered, sums: &Sums) -> Section {
    let network: u128 = gathered.epochs.iter().map(|epoch| u128::from(epoch.artefact.manifest.totals.bytes)).sum();
    let mut lines =
        vec![("accepted bytes", Cell::Number(sums.in_all), "cells.parquet: bytes; manifest.json: totals.bytes")];
    if gathered.did.is_some() {
        lines.push(("accepted bytes of the network", Cell::Number(network), "manifest.json: totals.bytes"));
        lines.push(("share of the network", Cell::Bps(share_bps(sums.in_all, network)), "the two above, rounded down"));
    } else {
        lines.push(("contributors", Cell::Number(sums.by_did.len() as u128), "cells.parquet: did_hash"));
    }
    lines.push(("SFUs", Cell::Number(sums.by_sfu.len() as u128), "cells.parquet: sfu"));
    lines.push(("tracks", Cell::Number(sums.by_track.len() as u128), "cells.parquet: sfu, track_id"));
    let mut section = Section::new("In all");
    section.table(facts("Delivered in these epochs", lines));
    section.text(
        "Bytes are payload bytes of receipts that count: retransmissions and padding are no part of them, and receipts that were rejected are not.",
    );
    section
}

fn trend(gathered: &Gathered, sums: &Sums) -> Section {
    let mut section = Section::new("By epoch");
    let roles: Vec<&str> =
        Role::ALL.iter().map(|role| role.as_str()).filter(|role| sums.by_role.contains_key(*role)).collect();
    let points = gathered.epochs.iter().zip(&sums.epochs).map(|(sealed, bytes)| {
        let by_role = roles.iter().map(|role| bytes.by_role.get(*role).copied().unwrap_or_default()).collect();
        (sealed.number().to_string(), by_role)
    });
    section.plot(Plot {
        title: "Accepted bytes by epoch and role".to_owned(),
        source: format!("{CELLS}, role"),
        shape: Shape::Columns,
        axis: "epoch".to_owned(),
        unit: Unit::Bytes,
        series: roles.iter().map(|role| (*role).to_owned()).collect(),
        points: points.collect(),
    });
    let mut table = Table::new(
        "Epochs",
        "cells.parquet: bytes, did_hash, sfu, track_id; Epoch account: status",
        &["epoch", "standing", "bytes", "change to the one before", "contributors", "tracks"],
    );
    let mut before = None;
    for (sealed, bytes) in gathered.epochs.iter().zip(&sums.epochs) {
        table.row([
            sealed.cell(),
            sealed.stands(),
            Cell::Number(bytes.in_all),
            before.map_or(Cell::Empty, |before| Cell::Text(change(before, bytes.in_all))),
            Cell::Number(bytes.contributors.len() as u128),
            Cell::Number(bytes.tracks.len() as u128),
        ]);
        before = Some(bytes.in_all);
    }
    section.table(table);
    section
}

/// A change in percent of what was before, rounded towards nothing.
fn change(before: u128, now: u128) -> String {
    let bps = share_bps(now.abs_diff(before), before);
    match (before, now) {
        (before, now) if before == now => "none".to_owned(),
        (0, _) => "from nothing".to_owned(),
        (before, now) => format!("{}{}", if now > before { '+' } else { '−' }, super::text::percent(bps)),
    }
}

fn roles(sums: &Sums) -> Section {
    let mut section = Section::new("By role");
    let mut table = Table::new("Roles", format!("{CELLS}, role"), &["role", "bytes", "share"]);
    for role in Role::ALL.iter().map(|role| role.as_str()) {
        let bytes = sums.by_role.get(role).copied().unwrap_or_default();
        table.row([Cell::Text(role.to_owned()), Cell::Number(bytes), Cell::Bps(share_bps(bytes, sums.in_all))]);
    }
    section.table(table);
    section
}

fn hours(sums: &Sums) -> Section {
    let mut section = Section::new("By hour");
    section
        .text("Hours of the day are those of the receipts' own times, in UTC, whatever epoch they were sealed into.");
    section.plot(Plot {
        title: "Accepted bytes by hour of the day".to_owned(),
        source: format!("{CELLS}, hour_utc"),
        shape: Shape::Columns,
        axis: "hour, UTC".to_owned(),
        unit: Unit::Bytes,
        series: vec!["accepted".to_owned()],
        points: (0u8..).zip(sums.by_hour).map(|(hour, bytes)| (format!("{hour:02}"), vec![bytes])).collect(),
    });
    section
}

/// A section of names with their bytes, the most first.
fn ranked<N: Clone>(
    title: &str,
    axis: &str,
    heads: &[&str],
    named: Vec<(N, u128)>,
    sums: &Sums,
    cells: impl Fn((N, u128)) -> Vec<Cell>,
    source: &str,
) -> Section {
    let mut section = Section::new(title);
    let count = named.len();
    let shown: Vec<_> = named.iter().take(MOST).cloned().collect();
    let of = if count > MOST { format!("the {MOST} largest of {count}") } else { format!("{count} in all") };
    let first_of = |entry: (N, u128)| match cells(entry).into_iter().next() {
        Some(Cell::Text(text) | Cell::Code(text)) => text,
        _ => String::new(),
    };
    section.plot(Plot {
        title: format!("Accepted bytes by {axis}"),
        source: source.to_owned(),
        shape: Shape::Bars,
        axis: axis.to_owned(),
        unit: Unit::Bytes,
        series: vec!["accepted".to_owned()],
        points: shown.iter().map(|entry| (first_of(entry.clone()), vec![entry.1])).collect(),
    });
    let mut table = Table::new(format!("{title}: {of}"), source, &[heads, &["bytes", "share"]].concat());
    for entry in shown {
        let bytes = entry.1;
        let mut row = cells(entry);
        row.extend([Cell::Number(bytes), Cell::Bps(share_bps(bytes, sums.in_all))]);
        table.row(row);
    }
    let rest: u128 = named.iter().skip(MOST).map(|(_, bytes)| bytes).sum();
    if count > MOST {
        let mut row = vec![Cell::Text(format!("{} others", count - MOST))];
        row.resize(heads.len(), Cell::Empty);
        row.extend([Cell::Number(rest), Cell::Bps(share_bps(rest, sums.in_all))]);
        table.row(row);
    }
    section.table(table);
    section
}
