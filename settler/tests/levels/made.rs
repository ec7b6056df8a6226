//! An artefact with as many shares as are wanted, without the batches behind it: a statement, and payouts that lead to it.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use radio_payouts_protocol::artefact::manifest::{self, RootJson, StatementJson, Totals};
use radio_payouts_protocol::artefact::payout::Payout;
use radio_payouts_protocol::artefact::terms::Deployment;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::forest::{Forest, hash_leaves};
use radio_payouts_protocol::hash::{Hash, sha256};
use radio_payouts_protocol::params::{Mode, Params};
use radio_payouts_protocol::statement::Statement;
use radio_payouts_protocol::tree::{TreeRoot, share_leaf};
use radio_payouts_settler::artefact::manifest::Manifest;
use radio_payouts_settler::artefact::{Artefact, tables};

/// The DID of a contributor.
pub fn did(number: u32) -> String {
    format!("did:mycelia:contributor-{number:08}")
}

/// One in so many contributors has no leaf.
const WITHOUT_LEAF: usize = 10;

/// Writes `payouts.parquet` and `manifest.json` of epoch `epoch` with this many contributors to `folder`; every tenth has no leaf unless `all_paid`.
pub fn artefact(folder: &Path, epoch: u64, contributors: u32, all_paid: bool) -> Artefact {
    std::fs::create_dir_all(folder).unwrap();
    let mut dids: Vec<(Hash, String)> =
        (0..contributors).map(did).map(|did| (sha256(&[did.as_bytes()]), did)).collect();
    dids.sort_unstable();
    let mut next = 0..;
    let payouts: Vec<Payout> = dids
        .into_iter()
        .enumerate()
        .map(|(place, (did_hash, did))| {
            let paid = all_paid || place % WITHOUT_LEAF != 3;
            let amount = 1_000 + place as u64 % 977 + epoch;
            let reason = (!paid).then(|| "below_minimum".to_owned());
            let index = paid.then(|| next.next().unwrap());
            Payout {
                index,
                did,
                did_hash,
                payee: [7; 32],
                bytes: amount,
                effective_bytes: amount,
                raw: amount,
                amount,
                reason,
            }
        })
        .collect();
    let manifest = manifest(epoch, &payouts);
    std::fs::write(folder.join("manifest.json"), serde_json::to_vec_pretty(&manifest).unwrap()).unwrap();
    write_payouts(folder, payouts);
    Artefact::open(folder).unwrap()
}

/// Writes `payouts.parquet`.
pub fn write_payouts(folder: &Path, payouts: Vec<Payout>) {
    tables::write_payouts(payouts.into_iter(), File::create(folder.join("payouts.parquet")).unwrap()).unwrap();
}

fn manifest(epoch: u64, payouts: &[Payout]) -> Manifest {
    let (genesis_hash, program_id) = ([1; 32], [2; 32]);
    let domain = Domain::derive(&genesis_hash, &program_id);
    let paid: Vec<(u32, &Payout)> =
        payouts.iter().filter_map(|payout| payout.index.map(|index| (index, payout))).collect();
    let leaves = hash_leaves(&paid, |_, (index, payout)| {
        share_leaf(&domain, epoch, *index, &payout.did_hash, &payout.payee, payout.amount)
    });
    let sum = payouts.iter().map(|payout| payout.amount).sum();
    let statement = Statement {
        epoch,
        parent: [0; 32],
        params_version: 1,
        registry_version: 1,
        inputs_hash: [3; 32],
        history_hash: [4; 32],
        batches: TreeRoot { root: [5; 32], sum: u64::MAX >> 1, count: 1 },
        pool: sum,
        payouts: Forest::build(&domain, &leaves).unwrap().roots(),
    };
    Manifest {
        format: manifest::FORMAT.to_owned(),
        standing: manifest::STANDING.to_owned(),
        commitment: statement.commitment(&domain),
        statement: StatementJson {
            payouts: statement.payouts.iter().map(RootJson::from).collect(),
            ..StatementJson::from(&statement)
        },
        mode: Mode::Demo,
        deployment: Deployment {
            domain: *domain.as_bytes(),
            genesis_hash,
            program_id,
            genesis_unix: 1_760_000_000,
            epoch_seconds: 86_400,
        },
        params: Params::demo(),
        params_versions: Vec::new(),
        registry: Vec::new(),
        parent: None,
        sfus: Vec::new(),
        totals: Totals {
            bytes: sum,
            paid_bytes: sum,
            effective_bytes: sum,
            cap_base_units: sum,
            minimum_base_units: 1,
            allocated_base_units: sum,
            unallocated_base_units: 0,
            contributors: u32::try_from(payouts.len()).unwrap(),
        },
        files: BTreeMap::new(),
    }
}
