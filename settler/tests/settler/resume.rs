//! A settlement that is killed after its first pass goes on from the checkpoint, without an engine and without rows; from any other it
//! begins anew. The bytes are the same.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use radio_payouts_client::instruction;
use radio_payouts_protocol::hash::Hash;
use solana_signer::Signer as _;

use crate::crashes::{fill, points};
use crate::disk::Disk;
use crate::saved::Saved;
use crate::world::{Ran, World, lines, snapshot};

const SETTLE: [&str; 4] = ["settle", "--due", "--engine", "datafusion"];
/// Nobody answers there.
const NOWHERE: &str = "spark://nowhere.invalid:7077";

/// Epoch 1 is due, epoch 0 is its parent. Envelopes of a batch that has not come yet.
fn world() -> (World, Vec<Vec<u8>>) {
    let mut world = World::new(1, 1);
    let before = world.batches(0, 3);
    world.ingest(0, &before);
    world.pass(0);
    world.run(0, &SETTLE).expect(0);
    let mut envelopes = world.batches(1, 4);
    let late = envelopes.split_off(3);
    envelopes.push(world.sfus[1].tick(330_000));
    world.ingest(0, &envelopes);
    world.pass(1);
    (world, late)
}

/// What epoch 1 came to.
#[derive(PartialEq, Eq, Debug)]
struct Result(BTreeMap<PathBuf, Vec<u8>>, Option<Hash>);

impl Result {
    fn of(world: &World) -> Self {
        Self(snapshot(&world.epoch_folder(0, 1)), world.commitment(1))
    }
}

fn kill_at(world: &World, args: &[&str], point: &str) {
    let killed = world.run_with(0, args, &[("RADIO_PAYOUTS_CRASH_AT", point)]);
    assert_eq!(killed.code, None, "{point} was not reached: {killed:?}");
}

fn work(world: &World) -> PathBuf {
    world.settlers[0].data.join("work/epoch-000001")
}

fn resumes(ran: &Ran) -> bool {
    ran.stderr.contains("epoch 1: resumes after aggregated")
}

fn begins_anew(ran: &Ran) -> bool {
    ran.stderr.contains("epoch 1: begins anew")
}

#[test]
fn after_the_checkpoint_no_engine_and_no_rows_are_needed() {
    let (world, _) = world();
    let before = Saved::take(&world);
    let passed = points(&world, &SETTLE);
    let expected = Result::of(&world);
    let place = |name: &str| passed.iter().position(|point| point == name).unwrap();
    let second_pass = &passed[place("epoch.checkpointed:1")..=place("epoch.built:1")];
    assert_eq!(second_pass.len(), 4, "{second_pass:?}");
    let rows = world.settlers[0].data.join("rows");
    for point in second_pass {
        for engine in [NOWHERE, "pure", "auto", "datafusion"] {
            before.restore(&world);
            kill_at(&world, &SETTLE, point);
            // What a writer may have left that was killed at any other moment.
            for half in ["payouts.csv", ".tmpA", "batches/.tmpB", "manifest.json"] {
                std::fs::write(work(&world).join("staging").join(half), b"half").unwrap();
            }
            std::fs::remove_dir_all(&rows).unwrap();
            let ran = world.run(0, &["settle", "--due", "--engine", engine]).expect(0);
            assert!(resumes(&ran) && !ran.stderr.contains("epoch 1: aggregated"), "{point}: {ran:?}");
            assert!(Result::of(&world) == expected, "{point}, {engine}");
            assert!(!rows.exists() && !work(&world).exists(), "{point}, {engine}");
        }
    }
    let stages = world.settlers[0].data.join("stages/epoch-000001.json");
    let stages: serde_json::Value = serde_json::from_slice(&std::fs::read(stages).unwrap()).unwrap();
    let reached =
        stages["runs"][0]["stages"].as_array().unwrap().iter().map(|reached| reached["stage"].as_str().unwrap());
    assert!(reached.eq(["allocated", "built", "published", "posted", "confirmed"]), "{stages}");
}

#[test]
fn killed_again_and_again_it_still_goes_on() {
    let (world, _) = world();
    let before = Saved::take(&world);
    world.run(0, &SETTLE).expect(0);
    let expected = Result::of(&world);
    before.restore(&world);
    kill_at(&world, &SETTLE, "epoch.checkpointed");
    let again = ["settle", "--due", "--engine", NOWHERE];
    for point in points_of(&Saved::take(&world), &world, &again) {
        kill_at(&world, &again, &point);
        let state = Saved::take(&world);
        let ran = world.run(0, &again).expect(0);
        assert!(resumes(&ran), "{point}: {ran:?}");
        assert!(Result::of(&world) == expected, "{point}");
        state.restore(&world);
    }
    world.run(0, &again).expect(0);
    assert!(Result::of(&world) == expected);
}

/// Points of the second pass in the run of `args`, which is taken back.
fn points_of(before: &Saved, world: &World, args: &[&str]) -> Vec<String> {
    let passed = points(world, args);
    before.restore(world);
    let end = passed.iter().position(|point| point == "epoch.built:1").unwrap();
    let wanted = |point: &&String| point.starts_with("epoch.");
    passed[..=end].iter().filter(wanted).cloned().collect()
}

