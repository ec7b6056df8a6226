//! Receipts from the events of a Janus WebRTC server (VideoRoom).
//!
//! # What Janus counts, and what the protocol wants
//!
//! `bytes-sent` of a statistics event is **whole RTP packets**: header (at least 12 bytes a packet), extensions,
//! payload and any padding; without SRTP tag, UDP and IP. Retransmissions in RFC 4588 form (RTX) are included, those in
//! the old form are not. The protocol wants payload, without retransmissions and padding. Janus does not report payload
//! alone, so nothing is subtracted here: receipts carry what Janus reports, to the byte, and the report says how many
//! packets they came in, so that an SFU's operator can see how much of it are headers (12 bytes a packet at least). An
//! operator who wants payload must count it in the SFU. Janus reports what it *sent*; what arrived it does not know.
//!
//! # The rules
//!
//! * Counters live in the PeerConnection: `webrtcup` of a handle starts all its counters at 0, and so does a value
//!   below the one before. A counter whose beginning lies before the log counts from the first value seen.
//! * A media line belongs to a publisher's track by the latest `subscribing` or `updated` of its handle. It stays so
//!   after `unsubscribed`, because the last report, with the tail, comes later.
//! * A `switched` event does not say to what: from then on nothing of that handle is attributed.
//! * If the feed of a line changed between two samples, nobody can say whose the bytes between are: not attributed.
//! * The contributor is the `display` of the publisher's `joined`, and must be a DID. (Nothing in Janus checks it: bind
//!   it to a key before you pay by it.) A receiver is its handle's `opaque_id`, else the `display` behind its
//!   `private_id`, else the handle.
//! * Bytes go into the window of the sample that shows them. Events are sorted by their timestamps within five seconds.
//! * Everything not attributed is reported with handle, line, bytes and reason.
//!
//! A track's id is `feed_id/feed_mid`, since both rooms of a server may have a feed `0`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet};

use radio_payouts_protocol::batch::{MAX_INTEGER, Receipt};
use radio_payouts_protocol::did::Did;
use serde::Serialize;
use serde_json::Value;

use super::counters::{Counter, Delivered, Increase, Windows};

#[cfg(test)]
mod tests;

/// How far events may be out of order, in microseconds of their timestamps.
const SLACK_US: u64 = 5_000_000;

/// Reads events and makes receipts.
#[derive(Debug, Default)]
pub struct Janus {
    waiting: BinaryHeap<Reverse<Waiting>>,
    arrived: u64,
    latest_us: u64,
    handles: HashMap<Handle, State>,
    /// (room, participant) to display.
    people: HashMap<(String, String), String>,
    /// private_id to display.
    private: HashMap<String, String>,
    counters: BTreeMap<(Handle, String), Line>,
    lost: BTreeMap<(Handle, String, Reason), u64>,
    switched: BTreeSet<Handle>,
    windows: Windows,
    report: Counts,
}

/// A handle of a session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Handle {
    session: u64,
    handle: u64,
}

/// An event that later lines may still come before.
#[derive(Debug)]
struct Waiting {
    at_us: u64,
    arrival: u64,
    event: Value,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Waiting {}
impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at_us, self.arrival).cmp(&(other.at_us, other.arrival))
    }
}

/// What is known of a handle.
#[derive(Clone, Debug, Default)]
struct State {
    opaque_id: Option<String>,
    private_id: Option<String>,
    /// PeerConnections so far and when the last came up.
    connections: u64,
    connected_us: u64,
    /// Whether its beginning was seen.
    began: bool,
    feeds: HashMap<String, Feed>,
}

/// A publisher's media line.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Feed {
    room: String,
    id: String,
    mid: String,
    display: Option<String>,
}

/// A subscriber's media line.
#[derive(Clone, Debug, Default)]
struct Line {
    bytes: Counter,
    packets: Counter,
    feed: Option<Feed>,
    total: Option<CounterTotal>,
}

/// Why bytes were not attributed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The handle was switched to a feed that the event does not name.
    Switched,
    /// No subscription of this media line was seen.
    NoSubscription,
    /// The line's feed changed between two samples.
    FeedChanged,
    /// The publisher's display is not a DID, or was not seen.
    NoDid,
    /// Sent before the log begins.
    BeforeTheLog,
}

