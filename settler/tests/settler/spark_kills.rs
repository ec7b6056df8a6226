//! `kill -9` of a settler at any moment of a settlement on Spark, at times of a worker too: the right commitment or none. `cargo xtask spark`
//! runs it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::File;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use radio_payouts_protocol::hash::Hash;
use radio_payouts_settler::artefact::folder_name;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::cluster::{children, kill_one, master, processes, wait_for, workers};
use crate::generated::{FIRST, Synthetic};
use crate::saved::Saved;
use crate::world::{World, snapshot};

/// So many kills of a running settlement, if nothing else is asked for.
const KILLS: u32 = 30;
/// Asks for another number of them.
const WANTED: &str = "RADIO_PAYOUTS_KILLS";
/// Every one of so many rounds a worker is killed too.
const WORKER_EVERY: u32 = 3;
/// Two queries for each of 16 shards that has one of them, and six for all.
const CONTRIBUTORS: u32 = 4;
/// What moments follow from; a random number if it is not set.
const SEED: &str = "RADIO_PAYOUTS_KILLS_SEED";
/// What finds programs, Java and the cluster.
const OF_THIS_MACHINE: [&str; 3] = ["PATH", "JAVA_HOME", "SPARK_LOCAL_IP"];
/// For workers of 1 GB; results in several files, however small they are.
const SETTINGS: &str = "--conf spark.driver.memory=512m --conf spark.executor.memory=512m \
    --conf spark.driver.extraJavaOptions='-XX:+UseSerialGC -XX:TieredStopAtLevel=1' \
    --conf spark.executor.extraJavaOptions='-XX:+UseSerialGC -XX:TieredStopAtLevel=1' \
    --conf spark.sql.adaptive.coalescePartitions.enabled=false --conf spark.sql.shuffle.partitions=2 pyspark-shell";

