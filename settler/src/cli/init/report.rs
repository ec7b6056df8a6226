//! What `settler init` prints: steps on stderr as they are done, the deployment on stdout.

use radio_payouts_protocol::did::did_of_key;
use serde::Serialize;
use solana_signer::Signer as _;

use super::Files;
use crate::chain::{Chain, deployment};
use crate::cli::Context;
use crate::config::Endpoint;
use crate::outcome::Outcome;
use crate::output::{Table, note};
use crate::setup::{Done, Plan, Step};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StepView {
    step: String,
    subject: String,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compute_units: Option<u64>,
}

/// Collects what is printed at the end.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    endpoint: String,
    dry_run: bool,
    steps: Vec<StepView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deployment: Option<DeploymentView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DeploymentView {
    genesis_hash: Option<String>,
    domain: Option<String>,
    program: String,
    mint: String,
    lookup_table: Option<String>,
    settler: String,
    demo_sfu: Option<String>,
    radio_payouts_demo: bool,
    config: String,
}

impl Report {
    pub fn new(endpoint: &Endpoint, dry_run: bool) -> Self {
        Self { endpoint: endpoint.to_string(), dry_run, steps: Vec::new(), deployment: None }
    }

    pub fn step(&mut self, step: &Step) {
        let (state, signature, compute_units) = match &step.done {
            Done::Already => ("already", None, None),
            Done::Planned => ("planned", None, None),
            Done::Now(signature, compute_units) => ("done", signature.clone(), *compute_units),
        };
        let units = compute_units.map(|units| format!(" ({units} compute units)")).unwrap_or_default();
        note(format_args!("{state:>8}  {} {}{units}", step.what, step.subject));
        let (what, subject) = (step.what.clone(), step.subject.clone());
        self.steps.push(StepView { step: what, subject, state, signature, compute_units });
    }

    /// The steps of a dry run on a chain that is not there.
    pub fn all_planned(&mut self, plan: &Plan) {
        let mut planned = |what: &str, subject: String| {
            self.step(&Step { what: what.to_owned(), subject, done: Done::Planned });
        };
        planned("make an embedded chain", String::new());
        planned("initialize", radio_payouts_client::address::config_address().to_string());
        for settler in &plan.settlers {
            planned("register settler", settler.key.to_string());
        }
        for sfu in &plan.sfus {
            planned("register SFU", did_of_key(&sfu.key));
        }
        planned("make lookup table", String::new());
    }

    /// The deployment as it is now.
    pub fn deployment(&mut self, chain: &dyn Chain, files: &Files) -> Outcome {
        let Some(config) = deployment::config(chain)? else { return Ok(()) };
        self.deployment = Some(DeploymentView {
            genesis_hash: files.file.genesis_hash.clone(),
            domain: files.file.domain.clone(),
            program: radio_payouts_client::PROGRAM_ID.to_string(),
            mint: config.mint.to_string(),
            lookup_table: files.file.lookup_table.clone(),
            settler: files.payer()?.pubkey().to_string(),
            demo_sfu: files.demo_sfu.as_ref().map(|sfu| did_of_key(&sfu.pubkey().to_bytes())),
            radio_payouts_demo: config.radio_payouts_demo,
            config: files.path.display().to_string(),
        });
        Ok(())
    }

    pub fn emit(&self, context: &Context) -> Outcome {
        context.output.emit(self, |report| {
            let mut table = Table::new(&["", ""]);
            table.row(["cluster", &report.endpoint]);
            let Some(deployment) = &report.deployment else {
                table.row(["deployment", "none yet"]);
                return table.to_string().trim_start().to_owned();
            };
            let none = || "none".to_owned();
            table.row(["genesis hash".to_owned(), deployment.genesis_hash.clone().unwrap_or_else(none)]);
            table.row(["domain".to_owned(), deployment.domain.clone().unwrap_or_else(none)]);
            table.row(["program", &deployment.program]);
            table.row(["mint", &deployment.mint]);
            table.row(["lookup table".to_owned(), deployment.lookup_table.clone().unwrap_or_else(none)]);
            table.row(["settler", &deployment.settler]);
            table.row(["demo SFU".to_owned(), deployment.demo_sfu.clone().unwrap_or_else(none)]);
            table.row(["radio_payouts_demo", if deployment.radio_payouts_demo { "on" } else { "off" }]);
            table.row(["configuration", &deployment.config]);
            table.to_string().trim_start().to_owned()
        })
    }
}
