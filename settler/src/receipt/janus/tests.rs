use super::*;
use serde_json::json;

const EVENTS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/janus/events.jsonl"));
const TRUTH: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/janus/truth.json"));
const ROOM_ID: u64 = 1001;
const PUBLISHER: &str = "did:web:publisher";

fn run<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Receipt>, Report) {
    let mut janus = Janus::default();
    let mut receipts = Vec::new();
    for line in lines {
        receipts.extend(janus.push(line).unwrap());
    }
    let (rest, report) = janus.finish();
    receipts.extend(rest);
    (receipts, report)
}

fn capture() -> Vec<&'static [u8]> {
    EVENTS.lines().map(str::as_bytes).collect()
}

/// Every figure of `truth.json` against receipts and report.
fn check_against_truth(receipts: &[Receipt], report: &Report) {
    let truth: Value = serde_json::from_str(TRUTH).unwrap();
    let number = |value: &Value, name: &str| value[name].as_u64().unwrap();
    let track_of = |value: &Value| format!("{}/{}", value["feed"], value["feed_mid"].as_str().unwrap());

    let tracks = truth["tracks"].as_array().unwrap();
    assert_eq!((tracks.len(), report.tracks.len()), (3, 3));
    for track in tracks {
        let mine = report.tracks.iter().find(|mine| mine.track == track_of(track)).unwrap();
        assert_eq!(mine.room, track["room"].to_string());
        assert_eq!(mine.contributor, track["publisher"].as_str().unwrap());
        assert_eq!(mine.bytes, number(track, "bytes"));
        assert_eq!(mine.packets, number(track, "packets"));
        assert_eq!(mine.counters as u64, number(track, "counters"));
        assert_eq!(mine.receivers as u64, number(track, "subscribers"));
        let mut received = 0;
        for receipt in receipts.iter().filter(|receipt| receipt.track_id == mine.track) {
            assert_eq!(receipt.room_id, mine.room);
            assert_eq!(receipt.contributors.len(), 1);
            assert_eq!(receipt.contributors[0].did, mine.contributor);
            assert!(u64::from(receipt.recipients) <= number(track, "subscribers") && receipt.recipients > 0);
            received += receipt.contributors[0].bytes_out;
        }
        assert_eq!(received, mine.bytes, "the receipts carry every byte of the track");
    }

    let contributors = truth["contributors"].as_object().unwrap();
    assert_eq!((contributors.len(), report.contributors.len()), (2, 2));
    for (did, bytes) in contributors {
        assert_eq!(report.contributors[did], bytes.as_u64().unwrap());
    }

    let counters = truth["counters"].as_array().unwrap();
    assert_eq!((counters.len(), report.counters.len()), (11, 11));
    for counter in counters {
        let is_same = |mine: &&CounterTotal| {
            mine.session_id == number(counter, "session_id")
                && mine.handle_id == number(counter, "handle_id")
                && mine.mid == counter["mid"].as_str().unwrap()
        };
        let mine = report.counters.iter().find(is_same).unwrap();
        assert_eq!(mine.bytes, number(counter, "bytes"));
        assert_eq!(mine.packets, number(counter, "packets"));
        assert_eq!(mine.samples, number(counter, "samples"));
        assert_eq!(mine.receiver, counter["subscriber"].as_str().unwrap());
        assert_eq!(mine.contributor, counter["publisher"].as_str().unwrap());
        assert_eq!(mine.track, track_of(counter));
    }
    assert_eq!(report.unattributed, []);
    assert_eq!(report.switched, [""; 0]);
}

#[test]
fn every_total_of_the_capture_is_right_to_the_byte() {
    let (receipts, report) = run(capture());
    check_against_truth(&receipts, &report);
    assert_eq!((report.events, report.out_of_order, report.stale_samples), (408, 2, 0));
    // One receipt per room, track and window, in order of the windows.
    let mut keys = HashSet::new();
    let mut last = 0;
    for receipt in &receipts {
        let window = radio_payouts_protocol::bare::window_end(receipt.timestamp).unwrap();
        assert!(window >= last);
        last = window;
        assert!(keys.insert((window, receipt.room_id.clone(), receipt.track_id.clone())));
    }
}

