//! The engine's settlement is the oracle's, in everything.

use radio_payouts_protocol::batch::{BatchVerdict, ReceiptVerdict};

use crate::world::{Seen, World};

/// So many epochs if nothing else is asked for.
const EPOCHS: u64 = 100;

#[test]
fn every_settlement_is_that_of_the_protocol_crate() {
    let seen = Seen::settled(EPOCHS, |world| world.settle_with(&world.data_fusion()));
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
