//! A revoked parent orphans its children; everything is posted again, nothing counted twice or lost.

use radio_payouts_client::instruction;

use crate::world::World;

#[test]
fn a_revoked_parent_and_its_children_are_posted_again() {
    let mut world = World::new(1, 1);
    let envelopes: Vec<_> = (0..3).flat_map(|epoch| world.batches(epoch, 3)).collect();
    // One batch of epoch 0 is not there at first.
    let (missing, rest): (Vec<_>, Vec<_>) = envelopes.into_iter().enumerate().partition(|(at, _)| *at == 1);
    let rest: Vec<_> = rest.into_iter().map(|(_, envelope)| envelope).collect();
    let missing: Vec<_> = missing.into_iter().map(|(_, envelope)| envelope).collect();
    world.pass(2);
    world.ingest(0, &rest);
    let report = world.run(0, &["settle", "--due", "-o", "json"]).expect(0).json();
    assert_eq!(report["settled"].as_array().unwrap().len(), 3);
    let first: Vec<_> = (0..3).map(|epoch| world.commitment(epoch).unwrap()).collect();

    // Final, then rejected by the authority: epochs 0 to 2 leave the chain.
    world.set_time(3 * 300 + 60 + 1 + 120);
    world.as_authority("finalize 0", instruction::finalize_epoch(0, None));
    let authority = solana_signer::Signer::pubkey(&world.authority);
    world.as_authority("reject 0", instruction::reject_epoch(authority, 0, first[0]));
    let orphaned = world.run(0, &["settle", "--due"]).expect(1);
    assert!(orphaned.stderr.contains("--reopen"), "{orphaned:?}");
    world.ingest(0, &missing);
    let report = world.run(0, &["settle", "--due", "--reopen", "-o", "json"]).expect(0).json();
    assert_eq!(report["reopened"], serde_json::json!([2, 1, 0]), "{report}");
    let settled = report["settled"].as_array().unwrap();
    assert_eq!(settled.iter().map(|line| line["batches"].as_u64().unwrap()).collect::<Vec<_>>(), [3, 3, 3], "{report}");
    for (epoch, first) in (0u64..).zip(&first) {
        assert_ne!(&world.commitment(epoch).unwrap(), first);
        world.run(0, &["verify", &epoch.to_string()]).expect(0);
        let superseded = world.settlers[0].data.join("epochs/superseded").join(hex::encode(first));
        world.run(0, &["verify", superseded.to_str().unwrap(), "--offline"]).expect(0);
        let on_chain = world.run(0, &["verify", superseded.to_str().unwrap()]).expect(3);
        assert!(on_chain.stderr.contains("on chain, recomputed"), "{on_chain:?}");
    }
}
