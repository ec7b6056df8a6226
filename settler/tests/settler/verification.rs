//! A copied folder is verified from its batches; whatever is changed in it is found and named.

use crate::world::{World, copy_folder, snapshot};

fn settled() -> World {
    let mut world = World::new(1, 1);
    let envelopes: Vec<_> = (0..2).flat_map(|epoch| world.batches(epoch, 4)).collect();
    world.pass(1);
    world.ingest(0, &envelopes);
    world.run(0, &["settle", "--due"]).expect(0);
    world
}

#[test]
fn one_flipped_byte_in_any_file_is_found() {
    let world = settled();
    let copy = world.folder.path().join("copy");
    copy_folder(&world.epoch_folder(0, 1), &copy);
    let target = copy.to_str().unwrap();
    world.run(0, &["verify", target]).expect(0);
    let files = snapshot(&copy);
    assert_eq!(files.len(), 9, "{:?}", files.keys());
    for (name, bytes) in &files {
        for at in [bytes.len() / 3, bytes.len() / 2, bytes.len() - 3] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            std::fs::write(copy.join(name), &changed).unwrap();
            let ran = world.run(0, &["verify", target]);
            assert_eq!(ran.code, Some(3), "{name:?} byte {at}: {ran:?}");
            let batch = name.extension().is_some_and(|extension| extension == "ndjson");
            let named = if batch { "seq " } else { name.file_name().unwrap().to_str().unwrap() };
            let said = ran.stderr.contains(named) || ran.stderr.contains("manifest.json");
            assert!(said, "{name:?} byte {at} is not named: {}", ran.stderr);
            std::fs::write(copy.join(name), bytes).unwrap();
        }
    }
    world.run(0, &["verify", target, "--offline"]).expect(0);
}

#[test]
fn a_removed_batch_and_an_invented_amount_are_named() {
    let world = settled();
    let copy = world.folder.path().join("copy");
    copy_folder(&world.epoch_folder(0, 1), &copy);
    let target = copy.to_str().unwrap();
    let name = format!("batches/{}.ndjson", hex::encode(world.sfus[0].key.verifying_key().to_bytes()));
    let text = std::fs::read_to_string(copy.join(&name)).unwrap();
    let kept: String =
        text.lines().enumerate().filter(|(at, _)| *at != 1).map(|(_, line)| format!("{line}\n")).collect();
    std::fs::write(copy.join(&name), kept).unwrap();
    let ran = world.run(0, &["verify", target]).expect(3);
    assert!(ran.stderr.contains("seq 6") && ran.stderr.contains(&world.sfus[0].did()), "{ran:?}");
    std::fs::write(copy.join(&name), text).unwrap();

    let csv = std::fs::read_to_string(copy.join("payouts.csv")).unwrap();
    let line = csv.lines().nth(2).unwrap();
    let (head, tail) = line.rsplit_once(',').unwrap();
    std::fs::write(copy.join("payouts.csv"), csv.replace(line, &format!("{head}9,{tail}"))).unwrap();
    let ran = world.run(0, &["verify", target]).expect(3);
    assert!(ran.stderr.contains("payouts.csv") && ran.stderr.contains(line), "{ran:?}");
    std::fs::write(copy.join("payouts.csv"), csv).unwrap();

    std::fs::write(copy.join("stranger"), "x").unwrap();
    let ran = world.run(0, &["verify", target]).expect(3);
    assert!(ran.stderr.contains("stranger"), "{ran:?}");
}

#[test]
fn another_total_on_chain_is_a_difference() {
    let mut world = World::new(3, 2);
    let envelopes = world.batches(0, 4);
    for (settler, count) in [(0, 3), (1, 4), (2, 3)] {
        world.ingest(settler, &envelopes[..count]);
    }
    world.pass(0);
    // Settler 1 holds one batch more and stands alone with it: the others put their root in force.
    for settler in [1, 0, 2] {
        world.run(settler, &["settle", "--due"]).expect(0);
    }
    world.run(0, &["verify", "0"]).expect(0);
    for args in [["verify", "0"].as_slice(), &["settle", "--epoch", "0"]] {
        let refused = world.run(1, args).expect(3);
        assert!(refused.stderr.contains("batches.count"), "{refused:?}");
    }
    let due = world.run(1, &["settle", "--due"]).expect(0);
    assert!(due.stderr.is_empty() || !due.stderr.contains("confirmed"), "{due:?}");
}

#[test]
fn a_folder_that_differs_is_found_with_the_chain_away() {
    let world = settled();
    let copy = world.folder.path().join("copy");
    copy_folder(&world.epoch_folder(0, 1), &copy);
    let target = copy.to_str().unwrap();
    let away = [("RADIO_PAYOUTS_URL", "http://127.0.0.1:1")];
    let batches = format!("batches/{}.ndjson", hex::encode(world.sfus[0].key.verifying_key().to_bytes()));
    // What is judged before the chain would be asked, and what is compared after it.
    for (name, said) in [(batches.as_str(), "seq "), ("payouts.csv", "payouts.csv"), ("manifest.json", "manifest.json")]
    {
        let bytes = std::fs::read(copy.join(name)).unwrap();
        let mut changed = bytes.clone();
        changed[bytes.len() / 2] ^= 1;
        std::fs::write(copy.join(name), changed).unwrap();
        for way in [&["verify", target][..], &["verify", target, "--fast"]] {
            let ran = world.run_with(0, way, &away).expect(3);
            assert!(ran.stderr.contains(said), "{name} is not named: {ran:?}");
        }
        std::fs::write(copy.join(name), bytes).unwrap();
    }
    world.run_with(0, &["verify", target], &away).expect(75);
    world.run_with(0, &["verify", target, "--fast"], &away).expect(75);
    world.run_with(0, &["verify", target, "--offline"], &away).expect(0);
}
