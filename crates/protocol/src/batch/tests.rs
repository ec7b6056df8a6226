//! Refusals first, then what is accepted, then properties.

use super::*;
use crate::did::did_of_key;
use crate::domain::Domain;
use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::vec;
use ed25519_dalek::SigningKey;
use proptest::prelude::*;

mod canonical;

fn domain() -> Domain {
    Domain::derive(&[7; 32], &[9; 32])
}

fn sfu() -> SigningKey {
    SigningKey::from_bytes(&[3; 32])
}

fn did(seed: u8) -> String {
    did_of_key(SigningKey::from_bytes(&[seed; 32]).verifying_key().as_bytes())
}

fn batch() -> Batch {
    Batch {
        v: 1,
        sfu: did_of_key(sfu().verifying_key().as_bytes()),
        seq: 1,
        prev: [0; 32],
        from: 1_760_000_000_000,
        to: 1_760_000_010_000,
        tracks: vec![Descriptor {
            track_id: "track_x9".to_owned(),
            uploader: did(1),
            rights: Rights::Cc,
            metadata: Some(Metadata {
                title: Some("Say \"ä\" \\ twice / again".to_owned()),
                duration_ms: Some(180_000),
                ..Metadata::default()
            }),
        }],
        receipts: vec![Receipt {
            room_id: "room_ab12".to_owned(),
            track_id: "track_x9".to_owned(),
            timestamp: 1_760_000_001_000,
            contributors: vec![
                Contribution { did: did(1), bytes_out: 1_048_576, role: Some(Role::Uploader) },
                Contribution { did: did(2), bytes_out: 1, role: None },
            ],
            recipients: 3,
            acks: None,
        }],
    }
}

/// Signs whatever the batch is, even what [`Batch::sign`] refuses.
fn sign(batch: Batch, key: &SigningKey, domain: &Domain) -> Envelope {
    let named = sfu_key(&batch.sfu).unwrap_or_default();
    let message = batch_message(domain, &named, batch.seq, batch.to, &batch.hash());
    Envelope { batch, sig: key.sign(&message).to_bytes() }
}

fn envelope() -> Envelope {
    batch().sign(&sfu(), &domain()).unwrap()
}

fn text() -> String {
    String::from_utf8(envelope().to_bytes()).unwrap()
}

#[track_caller]
fn refuse(json: &str, expected: &str) {
    match Envelope::parse(json.as_bytes()) {
        Err(Answer::Malformed(reason)) => {
            assert!(reason.contains(expected), "the reason is {reason:?}, which says nothing of {expected:?}");
        }
        other => panic!("{other:?} instead of malformed: {expected}"),
    }
}

/// Replaces `from` in the good envelope, once, and expects a refusal that says `expected`.
#[track_caller]
fn refuse_with(from: &str, to: &str, expected: &str) {
    let good = text();
    assert_eq!(good.matches(from).count(), 1, "{from} must be unambiguous in {good}");
    refuse(&good.replace(from, to), expected);
}

#[test]
fn accepts_its_own_bytes() {
    let bytes = envelope().to_bytes();
    let received = Envelope::parse(&bytes).unwrap();
    assert_eq!(received.batch(), &batch());
    assert_eq!(received.header().hash, batch().hash());
    let verified = received.verify(&domain()).unwrap();
    assert_eq!(verified.header().seq, 1);
    assert_eq!(verified.envelope(), &envelope());
    assert_eq!(batch().check(), Ok(sfu().verifying_key().to_bytes()));
}

