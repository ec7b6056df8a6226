use std::collections::{HashMap, HashSet};

use radio_payouts_protocol::batch::{Answer, BatchHeader, BatchVerdict, Envelope, MAX_SEQ_AHEAD, ReceiptVerdict, Role};
use radio_payouts_protocol::params::{Mode, Params};
use radio_payouts_protocol::settlement::{Parent, Setting, Settlement, settle};

use super::*;

const GENESIS: i64 = 1_700_000_000;

fn plan(faults: bool) -> Plan {
    Plan {
        seed: 42,
        domain: Domain::from_bytes([7; 32]),
        calendar: Calendar::new(GENESIS, 3_600).unwrap(),
        first_epoch: 100,
        epochs: 3,
        sfus: 2,
        contributors: 50,
        tracks: 12,
        batches: 4,
        receipts: 20,
        faults,
    }
}

/// A receiver as section 4.4 has it, in a few lines: held batches by (SFU, seq).
#[derive(Default)]
struct Receiver {
    held: HashMap<([u8; 32], u64), Vec<Hash>>,
    greatest: HashMap<[u8; 32], u64>,
    batches: HashMap<Hash, Batch>,
    headers: Vec<BatchHeader>,
}

impl Receiver {
    fn receive(&mut self, registered: &HashSet<[u8; 32]>, domain: &Domain, line: &[u8]) -> Answer {
        let received = match Envelope::parse(line) {
            Ok(received) => received,
            Err(answer) => return answer,
        };
        let header = received.header();
        if !registered.contains(&header.sfu_key) {
            return Answer::UnknownSfu;
        }
        let verified = match received.verify(domain) {
            Ok(verified) => verified,
            Err(answer) => return answer,
        };
        let greatest = self.greatest.entry(header.sfu_key).or_default();
        if header.seq > *greatest + MAX_SEQ_AHEAD {
            return Answer::TryLater;
        }
        let hashes = self.held.entry((header.sfu_key, header.seq)).or_default();
        if hashes.contains(&header.hash) || hashes.len() == 2 {
            return Answer::AlreadyHeld;
        }
        hashes.push(header.hash);
        *greatest = (*greatest).max(header.seq);
        self.headers.push(header);
        self.batches.insert(header.hash, verified.into_batch());
        Answer::Held
    }
}

fn count(counts: &mut BTreeMap<String, u64>, name: &str) {
    *counts.entry(name.to_owned()).or_default() += 1;
}

/// Receives and settles all epochs; what was found is compared with the truth epoch by epoch.
fn check(plan: &Plan) -> (Truth, Vec<Settlement>) {
    let mut lines: BTreeMap<u64, Vec<Vec<u8>>> = BTreeMap::new();
    let truth = generate(plan, |epoch, line| {
        lines.entry(epoch).or_default().push(line.to_vec());
        Ok(())
    })
    .unwrap();
    let sfus: Vec<Sfu> = truth.sfus.iter().map(|sfu| sfu.terms).collect();
    let registered: HashSet<[u8; 32]> = sfus.iter().map(|sfu| sfu.key).collect();
    let mut receiver = Receiver::default();
    let mut parent: Option<Parent> = None;
    let mut settlements = Vec::new();
    assert_eq!(truth.epochs.len() as u64, plan.epochs);
    for (epoch, expected) in &truth.epochs {
        let mut found = EpochTruth::default();
        for line in &lines[epoch] {
            found.lines += 1;
            count(&mut found.answers, receiver.receive(&registered, &plan.domain, line).as_str());
        }
        let setting = Setting {
            domain: &plan.domain,
            cluster_reference: "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp",
            calendar: plan.calendar,
            epoch: *epoch,
            parent: parent.as_ref(),
            params: &Params::demo(),
            params_version: 1,
            mode_of: &|_| Mode::Demo,
            registry_version: 1,
            sfus: &sfus,
        };
        let settlement =
            settle(&setting, &receiver.headers, |header| receiver.batches.get(&header.hash).cloned().ok_or(()))
                .unwrap();
        let mut judged = HashSet::new();
        for seal in &settlement.seals {
            for one in &seal.judged {
                judged.insert(one.header.hash);
                count(&mut found.batches, one.verdict.map_or("accepted", BatchVerdict::as_str));
            }
            found.carried += seal.carried.as_slice().iter().map(|(first, last)| last - first + 1).sum::<u64>();
        }
        for batch in &settlement.batches {
            for verdict in &batch.receipts.verdicts {
                count(&mut found.receipts, verdict.map_or("accepted", ReceiptVerdict::as_str));
            }
            found.accepted_bytes += batch.receipts.accepted_bytes;
        }
        assert_eq!(&found, expected, "epoch {epoch}");
        receiver.headers.retain(|header| !judged.contains(&header.hash));
        parent = Some(settlement.to_parent());
        settlements.push(settlement);
    }
    (truth, settlements)
}

