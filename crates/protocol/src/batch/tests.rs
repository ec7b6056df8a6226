use super::*;
use crate::did::did_of_key;
use alloc::format;
use alloc::vec;
use proptest::prelude::*;

const DOMAIN: Domain = Domain::from_bytes([7; 32]);
const DID: &str = "did:key:z6MkpczE4p6MJUv1FouSa4JUx4w2TpKEnimSk8rw5T8Jvi99";

fn key() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

fn receipt(track: &str) -> Receipt {
    Receipt {
        acks: None,
        contributors: vec![Contribution { bytes_out: 1_048_576, did: DID.into(), role: Some(Role::Uploader) }],
        recipients: 3,
        room_id: "room_ab12".into(),
        timestamp: 1_760_000_005_000,
        track_id: track.into(),
    }
}

fn descriptor(track: &str) -> Descriptor {
    let metadata = Metadata { title: Some("Sömmer \"1\"".into()), duration_ms: Some(180_000), ..Metadata::default() };
    Descriptor { metadata: Some(metadata), rights: Rights::Cc, track_id: track.into(), uploader: DID.into() }
}

fn batch() -> Batch {
    Batch {
        from: 1_760_000_000_000,
        prev: [0xab; 32],
        receipts: vec![receipt("a"), receipt("b")],
        seq: 42,
        sfu: did_of_key(&key().verifying_key().to_bytes()),
        to: 1_760_000_010_000,
        tracks: vec![descriptor("a"), descriptor("b")],
        v: 1,
    }
}

fn text() -> String {
    String::from_utf8(batch().sign(&key(), &DOMAIN).unwrap().to_bytes()).unwrap()
}

fn answer(text: &str) -> &'static str {
    match Envelope::parse(text.as_bytes()).and_then(|received| received.verify(&DOMAIN)) {
        Ok(_) => "held",
        Err(answer) => answer.as_str(),
    }
}

#[test]
fn what_is_signed_is_read_back_and_verified() {
    let received = Envelope::parse(text().as_bytes()).unwrap();
    assert_eq!(received.header().hash, batch().hash());
    assert_eq!(received.header().seq, 42);
    assert_eq!(received.clone().verify(&DOMAIN).unwrap().batch(), &batch());
    assert_eq!(received.verify(&Domain::from_bytes([8; 32])), Err(Answer::BadSignature));
}