#[test]
fn the_canonical_bytes_are_those_of_the_page() {
    let expected = format!(
        "{{\"batch\":{{\"from\":1760000000000,\"prev\":\"{zeros}\",\"receipts\":[{{\"contributors\":[{{\"bytesOut\":\
         1048576,\"did\":\"{one}\",\"role\":\"uploader\"}},{{\"bytesOut\":1,\"did\":\"{two}\"}}],\"recipients\":3,\
         \"roomId\":\"room_ab12\",\"timestamp\":1760000001000,\"trackId\":\"track_x9\"}}],\"seq\":1,\"sfu\":\"{sfu}\",\
         \"to\":1760000010000,\"tracks\":[{{\"metadata\":{{\"durationMs\":180000,\"title\":\"Say \\\"ä\\\" \\\\ twice / again\"}},\
         \"rights\":\"CC\",\"trackId\":\"track_x9\",\"uploader\":\"{one}\"}}],\"v\":1}},\"sig\":\"{sig}\"}}",
        zeros = "0".repeat(64),
        one = did(1),
        two = did(2),
        sfu = batch().sfu,
        sig = hex::encode(envelope().sig),
    );
    assert_eq!(text(), expected);
}

#[test]
fn empty_tracks_and_receipts_are_fine() {
    let empty = Batch { tracks: vec![], receipts: vec![], ..batch() };
    assert!(Envelope::parse(&sign(empty, &sfu(), &domain()).to_bytes()).is_ok());
}

#[test]
fn the_version_is_read_first() {
    for version in ["2", "0", "-1", "-0", "18446744073709551616", "1000000000000000000000000000000000000"] {
        let other = text().replace("\"v\":1}", &format!("\"v\":{version}}}"));
        assert_eq!(Envelope::parse(other.as_bytes()), Err(Answer::WrongVersion), "{version}");
    }
    for other in [
        "{\"batch\":{\"v\":2}}",
        " {\"sig\":null,\"batch\":{\"new\":[[[[[[[[[[1.5]]]]]]]]]],\"v\":2,\"seq\":true}} ",
        "{\"b\\u0061tch\":{\"\\u0076\":3}}",
    ] {
        assert_eq!(Envelope::parse(other.as_bytes()), Err(Answer::WrongVersion), "{other}");
    }
    for other in ["2.0", "1e1", "\"2\"", "null", "true", "[2]", "1.0", "1e0"] {
        refuse_with("\"v\":1}", &format!("\"v\":{other}}}"), "batch.v");
    }
    refuse("{\"batch\":{\"v\":2,\"v\":3}}", "repeated");
    refuse("[{\"v\":2}]", "an envelope");
    refuse("{\"batch\":{\"v\":2}} x", "missing");
    refuse_with(",\"v\":1}", "}", "batch.v: the field is missing");
}

#[test]
fn refuses_what_is_not_json() {
    refuse("", "EOF");
    refuse("{", "EOF");
    refuse("null", "an envelope");
    refuse("\u{feff}{}", "expected value");
    let good = text();
    for end in 0..good.len() {
        if good.is_char_boundary(end) {
            assert!(matches!(Envelope::parse(&good.as_bytes()[..end]), Err(Answer::Malformed(_))), "cut at {end}");
        }
    }
    let mut bytes = good.clone().into_bytes();
    bytes[20] = 0xff;
    assert_eq!(Envelope::parse(&bytes), Err(Answer::Malformed("not UTF-8 from byte 20".to_owned())));
    refuse(&(good.clone() + &good), "trailing characters");
    refuse(&"[".repeat(100_000), "an envelope");
    refuse_with("\"v\":1}", &format!("\"v\":1,\"x\":{}}}", "[".repeat(100_000)), "unknown field \"x\"");
    refuse_with("room_ab12", "\\ud800", "roomId: unexpected end of hex escape");
    refuse_with("room_ab12", "\\udc00x", "surrogate");
}