#[test]
fn with_anything_damaged_it_begins_anew() {
    let (world, _) = world();
    let before = Saved::take(&world);
    world.run(0, &SETTLE).expect(0);
    let expected = Result::of(&world);
    before.restore(&world);
    kill_at(&world, &SETTLE, "epoch.checkpointed");
    let killed = Saved::take(&world);
    let names: Vec<_> = snapshot(&work(&world)).into_keys().filter(|name| name.components().count() > 1).collect();
    // Two files of envelopes, verdicts, four tables, weights, the checkpoint.
    let known = |name: &Path| name.starts_with("staging") || name.starts_with("aggregated");
    assert_eq!(names.iter().filter(|name| known(name)).count(), 9, "{names:?}");
    for name in names.iter().filter(|name| known(name)) {
        for damage in ["flip", "cut", "remove", "replace by a folder"] {
            killed.restore(&world);
            let path = work(&world).join(name);
            let mut bytes = std::fs::read(&path).unwrap();
            let place = bytes.len() / 2;
            match damage {
                "flip" => bytes[place] ^= 1,
                _ => bytes.truncate(place),
            }
            std::fs::remove_file(&path).unwrap();
            match damage {
                "remove" => {}
                "replace by a folder" => std::fs::create_dir(&path).unwrap(),
                _ => std::fs::write(&path, bytes).unwrap(),
            }
            let ran = world.run(0, &SETTLE).expect(0);
            assert!(!resumes(&ran), "{}, {damage}: {ran:?}", name.display());
            let is_gone = name.ends_with("checkpoint.json") && damage == "remove";
            assert_eq!(begins_anew(&ran), !is_gone, "{}, {damage}: {ran:?}", name.display());
            assert!(Result::of(&world) == expected, "{}, {damage}", name.display());
        }
    }
}

#[test]
fn other_terms_begin_anew_and_a_batch_that_came_late_changes_nothing_by_itself() {
    let (world, late) = world();
    let before = Saved::take(&world);
    world.run(0, &SETTLE).expect(0);
    let expected = Result::of(&world);

    before.restore(&world);
    kill_at(&world, &SETTLE, "epoch.checkpointed");
    world.ingest(0, &late);
    let ran = world.run(0, &["settle", "--due", "--engine", NOWHERE]).expect(0);
    assert!(resumes(&ran), "{ran:?}");
    assert!(Result::of(&world) == expected, "what was sealed is judged");

    let change = || {
        world.ingest(0, &late);
        let (authority, other) = (world.authority.pubkey(), world.sfus[1].key.verifying_key().to_bytes());
        world.as_authority("stop SFU 1", instruction::stop_sfu(authority, &other, Some(9)));
    };
    before.restore(&world);
    change();
    world.run(0, &SETTLE).expect(0);
    let other = Result::of(&world);
    assert!(other != expected);
    for engine in ["datafusion", "pure"] {
        before.restore(&world);
        kill_at(&world, &SETTLE, "epoch.checkpointed");
        change();
        let ran = world.run(0, &["settle", "--due", "--engine", engine]).expect(0);
        assert!(begins_anew(&ran) && ran.stderr.contains("other terms or batches"), "{ran:?}");
        assert!(Result::of(&world) == other, "{engine}");
    }
}

#[test]
fn a_disk_that_is_full_at_the_checkpoint_or_after_it_is_a_clear_error_and_nothing_is_lost() {
    let mut world = World::new(1, 1);
    let envelopes = world.batches(0, 4);
    world.ingest(0, &envelopes);
    world.pass(0);
    let whole = Saved::take(&world);
    world.run(0, &SETTLE).expect(0);
    let expected = (snapshot(&world.epoch_folder(0, 0)), world.commitment(0));
    whole.restore(&world);
    let Some(disk) = Disk::mount("16m") else { return };
    world.settlers[0].data = disk.path().join("data");
    let given = world.folder.path().join("envelopes.ndjson");
    std::fs::write(&given, lines(&envelopes)).unwrap();
    world.run(0, &["ingest", "--rows", given.to_str().unwrap()]).expect(0);
    let (filler, work) = (disk.path().join("filler"), world.settlers[0].data.join("work/epoch-000000"));
    let mut at_checkpoint = 0;
    for kibibytes in (0..2_048).step_by(4) {
        let _ = std::fs::remove_dir_all(&work);
        fill(&filler, kibibytes);
        let ran = world.run(0, &SETTLE);
        assert_eq!(ran.code, Some(1), "{kibibytes} KiB: {ran:?}");
        assert!(ran.stderr.contains("full") || ran.stderr.contains("No space"), "{kibibytes} KiB: {ran:?}");
        if work.join("aggregated/checkpoint.json").exists() {
            // Full in the second pass: what the first came to is there.
            assert!(ran.stderr.contains("the disk is full"), "{ran:?}");
            break;
        }
        if ran.stderr.contains("checkpoint.json") {
            assert!(ran.stderr.contains("the disk is full"), "{ran:?}");
            at_checkpoint += 1;
        }
    }
    std::fs::remove_file(&filler).unwrap();
    assert!(at_checkpoint > 0, "the disk was never full at the checkpoint");
    let ran = world.run(0, &["settle", "--due", "--engine", NOWHERE]).expect(0);
    assert!(ran.stderr.contains("epoch 0: resumes after aggregated"), "{ran:?}");
    assert!((snapshot(&world.epoch_folder(0, 0)), world.commitment(0)) == expected);
}
