//! `settler import janus` and `settler import mediasoup`.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use radio_payouts_protocol::batch::Receipt;
use serde::Serialize;

use super::Context;
use crate::outcome::{Failure, Outcome};
use crate::output::{Table, note};
use crate::receipt::janus::{self, Janus};
use crate::receipt::mediasoup::{self, Mediasoup};
use crate::receipt::source::{Content, Input, Refusals, no_value};

/// Arguments of `import`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  settler import janus events.jsonl > receipts.jsonl
  settler import janus events.jsonl --out receipts.jsonl --output json
  settler import mediasoup - < stats.jsonl | settler sign - --key sfu.json --state sfu-state.json --domain HEX

Turns an SFU's own statistics into receipts, one per room, track and window of ten seconds, with the number of distinct
receivers. The receipts are unsigned: `settler sign` makes batches of them. What cannot be attributed to a publisher is
reported with its reason and not paid. Both SFUs count whole RTP packets, header included; nothing is subtracted.")]
pub struct Args {
    /// Which SFU wrote the statistics.
    #[command(subcommand)]
    pub format: Format,
}

/// The statistics that can be read.
#[derive(clap::Subcommand, Debug)]
pub enum Format {
    /// Events of a Janus server's event handler (VideoRoom): one event, or one group of events, a line.
    ///
    /// Set `events { broadcast = true, stats_period = 10 }` in janus.jcfg. The publisher's `display` must be a DID.
    Janus(Files),
    /// Lines with mediasoup v3 `consumer.getStats()` results.
    ///
    /// {"at":MS,"event":"producer","producerId":…,"roomId":…,"trackId":…,"did":…},
    /// {"at":MS,"event":"consumer","consumerId":…,"producerId":…,"receiver":…} and
    /// {"at":MS,"event":"stats","consumerId":…,"stats":[…]}.
    Mediasoup(Files),
}

/// Where from and where to.
#[derive(clap::Args, Debug)]
pub struct Files {
    /// A file, a folder (its .json, .jsonl and .ndjson files in order of names), or - for stdin.
    #[arg(value_name = "FILE|DIR|-")]
    pub input: PathBuf,
    /// Write the receipts to this file; the report then goes to stdout instead of stderr.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// What an importer read.
#[derive(Serialize)]
struct Summary<T> {
    receipts: u64,
    #[serde(flatten)]
    report: T,
    refused: u64,
    refused_first: Vec<String>,
}

/// Reads statistics and writes receipts.
///
/// # Errors
/// If the input cannot be read or the output not be written, or nothing in the input was of the format.
pub fn run(args: &Args, context: &Context) -> Outcome {
    match &args.format {
        Format::Janus(files) => {
            let mut reader = Janus::default();
            let mut sink = Sink::open(files)?;
            let refusals = read(files, |bytes| reader.push(bytes), &mut sink)?;
            let (rest, report) = reader.finish();
            sink.close(&rest)?;
            finish(files, context, &Summary::new(sink.count, report, refusals), janus_text)
        }
        Format::Mediasoup(files) => {
            let mut reader = Mediasoup::default();
            let mut sink = Sink::open(files)?;
            let refusals = read(files, |bytes| reader.push(bytes), &mut sink)?;
            let (rest, report) = reader.finish();
            sink.close(&rest)?;
            finish(files, context, &Summary::new(sink.count, report, refusals), mediasoup_text)
        }
    }
}

impl<T> Summary<T> {
    fn new(receipts: u64, report: T, refusals: Refusals) -> Self {
        Self { receipts, report, refused: refusals.count, refused_first: refusals.first }
    }
}

/// Receipts as JSON lines.
struct Sink {
    writer: BufWriter<Box<dyn Write>>,
    count: u64,
}

impl Sink {
    fn open(files: &Files) -> Outcome<Self> {
        let inner: Box<dyn Write> = match &files.out {
            Some(path) => Box::new(
                File::create(path)
                    .map_err(|error| Failure::from(anyhow::anyhow!("cannot write {}: {error}", path.display())))?,
            ),
            None => Box::new(io::stdout()),
        };
        Ok(Self { writer: BufWriter::new(inner), count: 0 })
    }