#[test]
fn refuses_every_field_that_is_missing_repeated_unknown_null_or_boolean() {
    for (field, value) in [
        ("bytesOut", "1048576"),
        ("did", &format!("\"{}\"", did(2))),
        ("recipients", "3"),
        ("roomId", "\"room_ab12\""),
        ("timestamp", "1760000001000"),
        ("seq", "1"),
        ("sfu", &format!("\"{}\"", batch().sfu)),
        ("to", "1760000010000"),
        ("from", "1760000000000"),
        ("rights", "\"CC\""),
        ("durationMs", "180000"),
        ("role", "\"uploader\""),
    ] {
        let member = format!("\"{field}\":{value}");
        for wrong in ["null", "true", "false", "{}", "[]", "-1", "-0", "1.5", "1e3", "9007199254740992"] {
            refuse_with(&member, &format!("\"{field}\":{wrong}"), field);
        }
        refuse_with(&member, &format!("{member},{member}"), &format!("{field}: the key is repeated"));
        refuse_with(&member, &format!("{member},\"{field}s\":1"), &format!("unknown field \"{field}s\""));
        if field != "durationMs" && field != "role" {
            refuse_with(&member, "\"nope\":1", "unknown field \"nope\"");
        }
    }
    refuse_with("\"seq\":1,", "", "batch.seq: the field is missing");
    refuse_with(",\"recipients\":3", "", "batch.receipts[0].recipients: the field is missing");
    refuse_with(",\"timestamp\":1760000001000", "", "batch.receipts[0].timestamp: the field is missing");
    refuse_with("\"bytesOut\":1,", "", "batch.receipts[0].contributors[1].bytesOut: the field is missing");
    refuse_with("\"rights\":\"CC\",", "", "batch.tracks[0].rights: the field is missing");
    let good = text();
    let cut = good.find(",\"sig\"").unwrap();
    refuse(&format!("{}}}", &good[..cut]), "sig: the field is missing");
}

#[test]
fn refuses_numbers_outside_the_profile() {
    refuse_with("\"seq\":1,", "\"seq\":0,", "batch.seq: starts at 1");
    refuse_with(
        "\"recipients\":3",
        "\"recipients\":1000001",
        "batch.receipts[0].recipients: 1000001 of at most 1000000",
    );
    refuse_with(
        "\"bytesOut\":1,",
        "\"bytesOut\":9007199254740992,",
        "batch.receipts[0].contributors[1].bytesOut: 9007199254740992 exceeds",
    );
    refuse_with("\"bytesOut\":1,", "\"bytesOut\":01,", "line 1");
    refuse_with("\"bytesOut\":1,", "\"bytesOut\":+1,", "line 1");
    refuse_with("\"bytesOut\":1,", "\"bytesOut\":1e400,", "line 1");
    refuse_with("\"bytesOut\":1,", &format!("\"bytesOut\":{},", "9".repeat(100_000)), "line 1");
    let most = text().replace("\"bytesOut\":1,", "\"bytesOut\":9007199254740991,");
    assert!(Envelope::parse(most.as_bytes()).is_ok());
    let many = text().replace("\"recipients\":3", "\"recipients\":1000000");
    assert!(Envelope::parse(many.as_bytes()).is_ok());
}

#[test]
fn refuses_text_outside_the_profile() {
    for control in ["\\u0000", "\\u001f", "\\n", "\\u007f", "\\u0080", "\\u009f", "\u{7f}", "\u{85}"] {
        refuse_with("room_ab12", control, "batch.receipts[0].roomId: has control characters");
        refuse_with("twice", control, "batch.tracks[0].metadata.title: has control characters");
    }
    refuse_with("room_ab12", "\n", "control character");
    refuse_with("room_ab12", "", "roomId: has 0 bytes");
    refuse_with("room_ab12", &"x".repeat(257), "roomId: has 257 bytes, 1 to 256");
    refuse_with("room_ab12", &"ä".repeat(129), "roomId: has 258 bytes");
    refuse_with("twice", &"x".repeat(1_025), "bytes, at most 1024 are allowed");
    refuse_with("\"CC\"", "\"cc\"", "rights");
    refuse_with("\"uploader\"}", "\"Uploader\"}", "role");
    for fine in ["\u{a0}", "😀", "x\u{301}", "\u{ffff}", &"x".repeat(256)] {
        assert!(Envelope::parse(text().replace("room_ab12", fine).as_bytes()).is_ok(), "{fine}");
    }
}

