use super::*;
use crate::batch::{Envelope, Role};
use crate::did::did_of_key;
use crate::domain::Domain;
use alloc::format;
use alloc::vec;
use ed25519_dalek::SigningKey;
use proptest::prelude::*;

const T: u64 = 1_760_000_000_000;

fn key() -> SigningKey {
    SigningKey::from_bytes(&[5; 32])
}

fn wrapper() -> Wrapper {
    let sfu = did_of_key(key().verifying_key().as_bytes());
    Wrapper::new(sfu, Position::START, NonZeroU32::new(20_000).unwrap())
}

fn receipt(track: &str, timestamp: u64, contributors: &[(&str, u64)]) -> BareReceipt {
    BareReceipt {
        room_id: "room".into(),
        track_id: track.into(),
        timestamp,
        contributors: contributors
            .iter()
            .map(|(did, bytes_out)| Contribution { bytes_out: *bytes_out, did: (*did).into(), role: None })
            .collect(),
        recipients: None,
        acks: None,
    }
}

fn only_batch(wrapper: &mut Wrapper) -> Batch {
    wrapper.finish().unwrap().batch.unwrap()
}

#[test]
fn a_window_excludes_its_start_and_includes_its_end() {
    assert_eq!(window_end(0), None);
    assert_eq!(window_end(1), Some(10_000));
    assert_eq!(window_end(10_000), Some(10_000));
    assert_eq!(window_end(10_001), Some(20_000));
    assert_eq!(window_end(MAX_INTEGER), None);
    assert_eq!(window_end(u64::MAX), None);
}

#[test]
fn the_least_recipients_meet_the_bound_and_one_less_does_not() {
    let kbps = NonZeroU32::new(20_000).unwrap();
    assert_eq!(least_recipients(0, kbps), 0);
    assert_eq!(least_recipients(1, kbps), 1);
    assert_eq!(least_recipients(25_000_000, kbps), 1);
    assert_eq!(least_recipients(25_000_001, kbps), 2);
    assert_eq!(least_recipients(u64::MAX, NonZeroU32::MIN), u64::MAX / 1_250 + 1);
}

#[test]
fn reads_the_seeds_receipts() {
    let json =
        r#" {"timestamp": 5, "roomId": "r", "trackId": "t", "contributors": [{"did": "did:web:a", "bytesOut": 7}]} "#;
    let one = BareReceipt::parse(json).unwrap();
    assert_eq!((one.timestamp, one.recipients, one.contributors[0].bytes_out), (5, None, 7));
    assert_eq!(BareReceipt::parse_list(&format!("[{json},{json}]")).unwrap(), [one.clone(), one]);
    let with = json.replace("\"roomId\"", "\"recipients\": 3, \"roomId\"");
    assert_eq!(BareReceipt::parse(&with).unwrap().recipients, Some(3));
    for (from, to, reason) in [
        ("5", "5.5", "timestamp: invalid type: floating point"),
        ("7", "-7", "contributors[0].bytesOut: invalid value"),
        ("\"r\"", "null", "roomId: invalid type: null"),
        ("\"roomId\": \"r\",", "", "roomId: the field is missing"),
        ("\"roomId\": \"r\",", "\"roomId\": \"r\", \"room\": 1,", "unknown field \"room\""),
    ] {
        match BareReceipt::parse(&json.replace(from, to)) {
            Err(BareRefusal::Malformed(text)) => assert!(text.starts_with(reason), "{text}"),
            other => panic!("{other:?}"),
        }
    }
    assert!(BareReceipt::parse_list(&format!("[{json},7]")).unwrap_err().to_string().contains("[1]"));
}

#[test]
fn one_batch_per_window_chained_by_hash() {
    let mut wrapper = wrapper();
    assert_eq!(wrapper.push(receipt("a", T + 1, &[("did:web:a", 10)])), Ok(None));
    assert_eq!(wrapper.push(receipt("a", T + 10_000, &[("did:web:a", 5)])), Ok(None));
    let first = wrapper.push(receipt("a", T + 35_000, &[("did:web:a", 1)])).unwrap().unwrap();
    let batch = first.batch.unwrap();
    assert_eq!((batch.seq, batch.prev, batch.from, batch.to), (1, ZERO_HASH, T, T + 10_000));
    assert_eq!(batch.receipts.len(), 1);
    assert_eq!(batch.receipts[0].timestamp, T + 1);
    assert_eq!(batch.receipts[0].contributors[0].bytes_out, 15);
    let second = only_batch(&mut wrapper);
    assert_eq!((second.seq, second.prev, second.from, second.to), (2, batch.hash(), T + 30_000, T + 40_000));
    assert_eq!(wrapper.position(), Position { next_seq: 3, prev: second.hash(), closed_to_ms: T + 40_000 });
    assert_eq!(wrapper.finish(), None);
}

