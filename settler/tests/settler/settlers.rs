//! Two settlers at threshold 2 (section 5.4).

use crate::world::World;

#[test]
fn two_honest_settlers_reach_the_same_commitment() {
    let mut world = World::new(2, 2);
    let mut envelopes = world.batches(0, 5);
    world.pass(0);
    world.ingest(0, &envelopes);
    envelopes.reverse();
    world.ingest(1, &envelopes);
    let first = world.run(0, &["settle", "--due", "-o", "json"]).expect(0).json();
    assert_eq!(first["settled"][0]["stage"], "posted", "{first}");
    assert_eq!(world.commitment(0), None);
    // Run again while waiting: nothing more is sent.
    let again = world.run(0, &["settle", "--due", "-o", "json"]).expect(0).json();
    assert_eq!(again["settled"][0]["posted"], false, "{again}");
    let second = world.run(1, &["settle", "--due", "-o", "json"]).expect(0).json();
    assert_eq!(second["settled"][0]["stage"], "confirmed", "{second}");
    assert_eq!(first["settled"][0]["commitment"], second["settled"][0]["commitment"]);
    assert!(world.commitment(0).is_some());
    for settler in 0..2 {
        world.run(settler, &["verify", "0"]).expect(0);
    }
}

#[test]
fn batches_that_reached_one_of_them_late_are_left_to_the_candidate() {
    let mut world = World::new(2, 2);
    let envelopes = world.batches(0, 5);
    let (on_time, late) = envelopes.split_at(4);
    world.ingest(0, on_time);
    world.ingest(1, on_time);
    world.pass(0);
    world.ingest(1, late);
    world.run(0, &["settle", "--due"]).expect(0);
    let from = world.settlers[0].data.join("epochs");
    let second = world.run(1, &["settle", "--due", "--from", from.to_str().unwrap(), "-o", "json"]).expect(0).json();
    assert_eq!(second["settled"][0]["stage"], "confirmed", "{second}");
    assert_eq!(second["settled"][0]["batches"], 4);
    // The late batch falls to the next epoch, for both.
    world.pass(1);
    world.ingest(0, late);
    world.run(0, &["settle", "--due"]).expect(0);
    let third = world.run(1, &["settle", "--due", "-o", "json"]).expect(0).json();
    assert_eq!(
        (&third["settled"][0]["batches"], &third["settled"][0]["stage"]),
        (&1.into(), &"confirmed".into()),
        "{third}"
    );
}

#[test]
fn a_settler_that_holds_batches_back_gets_no_root() {
    let mut world = World::new(2, 2);
    let envelopes = world.batches(0, 5);
    world.ingest(0, &envelopes[..3]);
    world.ingest(1, &envelopes);
    world.pass(0);
    world.run(0, &["settle", "--due"]).expect(0);
    let from = world.settlers[0].data.join("epochs");
    let refused = world.run(1, &["settle", "--due", "--from", from.to_str().unwrap()]).expect(3);
    assert!(refused.stderr.contains("seq 4"), "{refused:?}");
    let own = world.run(1, &["settle", "--due", "-o", "json"]).expect(0).json();
    assert_eq!(own["settled"][0]["stage"], "posted");
    assert_eq!(world.commitment(0), None, "no root");
}

#[test]
fn a_settler_that_was_away_takes_over_what_the_chain_holds() {
    let mut world = World::new(2, 1);
    let envelopes: Vec<_> = (0..3).flat_map(|epoch| world.batches(epoch, 2)).collect();
    world.pass(1);
    world.ingest(0, &envelopes[..4]);
    world.run(0, &["settle", "--due"]).expect(0);
    world.pass(2);
    world.ingest(1, &envelopes);
    let lost = world.run(1, &["settle", "--due"]).expect(75);
    assert!(lost.stderr.contains("--from"), "{lost:?}");
    let from = world.settlers[0].data.join("epochs");
    let found = world.run(1, &["settle", "--due", "--from", from.to_str().unwrap(), "-o", "json"]).expect(0).json();
    assert_eq!((&found["settled"][0]["epoch"], &found["settled"][0]["batches"]), (&2.into(), &2.into()), "{found}");
    world.run(1, &["verify", "2"]).expect(0);
}
