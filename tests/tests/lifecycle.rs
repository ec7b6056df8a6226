//! The main job over RPC: receipts of two epochs become roots on a real validator, as a cron job would do it; a share
//! is proven on chain; a copied directory is verified against the chain, and what was altered in it is found.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{SystemTime, UNIX_EPOCH};

use radio_payouts_client::address;
use radio_payouts_tests::{Localnet, program_path, settler_path};
use serde_json::Value;
use solana_client::rpc_client::RpcClient;
use solana_commitment_config::CommitmentConfig;
use solana_keypair::Keypair;

/// Runs the settler as cron would: a process of its own, nothing from the caller's environment.
fn settler(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(settler_path());
    for name in ["CONFIG", "DATA", "URL", "KEYPAIR", "DEMO"] {
        command.env_remove(format!("RADIO_PAYOUTS_{name}"));
    }
    command.args(arguments).args(["--output", "json"]).current_dir(folder).env("HOME", folder);
    command.env("RADIO_PAYOUTS_PROGRAM", program_path()).output().unwrap()
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    let output = settler(folder, arguments);
    let (status, talk) = (output.status, String::from_utf8_lossy(&output.stderr));
    assert!(status.success(), "settler {arguments:?}: {status}\n{talk}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused(folder: &Path, arguments: &[&str], exit: i32) -> String {
    let output = settler(folder, arguments);
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(exit), "settler {arguments:?}: {talk}");
    talk
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() { copy(&path, &to.join(name)) } else { fs::copy(&path, to.join(name)).map(drop).unwrap() }
    }
}

fn sealed_folder(below: &Path, name: &str) -> Option<std::path::PathBuf> {
    fs::read_dir(below).ok()?.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).find_map(|path| {
        if path.file_name().is_some_and(|found| found == name) { Some(path) } else { sealed_folder(&path, name) }
    })
}

#[test]
fn receipts_become_roots_on_a_real_validator() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let localnet = Localnet::start(Keypair::new());
    let url = localnet.url();
    fs::write(folder.join("operator.json"), serde_json::to_vec(&localnet.operator.to_bytes().as_slice()).unwrap())
        .unwrap();

    // Two epochs of 300 s have ended, with a margin for a validator whose clock is slow.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let genesis = (now - 800).to_string();
    let calendar = ["--epoch-seconds", "300", "--grace-seconds", "0", "--genesis-unix", &genesis];
    let place = ["init", "--url", &url, "--keypair", "operator.json", "--radio-payouts-demo"];
    json(folder, &[&place[..], &calendar[..], &["--challenge-seconds", "1"]].concat());

    let made = ["generate", "--out", "made", "--first-epoch", "0", "--epochs", "2", "--sfus", "2"];
    let size = ["--contributors", "12", "--tracks", "3", "--batches", "8", "--receipts", "6"];
    json(folder, &[&made[..], &size[..]].concat());
    for key in fs::read_dir(folder.join("made/keys")).unwrap() {
        let key = key.unwrap().path();
        let shown = json(folder, &["keygen", "--show", key.to_str().unwrap()]);
        let did = shown["did"].as_str().unwrap();
        json(folder, &["registry", "add-sfu", did, "--valid-from", "0"]);
    }
    json(folder, &["ingest", "made/epoch-000000.jsonl", "made/epoch-000001.jsonl"]);

    // Off, the flag stops the post: nothing is sent.
    let talk = refused(folder, &["settle", "--due", "--radio-payouts-demo=false"], 4);
    assert!(talk.contains("radio-payouts-demo"), "{talk}");

    // Cron, twice: the second run posts nothing and is content.
    let first = json(folder, &["settle", "--due"]);
    let rpc = RpcClient::new_with_commitment(url.clone(), CommitmentConfig::finalized());
    let signatures = || rpc.get_signatures_for_address(&address::epoch_address(1)).unwrap().len();
    let posted = signatures();
    assert!(posted >= 1, "{first}");
    json(folder, &["settle", "--due"]);
    assert_eq!(signatures(), posted, "the second run posts nothing");

    for epoch in ["0", "1"] {
        json(folder, &["verify", epoch]);
    }

    // A share of the last epoch, proven on chain.
    let export = settler(folder, &["export", "--epoch", "1"]);
    let text = String::from_utf8_lossy(&export.stdout).into_owned();
    let did =
        text.split(['"', ',', '\n']).find(|word| word.starts_with("did:key:")).unwrap_or_else(|| panic!("{text}"));
    json(folder, &["prove", did, "--epoch", "1", "--on-chain"]);

    // A copy of the directory, on its own, against the RPC; then one flipped byte.
    let copied = folder.join("copied/epoch-000001");
    copy(&sealed_folder(folder, "epoch-000001").unwrap(), &copied);
    let other = folder.join("elsewhere");
    fs::create_dir(&other).unwrap();
    let directory = copied.to_str().unwrap();
    json(&other, &["verify", directory, "--url", &url]);
    let csv = copied.join("payouts.csv");
    let mut bytes = fs::read(&csv).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&csv, bytes).unwrap();
    let talk = refused(&other, &["verify", directory, "--url", &url], 3);
    assert!(talk.contains("payouts.csv"), "{talk}");

    // Final in order; withdrawn by the authority, both epochs leave the chain and are posted again.
    let talk = refused(folder, &["admin", "finalize", "1"], 1);
    assert!(talk.contains("ParentNotFinal"), "{talk}");
    json(folder, &["admin", "finalize", "0"]);
    json(folder, &["admin", "finalize", "1"]);
    assert_eq!(epochs(folder), [(0, "Final".to_owned(), 0), (1, "Final".to_owned(), 0)]);
    json(folder, &["admin", "reject", "0"]);
    let talk = refused(folder, &["verify", "0"], 1);
    assert!(talk.contains("epoch 0"), "{talk}");
    let again = json(folder, &["settle", "--due", "--reopen"]);
    assert_eq!(again["reopened"], serde_json::json!([1, 0]), "{again}");
    assert_eq!(epochs(folder), [(0, "Posted".to_owned(), 1), (1, "Posted".to_owned(), 1)]);
    for epoch in ["0", "1"] {
        json(folder, &["verify", epoch]);
    }
}

/// Number, state and attempt of every epoch that the chain knows.
fn epochs(folder: &Path) -> Vec<(u64, String, u64)> {
    let status = json(folder, &["status"]);
    let mut epochs: Vec<_> = status["epochs"]
        .as_array()
        .unwrap_or_else(|| panic!("{status}"))
        .iter()
        .map(|epoch| {
            let number = epoch["epoch"].as_str().unwrap().parse().unwrap();
            (number, epoch["state"].as_str().unwrap().to_owned(), epoch["attempt"].as_u64().unwrap())
        })
        .collect();
    epochs.sort_unstable();
    epochs
}
