//! Receipts from the statistics of a mediasoup v3 SFU.
//!
//! mediasoup writes no log of its own; `consumer.getStats()` must be called every few seconds and written down. The
//! format read here is one JSON object a line, `at` in Unix milliseconds (the `timestamp` in mediasoup's own
//! statistics is milliseconds since some moment in the past, not Unix time, and is not used):
//!
//! ```text
//! {"at":1760000000000,"event":"producer","producerId":"P1","roomId":"room_ab12","trackId":"track_x9","did":"did:key:z6Mk…"}
//! {"at":1760000000500,"event":"consumer","consumerId":"C1","producerId":"P1","receiver":"did:key:z6Mk…"}
//! {"at":1760000010000,"event":"stats","consumerId":"C1","stats":[ …what consumer.getStats() returned, as it is… ]}
//! ```
//!
//! `trackId` is the producer's id if absent, `receiver` the consumer's. Call `getStats()` once more before
//! `consumer.close()`: afterwards the tail since the last call is lost. Statistics of transports
//! (`"type":"webrtc-transport"`) may be in the log; they do not say what was sent of which track and are passed over,
//! as are the `inbound-rtp` entries that `getStats()` of a consumer adds for its producer.
//!
//! # What mediasoup counts, and what the protocol wants
//!
//! `byteCount` of an `outbound-rtp` entry is **whole RTP packets** (header of at least 12 bytes, extensions, payload,
//! padding) sent for the first time: retransmissions are not in it (they are `packetsRetransmitted`), nor are the probation
//! packets of bandwidth estimation. The protocol wants payload alone, which mediasoup does not report; nothing is
//! subtracted here, and the report says the packets. Counters live as long as the consumer and its `ssrc`.

use std::collections::{BTreeMap, HashMap};

use radio_payouts_protocol::batch::{MAX_INTEGER, Receipt};
use radio_payouts_protocol::did::Did;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::counters::{Counter, Delivered, Increase, Windows};

/// How late a line may come before its window is closed, in milliseconds.
const SLACK_MS: u64 = 5_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    at: u64,
    #[serde(flatten)]
    event: Event,
}

#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Event {
    #[serde(rename_all = "camelCase")]
    Producer { producer_id: String, room_id: String, track_id: Option<String>, did: String },
    #[serde(rename_all = "camelCase")]
    Consumer { consumer_id: String, producer_id: String, receiver: Option<String> },
    #[serde(rename_all = "camelCase")]
    Stats { consumer_id: Option<String>, stats: Vec<Value> },
}

struct Consumer {
    producer_id: String,
    receiver: String,
}

/// Bytes of a consumer that belong to nobody.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Unattributed {
    /// The consumer.
    pub consumer_id: String,
    /// Whole RTP packets, in bytes.
    pub bytes: u64,
    /// Why.
    pub reason: &'static str,
}

/// What one track delivered.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct TrackTotal {
    /// The room.
    pub room: String,
    /// The track.
    pub track: String,
    /// The publisher.
    pub contributor: String,
    /// Whole RTP packets, in bytes.
    pub bytes: u64,
    /// RTP packets.
    pub packets: u64,
}

/// What was read and what became of it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Report {
    /// Lines read.
    pub lines: u64,
    /// `outbound-rtp` entries.
    pub statistics: u64,
    /// Samples not newer than one before.
    pub stale_samples: u64,
    /// Counters that fell.
    pub resets: u64,
    /// Per track.
    pub tracks: Vec<TrackTotal>,
    /// Bytes per publisher.
    pub contributors: BTreeMap<String, u64>,
    /// What belongs to nobody.
    pub unattributed: Vec<Unattributed>,
}