    fn write(&mut self, receipts: &[Receipt]) -> Outcome {
        for receipt in receipts {
            serde_json::to_writer(&mut self.writer, receipt)?;
            self.writer.write_all(b"\n")?;
            self.count += 1;
        }
        Ok(())
    }

    fn close(&mut self, rest: &[Receipt]) -> Outcome {
        self.write(rest)?;
        Ok(self.writer.flush()?)
    }
}

fn read(
    files: &Files,
    mut push: impl FnMut(&[u8]) -> Result<Vec<Receipt>, String>,
    sink: &mut Sink,
) -> Outcome<Refusals> {
    let mut refusals = Refusals::default();
    let mut taken = 0u64;
    Input::find(&files.input)
        .map_err(|error| anyhow::anyhow!("cannot read {}: {error}", files.input.display()))?
        .for_each(|name, item| -> Outcome {
            let result = match item.content {
                Content::Value(bytes) => push(bytes),
                other => Err(no_value(other).unwrap_or_default()),
            };
            match result {
                Ok(receipts) => {
                    taken += 1;
                    sink.write(&receipts)?;
                }
                Err(reason) => refusals.add(name, item.line, reason),
            }
            Ok(())
        })?;
    for reason in &refusals.first {
        note(format_args!("refused {reason}"));
    }
    if taken == 0 && refusals.count > 0 {
        return Err(Failure::new(
            crate::outcome::Exit::Failed,
            format_args!("none of the {} values is of this format", refusals.count),
        ));
    }
    Ok(refusals)
}

fn finish<T: Serialize>(files: &Files, context: &Context, summary: &T, text: fn(&T) -> String) -> Outcome {
    if files.out.is_some() {
        context.output.emit(summary, text)
    } else {
        match context.output.format() {
            crate::output::Format::Json => note(serde_json::to_string_pretty(summary)?),
            _ => note(text(summary)),
        }
        Ok(())
    }
}

fn janus_text(summary: &Summary<janus::Report>) -> String {
    let report = &summary.report;
    let mut table = Table::new(&["room", "track", "contributor", ">counters", ">receivers", ">packets", ">bytes"]);
    for track in &report.tracks {
        table.row([
            track.room.clone(),
            track.track.clone(),
            track.contributor.clone(),
            track.counters.to_string(),
            track.receivers.to_string(),
            track.packets.to_string(),
            track.bytes.to_string(),
        ]);
    }
    let mut text = format!(
        "{table}{} events, {} receipts, {} refused; {} out of order, {} repeated samples, {} resets\n\
         bytes are whole RTP packets: headers are at least 12 bytes a packet\n",
        report.events, summary.receipts, summary.refused, report.out_of_order, report.stale_samples, report.resets,
    );
    for lost in &report.unattributed {
        text.push_str(&format!(
            "not attributed: {} bytes of handle {}/{} mid {}: {}\n",
            lost.bytes,
            lost.session_id,
            lost.handle_id,
            lost.mid,
            lost.reason.as_str()
        ));
    }
    text
}

fn mediasoup_text(summary: &Summary<mediasoup::Report>) -> String {
    let report = &summary.report;
    let mut table = Table::new(&["room", "track", "contributor", ">packets", ">bytes"]);
    for track in &report.tracks {
        table.row([
            track.room.clone(),
            track.track.clone(),
            track.contributor.clone(),
            track.packets.to_string(),
            track.bytes.to_string(),
        ]);
    }
    let mut text = format!(
        "{table}{} lines, {} receipts, {} refused; {} repeated samples, {} resets\n\
         bytes are whole RTP packets: headers are at least 12 bytes a packet\n",
        report.lines, summary.receipts, summary.refused, report.stale_samples, report.resets,
    );
    for lost in &report.unattributed {
        text.push_str(&format!(
            "not attributed: {} bytes of consumer {}: {}\n",
            lost.bytes, lost.consumer_id, lost.reason
        ));
    }
    text
}
