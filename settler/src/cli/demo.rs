//! `settler demo`.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ed25519_dalek::SigningKey;
use radio_payouts_client::state::ParamsDelta;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::sha256;
use serde::Serialize;
use solana_keypair::Keypair;
use solana_signer::Signer as _;

use super::Context;
use crate::artefact::Artefact;
use crate::artefact::batches::read_verdicts;
use crate::artefact::payout::Payout;
use crate::artefact::proof::{self, ProofBundle};
use crate::artefact::verify::Recomputed;
use crate::chain::embedded::Embedded;
use crate::chain::{Landed, Sender, deployment};
use crate::epoch::post::Posted;
use crate::epoch::settle::{self, Request};
use crate::epoch::view::View;
use crate::epoch::{adopt, audit};
use crate::outcome::{Failure, Outcome};
use crate::store::Store;
use crate::store::intake::{Intake, Tally};
use crate::words::amount::bloom;

pub mod capture;
pub mod ground;
mod show;
pub mod tamper;
mod traffic;

use ground::{Plan, deploy};

/// The bound that bare receipts are wrapped under: the demo value of `max_kbps_per_recipient`.
pub(crate) const MAX_KBPS: NonZeroU32 = NonZeroU32::new(20_000).expect("not zero");
/// Length of an epoch, the shortest that there is.
const EPOCH_SECONDS: u32 = 300;
/// Grace after it.
const GRACE_SECONDS: u32 = 30;

/// Show everything on a chain in a folder: three epochs from signed receipts to roots that a contributor can check.
///
/// The chain is embedded (the program's real bytecode in a virtual machine) and needs no network. Epoch 0 is a capture of a
/// real Janus SFU; epochs 1 and 2 are generated, with bad input of every kind, a batch that comes late, and an SFU that
/// signs two batches under one number. Then a share is proven on chain, every altered share is refused there, and all
/// epochs are recomputed from their signed batches.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Folder to work in, kept afterwards (must not hold a demo yet); a temporary one otherwise.
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

/// A transaction of the demo.
#[derive(Debug, Serialize)]
pub struct Transaction {
    /// What it was for.
    pub what: String,
    /// Compute units.
    pub compute_units: u64,
    /// Its signature.
    pub signature: String,
}

/// An epoch of the demo.
#[derive(Debug, Serialize)]
pub struct Epoch {
    /// Its number.
    pub epoch: u64,
    /// Where its receipts are from.
    pub source: String,
    /// Answers at ingest.
    pub answers: Tally,
    /// Verdicts of batches and receipts when it was sealed.
    pub verdicts: Vec<(String, u64, String)>,
    /// Everybody's line.
    pub payouts: Vec<Payout>,
    /// The pool.
    #[serde(with = "radio_payouts_protocol::json")]
    pub pool_base_units: u64,
    /// The commitment.
    pub commitment: String,
}

/// All of the demo.
#[derive(Debug, Default, Serialize)]
pub struct Story {
    /// Epochs.
    pub epochs: Vec<Epoch>,
    /// Transactions.
    pub transactions: Vec<Transaction>,
    /// The share that was proven.
    pub proven: Option<ProofBundle>,
    /// Changed shares.
    pub refused: Vec<tamper::Refused>,
    /// Epochs recomputed: batches, receipts and files compared.
    pub recomputed: Vec<(u64, usize, usize, usize)>,
    /// Milliseconds in all.
    pub milliseconds: u64,
}

/// Runs the demo.
///
/// # Errors
/// If anything does not come out as it must.
pub fn run(args: &Args, context: &Context) -> Outcome {
    let temporary = tempfile::tempdir()?;
    let folder = args.folder.as_deref().unwrap_or_else(|| temporary.path());
    let start = Instant::now();
    let mut story = tell(folder, context)?;
    story.milliseconds = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    let kept = args.folder.as_deref();
    context.output.emit(&story, |story| show::ending(story, kept))
}

