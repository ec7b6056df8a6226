//! A vote changes the rate of the next epoch and of no other, over RPC: stake, propose, vote, quorum, timelock, execute;
//! then both epochs are settled and verified.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ed25519_dalek::SigningKey;
use radio_payouts_client::{account, address, state};
use radio_payouts_protocol::did::did_of_key;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_tests::{Localnet, Settler, Sfu};
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;

const EPOCH_SECONDS: u64 = 300;
const OLD_RATE: u64 = 1_000_000_000;
const NEW_RATE: u64 = 2_500_000_000;
/// Base units of one BLOOM.
const BLOOM: u64 = 1_000_000_000;

fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Waits until the chain's final clock shows this time.
fn wait_for(settler: &Settler, unix: i64) {
    while settler.json(&["status"])["unixTimestamp"].as_i64().unwrap() < unix {
        sleep(Duration::from_millis(500));
    }
}

/// Votes that last seconds, and hold the role of authority; two holders with 60 and 40 BLOOM staked.
fn hand_over(settler: &Settler, localnet: &Localnet, mint: &Pubkey) {
    settler.json(&["admin", "set-times", "--voting-seconds", "15", "--timelock-seconds", "3"]);
    let holder = settler.json(&["keygen", "holder.json"]);
    let holder: Pubkey = holder["address"].as_str().unwrap().parse().unwrap();
    localnet.give(&holder, BLOOM, mint, 40 * BLOOM);
    localnet.give(&solana_signer::Signer::pubkey(&localnet.operator), 0, mint, 60 * BLOOM);
    settler.json(&["governance", "stake", "60"]);
    settler.json(&["governance", "stake", "40", "--keypair", "holder.json"]);
    let talk = settler.refused(&["governance", "propose", "params", "rate=2"], 1);
    assert!(talk.contains("GovernanceNotAuthority"), "{talk}");
    settler.json(&["admin", "offer-authority", "governance"]);
    settler.json(&["admin", "accept-authority", "--for-governance", "--keypair", "holder.json"]);
    let talk = settler.refused(&["admin", "set-params", "rate=2"], 1);
    assert!(talk.contains("NotAuthority"), "{talk}");
}

/// Proposes the new rate, votes 60 to 40, executes; returns the epoch from which it is in force.
fn vote(settler: &Settler) -> u64 {
    let rate = format!("rate={NEW_RATE}");
    settler.json(&["governance", "propose", "params", &rate]);
    settler.json(&["governance", "vote", "0", "yes"]);
    settler.json(&["governance", "vote", "0", "no", "--keypair", "holder.json"]);
    let talk = settler.refused(&["governance", "vote", "0", "no"], 1);
    assert!(talk.contains("AlreadyVoted"), "{talk}");
    let status = settler.json(&["governance", "status", "0"]);
    let proposal = &status["proposals"][0];
    assert_eq!(
        (&proposal["yesBaseUnits"], &proposal["noBaseUnits"], &proposal["quorumReached"]),
        (&"60000000000".into(), &"40000000000".into(), &true.into()),
        "{status}"
    );
    wait_for(settler, proposal["executableFrom"].as_i64().unwrap());
    settler.json(&["governance", "execute", "0", "--keypair", "holder.json"]);
    let talk = settler.refused(&["governance", "execute", "0"], 1);
    assert!(talk.contains("ProposalExecuted"), "{talk}");

    let history = settler.json(&["params", "--history"]);
    let versions = history["versions"].as_array().unwrap();
    let rates: Vec<_> = versions.iter().map(|version| version["values"]["rate"].as_str().unwrap()).collect();
    assert_eq!(rates, [OLD_RATE.to_string(), NEW_RATE.to_string()]);
    assert_eq!(history["inForce"], 1, "the running epoch keeps the old rate: {history}");
    let from: u64 = versions[1]["effectiveEpoch"].as_str().unwrap().parse().unwrap();
    let running: u64 = history["currentEpoch"].as_str().unwrap().parse().unwrap();
    assert_eq!(from, running + 1, "{history}");
    from
}

/// A batch of each of two epochs as lines to ingest: twelve contributors in three tracks.
fn batches(config: &state::Config, key: &SigningKey, epochs: [u64; 2]) -> Vec<u8> {
    let did = |number: u8| did_of_key(&SigningKey::from_bytes(&[100 + number; 32]).verifying_key().to_bytes());
    let mut sfu = Sfu::new(key.clone(), Domain::from_bytes(config.domain));
    let mut lines = Vec::new();
    for epoch in epochs {
        let shares: Vec<_> = (0..12).map(|number| (did(number), 1_000_003 + epoch * 7 + u64::from(number))).collect();
        let start = u64::try_from(config.genesis_unix).unwrap() + epoch * EPOCH_SECONDS;
        lines.extend(sfu.tick((start + 60) * 1_000, &shares));
        lines.push(b'\n');
    }
    lines
}

#[test]
fn a_vote_changes_the_rate_of_the_next_epoch_and_of_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let settler = Settler::new(folder);
    let localnet = Localnet::start(Keypair::new());
    localnet.write_operator(folder);
    let (url, key) = (localnet.url(), SigningKey::from_bytes(&[7; 32]));
    let sfu = did_of_key(&key.verifying_key().to_bytes());
    // Epoch 0 has begun, and runs on until the decision.
    let genesis = (unix_now() - 10).to_string();
    let calendar = ["--epoch-seconds", "300", "--grace-seconds", "0", "--genesis-unix", &genesis];
    let place = ["init", "--url", &url, "--keypair", "operator.json", "--radio-payouts-demo", "--sfu", &sfu];
    let made = settler.json(&[&place[..], &calendar[..]].concat());
    let mint: Pubkey = made["deployment"]["mint"].as_str().unwrap().parse().unwrap();
    hand_over(&settler, &localnet, &mint);
    let new = vote(&settler);
    let old = new - 1;

    // As though the running epoch and the next one were over.
    localnet.pass_epochs(2);
    let rpc = localnet.rpc();
    let found = rpc.get_account(&address::config_address()).unwrap();
    let config: state::Config = account::read(&found.owner, &found.data).unwrap();
    fs::write(folder.join("batches.jsonl"), batches(&config, &key, [old, new])).unwrap();
    let report = settler.json(&["ingest", "batches.jsonl"]);
    assert_eq!(report["answers"]["held"], 2, "{report}");
    settler.json(&["settle", "--due"]);

    for (epoch, version, rate) in [(old, 1, OLD_RATE), (new, 2, NEW_RATE)] {
        settler.json(&["verify", &epoch.to_string()]);
        let found = rpc.get_account(&address::epoch_address(epoch)).unwrap();
        let posted: state::Epoch = account::read(&found.owner, &found.data).unwrap();
        assert_eq!(posted.statement.params_version, version);
        // All roles count in full: the pool is what the accepted bytes are worth at this epoch's rate.
        let bytes = u128::from(posted.statement.batches.sum);
        assert!(bytes > 0, "epoch {epoch} has bytes");
        assert_eq!(u128::from(posted.statement.pool), bytes * u128::from(rate) / 1_000_000);
    }
    // What voted is free again.
    settler.json(&["governance", "unstake"]);
    settler.json(&["governance", "unstake", "--keypair", "holder.json"]);
    let status = settler.json(&["governance", "status"]);
    assert_eq!((&status["stake"], &status["votesDecide"]), (&serde_json::Value::Null, &true.into()));
}