#[test]
fn grouped_events_and_objects_give_the_same() {
    let events: Vec<Value> = EVENTS.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let expected = run(capture()).0;
    let grouped: Vec<Vec<u8>> = events.chunks(7).map(|group| serde_json::to_vec(&group).unwrap()).collect();
    let (receipts, report) = run(grouped.iter().map(Vec::as_slice));
    check_against_truth(&receipts, &report);
    assert_eq!(receipts, expected);

    // combine_media_stats = false: one event a media line, whose `event` is an object.
    let mut split = Vec::new();
    for event in &events {
        match event["event"].as_array() {
            Some(entries) => split.extend(entries.iter().map(|entry| {
                let mut single = event.clone();
                single["event"] = entry.clone();
                serde_json::to_vec(&single).unwrap()
            })),
            None => split.push(serde_json::to_vec(event).unwrap()),
        }
    }
    assert!(split.len() > events.len());
    let (receipts, report) = run(split.iter().map(Vec::as_slice));
    check_against_truth(&receipts, &report);
    assert_eq!(receipts, expected);
}

#[test]
fn neighbours_out_of_order_and_repetitions_change_nothing() {
    let expected = run(capture()).0;
    let mut swapped = capture();
    for pair in swapped.chunks_mut(3) {
        pair.reverse();
    }
    // Three lines may lie further apart than the slack allows; swap only those close together.
    let at = |line: &[u8]| serde_json::from_slice::<Value>(line).unwrap()["timestamp"].as_u64().unwrap();
    let straight = capture();
    let close = swapped.chunks(3).zip(straight.chunks(3)).flat_map(|(swapped, straight)| {
        let spread = at(straight[straight.len() - 1]) - at(straight[0]);
        if spread < SLACK_US { swapped.to_vec() } else { straight.to_vec() }
    });
    let close: Vec<&[u8]> = close.collect();
    assert_ne!(close, capture());
    let (receipts, report) = run(close);
    check_against_truth(&receipts, &report);
    assert_eq!(receipts, expected);
    assert!(report.out_of_order > 50);

    let doubled: Vec<&[u8]> = capture().into_iter().flat_map(|line| [line, line]).collect();
    let (receipts, report) = run(doubled);
    check_against_truth(&receipts, &report);
    assert_eq!(receipts, expected);
    let samples: u64 = report.counters.iter().map(|counter| counter.samples).sum();
    assert_eq!((samples, report.stale_samples), (162, 162));
}

/// A made-up room with one publisher and one subscriber.
struct Room {
    janus: Janus,
    receipts: Vec<Receipt>,
}

impl Room {
    fn new() -> Self {
        let mut room = Self { janus: Janus::default(), receipts: Vec::new() };
        room.plugin(1, 1, json!({"event": "joined", "room": ROOM_ID, "id": 50, "display": PUBLISHER}));
        room
    }

    fn push(&mut self, event: &Value) {
        self.receipts.extend(self.janus.push(event.to_string().as_bytes()).unwrap());
    }

    fn plugin(&mut self, second: u64, handle: u64, data: Value) {
        self.push(&json!({"type": 64, "timestamp": second * 1_000_000, "session_id": 1, "handle_id": handle,
                          "opaque_id": format!("listener {handle}"),
                          "event": {"plugin": "janus.plugin.videoroom", "data": data}}));
    }

    fn subscribe(&mut self, second: u64, handle: u64, what: &str, feed: u64) {
        let streams = json!([{"mid": "0", "feed_id": feed, "feed_mid": "0"}]);
        self.plugin(second, handle, json!({"event": what, "room": ROOM_ID, "streams": streams}));
    }

