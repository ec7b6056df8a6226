//! The store by URL: what one machine sent, another one fetches, and both come to the same commitment. Killed at every boundary, nothing is lost
//! and nothing is there twice.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use radio_payouts_engine::Rows;
use radio_payouts_engine::record::{Record, Sha256, VERSION};
use radio_payouts_engine::rows::SHARDS;
use radio_payouts_protocol::calendar::Calendar;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::sha256;
use radio_payouts_settler::store::frame::Compressor;
use radio_payouts_settler::store::pack;

use crate::http::Service;
use crate::retention;
use crate::world::{EPOCH, GENESIS, Ran, World, copy_folder, lines, snapshot};

/// Content by name.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// What adds up receipts in these stories: every engine that this build has.
pub const ENGINES: &[&str] = if cfg!(feature = "datafusion") { &["pure", "datafusion"] } else { &["pure"] };

/// Settlers that have the setting `store`.
pub struct Kept {
    pub world: World,
    config: String,
    environment: Vec<(&'static str, String)>,
}

impl Kept {
    /// A world, with a place where what its settlers hold is kept for good.
    pub fn new(world: World, url: &str, environment: Vec<(&'static str, String)>) -> Self {
        // Not the name that is read where none is given.
        let config = world.folder.path().join("kept.toml");
        std::fs::write(&config, format!("store = \"{url}\"\n")).unwrap();
        Self { config: config.to_str().unwrap().to_owned(), world, environment }
    }

    /// A folder of the world is that place.
    pub fn in_folder(world: World) -> Self {
        let folder = world.folder.path().join("bucket");
        std::fs::create_dir(&folder).unwrap();
        let url = format!("file://{}", folder.display());
        Self::new(world, &url, Vec::new())
    }

    /// What a process gets.
    pub fn environment<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let own = self.environment.iter().map(|(name, value)| (*name, value.as_str()));
        own.chain([("RADIO_PAYOUTS_CONFIG", self.config.as_str())]).chain(more.iter().copied()).collect()
    }

    pub fn run(&self, number: usize, args: &[&str]) -> Ran {
        self.run_with(number, args, &[])
    }

    pub fn run_with(&self, number: usize, args: &[&str], more: &[(&str, &str)]) -> Ran {
        self.world.run_with(number, args, &self.environment(more))
    }

    pub fn data(&self, number: usize) -> &Path {
        &self.world.settlers[number].data
    }

    fn bucket(&self) -> PathBuf {
        self.world.folder.path().join("bucket")
    }

    /// The folder of the deployment.
    fn kept(&self) -> PathBuf {
        self.bucket().join(hex::encode(self.world.sfus[0].domain.as_bytes()))
    }

