//! The Spark cluster that `cargo xtask spark` keeps running for stories, and processes that they kill.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rand::Rng as _;
use rand_chacha::ChaCha8Rng;

/// The URL of a master on this machine.
const MASTER: &str = "RADIO_PAYOUTS_SPARK_MASTER";
/// A folder with a file for every worker that holds the number of its process; a worker that dies is started again.
const WORKERS: &str = "RADIO_PAYOUTS_SPARK_WORKERS";

/// What `cargo xtask spark` has put into the environment.
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run cargo xtask spark"))
}

/// The master.
pub fn master() -> String {
    variable(MASTER)
}

/// Numbers of the workers' processes.
pub fn workers() -> Vec<u32> {
    let files = std::fs::read_dir(variable(WORKERS)).unwrap().flatten();
    files.filter_map(|file| std::fs::read_to_string(file.path()).ok()?.trim().parse().ok()).collect()
}

/// Numbers of all processes.
pub fn processes() -> impl Iterator<Item = u32> {
    std::fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Numbers of the processes whose parent is this one.
pub fn children(parent: u32) -> Vec<u32> {
    let is_child = |process: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let mut fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        fields.next().is_some_and(|state| state != "Z") && fields.next() == Some(&parent.to_string())
    };
    processes().filter(is_child).collect()
}

/// `kill -9` of one of them; `false` if there is none.
pub fn kill_one(candidates: &[u32], random: &mut ChaCha8Rng) -> bool {
    if candidates.is_empty() {
        return false;
    }
    let process = candidates[random.random_range(0..candidates.len())];
    kill(Pid::from_raw(process.try_into().unwrap()), Signal::SIGKILL).is_ok()
}

/// Waits for something, for at most a minute.
#[track_caller]
pub fn wait_for<T>(mut ready: impl FnMut() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(found) = ready() {
            return found;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("nothing within a minute")
}
