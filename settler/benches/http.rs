//! `settler serve` under load: signed batches over HTTP, and look-ups in an epoch of a million shares:
//! `cargo bench -p radio-payouts-settler --bench http`.
//!
//! Prints Markdown tables. Everything is real: batches are signed by registered SFUs, each is on the disk (fsync) before it is
//! acknowledged, the epoch of a million is taken in over HTTP, settled and posted on the embedded chain, and indexed by the
//! service. Loads are open: a request is due at its time whatever became of the one before, and its time counts from then.
//! Client and server share the machine. Needs the program's bytecode (`RADIO_PAYOUTS_PROGRAM`) and about 3 GB of disk.
//!
//! `RADIO_PAYOUTS_BENCH_SHARES` makes the epoch smaller, for a look at a slow machine.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ed25519_dalek::SigningKey;
use radio_payouts_protocol::batch::{Batch, Contribution, Descriptor, Receipt, Rights, Role};
use radio_payouts_protocol::did::did_of_key;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::sha256;
use rayon::prelude::*;
use serde_json::Value;

const DAY: u64 = 86_400;
const SFUS: u64 = 8;
/// Contributors of a receipt, and receipts of a batch, of the epoch of a million.
const PER_RECEIPT: usize = 64;
const PER_BATCH: usize = 250;
/// Look-ups a second, and for how long.
const RATE: u32 = 200;
const LOOK_SECONDS: u32 = 30;
/// Answered once the epoch is in the catalogue.
const INDEXED: &str = "/api/v1/epochs/0/contributors?limit=1";

fn settler(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_settler"));
    command.args(arguments).current_dir(folder).env("HOME", folder).env("RADIO_PAYOUTS_DEMO", "true");
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Value {
    let output = settler(folder, arguments).args(["--output", "json"]).output().expect("the settler starts");
    assert!(output.status.success(), "settler {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A service that runs; killed when dropped.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(folder: &Path, data: &str) -> Self {
        let arguments =
            ["serve", "--listen", "127.0.0.1:0", "--internal", "127.0.0.1:0", "--rate", "0", "--data", data];
        let mut child = settler(folder, &arguments).stderr(Stdio::piped()).spawn().expect("the service starts");
        let mut lines = BufReader::new(child.stderr.take().expect("piped"));
        let address = loop {
            let mut line = String::new();
            assert!(lines.read_line(&mut line).expect("text") > 0, "the service ended");
            if let Some((_, address)) = line.split_once("listening on http://") {
                break address.trim().to_owned();
            }
        };
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut lines, &mut std::io::stderr());
        });
        let server = Self { child, address };
        server.wait("/readyz");
        server
    }

    fn wait(&self, path: &str) {
        let end = Instant::now() + Duration::from_secs(1_800);
        while Client::new(&self.address).get(path).0 != 200 {
            assert!(Instant::now() < end, "{path} never came");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// A line of the process's memory, in MiB: `VmRSS` now, `VmHWM` at most.
    fn mib(&self, line: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let found = status.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(':'));
        found.and_then(|kib| kib.trim().strip_suffix(" kB")?.parse::<u64>().ok()).unwrap_or(0) >> 10
    }

    fn end(mut self) {
        let id = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &id]).status();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connection that is kept.
struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    fn new(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("the service listens");
        stream.set_nodelay(true).expect("a socket");
        Self { stream: BufReader::new(stream) }
    }

    fn get(&mut self, path: &str) -> (u16, Vec<u8>) {
        self.send(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes())
    }

    fn post(&mut self, body: &[u8]) -> (u16, Vec<u8>) {
        let mut request =
            format!("POST /v1/batches HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n", body.len())
                .into_bytes();
        request.extend_from_slice(body);
        self.send(&request)
    }

    fn send(&mut self, request: &[u8]) -> (u16, Vec<u8>) {
        self.stream.get_mut().write_all(request).expect("the service reads");
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("an answer");
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line).expect("a header");
            match line.trim_end().split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().expect("a length");
                }
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("a body");
        (status, body)
    }
}

/// Times of requests.
struct Times(Vec<Duration>);

impl Times {
    fn at(&self, percent: usize) -> String {
        let place = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
        format!("{:.1} ms", self.0[place].as_secs_f64() * 1_000.0)
    }