impl Reason {
    /// For people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Switched => "switched to a feed that the event does not name",
            Self::NoSubscription => "no subscription of this line was seen",
            Self::FeedChanged => "the line's feed changed between two samples",
            Self::NoDid => "the publisher's display is not a DID or was not seen",
            Self::BeforeTheLog => "the connection began before the log",
        }
    }
}

/// Bytes that belong to nobody.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Unattributed {
    /// Janus session.
    pub session_id: u64,
    /// Janus handle.
    pub handle_id: u64,
    /// Media line.
    pub mid: String,
    /// Whole RTP packets.
    pub bytes: u64,
    /// Why.
    pub reason: Reason,
}

/// What one subscriber's media line got.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CounterTotal {
    /// The room.
    pub room: String,
    /// `feed_id/feed_mid`.
    pub track: String,
    /// The publisher.
    pub contributor: String,
    /// The subscriber.
    pub receiver: String,
    /// Janus session.
    pub session_id: u64,
    /// Janus handle.
    pub handle_id: u64,
    /// Media line.
    pub mid: String,
    /// Samples that counted.
    pub samples: u64,
    /// Whole RTP packets, in bytes.
    pub bytes: u64,
    /// RTP packets.
    pub packets: u64,
}

/// What one track delivered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TrackTotal {
    /// The room.
    pub room: String,
    /// `feed_id/feed_mid`.
    pub track: String,
    /// The publisher.
    pub contributor: String,
    /// Media lines that it was sent on.
    pub counters: usize,
    /// Distinct subscribers.
    pub receivers: usize,
    /// Whole RTP packets, in bytes.
    pub bytes: u64,
    /// RTP packets.
    pub packets: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
struct Counts {
    events: u64,
    statistics: u64,
    out_of_order: u64,
    stale_samples: u64,
    resets: u64,
}

/// What was read and what became of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Report {
    /// Events read.
    pub events: u64,
    /// Media lines in statistics events.
    pub statistics: u64,
    /// Events whose timestamp is below that of one before.
    pub out_of_order: u64,
    /// Samples not newer than one before: repetitions.
    pub stale_samples: u64,
    /// Counters that fell within one PeerConnection.
    pub resets: u64,
    /// Per track.
    pub tracks: Vec<TrackTotal>,
    /// Bytes per publisher.
    pub contributors: BTreeMap<String, u64>,
    /// Per subscriber's media line.
    pub counters: Vec<CounterTotal>,
    /// `session/handle` of all that were switched.
    pub switched: Vec<String>,
    /// What belongs to nobody.
    pub unattributed: Vec<Unattributed>,
}

impl Janus {
    /// Takes the body of one event; gives the receipts of windows that are done.
    ///
    /// # Errors
    /// Why it is not an event.
    pub fn push(&mut self, json: &[u8]) -> Result<Vec<Receipt>, String> {
        let event: Value = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        self.push_value(event)
    }

    fn push_value(&mut self, event: Value) -> Result<Vec<Receipt>, String> {
        if let Value::Array(group) = event {
            let mut receipts = Vec::new();
            for event in group {
                receipts.extend(self.push_value(event)?);
            }
            return Ok(receipts);
        }
        let at_us = event.get("timestamp").and_then(Value::as_u64).filter(|at| (1..=MAX_INTEGER).contains(at));
        let at_us = at_us.ok_or("an event has a timestamp in Unix microseconds")?;
        if event.get("type").and_then(Value::as_u64).is_none() {
            return Err("an event has a numeric type".to_owned());
        }
        self.report.events += 1;
        self.arrived += 1;
        if at_us < self.latest_us {
            self.report.out_of_order += 1;
        }
        self.latest_us = self.latest_us.max(at_us);
        self.waiting.push(Reverse(Waiting { at_us, arrival: self.arrived, event }));
        let ripe = self.latest_us.saturating_sub(SLACK_US);
        self.work_to(ripe);
        Ok(self.windows.close_to((ripe / 1_000).saturating_sub(1)))
    }

    /// At the end of the input: the receipts of the windows still open, and the report.
    pub fn finish(mut self) -> (Vec<Receipt>, Report) {
        self.work_to(u64::MAX);
        let receipts = self.windows.finish();
        (receipts, self.into_report())
    }

