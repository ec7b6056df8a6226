//! Events, the settle loop, and an end that loses nothing.

use std::io::{BufReader, Write as _};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::http::{Service, read_answer, read_chunk};
use crate::world::{World, lines};

/// The data of the next event of a stream.
fn event(reader: &mut BufReader<std::net::TcpStream>) -> Option<Value> {
    loop {
        let text = String::from_utf8(read_chunk(reader)?).unwrap();
        if let Some(data) = text.lines().find_map(|line| line.strip_prefix("data: ")) {
            assert!(text.starts_with("event: estimate\n") && text.ends_with("\n\n"), "{text}");
            return Some(serde_json::from_str(data).unwrap());
        }
    }
}

#[test]
fn a_page_that_follows_sees_a_batch_within_seconds_and_the_stream_ends_with_the_service() {
    use std::io::BufRead as _;
    let mut world = World::new(1, 1);
    let batches = world.batches(0, 3);
    let service = Service::start(&world, &[]);
    service.post(&lines(&batches[..1])).expect(200);
    let first = service.wait_for("/api/v1/estimate", |answer| answer.json()["data"]["batches"] == 1).json();
    assert_eq!((&first["standing"], &first["data"]["epoch"]), (&"estimate".into(), &"0".into()), "{first}");
    assert_eq!(first["data"]["payouts"][0]["index"], Value::Null, "an estimate has no leaf");

    let mut stream = service.connect();
    write!(stream, "GET /api/v1/estimate/events?limit=2 HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).unwrap() > 0);
    }
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("content-type: text/event-stream"), "{head}");
    assert!(head.contains("access-control-allow-origin: *"), "{head}");
    let before = event(&mut reader).unwrap();
    let start = Instant::now();
    service.post(&lines(&batches[1..])).expect(200);
    let bytes = |event: &Value| event["data"]["bytes"].as_str().unwrap().parse::<u64>().unwrap();
    let after = loop {
        let now = event(&mut reader).unwrap();
        if bytes(&now) > bytes(&before) {
            break now;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{now}");
    };
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!(after["data"]["batches"], 3);
    assert_eq!(after["data"]["payouts"].as_array().unwrap().len(), 2);
    let one = service.data(&format!("/estimate?did={}", crate::world::did(2)));
    assert_eq!(one["payouts"].as_array().unwrap().len(), 1, "{one}");
    let cli = world.run(0, &["estimate", "-o", "json"]).expect(0).json();
    let all = service.data("/estimate");
    assert_eq!((&cli["pool_base_units"], &cli["payouts"]), (&all["pool_base_units"], &all["payouts"]));

    service.signal("TERM");
    assert!(std::iter::from_fn(|| event(&mut reader)).count() < 3, "the stream ends");
    let (code, said) = service.wait();
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn what_is_under_way_when_it_ends_is_finished() {
    let mut world = World::new(1, 1);
    let body = lines(&world.batches(0, 2));
    for signal in ["TERM", "INT"] {
        let service = Service::start(&world, &[]);
        let mut stream = service.connect();
        write!(stream, "POST /v1/batches HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n", body.len())
            .unwrap();
        stream.write_all(&body[..body.len() / 2]).unwrap();
        std::thread::sleep(Duration::from_millis(200));
        service.signal(signal);
        std::thread::sleep(Duration::from_millis(300));
        assert!(std::net::TcpStream::connect(service.address).is_err(), "nobody new is let in");
        stream.write_all(&body[body.len() / 2..]).unwrap();
        let answer = read_answer(stream).unwrap().expect(200).json();
        assert!(answer["answers"][1].get("acknowledgement").is_some(), "{answer}");
        let (code, said) = service.wait();
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("nothing new is taken in"), "{said}");
    }
    let again = world.ingest(
        0,
        &body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect::<Vec<_>>(),
    );
    assert_eq!(again["already_held"], 2);
}

#[test]
fn the_settle_loop_posts_what_is_due_and_the_api_tells_of_it() {
    let mut world = World::new(1, 1);
    let batches = world.batches(0, 3);
    let service = Service::start(&world, &["--settle", "--every", "1"]);
    service.post(&lines(&batches)).expect(200);
    service.get("/api/v1/epochs/0").expect(404);
    world.pass(0);
    let epoch = service
        .wait_for("/api/v1/epochs/0", |answer| answer.status == 200 && answer.json()["data"]["matches_chain"] == true);
    let epoch = epoch.json();
    assert_eq!((&epoch["standing"], &epoch["data"]["status"]), (&"provisional".into(), &"posted".into()), "{epoch}");
    assert_eq!(epoch["data"]["commitment_on_chain"], hex::encode(world.commitment(0).unwrap()));
    assert_eq!(service.metric("radio_payouts_last_epoch "), Some(0.0));
    assert!(service.metric("radio_payouts_settle_stage_seconds{stage=\"confirmed\"}").is_some());
    service.signal("TERM");
    let (code, said) = service.wait();
    assert_eq!(code, Some(0), "{said}");
    world.run(0, &["verify", "0"]).expect(0);
}

#[test]
fn it_says_what_it_cannot_do() {
    let world = World::new(1, 1);
    let off = world.run_with(0, &["serve", "--settle"], &[("RADIO_PAYOUTS_DEMO", "false")]).expect(4);
    assert!(off.stderr.contains("--radio-payouts-demo"), "{off:?}");
    let service = Service::start(&world, &[]);
    let taken = service.address.to_string();
    let refused = world.run(0, &["serve", "--listen", &taken, "--internal", "127.0.0.1:0"]).expect(75);
    assert!(refused.stderr.contains("cannot listen"), "{refused:?}");
    world.run(0, &["serve", "--host", "http://radio.example/"]).expect(2);
}