    /// p50, p99 and the longest.
    fn cells(&self) -> String {
        format!("{} | {} | {}", self.at(50), self.at(99), self.at(100))
    }
}

/// Sends `count` requests at `rate` a second on `connections` connections; the time of each counts from when it was due. Returns
/// the times and how long all of it took.
fn open_load(
    address: &str,
    connections: usize,
    count: usize,
    rate: f64,
    send: impl Fn(&mut Client, usize) + Sync,
) -> (Times, Duration) {
    let next = AtomicUsize::new(0);
    let start = Instant::now();
    let mut times: Vec<Duration> = std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..connections)
            .map(|_| {
                scope.spawn(|| {
                    let (mut client, mut times) = (Client::new(address), Vec::new());
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= count {
                            return times;
                        }
                        let due = start + Duration::from_secs_f64(number as f64 / rate);
                        std::thread::sleep(due.saturating_duration_since(Instant::now()));
                        send(&mut client, number);
                        times.push(due.elapsed());
                    }
                })
            })
            .collect();
        lanes.into_iter().flat_map(|lane| lane.join().expect("a lane ends")).collect()
    });
    times.sort_unstable();
    (Times(times), start.elapsed())
}

fn held(answer: &(u16, Vec<u8>)) {
    assert_eq!(answer.0, 200, "{}", String::from_utf8_lossy(&answer.1));
    let answers: Value = serde_json::from_slice(&answer.1).expect("JSON");
    for answer in answers["answers"].as_array().expect("answers") {
        assert!(answer["answer"] == "held" && answer["acknowledgement"].is_object(), "{answer}");
    }
}

/// Makes batches of all SFUs; every SFU's in their order.
fn generate(folder: &Path, name: &str, batches: u64, receipts: u64) -> Vec<Vec<Vec<u8>>> {
    let (sfus, batches, receipts) = (SFUS.to_string(), batches.to_string(), receipts.to_string());
    let size = ["--sfus", &sfus, "--contributors", "100000", "--tracks", "1000", "--batches", &batches];
    run(folder, &[&["generate", "--out", name, "--first-epoch", "0", "--receipts", &receipts], &size[..]].concat());
    let text = fs::read(folder.join(name).join("epoch-000000.jsonl")).expect("batches were made");
    let mut lanes: std::collections::BTreeMap<Vec<u8>, Vec<Vec<u8>>> = std::collections::BTreeMap::new();
    for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let key = br#""sfu":""#;
        let at = line.windows(key.len()).rposition(|part| part == key).expect("an SFU") + key.len();
        lanes.entry(line[at..at + 56].to_vec()).or_default().push(line.to_vec());
    }
    lanes.into_values().collect()
}

/// One SFU after another, as fast as they are answered.
fn ingest_flat_out(folder: &Path) {
    const BATCHES: u64 = 100;
    const RECEIPTS: u64 = 1_000;
    let lanes = generate(folder, "flat-out", BATCHES, RECEIPTS);
    let bytes: usize = lanes.iter().flatten().map(Vec::len).sum();
    let server = Server::start(folder, "data-flat-out");
    let start = Instant::now();
    let mut times: Vec<Duration> = std::thread::scope(|scope| {
        let lanes: Vec<_> = lanes
            .iter()
            .map(|batches| {
                let address = &server.address;
                scope.spawn(move || {
                    let mut client = Client::new(address);
                    let timed = batches.iter().map(|batch| {
                        let start = Instant::now();
                        held(&client.post(batch));
                        start.elapsed()
                    });
                    timed.collect::<Vec<_>>()
                })
            })
            .collect();
        lanes.into_iter().flat_map(|lane| lane.join().expect("a lane ends")).collect()
    });
    let seconds = start.elapsed().as_secs_f64();
    times.sort_unstable();
    let batches = times.len() as f64;
    println!(
        "| {SFUS} SFUs, one batch of {RECEIPTS} receipts after the other, flat out | {:.0} | {:.0} | {} | {} MiB | {:.0} MB/s of signed envelopes |",
        batches * RECEIPTS as f64 / seconds,
        batches / seconds,
        Times(times).cells(),
        server.mib("VmHWM"),
        bytes as f64 / 1e6 / seconds,
    );
    server.end();
}

