//! `kill -9` at every boundary and inside the send: the next run ends with one post and the same bytes in every file.

use radio_payouts_settler::chain::deployment;

use crate::world::{World, copy_folder, snapshot};

/// Points that the run of `args` passes, each as often as it passes it.
fn points(world: &World, args: &[&str]) -> Vec<String> {
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

struct Saved(tempfile::TempDir);

impl Saved {
    fn take(world: &World) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(&world.chain, folder.path().join("chain")).unwrap();
        copy_folder(&world.settlers[0].data, &folder.path().join("data"));
        Self(folder)
    }

    fn restore(&self, world: &World) {
        std::fs::copy(self.0.path().join("chain"), &world.chain).unwrap();
        std::fs::remove_dir_all(&world.settlers[0].data).unwrap();
        copy_folder(&self.0.path().join("data"), &world.settlers[0].data);
    }
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
