//! The dashboard builds two instructions by itself, from the IDL. `app/vectors/instructions.json` holds what this crate builds for the
//! same arguments; the page's tests read it, and this test keeps it true.
//!
//! `WRITE_PAGE_VECTORS=1 cargo test --workspace --test page_vectors` writes it anew.

use std::{env, fs, path::Path};

use radio_payouts_client::state::{Share, VoteChoice};
use radio_payouts_client::{PROGRAM_ID, address, instruction};
use radio_payouts_protocol::tree::Node;
use serde_json::{Value, json};
use solana_program::instruction::Instruction;
use solana_program::pubkey::Pubkey;

const FILE: &str = "../../app/vectors/instructions.json";
const PAYER: Pubkey = Pubkey::new_from_array([1; 32]);
const PAYEE: Pubkey = Pubkey::new_from_array([2; 32]);
const MINT: Pubkey = Pubkey::new_from_array([3; 32]);
const TOKEN_PROGRAM: Pubkey = Pubkey::from_str_const("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
const DID_HASH: [u8; 32] = [7; 32];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn built(instruction: &Instruction) -> Value {
    let accounts = instruction.accounts.iter().map(|account| {
        json!({ "address": account.pubkey.to_string(), "signer": account.is_signer, "writable": account.is_writable })
    });
    json!({
        "program": instruction.program_id.to_string(),
        "accounts": accounts.collect::<Vec<_>>(),
        "data": hex(&instruction.data),
    })
}

fn claim(index: u32, amount: u64, bound: bool, siblings: &[Node]) -> Value {
    let payee = if bound { Pubkey::default() } else { PAYEE };
    let share = Share { epoch: 42, index, did_hash: DID_HASH, payee, amount };
    let built = built(&instruction::claim_share(PAYER, &share, &PAYEE, MINT, TOKEN_PROGRAM, siblings));
    let listed = siblings.iter().map(|node| json!({ "hash": hex(&node.hash), "sum": node.sum.to_string() }));
    json!({
        "epoch": "42", "index": index, "amount": amount.to_string(), "bound": bound,
        "siblings": listed.collect::<Vec<_>>(), "instruction": built,
    })
}

fn vote(choice: VoteChoice, name: &str) -> Value {
    json!({ "proposal": "7", "choice": name, "instruction": built(&instruction::cast_vote(PAYER, PAYER, 7, choice)) })
}

fn vectors() -> Value {
    let siblings = [Node { hash: [9; 32], sum: 1 }, Node { hash: [10; 32], sum: u64::MAX }];
    json!({
        "program": PROGRAM_ID.to_string(),
        "payer": PAYER.to_string(),
        "payee": PAYEE.to_string(),
        "mint": MINT.to_string(),
        "tokenProgram": TOKEN_PROGRAM.to_string(),
        "didHash": hex(&DID_HASH),
        "addresses": {
            "config": address::config_address().to_string(),
            "vault": address::vault_address().to_string(),
            "epoch 42": address::epoch_address(42).to_string(),
            "claims 42, 1": address::claims_address(42, 1).to_string(),
            "binding": address::binding_address(&DID_HASH).to_string(),
            "proposal 7": address::proposal_address(7).to_string(),
            "stake of the payer": address::stake_address(&PAYER).to_string(),
            "vote 7 of the payer": address::vote_address(7, &PAYER).to_string(),
            "token account of the payee": address::associated_token_address(&PAYEE, &MINT, &TOKEN_PROGRAM).to_string(),
        },
        "claims": [claim(8_192, u64::MAX, false, &siblings), claim(0, 1, true, &[])],
        "votes": [vote(VoteChoice::Yes, "Yes"), vote(VoteChoice::No, "No"), vote(VoteChoice::Abstain, "Abstain")],
        "createTokenAccount": built(&instruction::create_token_account(PAYER, &PAYEE, MINT, TOKEN_PROGRAM)),
    })
}

#[test]
fn the_pages_vectors_are_what_this_crate_builds() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let expected = vectors();
    if env::var_os("WRITE_PAGE_VECTORS").is_some() {
        let text = serde_json::to_string_pretty(&expected).expect("plain data") + "\n";
        fs::write(&path, text).expect("the file can be written");
    }
    let committed = fs::read_to_string(&path).expect("app/vectors/instructions.json is committed");
    let committed: Value = serde_json::from_str(&committed).expect("app/vectors/instructions.json is JSON");
    assert_eq!(
        committed, expected,
        "run this test with WRITE_PAGE_VECTORS=1 and commit the file, if the change is meant"
    );
}
