//! The settler as a process, from signed batches on disk to a root on the embedded chain and back:
//! `cargo bench -p radio-payouts-settler --bench settler`.
//!
//! Prints a Markdown table. Needs the program's bytecode (`cargo xtask bench` builds it and names it in
//! `RADIO_PAYOUTS_PROGRAM`) and about 8 GB of disk in the folder for temporary files.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

const CONTRIBUTORS: u64 = 100_000;
const SFUS: u64 = 2;
const BATCHES: u64 = 5_000;
const RECEIPTS: u64 = 1_000;
const DAY: u64 = 86_400;

/// What a command printed, how long it took, and the most memory that it had.
struct Ran {
    json: Value,
    time: Duration,
    peak_bytes: u64,
}

fn run(folder: &Path, arguments: &[&str]) -> Ran {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_settler"))
        .args(arguments)
        .args(["--output", "json"])
        .current_dir(folder)
        .env("HOME", folder)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the settler starts");
    let output = child.stdout.take().expect("piped");
    let reader = std::thread::spawn(move || std::io::read_to_string(output).expect("text"));
    let mut peak_bytes = 0;
    let status = loop {
        peak_bytes = peak_bytes.max(resident_bytes(child.id()));
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            break status;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let time = start.elapsed();
    assert!(status.success(), "settler {arguments:?}: {status}");
    let text = reader.join().expect("the reader ends");
    Ran { json: serde_json::from_str(&text).expect("JSON"), time, peak_bytes }
}

/// Peak resident memory of a running process; 0 where the kernel does not tell.
fn resident_bytes(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) << 10
}

fn row(what: &str, figure: String, ran: &Ran, remark: &str) {
    println!("| {what} | {figure} | {} MiB | {remark} |", ran.peak_bytes >> 20);
}

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let number = |number: u64| number.to_string();
    // The embedded chain's clock begins now: the epoch is yesterday.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let genesis = (now - DAY - 3_600).to_string();

    run(folder, &["keygen", "operator.json"]);
    let place = ["init", "--url", "embedded", "--keypair", "operator.json", "--radio-payouts-demo"];
    run(folder, &[&place[..], &["--epoch-seconds", "86400", "--genesis-unix", &genesis]].concat());
    let size = ["--sfus", &number(SFUS), "--contributors", &number(CONTRIBUTORS), "--tracks", "1000"];
    let batches = ["--batches", &number(BATCHES), "--receipts", &number(RECEIPTS)];
    let generate = ["generate", "--out", "made", "--first-epoch", "0"];
    run(folder, &[&generate[..], &size, &batches].concat());
    for key in fs::read_dir(folder.join("made/keys")).expect("keys were made") {
        let key = key.expect("an entry").path();
        let shown = run(folder, &["keygen", "--show", key.to_str().expect("a plain path")]).json;
        run(folder, &["registry", "add-sfu", shown["did"].as_str().expect("a DID"), "--valid-from", "0"]);
    }

    println!("| what | figure | peak memory | remark |\n| --- | ---: | ---: | --- |");
    let input = folder.join("made/epoch-000000.jsonl");
    let bytes = fs::metadata(&input).expect("batches were made").len();
    let ingested = run(folder, &["ingest", "made/epoch-000000.jsonl"]);
    let receipts = SFUS * BATCHES * RECEIPTS;
    let rate = receipts as f64 / ingested.time.as_secs_f64();
    let remark = format!("{:.1} GB of signed batches of {RECEIPTS}, strict signatures, fsync", bytes as f64 / 1e9);
    row("receipts ingested", format!("{rate:.0}/s"), &ingested, &remark);

    let settled = run(folder, &["settle", "--epoch", "0"]);
    let remark = format!("{receipts} receipts, {CONTRIBUTORS} contributors: sealed, settled, published, posted");
    row("an epoch from held batches to its root on chain", seconds(settled.time), &settled, &remark);
    let verified = run(folder, &["verify", "0"]);
    row("its verification from the signed batches", seconds(verified.time), &verified, "against the chain, every file");
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
