//! Puts sealed epochs into the catalogue as they appear, by a thread of its own.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use rusqlite::Connection;

use super::catalogue::{Catalogue, Sealed, Verdicts, build};
use super::metrics::Metrics;
use super::{Service, Stop};
use crate::artefact::{Artefact, folder_name, levels};

/// Time between two looks at the folder of sealed epochs.
const EVERY: Duration = Duration::from_secs(1);

/// What was last seen of an epoch's manifest, and whether it is in the catalogue.
type Seen = HashMap<u64, (SystemTime, u64)>;

/// Looks for new epochs until the service ends.
pub fn run(service: &Service, stop: &Stop) {
    let mut seen = Seen::new();
    let mut writer = None;
    report(&service.metrics, &service.catalogue);
    loop {
        if let Err(error) = look(&service.catalogue, &service.metrics, &mut seen, &mut writer) {
            tracing::error!(error = format!("{error:#}"), "the folder of sealed epochs cannot be read");
        }
        if stop.sleep(EVERY) {
            return;
        }
    }
}

fn look(
    catalogue: &Catalogue,
    metrics: &Metrics,
    seen: &mut Seen,
    writer: &mut Option<Connection>,
) -> anyhow::Result<()> {
    for epoch in crate::artefact::sealed_epochs(catalogue.epochs_folder())? {
        let folder = catalogue.epochs_folder().join(folder_name(epoch));
        let Ok(found) = std::fs::metadata(folder.join("manifest.json")) else { continue };
        let state = (found.modified()?, found.len());
        if seen.insert(epoch, state) == Some(state) {
            continue;
        }
        if let Err(error) = add(catalogue, metrics, epoch, &folder, writer) {
            metrics.count("index_failures_total", &[], 1);
            tracing::error!(epoch, error = format!("{error:#}"), "a sealed epoch cannot be indexed");
        }
    }
    Ok(())
}

fn add(
    catalogue: &Catalogue,
    metrics: &Metrics,
    epoch: u64,
    folder: &Path,
    writer: &mut Option<Connection>,
) -> anyhow::Result<()> {
    let artefact = Artefact::open(folder)?;
    let before = catalogue.epoch(epoch).map(|sealed| sealed.manifest.commitment);
    let has_levels = catalogue.level_file(&artefact.manifest.commitment).is_file();
    if before == Some(artefact.manifest.commitment) {
        if !has_levels {
            levels::derive(&artefact, &catalogue.level_file(&artefact.manifest.commitment), |_| ())?;
        }
        return Ok(());
    }
    let started = Instant::now();
    let connection = match writer.take() {
        Some(connection) => connection,
        None => catalogue.writer()?,
    };
    let connection = writer.insert(connection);
    build::add(connection, &artefact, &catalogue.level_file(&artefact.manifest.commitment))?;
    catalogue.refresh(connection)?;
    if let Some(before) = before.filter(|before| *before != artefact.manifest.commitment) {
        crate::durable::remove(&catalogue.level_file(&before))?;
    }
    metrics.set_time("index_seconds", &[], started.elapsed());
    tracing::info!(epoch, seconds = started.elapsed().as_secs(), "a sealed epoch is in the catalogue");
    report(metrics, catalogue);
    Ok(())
}

fn report(metrics: &Metrics, catalogue: &Catalogue) {
    let sealed = catalogue.sealed();
    let sum = |of: fn(&Sealed) -> u64| sealed.iter().fold(0u64, |sum, sealed| sum.saturating_add(of(sealed)));
    metrics.set("sealed_epochs", &[], sealed.len() as u64);
    metrics.set("sealed_bytes", &[], sum(|sealed| sealed.manifest.totals.bytes));
    metrics.set("sealed_payouts_base_units", &[], sum(|sealed| sealed.manifest.totals.allocated_base_units));
    metrics.set("sealed_contributors", &[], catalogue.sums().contributors);
    if let Some(last) = sealed.last() {
        let (statement, totals) = (&last.manifest.statement, &last.manifest.totals);
        metrics.set("last_epoch", &[], statement.epoch);
        metrics.set("last_epoch_bytes", &[], totals.bytes);
        metrics.set("last_epoch_pool_base_units", &[], statement.pool);
        metrics.set("last_epoch_payouts_base_units", &[], totals.allocated_base_units);
        metrics.set("last_epoch_active_contributors", &[], u64::from(totals.contributors));
    }
    for (kind, of) in
        [("batch", (|sealed| &sealed.batches) as fn(&Sealed) -> &Verdicts), ("receipt", |sealed| &sealed.receipts)]
    {
        for (verdict, count) in added_up(&sealed, of) {
            metrics.set("sealed_verdicts", &[("kind", kind), ("verdict", &verdict)], count);
        }
    }
}

/// Verdicts of several epochs, added up.
pub fn added_up(sealed: &[Arc<Sealed>], of: fn(&Sealed) -> &Verdicts) -> Verdicts {
    let mut sums = Verdicts::new();
    for (verdict, count) in sealed.iter().flat_map(|sealed| of(sealed)) {
        *sums.entry(verdict.clone()).or_default() += count;
    }
    sums
}
