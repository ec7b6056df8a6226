//! Bad input: a clear answer for each, no panic, bounded memory, and the good remainder is held.

use std::io::{BufReader, Read};

use radio_payouts_protocol::registry::Sfu;
use radio_payouts_settler::store::Store;
use radio_payouts_settler::store::intake::{Intake, Tally};

use crate::world::{World, lines};

#[test]
fn every_kind_of_bad_line_gets_its_answer_and_the_rest_is_held() {
    let mut world = World::new(1, 1);
    let good = world.batches(0, 4);
    let text = String::from_utf8(good[0].clone()).unwrap();
    let with = |from: &str, to: &str| text.replacen(from, to, 1).into_bytes();
    let mut stranger = world.sfus[0].clone();
    stranger.key = ed25519_dalek::SigningKey::from_bytes(&[66; 32]);
    let bad: Vec<(Vec<u8>, &str)> = vec![
        (text.as_bytes()[..text.len() / 2].to_vec(), "malformed"),
        ([b"\xff\xfe", text.as_bytes()].concat(), "malformed"),
        (with("\"bytesOut\":1000000", "\"bytesOut\":1e999"), "malformed"),
        (with("\"bytesOut\":1000000", "\"bytesOut\":99999999999999999999999999"), "malformed"),
        (with("\"bytesOut\":1000000", "\"bytesOut\":-1"), "malformed"),
        (with("\"v\":1", "\"v\":1,\"v\":1"), "malformed"),
        (with("\"v\":1", "\"v\":1,\"w\":1"), "malformed"),
        (with("\"v\":1", "\"v\":2"), "wrong_version"),
        (with("\"recipients\":3", "\"recipients\": 3"), "not_canonical"),
        (with("\"recipients\":3", "\"recipients\":4"), "bad_signature"),
        ("[".repeat(200_000).into_bytes(), "malformed"),
        (vec![b'x'; 5 << 20], "malformed"),
        (stranger.tick(10_000), "unknown_sfu"),
        (b"null".to_vec(), "malformed"),
    ];
    let mut given = Vec::new();
    let mut expected = std::collections::BTreeMap::new();
    for (place, (envelope, answer)) in bad.into_iter().enumerate() {
        given.push(envelope);
        *expected.entry(answer).or_insert(0) += 1;
        if let Some(good) = good.get(place) {
            given.push(good.clone());
        }
    }
    let answers = world.ingest(0, &given);
    assert_eq!(answers["held"], 4, "{answers}");
    for (answer, count) in &expected {
        assert_eq!(answers[*answer], *count, "{answers}");
    }
    let rejects = world.run(0, &["rejects", "-o", "json"]).expect(0).json();
    assert_eq!(rejects["rejects"].as_array().unwrap().len(), expected.values().sum::<i32>() as usize);
    for reject in rejects["rejects"].as_array().unwrap() {
        assert!(reject["input"].as_str().unwrap().len() <= 3 * 4_096, "an excerpt only");
        assert!(!reject["reason"].as_str().unwrap().is_empty());
    }
}

#[test]
fn a_line_of_a_gigabyte_is_answered_and_the_next_one_held() {
    let mut world = World::new(1, 1);
    let good = world.batches(0, 1);
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let key = world.sfus[0].key.verifying_key().to_bytes();
    let registry = [Sfu {
        key,
        demo: true,
        valid_from: 0,
        valid_until: u64::MAX,
        max_bytes_per_epoch: 1 << 40,
        stop_seq: u64::MAX,
    }];
    let clock = || u64::MAX / 2;
    let intake = Intake::new(world.sfus[0].domain, &registry, &clock);
    let input = std::io::repeat(b'[').take(1 << 30).chain(&b"\n"[..]).chain(std::io::Cursor::new(lines(&good)));
    let mut tally = Tally::default();
    intake.read(&mut store, "a generator", BufReader::new(input), &mut tally).unwrap();
    assert_eq!((tally.count("malformed"), tally.count("held")), (1, 1));
}