    /// A file of envelopes.
    pub fn given(&self, envelopes: &[Vec<u8>]) -> String {
        let path = self.world.folder.path().join("given.ndjson");
        std::fs::write(&path, lines(envelopes)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Takes envelopes in and sends them.
    pub fn ingest(&self, number: usize, envelopes: &[Vec<u8>]) -> serde_json::Value {
        self.run(number, &["ingest", &self.given(envelopes), "-o", "json"]).expect(0).json()
    }

    /// Takes the chain back to before the first settlement, and lets settler `number` forget its own.
    pub fn unsettle(&self, number: usize) {
        let before = self.world.folder.path().join("chain-before");
        if before.exists() {
            std::fs::copy(&before, &self.world.chain).unwrap();
        } else {
            std::fs::copy(&self.world.chain, &before).unwrap();
        }
        for folder in ["epochs", "work", "journal"] {
            let _ = std::fs::remove_dir_all(self.data(number).join(folder));
        }
    }

    /// Settles what is due from nothing but what is held, with each engine: the files of all epochs.
    pub fn settled(&self, number: usize) -> Files {
        let mut all = None;
        for engine in ENGINES {
            self.unsettle(number);
            self.run(number, &["settle", "--due", "--engine", engine]).expect(0);
            let found = snapshot(&self.data(number).join("epochs"));
            assert!(!found.is_empty() && all.as_ref().is_none_or(|all| *all == found), "{engine}");
            all = Some(found);
        }
        all.unwrap()
    }
}

fn calendar() -> Calendar {
    Calendar::new(GENESIS, u32::try_from(EPOCH).unwrap()).unwrap()
}

/// The files of a folder, without those that a killed process had not written whole; none if it is not there.
fn files(folder: &Path) -> Files {
    let mut files = if folder.is_dir() { snapshot(folder) } else { Files::new() };
    files.retain(|name, _| !name.file_name().unwrap().to_str().unwrap().starts_with(".tmp"));
    files
}

/// Asserts that everything that a record in the bucket names is there, and returns the number of records.
fn require_whole(kept: &Path) -> usize {
    let records = files(&kept.join("rows/records"));
    for (name, bytes) in &records {
        let record = Record::parse(bytes, calendar()).unwrap();
        assert_eq!(name.to_str().unwrap(), format!("{}.json", hex::encode(Record::id(&record.sources))));
        for (path, file) in Rows::files(&record) {
            let found =
                std::fs::read(kept.join("rows").join(&path)).unwrap_or_else(|error| panic!("{path:?}: {error}"));
            assert!(found.len() as u64 == file.length && sha256(&[&found]) == file.sha256.0, "{path:?}");
        }
        let packs: Vec<String> =
            serde_json::from_slice(&std::fs::read(kept.join("rows/sources").join(name)).unwrap()).unwrap();
        assert_eq!(packs.len(), record.sources.len());
        for (pack, source) in packs.iter().zip(&record.sources) {
            assert_eq!(sha256(&[&std::fs::read(kept.join("packs").join(pack)).unwrap()]), source.0);
        }
    }
    records.len()
}

/// Asserts that every pack here has rows once; records and receipts.
fn rows_here(data: &Path) -> (usize, u64) {
    let records = Rows::new(&data.join("rows"), calendar(), SHARDS).records().unwrap();
    let mut sources: Vec<_> = records.iter().flat_map(|record| &record.sources).map(|source| source.0).collect();
    sources.sort_unstable();
    let mut packs: Vec<_> = pack::list(&data.join("batches")).unwrap().into_iter().map(|(name, _)| name.hash).collect();
    packs.sort_unstable();
    assert_eq!(sources, packs);
    let receipts = records.iter().flat_map(|record| &record.receipts).map(|part| part.total.rows).sum();
    (records.len(), receipts)
}

/// Points that a run passes, each as often as it passes it.
fn points(kept: &Kept, number: usize, args: &[&str]) -> Vec<String> {
    let trace = kept.world.folder.path().join("trace");
    let _ = std::fs::remove_file(&trace);
    kept.run_with(number, args, &[("RADIO_PAYOUTS_CRASH_TRACE", trace.to_str().unwrap())]).expect(0);
    let mut counts = BTreeMap::new();
    let count = |name: &str| {
        let count = counts.entry(name.to_owned()).or_insert(0);
        *count += 1;
        format!("{name}:{count}")
    };
    std::fs::read_to_string(trace).unwrap().lines().map(count).collect()
}

fn replace_folder(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    if from.is_dir() {
        copy_folder(from, to);
    }
}

#[test]
fn urls_that_are_no_store_are_refused_when_they_are_read_without_repeating_a_secret() {
    let world = World::new(1, 1);
    let config = world.folder.path().join("settler.toml");
    let run = |args: &[&str]| world.run_with(0, args, &[("RADIO_PAYOUTS_CONFIG", config.to_str().unwrap())]);
    let wrong = [
        "/srv/store",
        "https://host/store",
        "s3:///prefix",
        "s3://key:SECRET@bucket/a",
        "gs://SECRET@bucket/a",
        "file:///srv/store?token=SECRET",
        "file://elsewhere/srv",
    ];
    for url in wrong {
        std::fs::write(&config, format!("store = \"{url}\"\n")).unwrap();
        for args in [&["config"][..], &["store", "push"], &["store", "pull"], &["ingest", "-"]] {
            let refused = run(args).expect(2);
            assert!(refused.stderr.contains("store: "), "{url}: {refused:?}");
            assert!(!refused.stderr.contains("SECRET") && !refused.stdout.contains("SECRET"), "{url}: {refused:?}");
        }
    }
    std::fs::write(&config, "").unwrap();
    for args in [["store", "push"], ["store", "pull"]] {
        let refused = run(&args).expect(2);
        assert!(refused.stderr.contains("set `store` in "), "{refused:?}");
    }
    std::fs::write(&config, "store = \"file:///srv/store\"\n").unwrap();
    let shown = run(&["config", "-o", "json"]).expect(0).json();
    let store = shown.as_array().unwrap().iter().find(|setting| setting["name"] == "store").unwrap();
    assert_eq!((store["value"].as_str(), store["source"].as_str()), (Some("file:///srv/store"), Some("file")));
}

#[test]
fn an_empty_machine_fetches_what_was_sent_and_comes_to_the_same_commitment() {
    let mut world = World::new(2, 1);
    let envelopes: Vec<_> = (0..2).flat_map(|epoch| world.batches(epoch, 4)).collect();
    world.pass(1);
    let kept = Kept::in_folder(world);
    let (first, second) = envelopes.split_at(3);
    let sent = kept.ingest(0, first);
    assert_eq!((&sent["pushed"]["records"], &sent["pushed"]["packs"]), (&"1".into(), &"1".into()), "{sent}");
    assert_eq!(kept.ingest(0, second)["pushed"]["records"], "1");
    assert_eq!(require_whole(&kept.kept()), 2);
    // The layout is that of the data folder.
    let mut rows = files(&kept.kept().join("rows"));
    rows.retain(|name, _| !name.starts_with("sources"));
    assert!(rows == files(&kept.data(0).join("rows")));
    assert!(files(&kept.kept().join("packs")) == files(&kept.data(0).join("batches")));
    let again = kept.run(0, &["store", "push", "-o", "json"]).expect(0).json();
    assert_eq!((&again["records"], &again["bytes"], &again["found"]), (&"0".into(), &"0".into(), &"0".into()));
    // Who forgot what is there asks, and sends nothing.
    std::fs::remove_dir_all(kept.data(0).join("pushed")).unwrap();
    let before = files(&kept.bucket());
    let again = kept.run(0, &["store", "push", "-o", "json"]).expect(0).json();
    assert_eq!((&again["records"], &again["bytes"], &again["found"]), (&"0".into(), &"0".into(), &"2".into()));
    assert!(files(&kept.bucket()) == before);

    let pulled = kept.run(1, &["store", "pull", "-o", "json"]).expect(0).json();
    assert_eq!((&pulled["records"], &pulled["packs"]), (&"2".into(), &"2".into()), "{pulled}");
    assert_eq!(rows_here(kept.data(1)), rows_here(kept.data(0)));
    for folder in ["rows", "batches"] {
        assert!(files(&kept.data(1).join(folder)) == files(&kept.data(0).join(folder)), "{folder}");
    }
    for command in ["pull", "push"] {
        let again = kept.run(1, &["store", command, "-o", "json"]).expect(0).json();
        assert_eq!((&again["records"], &again["bytes"]), (&"0".into(), &"0".into()), "{command}: {again}");
    }
    let found = kept.settled(1);
    assert!(kept.settled(0) == found);
    for number in 0..2 {
        assert_eq!(kept.world.ingest(number, &envelopes)["already_held"], 8);
        kept.run(number, &["store", "rebuild"]).expect(0);
        kept.run(number, &["verify", "1"]).expect(0);
    }
    // Nobody is asked for records whose sources are all covered here.
    assert!(files(&kept.bucket()) == before);
}

#[test]
fn an_engine_fetches_files_of_rows_that_are_not_here_and_refuses_others() {
    let mut world = World::new(1, 1);
    let envelopes = world.batches(0, 4);
    world.pass(0);
    let kept = Kept::in_folder(world);
    kept.ingest(0, &envelopes);
    let expected = kept.settled(0);
    if ENGINES.len() == 1 {
        return;
    }
    let rows = kept.data(0).join("rows");
    let before = files(&rows);
    let remove = || {
        for folder in ["rows", "receipts", "batches", "dids", "tracks"] {
            let _ = std::fs::remove_dir_all(rows.join(folder));
        }
        kept.unsettle(0);
    };
    let settle = |code| kept.run(0, &["settle", "--due", "--engine", "datafusion"]).expect(code);
    remove();
    // What is there need not be here to be known as sent.
    assert_eq!(kept.run(0, &["store", "push", "-o", "json"]).expect(0).json()["records"], "0");
    settle(0);
    assert!(files(&rows) == before);
    assert!(snapshot(&kept.data(0).join("epochs")) == expected);

    remove();
    let aside = kept.world.folder.path().join("aside");
    std::fs::rename(kept.bucket(), &aside).unwrap();
    let away = settle(75);
    assert!(away.stderr.contains("could not be fetched") && away.stderr.contains("is not there"), "{away:?}");
    std::fs::rename(&aside, kept.bucket()).unwrap();
    let name = before.keys().find(|name| name.starts_with("rows")).unwrap();
    let object = kept.kept().join("rows").join(name);
    let mut bytes = std::fs::read(&object).unwrap();
    bytes[20] ^= 1;
    std::fs::write(&object, &bytes).unwrap();
    let changed = settle(3);
    assert!(changed.stderr.contains(name.file_name().unwrap().to_str().unwrap()), "{changed:?}");
    assert!(!rows.join(name).exists());
    bytes[20] ^= 1;
    std::fs::write(&object, &bytes).unwrap();
    settle(0);
    assert!(files(&rows) == before);
    assert!(snapshot(&kept.data(0).join("epochs")) == expected);
}

#[test]
fn a_killed_push_is_finished_by_the_next_one_and_what_a_record_names_is_always_there() {
    let mut world = World::new(1, 1);
    let envelopes = world.batches(0, 5);
    world.pass(0);
    let kept = Kept::in_folder(world);
    let (first, second) = envelopes.split_at(2);
    kept.world.run(0, &["ingest", "--rows", &kept.given(first)]).expect(0);
    kept.world.ingest(0, second);
    let saved = kept.world.folder.path().join("saved");
    copy_folder(kept.data(0), &saved);
    let args = ["store", "push", "-o", "json"];
    let passed = points(&kept, 0, &args);
    let expected = files(&kept.bucket());
    assert_eq!(require_whole(&kept.kept()), 2);
    let pushing = passed.iter().filter(|point| point.starts_with("push.")).count();
    assert!(pushing >= 20 && passed.len() > pushing, "{passed:?}");
    for point in &passed {
        replace_folder(&saved, kept.data(0));
        std::fs::remove_dir_all(kept.bucket()).unwrap();
        std::fs::create_dir(kept.bucket()).unwrap();
        let killed = kept.run_with(0, &args, &[("RADIO_PAYOUTS_CRASH_AT", point)]);
        assert_eq!(killed.code, None, "{point} was not reached: {killed:?}");
        require_whole(&kept.kept());
        kept.run(0, &args).expect(0);
        assert!(files(&kept.bucket()) == expected, "after {point}");
        let third = kept.run(0, &args).expect(0).json();
        assert_eq!((&third["records"], &third["bytes"]), (&"0".into(), &"0".into()), "after {point}");
        assert_eq!(rows_here(kept.data(0)), (2, 5), "after {point}");
    }
}

#[test]
fn an_ingest_that_is_killed_while_it_sends_has_held_everything() {
    let mut world = World::new(1, 1);
    let envelopes = world.batches(0, 3);
    world.pass(0);
    let kept = Kept::in_folder(world);
    let given = kept.given(&envelopes);
    let args = ["ingest", &given, "-o", "json"];
    let passed = points(&kept, 0, &args);
    let passed: Vec<_> = passed.iter().filter(|point| point.starts_with("push.")).collect();
    // A pack has the time of its reception in its name.
    let rows = || {
        assert_eq!(require_whole(&kept.kept()), 1);
        assert_eq!(files(&kept.kept().join("packs")).len(), 1);
        let mut rows = files(&kept.kept().join("rows"));
        rows.retain(|name, _| !name.starts_with("sources"));
        rows
    };
    let expected = rows();
    assert!(passed.len() >= 8, "{passed:?}");
    for point in passed {
        std::fs::remove_dir_all(kept.data(0)).unwrap();
        std::fs::remove_dir_all(kept.bucket()).unwrap();
        std::fs::create_dir(kept.bucket()).unwrap();
        let killed = kept.run_with(0, &args, &[("RADIO_PAYOUTS_CRASH_AT", point)]);
        assert_eq!(killed.code, None, "{point} was not reached: {killed:?}");
        let again = kept.run(0, &args).expect(0).json();
        assert_eq!(again["answers"]["already_held"], 3, "after {point}");
        assert!(rows() == expected, "after {point}");
    }
}

#[test]
fn a_killed_pull_is_finished_by_the_next_one_and_no_pack_gets_rows_twice() {
    let mut world = World::new(2, 1);
    let envelopes = world.batches(0, 5);
    let own = world.sfus[1].tick(40_000);
    world.pass(0);
    let kept = Kept::in_folder(world);
    let (first, second) = envelopes.split_at(2);
    kept.ingest(0, first);
    kept.ingest(0, second);
    // This machine has taken in something itself.
    kept.world.ingest(1, &[own]);
    let saved = kept.world.folder.path().join("saved");
    copy_folder(kept.data(1), &saved);
    let args = ["store", "pull", "-o", "json"];
    let passed = points(&kept, 1, &args);
    kept.run(1, &["store", "rows"]).expect(0);
    let expected = rows_here(kept.data(1));
    let (rows, packs) = (files(&kept.data(1).join("rows")), files(&kept.data(1).join("batches")));
    let status = kept.run(1, &["store", "status", "-o", "json"]).expect(0).json();
    assert_eq!(expected, (3, 6));
    assert!(passed.len() >= 20 && passed.iter().all(|point| point.starts_with("pull.")), "{passed:?}");
    for (number, point) in passed.iter().enumerate() {
        replace_folder(&saved, kept.data(1));
        let killed = kept.run_with(1, &args, &[("RADIO_PAYOUTS_CRASH_AT", point)]);
        assert_eq!(killed.code, None, "{point} was not reached: {killed:?}");
        // Whoever makes rows in between makes none of what came with its own.
        if number % 2 == 0 {
            kept.run(1, &["store", "rows"]).expect(0);
            let _ = rows_here(kept.data(1));
        }
        kept.run(1, &args).expect(0);
        kept.run(1, &["store", "rows"]).expect(0);
        assert_eq!(rows_here(kept.data(1)), expected, "after {point}");
        assert!(files(&kept.data(1).join("rows")) == rows, "after {point}");
        assert!(files(&kept.data(1).join("batches")) == packs, "after {point}");
        assert!(files(&kept.data(1).join("pulling")).is_empty(), "after {point}");
        for _ in 0..2 {
            assert_eq!(kept.run(1, &["store", "status", "-o", "json"]).expect(0).json(), status, "after {point}");
            kept.run(1, &["store", "rebuild"]).expect(0);
        }
        let third = kept.run(1, &args).expect(0).json();
        assert_eq!((&third["records"], &third["bytes"]), (&"0".into(), &"0".into()), "after {point}");
    }
}

#[test]
fn a_settling_host_takes_what_several_hosts_have_sent_to_one_place() {
    let mut world = World::new(4, 1);
    // Both hosts received some of the batches, all that there are of a UTC hour: the records of both name the same files for it.
    let common = world.batches(1, 2);
    let mut one: Vec<_> = (42..45).map(|tick| world.sfus[0].tick(tick * 10_000)).collect();
    one.push(world.sfus[1].tick(430_000));
    let other: Vec<_> = (44..47).map(|tick| world.sfus[1].tick(tick * 10_000)).collect();
    world.pass(1);
    let kept = Kept::in_folder(world);
    kept.ingest(0, &[&common[..], &one].concat());
    kept.ingest(1, &[&common[..], &other].concat());
    assert_eq!(require_whole(&kept.kept()), 2);
    let rows = Rows::new(&kept.kept().join("rows"), calendar(), SHARDS).records().unwrap();
    let files = rows.iter().flat_map(|record| record.rows.iter().map(|part| part.file.sha256));
    let mut files: Vec<_> = files.collect();
    let named = files.len();
    files.sort_unstable();
    files.dedup();
    assert!(files.len() < named, "some are named twice");
    // One that took in everything itself, and has no store.
    kept.world.ingest(3, &[&common[..], &one, &other].concat());
    kept.unsettle(3);
    kept.world.run(3, &["settle", "--due", "--engine", "pure"]).expect(0);
    let expected = snapshot(&kept.data(3).join("epochs"));
    for number in [2, 0, 1] {
        kept.run(number, &["store", "pull"]).expect(0);
        assert_eq!(rows_here(kept.data(number)), (2, 11), "settler {number}");
        assert!(kept.settled(number) == expected, "settler {number}");
        kept.run(number, &["verify", "1"]).expect(0);
    }
    assert_eq!(kept.run(2, &["store", "push", "-o", "json"]).expect(0).json()["records"], "0");
    assert_eq!(require_whole(&kept.kept()), 2);
}

#[test]
fn an_object_that_was_changed_is_named_and_nothing_of_it_is_kept() {
    let mut world = World::new(2, 1);
    let envelopes = world.batches(0, 3);
    let mut stranger = world.sfus[1].clone();
    stranger.domain = Domain::from_bytes([9; 32]);
    let foreign = stranger.tick(20_000);
    world.pass(0);
    let kept = Kept::in_folder(world);
    kept.ingest(0, &envelopes);
    let all = files(&kept.kept());
    let mut tried = 0;
    for (name, good) in &all {
        let object = kept.kept().join(name);
        let half = good.len() / 2;
        let flipped: Vec<u8> =
            good.iter().enumerate().map(|(place, byte)| if place == half { byte ^ 1 } else { *byte }).collect();
        for bad in [&flipped[..], &good[..half], &[good.as_slice(), b" more"].concat()] {
            std::fs::write(&object, bad).unwrap();
            let _ = std::fs::remove_dir_all(kept.data(1));
            let refused = kept.run(1, &["store", "pull"]);
            // White space after a record or a list says the same.
            if refused.code == Some(0) {
                assert!(bad.len() > good.len() && name.starts_with("rows/sources"), "{name:?}: {refused:?}");
                continue;
            }
            let refused = refused.expect(3);
            assert!(refused.stderr.contains(name.file_name().unwrap().to_str().unwrap()), "{name:?}: {refused:?}");
            let here = files(kept.data(1));
            let ended = |name: &Path, end: &str| name.to_str().unwrap().ends_with(end);
            assert!(!here.keys().any(|name| ended(name, ".zst") || ended(name, ".json")), "{name:?}: {here:?}");
            assert!(!here.values().any(|found| found == bad), "{name:?}");
            tried += 1;
        }
        std::fs::write(&object, good).unwrap();
    }
    assert!(tried >= 3 * all.len() - 1 && all.len() >= 8, "{tried} of {}", all.len());
    // A pack with the right hash and an envelope that was signed for another deployment.
    let frame = Compressor::new().unwrap().compress_envelope(&foreign).unwrap();
    let (name, _) = pack::write(&kept.kept().join("packs"), 1_760_000_000_000, &[&frame]).unwrap();
    let record = Record {
        version: VERSION,
        genesis_unix: GENESIS,
        epoch_seconds: u32::try_from(EPOCH).unwrap(),
        shards: SHARDS,
        sources: vec![Sha256(name.hash)],
        epochs: Default::default(),
        batches: None,
        dids: vec![],
        tracks: None,
        receipts: vec![],
        rows: vec![],
    };
    assert!(record.commit(&kept.kept().join("rows")).unwrap());
    let sources = kept.kept().join("rows/sources").join(format!("{}.json", hex::encode(Record::id(&record.sources))));
    std::fs::write(&sources, serde_json::to_vec(&[name.path()]).unwrap()).unwrap();
    let refused = kept.run(1, &["store", "pull"]).expect(3);
    assert!(
        refused.stderr.contains("bad_signature") && refused.stderr.contains(&hex::encode(name.hash)),
        "{refused:?}"
    );
    std::fs::remove_file(Record::path(&kept.kept().join("rows"), &record.sources)).unwrap();
    kept.run(1, &["store", "pull"]).expect(0);
    assert_eq!(rows_here(kept.data(1)), (1, 3));
    assert!(kept.settled(0) == kept.settled(1));
}

#[test]
fn another_record_of_the_same_packs_is_a_difference_and_is_not_replaced() {
    let mut world = World::new(1, 1);
    let envelopes = world.batches(0, 3);
    world.pass(0);
    let kept = Kept::in_folder(world);
    kept.ingest(0, &envelopes);
    let records = kept.kept().join("rows/records");
    let (name, good) = files(&records).pop_first().unwrap();
    std::fs::remove_dir_all(kept.data(0).join("pushed")).unwrap();
    let text = String::from_utf8(good.clone()).unwrap();
    for other in [text.replacen("\"bytes\": \"3", "\"bytes\": \"4", 1), text.clone() + " ", text[..40].to_owned()] {
        assert!(other != text);
        std::fs::write(records.join(&name), &other).unwrap();
        let refused = kept.run(0, &["store", "push"]).expect(3);
        assert!(refused.stderr.contains(name.to_str().unwrap()), "{refused:?}");
        assert_eq!(std::fs::read(records.join(&name)).unwrap(), other.as_bytes());
    }
    // An ingest says so too, and has held what it was given.
    let more = kept.world.sfus[1].clone().tick(30_000);
    let ran = kept.run(0, &["ingest", &kept.given(std::slice::from_ref(&more)), "-o", "json"]).expect(3);
    assert_eq!(ran.json()["answers"]["held"], 1);
    std::fs::write(records.join(&name), &good).unwrap();
    let pushed = kept.run(0, &["store", "push", "-o", "json"]).expect(0).json();
    assert_eq!((&pushed["records"], &pushed["found"]), (&"0".into(), &"1".into()), "the other one was sent before");
    assert_eq!(require_whole(&kept.kept()), 2);
}

#[test]
fn while_the_store_is_away_everything_stays_here_and_is_sent_later() {
    let mut world = World::new(2, 1);
    let envelopes = world.batches(0, 4);
    world.pass(0);
    let kept = Kept::in_folder(world);
    std::fs::remove_dir(kept.bucket()).unwrap();
    let given = kept.given(&envelopes);
    let away = kept.run(0, &["ingest", &given, "-o", "json"]).expect(75);
    assert_eq!(away.json()["answers"]["held"], 4);
    assert!(away.json().get("pushed").is_none(), "{away:?}");
    assert!(away.stderr.contains("everything above is held") && away.stderr.contains("store push"), "{away:?}");
    for args in [["store", "push"], ["store", "pull"]] {
        let away = kept.run(0, &args).expect(75);
        assert!(away.stderr.contains("try again"), "{away:?}");
    }
    assert!(!kept.bucket().exists(), "a disk that is not mounted is not an empty store");
    assert_eq!(rows_here(kept.data(0)), (1, 4));
    std::fs::create_dir(kept.bucket()).unwrap();
    let sent = kept.run(0, &["store", "push", "-o", "json"]).expect(0).json();
    assert_eq!((&sent["records"], &sent["packs"]), (&"1".into(), &"1".into()), "{sent}");
    kept.run(1, &["store", "pull"]).expect(0);
    assert!(kept.settled(0) == kept.settled(1));
}

#[test]
fn what_compaction_removes_was_sent_before_and_compacted_packs_are_not_sent() {
    let kept = Kept::in_folder(retention::settled());
    kept.world.run(0, &["store", "rows"]).expect(0);
    let aside = kept.world.folder.path().join("aside");
    std::fs::rename(kept.bucket(), &aside).unwrap();
    let packs = files(&kept.data(0).join("batches"));
    kept.run(0, &["store", "compact"]).expect(75);
    assert!(files(&kept.data(0).join("batches")) == packs, "nothing is removed that was not sent");
    kept.run(0, &["store", "compact", "--dry-run"]).expect(0);
    std::fs::rename(&aside, kept.bucket()).unwrap();
    kept.run(0, &["store", "compact"]).expect(0);
    assert!(files(&kept.data(0).join("batches")) != packs);
    assert!(files(&kept.kept().join("packs")) == packs, "the packs are there as they were received");
    let before = files(&kept.bucket());
    for _ in 0..2 {
        let pushed = kept.run(0, &["store", "push", "-o", "json"]).expect(0).json();
        assert_eq!((&pushed["records"], &pushed["left"]), (&"0".into(), &"0".into()), "{pushed}");
    }
    assert!(files(&kept.bucket()) == before);
    let pulled = kept.run(0, &["store", "pull", "-o", "json"]).expect(0).json();
    assert_eq!(pulled["records"], "0", "{pulled}");
    kept.run(0, &["verify", "0"]).expect(0);

    // One that compacted before it had a store keeps what it can no longer send whole.
    let late = Kept::in_folder(retention::settled());
    late.world.run(0, &["store", "rows"]).expect(0);
    late.world.run(0, &["store", "compact"]).expect(0);
    let pushed = late.run(0, &["store", "push", "-o", "json"]).expect(0);
    assert!(pushed.json()["left"] != "0" && pushed.stderr.contains("stay here"), "{pushed:?}");
    require_whole(&late.kept());
}

#[test]
fn a_service_sends_what_it_took_in() {
    let mut world = World::new(2, 1);
    let envelopes = world.batches(0, 4);
    world.pass(0);
    let kept = Kept::in_folder(world);
    kept.world.ingest(0, &envelopes);
    let service = Service::start(&kept.world, &["--config", &kept.config]);
    let start = std::time::Instant::now();
    while require_whole(&kept.kept()) == 0 {
        assert!(start.elapsed().as_secs() < 120, "nothing was sent");
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
    drop(service);
    kept.run(1, &["store", "pull"]).expect(0);
    assert_eq!(rows_here(kept.data(1)), (1, 4));
}