#[test]
fn refuses_wrong_hexadecimal() {
    let sig = hex::encode(envelope().sig);
    refuse_with(&sig, &sig.to_uppercase(), "sig");
    refuse_with(&sig, &sig[2..], "sig");
    refuse_with(&sig, &format!("{sig}00"), "sig");
    refuse_with(&sig, &format!("g{}", &sig[1..]), "sig");
    let zeros = "0".repeat(64);
    refuse_with(&zeros, &zeros[1..], "batch.prev");
    refuse_with(&zeros, &"A".repeat(64), "batch.prev");
    refuse_with(&zeros, "", "batch.prev");
}

#[test]
fn refuses_an_sfu_that_is_no_ed25519_key() {
    let sfu = batch().sfu;
    let small = {
        let mut bytes = vec![0xed, 0x01];
        bytes.extend([0; 32]);
        format!("did:key:z{}", bs58::encode(bytes).into_string())
    };
    for wrong in ["did:web:radio.example", "radio", "did:key:z6Mk", small.as_str(), &sfu[..sfu.len() - 1]] {
        refuse_with(&sfu, wrong, "batch.sfu");
    }
}

#[test]
fn refuses_descriptors_that_are_not_exactly_those_mentioned() {
    let check = |change: fn(&mut Batch), expected: &str| {
        let mut changed = batch();
        change(&mut changed);
        refuse(core::str::from_utf8(&sign(changed.clone(), &sfu(), &domain()).to_bytes()).unwrap(), expected);
        assert!(matches!(changed.check(), Err(reason) if reason.contains(expected)));
    };
    check(|batch| batch.tracks.clear(), "receipts[0].trackId: \"track_x9\" is not described");
    check(|batch| batch.receipts.clear(), "\"track_x9\" is described and not mentioned");
    check(|batch| batch.tracks.push(batch.tracks[0].clone()), "\"track_x9\" is described twice");
    check(
        |batch| batch.tracks.push(Descriptor { track_id: "other".to_owned(), ..batch.tracks[0].clone() }),
        "\"other\" is described and not mentioned",
    );
    refuse_with(&format!("\"uploader\":\"{}\"", did(1)), "\"uploader\":\"did:key\"", "tracks[0].uploader");
    refuse_with(&format!("\"uploader\":\"{}\"", did(1)), "\"uploader\":\"did:key:a#b\"", "tracks[0].uploader");
}

