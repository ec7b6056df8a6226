//! A vote changes the rate of the next epoch and of no other, over RPC: stake, propose, vote, quorum, timelock, execute;
//! then both epochs are settled and verified.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use radio_payouts_client::{account, address, state};
use radio_payouts_tests::{Localnet, Settler};
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
    settler.json(&["admin", "set-times", "--voting-seconds", "12", "--timelock-seconds", "3"]);
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

#[test]
fn a_vote_changes_the_rate_of_the_next_epoch_and_of_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let settler = Settler::new(folder);
    let mut localnet = Localnet::start(Keypair::new());
    localnet.write_operator(folder);
    let url = localnet.url();
    // The running epoch is to last until the decision, and not much longer.
    let genesis = unix_now() - 100;
    let calendar = ["--epoch-seconds", "300", "--grace-seconds", "0", "--genesis-unix", &genesis.to_string()];
    let place = ["init", "--url", &url, "--keypair", "operator.json", "--radio-payouts-demo"];
    let made = settler.json(&[&place[..], &calendar[..]].concat());
    let mint: Pubkey = made["deployment"]["mint"].as_str().unwrap().parse().unwrap();
    let generate = ["generate", "--out", "made", "--first-epoch", "0", "--epochs", "3", "--batches", "30"];
    settler.json(&[&generate[..], &["--contributors", "12", "--tracks", "3", "--receipts", "4"]].concat());
    for key in fs::read_dir(folder.join("made/keys")).unwrap() {
        let shown = settler.json(&["keygen", "--show", key.unwrap().path().to_str().unwrap()]);
        settler.json(&["registry", "add-sfu", shown["did"].as_str().unwrap(), "--valid-from", "0"]);
    }
    hand_over(&settler, &localnet, &mint);
    let new = vote(&settler);
    let old = new - 1;

    // Batches of the next epoch's first seconds; the rest of it is leapt over.
    let begins = genesis + new * EPOCH_SECONDS;
    sleep(Duration::from_secs((begins + 10).saturating_sub(unix_now())));
    let batches = |epoch: u64| format!("made/epoch-{epoch:06}.jsonl");
    let _ = settler.run(&["ingest", &batches(old), &batches(new)], &[]);
    localnet.leap(EPOCH_SECONDS + 20);
    let settler = settler.at(&localnet.url());
    wait_for(&settler, i64::try_from(begins + EPOCH_SECONDS).unwrap());
    settler.json(&["settle", "--due"]);

    let rpc = localnet.rpc();
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
