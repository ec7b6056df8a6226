//! Counters in Prometheus' text format: <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::chain::Snapshot;
use super::estimator::Estimated;
use crate::epoch::view::standing;

/// Upper bounds of histograms, in microseconds.
const BUCKETS: [u64; 14] = [
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000,
];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// Every family: name without the prefix, kind, what it says.
const FAMILIES: &[(&str, Kind, &str)] = &[
    ("http_requests_total", Kind::Counter, "Requests, by route and status."),
    ("http_request_seconds", Kind::Histogram, "Time to the head of the answer, by route."),
    ("http_refused_total", Kind::Counter, "Requests, connections and batches refused, by reason."),
    ("batches_total", Kind::Counter, "Batches received over HTTP, by answer."),
    ("receipts_held_total", Kind::Counter, "Receipts in batches that became held."),
    ("ingest_bytes_total", Kind::Counter, "Bytes of envelopes that became held or were refused."),
    ("round_seconds", Kind::Histogram, "Time to check a round of batches and make it durable."),
    ("round_failures_total", Kind::Counter, "Rounds that the store did not take."),
    ("chain_read_seconds", Kind::Gauge, "Time of the last look at the chain."),
    ("chain_errors_total", Kind::Counter, "Looks at the chain that failed."),
    ("chain_slot", Kind::Gauge, "Slot of the last look."),
    ("chain_clock_seconds", Kind::Gauge, "The chain's clock at the last look, in Unix seconds."),
    ("running_epoch", Kind::Gauge, "The running epoch."),
    ("head_epoch", Kind::Gauge, "The last epoch posted."),
    ("lag_epochs", Kind::Gauge, "Epochs that ended and are not posted."),
    ("epochs", Kind::Gauge, "Epochs ever posted, by state."),
    ("sealed_epochs", Kind::Gauge, "Sealed epochs in the catalogue."),
    ("sealed_bytes", Kind::Gauge, "Accepted bytes of all sealed epochs: the distribution volume."),
    ("sealed_payouts_base_units", Kind::Gauge, "Payouts of all sealed epochs, ratified or not."),
    ("sealed_contributors", Kind::Gauge, "Contributors with at least one share."),
    ("last_epoch", Kind::Gauge, "The last sealed epoch."),
    ("last_epoch_bytes", Kind::Gauge, "Its accepted bytes."),
    ("last_epoch_pool_base_units", Kind::Gauge, "Its pool."),
    ("last_epoch_payouts_base_units", Kind::Gauge, "Its payouts."),
    ("last_epoch_active_contributors", Kind::Gauge, "Its contributors."),
    ("sealed_verdicts", Kind::Gauge, "Batches and receipts of all sealed epochs, by verdict."),
    ("estimate_seconds", Kind::Gauge, "Time of the last estimate."),
    ("estimate_epoch", Kind::Gauge, "The epoch that is estimated."),
    ("estimate_bytes", Kind::Gauge, "Bytes that count in it so far."),
    ("estimate_pool_base_units", Kind::Gauge, "Its pool so far."),
    ("estimate_contributors", Kind::Gauge, "Its contributors so far."),
    ("index_seconds", Kind::Gauge, "Time to index the last sealed epoch."),
    ("index_failures_total", Kind::Counter, "Sealed epochs that could not be indexed."),
    ("rows_receipts_total", Kind::Counter, "Receipts of which rows were made in the background."),
    ("rows_runs_total", Kind::Counter, "Runs of the maker of rows, by end."),
    ("pushed_bytes_total", Kind::Counter, "Bytes that were sent to the store of the setting `store`."),
    ("push_runs_total", Kind::Counter, "Runs of sending to that store, by end."),
    ("settle_runs_total", Kind::Counter, "Runs of the settle loop, by end."),
    ("settle_stage_seconds", Kind::Gauge, "Time that a stage of the last settlement took."),
];

#[derive(Clone, Default)]
struct Histogram {
    counts: [u64; BUCKETS.len()],
    count: u64,
    sum_us: u64,
}

