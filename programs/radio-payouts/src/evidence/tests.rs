use proptest::prelude::*;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::message::batch_message;

use super::*;

const DOMAIN: [u8; 32] = [1; 32];
const KEY: [u8; 32] = [2; 32];

fn message(domain: [u8; 32], key: [u8; 32], seq: u64, to: u64, hash: u8) -> [u8; BATCH_MESSAGE_LENGTH] {
    batch_message(&Domain::from_bytes(domain), &key, seq, to, &[hash; 32])
}

fn evidence() -> Evidence {
    Evidence { key: KEY, messages: [message(DOMAIN, KEY, 7, 10, 1), message(DOMAIN, KEY, 7, 10, 2)] }
}

fn encoded() -> Vec<u8> {
    let [first, second] = evidence().messages;
    encode(&KEY, &[([3; 64], first), ([4; 64], second)])
}

#[test]
fn the_layout_is_as_drawn() {
    let data = encoded();
    assert_eq!(data.len(), EVIDENCE_LENGTH);
    assert_eq!((&data[30..62], &data[62..126], &data[252..316]), (&KEY[..], &[3; 64][..], &[4; 64][..]));
    assert_eq!(Evidence::decode(&data), Ok(evidence()));
}

#[test]
fn refuses_each_lie_by_its_own_error() {
    let refuse = |first, second, error: PayoutsError| {
        let evidence = Evidence { key: KEY, messages: [first, second] };
        assert_eq!(evidence.equivocation(&DOMAIN), Err(error.into()));
    };
    let honest = message(DOMAIN, KEY, 7, 10, 1);
    let mut foreign = honest;
    foreign[0] = b'R';
    refuse(honest, foreign, PayoutsError::NotABatchMessage);
    refuse(honest, message([9; 32], KEY, 7, 10, 2), PayoutsError::MessageOfAnotherDomain);
    refuse(honest, message(DOMAIN, [9; 32], 7, 10, 2), PayoutsError::MessageOfAnotherKey);
    refuse(honest, message(DOMAIN, KEY, 8, 10, 2), PayoutsError::SeqsDiffer);
    refuse(honest, honest, PayoutsError::SameMessage);
    let later = Evidence { key: KEY, messages: [honest, message(DOMAIN, KEY, 7, 11, 1)] };
    assert_eq!(later.equivocation(&DOMAIN).unwrap().second.to_ms, 11);
}

proptest! {
    #[test]
    fn an_altered_head_or_length_is_never_accepted(bit in 0usize..HEAD_LENGTH * 8, length in 0usize..600) {
        let mut data = encoded();
        data[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(Evidence::decode(&data).is_err());
        let mut data = encoded();
        data.resize(length, 0);
        prop_assert_eq!(Evidence::decode(&data).is_ok(), length == EVIDENCE_LENGTH);
    }
}
