//! Batches over HTTP: answered one by one, acknowledged only when they are on the disk, never lost, never counted twice.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::Duration;

use radio_payouts_settler::service::acknowledgement::Acknowledgement;
use radio_payouts_settler::store::Store;
use serde_json::Value;

use crate::http::Service;
use crate::world::{World, lines};

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// The acknowledgement of an answer, which must hold.
#[track_caller]
fn acknowledgement(answer: &Value) -> Acknowledgement {
    let found: Acknowledgement =
        serde_json::from_value(answer["acknowledgement"].clone()).unwrap_or_else(|error| panic!("{error}: {answer}"));
    found.verify().unwrap();
    assert_eq!(answer["batch_hash"], hex::encode(found.batch_hash));
    assert_eq!(answer["seq"], found.seq.to_string());
    found
}

#[test]
fn every_line_is_answered_and_what_is_held_is_acknowledged_for_good() {
    let mut world = World::new(1, 1);
    let batches = world.batches(0, 6);
    let service = Service::start(&world, &["--rate", "0"]);
    let receiver = service.data("/deployment")["receiver"].as_str().unwrap().to_owned();
    let domain = *world.sfus[0].domain.as_bytes();

    let answers = service.post(&lines(&batches[..2])).expect(200).json();
    let answers = answers["answers"].as_array().unwrap();
    assert_eq!(answers.len(), 2);
    let mut first = Vec::new();
    for (number, answer) in (1u64..).zip(answers) {
        assert_eq!((&answer["answer"], &answer["line"]), (&"held".into(), &number.into()), "{answer}");
        let found = acknowledgement(answer);
        assert_eq!((&found.receiver, &found.domain, &found.sfu), (&receiver, &domain, &world.sfus[0].did()));
        first.push(found);
    }
    for (encoding, body) in [
        ("gzip", gzip(&lines(&batches[2..4]))),
        ("zstd", zstd::encode_all(lines(&batches[4..]).as_slice(), 3).unwrap()),
    ] {
        let answer = service.send("POST", "/v1/batches", &[("content-encoding", encoding)], &body).unwrap().expect(200);
        for answer in answer.json()["answers"].as_array().unwrap() {
            assert_eq!(answer["answer"], "held", "{answer}");
        }
    }
    // The same again, also after a restart, gets the same acknowledgement byte for byte.
    for restart in [false, true] {
        let service = if restart {
            service.signal("TERM");
            while std::net::TcpStream::connect(service.address).is_ok() {
                std::thread::sleep(Duration::from_millis(50));
            }
            &Service::start(&world, &["--rate", "0"])
        } else {
            &service
        };
        let again = service.post(&lines(&batches)).expect(200).json();
        let again = again["answers"].as_array().unwrap();
        assert!(again.iter().all(|answer| answer["answer"] == "already_held"), "{again:?}");
        let again: Vec<_> = again.iter().map(acknowledgement).collect();
        assert_eq!(&again[..2], &first[..]);
    }
}

#[test]
fn what_is_refused_is_told_why_and_gets_no_acknowledgement() {
    let mut world = World::new(1, 1);
    let good = world.batches(0, 1).remove(0);
    let text = String::from_utf8(good.clone()).unwrap();
    let mut stranger = world.sfus[0].clone();
    stranger.key = ed25519_dalek::SigningKey::from_bytes(&[66; 32]);
    let given = [
        text.replacen("\"recipients\":3", "\"recipients\":4", 1).into_bytes(),
        stranger.tick(10_000),
        b"{}".to_vec(),
        vec![b'['; 5 << 20],
        good,
    ];
    let expected = ["bad_signature", "unknown_sfu", "malformed", "malformed", "held"];
    let service = Service::start(&world, &[]);
    let answers = service.post(&lines(&given)).expect(200).json();
    for (answer, expected) in answers["answers"].as_array().unwrap().iter().zip(expected) {
        assert_eq!(answer["answer"], expected, "{answer}");
        assert!(!answer["explanation"].as_str().unwrap().is_empty());
        assert_eq!(answer.get("acknowledgement").is_some(), expected == "held", "{answer}");
    }
    // A third batch under one number is `already_held` without being held: there is nothing to acknowledge.
    let mut twin = world.sfus[0].clone();
    (twin.seq, twin.prev) = (0, [0; 32]);
    let twins: Vec<_> = (1..=2).map(|bytes| twin.clone().tick_with(10_000, &[(0, bytes)])).collect();
    let answers = service.post(&lines(&twins)).expect(200).json();
    assert_eq!(answers["answers"][0]["answer"], "held");
    assert_eq!(answers["answers"][1]["answer"], "already_held");
    assert!(answers["answers"][1].get("acknowledgement").is_none(), "{answers}");

    let refused = service.data("/rejects");
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for item in refused["items"].as_array().unwrap() {
        *counts.entry(item["answer"].as_str().unwrap()).or_default() += 1;
        assert!(item.get("origin").is_none(), "who sent it is not told: {item}");
    }
    assert_eq!(counts, BTreeMap::from([("bad_signature", 1), ("malformed", 2), ("unknown_sfu", 1)]));
    let one = service.data(&format!("/rejects?sfu={}", stranger.did()));
    assert_eq!(one["items"].as_array().unwrap().len(), 1, "{one}");
    let page = service.data("/rejects?limit=3");
    let rest = service.data(&format!("/rejects?limit=3&cursor={}", page["next"].as_str().unwrap()));
    assert_eq!((page["items"].as_array().unwrap().len(), rest["items"].as_array().unwrap().len()), (3, 1));
    assert_eq!(service.metric("radio_payouts_batches_total{answer=\"bad_signature\"}"), Some(1.0));
    assert_eq!(service.metric("radio_payouts_batches_total{answer=\"held\"}"), Some(2.0));
}