#[test]
fn a_closed_window_takes_nothing() {
    let mut wrapper = wrapper();
    wrapper.push(receipt("a", T + 15_000, &[("did:web:a", 1)])).unwrap();
    let late = BareRefusal::WindowClosed { timestamp: T + 10_000, closed_to_ms: T + 10_000 };
    assert_eq!(wrapper.push(receipt("a", T + 10_000, &[])), Err(late));
    assert_eq!(only_batch(&mut wrapper).receipts.len(), 1);
    assert!(matches!(wrapper.push(receipt("a", T + 20_000, &[])), Err(BareRefusal::WindowClosed { .. })));
    assert_eq!(wrapper.push(receipt("a", T + 20_001, &[("did:web:a", 1)])), Ok(None));
}

#[test]
fn a_refused_receipt_closes_no_window_and_changes_nothing() {
    let mut wrapper = wrapper();
    wrapper.push(receipt("a", T + 1, &[("did:web:a", 1)])).unwrap();
    let before = format!("{:?}", wrapper.clone().finish());
    for bad in [
        receipt("", T + 20_000, &[]),
        receipt("a", 0, &[]),
        receipt("a", MAX_INTEGER, &[]),
        receipt("a", T + 1, &[("", 1)]),
        receipt("a", T + 1, &[("did:web:a", MAX_INTEGER)]),
        receipt("b", T + 1, &[("did:web:a", u64::MAX), ("did:web:b", 1)]),
        receipt("a", T + 1, &[("did:web:b", 25_000_000_000_000)]),
        BareReceipt { recipients: Some(1_000_000), ..receipt("a", T + 1, &[]) },
        BareReceipt { acks: Some(vec![String::new(); 65]), ..receipt("a", T + 1, &[]) },
    ] {
        let result = wrapper.push(bad.clone());
        assert!(matches!(result, Err(BareRefusal::OverLimit(_))), "{bad:?}: {result:?}");
        assert_eq!(format!("{:?}", wrapper.clone().finish()), before);
    }
}

#[test]
fn refuses_the_receipt_and_the_contributor_too_many() {
    let mut wrapper = wrapper();
    for track in 0..MAX_RECEIPTS {
        wrapper.push(receipt(&format!("{track}"), T + 1, &[("did:web:a", 1)])).unwrap();
    }
    assert!(matches!(wrapper.push(receipt("x", T + 1, &[])), Err(BareRefusal::OverLimit(_))));
    for contributor in 1..64 {
        wrapper.push(receipt("7", T + 2, &[(&format!("did:web:{contributor}"), 1)])).unwrap();
    }
    assert!(matches!(wrapper.push(receipt("7", T + 2, &[("did:web:x", 1)])), Err(BareRefusal::OverLimit(_))));
    let batch = only_batch(&mut wrapper);
    assert_eq!(batch.receipts.len(), MAX_RECEIPTS);
    assert!(batch.check().is_ok());
}

#[test]
fn never_makes_a_batch_above_four_mebibytes() {
    let mut wrapper = wrapper();
    let large = |track: usize| BareReceipt {
        acks: Some(vec!["x".repeat(1_024); 64]),
        ..receipt(&format!("{track}"), T + 1, &[("did:web:a", 1)])
    };
    let taken = (0..70).filter(|track| wrapper.push(large(*track)).is_ok()).count();
    assert_eq!(taken, 63);
    let batch = only_batch(&mut wrapper);
    assert!(batch.canonical_bytes().len() <= MAX_BATCH_BYTES);
    assert!(batch.sign(&key(), &Domain::from_bytes([7; 32])).is_ok());
}

#[test]
fn equal_did_and_role_add_up_and_an_absent_role_is_uploader() {
    let mut wrapper = wrapper();
    let with = |role, bytes_out| Contribution { bytes_out, did: "did:web:a".into(), role };
    let mut first = receipt("a", T + 5, &[]);
    first.contributors = vec![with(None, 1), with(Some(Role::Relay), 10), with(Some(Role::Uploader), 100)];
    let mut second = receipt("a", T + 4, &[]);
    second.contributors = vec![with(Some(Role::Relay), 1_000)];
    wrapper.push(first).unwrap();
    wrapper.push(second).unwrap();
    let batch = only_batch(&mut wrapper);
    assert_eq!(batch.receipts[0].timestamp, T + 5);
    assert_eq!(batch.receipts[0].contributors, [with(None, 101), with(Some(Role::Relay), 1_010)]);
}