/// An epoch that is due, what it must lead to, and where everything stood before.
struct Story {
    world: World,
    epoch: u64,
    before: Saved,
    commitment: Hash,
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Story {
    /// The second of two epochs with every fault, which carries batches of the first; settled by the pure path, then forgotten.
    fn new() -> Self {
        let world = World::new(1, 1);
        let synthetic = Synthetic::of_two_epochs(&world, CONTRIBUTORS);
        for epoch in [FIRST, FIRST + 1] {
            world.pass(epoch);
            synthetic.ingest(&world, epoch);
            if epoch == FIRST {
                world.run(0, &["settle", "--due", "--engine", "pure"]).expect(0);
            }
        }
        let before = Saved::take(&world);
        world.run(0, &["settle", "--due", "--engine", "pure"]).expect(0);
        let epoch = u64::try_from(FIRST + 1).unwrap();
        let (commitment, files) = (world.commitment(epoch).unwrap(), snapshot(&world.epoch_folder(0, epoch)));
        let story = Self { world, epoch, before, commitment, files };
        assert!(story.is_posted_and_right());
        story.restore();
        assert!(!story.is_posted_and_right());
        story
    }

    fn restore(&self) {
        self.before.restore(&self.world);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.world.folder.path().join(name)
    }

    /// Starts a settlement on the cluster.
    fn start(&self) -> Child {
        let (trace, master) = (self.path("trace"), master());
        File::create(&trace).unwrap();
        let environment = [("RADIO_PAYOUTS_CRASH_TRACE", trace.to_str().unwrap()), ("PYSPARK_SUBMIT_ARGS", SETTINGS)];
        let mut command = self.world.command(0, &environment);
        command.envs(OF_THIS_MACHINE.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        let said = File::create(self.path("said")).unwrap();
        command.args(["settle", "--due", "--engine", &master]).stdout(said.try_clone().unwrap()).stderr(said);
        command.spawn().unwrap()
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.path("said")).unwrap()
    }

    /// The last point that a settlement passed, and whether Spark wrote a result: then there is one that was not there `before` it.
    fn place(&self, before: &BTreeSet<OsString>) -> String {
        let trace = std::fs::read_to_string(self.path("trace")).unwrap();
        let point = trace.lines().last().unwrap_or("start");
        if self.results().is_subset(before) { point.to_owned() } else { format!("{point}, in a query") }
    }

    /// Results of queries on disk: of the one that runs, and of those that nobody read because their settler was killed.
    fn results(&self) -> BTreeSet<OsString> {
        let work = self.world.settlers[0].data.join("work").join(folder_name(self.epoch)).join("engine/spark");
        let names = std::fs::read_dir(work).into_iter().flatten().flatten().map(|entry| entry.file_name());
        names.filter(|name| name.to_string_lossy().starts_with("result-")).collect()
    }

    /// Processes that a settlement of this story left behind: what it starts has its environment.
    fn left_behind(&self) -> Vec<u32> {
        let mark = format!("RADIO_PAYOUTS_DATA={}\0", self.world.settlers[0].data.display()).into_bytes();
        let has_mark = |process: &u32| {
            let environment = std::fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
            environment.windows(mark.len()).any(|part| part == mark)
        };
        processes().filter(has_mark).collect()
    }

    /// Waits until drivers have ended by themselves, and the cluster has let go of them; how long the drivers took.
    fn wait_until_alone(&self) -> Duration {
        let begun = Instant::now();
        wait_for(|| self.left_behind().is_empty().then_some(()));
        let took = begun.elapsed();
        wait_for(|| workers().into_iter().all(|worker| children(worker).is_empty()).then_some(()));
        took
    }

    /// Whether the chain has the epoch. What it has, and what is published, must be right.
    fn is_posted_and_right(&self) -> bool {
        let (folder, posted) = (self.world.epoch_folder(0, self.epoch), self.world.commitment(self.epoch));
        assert!(posted.is_none_or(|posted| posted == self.commitment), "another commitment: {posted:?}");
        assert!(posted.is_none() || folder.is_dir(), "posted, but not published");
        if folder.is_dir() {
            assert!(snapshot(&folder) == self.files, "{} is another one", folder.display());
            let (epoch, offline) = (self.epoch.to_string(), posted.is_none().then_some("--offline"));
            let verify: Vec<_> = ["verify", &epoch, "--engine", "pure"].into_iter().chain(offline).collect();
            self.world.run(0, &verify).expect(0);
        }
        posted.is_some()
    }

    /// Asserts how a settlement ended that nobody killed; only one that lost a worker may refuse.
    #[track_caller]
    fn ended(&self, status: ExitStatus, worker_was_killed: bool) -> bool {
        let is_posted = self.is_posted_and_right();
        assert!(status.code().is_some(), "{status}: {}", self.said());
        assert_eq!(status.success(), is_posted, "{status}: {}", self.said());
        assert!(is_posted || worker_was_killed, "{status}: {}", self.said());
        is_posted
    }
}

#[test]
#[ignore = "needs the Python package pyspark and a cluster: cargo xtask spark"]
fn whenever_the_settler_is_killed_its_commitment_is_right_or_none() {
    let seed = std::env::var(SEED).map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
    let wanted = std::env::var(WANTED).map_or(KILLS, |count| count.parse().unwrap());
    eprintln!("{SEED}={seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let story = Story::new();
    let begun = Instant::now();
    let status = story.start().wait().unwrap();
    let whole = begun.elapsed();
    assert!(story.ended(status, false));
    let processes_left = story.left_behind();
    assert!(processes_left.is_empty(), "{processes_left:?}");
    story.restore();
    eprintln!("a whole settlement takes {whole:?}");

    let (mut kills, mut with_worker, mut whole_ones, mut refusals) = (0, 0, 0, Vec::new());
    let (mut longest, mut places) = (Duration::ZERO, BTreeMap::<String, u32>::new());
    for round in 0..wanted * 5 {
        let delay = whole.mul_f64(random.random_range(0.0..1.25));
        let mut worker = (round % WORKER_EVERY == 0).then(|| delay.mul_f64(random.random()));
        let before = story.results();
        let (begun, mut settler) = (Instant::now(), story.start());
        let (mut worker_was_killed, mut ended) = (false, None);
        while ended.is_none() && begun.elapsed() < delay {
            std::thread::sleep(Duration::from_millis(5));
            if worker.is_some_and(|moment| begun.elapsed() >= moment) {
                worker = None;
                worker_was_killed = kill_one(&workers(), &mut random);
            }
            ended = settler.try_wait().unwrap();
        }
        settler.kill().unwrap();
        let status = settler.wait().unwrap();
        let place = story.place(&before);
        longest = longest.max(story.wait_until_alone());
        let is_posted = if status.signal().is_none() {
            let is_posted = story.ended(status, worker_was_killed);
            if is_posted {
                whole_ones += 1
            } else {
                refusals.push(story.said())
            }
            is_posted
        } else {
            kills += 1;
            with_worker += u32::from(worker_was_killed);
            eprintln!(
                "{kills} killed after {delay:?}, past {place}{}",
                if worker_was_killed { ", and a worker" } else { "" }
            );
            *places.entry(place).or_default() += 1;
            story.is_posted_and_right()
        };
        if is_posted {
            // Killed after the post: the next run finds that there is nothing to do.
            story.world.run(0, &["settle", "--due", "--engine", &master()]).expect(0);
            story.restore();
        }
        if kills == wanted {
            break;
        }
    }
    eprintln!(
        "seed {seed}: {kills} kills, {with_worker} of them with a worker; {whole_ones} settlements ended before, {} refused: {refusals:?}; \
         drivers were gone after at most {longest:?}; last passed: {places:?}",
        refusals.len()
    );
    assert_eq!(kills, wanted);
    assert!(with_worker > 0, "no worker was killed");
    let status = story.start().wait().unwrap();
    assert!(story.ended(status, false));
}
