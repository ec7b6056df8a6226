//! `kill -9` at every boundary and inside the send: the next run ends with one post and the same bytes in every file.

use std::path::Path;

use radio_payouts_engine::Rows;
use radio_payouts_engine::rows::SHARDS;
use radio_payouts_protocol::calendar::Calendar;
use radio_payouts_settler::chain::deployment;
use radio_payouts_settler::store::pack;

use crate::disk::Disk;
use crate::saved::Saved;
use crate::world::{EPOCH, World, snapshot};

/// Points that the run of `args` passes, each as often as it passes it.
pub fn points(world: &World, args: &[&str]) -> Vec<String> {
    let trace = world.folder.path().join("trace");
    let _ = std::fs::remove_file(&trace);
    world.run_with(0, args, &[("RADIO_PAYOUTS_CRASH_TRACE", trace.to_str().unwrap())]).expect(0);
    let mut counts = std::collections::HashMap::new();
    let passed = std::fs::read_to_string(trace).unwrap();
    passed
        .lines()
        .map(|name| {
            let count = counts.entry(name).or_insert(0);
            *count += 1;
            format!("{name}:{count}")
        })
        .collect()
}

#[test]
fn a_killed_settlement_is_finished_with_one_post_and_the_same_bytes() {
    let mut world = World::new(1, 1);
    let envelopes: Vec<_> = (0..2).flat_map(|epoch| world.batches(epoch, 3)).collect();
    world.pass(1);
    world.ingest(0, &envelopes);
    let before = Saved::take(&world);
    let points = points(&world, &["settle", "--due"]);
    let expected: Vec<_> =
        (0..2).map(|epoch| (snapshot(&world.epoch_folder(0, epoch)), world.commitment(epoch))).collect();
    eprintln!("{} kills", points.len());
    assert!(points.len() >= 50, "{} kills: {points:?}", points.len());
    for point in &points {
        before.restore(&world);
        let killed = world.run_with(0, &["settle", "--due"], &[("RADIO_PAYOUTS_CRASH_AT", point)]);
        assert_eq!(killed.code, None, "{point} was not reached: {killed:?}");
        world.run(0, &["settle", "--due"]).expect(0);
        for (epoch, (files, commitment)) in (0u64..).zip(&expected) {
            assert_eq!(&snapshot(&world.epoch_folder(0, epoch)), files, "after {point}");
            assert_eq!(&world.commitment(epoch), commitment, "after {point}");
            let account = deployment::epoch(&world.open_chain(), epoch).unwrap().unwrap();
            assert_eq!(account.attempt, 0, "after {point}");
        }
        let third = world.run(0, &["settle", "--due", "-o", "json"]).expect(0).json();
        assert_eq!(third["settled"].as_array().unwrap().len(), 0, "after {point}");
        assert_eq!(posts(&world), 2, "after {point}");
    }
}

/// Transactions that posted, by the journal of closed entries.
fn posts(world: &World) -> usize {
    let closed = world.settlers[0].data.join("journal/closed");
    let read = |path: std::path::PathBuf| std::fs::read_to_string(path).unwrap();
    let entries = std::fs::read_dir(closed).unwrap().map(|entry| read(entry.unwrap().path()));
    entries.filter(|text| text.contains("\"landed\"")).count()
}

/// Receipts by the rows of settler 0, after checking that every pack has rows, once.
fn receipts_with_rows(world: &World) -> u64 {
    let data = &world.settlers[0].data;
    let calendar = Calendar::new(crate::world::GENESIS, u32::try_from(EPOCH).unwrap()).unwrap();
    let records = Rows::new(&data.join("rows"), calendar, SHARDS).records().unwrap();
    let mut sources: Vec<_> = records.iter().flat_map(|record| &record.sources).map(|source| source.0).collect();
    sources.sort_unstable();
    let mut packs: Vec<_> = pack::list(&data.join("batches")).unwrap().into_iter().map(|(name, _)| name.hash).collect();
    packs.sort_unstable();
    assert_eq!(sources, packs);
    records.iter().flat_map(|record| &record.receipts).map(|part| part.total.rows).sum()
}

#[test]
fn a_killed_maker_of_rows_loses_nothing_and_makes_nothing_twice() {
    let mut world = World::new(1, 1);
    let envelopes = world.batches(0, 6);
    world.pass(0);
    let (first, second) = envelopes.split_at(2);
    let path = world.folder.path().join("second.ndjson");
    std::fs::write(&path, crate::world::lines(second)).unwrap();
    // The first have no rows when the second come.
    world.ingest(0, first);
    let before = Saved::take(&world);
    let args = ["ingest", "--rows", path.to_str().unwrap(), "-o", "json"];
    let passed = points(&world, &args);
    let expected = receipts_with_rows(&world);
    let names = |wanted: &str| passed.iter().filter(|point| point.starts_with(wanted)).count();
    assert!(expected > 0 && names("store.") >= 4 && names("rows.") >= 8, "{expected} receipts: {passed:?}");
    for (number, point) in passed.iter().enumerate() {
        before.restore(&world);
        let killed = world.run_with(0, &args, &[("RADIO_PAYOUTS_CRASH_AT", point)]);
        assert_eq!(killed.code, None, "{point} was not reached: {killed:?}");
        // Either way to make up for it: the same run again, or all that has none.
        if number % 2 == 0 {
            world.run(0, &args).expect(0);
        } else {
            let answers = world.ingest(0, &envelopes);
            let answers = answers.as_object().unwrap().values().filter_map(serde_json::Value::as_u64);
            assert_eq!(answers.sum::<u64>(), 6, "after {point}");
            world.run(0, &["store", "rows"]).expect(0);
        }
        assert_eq!(receipts_with_rows(&world), expected, "after {point}");
        let again = world.run(0, &["store", "rows", "-o", "json"]).expect(0).json();
        assert_eq!(again["records"], 0, "after {point}: {again}");
    }
}