#[test]
fn refuses_more_than_the_limits() {
    let receipt = || Receipt { acks: None, ..batch().receipts[0].clone() };
    let parse = |batch: Batch| Envelope::parse(&sign(batch, &sfu(), &domain()).to_bytes());
    let contributor = receipt().contributors[0].clone();
    let short = || Contribution { did: "d".to_owned(), bytes_out: 0, role: None };
    let with = |receipts: Vec<Receipt>| parse(Batch { receipts, ..batch() });
    let says = |result: Result<Received, Answer>, expected: &str| match result {
        Err(Answer::Malformed(reason)) => assert!(reason.contains(expected), "{reason}"),
        other => panic!("{other:?}"),
    };

    assert!(with(vec![Receipt { contributors: vec![contributor.clone(); 64], ..receipt() }]).is_ok());
    says(
        with(vec![Receipt { contributors: vec![contributor; 65], ..receipt() }]),
        "receipts[0].contributors: 65 of at most 64",
    );

    let small = |count| vec![Receipt { contributors: vec![short()], ..receipt() }; count];
    assert!(with(small(10_000)).is_ok());
    says(with(small(10_001)), "batch.receipts: 10001 of at most 10000");

    let acks = |count, length| Receipt { acks: Some(vec!["x".repeat(length); count]), ..receipt() };
    assert!(with(vec![acks(64, 1_024), acks(0, 0)]).is_ok());
    says(with(vec![acks(65, 1)]), "acks: 65 of at most 64");
    says(with(vec![acks(1, 1_025)]), "acks: has 1025 bytes");

    // Exactly 4 MiB of canonical bytes, and one more.
    let mut large = Batch { receipts: vec![acks(64, 1_023); 60], ..batch() };
    let missing = MAX_BATCH_BYTES - large.canonical_bytes().len();
    assert!(missing > 60 * 64);
    large.receipts.extend(vec![acks(64, 1_000); missing / (64 * 1_003 + 400)]);
    let mut filler = receipt();
    filler.acks = Some(vec![]);
    large.receipts.push(filler);
    let missing = MAX_BATCH_BYTES - large.canonical_bytes().len();
    let full = missing / 1_027;
    let mut filler: Vec<String> = vec!["x".repeat(1_024); full];
    filler.push("x".repeat(missing - full * 1_027 - 2));
    large.receipts.last_mut().unwrap().acks = Some(filler);
    assert_eq!(large.canonical_bytes().len(), MAX_BATCH_BYTES);
    assert!(parse(large.clone()).is_ok());
    assert!(large.clone().sign(&sfu(), &domain()).is_ok());
    large.receipts[0].recipients = 30;
    says(parse(large.clone()), "bytes, at most 4194304 are allowed");
    assert!(large.sign(&sfu(), &domain()).is_err());
}

#[test]
fn refuses_right_content_in_another_spelling() {
    let good = text();
    for (from, to) in [
        ("{\"batch\"", "{ \"batch\""),
        ("\"v\":1}", "\"v\":1}\n"),
        ("room_ab12", "\\u0072oom_ab12"),
        ("ä", "\\u00e4"),
        ("/ again", "\\/ again"),
        ("\"seq\"", "\"\\u0073eq\""),
        ("\"recipients\":3,\"roomId\":\"room_ab12\"", "\"roomId\":\"room_ab12\",\"recipients\":3"),
    ] {
        assert_eq!(good.matches(from).count(), 1, "{from}");
        assert_eq!(Envelope::parse(good.replace(from, to).as_bytes()), Err(Answer::NotCanonical), "{to}");
    }
    assert_eq!(Envelope::parse(format!("{good}\n").as_bytes()), Err(Answer::NotCanonical));
}

#[test]
fn a_written_default_and_an_absent_one_have_different_hashes() {
    let written = batch();
    let mut absent = batch();
    absent.receipts[0].contributors[0].role = None;
    assert_ne!(written.hash(), absent.hash());
    assert_eq!(absent.receipts[0].contributors[0].role(), Role::Uploader);
}

#[test]
fn a_signature_holds_for_one_domain_and_one_key() {
    let bytes = envelope().to_bytes();
    let received = || Envelope::parse(&bytes).unwrap();
    let other = Domain::derive(&[8; 32], &[9; 32]);
    assert_eq!(received().verify(&other), Err(Answer::BadSignature));
    let stranger = sign(batch(), &SigningKey::from_bytes(&[4; 32]), &domain()).to_bytes();
    assert_eq!(Envelope::parse(&stranger).unwrap().verify(&domain()), Err(Answer::BadSignature));
    // S + L verifies under a lax check and is refused under the strict one.
    let order: [u8; 32] =
        hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap().try_into().unwrap();
    let mut lax = envelope();
    let mut carry = 0u16;
    for (byte, add) in lax.sig[32..].iter_mut().zip(order) {
        carry += u16::from(*byte) + u16::from(add);
        *byte = carry.to_le_bytes()[0];
        carry >>= 8;
    }
    assert_eq!(Envelope::parse(&lax.to_bytes()).unwrap().verify(&domain()), Err(Answer::BadSignature));
}

