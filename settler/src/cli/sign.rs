//! `settler sign`.

use std::io::{BufWriter, Write};
use std::num::NonZeroU32;
use std::path::PathBuf;

use radio_payouts_protocol::bare::BareReceipt;
use radio_payouts_protocol::did::did_of_key;
use radio_payouts_protocol::domain::Domain;
use serde::Serialize;

use super::Context;
use crate::keyfile;
use crate::outcome::{Exit, Failure, Outcome};
use crate::output::{Format, note};
use crate::receipt::sign::{SignError, Signed, Signer};
use crate::receipt::source::{Content, Input, Kind, Refusals, no_value};

/// Arguments of `sign`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  settler sign receipts.jsonl --key sfu.json --state sfu-state.json --domain HEX > batches.jsonl
  settler sign demo.json --bare --radio-payouts-demo --key demo.json --state demo-state.json --genesis-hash G --program-id P

Makes one signed batch per window of ten seconds out of receipts in order of their times: one JSON object a line, or
arrays of them. A line with `rights` is a track's descriptor for the receipts after it; a track without one is described
by its first contributor with a valid DID, rights Original.

A receipt without `recipients` is a bare one, as the seed's demo makes them. It gets the least number that meets the
bound, and only with --bare and the flag --radio-payouts-demo (exit code 4 otherwise).

The state file keeps number and hash of the last batch, written before a batch is given out, so that no two batches are
ever signed under one number. Lose it and the SFU's chain cannot go on: register a new key then. After a crash,
--repeat-last gives the last batch once more; to send a batch twice is harmless.

Refused receipts are named on stderr and counted; the others are signed. Exit code 1 if something was refused and no batch
came of the rest, as when the same receipts are given twice.

The domain is that of the configuration, or given: a signature made for one deployment is worthless in another, so
without a known domain nothing is signed.")]
pub struct Args {
    /// A file, a folder, or - for stdin.
    #[arg(value_name = "FILE|DIR|-")]
    pub input: PathBuf,
    /// The SFU's key file (see `settler keygen`).
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// The SFU's state file; begun if there is none.
    #[arg(long, value_name = "FILE")]
    pub state: PathBuf,
    /// The deployment's domain, 64 hexadecimal digits; that of the configuration if absent.
    #[arg(long, env = "RADIO_PAYOUTS_DOMAIN", value_name = "HEX")]
    pub domain: Option<String>,
    /// Instead of --domain: the cluster's genesis hash in base58.
    #[arg(long, value_name = "HASH", requires = "program_id", conflicts_with = "domain")]
    pub genesis_hash: Option<String>,
    /// With --genesis-hash: the program's address.
    #[arg(long, value_name = "ADDRESS", requires = "genesis_hash")]
    pub program_id: Option<String>,
    /// Take receipts without `recipients` (needs --radio-payouts-demo).
    #[arg(long)]
    pub bare: bool,
    /// Most kbit/s that one recipient can receive: `max_kbps_per_recipient` of the parameters in force.
    #[arg(long, value_name = "KBPS", default_value = "20000")]
    pub max_kbps_per_recipient: NonZeroU32,
    /// Give the last batch once more before anything new.
    #[arg(long)]
    pub repeat_last: bool,
    /// Append the batches to this file; the report then goes to stdout instead of stderr.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Serialize, Default)]
struct Summary {
    sfu: String,
    next_seq: String,
    batches: u64,
    receipts: u64,
    left_out: Vec<String>,
    refused: u64,
    refused_first: Vec<String>,
}

/// Signs receipts.
///
/// # Errors
/// If key, state, domain or input are not in order, bare receipts are not permitted, or everything was refused.
pub fn run(args: &Args, context: &Context) -> Outcome {
    if args.bare {
        context.config()?.require_demo_flag()?;
    }
    let domain = domain(args, context)?;
    let key = keyfile::signing_key(&keyfile::load(&args.key)?);
    let mut summary = Summary { sfu: did_of_key(key.verifying_key().as_bytes()), ..Summary::default() };
    let mut signer = Signer::open(&args.state, key, domain, args.max_kbps_per_recipient)?;
    let inner: Box<dyn Write> = match &args.out {
        // Appended: what an earlier run signed may not have been sent yet.
        Some(path) => Box::new(std::fs::File::options().create(true).append(true).open(path)?),
        None => Box::new(std::io::stdout()),
    };
    let mut writer = BufWriter::new(inner);
    let repeated = signer.last().filter(|_| args.repeat_last);
    let repeats = repeated.is_some();
    if let Some(last) = repeated {
        writeln!(writer, "{last}")?;
    }
    let mut refusals = Refusals::default();
    Input::find(&args.input)
        .map_err(|error| anyhow::anyhow!("cannot read {}: {error}", args.input.display()))?
        .for_each(|name, item| -> Outcome {
            let taken = match item.content {
                Content::Value(bytes) => take(bytes, args.bare, &mut signer)?,
                other => Err(no_value(other).unwrap_or_default()),
            };
            match taken {
                Ok(Some(signed)) => give(signed, &mut writer, &mut summary)?,
                Ok(None) => {}
                Err(reason) => refusals.add(name, item.line, reason),
            }
            Ok(())
        })?;
    if let Some(signed) = signer.finish().map_err(|error| anyhow::anyhow!("{error}"))? {
        give(signed, &mut writer, &mut summary)?;
    }
    writer.flush()?;
    drop(writer);
    summary.next_seq = signer.next_seq().to_string();
    summary.refused = refusals.count;
    summary.refused_first = refusals.first;
    report(args, context, &summary)?;
    if summary.refused > 0 && summary.batches == 0 && !repeats {
        return Err(Failure::new(Exit::Failed, format!("nothing was signed: {} values were refused", summary.refused)));
    }
    Ok(())
}

/// Takes one value; a refusal is an inner error, what must stop all signing an outer one.
fn take(bytes: &[u8], bare: bool, signer: &mut Signer) -> Outcome<Result<Option<Signed>, String>> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Ok(Err("not UTF-8".to_owned())) };
    let result = match Kind::of(bytes) {
        Kind::Envelope => return Ok(Err("neither a receipt nor a descriptor".to_owned())),
        Kind::Descriptor => match serde_json::from_str(text) {
            Ok(descriptor) => signer.describe(descriptor).map(|()| None),
            Err(error) => return Ok(Err(format!("not a descriptor: {error}"))),
        },
        Kind::Receipt => match BareReceipt::parse(text) {
            Ok(receipt) if receipt.recipients.is_none() && !bare => {
                return Ok(Err("a receipt without recipients is a bare one: --bare takes it".to_owned()));
            }
            Ok(receipt) => signer.push(receipt),
            Err(refusal) => return Ok(Err(refusal.to_string())),
        },
    };
    match result {
        Ok(signed) => Ok(Ok(signed)),
        Err(SignError::Refused(refusal)) => Ok(Err(refusal.to_string())),
        Err(SignError::Failed(error)) => Err(error.into()),
    }
}