#[test]
fn a_full_disk_is_a_clear_error_and_nothing_is_lost() {
    let mut world = World::new(1, 1);
    let envelopes = world.batches(0, 6);
    world.pass(0);
    let Some(disk) = Disk::mount("16m") else { return };
    world.settlers[0].data = disk.path().join("data");
    let (first, second) = envelopes.split_at(2);
    let given = world.folder.path().join("second.ndjson");
    std::fs::write(&given, crate::world::lines(second)).unwrap();
    let args = ["ingest", "--rows", given.to_str().unwrap(), "-o", "json"];
    world.ingest(0, first);
    let filler = disk.path().join("filler");
    let mut failures = 0;
    for kibibytes in (0..2_048).step_by(24) {
        fill(&filler, kibibytes);
        let ran = world.run(0, &args);
        if ran.code == Some(0) {
            break;
        }
        assert_eq!(ran.code, Some(1), "{kibibytes} KiB: {ran:?}");
        assert!(ran.stderr.contains("full"), "{kibibytes} KiB: {ran:?}");
        failures += 1;
    }
    assert!(failures > 1, "{failures} failures");
    std::fs::remove_file(&filler).unwrap();
    assert_eq!(world.ingest(0, &envelopes)["already_held"], 6);
    world.run(0, &["store", "rows"]).expect(0);
    assert!(receipts_with_rows(&world) > 0);
    world.run(0, &["store", "rebuild"]).expect(0);
    assert_eq!(world.ingest(0, &envelopes)["already_held"], 6);
}

/// Fills the disk but for so many KiB.
pub fn fill(filler: &Path, free_kibibytes: usize) {
    use std::io::Write as _;
    let mut file = std::fs::File::create(filler).unwrap();
    let (mut length, page) = (0u64, [7; 4_096]);
    while file.write_all(&page).is_ok() {
        length += page.len() as u64;
    }
    file.set_len(length.saturating_sub(free_kibibytes as u64 * 1_024)).unwrap();
}

#[test]
fn a_read_only_disk_is_a_clear_error_and_nothing_is_lost() {
    let mut world = World::new(1, 1);
    let envelopes = world.batches(0, 4);
    world.pass(0);
    let Some(disk) = Disk::mount("16m") else { return };
    world.settlers[0].data = disk.path().join("data");
    let (first, second) = envelopes.split_at(2);
    let given = world.folder.path().join("second.ndjson");
    std::fs::write(&given, crate::world::lines(second)).unwrap();
    world.ingest(0, first);
    let before = snapshot(&world.settlers[0].data);
    disk.remount("ro");
    for args in [&["ingest", "--rows", given.to_str().unwrap()][..], &["store", "rows"], &["store", "rebuild"]] {
        let ran = world.run(0, args).expect(1);
        assert!(ran.stderr.contains("read-only"), "{ran:?}");
    }
    assert!(snapshot(&world.settlers[0].data) == before);
    disk.remount("rw");
    world.run(0, &["ingest", "--rows", given.to_str().unwrap()]).expect(0);
    assert!(receipts_with_rows(&world) > 0);
    assert_eq!(world.ingest(0, &envelopes)["already_held"], 4);
}

#[test]
fn a_killed_ingest_loses_nothing_that_it_acknowledged() {
    let mut world = World::new(1, 1);
    let envelopes = world.batches(0, 4);
    world.pass(0);
    let (first, second) = envelopes.split_at(2);
    world.ingest(0, first);
    let path = world.folder.path().join("second.ndjson");
    std::fs::write(&path, crate::world::lines(second)).unwrap();
    let before = Saved::take(&world);
    let args = ["ingest", path.to_str().unwrap()];
    for point in points(&world, &args) {
        before.restore(&world);
        let killed = world.run_with(0, &args, &[("RADIO_PAYOUTS_CRASH_AT", &point)]);
        assert_eq!(killed.code, None, "{point} was not reached: {killed:?}");
        let again = world.run(0, &[args[0], args[1], "-o", "json"]).expect(0).json();
        let answers = &again["answers"];
        let count = |name: &str| answers[name].as_u64().unwrap_or_default();
        assert_eq!(count("held") + count("already_held"), 2, "after {point}: {again}");
        assert_eq!(world.ingest(0, &envelopes)["already_held"], 4, "after {point}");
    }
}
