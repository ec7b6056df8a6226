//! What the SDK reads of the chain, against the program's own structs and the client's addresses.

use anchor_lang::AccountSerialize as _;
use radio_payouts_client::address;
use radio_payouts_client::state::{ConfigTimes, Epoch, EpochStatement, EpochStatus, Mode as ProgramMode, Start};
use radio_payouts_protocol::artefact::manifest::StatementJson;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::statement::Statement;
use radio_payouts_protocol::tree::TreeRoot;
use radio_payouts_sdk::account::decode_epoch_account;
use radio_payouts_sdk::address::{config_address, epoch_address};
use serde_json::Value;
use solana_program::pubkey::Pubkey;

const DOMAIN: [u8; 32] = [7; 32];

/// An account as the program writes it, every field with a value of its own.
fn account(status: EpochStatus, trees: u8) -> Epoch {
    let root = |number: u8| TreeRoot { root: [number; 32], sum: u64::from(number) << 40, count: u32::from(number) };
    let statement = Statement {
        epoch: 42,
        parent: [1; 32],
        params_version: 2,
        registry_version: 3,
        inputs_hash: [4; 32],
        history_hash: [5; 32],
        batches: root(6),
        pool: u64::MAX,
        payouts: (0..trees).map(|number| root(20 + number)).collect(),
    };
    let mut epoch = Epoch::open(254, 42, DOMAIN, Pubkey::new_from_array([8; 32]), ConfigTimes::default());
    epoch.status = status;
    epoch.attempt = 9;
    epoch.mode = ProgramMode::Live;
    epoch.commitment = statement.commitment(&Domain::from_bytes(DOMAIN));
    epoch.parent_epoch = (trees != 1).then_some(41);
    epoch.statement = EpochStatement::from(&statement);
    epoch.payouts_sum = 10;
    epoch.share_cap = 11;
    epoch.posted = Start { at: 12, paused_before: 13 };
    epoch.finalized = Start { at: 14, paused_before: 15 };
    epoch.contested = true;
    epoch.contested_before = (trees != 1).then_some(40);
    epoch.claimed = 16;
    epoch
}

fn bytes(epoch: &Epoch) -> Vec<u8> {
    let mut bytes = Vec::new();
    epoch.try_serialize(&mut bytes).unwrap();
    bytes
}

#[test]
fn refuses_other_accounts_layouts_and_ends() {
    let good = bytes(&account(EpochStatus::Posted, 1));
    let refused = |data: &[u8], why: &str| {
        let fault = decode_epoch_account(data).unwrap_err();
        assert_eq!(fault.code, "malformed");
        assert!(fault.message.contains(why), "{fault:?}");
    };
    refused(&[], "no Epoch");
    let altered = |position: usize, value: u8| {
        let mut data = good.clone();
        data[position] = value;
        data
    };
    refused(&altered(0, 0), "no Epoch");
    refused(&altered(8, 2), "layout version 2");
    refused(&altered(18, 7), "status 7");
    let mode = 8 + 1 + 1 + 8 + 1 + 4 + 32;
    refused(&altered(mode, 2), "mode 2");
    refused(&altered(mode + 1, 0), "does not lead to its commitment");
    refused(&altered(mode + 33, 2), "flag 2");
    for length in [9, 40, 100, 300] {
        refused(&good[..length], "end too early");
    }
    let mut many = account(EpochStatus::Posted, 1);
    many.statement.payouts = vec![TreeRoot { root: [1; 32], sum: 1, count: 1 }.into(); 13];
    refused(&bytes(&many), "13 payout trees");
}

#[test]
fn every_field_is_read_from_the_programs_own_bytes() {
    let states = [
        (EpochStatus::Open, "open"),
        (EpochStatus::Posted, "posted"),
        (EpochStatus::Disputed, "disputed"),
        (EpochStatus::Final, "final"),
        (EpochStatus::Ratified, "ratified"),
        (EpochStatus::Closed, "closed"),
        (EpochStatus::Revoked, "revoked"),
    ];
    for (status, name) in states {
        for trees in [0, 1, 12] {
            let epoch = account(status, trees);
            let json: Value = serde_json::from_str(&decode_epoch_account(&bytes(&epoch)).unwrap()).unwrap();
            let statement = StatementJson::from(&*epoch.statement.to_protocol(42));
            let expected = serde_json::json!({
                "kind": "Epoch",
                "epoch": "42",
                "status": name,
                "hasRoot": status.has_root(),
                "attempt": 9,
                "domain": hex::encode(DOMAIN),
                "mode": "live",
                "commitment": hex::encode(epoch.commitment),
                "parentEpoch": epoch.parent_epoch.map(|parent| parent.to_string()),
                "statement": serde_json::to_value(statement).unwrap(),
                "payoutsSum": "10",
                "shareCap": "11",
                "postedAtUnix": 12,
                "finalizedAtUnix": 14,
                "ratifiedAtUnix": null,
                "contested": true,
                "claimed": "16",
            });
            assert_eq!(json, expected);
        }
    }
}

#[test]
fn addresses_are_those_of_the_client() {
    let program = radio_payouts_client::PROGRAM_ID.to_string();
    assert_eq!(config_address(&program), Ok(address::config_address().to_string()));
    for epoch in (0..40).chain([u64::MAX]) {
        assert_eq!(epoch_address(&program, epoch), Ok(address::epoch_address(epoch).to_string()), "{epoch}");
    }
    assert_eq!(config_address("0OIl").unwrap_err().code, "invalid_argument");
}
