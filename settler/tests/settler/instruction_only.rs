//! `--instruction-only`: for an authority that is a DAO or a multisig, the instruction on paper instead of sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use radio_payouts_client::state::{Mode, ParamsChange, ParamsDelta, SfuTerms};
use radio_payouts_client::{address, instruction, realms};
use radio_payouts_settler::chain::Chain as _;
use solana_instruction::Instruction;
use solana_message::legacy::Message;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;

use crate::world::{Ran, World};

/// No key is needed for an instruction on paper: the settler's is not even a file.
fn without_keys(world: &World, args: &[&str]) -> Ran {
    world.run_with(0, args, &[("RADIO_PAYOUTS_KEYPAIR", "/nowhere.json")])
}

/// That what was printed is `expected`, in every form, and that nothing went to the chain.
#[track_caller]
fn assert_printed(printed: &Ran, expected: &Instruction, payer: Pubkey) {
    let view = printed.json();
    assert_eq!(view["programId"], expected.program_id.to_string());
    assert_eq!(view["data"], STANDARD.encode(&expected.data));
    let accounts: Vec<_> = expected
        .accounts
        .iter()
        .map(|it| serde_json::json!({"address": it.pubkey.to_string(), "signer": it.is_signer, "writable": it.is_writable}))
        .collect();
    assert_eq!(view["accounts"], serde_json::Value::from(accounts));
    assert_eq!(view["realms"], STANDARD.encode(realms::instruction_data(expected)));
    let message = bs58::decode(view["squads"].as_str().unwrap()).into_vec().unwrap();
    assert_eq!(message, Message::new(std::slice::from_ref(expected), Some(&payer)).serialize());
}

#[test]
fn an_instruction_for_a_dao_is_printed_and_not_sent() {
    let world = World::new(1, 1);
    let authority = world.authority.pubkey();
    let config = || world.open_chain().account(&address::config_address()).unwrap().unwrap().data;
    let before = config();
    let [treasury, dao] = [Pubkey::new_unique(), Pubkey::new_unique()];

    let offer = ["admin", "offer-authority", &dao.to_string(), "--instruction-only", "-o", "json"];
    let printed = without_keys(&world, &offer).expect(0);
    assert_printed(&printed, &instruction::offer_authority(authority, Some(dao)), authority);

    let offer = ["admin", "offer-authority", "governance", "--instruction-only", "-o", "json"];
    let printed = without_keys(&world, &offer).expect(0);
    let built_in = address::governance_address();
    assert_printed(&printed, &instruction::offer_authority(authority, Some(built_in)), authority);

    let delta = ParamsDelta { rate: Some(2_000_000_000), ..Default::default() };
    let change = ParamsChange { delta, ..Default::default() };
    let treasury_text = treasury.to_string();
    let set =
        ["admin", "set-params", "rate=2000000000", "--instruction-only", "--rent-payer", &treasury_text, "-o", "json"];
    let printed = without_keys(&world, &set).expect(0);
    assert_printed(&printed, &instruction::set_params(treasury, authority, 1, change), treasury);

    let set = ["admin", "set-params", "--live", "--instruction-only", "--rent-payer", &treasury_text, "-o", "json"];
    let change = ParamsChange { mode: Some(Mode::Live), ..Default::default() };
    let printed = without_keys(&world, &set).expect(0);
    assert_printed(&printed, &instruction::set_params(treasury, authority, 1, change), treasury);
    without_keys(&world, &["admin", "set-params", "--instruction-only"]).expect(2);

    let key = ed25519_dalek::SigningKey::from_bytes(&[9; 32]).verifying_key().to_bytes();
    let hex = hex::encode(key);
    let add = ["registry", "add-sfu", &hex, "--instruction-only", "--signer", &dao.to_string(), "-o", "json"];
    let terms = SfuTerms { key, operator: dao, demo: false, valid_from: 0, max_bytes_per_epoch: 1 << 40 };
    let printed = without_keys(&world, &add).expect(0);
    assert_printed(&printed, &instruction::register_sfu(dao, dao, terms), dao);

    assert_eq!(config(), before);
    assert!(!world.settlers[0].data.join("journal").exists());
}

#[test]
fn the_signer_is_whom_the_chain_says() {
    let world = World::new(1, 1);
    let accept = ["admin", "accept-authority", "--instruction-only", "-o", "json"];
    let refused = without_keys(&world, &accept).expect(2);
    assert!(refused.stderr.contains("offer-authority"), "{refused:?}");

    let dao = Pubkey::new_unique();
    world.as_authority("offer", instruction::offer_authority(world.authority.pubkey(), Some(dao)));
    let printed = without_keys(&world, &accept).expect(0);
    assert_printed(&printed, &instruction::accept_authority(dao), dao);

    let binding = ["admin", "accept-binding", "did:web:example.com", "--instruction-only"];
    let refused = without_keys(&world, &binding).expect(2);
    assert!(refused.stderr.contains("--signer"), "{refused:?}");
}

#[test]
fn what_could_not_be_executed_is_not_printed() {
    let world = World::new(1, 1);
    // An account with data, as a Realms governance is one, cannot pay for another.
    let config = address::config_address().to_string();
    let set = ["admin", "set-params", "rate=1", "--instruction-only", "--signer", &config];
    let refused = without_keys(&world, &set).expect(2);
    assert!(refused.stderr.contains("--rent-payer"), "{refused:?}");
    assert!(refused.stdout.is_empty());
    // It signs well enough where it does not pay.
    let demo = ["admin", "set-demo", "off", "--instruction-only", "--signer", &config];
    let printed = without_keys(&world, &demo).expect(0);
    assert!(printed.stdout.contains("for Realms, base64"), "{printed:?}");

    without_keys(&world, &["admin", "set-demo", "off", "--signer", &config]).expect(2);
    without_keys(&world, &["admin", "set-clock", "9999999999", "--instruction-only"]).expect(2);
    without_keys(&world, &["registry", "list", "--instruction-only"]).expect(2);
}
