//! `settler params`.

use radio_payouts_client::state::{Mode, ParamsVersion};
use radio_payouts_protocol::params::Params;
use serde::Serialize;

use super::Context;
use crate::chain::deployment;
use crate::outcome::Outcome;
use crate::output::Table;
use crate::words::parameter;

/// Arguments of `params`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// All versions, with what changed in each.
    #[arg(long)]
    pub history: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View {
    current_epoch: Option<String>,
    in_force: Option<u32>,
    versions: Vec<VersionView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VersionView {
    version: u32,
    effective_epoch: String,
    mode: &'static str,
    created_at: i64,
    values: Params,
    /// Names of fields that differ from the version before.
    changed: Vec<&'static str>,
}

/// The mode in words.
#[must_use]
pub const fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Demo => "Demo",
        Mode::Live => "Live",
    }
}

/// Prints the parameters in force, or all versions.
///
/// # Errors
/// If the chain is away or has no deployment.
pub fn run(args: &Args, context: &Context) -> Outcome {
    let chain = context.chain()?;
    let config = deployment::require_config(chain.as_ref())?;
    let versions = deployment::params_versions(chain.as_ref(), &config)?;
    let epoch = deployment::epoch_now(chain.as_ref(), &config)?;
    let in_force = deployment::params_in_force(&versions, epoch.unwrap_or(0)).map(|version| version.number);
    let view = |(position, version): (usize, &ParamsVersion)| {
        let values = Params::from(version.values);
        let before = position.checked_sub(1).and_then(|before| versions.get(before));
        let before = before.map_or_else(Params::demo, |before| Params::from(before.values));
        let changed = Params::FIELDS.iter().copied().filter(|name| values.field(name) != before.field(name));
        VersionView {
            version: version.number,
            effective_epoch: version.effective_epoch.to_string(),
            mode: mode_name(version.mode),
            created_at: version.created_at,
            values,
            changed: changed.collect(),
        }
    };
    let all = versions.iter().enumerate().map(view);
    let versions = all.filter(|version| args.history || Some(version.version) == in_force).collect();
    let view = View { current_epoch: epoch.map(|epoch| epoch.to_string()), in_force, versions };
    context.output.emit(&view, if args.history { history } else { current })
}

fn current(view: &View) -> String {
    let mut out = String::new();
    for version in &view.versions {
        let mut table = Table::new(&["parameter", ">value", ">demo value"]);
        let demo = Params::demo();
        for name in Params::FIELDS {
            let value =
                |params: &Params| params.field(name).map(|value| parameter::number(name, value)).unwrap_or_default();
            table.row([(*name).to_owned(), value(&version.values), value(&demo)]);
        }
        out += &format!(
            "version {} ({}), in force from epoch {}; epoch_cap and min_payout in BLOOM\n\n{table}",
            version.version, version.mode, version.effective_epoch
        );
    }
    out
}

fn history(view: &View) -> String {
    let mut table = Table::new(&[">version", "mode", ">from epoch", "changes"]);
    for version in &view.versions {
        let changes =
            version.changed.iter().filter_map(|name| Some(parameter::assignment(name, version.values.field(name)?)));
        let mut changes = changes.collect::<Vec<_>>().join(" ");
        if changes.is_empty() {
            changes = if version.version == 1 { "the demo values" } else { "mode" }.to_owned();
        }
        let in_force = if view.in_force == Some(version.version) { " (in force)" } else { "" };
        let cells = [version.version.to_string(), version.mode.to_owned(), version.effective_epoch.clone()];
        table.row(cells.into_iter().chain([format!("{changes}{in_force}")]));
    }
    table.to_string()
}
