//! Batches of final epochs: compacted, archived, read where they are, brought back. Killed at every boundary, nothing is lost.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use radio_payouts_client::instruction;
use radio_payouts_engine::Rows;
use radio_payouts_engine::rows::SHARDS;
use radio_payouts_protocol::calendar::Calendar;
use radio_payouts_settler::store::{Store, pack};

use crate::http::Service;
use crate::saved::Saved;
use crate::world::{EPOCH, GENESIS, World, copy_folder, did, snapshot};

/// SFU, number, hash.
type Batch = ([u8; 32], u64, [u8; 32]);
/// Envelopes by the hash of their batch.
type Held = BTreeMap<[u8; 32], Vec<u8>>;
/// Content by name.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// A world with epochs 0 and 1 settled, their batches taken in together: one pack has batches of both. Epoch 0 is final, epoch 1 is not.
pub fn settled() -> World {
    let world = posted();
    finalize(&world, 0, None);
    world
}

/// As [`settled`], before any of the two is final. An SFU has signed two batches with one number.
fn posted() -> World {
    let mut world = World::new(1, 1);
    let mut envelopes: Vec<_> = (0..2).flat_map(|epoch| world.batches(epoch, 6)).collect();
    let mut twin = world.sfus[1].clone();
    envelopes.extend([world.sfus[1].tick(15_000), twin.tick_with(25_000, &[(3, 1_000)])]);
    // The second half comes in a round of its own.
    world.pass(1);
    let late = envelopes.split_off(3);
    world.ingest(0, &envelopes);
    world.ingest(0, &late);
    world.run(0, &["settle", "--due"]).expect(0);
    world
}

fn finalize(world: &World, epoch: u64, parent: Option<u64>) {
    world.set_time((i64::try_from(epoch).unwrap() + 10) * EPOCH);
    world.as_authority(&format!("finalize {epoch}"), instruction::finalize_epoch(epoch, parent));
}

fn data(world: &World) -> &Path {
    &world.settlers[0].data
}

/// Everything that is indexed: by batch, with its pack and place.
fn indexed(world: &World) -> BTreeMap<Batch, (String, u64, u64)> {
    let store = Store::open(data(world)).unwrap();
    let keys: Vec<_> = store.index().totals().unwrap().into_iter().map(|(key, _, _)| key).collect();
    let all = keys.iter().flat_map(|key| store.index().between(key, 0, u64::MAX).unwrap());
    all.map(|it| ((it.header.sfu_key, it.header.seq, it.header.hash), (it.pack, it.span.start, it.span.length)))
        .collect()
}

/// Where the held batches stop their SFUs.
fn stops(world: &World) -> Vec<(Vec<u8>, i64)> {
    let index = rusqlite::Connection::open(data(world).join("index.sqlite")).unwrap();
    let query =
        "SELECT DISTINCT s.key, b.seq FROM batches b JOIN sfus s ON s.id = b.sfu WHERE b.stops = 1 ORDER BY 1, 2";
    let mut statement = index.prepare(query).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// Every held batch, by its hash, as it is read now.
fn held(world: &World) -> Held {
    let store = Store::open_read_only(data(world)).unwrap();
    indexed(world).into_keys().map(|(_, _, hash)| (hash, store.envelope_of(&hash).unwrap())).collect()
}

/// Asserts that the index is what the packs say.
#[track_caller]
fn require_as_rebuilt(world: &World, when: &str) {
    let before = (indexed(world), stops(world));
    assert_eq!(before.1.len(), 1, "the two batches with one number");
    world.run(0, &["store", "rebuild"]).expect(0);
    assert_eq!((indexed(world), stops(world)), before, "{when}");
}

/// Files of envelopes of an epoch and of all packs.
fn files(world: &World, epoch: u64) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let list = |folder: PathBuf| {
        let mut names: Vec<_> = snapshot(&folder).into_keys().map(|name| folder.join(name)).collect();
        names.retain(|name| !name.ends_with("verdicts.csv"));
        names
    };
    (list(world.epoch_folder(0, epoch).join("batches")), list(data(world).join("batches")))
}