    fn work_to(&mut self, ripe_us: u64) {
        while let Some(Reverse(next)) = self.waiting.peek() {
            if next.at_us > ripe_us {
                break;
            }
            if let Some(Reverse(Waiting { at_us, event, .. })) = self.waiting.pop() {
                self.work(at_us, &event);
            }
        }
    }

    fn work(&mut self, at_us: u64, event: &Value) {
        let number = |name| event.get(name).and_then(Value::as_u64);
        let handle = number("session_id").zip(number("handle_id")).map(|(session, handle)| Handle { session, handle });
        let body = event.get("event").unwrap_or(&Value::Null);
        if let (Some(handle), Some(opaque)) = (handle, event.get("opaque_id").and_then(Value::as_str)) {
            self.handles.entry(handle).or_default().opaque_id.get_or_insert_with(|| opaque.to_owned());
        }
        match (number("type"), number("subtype"), handle) {
            (Some(16), Some(6), Some(handle)) if body.get("connection").and_then(Value::as_str) == Some("webrtcup") => {
                let state = self.handles.entry(handle).or_default();
                if at_us > state.connected_us {
                    state.connections += 1;
                    state.connected_us = at_us;
                    state.began = true;
                }
            }
            (Some(64), _, handle) => self.plugin_event(handle, body.get("data").unwrap_or(&Value::Null)),
            (Some(32), Some(3), Some(handle)) => {
                for entry in body.as_array().map_or(std::slice::from_ref(body), Vec::as_slice) {
                    self.statistics(at_us, handle, entry);
                }
            }
            _ => {}
        }
    }

    fn plugin_event(&mut self, handle: Option<Handle>, data: &Value) {
        match (data.get("event").and_then(Value::as_str), handle) {
            (Some("joined"), _) => {
                let Some(display) = data.get("display").and_then(Value::as_str) else { return };
                if let Some((room, id)) = id(data.get("room")).zip(id(data.get("id"))) {
                    self.people.insert((room, id), display.to_owned());
                }
                if let Some(private) = id(data.get("private_id")) {
                    self.private.insert(private, display.to_owned());
                }
            }
            (Some(what @ ("subscribing" | "updated")), Some(handle)) => {
                let state = self.handles.entry(handle).or_default();
                state.began |= what == "subscribing";
                state.private_id = state.private_id.take().or(id(data.get("private_id")));
                for stream in data.get("streams").and_then(Value::as_array).into_iter().flatten() {
                    let parts = (id(stream.get("mid")), id(stream.get("feed_id")), id(stream.get("feed_mid")));
                    if let ((Some(mid), Some(feed), Some(feed_mid)), Some(room)) = (parts, id(data.get("room"))) {
                        let display = stream.get("feed_display").and_then(Value::as_str).map(str::to_owned);
                        state.feeds.insert(mid, Feed { room, id: feed, mid: feed_mid, display });
                    }
                }
            }
            (Some("switched"), Some(handle)) => {
                self.switched.insert(handle);
            }
            // "unsubscribed" and "unpublished" change nothing: the last report is still to come.
            _ => {}
        }
    }

