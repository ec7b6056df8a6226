//! The binary `settler`, run as cron would: a process of its own, nothing from the caller's environment.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::{program_path, settler_path};

/// A folder in which commands are run.
pub struct Settler {
    folder: PathBuf,
}

impl Settler {
    /// Commands in `folder`, which is also their home.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// A program in the folder, with nothing from the caller that a settler would read.
    #[must_use]
    pub fn beside(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        for name in ["CONFIG", "DATA", "URL", "KEYPAIR", "DEMO"] {
            command.env_remove(format!("RADIO_PAYOUTS_{name}"));
        }
        command.current_dir(&self.folder).env("HOME", &self.folder).env("RADIO_PAYOUTS_PROGRAM", program_path());
        command
    }

    /// Runs a command, whatever comes of it.
    ///
    /// # Panics
    /// If the binary cannot be run.
    #[must_use]
    pub fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = self.beside(&settler_path());
        command.args(arguments).args(["--output", "json"]).envs(environment.iter().copied());
        command.output().expect("the binary runs")
    }

    /// Runs a command that succeeds; returns what it printed.
    ///
    /// # Panics
    /// If it fails, or prints no JSON.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments, &[]);
        let (status, talk) = (output.status, String::from_utf8_lossy(&output.stderr));
        assert!(status.success(), "settler {arguments:?}: {status}\n{talk}");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// Runs a command that ends with `exit`; returns what it said.
    ///
    /// # Panics
    /// If it ends otherwise.
    #[track_caller]
    pub fn refused(&self, arguments: &[&str], exit: i32) -> String {
        let output = self.run(arguments, &[]);
        let talk = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(exit), "settler {arguments:?}: {talk}");
        talk
    }
}
