//! `settler mandates`.

use radio_payouts_client::state::Mandate;
use serde::Serialize;

use super::Context;
use crate::chain::deployment;
use crate::outcome::Outcome;
use crate::output::Table;
use crate::words::amount::bloom;

/// List the mandates: which epochs anyone may ratify, within which budget, after which delay.
///
/// A mandate is made and cancelled by the authority (`settler admin make-mandate`) or by a vote, and outlives the authority that
/// made it. `settler ratify` uses it.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Leave out those that are cancelled or spent.
    #[arg(long)]
    pub open: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View {
    number: String,
    first_epoch: String,
    last_epoch: String,
    budget_base_units: String,
    spent_base_units: String,
    left_base_units: String,
    delay_seconds: u32,
    cancelled: bool,
}

impl From<&Mandate> for View {
    fn from(mandate: &Mandate) -> Self {
        Self {
            number: mandate.number.to_string(),
            first_epoch: mandate.terms.first_epoch.to_string(),
            last_epoch: mandate.terms.last_epoch.to_string(),
            budget_base_units: mandate.terms.budget.to_string(),
            spent_base_units: mandate.spent.to_string(),
            left_base_units: mandate.left().to_string(),
            delay_seconds: mandate.terms.delay_seconds,
            cancelled: mandate.cancelled,
        }
    }
}

/// Lists them.
///
/// # Errors
/// If the chain is away or has no deployment.
pub fn run(args: &Args, context: &Context) -> Outcome {
    let chain = context.chain()?;
    let _ = deployment::require_config(chain.as_ref())?;
    let mandates = deployment::mandates(chain.as_ref())?;
    let shown: Vec<&Mandate> =
        mandates.iter().filter(|mandate| !args.open || (!mandate.cancelled && mandate.left() > 0)).collect();
    let views: Vec<View> = shown.iter().map(|mandate| View::from(*mandate)).collect();
    context.output.emit(&views, |_| human(&shown))
}

fn human(mandates: &[&Mandate]) -> String {
    if mandates.is_empty() {
        return "no mandates; `settler admin make-mandate` makes one".to_owned();
    }
    let mut table = Table::new(&[">mandate", "epochs", ">budget", ">spent", ">left", ">delay", ""]);
    for mandate in mandates {
        let terms = &mandate.terms;
        table.row([
            mandate.number.to_string(),
            format!("{} to {}", terms.first_epoch, terms.last_epoch),
            bloom(terms.budget),
            bloom(mandate.spent),
            bloom(mandate.left()),
            format!("{} s", terms.delay_seconds),
            if mandate.cancelled { "cancelled".to_owned() } else { String::new() },
        ]);
    }
    table.to_string()
}
