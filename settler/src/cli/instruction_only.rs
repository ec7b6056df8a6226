//! An instruction on paper: what `--instruction-only` prints instead of sending.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use radio_payouts_client::realms;
use serde::Serialize;
use solana_instruction::Instruction;
use solana_message::legacy::Message;
use solana_pubkey::Pubkey;

use super::Context;
use crate::outcome::{Failure, Outcome};
use crate::output::Table;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View {
    purpose: String,
    program_id: String,
    accounts: Vec<AccountView>,
    data: String,
    realms: String,
    squads: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccountView {
    address: String,
    signer: bool,
    writable: bool,
}

/// Prints `instruction` for a proposal of a Realms DAO or a transaction of a Squads vault; `payer` pays for the message.
///
/// # Errors
/// Exit 2 if an account that is to pay holds data: such an instruction would be voted and then fail.
pub fn print(context: &Context, purpose: String, instruction: &Instruction, payer: &Pubkey) -> Outcome {
    let chain = context.chain()?;
    for account in instruction.accounts.iter().filter(|account| account.is_signer && account.is_writable) {
        if chain.account(&account.pubkey)?.is_some_and(|found| !found.data.is_empty()) {
            return Err(Failure::usage(format!(
                "{} holds data and cannot pay rent: name --rent-payer, for a Realms governance its native treasury",
                account.pubkey
            )));
        }
    }
    let accounts = instruction.accounts.iter().map(|account| AccountView {
        address: account.pubkey.to_string(),
        signer: account.is_signer,
        writable: account.is_writable,
    });
    let message = Message::new(std::slice::from_ref(instruction), Some(payer));
    let view = View {
        purpose,
        program_id: instruction.program_id.to_string(),
        accounts: accounts.collect(),
        data: STANDARD.encode(&instruction.data),
        realms: STANDARD.encode(realms::instruction_data(instruction)),
        squads: bs58::encode(message.serialize()).into_string(),
    };
    context.output.emit(&view, |view| {
        let mut table = Table::new(&["not sent", &view.purpose]);
        table.row(["program", &view.program_id]);
        for account in &view.accounts {
            let signer = if account.signer { ", signs" } else { "" };
            let writable = if account.writable { ", written" } else { "" };
            table.row(["account".to_owned(), format!("{}{signer}{writable}", account.address)]);
        }
        table.row(["data, base64", &view.data]);
        table.row(["for Realms, base64", &view.realms]);
        table.row(["for Squads, base58", &view.squads]);
        table.to_string()
    })
}