    fn up(&mut self, second: u64, handle: u64) {
        self.push(&json!({"type": 16, "subtype": 6, "timestamp": second * 1_000_000, "session_id": 1,
                          "handle_id": handle, "event": {"connection": "webrtcup"}}));
    }

    fn sent(&mut self, second: u64, handle: u64, bytes: u64) {
        self.push(&json!({"type": 32, "subtype": 3, "timestamp": second * 1_000_000, "session_id": 1,
                          "handle_id": handle,
                          "event": [{"mid": "0", "bytes-sent": bytes, "packets-sent": bytes / 100}]}));
    }

    fn end(mut self) -> (u64, Report) {
        let (rest, report) = self.janus.finish();
        self.receipts.extend(rest);
        (self.receipts.iter().map(|receipt| receipt.contributors[0].bytes_out).sum(), report)
    }
}

fn unattributed(report: &Report) -> Vec<(u64, Reason)> {
    report.unattributed.iter().map(|lost| (lost.bytes, lost.reason)).collect()
}

#[test]
fn a_switched_handle_is_unknown_from_then_on() {
    let mut room = Room::new();
    room.subscribe(2, 9, "subscribing", 50);
    room.up(3, 9);
    room.sent(10, 9, 1_000);
    room.plugin(12, 9, json!({"event": "switched", "room": ROOM_ID}));
    room.sent(20, 9, 5_000);
    room.subscribe(21, 9, "updated", 50);
    room.sent(30, 9, 6_000);
    let (bytes, report) = room.end();
    assert_eq!(bytes, 1_000);
    assert_eq!(report.switched, ["1/9"]);
    assert_eq!(unattributed(&report), [(5_000, Reason::Switched)]);
}

#[test]
fn a_subscriber_that_returns_counts_from_zero_even_if_the_new_value_is_higher() {
    let mut room = Room::new();
    room.subscribe(2, 9, "subscribing", 50);
    room.up(3, 9);
    room.sent(10, 9, 1_000);
    room.up(15, 9);
    room.sent(20, 9, 4_000);
    room.sent(30, 9, 4_500);
    // A fall without `webrtcup` is a new connection all the same.
    room.sent(40, 9, 300);
    let (bytes, report) = room.end();
    assert_eq!(bytes, 1_000 + 4_500 + 300);
    assert_eq!((report.resets, report.tracks[0].receivers), (1, 1));
    assert_eq!(report.counters[0].packets, 10 + 45 + 3);
}

#[test]
fn two_handles_of_one_listener_are_one_recipient() {
    let mut room = Room::new();
    for handle in [8, 9] {
        room.push(&json!({"type": 2, "timestamp": 1_500_000, "session_id": 1, "handle_id": handle,
                          "opaque_id": "did:web:listener", "event": {}}));
        room.subscribe(2, handle, "subscribing", 50);
        room.sent(10, handle, 1_000);
    }
    let (_, report) = run_receipts(room);
    assert_eq!(report.len(), 1);
    assert_eq!((report[0].recipients, report[0].contributors[0].bytes_out), (1, 2_000));
}

fn run_receipts(mut room: Room) -> (Report, Vec<Receipt>) {
    let (rest, report) = room.janus.finish();
    room.receipts.extend(rest);
    (report, room.receipts)
}