/// Reads lines and makes receipts.
#[derive(Default)]
pub struct Mediasoup {
    producers: HashMap<String, Delivered>,
    consumers: HashMap<String, Consumer>,
    counters: HashMap<(String, u64), (Counter, Counter)>,
    tracks: BTreeMap<Delivered, (u64, u64)>,
    lost: BTreeMap<(String, &'static str), u64>,
    windows: Windows,
    latest_ms: u64,
    report: Report,
}

impl Mediasoup {
    /// Takes one line; gives the receipts of windows that are done.
    ///
    /// # Errors
    /// Why it is not a line of this format.
    pub fn push(&mut self, json: &[u8]) -> Result<Vec<Receipt>, String> {
        let Line { at, event } = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        if !(1..=MAX_INTEGER / 1_000).contains(&at) {
            return Err("at is a time in Unix milliseconds".to_owned());
        }
        match event {
            Event::Producer { producer_id, room_id, track_id, did } => {
                Did::parse(&did).map_err(|error| format!("did: {error}"))?;
                let track_id = track_id.unwrap_or_else(|| producer_id.clone());
                self.producers.insert(producer_id, Delivered { room_id, track_id, contributor: did });
            }
            Event::Consumer { consumer_id, producer_id, receiver } => {
                let receiver = receiver.unwrap_or_else(|| consumer_id.clone());
                self.consumers.insert(consumer_id, Consumer { producer_id, receiver });
            }
            Event::Stats { consumer_id, stats } => {
                for entry in stats.iter().filter(|entry| entry["type"] == "outbound-rtp") {
                    let consumer_id = consumer_id.as_deref().ok_or("outbound-rtp statistics need a consumerId")?;
                    self.statistics(at, consumer_id, entry)?;
                }
            }
        }
        self.report.lines += 1;
        self.latest_ms = self.latest_ms.max(at);
        Ok(self.windows.close_to(self.latest_ms.saturating_sub(SLACK_MS)))
    }

    fn statistics(&mut self, at: u64, consumer_id: &str, entry: &Value) -> Result<(), String> {
        let number = |name: &str| {
            entry.get(name).and_then(Value::as_u64).ok_or_else(|| format!("outbound-rtp statistics need {name}"))
        };
        let (ssrc, bytes, packets) = (number("ssrc")?, number("byteCount")?, number("packetCount")?);
        self.report.statistics += 1;
        let (byte_counter, packet_counter) = self.counters.entry((consumer_id.to_owned(), ssrc)).or_default();
        let consumer = self.consumers.get(consumer_id);
        if consumer.is_none() && !byte_counter.is_known() {
            // Its beginning was not seen: what it sent before is not ours to count.
            byte_counter.begin_at(0, at, bytes);
            packet_counter.begin_at(0, at, packets);
            self.lose(consumer_id, "the consumer was not announced", bytes);
            return Ok(());
        }
        let increase = match byte_counter.sample(0, at, bytes) {
            Increase::By(increase) => increase,
            Increase::Reset(increase) => {
                self.report.resets += 1;
                increase
            }
            Increase::Stale => {
                self.report.stale_samples += 1;
                return Ok(());
            }
        };
        let more_packets = match packet_counter.sample(0, at, packets) {
            Increase::By(more) | Increase::Reset(more) => more,
            Increase::Stale => 0,
        };
        let Some(consumer) = consumer else {
            self.lose(consumer_id, "the consumer was not announced", increase);
            return Ok(());
        };
        let Some(what) = self.producers.get(&consumer.producer_id) else {
            self.lose(consumer_id, "its producer was not announced", increase);
            return Ok(());
        };
        let total = self.tracks.entry(what.clone()).or_default();
        total.0 += increase;
        total.1 += more_packets;
        self.windows.add(at, what.clone(), &consumer.receiver, increase);
        Ok(())
    }

    fn lose(&mut self, consumer_id: &str, reason: &'static str, bytes: u64) {
        if bytes > 0 {
            *self.lost.entry((consumer_id.to_owned(), reason)).or_default() += bytes;
        }
    }