/// Folders of an epoch without its batches, the commitment, and every batch: what must be the same whatever becomes of the files.
pub fn content(world: &World) -> (Vec<Files>, Held) {
    let folders = (0..2).map(|epoch| {
        let mut files = snapshot(&world.epoch_folder(0, epoch));
        files.retain(|name, _| !name.starts_with("batches") || name.ends_with("verdicts.csv"));
        files
    });
    (folders.collect(), held(world))
}

/// What commands print that read epoch 0.
fn reading(world: &World) -> Vec<String> {
    let did = did(0);
    let commands = [
        &["export", "receipts", "--epochs", "0", "--offline"][..],
        &["prove", &did, "--epoch", "0", "-o", "json"],
        &["simulate", "--set", "rate=2000000000", "--epochs", "0..1", "--offline", "-o", "json"],
    ];
    commands.map(|command| world.run(0, command).expect(0).stdout).to_vec()
}

#[track_caller]
fn require_reading(world: &World, expected: &[String]) {
    assert_eq!(reading(world), expected);
}

#[test]
fn an_epoch_that_may_still_be_disputed_is_refused_with_the_time_at_which_it_can_be_final() {
    let world = posted();
    let before = kept(&world);
    let commands = [&["store", "compact", "--epoch"][..], &["store", "archive", "--to", "file:///tmp/none", "--epoch"]];
    for (seconds, word) in [(665, "it can be final from 2025-"), (3_000, "`settler admin finalize 1` makes it final")] {
        world.set_time(seconds);
        for command in commands {
            let refused = world.run(0, &[command, &["1"]].concat()).expect(75);
            assert!(refused.stderr.contains(word), "{refused:?}");
            let unknown = world.run(0, &[command, &["7"]].concat()).expect(1);
            assert!(unknown.stderr.contains("epoch 7 is not sealed here"), "{unknown:?}");
        }
    }
    // Without a number those that are final are meant: there is none.
    let none = world.run(0, &["store", "compact", "-o", "json"]).expect(0).json();
    assert_eq!(none["files"].as_array().unwrap().len(), 0);
    assert!(kept(&world) == before);
}

#[test]
fn a_file_that_is_not_what_the_manifest_says_is_not_compacted() {
    let world = settled();
    let (envelopes, _) = files(&world, 0);
    let mut lines = std::fs::read(&envelopes[0]).unwrap();
    let place = lines.iter().position(|byte| *byte == b'7').unwrap();
    lines[place] = b'8';
    std::fs::write(&envelopes[0], &lines).unwrap();
    let before = snapshot(&data(&world).join("batches"));
    let refused = world.run(0, &["store", "compact"]);
    assert!(matches!(refused.code, Some(1 | 3)), "{refused:?}");
    assert_eq!(snapshot(&data(&world).join("batches")), before);
    assert_eq!(std::fs::read(&envelopes[0]).unwrap(), lines);
}