#[test]
fn a_receiver_without_opaque_id_is_known_by_its_private_id() {
    let mut janus = Janus::default();
    let plugin = |second: u64, handle: u64, data: Value| {
        json!({"type": 64, "timestamp": second * 1_000_000, "session_id": 1, "handle_id": handle,
               "event": {"data": data}})
        .to_string()
    };
    let stats = json!({"type": 32, "subtype": 3, "timestamp": 9_000_000, "session_id": 1, "handle_id": 3,
                       "event": {"mid": "0", "bytes-sent": 7, "packets-sent": 1}});
    let streams = json!([{"mid": "0", "feed_id": "a", "feed_mid": "1", "feed_display": PUBLISHER}]);
    for event in [
        plugin(1, 2, json!({"event": "joined", "room": "r", "id": "b", "private_id": 77, "display": "did:web:me"})),
        plugin(2, 3, json!({"event": "subscribing", "room": "r", "private_id": 77, "streams": streams})),
        stats.to_string(),
    ] {
        assert_eq!(janus.push(event.as_bytes()), Ok(vec![]));
    }
    let (receipts, report) = janus.finish();
    assert_eq!(report.counters[0].receiver, "did:web:me");
    assert_eq!((receipts[0].room_id.as_str(), receipts[0].track_id.as_str()), ("r", "a/1"));
    assert_eq!(receipts[0].contributors[0].did, PUBLISHER);
}

#[test]
fn bytes_that_cannot_be_attributed_are_reported_and_not_paid() {
    let mut room = Room::new();
    // Nothing is known of handle 5; handle 6's publisher is no DID; handle 7's feed changes between two samples.
    room.sent(10, 5, 100);
    room.sent(20, 5, 150);
    room.plugin(1, 1, json!({"event": "joined", "room": ROOM_ID, "id": 60, "display": "Alice"}));
    room.subscribe(2, 6, "subscribing", 60);
    room.sent(10, 6, 200);
    room.subscribe(2, 7, "subscribing", 50);
    room.sent(10, 7, 1_000);
    room.subscribe(15, 7, "updated", 60);
    room.subscribe(15, 7, "updated", 51);
    room.plugin(15, 1, json!({"event": "joined", "room": ROOM_ID, "id": 51, "display": PUBLISHER}));
    room.sent(20, 7, 1_400);
    room.sent(30, 7, 2_400);
    // Handle 8's connection began before the log: only what is sent after the first sample counts.
    room.subscribe(4, 8, "updated", 50);
    room.sent(10, 8, 9_000);
    room.sent(20, 8, 9_010);
    let (bytes, report) = room.end();
    assert_eq!(bytes, 1_000 + 1_000 + 10);
    assert_eq!(
        unattributed(&report),
        [
            (50, Reason::NoSubscription),
            (100, Reason::BeforeTheLog),
            (200, Reason::NoDid),
            (400, Reason::FeedChanged),
            (9_000, Reason::BeforeTheLog),
        ]
    );
}

#[test]
fn refuses_what_is_no_event() {
    let mut janus = Janus::default();
    for bad in [
        "",
        "7",
        "{}",
        "{\"type\":1}",
        "{\"timestamp\":5}",
        "{\"type\":1,\"timestamp\":-5}",
        "[{}]",
        "{\"type\":1,\"timestamp\":18446744073709551615}",
        "{\"type\":1,\"timestamp\":5",
    ] {
        assert!(janus.push(bad.as_bytes()).is_err(), "{bad}");
    }
    // Odd events that are events pass without effect.
    for odd in [
        "{\"type\":32,\"subtype\":3,\"timestamp\":5,\"session_id\":1,\"handle_id\":2,\"event\":null}",
        "{\"type\":64,\"timestamp\":5,\"event\":{\"data\":{\"event\":\"joined\"}}}",
        "{\"type\":64,\"timestamp\":5,\"session_id\":1,\"handle_id\":2,\"event\":{\"data\":{\"event\":\"subscribing\",\"streams\":[7]}}}",
        "{\"type\":16,\"subtype\":6,\"timestamp\":5,\"event\":{\"connection\":\"webrtcup\"}}",
    ] {
        assert_eq!(janus.push(odd.as_bytes()), Ok(vec![]), "{odd}");
    }
    let (receipts, report) = janus.finish();
    assert!(receipts.is_empty() && report.counters.is_empty());
    assert_eq!(report.events, 4);
}
