//! Ingest is idempotent, its limits hold, and the index can be made again.

use crate::world::{EPOCH, World};

#[test]
fn a_file_given_twice_counts_once_and_the_index_is_rebuilt_from_the_packs() {
    let mut world = World::new(1, 1);
    let envelopes = world.batches(0, 6);
    world.pass(0);
    assert_eq!(world.ingest(0, &envelopes)["held"], 6);
    assert_eq!(world.ingest(0, &envelopes)["already_held"], 6);
    // Another signature of the same batch is the same batch; a second batch of the same number is held, a third is not.
    let mut twin = world.sfus[0].clone();
    twin.seq = 5;
    let twins = [twin.clone().tick_with(55_000, &[(0, 1)]), twin.tick_with(55_000, &[(0, 2)])];
    let answers = world.ingest(0, &twins);
    assert_eq!((&answers["held"], &answers["already_held"]), (&1.into(), &1.into()), "{answers}");

    let data = &world.settlers[0].data;
    for name in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
        let _ = std::fs::remove_file(data.join(name));
    }
    let rebuilt = world.run(0, &["store", "rebuild", "-o", "json"]).expect(0).json();
    assert_eq!(rebuilt["batches"], 7, "{rebuilt}");
    assert_eq!(world.ingest(0, &envelopes)["already_held"], 6);
    let status = world.run(0, &["store", "status", "-o", "json"]).expect(0).json();
    assert_eq!(status[0]["batches"], 7);
}

#[test]
fn what_lies_ahead_is_to_be_sent_again_later() {
    let mut world = World::new(1, 1);
    // The chain's clock stands at the end of epoch 0.
    let early = world.sfus[0].tick((EPOCH + 3_600) * 1_000);
    assert_eq!(world.ingest(0, &[early])["try_later"], 1);
    world.sfus[0].seq = 200_000;
    let far = world.sfus[0].tick(100_000);
    assert_eq!(world.ingest(0, &[far])["try_later"], 1);
    let rejects = world.run(0, &["rejects", "-o", "json"]).expect(0).json();
    assert_eq!(rejects["totals"]["try_later"], 2, "{rejects}");
}

#[test]
fn a_flipped_byte_in_a_pack_is_found_by_a_rebuild() {
    let mut world = World::new(1, 1);
    let envelopes = world.batches(0, 2);
    world.ingest(0, &envelopes);
    let packs = world.settlers[0].data.join("batches");
    let day = std::fs::read_dir(packs).unwrap().next().unwrap().unwrap().path();
    let pack = std::fs::read_dir(day).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&pack).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&pack, bytes).unwrap();
    let refused = world.run(0, &["store", "rebuild"]).expect(1);
    assert!(refused.stderr.contains("is damaged"), "{refused:?}");
}

#[test]
fn bare_receipts_are_wrapped_under_the_flag_and_counted_once() {
    let world = World::new(1, 1);
    let secret = solana_keypair::Keypair::new_from_array([2; 32]).to_bytes();
    std::fs::write(world.folder.path().join("demo.json"), serde_json::to_vec(&secret.as_slice()).unwrap()).unwrap();
    std::fs::write(world.folder.path().join("settler.toml"), "demo_sfu_keypair = \"demo.json\"\n").unwrap();
    let receipt = |track: &str, after_ms: i64| {
        let timestamp = crate::world::GENESIS * 1_000 + after_ms;
        let contributor = format!(r#"{{"did":"{}","bytesOut":1048576}}"#, crate::world::did(1));
        format!(r#"{{"roomId":"r","trackId":"{track}","timestamp":{timestamp},"contributors":[{contributor}]}}"#)
    };
    let text = format!("[{},{},{}]", receipt("a", 5_000), receipt("b", 6_000), receipt("a", 25_000));
    let path = world.folder.path().join("bare.json");
    std::fs::write(&path, text).unwrap();
    let args = ["ingest", "--bare", path.to_str().unwrap(), "-o", "json"];
    world.run_with(0, &args, &[("RADIO_PAYOUTS_DEMO", "false")]).expect(4);
    let report = world.run(0, &args).expect(0).json();
    assert_eq!((&report["answers"]["held"], &report["receipts_held"]), (&2.into(), &3.into()), "{report}");
    let again = world.run(0, &args).expect(0).json();
    assert_eq!(again["answers"], serde_json::json!({"bare_receipt_refused": 3}));
    world.pass(0);
    let settled = world.run(0, &["settle", "--due", "-o", "json"]).expect(0).json();
    assert_eq!(settled["settled"][0]["batches"], 2, "{settled}");
}
