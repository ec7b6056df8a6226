//! Floods and slowness: whoever keeps the service busy is refused, named in the log once, and costs little memory.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use crate::http::{Service, read_answer};
use crate::world::{World, lines};

/// Peak resident memory of a process, in MiB.
fn peak_mib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() >> 10
}

#[test]
fn a_flood_of_bad_requests_is_named_once_and_counted_and_leaves_the_memory_alone() {
    const EACH: usize = 400;
    let mut world = World::new(1, 1);
    let good = world.batches(0, 2);
    let mut forged = String::from_utf8(good[1].clone()).unwrap();
    forged = forged.replacen("\"recipients\":3", "\"recipients\":4", 1);
    let service = Service::start(&world, &["--rate", "0", "--refusals-every", "2"]);
    service.post(&lines(&good[..1])).expect(200);
    let before = peak_mib(service.child.id());
    let bomb = zstd::encode_all(vec![0u8; 64 << 20].as_slice(), 1).unwrap();
    let post = |headers: &str, body: &[u8]| {
        let mut request =
            format!("POST /v1/batches HTTP/1.1\r\nhost: localhost\r\n{headers}content-length: {}\r\n\r\n", body.len())
                .into_bytes();
        request.extend_from_slice(body);
        request
    };
    let get = |path: &str, host: &str| format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n").into_bytes();
    // What is sent, how often, the status, and the word of it in the log.
    let floods: Vec<(Vec<u8>, usize, u16, &str)> = vec![
        (get("/api/v1/epochs", "evil.example"), EACH, 421, "host"),
        (get("/api/v1/epochs?limit=0", "localhost"), EACH, 400, "bad_request"),
        (get("/api/v1/epochs/0/files/..%2f..%2findex.sqlite", "localhost"), EACH, 400, "bad_path"),
        (post("content-encoding: br\r\n", b"x"), EACH, 415, "unsupported_encoding"),
        (post("content-encoding: zstd\r\n", &bomb), 40, 413, "too_large"),
        (post("", &lines(&[forged.into_bytes()])), EACH, 200, "bad_signature"),
    ];
    std::thread::scope(|scope| {
        for (request, times, status, _) in &floods {
            let service = &service;
            scope.spawn(move || {
                let mut stream = service.connect();
                for _ in 0..*times {
                    stream.write_all(request).unwrap();
                    let answer = read_answer(stream.try_clone().unwrap()).unwrap();
                    assert_eq!(answer.status, *status);
                }
            });
        }
    });
    // The one after the flood is served as ever.
    assert_eq!(service.post(&lines(&good[1..])).expect(200).json()["answers"][0]["answer"], "held");
    let grown = peak_mib(service.child.id()) - before;
    assert!(grown < 256, "{grown} MiB more than before");
    for (_, times, _, reason) in &floods {
        let counted = service.metric(&format!("radio_payouts_http_refused_total{{reason=\"{reason}\"}} "));
        assert!(counted >= Some(*times as f64), "{reason}: {counted:?}");
    }
    // Two rounds of counting, in the second of which nothing more comes.
    std::thread::sleep(Duration::from_secs(5));
    service.signal("TERM");
    let (code, said) = service.wait();
    assert_eq!(code, Some(0), "{said}");
    for (_, times, _, reason) in &floods {
        let of_it: Vec<&str> = said.lines().filter(|line| line.contains(&format!("\"{reason}\""))).collect();
        let first = of_it.iter().filter(|line| line.contains("refused reason")).count();
        assert_eq!(first, 1, "{reason} is named once: {of_it:?}");
        assert!(of_it.len() < 12, "{} requests, {} lines", times, of_it.len());
        let more: u64 =
            of_it.iter().filter_map(|line| line.split("more=").nth(1)?.split(' ').next()?.parse::<u64>().ok()).sum();
        assert_eq!(more + 1, *times as u64, "{reason}: every one is counted: {of_it:?}");
    }
}

