//! A service that runs, and a client that may misbehave: requests are written to the socket as they are.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::world::World;

/// A running `settler serve`; killed when dropped.
pub struct Service {
    pub child: Child,
    pub address: SocketAddr,
    pub internal: SocketAddr,
    stderr: std::thread::JoinHandle<String>,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, String::from_utf8_lossy(&self.body)))
    }

    /// Asserts the status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:?} {}", self.headers, String::from_utf8_lossy(&self.body));
        self
    }
}

impl Service {
    /// Starts a service for settler 0 and waits until it is ready.
    pub fn start(world: &World, args: &[&str]) -> Self {
        let fixed = ["serve", "--listen", "127.0.0.1:0", "--internal", "127.0.0.1:0", "--refresh", "1"];
        let mut command = world.command(0, &[]);
        let mut child = command.args(fixed).args(args).stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let mut told = String::new();
        let mut address = |before: &str| loop {
            let mut line = String::new();
            assert!(lines.read_line(&mut line).unwrap() > 0, "it ended: {told}");
            told.push_str(&line);
            if let Some((_, rest)) = line.split_once(before) {
                break rest.trim().trim_end_matches("/metrics").parse::<SocketAddr>().unwrap();
            }
        };
        let (address, internal) = (address("listening on http://"), address("metrics on http://"));
        let stderr = std::thread::spawn(move || {
            let mut rest = String::new();
            let _ = lines.read_to_string(&mut rest);
            rest
        });
        let service = Self { child, address, internal, stderr };
        service.wait_for("/readyz", |answer| answer.status == 200);
        service
    }

    /// Asks until the answer is as wanted.
    #[track_caller]
    pub fn wait_for(&self, path: &str, wanted: impl Fn(&Answer) -> bool) -> Answer {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let answer = self.get(path);
            if wanted(&answer) {
                return answer;
            }
            assert!(Instant::now() < end, "{path}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// A connection.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    /// Sends a request and reads the answer; `None` if the connection ends without one.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Answer> {
        let mut request = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        let has = |name: &str| headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
        if !has("host") {
            request += &format!("host: {}\r\n", self.address);
        }
        if !body.is_empty() && !has("content-length") && !has("transfer-encoding") {
            request += &format!("content-length: {}\r\n", body.len());
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        let mut stream = TcpStream::connect(self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.write_all(format!("{request}\r\n").as_bytes()).ok()?;
        // A service that has refused the head may not read the rest.
        let _ = stream.write_all(body);
        read_answer(stream)
    }

    /// Asks for a path.
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[])
    }

    /// Asks for a path with headers.
    #[track_caller]
    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", path, headers, &[]).expect("an answer")
    }

    /// The data of a path of the API.
    #[track_caller]
    pub fn data(&self, path: &str) -> Value {
        let mut answer = self.get(&format!("/api/v1{path}")).expect(200).json();
        assert!(["estimate", "provisional", "ratified"].contains(&answer["standing"].as_str().unwrap()), "{answer}");
        assert!(answer["as_of"]["slot"].as_str().unwrap().parse::<u64>().is_ok(), "{answer}");
        answer["data"].take()
    }

    /// Posts a body of batches.
    #[track_caller]
    pub fn post(&self, body: &[u8]) -> Answer {
        self.send("POST", "/v1/batches", &[("content-type", "application/x-ndjson")], body).expect("an answer")
    }

    /// What `/metrics` says of a counter.
    pub fn metric(&self, line: &str) -> Option<f64> {
        let mut stream = TcpStream::connect(self.internal).unwrap();
        write!(stream, "GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
        let text = String::from_utf8(read_answer(stream).unwrap().body).unwrap();
        text.lines().find_map(|found| found.strip_prefix(line)?.trim().parse().ok())
    }

    /// Sends a signal.
    pub fn signal(&self, name: &str) {
        let done =
            std::process::Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(done.unwrap().success());
    }

    /// Waits for its end; exit code and what it said last.
    pub fn wait(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().unwrap();
        let stderr = std::mem::replace(&mut self.stderr, std::thread::spawn(String::new));
        (status.code(), stderr.join().unwrap())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads an answer to its end.
pub fn read_answer(stream: TcpStream) -> Option<Answer> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let status = line.split(' ').nth(1)?.parse().ok()?;
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut answer = Answer { status, headers, body: Vec::new() };
    if answer.header("transfer-encoding") == Some("chunked") {
        while let Some(piece) = read_chunk(&mut reader) {
            answer.body.extend(piece);
        }
    } else if let Some(length) = answer.header("content-length") {
        answer.body = vec![0; length.parse().ok()?];
        let mut body = std::mem::take(&mut answer.body);
        // The answer to HEAD has a length and no body.
        if reader.read_exact(&mut body).is_ok() {
            answer.body = body;
        }
    }
    Some(answer)
}

/// The next chunk of a body; `None` at its end.
pub fn read_chunk(reader: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let length = usize::from_str_radix(line.trim(), 16).ok().filter(|length| *length > 0)?;
    let mut chunk = vec![0; length + 2];
    reader.read_exact(&mut chunk).ok()?;
    chunk.truncate(length);
    Some(chunk)
}