/// Small batches at a steady rate, whoever is ready.
fn ingest_steady(folder: &Path) {
    const BATCHES: u64 = 500;
    const RECEIPTS: u64 = 50;
    const PER_SECOND: f64 = 200.0;
    let lanes = generate(folder, "steady", BATCHES, RECEIPTS);
    let mut all = Vec::new();
    for number in 0..BATCHES as usize {
        all.extend(lanes.iter().map(|lane| lane[number].clone()));
    }
    let server = Server::start(folder, "data-steady");
    let (times, took) =
        open_load(&server.address, 64, all.len(), PER_SECOND, |client, number| held(&client.post(&all[number])));
    let per_second = all.len() as f64 / took.as_secs_f64();
    println!(
        "| {PER_SECOND:.0} batches of {RECEIPTS} receipts a second, as of 2 000 SFUs with a batch every ten seconds | {:.0} | {per_second:.0} | {} | {} MiB | {:.0} s |",
        per_second * RECEIPTS as f64,
        times.cells(),
        server.mib("VmHWM"),
        took.as_secs_f64(),
    );
    server.end();
}

/// A contributor of the epoch of a million.
fn did(number: usize) -> String {
    let secret = sha256(&[b"radio-payouts/bench/http", &number.to_le_bytes()]);
    did_of_key(&SigningKey::from_bytes(&secret).verifying_key().to_bytes())
}

/// Batches that name each of `dids` once.
fn batches(key: &SigningKey, domain: &Domain, first_ms: u64, dids: &[String]) -> Vec<Vec<u8>> {
    let (mut prev, mut envelopes) = ([0; 32], Vec::new());
    for (number, of_batch) in (1u64..).zip(dids.chunks(PER_RECEIPT * PER_BATCH)) {
        let to = first_ms + number * 10_000;
        let receipts: Vec<Receipt> = (0u64..)
            .zip(of_batch.chunks(PER_RECEIPT))
            .map(|(place, dids)| {
                let contributors = (0u64..).zip(dids).map(|(one, did)| Contribution {
                    bytes_out: 200_000 + (number * 7_919 + place * 104_729 + one * 1_299_709) % 600_000,
                    did: did.clone(),
                    role: Some(Role::ALL[(one % 4) as usize]),
                });
                Receipt {
                    acks: None,
                    contributors: contributors.collect(),
                    recipients: 200,
                    room_id: format!("room_{place}"),
                    timestamp: to - 5_000,
                    track_id: format!("track_{place}"),
                }
            })
            .collect();
        let tracks = receipts.iter().map(|receipt| Descriptor {
            metadata: None,
            rights: Rights::Original,
            track_id: receipt.track_id.clone(),
            uploader: of_batch[0].clone(),
        });
        let batch = Batch {
            from: to - 10_000,
            prev,
            tracks: tracks.collect(),
            receipts,
            seq: number,
            sfu: did_of_key(&key.verifying_key().to_bytes()),
            to,
            v: 1,
        };
        prev = batch.hash();
        envelopes.push(batch.sign(key, domain).expect("within limits").to_bytes());
    }
    envelopes
}

