//! Watching a deployment: every root in force is recomputed from what was published, every change is told.
//!
//! A *round* looks once, and does its steps in an order that survives a crash anywhere: what was found is remembered together with
//! the alerts that tell it ([`memory`]), then the alerts are told, then it is acted upon. Rounds share nothing but that
//! file and the chain.

use std::path::PathBuf;
use std::time::Duration;

use solana_keypair::Keypair;
use solana_pubkey::Pubkey;

use crate::chain::{Chain, Sender, deployment};
use crate::crash;
use crate::epoch::attest;
use crate::epoch::settle::busy;
use crate::epoch::view::View;
use crate::outcome::{Exit, Failure, Outcome};
use crate::output::{Output, note};
use crate::store::{Lock, Place, Store};

pub mod act;
pub mod alert;
pub mod copies;
pub mod equivocation;
pub mod evidence;
pub mod facts;
pub mod look;
pub mod memory;
pub mod respond;
pub mod roots;
pub mod stop;
pub mod webhook;

use act::Disputes;
use alert::{Kind, Teller};
use copies::Places;
use look::Look;
use memory::Memory;
use respond::Response;
use roots::Examiner;
use stop::Stop;
use webhook::{Delivery, Webhook};

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Folders of others' sealed epochs.
    pub from: Vec<PathBuf>,
    /// Epochs before this one are not looked at.
    pub since: u64,
    /// Whether to attest to candidates that hold.
    pub attest: bool,
    /// Which roots to dispute.
    pub disputes: Disputes,
    /// Whether to send fraud proofs.
    pub fraud_proofs: bool,
}

/// Who sends, if anything is to be sent.
pub struct Actor {
    /// The way to the chain.
    pub sender: Sender,
    /// Pays and signs.
    pub key: Keypair,
    /// The deployment's lookup table, by which large proofs fit into a transaction.
    pub lookup_table: Option<Pubkey>,
}

/// A watch.
pub struct Watch {
    /// What is asked for.
    pub request: Request,
    /// The chain, for reading.
    pub chain: Box<dyn Chain>,
    /// For sending; `None` if nothing is to be sent.
    pub actor: Option<Actor>,
    /// Where alerts go besides stdout and stderr.
    pub webhook: Option<Webhook>,
    /// Where alerts are printed.
    pub output: Output,
    /// Folder of held batches, sealed epochs and the watch's own state.
    pub data: PathBuf,
    /// Where packs and rows are kept for good, if not there.
    pub kept_at: Option<Place>,
}

/// How a round ended.
#[derive(Debug, Default)]
pub struct Round {
    /// What is not as it should be: roots that are wrong or unknown, candidates that do not hold.
    pub wrong: Vec<String>,
    /// What was to be done and could not be; the worst of it decides how a single look ends.
    pub undone: Vec<Failure>,
    /// Whether the webhook could not be reached; it is not tried again in this round.
    pub webhook_is_away: bool,
    /// Alerts that it did not take yet.
    pub waiting: usize,
}

impl Round {
    /// As the end of a command that looks once.
    ///
    /// # Errors
    /// Exit 3 if anything is wrong; what could not be done; exit 75 if alerts wait.
    pub fn end(mut self) -> Outcome {
        if !self.wrong.is_empty() {
            self.note_undone();
            return Err(Failure::difference(self.wrong.join("; ")));
        }
        // What will not pass by itself comes before what is only away.
        self.undone.sort_by_key(|failure| failure.exit == Exit::Temporary);
        if let Some(failure) = self.undone.into_iter().next() {
            return Err(failure);
        }
        match self.waiting {
            0 => Ok(()),
            waiting => {
                Err(Failure::temporary(format!("{waiting} alerts wait for the webhook; run again to hand them over")))
            }
        }
    }

    /// Notes on stderr what could not be done.
    fn note_undone(&self) {
        for failure in &self.undone {
            note(format_args!("not done: {:#}", failure.error));
        }
    }
}

impl Watch {
    /// Looks once.
    ///
    /// # Errors
    /// Exit 75 if the chain is away or another watch is at work; exit 3 by what was found, after everything was told.
    pub fn once(&mut self, stop: &Stop) -> Outcome {
        let _lock = self.lock()?;
        self.round(stop)?.end()
    }

    /// Looks again and again until asked to end. What is temporary, or could not be done, is noted and tried again.
    ///
    /// # Errors
    /// Whatever is not temporary.
    pub fn every(&mut self, time: Duration, stop: &Stop) -> Outcome {
        let _lock = self.lock()?;
        loop {
            match self.round(stop) {
                Ok(round) => round.note_undone(),
                Err(failure) if failure.exit == Exit::Temporary => {
                    note(format_args!("{:#}; trying again in {} s", failure.error, time.as_secs()));
                }
                Err(failure) => return Err(failure),
            }
            if stop.is_asked() || stop.wait(time) {
                note("asked to end; what was seen is in the state file");
                return Ok(());
            }
        }
    }

    fn folder(&self) -> PathBuf {
        self.data.join("watch")
    }

    fn lock(&self) -> Outcome<Lock> {
        let folder = self.folder();
        crate::durable::create_folder(&folder)?;
        Lock::take(&folder.join("lock")).map_err(busy)
    }

