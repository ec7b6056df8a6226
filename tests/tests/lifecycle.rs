//! The main job over RPC: receipts of two epochs become roots on a real validator, as a cron job would do it; a share
//! is proven on chain; a copied directory is verified against the chain, and what was altered in it is found.

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use radio_payouts_client::address;
use radio_payouts_tests::{Localnet, Settler};
use solana_keypair::Keypair;

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
    let settler = Settler::new(folder);
    let localnet = Localnet::start(Keypair::new());
    let url = localnet.url();
    localnet.write_operator(folder);

    // Two epochs of 300 s have ended, with a margin for a validator whose clock is slow.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let genesis = (now - 800).to_string();
    let calendar = ["--epoch-seconds", "300", "--grace-seconds", "0", "--genesis-unix", &genesis];
    let place = ["init", "--url", &url, "--keypair", "operator.json", "--radio-payouts-demo"];
    settler.json(&[&place[..], &calendar[..], &["--challenge-seconds", "1"]].concat());

    let made = ["generate", "--out", "made", "--first-epoch", "0", "--epochs", "2", "--sfus", "2"];
    let size = ["--contributors", "12", "--tracks", "3", "--batches", "8", "--receipts", "6"];
    settler.json(&[&made[..], &size[..]].concat());
    for key in fs::read_dir(folder.join("made/keys")).unwrap() {
        let key = key.unwrap().path();
        let shown = settler.json(&["keygen", "--show", key.to_str().unwrap()]);
        let did = shown["did"].as_str().unwrap();
        settler.json(&["registry", "add-sfu", did, "--valid-from", "0"]);
    }
    settler.json(&["ingest", "made/epoch-000000.jsonl", "made/epoch-000001.jsonl"]);

    // Off, the flag stops the post: nothing is sent.
    let talk = settler.refused(&["settle", "--due", "--radio-payouts-demo=false"], 4);
    assert!(talk.contains("radio-payouts-demo"), "{talk}");

    // Cron, twice: the second run posts nothing and is content.
    let first = settler.json(&["settle", "--due"]);
    let rpc = localnet.rpc();
    let signatures = || rpc.get_signatures_for_address(&address::epoch_address(1)).unwrap().len();
    let posted = signatures();
    assert!(posted >= 1, "{first}");
    settler.json(&["settle", "--due"]);
    assert_eq!(signatures(), posted, "the second run posts nothing");

    for epoch in ["0", "1"] {
        settler.json(&["verify", epoch]);
    }

    // A share of the last epoch, proven on chain.
    let export = settler.run(&["export", "contributors", "--epochs", "1"], &[]);
    let text = String::from_utf8_lossy(&export.stdout).into_owned();
    let did =
        text.split(['"', ',', '\n']).find(|word| word.starts_with("did:key:")).unwrap_or_else(|| panic!("{text}"));
    settler.json(&["prove", did, "--epoch", "1", "--on-chain"]);

    // A copy of the directory, on its own, against the RPC; then one flipped byte.
    let copied = folder.join("copied/epoch-000001");
    copy(&sealed_folder(folder, "epoch-000001").unwrap(), &copied);
    let other = folder.join("elsewhere");
    fs::create_dir(&other).unwrap();
    let elsewhere = Settler::new(&other);
    let directory = copied.to_str().unwrap();
    elsewhere.json(&["verify", directory, "--url", &url]);
    let csv = copied.join("payouts.csv");
    let mut bytes = fs::read(&csv).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&csv, bytes).unwrap();
    let talk = elsewhere.refused(&["verify", directory, "--url", &url], 3);
    assert!(talk.contains("payouts.csv"), "{talk}");

    // Final in order; withdrawn by the authority, both epochs leave the chain and are posted again.
    let talk = settler.refused(&["admin", "finalize", "1"], 1);
    assert!(talk.contains("ParentNotFinal"), "{talk}");
    settler.json(&["admin", "finalize", "0"]);
    settler.json(&["admin", "finalize", "1"]);
    assert_eq!(epochs(&settler), [(0, "Final".to_owned(), 0), (1, "Final".to_owned(), 0)]);
    settler.json(&["admin", "reject", "0"]);
    let talk = settler.refused(&["verify", "0"], 1);
    assert!(talk.contains("epoch 0"), "{talk}");
    let again = settler.json(&["settle", "--due", "--reopen"]);
    assert_eq!(again["reopened"], serde_json::json!([1, 0]), "{again}");
    assert_eq!(epochs(&settler), [(0, "Posted".to_owned(), 1), (1, "Posted".to_owned(), 1)]);
    for epoch in ["0", "1"] {
        settler.json(&["verify", epoch]);
    }
}

/// Number, state and attempt of every epoch that the chain knows.
fn epochs(settler: &Settler) -> Vec<(u64, String, u64)> {
    let status = settler.json(&["status"]);
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