#[test]
fn reasons_are_short_and_printable() {
    let key = "\\u001b[31m".repeat(1_000);
    let Err(Answer::Malformed(reason)) = Envelope::parse(format!("{{\"{key}\":1}}").as_bytes()) else { panic!() };
    assert!(reason.chars().count() <= 301 && !reason.chars().any(char::is_control), "{reason}");
    let long = text().replace("\"CC\"", &format!("\"{}\"", "\u{85}x".repeat(100_000)));
    let Err(Answer::Malformed(reason)) = Envelope::parse(long.as_bytes()) else { panic!() };
    assert!(reason.chars().count() <= 301 && !reason.chars().any(char::is_control), "{reason}");
}

#[test]
fn codes_follow_the_order_of_the_page() {
    let batch: Vec<&str> = BatchVerdict::ALL.iter().map(|verdict| verdict.as_str()).collect();
    assert_eq!(batch, ["stopped", "not_valid", "late", "chain_broken", "bad_window"]);
    let receipt: Vec<&str> = ReceiptVerdict::ALL.iter().map(|verdict| verdict.as_str()).collect();
    let expected =
        ["bad_did", "bad_time", "duplicate", "no_contributors", "unlicensed", "bytes_over_bound", "sfu_over_capacity"];
    assert_eq!(receipt, expected);
    for (code, verdict) in BatchVerdict::ALL.iter().enumerate() {
        assert_eq!(usize::from(verdict.code()), code);
        assert!(!verdict.explanation().is_empty());
        assert_eq!(verdict.to_string(), verdict.as_str());
    }
    for (code, verdict) in ReceiptVerdict::ALL.iter().enumerate() {
        assert_eq!(usize::from(verdict.code()), code);
        assert!(!verdict.explanation().is_empty());
    }
}

#[test]
fn metadata_counts_texts_that_are_not_empty_and_a_duration_above_zero() {
    let mut metadata = Metadata::default();
    assert_eq!(metadata.field_count(), 0);
    metadata.title = Some(String::new());
    metadata.duration_ms = Some(0);
    assert_eq!(metadata.field_count(), 0);
    let some = || Some("x".to_owned());
    metadata = Metadata {
        title: some(),
        artist: some(),
        album: some(),
        genre: some(),
        artwork: some(),
        license: some(),
        isrc: some(),
        duration_ms: Some(1),
    };
    assert_eq!(metadata.field_count(), 8);
}

fn any_text(least: usize, most: usize) -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof![
            4 => proptest::char::range(' ', '~'),
            1 => any::<char>().prop_filter("no control characters", |character| !character.is_control())
        ],
        least..=most,
    )
    .prop_map(|characters| characters.into_iter().collect())
}

fn any_metadata() -> impl Strategy<Value = Metadata> {
    let text = || proptest::option::of(any_text(0, 12));
    (text(), text(), text(), text(), text(), text(), text(), proptest::option::of(0..=MAX_INTEGER)).prop_map(
        |(title, artist, album, genre, artwork, license, isrc, duration_ms)| Metadata {
            title,
            artist,
            album,
            genre,
            artwork,
            license,
            isrc,
            duration_ms,
        },
    )
}

fn any_receipt() -> impl Strategy<Value = Receipt> {
    let role = proptest::option::of(proptest::sample::select(&Role::ALL));
    let contributor = (any_text(1, 40), 0..=MAX_INTEGER, role).prop_map(|(did, bytes_out, role)| Contribution {
        did,
        bytes_out,
        role,
    });
    (
        any_text(1, 12),
        any_text(1, 3),
        0..=MAX_INTEGER,
        proptest::collection::vec(contributor, 0..4),
        0..=MAX_RECIPIENTS,
        proptest::option::of(proptest::collection::vec(any_text(0, 8), 0..3)),
    )
        .prop_map(|(room_id, track_id, timestamp, contributors, recipients, acks)| Receipt {
            room_id,
            track_id,
            timestamp,
            contributors,
            recipients,
            acks,
        })
}