#[test]
fn without_faults_everything_is_held_and_accepted() {
    let (truth, settlements) = check(&plan(false));
    for epoch in truth.epochs.values() {
        assert_eq!(epoch.answers, BTreeMap::from([("held".to_owned(), 8)]));
        assert_eq!(epoch.batches, BTreeMap::from([("accepted".to_owned(), 8)]));
        assert_eq!(epoch.receipts, BTreeMap::from([("accepted".to_owned(), 160)]));
        assert!(epoch.accepted_bytes > 0);
    }
    let roles: HashSet<Role> = settlements.iter().flat_map(|epoch| &epoch.cells.cells).map(|cell| cell.role).collect();
    assert_eq!(roles.len(), 4);
    let payees: HashSet<bool> =
        settlements.iter().flat_map(|epoch| &epoch.payees).map(|payee| *payee == ZERO_HASH).collect();
    assert_eq!(payees.len(), 2, "with and without a payee");
}

#[test]
fn a_day_has_all_hours() {
    let day = Plan {
        calendar: Calendar::new(1_699_920_000, 86_400).unwrap(),
        first_epoch: 0,
        epochs: 1,
        batches: 48,
        ..plan(false)
    };
    let (_, settlements) = check(&day);
    let hours: HashSet<u8> = settlements[0].cells.cells.iter().map(|cell| cell.hour).collect();
    assert_eq!(hours.len(), 24);
}

#[test]
fn every_answer_and_every_verdict_occurs_and_is_as_foretold() {
    let (truth, _) = check(&plan(true));
    let all = |pick: fn(&EpochTruth) -> &BTreeMap<String, u64>| -> HashSet<String> {
        truth.epochs.values().flat_map(|epoch| pick(epoch).keys().cloned()).collect()
    };
    let answers = [
        "wrong_version",
        "malformed",
        "not_canonical",
        "unknown_sfu",
        "bad_signature",
        "try_later",
        "already_held",
        "held",
    ];
    assert_eq!(all(|epoch| &epoch.answers), answers.map(str::to_owned).into());
    let batches: HashSet<String> = BatchVerdict::ALL
        .iter()
        .filter(|verdict| **verdict != BatchVerdict::Late)
        .map(|verdict| verdict.as_str().to_owned())
        .chain(["accepted".to_owned(), "late".to_owned()])
        .collect();
    assert_eq!(all(|epoch| &epoch.batches), batches);
    let receipts: HashSet<String> =
        ReceiptVerdict::ALL.iter().map(|verdict| verdict.as_str().to_owned()).chain(["accepted".to_owned()]).collect();
    assert_eq!(all(|epoch| &epoch.receipts), receipts);
    assert_eq!(truth.epochs[&101].carried, 1);
}

#[test]
fn one_epoch_alone_and_a_calendar_without_room_for_late_batches_are_foretold_too() {
    check(&Plan { epochs: 1, ..plan(true) });
    let (truth, _) = check(&Plan { first_epoch: 0, epochs: 2, ..plan(true) });
    assert!(!truth.epochs[&1].batches.contains_key("late"));
}

#[test]
fn the_same_plan_gives_the_same_bytes_and_another_seed_others() {
    let bytes = |plan: &Plan| {
        let mut bytes = Vec::new();
        generate(plan, |_, line| {
            bytes.extend_from_slice(line);
            Ok(())
        })
        .unwrap();
        sha256(&[&bytes])
    };
    assert_eq!(bytes(&plan(true)), bytes(&plan(true)));
    assert_ne!(bytes(&plan(true)), bytes(&Plan { seed: 43, ..plan(true) }));
}

#[test]
fn refuses_plans_that_cannot_be_followed() {
    let refuse = |plan: Plan| assert!(matches!(generate(&plan, |_, _| Ok(())), Err(GenerateError::Plan(_))));
    refuse(Plan { batches: 361, ..plan(false) });
    refuse(Plan { batches: 0, ..plan(false) });
    refuse(Plan { epochs: 0, ..plan(false) });
    refuse(Plan { sfus: 3_000, ..plan(false) });
    refuse(Plan { receipts: 9_001, ..plan(false) });
    refuse(Plan { contributors: 0, ..plan(false) });
    refuse(Plan { first_epoch: u64::MAX, ..plan(false) });
    let failing = generate(&plan(false), |_, _| Err(io::Error::other("full")));
    assert!(matches!(failing, Err(GenerateError::Output(_))));
}