fn look_ups(folder: &Path, domain: &Domain, first_ms: u64, key: &SigningKey) {
    let shares: usize =
        std::env::var("RADIO_PAYOUTS_BENCH_SHARES").map_or(1_000_000, |shares| shares.parse().expect("a number"));
    let dids: Vec<String> = (0..shares).into_par_iter().map(did).collect();
    let server = Server::start(folder, "data");
    let mut client = Client::new(&server.address);
    for envelope in batches(key, domain, first_ms, &dids) {
        held(&client.post(&envelope));
    }
    server.end();
    let start = Instant::now();
    run(folder, &["settle", "--epoch", "0", "--data", "data"]);
    let settled = start.elapsed();
    let start = Instant::now();
    let server = Server::start(folder, "data");
    server.wait(INDEXED);
    let (indexed, indexing_mib) = (start.elapsed(), server.mib("VmHWM"));
    server.end();

    let server = Server::start(folder, "data");
    server.wait(INDEXED);
    let (_, epoch) = Client::new(&server.address).get("/api/v1/epochs/0");
    let epoch: Value = serde_json::from_slice(&epoch).expect("JSON");
    let leaves: u64 = epoch["data"]["statement"]["payouts"]
        .as_array()
        .expect("trees")
        .iter()
        .map(|tree| tree["count"].as_u64().expect("a count"))
        .sum();
    assert_eq!((leaves, &epoch["data"]["matches_chain"]), (shares as u64, &Value::Bool(true)), "everybody has a share");
    let before = server.mib("VmRSS");
    println!(
        "| look-ups in an epoch of {leaves} shares, {RATE} a second, open load of {LOOK_SECONDS} s | p50 | p99 | longest |"
    );
    println!("| --- | ---: | ---: | ---: |");
    type Path = fn(&str) -> String;
    let kinds: [(&str, Path); 4] = [
        ("proof of a share (20 siblings, checked before it is sent)", |did| {
            format!("/api/v1/epochs/0/contributors/{did}/proof")
        }),
        ("a contributor's share of the epoch", |did| format!("/api/v1/epochs/0/contributors/{did}")),
        ("a contributor through all epochs", |did| format!("/api/v1/contributors/{did}")),
        ("search by the beginning of a DID", |did| format!("/api/v1/contributors?q={}&limit=10", &did[..24])),
    ];
    let count = (RATE * LOOK_SECONDS) as usize;
    let pick = |number: usize| &dids[(number * 7_919 + 13) * 104_729 % dids.len()];
    let ask = |client: &mut Client, path: String| {
        let (status, body) = client.get(&path);
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
    };
    for (what, path) in kinds {
        let (times, _) =
            open_load(&server.address, 32, count, RATE.into(), |client, number| ask(client, path(pick(number))));
        println!("| {what} | {} |", times.cells());
    }
    let (times, _) = open_load(&server.address, 32, count, RATE.into(), |client, number| {
        ask(client, kinds[number % 2].1(pick(number)));
    });
    println!("| proofs and shares in turn | {} |", times.cells());
    println!();
    println!("| the epoch of {leaves} shares | |\n| --- | ---: |");
    println!("| settled and posted from held batches | {:.1} s |", settled.as_secs_f64());
    println!("| indexed by the service, from its start | {:.1} s, at most {indexing_mib} MiB |", indexed.as_secs_f64());
    println!("| memory of the service before the look-ups | {before} MiB |");
    println!("| memory of the service at most, over all look-ups | {} MiB |", server.mib("VmHWM"));
    server.end();
}

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    // The embedded chain's clock begins now: the epoch is yesterday.
    let genesis = now - DAY - 3_600;
    run(folder, &["keygen", "operator.json"]);
    let place = ["init", "--url", "embedded:chain", "--keypair", "operator.json", "--radio-payouts-demo"];
    run(folder, &[&place[..], &["--epoch-seconds", "86400", "--genesis-unix", &genesis.to_string()]].concat());
    generate(folder, "keys-only", 1, 1);
    let mut keys: Vec<PathBuf> = fs::read_dir(folder.join("keys-only/keys"))
        .expect("keys were made")
        .map(|key| key.expect("an entry").path())
        .collect();
    keys.sort();
    for key in &keys {
        let shown = run(folder, &["keygen", "--show", key.to_str().expect("a plain path")]);
        run(folder, &["registry", "add-sfu", shown["did"].as_str().expect("a DID"), "--valid-from", "0"]);
    }
    let status = run(folder, &["status"]);
    let mut domain = [0; 32];
    hex::decode_to_slice(status["deployment"]["domain"].as_str().expect("a domain"), &mut domain).expect("hex");
    let secret: Vec<u8> = serde_json::from_slice(&fs::read(&keys[0]).expect("a key")).expect("a key file");
    let key = SigningKey::from_bytes(secret[..32].try_into().expect("32 bytes"));

    println!(
        "| ingest over HTTP, fsync before every acknowledgement | receipts/s | batches/s | p50 | p99 | longest | peak memory | remark |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |");
    ingest_flat_out(folder);
    ingest_steady(folder);
    println!();
    look_ups(folder, &Domain::from_bytes(domain), genesis * 1_000, &key);
}