#[test]
fn refuses_each_fault_by_its_answer() {
    let good = text();
    assert_eq!(answer(&good), "held");
    for (from, to, expected) in [
        (r#""v":1"#, r#""v":2"#, "wrong_version"),
        (r#""v":1"#, r#""v":"1""#, "malformed"),
        (r#""v":1"#, r#""v":1.0"#, "malformed"),
        (r#""v":1"#, r#""v":1,"v":1"#, "malformed"),
        (r#""v":1"#, r#""v":1,"w":1"#, "malformed"),
        (r#","v":1"#, "", "malformed"),
        (r#""seq":42"#, r#""seq":0"#, "malformed"),
        (r#""seq":42"#, r#""seq":-42"#, "malformed"),
        (r#""seq":42"#, r#""seq":4.2e1"#, "malformed"),
        (r#""seq":42"#, r#""seq":9007199254740992"#, "malformed"),
        (r#""seq":42"#, r#""seq":99999999999999999999999"#, "malformed"),
        (r#""seq":42"#, r#""seq":042"#, "malformed"),
        (r#""seq":42"#, r#""seq":null"#, "malformed"),
        (r#""role":"uploader""#, r#""role":null"#, "malformed"),
        (r#""role":"uploader""#, r#""role":"boss""#, "malformed"),
        (r#""rights":"CC""#, r#""rights":"cc""#, "malformed"),
        (r#""rights":"CC""#, r#""rights":true"#, "malformed"),
        (r#""recipients":3"#, r#""recipients":1000001"#, "malformed"),
        (r#""trackId":"b""#, r#""trackId":"c""#, "malformed"),
        (r#""room_ab12""#, r#""""#, "malformed"),
        (r#""room_ab12""#, r#""room\n""#, "malformed"),
        (r#""room_ab12""#, "\"room\u{85}\"", "malformed"),
        (r#""room_ab12""#, r#""\ud800""#, "malformed"),
        ("abab", "ABAB", "malformed"),
        ("abab", "ab", "malformed"),
        (r#""room_ab12""#, r#""roo\u006d_ab12""#, "not_canonical"),
        (r#""seq":42"#, r#""seq": 42"#, "not_canonical"),
        (r#""role":"uploader""#, r#""role":"relay""#, "bad_signature"),
        (r#""seq":42"#, r#""seq":43"#, "bad_signature"),
    ] {
        let changed = good.replacen(from, to, 1);
        assert_ne!(changed, good, "{from} is not in the envelope");
        assert_eq!(answer(&changed), expected, "{from} -> {to}");
    }
    assert_eq!(answer(&format!("{good} ")), "not_canonical");
    assert_eq!(answer(&good[..good.len() - 1]), "malformed");
    assert_eq!(answer(&"[".repeat(100_000)), "malformed");
}

#[test]
fn refuses_each_limit() {
    let refuse = |change: &dyn Fn(&mut Batch)| {
        let mut batch = batch();
        change(&mut batch);
        batch.check().unwrap_err()
    };
    refuse(&|batch| batch.receipts = vec![receipt("a"); MAX_RECEIPTS + 1]);
    refuse(&|batch| batch.receipts[0].contributors = vec![batch.receipts[0].contributors[0].clone(); 65]);
    refuse(&|batch| batch.receipts[0].room_id = "r".repeat(257));
    refuse(&|batch| batch.receipts[0].contributors[0].did.clear());
    refuse(&|batch| batch.receipts[0].acks = Some(vec!["a".into(); 65]));
    refuse(&|batch| batch.receipts[0].acks = Some(vec!["a".repeat(1_025)]));
    refuse(&|batch| batch.tracks[0].metadata.as_mut().unwrap().title = Some("t".repeat(1_025)));
    refuse(&|batch| batch.tracks[0].uploader = "nobody".into());
    refuse(&|batch| batch.tracks.push(descriptor("a")));
    refuse(&|batch| batch.tracks.push(descriptor("c")));
    refuse(&|batch| batch.sfu = "did:web:sfu.example".into());
    assert!(Batch { tracks: vec![], receipts: vec![], ..batch() }.check().is_ok());
}

#[test]
fn more_than_four_mebibytes_are_refused() {
    let mut large = batch();
    large.receipts = vec![Receipt { acks: Some(vec!["a".repeat(1_024); 64]), ..receipt("a") }; 70];
    large.tracks.truncate(1);
    assert!(large.clone().sign(&key(), &DOMAIN).is_err());
    large.receipts.truncate(60);
    assert!(large.sign(&key(), &DOMAIN).is_ok());
}

#[test]
fn metadata_counts_what_is_there() {
    let mut metadata = Metadata { title: Some(String::new()), duration_ms: Some(0), ..Metadata::default() };
    assert_eq!(metadata.field_count(), 0);
    metadata.title = Some("t".into());
    metadata.duration_ms = Some(1);
    metadata.isrc = Some("i".into());
    assert_eq!(metadata.field_count(), 3);
}

proptest! {
    #[test]
    fn any_altered_byte_is_refused(at: prop::sample::Index, byte: u8) {
        let mut bytes = text().into_bytes();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        prop_assert!(Envelope::parse(&bytes).and_then(|received| received.verify(&DOMAIN)).is_err());
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Envelope::parse(&bytes).is_err());
    }

    #[test]
    fn canonical_bytes_are_those_of_a_generic_writer(title in "[^\\p{Cc}]{0,40}", bytes_out in 0u64..=MAX_INTEGER) {
        let mut batch = batch();
        batch.tracks[0].metadata.as_mut().unwrap().title = Some(title);
        batch.receipts[0].contributors[0].bytes_out = bytes_out;
        let bytes = batch.canonical_bytes();
        // serde_json's map sorts its keys, as RFC 8785 does for ASCII names.
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        prop_assert_eq!(serde_json::to_vec(&value).unwrap(), bytes);
        prop_assert!(Envelope::parse(&batch.sign(&key(), &DOMAIN).unwrap().to_bytes()).is_ok());
    }
}
