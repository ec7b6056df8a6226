//! Commands that send one transaction and print what became of it.

use radio_payouts_client::event::{self, Event};
use serde::Serialize;
use solana_instruction::Instruction;
use solana_keypair::Keypair;

use super::Context;
use crate::chain::{Landed, Outgoing};
use crate::outcome::Outcome;
use crate::output::Table;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View {
    purpose: String,
    signature: String,
    slot: String,
    compute_units: Option<u64>,
    fee_lamports: Option<u64>,
    events: Vec<String>,
    resumed: bool,
}

/// Sends `instruction` for `purpose`, signed by `payer` and `signers`, and prints the transaction.
///
/// # Errors
/// As [`crate::chain::Sender::send`].
pub fn act(
    context: &Context,
    purpose: String,
    instruction: Instruction,
    payer: &Keypair,
    signers: Vec<&Keypair>,
) -> Outcome {
    act_all(context, purpose, vec![instruction], payer, signers)
}

/// The same with several instructions: all of them happen, or none.
///
/// # Errors
/// As [`crate::chain::Sender::send`].
pub fn act_all(
    context: &Context,
    purpose: String,
    instructions: Vec<Instruction>,
    payer: &Keypair,
    signers: Vec<&Keypair>,
) -> Outcome {
    let outgoing = Outgoing { purpose, instructions, payer, signers, lookup_tables: Vec::new() };
    let landed = context.sender()?.send(&outgoing)?;
    print(context, outgoing.purpose, &landed)
}

fn print(context: &Context, purpose: String, landed: &Landed) -> Outcome {
    let execution = landed.execution.as_ref();
    let events = execution.map(|execution| event::events(&execution.logs)).unwrap_or_default();
    let view = View {
        purpose,
        signature: landed.signature.to_string(),
        slot: landed.slot.to_string(),
        compute_units: execution.map(|execution| execution.compute_units),
        fee_lamports: execution.and_then(|execution| execution.fee),
        events: events.iter().map(|event: &Event| format!("{event:?}")).collect(),
        resumed: landed.resumed,
    };
    context.output.emit(&view, |view| {
        let mut table = Table::new(&["done", &view.purpose]);
        table.row(["signature", &view.signature]);
        table.row(["slot", &view.slot]);
        let units = view.compute_units.map_or("unknown".to_owned(), |units| units.to_string());
        table.row(["compute units".to_owned(), units]);
        for event in &view.events {
            table.row(["event", event]);
        }
        if view.resumed {
            table.row(["", "sent by an earlier run"]);
        }
        table.to_string()
    })
}