    /// At the end of the input: the receipts of the windows still open, and the report.
    pub fn finish(mut self) -> (Vec<Receipt>, Report) {
        let receipts = self.windows.finish();
        let mut report = self.report;
        for (what, (bytes, packets)) in self.tracks {
            *report.contributors.entry(what.contributor.clone()).or_default() += bytes;
            report.tracks.push(TrackTotal {
                room: what.room_id,
                track: what.track_id,
                contributor: what.contributor,
                bytes,
                packets,
            });
        }
        report.unattributed = self
            .lost
            .into_iter()
            .map(|((consumer_id, reason), bytes)| Unattributed { consumer_id, bytes, reason })
            .collect();
        (receipts, report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// An `outbound-rtp` entry with the fields of mediasoup v3, and the `inbound-rtp` one that comes with it.
    fn stats(at: u64, consumer: &str, ssrc: u64, bytes: u64) -> String {
        json!({"at": at, "event": "stats", "consumerId": consumer, "stats": [
            {"bitrate": 126_032, "byteCount": bytes, "firCount": 0, "fractionLost": 0, "kind": "audio",
             "mimeType": "audio/opus", "nackCount": 2, "nackPacketCount": 2, "packetCount": bytes / 100,
             "packetsDiscarded": 0, "packetsLost": 0, "packetsRepaired": 1, "packetsRetransmitted": 2, "pliCount": 0,
             "roundTripTime": 25.5, "rtxPacketsDiscarded": 0, "rtxSsrc": 7, "score": 10, "ssrc": ssrc,
             "timestamp": 925_298_114u64, "type": "outbound-rtp"},
            {"byteCount": 999_999_999u64, "packetCount": 1, "ssrc": 1, "type": "inbound-rtp"},
        ]})
        .to_string()
    }

    fn producer() -> String {
        json!({"at": 1, "event": "producer", "producerId": "P", "roomId": "r", "trackId": "t", "did": "did:web:a"})
            .to_string()
    }

    fn consumer(id: &str, receiver: &str) -> String {
        json!({"at": 1, "event": "consumer", "consumerId": id, "producerId": "P", "receiver": receiver}).to_string()
    }

    fn run(lines: &[String]) -> (Vec<Receipt>, Report) {
        let mut mediasoup = Mediasoup::default();
        let mut receipts = Vec::new();
        for line in lines {
            receipts.extend(mediasoup.push(line.as_bytes()).unwrap());
        }
        let (rest, report) = mediasoup.finish();
        receipts.extend(rest);
        (receipts, report)
    }

    #[test]
    fn increases_go_into_the_window_of_their_sample() {
        let (receipts, report) = run(&[
            producer(),
            consumer("C1", "x"),
            consumer("C2", "y"),
            consumer("C3", "y"),
            stats(10_000, "C1", 5, 1_000),
            stats(9_000, "C2", 6, 500),
            stats(9_500, "C3", 6, 10),
            stats(20_000, "C1", 5, 1_700),
            stats(20_000, "C1", 5, 1_700),
            stats(30_000, "C1", 5, 100),
        ]);
        let summary: Vec<_> = receipts
            .iter()
            .map(|receipt| (receipt.timestamp, receipt.recipients, receipt.contributors[0].bytes_out))
            .collect();
        assert_eq!(summary, [(10_000, 2, 1_510), (20_000, 1, 700), (30_000, 1, 100)]);
        assert_eq!((report.resets, report.stale_samples, report.statistics), (1, 1, 6));
        assert_eq!(report.contributors["did:web:a"], 2_310);
        assert_eq!((report.tracks[0].bytes, report.tracks[0].packets), (2_310, 10 + 5 + 7 + 1));
        assert_eq!(report.unattributed, []);
    }

    #[test]
    fn a_consumer_that_nobody_announced_is_reported_and_not_paid() {
        let orphan = json!({"at": 1, "event": "consumer", "consumerId": "C8", "producerId": "Q"}).to_string();
        let (receipts, report) = run(&[
            producer(),
            orphan,
            stats(10_000, "C9", 5, 100),
            stats(20_000, "C9", 5, 130),
            stats(20_000, "C8", 5, 7),
        ]);
        assert!(receipts.is_empty());
        let lost: Vec<_> = report.unattributed.iter().map(|lost| (lost.consumer_id.as_str(), lost.bytes)).collect();
        assert_eq!(lost, [("C8", 7), ("C9", 130)]);
    }

    #[test]
    fn transports_are_passed_over() {
        let line = json!({"at": 5, "event": "stats", "stats": [
            {"type": "webrtc-transport", "bytesSent": 20_988, "rtpBytesSent": 17_000, "rtxBytesSent": 0}]});
        assert_eq!(Mediasoup::default().push(line.to_string().as_bytes()), Ok(vec![]));
    }

    #[test]
    fn refuses_what_is_not_of_the_format() {
        let good = stats(10_000, "C1", 5, 1_000);
        for bad in [
            "{}".to_owned(),
            good.replace("\"at\":10000", "\"at\":0"),
            good.replace("\"at\":10000", "\"at\":18446744073709551615"),
            good.replace("\"at\":10000", "\"at\":1.5"),
            good.replace("\"stats\",", "\"nothing\","),
            good.replace("\"consumerId\":\"C1\",", ""),
            good.replace("\"byteCount\":1000,", ""),
            good.replace("\"ssrc\":5", "\"ssrc\":null"),
            producer().replace("did:web:a", "alice"),
            producer().replace("\"roomId\":\"r\",", ""),
        ] {
            assert!(Mediasoup::default().push(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
