//! Synthetic epochs with every kind of bad input: every answer and every verdict is the one foretold.

use std::collections::BTreeMap;
use std::path::PathBuf;

use radio_payouts_client::instruction;
use radio_payouts_client::state::SfuTerms;
use radio_payouts_settler::artefact::batches::read_verdicts;
use radio_payouts_settler::artefact::{Artefact, receipts};
use serde_json::Value;
use solana_signer::Signer as _;

use crate::world::{EPOCH, GENESIS, World};

/// The first of two epochs. Three days must lead back from it for a batch to be late.
pub const FIRST: i64 = 1_000;

/// Two epochs with every fault, 20 batches of 8 receipts from each honest SFU, whose SFUs are registered.
pub struct Synthetic {
    folder: PathBuf,
    /// What must become of it.
    pub truth: Value,
}

impl Synthetic {
    /// Generates them, with so many contributors, and registers the SFUs.
    pub fn of_two_epochs(world: &World, contributors: u32) -> Self {
        let folder = world.folder.path().join("synthetic");
        let contributors = contributors.to_string();
        let domain = hex::encode(world.sfus[0].domain.as_bytes());
        let (genesis, epoch_seconds, first) = (GENESIS.to_string(), EPOCH.to_string(), FIRST.to_string());
        let shape = [
            "--faults",
            "--epochs",
            "2",
            "--sfus",
            "2",
            "--batches",
            "20",
            "--receipts",
            "8",
            "--contributors",
            &contributors,
        ];
        let times = ["--first-epoch", &first, "--genesis-unix", &genesis, "--epoch-seconds", &epoch_seconds];
        let place = ["generate", "--domain", &domain, "--out", folder.to_str().unwrap()];
        world.run(0, &[&place[..], &times[..], &shape[..]].concat()).expect(0);
        let truth: Value = serde_json::from_slice(&std::fs::read(folder.join("truth.json")).unwrap()).unwrap();
        let authority = world.authority.pubkey();
        for sfu in truth["sfus"].as_array().unwrap() {
            let terms = &sfu["terms"];
            let number = |name: &str| terms[name].as_str().unwrap().parse().unwrap();
            let mut key = [0; 32];
            hex::decode_to_slice(terms["key"].as_str().unwrap(), &mut key).unwrap();
            let terms = SfuTerms {
                key,
                operator: authority,
                demo: terms["demo"].as_bool().unwrap(),
                valid_from: number("valid_from"),
                max_bytes_per_epoch: number("max_bytes_per_epoch"),
            };
            let purpose = format!("register {}", sfu["label"]);
            world.as_authority(&purpose, instruction::register_sfu(authority, authority, terms));
        }
        Self { folder, truth }
    }

    /// Gives what was sent in an epoch to settler 0; its report.
    pub fn ingest(&self, world: &World, epoch: i64) -> Value {
        let input = self.folder.join(format!("epoch-{epoch:06}.jsonl"));
        world.run(0, &["ingest", input.to_str().unwrap(), "-o", "json"]).expect(0).json()
    }
}

#[test]
fn every_answer_and_verdict_is_the_one_foretold() {
    let world = World::new(1, 1);
    let synthetic = Synthetic::of_two_epochs(&world, 30);
    for epoch in FIRST..FIRST + 2 {
        world.pass(epoch);
        let expected = &synthetic.truth["epochs"][epoch.to_string()];
        let report = synthetic.ingest(&world, epoch);
        assert_eq!(report["answers"], expected["answers"], "epoch {epoch}");
        world.run(0, &["settle", "--due"]).expect(0);
        let epoch = u64::try_from(epoch).unwrap();
        let artefact = Artefact::open(&world.epoch_folder(0, epoch)).unwrap();
        let (batches, receipts) = verdicts(&artefact);
        assert_eq!(serde_json::to_value(batches).unwrap(), expected["batches"], "epoch {epoch}");
        assert_eq!(serde_json::to_value(receipts).unwrap(), expected["receipts"], "epoch {epoch}");
        assert_eq!(artefact.manifest.totals.bytes.to_string(), expected["accepted_bytes"], "epoch {epoch}");
        let target = epoch.to_string();
        let whole = world.run(0, &["verify", &target, "-o", "json"]).expect(0).json();
        world.run(0, &["verify", &target, "--fast"]).expect(0);
        let sampled = world.run(0, &["verify", &target, "--sample", "1000000", "-o", "json"]).expect(0).json();
        assert_eq!(sampled["sample"]["dids"].as_array().unwrap().len() as u64, whole["contributors"].as_u64().unwrap());
        let cut = &expected["receipts"]["sfu_over_capacity"];
        assert_eq!(
            sampled["sample"]["receipts_over_capacity"].as_u64(),
            Some(cut.as_u64().unwrap_or_default()),
            "epoch {epoch}: {cut}"
        );
        if cfg!(feature = "datafusion") {
            let engine = ["verify", &target, "--engine", "datafusion", "-o", "json"];
            assert_eq!(world.run(0, &engine).expect(0).json(), whole, "epoch {epoch}");
        }
    }
    assert_eq!(crate::simulate::reproduced(&world), 2);
}

/// Verdicts of batches and of receipts of accepted batches, counted.
fn verdicts(artefact: &Artefact) -> (BTreeMap<String, u64>, BTreeMap<String, u64>) {
    let (mut batches, mut receipts) = (BTreeMap::new(), BTreeMap::new());
    let mut accepted = 0;
    read_verdicts(&artefact.folder, |line| {
        accepted += line.receipts.unwrap_or_default();
        *batches.entry(line.verdict).or_insert(0) += 1;
        Ok(())
    })
    .unwrap();
    receipts::rejected(artefact, |rejected| {
        *receipts.entry(rejected.verdict).or_insert(0) += 1;
        Ok(())
    })
    .unwrap();
    accepted -= receipts.values().sum::<u64>();
    receipts.insert("accepted".to_owned(), accepted);
    (batches, receipts)
}
