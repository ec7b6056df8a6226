//! What cron does: `settle --due`, again and again.

use radio_payouts_client::instruction;

use crate::world::World;

#[test]
fn due_epochs_are_caught_up_in_order_and_a_second_run_posts_nothing() {
    let mut world = World::new(1, 1);
    let envelopes: Vec<_> = (0..3).flat_map(|epoch| world.batches(epoch, 5)).collect();
    world.pass(2);
    let answers = world.ingest(0, &envelopes);
    assert_eq!(answers["held"], 15);
    let dry = world.run(0, &["settle", "--due", "--dry-run", "-o", "json"]).expect(0).json();
    assert_eq!(dry["epoch"], "0");
    assert_eq!(world.commitment(0), None);
    assert!(!world.epoch_folder(0, 0).exists());

    let first = world.run(0, &["settle", "--due", "-o", "json"]).expect(0).json();
    let settled = first["settled"].as_array().unwrap();
    assert_eq!(settled.len(), 3, "{first}");
    for (epoch, line) in (0u64..).zip(settled) {
        assert_eq!((&line["stage"], &line["posted"]), (&"confirmed".into(), &true.into()), "{line}");
        assert_eq!(line["commitment"], hex::encode(world.commitment(epoch).unwrap()));
    }
    assert_eq!(settled[0]["commitment"], dry_commitment(&world));
    let second = world.run(0, &["settle", "--due", "-o", "json"]).expect(0).json();
    assert_eq!(second["settled"].as_array().unwrap().len(), 0, "{second}");
    // Asked for by name, an epoch on chain is done too.
    let again = world.run(0, &["settle", "--epoch", "1", "-o", "json"]).expect(0).json();
    assert_eq!(again["settled"][0]["posted"], false);
    world.run(0, &["settle", "--epoch", "3"]).expect(75);
    world.run(0, &["settle", "--epoch", "9"]).expect(75);

    for epoch in ["0", "1", "2"] {
        world.run(0, &["verify", epoch]).expect(0);
        world.run(0, &["verify", epoch, "--offline"]).expect(0);
    }
    let did = crate::world::did(1);
    let proof = world.run(0, &["prove", &did, "--on-chain", "-o", "json"]).expect(0).json();
    assert!(proof["on_chain"]["compute_units"].as_u64().unwrap() < 25_000, "{proof}");
    let explained = world.run(0, &["explain", &did, "--epoch", "1"]).expect(0).stdout;
    assert!(explained.contains("leaf "), "{explained}");
    let csv = world.run(0, &["export", "contributors", "--epochs", "1"]).expect(0).stdout;
    assert_eq!(csv.lines().count(), 4, "{csv}");
}

fn dry_commitment(world: &World) -> String {
    hex::encode(world.commitment(0).unwrap())
}

#[test]
fn an_empty_epoch_is_posted_and_an_epoch_under_way_is_estimated() {
    let mut world = World::new(1, 1);
    let envelopes = world.batches(0, 3);
    world.pass(1);
    world.ingest(0, &envelopes);
    let report = world.run(0, &["settle", "--due", "-o", "json"]).expect(0).json();
    assert_eq!(report["settled"].as_array().unwrap().len(), 2, "{report}");
    assert_eq!(report["settled"][1]["batches"], 0);
    let running = world.batches(2, 1);
    world.ingest(0, &running);
    let estimate = world.run(0, &["estimate", "-o", "json"]).expect(0).json();
    assert_eq!((&estimate["standing"], &estimate["epoch"]), (&"estimate".into(), &2.into()), "{estimate}");
    assert_eq!(estimate["payouts"][0]["index"], serde_json::Value::Null);
}

#[test]
fn a_flag_that_is_off_and_a_stranger_are_not_permitted() {
    let mut world = World::new(1, 1);
    let envelopes = world.batches(0, 2);
    world.pass(0);
    world.ingest(0, &envelopes);
    let off = world.run_with(0, &["settle", "--due"], &[("RADIO_PAYOUTS_DEMO", "false")]).expect(4);
    assert!(off.stderr.contains("--radio-payouts-demo"), "{off:?}");

    let stranger = solana_keypair::Keypair::new();
    let file = world.folder.path().join("stranger.json");
    std::fs::write(&file, serde_json::to_vec(&stranger.to_bytes().as_slice()).unwrap()).unwrap();
    let refused =
        world.run_with(0, &["settle", "--due"], &[("RADIO_PAYOUTS_KEYPAIR", file.to_str().unwrap())]).expect(4);
    assert!(refused.stderr.contains("no registered settler"), "{refused:?}");

    let authority = solana_signer::Signer::pubkey(&world.authority);
    world.as_authority("flag off", instruction::set_demo_flag(authority, false));
    let refused = world.run(0, &["settle", "--due"]).expect(4);
    assert!(refused.stderr.contains("set_demo_flag"), "{refused:?}");
    assert_eq!(world.commitment(0), None);
    assert!(!world.settlers[0].data.join("journal").exists(), "nothing was sent");

    world.as_authority("flag on", instruction::set_demo_flag(authority, true));
    world.run(0, &["settle", "--due"]).expect(0);
    assert!(world.commitment(0).is_some());
    // Told even though nothing is due.
    let refused =
        world.run_with(0, &["settle", "--due"], &[("RADIO_PAYOUTS_KEYPAIR", file.to_str().unwrap())]).expect(4);
    assert!(refused.stderr.contains("no registered settler"), "{refused:?}");
}

#[test]
fn a_settlement_under_way_keeps_a_second_one_out() {
    let mut world = World::new(1, 1);
    let envelopes = world.batches(0, 1);
    world.pass(0);
    world.ingest(0, &envelopes);
    let lock = radio_payouts_settler::store::Lock::take(&world.settlers[0].data.join("settle.lock")).unwrap();
    world.run(0, &["settle", "--due"]).expect(75);
    drop(lock);
    world.run(0, &["settle", "--due"]).expect(0);
}
