//! Whatever is altered in a proof of equivocation, nothing changes on chain.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use radio_payouts_client::address;

use super::equivocation::{proof, sfu_key, world};

const CASES: u32 = 300;

fn states(world: &super::world::World) -> [Option<solana_account::Account>; 3] {
    let key = |number| address::sfu_address(&sfu_key(number).verifying_key().to_bytes());
    [address::config_address(), key(1), key(2)].map(|address| world.svm.get_account(&address))
}

/// What is done to the evidence.
#[derive(Clone, Debug)]
enum Corruption {
    FlipBit(prop::sample::Index),
    SetWord(usize, u16),
    Copy(prop::sample::Index, prop::sample::Index, usize),
    Cut(prop::sample::Index),
    Extend(Vec<u8>),
}

impl Corruption {
    fn apply(&self, data: &mut Vec<u8>) {
        match self {
            Self::FlipBit(bit) => {
                let bit = bit.index(data.len() * 8);
                data[bit / 8] ^= 1 << (bit % 8);
            }
            Self::SetWord(word, value) => data[word * 2..word * 2 + 2].copy_from_slice(&value.to_le_bytes()),
            Self::Copy(from, to, length) => {
                let (from, to) = (from.index(data.len() - length), to.index(data.len() - length));
                data.copy_within(from..from + length, to);
            }
            Self::Cut(at) => data.truncate(at.index(data.len())),
            Self::Extend(bytes) => data.extend_from_slice(bytes),
        }
    }
}

fn corruption() -> impl Strategy<Value = Corruption> {
    prop_oneof![
        any::<prop::sample::Index>().prop_map(Corruption::FlipBit),
        // Offsets that point somewhere within the two instructions, or at another instruction.
        (0usize..15, prop_oneof![0u16..460, Just(u16::MAX), Just(1u16), Just(126u16)])
            .prop_map(|(word, value)| Corruption::SetWord(word, value)),
        (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1usize..128)
            .prop_map(|(from, to, length)| Corruption::Copy(from, to, length)),
        any::<prop::sample::Index>().prop_map(Corruption::Cut),
        prop::collection::vec(any::<u8>(), 1..40).prop_map(Corruption::Extend),
    ]
}

#[test]
fn a_corrupted_proof_never_changes_state() {
    let world = std::cell::RefCell::new(world());
    let before = states(&world.borrow());
    let honest = proof(&world.borrow(), 7);
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(CASES) });
    runner
        .run(&prop::collection::vec(corruption(), 1..3), |corruptions| {
            let mut forged = honest.clone();
            corruptions.iter().for_each(|corruption| {
                if forged[0].data.len() > 130 {
                    corruption.apply(&mut forged[0].data);
                }
            });
            prop_assume!(forged[0].data != honest[0].data);
            let mut world = world.borrow_mut();
            prop_assert!(world.send_all(&forged, &[]).is_err());
            prop_assert_eq!(&states(&world), &before);
            Ok(())
        })
        .unwrap();
    // The uncorrupted one does.
    let mut world = world.into_inner();
    world.send_all(&honest, &[]).unwrap();
    assert_ne!(states(&world), before);
}