#[test]
fn given_recipients_are_kept_and_summed_and_the_least_is_added_for_the_rest() {
    let mut wrapper = wrapper();
    let given = |recipients| BareReceipt { recipients, ..receipt("a", T + 1, &[("did:web:a", 25_000_001)]) };
    wrapper.push(given(Some(7))).unwrap();
    assert_eq!(only_batch(&mut wrapper.clone()).receipts[0].recipients, 7);
    wrapper.push(given(Some(4))).unwrap();
    assert_eq!(only_batch(&mut wrapper.clone()).receipts[0].recipients, 11);
    wrapper.push(given(None)).unwrap();
    assert_eq!(only_batch(&mut wrapper).receipts[0].recipients, 13);
}

#[test]
fn the_uploader_is_the_first_contributor_with_a_valid_did() {
    let mut wrapper = wrapper();
    wrapper.push(receipt("a", T + 1, &[("nobody", 1)])).unwrap();
    wrapper.push(receipt("b", T + 1, &[("nobody", 20)])).unwrap();
    wrapper.push(BareReceipt { room_id: "other".into(), ..receipt("b", T + 1, &[("nobody", 300)]) }).unwrap();
    wrapper.push(receipt("a", T + 2, &[("nobody", 1), ("did:web:one", 1), ("did:web:two", 1)])).unwrap();
    wrapper.push(receipt("a", T + 3, &[("did:web:two", 1)])).unwrap();
    let closed = wrapper.finish().unwrap();
    let batch = closed.batch.unwrap();
    assert_eq!(batch.tracks.len(), 1);
    assert_eq!((batch.tracks[0].uploader.as_str(), batch.tracks[0].rights), ("did:web:one", Rights::Original));
    assert_eq!(closed.left_out, [LeftOut { track_id: "b".into(), to_ms: T + 10_000, receipts: 2, bytes: 320 }]);
    assert!(closed.left_out[0].to_string().contains("left out"));
}

#[test]
fn a_window_of_which_nothing_is_left_makes_no_batch() {
    let mut wrapper = wrapper();
    wrapper.push(receipt("a", T + 1, &[("nobody", 1)])).unwrap();
    let closed = wrapper.finish().unwrap();
    assert_eq!(closed.batch, None);
    assert_eq!(closed.position, Position { closed_to_ms: T + 10_000, ..Position::START });
}

#[test]
fn a_descriptor_given_before_is_used() {
    let mut wrapper = wrapper();
    let descriptor =
        Descriptor { metadata: None, rights: Rights::Cc, track_id: "a".into(), uploader: "did:web:label".into() };
    assert!(wrapper.describe(Descriptor { uploader: "nobody".into(), ..descriptor.clone() }).is_err());
    wrapper.describe(descriptor.clone()).unwrap();
    wrapper.push(receipt("a", T + 1, &[("nobody", 1)])).unwrap();
    assert_eq!(only_batch(&mut wrapper).tracks, [descriptor]);
}

proptest! {
    #[test]
    fn every_batch_is_accepted_keeps_every_byte_and_meets_the_bound(
        steps in proptest::collection::vec((0u64..60_000, 0usize..4, 0usize..3, 0u64..200_000_000), 0..60)
    ) {
        let mut wrapper = wrapper();
        let domain = Domain::from_bytes([7; 32]);
        let (mut pushed, mut wrapped, mut closed) = (0u64, 0u64, Vec::new());
        for (at, track, did, bytes) in steps {
            let dids = ["nobody", "did:web:a", "did:web:b"];
            match wrapper.push(receipt(&format!("{track}"), T + 1 + at, &[(dids[did], bytes)])) {
                Ok(done) => { pushed += bytes; closed.extend(done); }
                Err(refusal) => prop_assert!(matches!(refusal, BareRefusal::WindowClosed { .. }), "{:?}", refusal),
            }
        }
        closed.extend(wrapper.finish());
        let mut position = Position::START;
        for window in closed {
            wrapped += window.left_out.iter().map(|track| track.bytes).sum::<u64>();
            if let Some(batch) = window.batch {
                prop_assert_eq!((batch.seq, batch.prev), (position.next_seq, position.prev));
                for receipt in &batch.receipts {
                    let bytes: u64 = receipt.contributors.iter().map(|entry| entry.bytes_out).sum();
                    wrapped += bytes;
                    prop_assert!(8 * bytes <= 20_000 * u64::from(receipt.recipients) * 10_000);
                }
                prop_assert!(Envelope::parse(&batch.sign(&key(), &domain).unwrap().to_bytes()).is_ok());
            }
            position = window.position;
        }
        prop_assert_eq!(pushed, wrapped);
    }
}