#[test]
fn a_final_epoch_is_compacted_into_packs_that_it_shares_and_everything_works_as_before() {
    let mut world = settled();
    let (expected, before, read) = (content(&world), indexed(&world), reading(&world));
    let would = world.run(0, &["store", "compact", "--dry-run", "-o", "json"]).expect(0).json();
    assert_eq!((indexed(&world), content(&world)), (before.clone(), expected.clone()), "a dry run changes nothing");
    let done = world.run(0, &["store", "compact", "-o", "json"]).expect(0).json();
    for (field, value) in done.as_object().unwrap().iter().filter(|(field, _)| *field != "dryRun") {
        assert_eq!(&would[field], value, "{field}: what a dry run says comes true");
    }
    assert_eq!(done["files"].as_array().unwrap().len(), 2, "{done}");
    assert!(done["files"].as_array().unwrap().iter().all(|file| file["epoch"] == "0" && file["state"] == "compacted"));
    // The first pack had batches of epoch 0 alone, the other one has those of epoch 1 too.
    assert_eq!(done["packsRemoved"], 1, "{done}");

    // The artefact's files are packs: one file with two names.
    let (envelopes, packs) = files(&world, 0);
    assert_eq!((envelopes.len(), packs.len()), (2, 3));
    for file in &envelopes {
        assert!(file.to_str().unwrap().ends_with(".ndjson.zst"), "{}", file.display());
        let inode = std::fs::metadata(file).unwrap().ino();
        assert!(packs.iter().any(|pack| std::fs::metadata(pack).unwrap().ino() == inode));
    }
    let after = indexed(&world);
    assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
    assert_eq!(content(&world), expected);
    require_as_rebuilt(&world, "after compaction");
    world.run(0, &["verify", "0"]).expect(0);
    world.run(0, &["verify", "1"]).expect(0);
    require_reading(&world, &read);

    // Again: nothing is left to do.
    let again = world.run(0, &["store", "compact", "-o", "json"]).expect(0).json();
    assert!(again["files"].as_array().unwrap().iter().all(|file| file["state"] == "already"), "{again}");
    assert_eq!((again["packsRemoved"].clone(), indexed(&world)), (0.into(), after));

    // Later batches and epochs: the pack that both shared goes when the second is compacted.
    finalize(&world, 1, Some(0));
    world.run(0, &["store", "compact", "--epoch", "1"]).expect(0);
    assert_eq!(files(&world, 0).1.len(), 3, "two of epoch 0, one of epoch 1");
    assert_eq!(content(&world), expected);
    require_as_rebuilt(&world, "after both");
    let more = world.batches(2, 3);
    world.pass(11);
    assert!(world.ingest(0, &more).to_string().contains("held"));
    world.run(0, &["settle", "--epoch", "2"]).expect(0);
    world.run(0, &["verify", "2"]).expect(0);
}

#[test]
fn rows_of_compacted_packs_are_not_made_twice() {
    let world = settled();
    world.run(0, &["store", "rows"]).expect(0);
    let calendar = Calendar::new(GENESIS, u32::try_from(EPOCH).unwrap()).unwrap();
    let count = || {
        let records = Rows::new(&data(&world).join("rows"), calendar, SHARDS).records().unwrap();
        records.iter().flat_map(|record| &record.receipts).map(|part| part.total.rows).sum::<u64>()
    };
    let before = count();
    assert!(before > 0);
    world.run(0, &["store", "compact"]).expect(0);
    let made = world.run(0, &["store", "rows", "-o", "json"]).expect(0).json();
    assert_eq!((count(), made["packs"].clone()), (before, 0.into()));
}

#[test]
fn a_service_goes_on_telling_receipts_and_files_while_they_are_compacted_archived_and_away() {
    let world = settled();
    let service = Service::start(&world, &["--rate", "0"]);
    service.wait_for("/api/v1/epochs/0/contributors", |answer| answer.status == 200);
    let of_whom = format!("/epochs/0/contributors/{}/receipts?limit=50", did(0));
    // An SFU with two batches of one number, too.
    let of_twin = format!("/epochs/0/contributors/{}/receipts?limit=50", did(3));
    let sfu = hex::encode(world.sfus[0].key.verifying_key().to_bytes());
    let file = format!("/api/v1/epochs/0/files/batches/{sfu}.ndjson");
    let told = || (service.data(&of_whom), service.data(&of_twin), service.get(&file).expect(200).body);
    let expected = told();
    assert!(expected.0["items"].as_array().unwrap().len() >= 6 && expected.1["items"].as_array().unwrap().len() == 1);
    world.run(0, &["store", "compact"]).expect(0);
    assert!(told() == expected);
    let cold = world.folder.path().join("cold");
    world.run(0, &["store", "archive", "--to", &format!("file://{}", cold.display())]).expect(0);
    assert!(told() == expected);
    std::fs::remove_dir_all(data(&world).join("cold-cache")).unwrap();
    std::fs::rename(&cold, world.folder.path().join("aside")).unwrap();
    let away = service.get(&format!("/api/v1{of_whom}")).expect(503);
    assert_eq!(away.header("retry-after"), Some("60"));
    std::fs::rename(world.folder.path().join("aside"), &cold).unwrap();
    assert!(told() == expected);
    world.run(0, &["store", "fetch"]).expect(0);
    assert!(told() == expected);
}

