//! How long the stages of each settlement took on this machine.

use super::super::gather::Sealed;
use super::super::model::{Cell, Plot, Section, Shape, Table, Unit};
use super::super::text::utc;
use super::super::{Gathered, Local};
use crate::epoch::Stage;
use crate::epoch::stages::{Run, Stages};
use crate::outcome::Outcome;

const STAGES: [Stage; 7] = [
    Stage::Sealed,
    Stage::Aggregated,
    Stage::Allocated,
    Stage::Built,
    Stage::Published,
    Stage::Posted,
    Stage::Confirmed,
];
const SOURCE: &str = "DATA/stages/epoch-*.json: after_ms (this machine's clock; no part of the artefact)";

/// The section.
pub(super) fn section(gathered: &Gathered, local: &Local<'_>) -> Outcome<Section> {
    let mut section = Section::new("Stages of the settlements");
    let Some(data) = &local.data else {
        section.text("The folders are another settler's: how long its stages took is known only there.");
        return Ok(section);
    };
    let (mut runs, mut missing) = (Vec::new(), Vec::new());
    for sealed in &gathered.epochs {
        match Stages::read(data, sealed.number())? {
            Some(stages) => runs.extend(stages.runs.into_iter().map(|run| (sealed, run))),
            None => missing.push(sealed.number().to_string()),
        }
    }
    section.plot(Plot {
        title: "Time of each stage, by run".to_owned(),
        source: SOURCE.to_owned(),
        shape: Shape::Columns,
        axis: "epoch".to_owned(),
        unit: Unit::Milliseconds,
        series: STAGES.iter().map(|stage| stage.as_str().to_owned()).collect(),
        points: runs.iter().map(|(sealed, run)| (sealed.number().to_string(), durations(run))).collect(),
    });
    section.table(table(&runs));
    if !missing.is_empty() {
        section.text(format!("Nothing was recorded here for: {}.", missing.join(", ")));
    }
    Ok(section)
}

/// Milliseconds between each stage and the one reached before it; 0 for a stage that the run did not reach.
fn durations(run: &Run) -> Vec<u128> {
    let after = |stage: Stage| run.stages.iter().find(|reached| reached.stage == stage).map(|reached| reached.after_ms);
    let mut before = 0;
    STAGES
        .iter()
        .map(|stage| {
            let Some(after) = after(*stage) else { return 0 };
            let took = after.saturating_sub(before);
            before = after;
            u128::from(took)
        })
        .collect()
}

fn table(runs: &[(&Sealed, Run)]) -> Table {
    let mut table = Table::new("Stages: milliseconds after the run began with the epoch", SOURCE, &["epoch", "began"]);
    table.heads.extend(STAGES.iter().map(|stage| stage.as_str().to_owned()));
    for (sealed, run) in runs {
        let began = i64::try_from(run.started_unix_ms / 1_000).unwrap_or_default();
        let mut row = vec![sealed.cell(), Cell::Text(utc(began))];
        row.extend(STAGES.iter().map(|stage| {
            let reached = run.stages.iter().find(|reached| reached.stage == *stage);
            reached.map_or(Cell::Empty, |reached| Cell::Number(reached.after_ms.into()))
        }));
        table.row(row);
    }
    table
}