prop_compose! {
    fn any_batch()(
        receipts in proptest::collection::vec(any_receipt(), 0..6),
        metadata in proptest::collection::vec(proptest::option::of(any_metadata()), 6),
        rights in proptest::collection::vec(proptest::sample::select(&Rights::ALL), 6),
        seq in 1..=MAX_INTEGER,
        prev in any::<[u8; 32]>(),
        from in 0..=MAX_INTEGER,
        to in 0..=MAX_INTEGER,
    ) -> Batch {
        let mut names: Vec<&String> = receipts.iter().map(|receipt| &receipt.track_id).collect();
        names.sort();
        names.dedup();
        let tracks = names.into_iter().zip(metadata).zip(rights).map(|((name, metadata), rights)| Descriptor {
            track_id: name.clone(),
            uploader: "did:web:a".to_owned(),
            rights,
            metadata,
        }).collect();
        Batch { seq, prev, from, to, tracks, receipts, ..batch() }
    }
}

proptest! {
    #[test]
    fn every_batch_within_the_limits_comes_back_from_its_bytes(batch in any_batch()) {
        let envelope = sign(batch.clone(), &sfu(), &domain());
        let received = Envelope::parse(&envelope.to_bytes()).unwrap();
        prop_assert_eq!(received.header().hash, batch.hash());
        prop_assert_eq!(received.verify(&domain()).unwrap().into_batch(), batch);
    }

    #[test]
    fn canonical_bytes_are_what_a_sorting_serialiser_writes(batch in any_batch()) {
        // serde_json's own map is sorted; with ASCII keys, integers and no control characters that is RFC 8785.
        let bytes = batch.canonical_bytes();
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        prop_assert_eq!(serde_json::to_vec(&value).unwrap(), bytes);
    }

    #[test]
    fn an_altered_byte_is_never_the_same_signed_batch(batch in any_batch(), at in any::<prop::sample::Index>(), byte: u8) {
        let good = sign(batch, &sfu(), &domain()).to_bytes();
        let mut altered = good.clone();
        let at = at.index(altered.len());
        prop_assume!(altered[at] != byte);
        altered[at] = byte;
        if let Ok(received) = Envelope::parse(&altered) {
            prop_assert!(received.verify(&domain()).is_err());
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Envelope::parse(&bytes).is_err());
    }

    #[test]
    fn spliced_envelopes_never_panic(cut in any::<prop::sample::Index>(), end in any::<prop::sample::Index>(),
                                     insert in "[\\[\\]{}\":,0-9a-z\\\\]{0,6}") {
        let good = text().into_bytes();
        let (cut, end) = (cut.index(good.len()), end.index(good.len()));
        let mut spliced = good[..cut.min(end)].to_vec();
        spliced.extend(insert.as_bytes());
        spliced.extend(&good[cut.max(end)..]);
        if let Ok(received) = Envelope::parse(&spliced) {
            prop_assert_eq!(received.envelope.to_bytes(), spliced);
        }
    }
}

#[test]
fn a_batch_is_read_in_any_spelling_and_checked() {
    let batch = batch();
    let pretty = serde_json::to_string_pretty(&batch).unwrap();
    assert_eq!(Batch::parse(&pretty), Ok(batch.clone()));
    assert_eq!(Batch::parse(&pretty.replace("\"v\": 1", "\"v\": 2")), Err(Answer::WrongVersion));
    let unknown = pretty.replacen('{', "{\"x\": 1,", 1);
    assert!(matches!(Batch::parse(&unknown), Err(Answer::Malformed(_))));
    let zero = serde_json::to_string(&Batch { seq: 0, ..batch }).unwrap();
    assert_eq!(Batch::parse(&zero), Err(Answer::Malformed("seq: starts at 1".into())));
}