/// Points that the run of `args` passes, each as often as it passes it.
fn points(world: &World, args: &[&str], of: &str) -> Vec<String> {
    let trace = world.folder.path().join("trace");
    let _ = std::fs::remove_file(&trace);
    world.run_with(0, args, &[("RADIO_PAYOUTS_CRASH_TRACE", trace.to_str().unwrap())]).expect(0);
    let mut counts = BTreeMap::new();
    let passed = std::fs::read_to_string(trace).unwrap();
    passed
        .lines()
        .map(|name| {
            let count = counts.entry(name.to_owned()).or_insert(0);
            *count += 1;
            format!("{name}:{count}")
        })
        .filter(|point| point.starts_with(of))
        .collect()
}

/// Files below the data folder that hold signed batches, stubs too, with their bytes.
fn kept(world: &World) -> Files {
    let mut files = snapshot(data(world));
    files.retain(|name, _| name.starts_with("batches") || name.starts_with("epochs"));
    files
}

/// Kills the run of `args` at each of its points; whatever the state then, nothing is lost, and a second run ends as one that was not killed.
fn kill_everywhere(world: &World, args: &[&str], of: &str, least: usize) {
    let (before, expected) = (Saved::take(world), content(world));
    let points = points(world, args, of);
    assert!(points.len() >= least, "{points:?}");
    let done = (kept(world), indexed(world));
    for (number, point) in points.iter().enumerate() {
        before.restore(world);
        let killed = world.run_with(0, args, &[("RADIO_PAYOUTS_CRASH_AT", point)]);
        assert_eq!(killed.code, None, "{point} was not reached: {killed:?}");
        // Either way: what is read in between may repair something, or nothing was read.
        if number % 2 == 0 {
            assert_eq!(content(world), expected, "after {point}");
            world.run(0, &["verify", "0"]).expect(0);
        }
        world.run(0, args).expect(0);
        assert!(kept(world) == done.0, "other files after {point}: {:?}", kept(world).keys());
        assert_eq!(indexed(world), done.1, "after {point}");
        assert_eq!(content(world), expected, "after {point}");
    }
    require_as_rebuilt(world, of);
}

#[test]
fn a_killed_compaction_loses_nothing_and_is_finished_by_the_next_one() {
    let world = settled();
    finalize(&world, 1, Some(0));
    world.run(0, &["store", "rows"]).expect(0);
    kill_everywhere(&world, &["store", "compact"], "compact.", 20);
    world.run(0, &["verify", "0"]).expect(0);
    world.run(0, &["verify", "1"]).expect(0);
}

#[test]
fn a_killed_archiving_or_fetching_loses_nothing_and_is_finished_by_the_next_one() {
    let world = settled();
    world.run(0, &["store", "compact"]).expect(0);
    let url = format!("file://{}", world.folder.path().join("cold").display());
    let compacted = kept(&world);
    kill_everywhere(&world, &["store", "archive", "--to", &url], "archive.", 14);
    kill_everywhere(&world, &["store", "fetch"], "fetch.", 10);
    assert!(kept(&world) == compacted);
}