/// An SFU posts batch after batch; the service is killed ten times in between; the SFU sends again what was not acknowledged.
#[test]
fn a_service_killed_ten_times_lost_nothing_that_it_acknowledged_and_holds_nothing_twice() {
    const KILLS: usize = 10;
    let mut world = World::new(1, 1);
    let batches: Vec<_> = (0..8).flat_map(|epoch| world.batches(epoch, 29)).collect();
    world.pass(7);
    let mut acknowledged: BTreeMap<u64, Acknowledgement> = BTreeMap::new();
    let mut next = 0;
    for kill in 0..KILLS {
        let mut service = Service::start(&world, &["--rate", "0"]);
        // Several requests are on their way when it dies; after how many answers differs from kill to kill.
        let stop_after = 3 + kill;
        let results = std::thread::scope(|scope| {
            let (send, receive) = std::sync::mpsc::channel();
            for lane in 0..4usize {
                let (send, service, batches) = (send.clone(), &service, &batches);
                let start = next;
                scope.spawn(move || {
                    for at in (start + lane..batches.len()).step_by(4) {
                        let Some(answer) = service.send("POST", "/v1/batches", &[], &batches[at]) else { return };
                        if answer.status != 200 {
                            return;
                        }
                        let Ok(json) = serde_json::from_slice::<Value>(&answer.body) else { return };
                        if send.send((at, json)).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(send);
            let mut results = Vec::new();
            while let Ok(result) = receive.recv_timeout(Duration::from_secs(60)) {
                results.push(result);
                if results.len() == stop_after {
                    service.signal("KILL");
                }
            }
            results
        });
        let _ = service.child.kill();
        let _ = service.child.wait();
        for (at, json) in results {
            let answer = &json["answers"][0];
            assert!(["held", "already_held"].contains(&answer["answer"].as_str().unwrap()), "{answer}");
            let found = acknowledgement(answer);
            assert_eq!(found.seq, at as u64 + 1);
            if let Some(before) = acknowledged.insert(found.seq, found.clone()) {
                assert_eq!(before, found, "an acknowledgement never changes");
            }
        }
        // The SFU goes on behind the last one that is acknowledged without a hole.
        next = (1..).take_while(|seq| acknowledged.contains_key(seq)).count();
    }
    assert!(acknowledged.len() >= KILLS * 3, "{}", acknowledged.len());
    let service = Service::start(&world, &["--rate", "0"]);
    for batch in batches.chunks(200) {
        service.post(&lines(batch)).expect(200);
    }
    drop(service);
    let store = Store::open_read_only(&world.settlers[0].data).unwrap();
    let key = world.sfus[0].key.verifying_key().to_bytes();
    let held = store.index().between(&key, 0, u64::MAX).unwrap();
    let numbers: Vec<u64> = held.iter().map(|located| located.header.seq).collect();
    assert_eq!(numbers, (1..=batches.len() as u64).collect::<Vec<_>>(), "each once");
    for (located, batch) in held.iter().zip(&batches) {
        assert_eq!(&store.envelope(located).unwrap(), batch);
        if let Some(found) = acknowledged.get(&located.header.seq) {
            assert_eq!((found.batch_hash, found.received_at_ms), (located.header.hash, located.received_ms));
        }
    }
    let report = world.run(0, &["settle", "--due", "-o", "json"]).expect(0).json();
    let counted: u64 = report["settled"].as_array().unwrap().iter().map(|line| line["batches"].as_u64().unwrap()).sum();
    assert_eq!(counted, batches.len() as u64, "each counted once");
}