fn tell(folder: &Path, context: &Context) -> Outcome<Story> {
    let chain_file = folder.join("chain");
    if chain_file.exists() {
        return Err(Failure::usage(format!("{} holds a demo already; give another folder", folder.display())));
    }
    let speak = |text: String| match context.output.format() {
        crate::output::Format::Table => context.output.raw(text.as_bytes()),
        _ => Ok(()),
    };
    let captured = capture::Capture::read()?;
    let genesis_unix = captured.genesis_unix();
    let (janus, club) = (sfu_key("janus"), sfu_key("club"));
    let key = Keypair::new();
    let key_file = serde_json::to_vec(&key.to_bytes().as_slice())?;
    crate::durable::write_secret(&folder.join("settler.json"), &key_file)?;
    let capacity = 1u64 << 40;
    let (mut sender, landed) = deploy(
        &chain_file,
        &folder.join("data/journal"),
        &key,
        &Plan {
            genesis_unix,
            epoch_seconds: EPOCH_SECONDS,
            now: genesis_unix + i64::from(EPOCH_SECONDS),
            grace_seconds: GRACE_SECONDS,
            challenge_seconds: 3_600,
            threshold: 1,
            // A demonstration's epochs are short: what makes one active is small.
            params: ParamsDelta { active_min_bytes: Some(1_000_000), ..ParamsDelta::default() },
            sfus: &[(public(&janus), capacity), (public(&club), capacity)],
            settlers: &[key.pubkey()],
        },
    )?;
    let mut story = Story::default();
    for (what, landed) in &landed {
        story.transactions.push(transaction(what, landed));
    }
    let config = deployment::require_config(sender.chain())?;
    let domain = Domain::from_bytes(config.domain);
    speak(show::opening(&config, sender.chain().genesis_hash()?, captured.report.events))?;

    let mut store = Store::open(&folder.join("data"))?;
    let mut traffic = traffic::Traffic::new(club, domain);
    let start_ms =
        |epoch: u64| u64::try_from(genesis_unix).unwrap_or_default() * 1_000 + epoch * u64::from(EPOCH_SECONDS) * 1_000;
    let first = traffic.epoch(start_ms(1), true, true)?;
    let mut second = traffic.epoch(start_ms(2), false, false)?;
    second.envelopes.extend(first.late);
    second.envelopes.push(traffic.equivocate(start_ms(2) + 250_000)?);
    let inputs = [
        ("a real Janus SFU, captured", captured.sign(&janus, &domain)?),
        ("generated, with bad input and a batch held back", first.envelopes),
        ("generated, with the late batch, and two batches under one number", second.envelopes),
    ];
    for (number, (source, envelopes)) in (0u64..).zip(inputs) {
        let end = genesis_unix + i64::from(EPOCH_SECONDS) * (i64::try_from(number).unwrap_or_default() + 1);
        Embedded::open(&chain_file)?.set_time(end + i64::from(GRACE_SECONDS))?;
        let epoch = epoch(&mut store, &mut sender, &key, number, source, envelopes, &mut story.transactions)?;
        speak(show::epoch(&epoch))?;
        story.epochs.push(epoch);
    }
    prove(&store, &mut sender, &key, &mut story)?;
    speak(show::proof(&story))?;
    recompute(&store, &sender, &mut story)?;
    Ok(story)
}

/// Ingests, settles and posts one epoch.
fn epoch(
    store: &mut Store,
    sender: &mut Sender,
    key: &Keypair,
    number: u64,
    source: &str,
    envelopes: Vec<Vec<u8>>,
    transactions: &mut Vec<Transaction>,
) -> Outcome<Epoch> {
    let view = View::read(sender.chain())?;
    let clock = || u64::try_from(view.now).unwrap_or_default().saturating_mul(1_000);
    let intake = Intake::new(Domain::from_bytes(view.config.domain), &view.registry(), &clock);
    let mut answers = Tally::default();
    let lines: Vec<u8> = envelopes.into_iter().flat_map(|envelope| envelope.into_iter().chain([b'\n'])).collect();
    intake.read(store, source, lines.as_slice(), &mut answers)?;
    let report = settle::run(store, sender, key, &Request::default(), |_, _| {})?;
    let settled = report.settled.first().ok_or_else(|| Failure::usage(report.rest.clone()))?;
    if let Posted::InForce(landed) = &settled.posted {
        transactions.push(transaction(&format!("post_root of epoch {number}"), landed));
    }
    let artefact = &settled.artefact;
    Ok(Epoch {
        epoch: number,
        source: source.to_owned(),
        answers,
        verdicts: verdicts(artefact)?,
        payouts: artefact.payouts()?,
        pool_base_units: artefact.manifest.statement.pool,
        commitment: hex::encode(artefact.manifest.commitment),
    })
}

