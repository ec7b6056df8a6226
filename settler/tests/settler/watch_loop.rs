//! `settler watch` as a service: it outlives a node that is away, hands alerts to a webhook, and ends when asked.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use radio_payouts_client::instruction;
use serde_json::Value;
use solana_signer::Signer as _;

use crate::world::World;

const PATIENCE: Duration = Duration::from_secs(60);

/// A watch that runs on.
struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
}

impl Running {
    fn start(world: &World, args: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = world.command(0, environment);
        command.args([&["watch", "--every", "1"], args].concat()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        Self { child, stdout: BufReader::new(stdout), stderr: BufReader::new(stderr) }
    }

    /// Reads stderr until a line that contains `text`.
    fn until_noted(&mut self, text: &str) -> String {
        let mut all = String::new();
        while !all.contains(text) {
            assert_ne!(self.stderr.read_line(&mut all).unwrap(), 0, "it ended without {text:?}: {all}");
        }
        all
    }

    /// The next alert on stdout.
    fn next_alert(&mut self) -> Value {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// Sends a signal and returns the exit code.
    fn end(mut self, signal: &str) -> Option<i32> {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

/// A receiver on a port of its own that answers each request with the next of `answers` (200 when there are no more); yields
/// each body.
fn receiver<const N: usize>(answers: [u16; N]) -> (String, Receiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hooks/s3cret", listener.local_addr().unwrap());
    let (sender, bodies) = channel();
    let mut answers = answers.into_iter();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap() == 0 || line == "\r\n" {
                    break;
                }
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                head.push_str(&line);
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let answer = answers.next().unwrap_or(200);
            write!(stream, "HTTP/1.1 {answer} Answer\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            if sender.send((head, serde_json::from_slice(&body).unwrap())).is_err() {
                return;
            }
        }
    });
    (url, bodies)
}

#[test]
fn a_change_is_told_while_it_runs_and_a_signal_ends_it() {
    for signal in ["-TERM", "-INT"] {
        let world = World::new(1, 1);
        let mut watch = Running::start(&world, &[], &[]);
        watch.until_noted("first look");
        world.as_authority("flag off", instruction::set_demo_flag(world.authority.pubkey(), false));
        assert_eq!(watch.next_alert()["kind"], "flag");
        watch.until_noted("alert: flag: radio_payouts_demo was on, is off");
        assert_eq!(watch.end(signal), Some(0), "{signal}");
        assert_eq!(world.run(0, &["watch", "--once"]).expect(0).stdout, "", "what was told is remembered");
    }
}

#[test]
fn a_node_that_is_away_does_not_end_it() {
    let world = World::new(1, 1);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}/?api-key=s3cret");
    let environment = [("RADIO_PAYOUTS_URL", url.as_str())];
    let once = world.run_with(0, &["watch", "--once"], &environment).expect(75);
    assert!(once.stderr.contains("cannot connect") && !once.stderr.contains("s3cret"), "{once:?}");
    let mut watch = Running::start(&world, &["--attest"], &environment);
    for _ in 0..2 {
        let noted = watch.until_noted("trying again in 1 s");
        assert!(!noted.contains("s3cret"), "{noted}");
    }
    assert_eq!(watch.end("-TERM"), Some(0));
}

#[test]
fn a_webhook_gets_every_alert_although_it_was_away() {
    let world = World::new(1, 1);
    world.run(0, &["watch", "--once"]).expect(0);
    world.as_authority("flag off", instruction::set_demo_flag(world.authority.pubkey(), false));
    // Away three times: the alert is printed, and kept.
    let (url, bodies) = receiver([503, 429, 500]);
    let environment = [("RADIO_PAYOUTS_WEBHOOK", url.as_str())];
    let kept = world.run_with(0, &["watch", "--once"], &environment).expect(75);
    assert!(kept.stdout.contains("\"flag\"") && kept.stderr.contains("kept for later"), "{kept:?}");
    assert!(!kept.stderr.contains("s3cret"), "{kept:?}");
    for _ in 0..3 {
        bodies.recv_timeout(PATIENCE).unwrap();
    }
    let done = world.run_with(0, &["watch", "--once"], &environment).expect(0);
    assert_eq!(done.stdout, "", "it was printed before");
    let (head, body) = bodies.recv_timeout(PATIENCE).unwrap();
    assert!(
        head.starts_with("POST /hooks/s3cret HTTP/1.1")
            && head.to_lowercase().contains("content-type: application/json")
    );
    let printed: Value = serde_json::from_str(&kept.stdout).unwrap();
    assert_eq!(body, printed);
    world.run_with(0, &["watch", "--once"], &environment).expect(0);
    assert!(bodies.try_recv().is_err(), "once");
}

#[test]
fn a_webhook_that_will_never_take_it_is_not_asked_again() {
    let world = World::new(1, 1);
    world.run(0, &["watch", "--once"]).expect(0);
    world.as_authority("flag off", instruction::set_demo_flag(world.authority.pubkey(), false));
    let (url, bodies) = receiver([404]);
    let ran = world.run(0, &["watch", "--once", "--webhook", &url]).expect(0);
    assert!(ran.stderr.contains("404") && ran.stderr.contains("given up"), "{ran:?}");
    bodies.recv_timeout(PATIENCE).unwrap();
    world.run(0, &["watch", "--once", "--webhook", &url]).expect(0);
    assert!(bodies.try_recv().is_err());
    let refused = world.run(0, &["watch", "--once", "--webhook", "ftp://user:s3cret@host/"]).expect(2);
    assert!(!refused.stderr.contains("s3cret"), "{refused:?}");
}
