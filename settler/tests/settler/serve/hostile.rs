//! Requests that mean harm: refused, with an answer where there can be one, and the service goes on.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use crate::http::{Service, read_answer};
use crate::world::{World, lines};

fn settled() -> World {
    let mut world = World::new(1, 1);
    let batches = world.batches(0, 3);
    world.pass(0);
    world.ingest(0, &batches);
    world.run(0, &["settle", "--due"]).expect(0);
    world
}

#[test]
fn bodies_that_are_too_large_or_explode_are_refused() {
    let mut world = World::new(1, 1);
    let good = world.batches(0, 1);
    let service = Service::start(&world, &["--rate", "0"]);
    let post = |headers: &[(&str, &str)], body: &[u8]| service.send("POST", "/v1/batches", headers, body);
    let announced = post(&[("content-length", "999999999999")], b"").unwrap();
    assert_eq!(announced.status, 413);
    // Told in pieces, without a length: refused once too much has come.
    let mut stream = service.connect();
    write!(stream, "POST /v1/batches HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n").unwrap();
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..16 {
        if write!(stream, "{:x}\r\n", piece.len()).and_then(|()| stream.write_all(&piece)).is_err() {
            break;
        }
        let _ = stream.write_all(b"\r\n");
    }
    if let Some(answer) = read_answer(stream) {
        assert_eq!(answer.status, 413);
    }
    let zeros = vec![0u8; 64 << 20];
    let zstd = zstd::encode_all(zeros.as_slice(), 1).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&zeros).unwrap();
    for (encoding, bomb) in [("zstd", zstd), ("gzip", gzip.finish().unwrap())] {
        assert!(bomb.len() < 1 << 20);
        post(&[("content-encoding", encoding)], &bomb).unwrap().expect(413);
        post(&[("content-encoding", encoding)], b"not compressed").unwrap().expect(400);
    }
    post(&[("content-encoding", "br")], b"x").unwrap().expect(415);
    post(&[("content-encoding", "gzip"), ("content-encoding", "gzip")], b"x").unwrap().expect(415);
    post(&[("content-type", "image/png")], b"x").unwrap().expect(415);
    post(&[], b"\n\n").unwrap().expect(400);
    post(&[], &b"x\n".repeat(5_000)).unwrap().expect(413);
    assert_eq!(service.post(&lines(&good)).expect(200).json()["answers"][0]["answer"], "held");
}

#[test]
fn nothing_but_listed_files_is_served() {
    let world = settled();
    let service = Service::start(&world, &["--rate", "0"]);
    service.wait_for("/api/v1/epochs/0/files/manifest.json", |answer| answer.status == 200);
    std::fs::write(world.epoch_folder(0, 0).join("secret"), "not listed").unwrap();
    for path in [
        "../../../index.sqlite",
        "..%2f..%2f..%2findex.sqlite",
        "%2e%2e/%2e%2e/keys/receiver.json",
        "batches/../manifest.json",
        "batches/..%2fmanifest.json",
        "./manifest.json",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "manifest.json%00",
        "manifest.json/",
        "MANIFEST.JSON",
        "secret",
        "batches",
        "",
        "..%5c..%5cindex.sqlite",
        "%ff%fe",
    ] {
        let answer = service.get(&format!("/api/v1/epochs/0/files/{path}"));
        assert!([400, 404].contains(&answer.status), "{path}: {} {:?}", answer.status, answer.headers);
    }
    for epoch in ["..", "%2e%2e", "-1", "0x0", "99999999999999999999", "0%2f..", "latest%00"] {
        let answer = service.get(&format!("/api/v1/epochs/{epoch}/files/manifest.json"));
        assert!([400, 404].contains(&answer.status), "{epoch}: {}", answer.status);
    }
    for path in [
        "/api/v1/contributors/%ff",
        "/api/v1/contributors/' OR 1=1 --",
        "/../../etc/passwd",
        "//",
        "/api/v1/epochs?limit=0",
    ] {
        let answer = service.send("GET", &path.replace(' ', "%20"), &[], &[]).unwrap();
        assert!([400, 404].contains(&answer.status), "{path}: {}", answer.status);
    }
    service.get("/api/v1/epochs?limt=5").expect(400);
    service.get("/api/v1/epochs?cursor=abc").expect(400);
    service.get("/livez").expect(200);
}

#[test]
fn malformed_slow_and_misdirected_requests_do_not_keep_others_out() {
    let world = World::new(1, 1);
    let service = Service::start(&world, &["--rate", "0", "--host", "radio.example"]);
    // Half a head each, for as long as the test lasts.
    let slow: Vec<_> = (0..50)
        .map(|_| {
            let mut stream = service.connect();
            stream.write_all(b"POST /v1/batches HTTP/1.1\r\nhost: localh").unwrap();
            stream
        })
        .collect();
    for raw in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nhost: localhost\r\nbroken header\r\n\r\n",
        b"POST /v1/batches HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        b"POST /v1/batches HTTP/1.1\r\nhost: localhost\r\ncontent-length: -5\r\n\r\n",
    ] {
        let mut stream = service.connect();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(raw).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{raw:?}: {answer}");
    }
    let many: Vec<(String, String)> = (0..100).map(|number| (format!("x-{number}"), "y".into())).collect();
    let many: Vec<_> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(service.send("GET", "/livez", &many, &[]).unwrap().status, 431);
    let long = "x".repeat(100_000);
    if let Some(answer) = service.send("GET", &format!("/{long}"), &[], &[]) {
        assert!([414, 431].contains(&answer.status), "{}", answer.status);
    }
    for host in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80"] {
        service.get_with("/api/v1/deployment", &[("host", host)]).expect(421);
    }
    for host in ["radio.example", "RADIO.example:443", "localhost:1", "127.0.0.1", "[::1]:80"] {
        service.get_with("/api/v1/deployment", &[("host", host)]).expect(200);
    }
    service.send("DELETE", "/api/v1/epochs", &[], &[]).unwrap().expect(405);
    service.send("GET", "/v1/batches", &[], &[]).unwrap().expect(405);
    service.get("/nothing").expect(404);
    assert!(service.metric("radio_payouts_http_refused_total{reason=\"host\"}").unwrap() >= 3.0);
    // Whoever is slow is cut off in the end.
    let mut slowest = slow.into_iter().next().unwrap();
    slowest.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut rest = Vec::new();
    let _ = slowest.read_to_end(&mut rest);
    service.get("/livez").expect(200);
}

#[test]
fn who_asks_too_often_is_told_to_wait() {
    let world = World::new(1, 1);
    let service = Service::start(&world, &["--rate", "10", "--behind-proxy"]);
    let from =
        |address: &str| service.get_with("/livez", &[("x-forwarded-for", &format!("1.2.3.4, {address}"))]).status;
    let statuses: Vec<u16> = (0..60).map(|_| from("10.0.0.1")).collect();
    assert!(statuses.contains(&429) && statuses.contains(&200), "{statuses:?}");
    assert_eq!(from("10.0.0.2"), 200, "another address is not slowed down");
    let refused = loop {
        let answer = service.get_with("/livez", &[("x-forwarded-for", "10.0.0.1")]);
        if answer.status == 429 {
            break answer;
        }
    };
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(refused.json()["error"], "too_many_requests");
}