#[test]
fn archived_epochs_are_read_where_they_are() {
    let world = settled();
    let (expected, read) = (content(&world), reading(&world));
    let cold = world.folder.path().join("cold");
    let url = format!("file://{}/", cold.display());
    for (wrong, code) in [("/cold", 2), ("https://bucket/a", 2), ("s3://key:secret@bucket/a", 2)] {
        world.run(0, &["store", "archive", "--to", wrong]).expect(code);
    }
    let early = world.run(0, &["store", "archive", "--to", &url]).expect(0);
    assert!(early.stderr.contains("store compact") && early.stdout.contains("not compacted"), "{early:?}");
    world.run(0, &["store", "compact"]).expect(0);
    let lines = world.run(0, &["store", "archive", "--to", &url, "-o", "json"]).expect(0).json();
    assert_eq!(lines.as_array().unwrap().len(), 2);
    let (envelopes, packs) = files(&world, 0);
    assert!(envelopes.iter().all(|file| file.to_str().unwrap().ends_with(".ndjson.zst.cold.json")), "{envelopes:?}");
    assert_eq!(packs.iter().filter(|file| file.to_str().unwrap().ends_with(".cold.json")).count(), 2, "{packs:?}");

    // DOMAIN/EPOCH/SFU.ndjson.zst, each as its stub says.
    let objects = snapshot(&cold);
    let domain = hex::encode(world.sfus[0].domain.as_bytes());
    assert!(objects.keys().all(|name| name.starts_with(Path::new(&domain).join("epoch-000000"))), "{objects:?}");
    assert_eq!(objects.len(), 2);

    // Everything works, through the cache.
    assert_eq!(content(&world), expected);
    let cache = data(&world).join("cold-cache");
    assert_eq!(std::fs::read_dir(&cache).unwrap().count(), 2);
    std::fs::remove_dir_all(&cache).unwrap();
    world.run(0, &["verify", "0"]).expect(0);
    require_reading(&world, &read);
    world.run(0, &["verify", "1"]).expect(0);
    std::fs::remove_dir_all(&cache).unwrap();
    require_as_rebuilt(&world, "after archiving");
    let copied = world.folder.path().join("copied/epoch-000000");
    copy_folder(&world.epoch_folder(0, 0), &copied);
    world.run(0, &["verify", copied.to_str().unwrap()]).expect(0);
    let again = world.run(0, &["store", "archive", "--to", &url, "-o", "json"]).expect(0).json();
    assert!(again.as_array().unwrap().iter().all(|line| line["state"] == "already"), "{again}");
    let compacted = world.run(0, &["store", "compact", "-o", "json"]).expect(0).json();
    assert!(compacted["files"].as_array().unwrap().iter().all(|line| line["state"] == "archived"), "{compacted}");

    // Away: exit 75. Changed: exit 3. Neither is taken for an epoch that is right.
    std::fs::remove_dir_all(&cache).unwrap();
    let aside = world.folder.path().join("aside");
    std::fs::rename(&cold, &aside).unwrap();
    for command in
        [&["verify", "0"][..], &["export", "receipts", "--epochs", "0"], &["store", "fetch"], &["store", "rebuild"]]
    {
        let away = world.run(0, command).expect(75);
        assert!(away.stderr.contains("is not there") && away.stderr.contains("try again"), "{away:?}");
    }
    copy_folder(&aside, &cold);
    let object = cold.join(objects.keys().next().unwrap());
    let mut bytes = std::fs::read(&object).unwrap();
    let last = bytes.len() - 5;
    bytes[last] ^= 1;
    std::fs::write(&object, &bytes).unwrap();
    for command in [&["verify", "0"][..], &["export", "receipts", "--epochs", "0"], &["store", "fetch"]] {
        let changed = world.run(0, command).expect(3);
        assert!(changed.stderr.contains("is not what was put there"), "{changed:?}");
    }
    std::fs::remove_dir_all(&cold).unwrap();
    std::fs::rename(&aside, &cold).unwrap();

    // And back for good.
    let fetched = world.run(0, &["store", "fetch", "--epoch", "0", "-o", "json"]).expect(0).json();
    assert_eq!(fetched.as_array().unwrap().len(), 2);
    std::fs::remove_dir_all(&cold).unwrap();
    assert_eq!(content(&world), expected);
    world.run(0, &["verify", "0"]).expect(0);
    require_as_rebuilt(&world, "after fetching");
    let packs = pack::list(&data(&world).join("batches")).unwrap();
    assert!(packs.iter().all(|(_, path)| path.is_file()), "{packs:?}");
}
