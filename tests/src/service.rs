//! `settler serve`, running beside a story.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Stdio};
use std::thread::JoinHandle;

use crate::{Settler, settler_path};

/// A running service; it is killed when this is dropped.
pub struct Service {
    child: Child,
    talk: Option<JoinHandle<String>>,
    /// Its address for everybody, such as `http://127.0.0.1:40123`.
    pub base: String,
}

impl Service {
    /// Starts a service in the settler's folder on a loopback port of its own; it looks at the chain every second.
    ///
    /// # Panics
    /// If it does not start; with what it said.
    #[must_use]
    pub fn start(settler: &Settler, arguments: &[&str]) -> Self {
        let mut command = settler.beside(&settler_path());
        command.args(["serve", "--listen", "127.0.0.1:0", "--internal", "127.0.0.1:0", "--refresh", "1"]);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        let mut lines = BufReader::new(child.stderr.take().expect("its stderr is piped"));
        let mut told = String::new();
        let base = loop {
            let mut line = String::new();
            let read = lines.read_line(&mut line).expect("its stderr is text");
            assert!(read > 0, "settler serve {arguments:?} ended:\n{told}");
            told.push_str(&line);
            if let Some((_, address)) = line.split_once("listening on ") {
                break address.trim().to_owned();
            }
        };
        // Read to the end, so that it never waits for a reader.
        let talk = std::thread::spawn(move || {
            let _ = lines.read_to_string(&mut told);
            told
        });
        Self { child, talk: Some(talk), base }
    }

    /// Ends it; what it said from its start.
    ///
    /// # Panics
    /// If it cannot be ended.
    #[must_use]
    pub fn end(mut self) -> String {
        self.child.kill().expect("it runs");
        self.talk.take().expect("it is ended once").join().expect("its stderr is read")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
