//! The commands `keygen`, `import`, `sign` and `generate` as a user runs them: output, files and exit codes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use radio_payouts_protocol::batch::Envelope;
use radio_payouts_protocol::domain::Domain;
use serde_json::Value;

const DOMAIN: &str = "0707070707070707070707070707070707070707070707070707070707070707";

fn settler(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_settler"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .output()
        .unwrap()
}

#[track_caller]
fn succeed(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = settler(folder, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[track_caller]
fn fail(folder: &Path, arguments: &[&str], code: i32, message: &str) {
    let output = settler(folder, arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(stderr.contains(message), "{stderr}");
    assert_eq!(output.stdout, b"");
}

fn capture() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/data/janus/events.jsonl");
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_janus_capture_becomes_signed_batches_to_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let shown: Value = serde_json::from_slice(&succeed(folder, &["keygen", "sfu.json", "-o", "json"])).unwrap();
    fail(folder, &["keygen", "sfu.json"], 2, "never overwritten");

    let report = succeed(folder, &["import", "janus", &capture(), "--out", "receipts.jsonl", "-o", "json"]);
    let report: Value = serde_json::from_slice(&report).unwrap();
    assert_eq!((report["events"].as_u64(), report["refused"].as_u64()), (Some(408), Some(0)));
    assert_eq!(
        succeed(folder, &["import", "janus", &capture()]),
        std::fs::read(folder.join("receipts.jsonl")).unwrap()
    );

    let sign = ["sign", "receipts.jsonl", "--key", "sfu.json", "--state", "state.json"];
    fail(folder, &sign, 2, "domain is not known");
    let lines = succeed(folder, &[&sign[..], &["--domain", DOMAIN]].concat());
    let (mut bytes, mut seq, mut prev) = (0, 0, [0; 32]);
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let verified = Envelope::parse(line).unwrap().verify(&Domain::from_bytes([7; 32])).unwrap();
        assert_eq!(verified.batch().sfu, shown["did"].as_str().unwrap());
        assert_eq!((verified.header().seq, verified.header().prev), (seq + 1, prev));
        (seq, prev) = (verified.header().seq, verified.header().hash);
        bytes += verified.batch().receipts.iter().map(|receipt| receipt.contributors[0].bytes_out).sum::<u64>();
    }
    assert_eq!((seq, bytes), (24, 24_173_094));
    // Signed once is signed: the same receipts again make no second batch of the same windows.
    fail(folder, &[&sign[..], &["--domain", DOMAIN]].concat(), 1, "nothing was signed");
    let again = succeed(folder, &[&sign[..], &["--domain", DOMAIN, "--repeat-last"]].concat());
    assert!(lines.ends_with(&again) && !again.is_empty());
}

#[test]
fn bare_receipts_need_the_option_and_the_flag() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    succeed(folder, &["keygen", "sfu.json"]);
    let receipt = "{\"roomId\":\"r\",\"trackId\":\"t\",\"timestamp\":5,\"contributors\":[{\"did\":\"did:web:a\",\"bytesOut\":7}]}";
    std::fs::write(folder.join("bare.json"), format!("[\n  {receipt}\n]")).unwrap();
    let sign = ["sign", "bare.json", "--key", "sfu.json", "--state", "state.json", "--domain", DOMAIN];
    fail(folder, &[&sign[..], &["--bare"]].concat(), 4, "radio-payouts-demo");
    fail(folder, &sign, 1, "--bare takes it");
    let line = succeed(folder, &[&sign[..], &["--bare", "--radio-payouts-demo"]].concat());
    let received = Envelope::parse(line.trim_ascii_end()).unwrap();
    assert_eq!(received.batch().receipts[0].recipients, 1);
}

#[test]
fn input_that_is_nothing_of_the_kind_fails() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x.jsonl"), "{\"x\":1}\n").unwrap();
    fail(folder.path(), &["import", "janus", "x.jsonl"], 1, "none of the 1 values");
    fail(folder.path(), &["import", "mediasoup", "x.jsonl"], 1, "none of the 1 values");
    fail(folder.path(), &["import", "janus", "missing"], 1, "missing");
}

#[test]
fn generated_epochs_come_with_keys_and_truth() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["generate", "--out", "out", "--first-epoch", "20000", "--epochs", "2", "--faults"];
    let arguments = [&arguments[..], &["--domain", DOMAIN, "--genesis-unix", "0", "-o", "json"]].concat();
    let summary: Value = serde_json::from_slice(&succeed(folder.path(), &arguments)).unwrap();
    let out = folder.path().join("out");
    let truth: Value = serde_json::from_slice(&std::fs::read(out.join("truth.json")).unwrap()).unwrap();
    assert_eq!(truth["epochs"], summary["epochs"]);
    for sfu in truth["sfus"].as_array().unwrap() {
        let key = format!("out/keys/{}.json", sfu["label"].as_str().unwrap());
        let shown = succeed(folder.path(), &["keygen", "--show", &key, "-o", "json"]);
        assert_eq!(serde_json::from_slice::<Value>(&shown).unwrap()["did"], sfu["did"]);
    }
    for epoch in ["20000", "20001"] {
        let bytes = std::fs::read(out.join(format!("epoch-0{epoch}.jsonl"))).unwrap();
        let lines = bytes.split(|byte| *byte == b'\n').count() - 1;
        assert_eq!(truth["epochs"][epoch]["lines"].as_u64(), Some(lines as u64));
    }
    fail(folder.path(), &arguments, 1, "exists");
}
