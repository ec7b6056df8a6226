//! A whole epoch by the pure path: 10 M receipts of 100 000 contributors, from signed batches on disk to the root.

use std::fs::File;
use std::io::{BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::time::Instant;

use ed25519_dalek::SigningKey;
use radio_payouts_protocol::batch::{Batch, BatchHeader, Contribution, Descriptor, Envelope, Receipt, Rights, Role};
use radio_payouts_protocol::calendar::Calendar;
use radio_payouts_protocol::did::did_of_key;
use radio_payouts_protocol::params::{Mode, Params};
use radio_payouts_protocol::registry::{NEVER, Sfu};
use radio_payouts_protocol::settlement::{Setting, settle};

use crate::{DOMAIN, row};

const SFUS: u8 = 4;
const BATCHES: u64 = 2_500;
const RECEIPTS: u64 = 1_000;
const CONTRIBUTORS: u64 = 100_000;
const GENESIS_UNIX: i64 = 1_760_000_000;

fn key(sfu: u8) -> SigningKey {
    SigningKey::from_bytes(&[sfu + 1; 32])
}

fn batch(sfu: u8, seq: u64, prev: [u8; 32], dids: &[String]) -> Batch {
    let to = u64::try_from(GENESIS_UNIX).unwrap() * 1_000 + seq * 10_000;
    let receipts = (0..RECEIPTS)
        .map(|number| {
            let anyone = (number * 7_919 + seq * 104_729 + u64::from(sfu) * 31) % CONTRIBUTORS;
            Receipt {
                acks: None,
                contributors: vec![Contribution {
                    bytes_out: 50_000 + anyone * 13 % 1_000_000,
                    did: dids[usize::try_from(anyone).unwrap()].clone(),
                    role: Some(Role::ALL[usize::try_from(anyone % 4).unwrap()]),
                }],
                recipients: 5,
                room_id: format!("room_{number}"),
                timestamp: to - 5_000,
                track_id: format!("track_{}", number % 300),
            }
        })
        .collect();
    let tracks = (0..300)
        .map(|number| Descriptor {
            metadata: None,
            rights: Rights::Original,
            track_id: format!("track_{number}"),
            uploader: dids[number].clone(),
        })
        .collect();
    let sfu = did_of_key(&key(sfu).verifying_key().to_bytes());
    Batch { from: to - 10_000, prev, receipts, seq, sfu, to, tracks, v: 1 }
}

/// Peak resident memory of this process in MiB.
fn peak_memory_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap_or(0) / 1_024
}

pub fn run() {
    let dids: Vec<String> = (0..CONTRIBUTORS).map(|number| format!("did:mycelia:listener-{number:08}")).collect();
    let path = std::env::temp_dir().join(format!("radio-payouts-epoch-{}", std::process::id()));
    let mut file = BufWriter::new(File::create(&path).unwrap());
    let mut held: Vec<(BatchHeader, u64, usize)> = Vec::new();
    let mut offset = 0;
    for sfu in 0..SFUS {
        let mut prev = [0; 32];
        for seq in 1..=BATCHES {
            let envelope = batch(sfu, seq, prev, &dids).sign(&key(sfu), &DOMAIN).unwrap();
            let bytes = envelope.to_bytes();
            let header = Envelope::parse(&bytes).unwrap().header();
            file.write_all(&bytes).unwrap();
            held.push((header, offset, bytes.len()));
            offset += bytes.len() as u64;
            prev = header.hash;
        }
    }
    file.flush().unwrap();
    drop((file, dids));

    let headers: Vec<BatchHeader> = held.iter().map(|(header, ..)| *header).collect();
    let places: std::collections::HashMap<[u8; 32], (u64, usize)> =
        held.iter().map(|(header, offset, length)| (header.hash, (*offset, *length))).collect();
    let sfus: Vec<Sfu> = (0..SFUS)
        .map(|sfu| Sfu {
            key: key(sfu).verifying_key().to_bytes(),
            demo: false,
            valid_from: 0,
            valid_until: NEVER,
            max_bytes_per_epoch: 1 << 46,
            stop_seq: NEVER,
        })
        .collect();
    let setting = Setting {
        domain: &DOMAIN,
        cluster_reference: "cluster",
        calendar: Calendar::new(GENESIS_UNIX, 86_400).unwrap(),
        epoch: 0,
        parent: None,
        params: &Params::demo(),
        params_version: 1,
        mode_of: &|_| Mode::Demo,
        registry_version: 1,
        sfus: &sfus,
    };
    let mut file = File::open(&path).unwrap();
    let start = Instant::now();
    let settlement = settle(&setting, &headers, |header| {
        let (offset, length) = places[&header.hash];
        let mut bytes = vec![0; length];
        file.seek(SeekFrom::Start(offset))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(|error| error.to_string())?;
        let verified = Envelope::parse(&bytes).and_then(|received| received.verify(&DOMAIN));
        verified.map(|verified| verified.into_batch()).map_err(|answer| answer.as_str().to_owned())
    })
    .unwrap();
    let elapsed = start.elapsed().as_secs_f64();
    std::fs::remove_file(&path).unwrap();
    let receipts = u64::from(SFUS) * BATCHES * RECEIPTS;
    assert_eq!(settlement.batches.iter().map(|batch| batch.receipts.verdicts.len() as u64).sum::<u64>(), receipts);
    row(
        "an epoch of 100 000 contributors and 10 M receipts, signed batches on disk to root",
        format_args!("{elapsed:.1} s"),
        format_args!(
            "pure path, one core but for the trees; {:.1} GB of batches, peak memory {} MiB, {} shares",
            offset as f64 / 1e9,
            peak_memory_mib(),
            settlement.statement.payouts[0].count
        ),
    );
}
