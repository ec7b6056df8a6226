//! The reader of canonical bytes agrees with the reader of everything: it accepts what that one accepts, as that one has it,
//! and nothing else.

use super::*;
use crate::batch::canonical;

/// Both readers on the same bytes; whether they accept them.
#[track_caller]
fn agree(bytes: &[u8]) -> bool {
    let told = Envelope::parse_any(bytes);
    match canonical::read(bytes) {
        Some(read) => assert_eq!(Ok(read.into_owned()), told, "{}", String::from_utf8_lossy(bytes)),
        None => assert!(told.is_err(), "declined: {}", String::from_utf8_lossy(bytes)),
    }
    told.is_ok()
}

fn unsigned(batch: Batch) -> Vec<u8> {
    Envelope { batch, sig: [0xa7; 64] }.to_bytes()
}

#[test]
fn everything_that_differs_by_one_byte_gets_one_answer() {
    let good = envelope().to_bytes();
    assert!(agree(&good));
    for at in 0..good.len() {
        for byte in [b'"', b'\\', b'{', b'}', b'[', b']', b',', b':', b' ', b'0', b'9', b'a', b'A', 0, 0x7f, 0xc3] {
            let mut altered = good.clone();
            altered[at] = byte;
            agree(&altered);
            altered.insert(at, good[at]);
            agree(&altered);
        }
        let mut shorter = good.clone();
        shorter.remove(at);
        agree(&shorter);
        assert!(!agree(&good[..at]));
    }
}

#[test]
fn text_is_borrowed_unless_it_has_escapes() {
    let bytes = text().into_bytes();
    let read = Envelope::read(&bytes).unwrap();
    let batch = read.batch();
    assert!(matches!(batch.receipts[0].room_id, Cow::Borrowed("room_ab12")));
    let title = batch.tracks[0].metadata.as_ref().and_then(|metadata| metadata.title.as_ref());
    assert!(matches!(title, Some(Cow::Owned(title)) if title == "Say \"ä\" \\ twice / again"), "{title:?}");
    assert_eq!(read.header(), Envelope::parse(&bytes).unwrap().header());
    assert_eq!(read.verify(&domain()).unwrap().into_batch().into_owned(), self::batch());
}

#[test]
fn both_give_the_same_words() {
    let spaced = text().replace("\"v\":1}", "\"v\":1 }");
    assert_eq!(Envelope::read(spaced.as_bytes()).unwrap_err(), Answer::NotCanonical);
    let none = Envelope::read(b"{}").unwrap_err();
    assert_eq!(Err(none), Envelope::parse(b"{}"));
}

/// What is put in the place of a piece of an envelope.
fn any_piece() -> impl Strategy<Value = String> {
    prop_oneof![
        "[\\[\\]{}\":,0-9a-zA-Z\\\\ .+eE-]{0,4}",
        Just("9007199254740991".to_owned()),
        Just("9007199254740992".to_owned()),
        Just("18446744073709551616".to_owned()),
        Just("\\u0041".to_owned()),
        Just("\\n".to_owned()),
        Just("\\/".to_owned()),
        Just("\\\\".to_owned()),
        Just("\\\"".to_owned()),
        Just("\u{85}".to_owned()),
        Just("ä".to_owned()),
        Just("null".to_owned()),
        Just(",\"role\":\"relay\"".to_owned()),
        Just(",\"metadata\":{}".to_owned()),
        Just("\"acks\":[],".to_owned()),
        Just("[[[[[[[[[[".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_canonical_envelope_is_accepted_by_both(batch in any_batch()) {
        prop_assert!(agree(&unsigned(batch)));
    }

    #[test]
    fn no_altered_envelope_is_accepted_by_one_alone(
        batch in any_batch(),
        piece in any_piece(),
        at in any::<prop::sample::Index>(),
        removed in 0usize..6,
    ) {
        let good = String::from_utf8(unsigned(batch)).unwrap();
        let at = at.index(good.len());
        let start = (0..=at).rev().find(|at| good.is_char_boundary(*at)).unwrap();
        let end = (start + removed..=good.len()).find(|at| good.is_char_boundary(*at)).unwrap_or(good.len());
        agree(format!("{}{piece}{}", &good[..start], &good[end..]).as_bytes());
    }

    #[test]
    fn members_in_another_order_are_accepted_by_neither(batch in any_batch(), at in any::<prop::sample::Index>()) {
        let good = String::from_utf8(unsigned(batch)).unwrap();
        // A piece between two commas changes places with the one behind it.
        let commas: Vec<usize> = good.match_indices(',').map(|(at, _)| at).collect();
        prop_assume!(commas.len() >= 3);
        let first = at.index(commas.len() - 2);
        let (a, b, c) = (commas[first], commas[first + 1], commas[first + 2]);
        agree(format!("{}{}{}{}", &good[..a], &good[b..c], &good[a..b], &good[c..]).as_bytes());
    }

    #[test]
    fn a_flipped_bit_is_seen_by_both(batch in any_batch(), at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let mut bytes = unsigned(batch);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        agree(&bytes);
    }
}
