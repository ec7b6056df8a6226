//! Claims out of a tree of depth 20: v0 transactions with the deployment's lookup table.

use std::fs;

use radio_payouts_client::address::{self, associated_token_address};
use radio_payouts_client::instruction;
use radio_payouts_protocol::did::did_of_key;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::forest::Forest;
use radio_payouts_protocol::hash::sha256;
use radio_payouts_protocol::statement::Statement;
use radio_payouts_protocol::tree::{TreeRoot, share_leaf};
use radio_payouts_settler::artefact::manifest::StatementJson;
use radio_payouts_settler::artefact::proof::{self, ProofBundle, ShareJson, SiblingJson};
use radio_payouts_settler::artefact::terms::Deployment;
use solana_client::rpc_client::RpcClient;
use solana_commitment_config::CommitmentConfig;
use solana_keypair::Keypair;
use solana_signer::Signer as _;

use crate::ground::Ground;

/// Claims the first and the last share of a tree of depth 20. Returns the bytes of each transaction, all that it holds
/// included.
///
/// # Panics
/// If one does not fit a transaction, or anything is paid wrong.
#[must_use]
pub fn claim_at_depth_twenty() -> Vec<usize> {
    const LEAVES: u32 = (1 << 19) + 1;
    const MINE: [u32; 2] = [0, LEAVES - 1];
    let (ground, epoch) = Ground::new();
    let config = ground.config();
    let domain = Domain::from_bytes(config.domain);
    let payees = [Keypair::new(), Keypair::new()];
    let did = |index: u32| match MINE.iter().position(|mine| *mine == index) {
        Some(which) => did_of_key(&payees[which].pubkey().to_bytes()),
        None => format!("did:web:contributor-{index}.example"),
    };
    let payee = |index: u32| match MINE.iter().position(|mine| *mine == index) {
        Some(which) => payees[which].pubkey().to_bytes(),
        None => [0; 32],
    };
    let leaves: Vec<_> = (0..LEAVES)
        .map(|index| {
            let did_hash = sha256(&[did(index).as_bytes()]);
            share_leaf(&domain, epoch, index, &did_hash, &payee(index), 1_000 + u64::from(index))
        })
        .collect();
    let forest = Forest::build(&domain, &leaves).unwrap();
    let pool = leaves.iter().map(|leaf| leaf.sum).sum();
    let statement = Statement {
        epoch,
        parent: config.chain.parent(),
        params_version: config.params_version,
        registry_version: config.registry_version,
        inputs_hash: [1; 32],
        history_hash: [2; 32],
        batches: TreeRoot { root: [3; 32], sum: pool, count: 1 },
        pool,
        payouts: forest.roots(),
    };
    let args = instruction::post_root_args(&statement, &domain);
    let commitment = args.commitment;
    let operator = ground.localnet.operator.pubkey();
    ground.send("post the large tree", vec![instruction::post_root(operator, args, 2, None)], Vec::new());
    ground.ratify(epoch);

    let deployment = Deployment {
        domain: config.domain,
        genesis_hash: config.genesis_hash,
        program_id: radio_payouts_client::PROGRAM_ID.to_bytes(),
        genesis_unix: config.genesis_unix,
        epoch_seconds: config.epoch_seconds,
    };
    let proofs: Vec<ProofBundle> = MINE
        .iter()
        .map(|index| ProofBundle {
            format: proof::FORMAT.to_owned(),
            standing: "test".to_owned(),
            deployment,
            commitment,
            statement: StatementJson::from(&statement),
            max_share_bps: 10_000,
            share: ShareJson {
                did: did(*index),
                index: *index,
                payee: payee(*index),
                amount_base_units: 1_000 + u64::from(*index),
            },
            siblings: forest
                .proof(*index)
                .unwrap()
                .iter()
                .map(|node| SiblingJson { hash: node.hash, sum: node.sum })
                .collect(),
        })
        .collect();
    assert!(proofs.iter().all(|proof| proof.siblings.len() == 20));
    fs::write(ground.path().join("proofs.json"), serde_json::to_vec(&proofs).unwrap()).unwrap();

    // Without the lookup table it is told beforehand that the proof does not fit.
    let own = fs::read_to_string(ground.path().join("settler.toml")).unwrap();
    let without: String =
        own.lines().filter(|line| !line.starts_with("lookup_table")).map(|line| format!("{line}\n")).collect();
    fs::write(ground.path().join("settler.toml"), &without).unwrap();
    assert!(ground.refused(&["claim", "--file", "proofs.json"], 2).contains("lookup table"));
    fs::write(ground.path().join("settler.toml"), own).unwrap();

    let report = ground.json(&["claim", "--file", "proofs.json"]);
    assert_eq!((&report["paid"], &report["tokenAccountsCreated"]), (&2.into(), &2.into()), "{report}");
    let rpc = ground.localnet.rpc();
    let mut sizes = Vec::new();
    for (claim, (index, payee)) in report["claims"].as_array().unwrap().iter().zip(MINE.iter().zip(&payees)) {
        let account = associated_token_address(&payee.pubkey(), &config.mint, &config.token_program);
        assert_eq!(ground.balance(account), 1_000 + u64::from(*index));
        let signature = claim["transaction"].as_str().unwrap().parse().unwrap();
        let (bytes, version, creates) = described(&rpc, &signature);
        assert!(bytes <= 1_232 && version == Some(0) && !creates, "{bytes} bytes, version {version:?}");
        sizes.push(bytes);
    }
    assert_eq!(ground.epoch(epoch).claimed, 2_000 + u64::from(MINE[0]) + u64::from(MINE[1]));
    // Both are at an end of the forest: two chunks.
    for index in MINE {
        assert!(rpc.get_account(&address::claims_address(epoch, instruction::claim_chunk(index))).is_ok());
    }
    sizes
}

/// Size and version of a transaction, and whether it names the program that creates token accounts.
fn described(rpc: &RpcClient, signature: &solana_signature::Signature) -> (usize, Option<u8>, bool) {
    use solana_client::rpc_config::RpcTransactionConfig;
    use solana_transaction_status_client_types::UiTransactionEncoding;
    let config = RpcTransactionConfig {
        encoding: Some(UiTransactionEncoding::Base64),
        commitment: Some(CommitmentConfig::finalized()),
        max_supported_transaction_version: Some(0),
    };
    let found = rpc.get_transaction_with_config(signature, config).unwrap();
    let transaction = found.transaction.transaction.decode().unwrap();
    let keys = transaction.message.static_account_keys();
    let version = match transaction.message {
        solana_message::VersionedMessage::Legacy(_) => None,
        _ => Some(0),
    };
    let bytes = wincode::serialize(&transaction).unwrap().len();
    (bytes, version, keys.contains(&address::ASSOCIATED_TOKEN_PROGRAM_ID))
}