#[test]
fn who_is_slow_with_the_head_the_body_or_the_answer_loses_the_connection() {
    let mut world = World::new(1, 1);
    let batches = world.batches(0, 3);
    world.pass(0);
    world.ingest(0, &batches);
    world.run(0, &["settle", "--due"]).expect(0);
    let service = Service::start(&world, &["--rate", "0", "--head-seconds", "1", "--body-seconds", "2"]);
    service.wait_for("/api/v1/epochs/0", |answer| answer.status == 200);
    let start = Instant::now();
    // A byte now and then, so that no time-out between bytes would ever end it.
    let trickle = |begin: &[u8]| {
        let mut stream = service.connect();
        stream.write_all(begin).unwrap();
        let mut writer = stream.try_clone().unwrap();
        std::thread::spawn(move || {
            for _ in 0..100 {
                if writer.write_all(b"x").is_err() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        stream
    };
    let mut head = trickle(b"GET /livez HTTP/1.1\r\nhost: localhost\r\nx-slow: ");
    let body = trickle(b"POST /v1/batches HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000\r\n\r\n");
    let chunked =
        trickle(b"POST /v1/batches HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nffff\r\n");
    let mut idle = service.connect();
    for stream in [body, chunked] {
        let answer = read_answer(stream).unwrap();
        assert_eq!((answer.status, &answer.json()["error"]), (408, &"too_slow".into()));
    }
    let mut rest = Vec::new();
    for stream in [&mut head, &mut idle] {
        // A reset is an end too.
        let _ = stream.read_to_end(&mut rest);
    }
    assert!(start.elapsed() < Duration::from_secs(9), "{:?}", start.elapsed());
    // Who asks for much and reads nothing: the socket's buffers fill up, then the service waits no longer.
    let deaf = service.connect();
    let mut asking = deaf.try_clone().unwrap();
    for _ in 0..20_000 {
        if asking.write_all(b"GET /api/v1/openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n").is_err() {
            break;
        }
        asking.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    }
    let ended = Instant::now();
    let cut = loop {
        match asking.write_all(b"G") {
            Err(error) if !matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                break true;
            }
            _ if ended.elapsed() > Duration::from_secs(20) => break false,
            _ => std::thread::sleep(Duration::from_millis(100)),
        }
    };
    assert!(cut, "who does not read is cut off");
    service.get("/livez").expect(200);
    assert!(service.metric("radio_payouts_http_refused_total{reason=\"slow\"} ").unwrap() >= 1.0);
    assert!(service.metric("radio_payouts_http_refused_total{reason=\"too_slow\"} ").unwrap() >= 2.0);
    service.signal("TERM");
    let (code, said) = service.wait();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("\"slow\"") && said.contains("\"too_slow\""), "{said}");
}

#[test]
fn names_that_try_to_lead_elsewhere_are_refused_in_every_spelling() {
    let mut world = World::new(1, 1);
    let batches = world.batches(0, 3);
    world.pass(0);
    world.ingest(0, &batches);
    world.run(0, &["settle", "--due"]).expect(0);
    let service = Service::start(&world, &["--rate", "0"]);
    service.wait_for("/api/v1/epochs/0/files/manifest.json", |answer| answer.status == 200);
    let secret = std::fs::read(world.settlers[0].data.join("keys/receiver.json")).unwrap();
    for path in [
        "../../../keys/receiver.json",
        "..%2f..%2f..%2fkeys%2freceiver.json",
        "%2e%2e%2f%2e%2e%2f%2e%2e%2fkeys/receiver.json",
        "%252e%252e%252f%252e%252e%252fkeys/receiver.json",
        "%25252e%25252e/keys",
        "..%c0%af..%c0%afkeys",
        "..%5c..%5ckeys%5creceiver.json",
        "....//....//keys/receiver.json",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "%2F%2Fetc%2Fpasswd",
        "file:%2f%2f%2fetc%2fpasswd",
        "manifest.json%00",
        "manifest.json%00.csv",
        "%00",
        "batches/%2e%2e/manifest.json",
        "batches/./../manifest.json",
        "manifest.json%20",
        "manifest.json;x",
        "~/manifest.json",
    ] {
        let answer = service.get(&format!("/api/v1/epochs/0/files/{path}"));
        assert!([400, 404].contains(&answer.status), "{path}: {}", answer.status);
        assert!(!answer.body.windows(secret.len().min(40)).any(|part| secret.starts_with(part)), "{path}");
    }
    assert!(service.metric("radio_payouts_http_refused_total{reason=\"bad_path\"} ").unwrap() >= 8.0);
    service.get("/livez").expect(200);
}