/// How many batches and receipts got which verdict.
fn verdicts(artefact: &Artefact) -> Outcome<Vec<(String, u64, String)>> {
    use radio_payouts_protocol::batch::{BatchVerdict, ReceiptVerdict};
    let mut batches = std::collections::BTreeMap::new();
    let mut receipts = std::collections::BTreeMap::new();
    let mut judged = 0u64;
    read_verdicts(&artefact.folder, |line| {
        judged += line.receipts.unwrap_or_default();
        *batches.entry(line.verdict).or_insert(0u64) += 1;
        Ok(())
    })?;
    crate::artefact::receipts::rejected(artefact, |line| {
        *receipts.entry(line.verdict).or_insert(0u64) += 1;
        Ok(())
    })?;
    let rejected: u64 = receipts.values().sum();
    let mut verdicts =
        vec![("batch accepted".to_owned(), batches.remove("accepted").unwrap_or_default(), String::new())];
    for verdict in BatchVerdict::ALL {
        if let Some(count) = batches.remove(verdict.as_str()) {
            verdicts.push((format!("batch {verdict}"), count, verdict.explanation().to_owned()));
        }
    }
    verdicts.push(("receipt accepted".to_owned(), judged - rejected, String::new()));
    for verdict in ReceiptVerdict::ALL {
        if let Some(count) = receipts.remove(verdict.as_str()) {
            verdicts.push((format!("receipt {verdict}"), count, verdict.explanation().to_owned()));
        }
    }
    Ok(verdicts)
}

fn prove(store: &Store, sender: &mut Sender, key: &Keypair, story: &mut Story) -> Outcome {
    let artefact = Artefact::open(&store.epochs_folder().join(crate::artefact::folder_name(1)))?;
    let payouts = artefact.payouts()?;
    let richest = payouts.iter().filter(|payout| payout.index.is_some()).max_by_key(|payout| payout.amount);
    let richest = richest.ok_or_else(|| Failure::usage("nobody has a share"))?;
    let bundle = proof::of(&artefact, &richest.did, |index| proof::siblings_in_memory(&artefact, index))?;
    let bundle = bundle.ok_or_else(|| Failure::usage("no share to prove"))?;
    let landed = tamper::prove(sender, key, &bundle)?;
    story.transactions.push(transaction("verify_share", &landed));
    story.refused = tamper::refuse_all(sender, key, &bundle)?;
    story.proven = Some(bundle);
    Ok(())
}

fn recompute(store: &Store, sender: &Sender, story: &mut Story) -> Outcome {
    let view = View::read(sender.chain())?;
    for epoch in &story.epochs {
        let folder = store.epochs_folder().join(crate::artefact::folder_name(epoch.epoch));
        let recomputed = Recomputed::from_folder(&folder).map_err(adopt::failure)?;
        audit::compare(&recomputed, sender.chain(), &view).map_err(adopt::failure)?;
        let files = recomputed.compare_files().map_err(adopt::failure)?;
        let receipts = recomputed.settlement.batches.iter().map(|batch| batch.receipts.verdicts.len()).sum();
        story.recomputed.push((epoch.epoch, recomputed.headers.len(), receipts, files));
    }
    Ok(())
}

fn transaction(what: &str, landed: &Landed) -> Transaction {
    Transaction {
        what: what.to_owned(),
        compute_units: landed.execution.as_ref().map_or(0, |execution| execution.compute_units),
        signature: landed.signature.to_string(),
    }
}

fn sfu_key(name: &str) -> SigningKey {
    SigningKey::from_bytes(&sha256(&[b"radio-payouts/demo/sfu", name.as_bytes()]))
}

fn public(key: &SigningKey) -> [u8; 32] {
    key.verifying_key().to_bytes()
}

/// The amount of a share, for people.
pub(crate) fn share_of(payout: &Payout) -> String {
    if payout.index.is_some() { bloom(payout.amount) } else { "none".to_owned() }
}