    fn round(&mut self, stop: &Stop) -> Outcome<Round> {
        let view = View::read(self.chain.as_ref())?;
        let teller = Teller { domain: view.config.domain, now: view.now };
        let mut memory = Memory::load(&self.folder(), &view.config.domain)?;
        self.look_at_facts(&view, &teller, &mut memory)?;
        self.look_at_roots(&view, &teller, &mut memory, stop)?;
        let mut round = Round::default();
        self.tell(&mut memory, &mut round)?;
        round.wrong = memory.unresolved();
        if !stop.is_asked() {
            self.respond(&view, &teller, &mut memory, &mut round)?;
            self.attest(&teller, &mut memory, &mut round)?;
        }
        self.tell(&mut memory, &mut round)?;
        round.waiting = memory.waiting.len();
        Ok(round)
    }

    fn look_at_facts(&self, view: &View, teller: &Teller, memory: &mut Memory) -> Outcome {
        let facts = facts::read(view, &deployment::settlers(self.chain.as_ref())?);
        match &memory.facts {
            Some(before) => {
                for alert in facts::changes(before, &facts, teller) {
                    memory.tell(alert);
                }
            }
            None => note("first look: the deployment is taken as it stands; changes are told from now on"),
        }
        memory.facts = Some(facts);
        memory.save()?;
        crash::point("watch.facts_saved");
        Ok(())
    }

    fn look_at_roots(&self, view: &View, teller: &Teller, memory: &mut Memory, stop: &Stop) -> Outcome {
        let store = self.store()?;
        let places = self.places();
        let examiner = Examiner { chain: self.chain.as_ref(), view, places: &places, store: store.as_ref() };
        let folder = self.folder();
        Look { examiner, teller, since: self.request.since, folder: &folder, stop, memory }.at_all()
    }

    /// Sends fraud proofs and opens disputes, if told to.
    fn respond(&mut self, view: &View, teller: &Teller, memory: &mut Memory, round: &mut Round) -> Outcome {
        let (places, folder) = (self.places(), self.folder());
        let Some(actor) = self.actor.as_mut() else { return Ok(()) };
        // What an earlier round sent and did not live to see land.
        if let Err(error) = actor.sender.resume() {
            round.undone.push(error.into());
            return Ok(());
        }
        let mut response = Response { actor, view, teller, places: &places, folder: &folder, memory, round };
        if self.request.fraud_proofs {
            response.prove_equivocations()?;
            response.prove_duplicates()?;
        }
        response.dispute(self.request.disputes)
    }

    /// Attests to candidates that hold, if told to.
    fn attest(&mut self, teller: &Teller, memory: &mut Memory, round: &mut Round) -> Outcome {
        let Some(actor) = self.actor.as_mut().filter(|_| self.request.attest) else { return Ok(()) };
        let mut store = Store::open(&self.data).map_err(busy)?.kept_at(self.kept_at.clone());
        let request = attest::Request { epoch: None, from: self.request.from.clone() };
        match attest::run(&mut store, &mut actor.sender, &actor.key, &request) {
            Ok(report) => {
                memory.refused.clear();
                for attested in report.attested {
                    let statement = &attested.artefact.manifest.statement;
                    let commitment = hex::encode(attested.artefact.manifest.commitment);
                    let text = format!("epoch {}: attested to {commitment}", statement.epoch);
                    memory.tell(teller.alert(Kind::Attested, Some(statement.epoch), text));
                }
            }
            Err(failure) if failure.exit == Exit::Difference => {
                let text = format!("a candidate does not hold: {:#}", failure.error);
                if memory.refused.insert(text.clone()) {
                    memory.tell(teller.alert(Kind::Candidate, None, text.clone()));
                }
                round.wrong.push(text);
            }
            // What was seen is told all the same, and the next round tries again.
            Err(failure) => round.undone.push(failure),
        }
        memory.save()
    }

    /// Tells what waits: a line for people on stderr, a JSON line on stdout, and the webhook if there is one.
    fn tell(&self, memory: &mut Memory, round: &mut Round) -> Outcome {
        crash::point("watch.before_telling");
        let mut later = Vec::new();
        for mut waiting in std::mem::take(&mut memory.waiting) {
            if !waiting.printed {
                note(format_args!("alert: {}", waiting.alert));
                self.output.raw(format!("{}\n", serde_json::to_string(&waiting.alert)?).as_bytes())?;
                waiting.printed = true;
            }
            // A receiver that is away for one is away for all.
            let delivery = match &self.webhook {
                None => Delivery::Done,
                Some(_) if round.webhook_is_away => Delivery::Later,
                Some(webhook) => webhook.deliver(&waiting.alert),
            };
            if delivery == Delivery::Later {
                round.webhook_is_away = true;
                later.push(waiting);
            }
        }
        memory.waiting = later;
        crash::point("watch.told");
        memory.save()
    }

    /// The batches held here; none if nothing was ever ingested.
    fn store(&self) -> Outcome<Option<Store>> {
        let held = self.data.join("index.sqlite").is_file();
        Ok(if held { Some(Store::open_read_only(&self.data)?) } else { None })
    }

    fn places(&self) -> Places {
        Places::new(&self.request.from, self.data.join("epochs"))
    }
}