    fn statistics(&mut self, at_us: u64, handle: Handle, entry: &Value) {
        let (Some(mid), Some(bytes)) = (id(entry.get("mid")), entry.get("bytes-sent").and_then(Value::as_u64)) else {
            return;
        };
        let packets = entry.get("packets-sent").and_then(Value::as_u64).unwrap_or_default();
        self.report.statistics += 1;
        let state = self.handles.entry(handle).or_default();
        let connection = state.connections;
        let feed = state.feeds.get(&mid).cloned();
        if feed.is_none() && bytes == 0 {
            return; // a publisher's own line
        }
        let key = (handle, mid);
        let line = self.counters.entry(key.clone()).or_default();
        let mut lose = |bytes, reason| {
            if bytes > 0 {
                *self.lost.entry((handle, key.1.clone(), reason)).or_default() += bytes;
            }
        };
        if !state.began && !line.bytes.is_known() {
            line.bytes.begin_at(connection, at_us, bytes);
            line.packets.begin_at(connection, at_us, packets);
            line.feed = feed;
            return lose(bytes, Reason::BeforeTheLog);
        }
        let continues = line.bytes.is_known_in(connection);
        let increase = match line.bytes.sample(connection, at_us, bytes) {
            Increase::By(increase) => increase,
            Increase::Reset(increase) => {
                self.report.resets += 1;
                increase
            }
            Increase::Stale => {
                self.report.stale_samples += 1;
                return;
            }
        };
        let more_packets = match line.packets.sample(connection, at_us, packets) {
            Increase::By(more) | Increase::Reset(more) => more,
            Increase::Stale => 0,
        };
        let changed = continues && line.feed.as_ref().map(Feed::key) != feed.as_ref().map(Feed::key);
        line.feed.clone_from(&feed);
        if self.switched.contains(&handle) {
            return lose(increase, Reason::Switched);
        }
        let Some(feed) = feed else { return lose(increase, Reason::NoSubscription) };
        if changed {
            return lose(increase, Reason::FeedChanged);
        }
        let display = self.people.get(&(feed.room.clone(), feed.id.clone())).or(feed.display.as_ref());
        let Some(contributor) = display.filter(|display| Did::parse(display).is_ok()).cloned() else {
            return lose(increase, Reason::NoDid);
        };
        let by_private = || state.private_id.as_ref().and_then(|private| self.private.get(private)).cloned();
        let receiver = state
            .opaque_id
            .clone()
            .or_else(by_private)
            .unwrap_or_else(|| format!("{}/{}", handle.session, handle.handle));
        let track = format!("{}/{}", feed.id, feed.mid);
        let total = line.total.get_or_insert_with(|| CounterTotal {
            room: feed.room.clone(),
            track: track.clone(),
            contributor: contributor.clone(),
            receiver: receiver.clone(),
            session_id: handle.session,
            handle_id: handle.handle,
            mid: key.1.clone(),
            samples: 0,
            bytes: 0,
            packets: 0,
        });
        total.samples += 1;
        total.bytes += increase;
        total.packets += more_packets;
        let what = Delivered { room_id: feed.room, track_id: track, contributor };
        self.windows.add(at_us.div_ceil(1_000), what, &receiver, increase);
    }

    fn into_report(self) -> Report {
        let counters: Vec<CounterTotal> = self.counters.into_values().filter_map(|line| line.total).collect();
        let mut tracks: BTreeMap<(String, String, String), (TrackTotal, HashSet<String>)> = BTreeMap::new();
        let mut contributors: BTreeMap<String, u64> = BTreeMap::new();
        for counter in &counters {
            *contributors.entry(counter.contributor.clone()).or_default() += counter.bytes;
            let key = (counter.room.clone(), counter.track.clone(), counter.contributor.clone());
            let (track, receivers) = tracks.entry(key).or_insert_with(|| {
                let total = TrackTotal {
                    room: counter.room.clone(),
                    track: counter.track.clone(),
                    contributor: counter.contributor.clone(),
                    counters: 0,
                    receivers: 0,
                    bytes: 0,
                    packets: 0,
                };
                (total, HashSet::new())
            });
            receivers.insert(counter.receiver.clone());
            track.receivers = receivers.len();
            track.counters += 1;
            track.bytes += counter.bytes;
            track.packets += counter.packets;
        }
        let unattributed = self.lost.into_iter().map(|((handle, mid, reason), bytes)| Unattributed {
            session_id: handle.session,
            handle_id: handle.handle,
            mid,
            bytes,
            reason,
        });
        Report {
            events: self.report.events,
            statistics: self.report.statistics,
            out_of_order: self.report.out_of_order,
            stale_samples: self.report.stale_samples,
            resets: self.report.resets,
            tracks: tracks.into_values().map(|(track, _)| track).collect(),
            contributors,
            counters,
            switched: self.switched.iter().map(|handle| format!("{}/{}", handle.session, handle.handle)).collect(),
            unattributed: unattributed.collect(),
        }
    }
}

impl Feed {
    fn key(&self) -> (&str, &str, &str) {
        (&self.room, &self.id, &self.mid)
    }
}

/// An id, which Janus writes as a number or (with `string_ids`) as a string.
fn id(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}