fn give(signed: Signed, writer: &mut impl Write, summary: &mut Summary) -> Outcome {
    for track in signed.left_out {
        note(&track);
        if summary.left_out.len() < Refusals::KEPT {
            summary.left_out.push(track.to_string());
        }
    }
    if let Some(envelope) = signed.envelope {
        writer.write_all(&envelope)?;
        writer.write_all(b"\n")?;
        // A batch that is signed is on its way: nothing waits in a buffer when the next is signed.
        writer.flush()?;
        summary.batches += 1;
        summary.receipts += signed.receipts as u64;
    }
    Ok(())
}

fn report(args: &Args, context: &Context, summary: &Summary) -> Outcome {
    let text = |summary: &Summary| {
        format!(
            "{} batches with {} receipts signed by {}, next seq {}; {} values refused, {} tracks left out",
            summary.batches,
            summary.receipts,
            summary.sfu,
            summary.next_seq,
            summary.refused,
            summary.left_out.len()
        )
    };
    for reason in &summary.refused_first {
        note(format_args!("refused {reason}"));
    }
    if args.out.is_some() {
        return context.output.emit(summary, text);
    }
    match context.output.format() {
        Format::Json => note(serde_json::to_string_pretty(summary)?),
        Format::Table | Format::Csv => note(text(summary)),
    }
    Ok(())
}

fn domain(args: &Args, context: &Context) -> Outcome<Domain> {
    if let (Some(genesis), Some(program)) = (&args.genesis_hash, &args.program_id) {
        return Ok(Domain::derive(&base58("--genesis-hash", genesis)?, &base58("--program-id", program)?));
    }
    let Some(hex) = args.domain.as_deref() else {
        let known = context.config()?.domain.map(Domain::from_bytes);
        return known.ok_or_else(|| Failure::usage("the domain is not known: give --domain, or run `settler init`"));
    };
    let mut bytes = [0; 32];
    hex::decode_to_slice(hex, &mut bytes).map_err(|_| Failure::usage("--domain has 64 hexadecimal digits"))?;
    Ok(Domain::from_bytes(bytes))
}

fn base58(name: &str, text: &str) -> Outcome<[u8; 32]> {
    let bytes = bs58::decode(text).into_vec().ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    bytes.ok_or_else(|| Failure::usage(format_args!("{name} is 32 bytes in base58")))
}