#[derive(Default)]
struct Values {
    plain: BTreeMap<(&'static str, String), u64>,
    histograms: BTreeMap<(&'static str, String), Histogram>,
}

/// All counters.
#[derive(Default)]
pub struct Metrics(Mutex<Values>);

fn labels(labels: &[(&str, &str)]) -> String {
    let quoted = labels.iter().map(|(name, value)| {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        format!("{name}=\"{value}\"")
    });
    quoted.collect::<Vec<_>>().join(",")
}

impl Metrics {
    fn with(&self, change: impl FnOnce(&mut Values)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Adds to a counter.
    pub fn count(&self, name: &'static str, by: &[(&str, &str)], amount: u64) {
        self.with(|values| *values.plain.entry((name, labels(by))).or_default() += amount);
    }

    /// Sets a gauge.
    pub fn set(&self, name: &'static str, by: &[(&str, &str)], value: u64) {
        self.with(|values| {
            values.plain.insert((name, labels(by)), value);
        });
    }

    /// Sets a gauge in seconds.
    pub fn set_time(&self, name: &'static str, by: &[(&str, &str)], time: Duration) {
        // Kept in microseconds; families whose name ends in `_seconds` are printed as such.
        self.set(name, by, micros(time));
    }

    /// Adds to a histogram.
    pub fn observe(&self, name: &'static str, by: &[(&str, &str)], time: Duration) {
        let us = micros(time);
        self.with(|values| {
            let histogram = values.histograms.entry((name, labels(by))).or_default();
            histogram.count += 1;
            histogram.sum_us = histogram.sum_us.saturating_add(us);
            for (count, bound) in histogram.counts.iter_mut().zip(BUCKETS) {
                *count += u64::from(us <= bound);
            }
        });
    }

    /// After a look at the chain.
    pub fn chain_read(&self, snapshot: &Snapshot, time: Duration) {
        self.set_time("chain_read_seconds", &[], time);
        self.set("chain_slot", &[], snapshot.view.slot);
        let now = u64::try_from(snapshot.view.now).unwrap_or_default();
        self.set("chain_clock_seconds", &[], now.saturating_mul(1_000_000));
        let running = snapshot.running_epoch().unwrap_or_default();
        self.set("running_epoch", &[], running);
        if let Some(head) = snapshot.view.config.chain.head {
            self.set("head_epoch", &[], head.epoch);
            self.set("lag_epochs", &[], running.saturating_sub(head.epoch.saturating_add(1)));
        }
        let mut states: BTreeMap<&str, u64> = BTreeMap::new();
        for account in snapshot.epochs.values() {
            *states.entry(standing(account.status)).or_default() += 1;
        }
        self.with(|values| values.plain.retain(|(name, _), _| *name != "epochs"));
        for (state, count) in states {
            self.set("epochs", &[("state", state)], count);
        }
    }

    /// After a look at the chain that failed.
    pub fn chain_failed(&self) {
        self.count("chain_errors_total", &[], 1);
    }

    /// After an estimate.
    pub fn estimated(&self, estimated: &Estimated, time: Duration) {
        let summary = &estimated.summary;
        self.set_time("estimate_seconds", &[], time);
        self.set("estimate_epoch", &[], summary.epoch);
        self.set("estimate_bytes", &[], summary.bytes);
        self.set("estimate_pool_base_units", &[], summary.pool_base_units);
        self.set("estimate_contributors", &[], summary.contributors as u64);
    }

    /// The text that Prometheus reads.
    #[must_use]
    pub fn text(&self) -> String {
        let values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = String::new();
        // Writing to a string cannot fail.
        for (name, kind, help) in FAMILIES {
            let word = match kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
                Kind::Histogram => "histogram",
            };
            let _ = writeln!(out, "# HELP radio_payouts_{name} {help}\n# TYPE radio_payouts_{name} {word}");
            for ((_, labels), value) in of(&values.plain, name) {
                let braces = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
                let value = if name.ends_with("_seconds") { seconds(*value) } else { value.to_string() };
                let _ = writeln!(out, "radio_payouts_{name}{braces} {value}");
            }
            for ((_, labels), histogram) in of(&values.histograms, name) {
                histogram.write(name, labels, &mut out);
            }
        }
        out
    }
}

impl Histogram {
    fn write(&self, name: &str, labels: &str, out: &mut String) {
        let comma = if labels.is_empty() { "" } else { "," };
        for (bound, count) in BUCKETS.iter().zip(&self.counts) {
            let bound = seconds(*bound);
            let _ = writeln!(out, "radio_payouts_{name}_bucket{{{labels}{comma}le=\"{bound}\"}} {count}");
        }
        let Self { count, sum_us, .. } = self;
        let _ = writeln!(out, "radio_payouts_{name}_bucket{{{labels}{comma}le=\"+Inf\"}} {count}");
        let _ = writeln!(out, "radio_payouts_{name}_sum{{{labels}}} {}", seconds(*sum_us));
        let _ = writeln!(out, "radio_payouts_{name}_count{{{labels}}} {count}");
    }
}

type Family<'a, T> = Box<dyn Iterator<Item = (&'a (&'static str, String), &'a T)> + 'a>;

fn of<'a, T>(values: &'a BTreeMap<(&'static str, String), T>, name: &'a str) -> Family<'a, T> {
    Box::new(values.iter().filter(move |((family, _), _)| *family == name))
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn seconds(us: u64) -> String {
    format!("{}.{:06}", us / 1_000_000, us % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_what_prometheus_reads() {
        let metrics = Metrics::default();
        metrics.count("batches_total", &[("answer", "held")], 3);
        metrics.observe("round_seconds", &[], Duration::from_millis(3));
        metrics.count("http_refused_total", &[("reason", "a \"b\"\n")], 1);
        let text = metrics.text();
        for line in [
            "# TYPE radio_payouts_batches_total counter",
            "radio_payouts_batches_total{answer=\"held\"} 3",
            "radio_payouts_round_seconds_bucket{le=\"0.002500\"} 0",
            "radio_payouts_round_seconds_bucket{le=\"0.005000\"} 1",
            "radio_payouts_round_seconds_bucket{le=\"+Inf\"} 1",
            "radio_payouts_round_seconds_sum{} 0.003000",
            "radio_payouts_http_refused_total{reason=\"a \\\"b\\\"\\n\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }
}
