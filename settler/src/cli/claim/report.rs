//! What became of each claim.

use serde::Serialize;

use super::source::Due;
use super::standing::Standing;
use crate::chain::{ChainError, Landed};
use crate::cli::Context;
use crate::outcome::Outcome;
use crate::output::Table;
use crate::words::amount::bloom;

/// Claims that a table lists one by one; of more, only those that were not paid.
const LISTED: usize = 50;

/// Where a claim ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Paid by this run.
    Paid,
    /// Claimed before.
    ClaimedBefore,
    /// The DID names no payee, and none is bound to it.
    NoBinding,
    /// The program, or the cluster, did not take it.
    Refused,
}

/// One share.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    epoch: String,
    index: u32,
    did: String,
    payee: Option<String>,
    #[serde(with = "radio_payouts_protocol::json")]
    amount_base_units: u64,
    /// Where it ended.
    pub state: State,
    transaction: Option<String>,
    why: Option<String>,
}

impl Line {
    /// A share as it stands before anything is sent; what is to be sent counts as refused until it has landed.
    pub fn new(due: &Due, standing: &Standing) -> Self {
        let (state, payee) = match standing {
            Standing::Claimed => (State::ClaimedBefore, None),
            Standing::Unbound => (State::NoBinding, None),
            Standing::Payable(payee) => (State::Refused, Some(payee.to_string())),
        };
        Self {
            epoch: due.share.epoch.to_string(),
            index: due.share.index,
            did: due.did.clone(),
            payee,
            amount_base_units: due.share.amount,
            state,
            transaction: None,
            why: None,
        }
    }

    /// Notes how its transaction ended.
    pub fn end(&mut self, end: Result<Landed, ChainError>) {
        match end {
            Ok(landed) => (self.state, self.transaction) = (State::Paid, Some(landed.signature.to_string())),
            Err(error) => self.why = Some(error.to_string()),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View {
    paid: usize,
    #[serde(with = "radio_payouts_protocol::json")]
    paid_base_units: u64,
    claimed_before: usize,
    no_binding: usize,
    refused: usize,
    token_accounts_created: usize,
    /// Epochs of which nothing can be claimed now, and why.
    waiting: Vec<(String, String)>,
    claims: Vec<Line>,
}

/// Prints them.
pub fn print(context: &Context, claims: Vec<Line>, waiting: Vec<(u64, String)>, opened: usize) -> Outcome {
    let count = |state| claims.iter().filter(|line| line.state == state).count();
    let paid = claims.iter().filter(|line| line.state == State::Paid);
    let view = View {
        paid: count(State::Paid),
        // All of it came out of one vault: it never exceeds what the mint holds.
        paid_base_units: paid.fold(0, |sum: u64, line| sum.saturating_add(line.amount_base_units)),
        claimed_before: count(State::ClaimedBefore),
        no_binding: count(State::NoBinding),
        refused: count(State::Refused),
        token_accounts_created: opened,
        waiting: waiting.into_iter().map(|(epoch, why)| (epoch.to_string(), why)).collect(),
        claims,
    };
    context.output.emit(&view, human)
}

fn human(view: &View) -> String {
    let mut out = String::new();
    let mut table = Table::new(&[">epoch", ">share", "DID", ">BLOOM", "", "transaction"]);
    let few = view.claims.len() <= LISTED;
    for line in view.claims.iter().filter(|line| few || line.state != State::Paid && line.state != State::ClaimedBefore)
    {
        let words = match line.state {
            State::Paid => "paid",
            State::ClaimedBefore => "claimed before",
            State::NoBinding => "no payee is bound to the DID",
            State::Refused => line.why.as_deref().unwrap_or("not sent"),
        };
        table.row([
            line.epoch.clone(),
            line.index.to_string(),
            line.did.clone(),
            bloom(line.amount_base_units),
            words.to_owned(),
            line.transaction.clone().unwrap_or_default(),
        ]);
    }
    if !table.is_empty() {
        out += &format!("{table}\n");
    }
    for (epoch, why) in &view.waiting {
        out += &format!("epoch {epoch}: nothing to claim now: {why}\n");
    }
    out += &format!(
        "{} BLOOM paid in {} claims; {} claimed before, {} without a payee, {} refused; {} token accounts created",
        bloom(view.paid_base_units),
        view.paid,
        view.claimed_before,
        view.no_binding,
        view.refused,
        view.token_accounts_created
    );
    out
}
