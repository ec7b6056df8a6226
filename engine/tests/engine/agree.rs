//! The engine's settlement is the oracle's, in everything.

use radio_payouts_protocol::batch::{BatchVerdict, ReceiptVerdict};

use crate::world::{Seen, World};

/// So many epochs if nothing else is asked for.
const EPOCHS: u64 = 100;

#[test]
fn every_settlement_is_that_of_the_protocol_crate() {
    let wanted = std::env::var("RADIO_PAYOUTS_ENGINE_EPOCHS").map_or(EPOCHS, |count| count.parse().unwrap());
    let mut seen = Seen::default();
    for seed in 0.. {
        let mut world = World::new(seed);
        for _ in 0..10 {
            let sources = world.receive();
            world.make_rows(&sources);
            let expected = world.pure();
            let found = world.settle_with(&world.data_fusion()).unwrap();
            assert!(found == expected, "seed {seed}, epoch {}: {:?}\n{:?}", world.epoch, found.cells, expected.cells);
            seen.add(&expected);
            world.go_on(&expected);
        }
        eprintln!("{} epochs are equal", seen.epochs);
        if seen.epochs >= wanted {
            break;
        }
    }
    eprintln!("{seen:?}");
    for verdict in BatchVerdict::ALL {
        assert!(seen.batches.contains_key(verdict.as_str()), "{verdict}: {seen:?}");
    }
    for verdict in ReceiptVerdict::ALL {
        assert!(seen.receipts.contains_key(verdict.as_str()), "{verdict}: {seen:?}");
    }
    assert!(seen.carried > 5 && seen.stops > 5 && seen.cells > 1_000, "{seen:?}");
}

#[test]
fn an_epoch_of_nothing_is_settled_without_any_file() {
    let world = World::new(1);
    assert_eq!(world.settle_with(&world.data_fusion()).unwrap(), world.pure());
}
