//! Proof bundles against a root that the caller trusts (section 8).

use radio_payouts_protocol::artefact::difference;
use radio_payouts_protocol::artefact::manifest::{RootJson, StatementJson};
use radio_payouts_protocol::artefact::proof::{BundleFault, ProofBundle};
use radio_payouts_protocol::statement::Statement;
use radio_payouts_protocol::tree::{ProofError, TreeRoot, locate};
use serde_json::json;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::document::{domain, read, to_address, write};
use crate::fault::{Difference, Fault};

/// Checks a bundle against one tree's root, both JSON documents: what it proves, as JSON.
///
/// # Errors
/// The fault (`ProofFault` in TypeScript).
#[wasm_bindgen]
pub fn verify_against_root(bundle: &str, root: &str) -> Result<String, Fault> {
    let root = TreeRoot::from(&read::<RootJson>("root", root).map_err(|fault| Fault::argument(fault.message))?);
    let bundle: ProofBundle = read("bundle", bundle)?;
    let statement = bundle.checked_statement().map_err(fault)?;
    let (tree, _) = locate(bundle.share.index);
    let own = statement.payouts.get(tree as usize).ok_or_else(|| fault(BundleFault::BeyondTrees))?;
    if *own != root {
        return Err(Fault::new("wrong_root", "the root that the bundle names is not the one given"));
    }
    bundle.check_against(&root).map_err(|error| fault(error.into()))?;
    bundle.check_cap().map_err(fault)?;
    let share = &bundle.share;
    write(&json!({
        "did": share.did,
        "payee": (share.payee != [0; 32]).then(|| to_address(&share.payee)),
        "amountBaseUnits": share.amount_base_units.to_string(),
        "index": share.index,
        "tree": tree,
        "epoch": statement.epoch.to_string(),
    }))
}

fn fault(fault: BundleFault) -> Fault {
    let code = match fault {
        BundleFault::Format(_) => "malformed",
        BundleFault::Domain => "wrong_domain",
        BundleFault::Commitment => "wrong_commitment",
        BundleFault::BeyondTrees | BundleFault::Proof(ProofError::PositionOutOfRange) => "position_out_of_range",
        BundleFault::Proof(ProofError::WrongLength) => "wrong_length",
        BundleFault::Proof(ProofError::SumOverflow) => "sum_overflow",
        BundleFault::Proof(ProofError::SumMismatch) => "sum_mismatch",
        BundleFault::Proof(ProofError::RootMismatch) => "root_mismatch",
        BundleFault::OverCap => "over_cap",
    };
    Fault::new(code, fault)
}

/// Number of the tree that holds a share.
#[wasm_bindgen]
#[must_use]
pub fn tree_of(index: u32) -> u32 {
    locate(index).0
}

/// Position of a share in its tree.
#[wasm_bindgen]
#[must_use]
pub fn position_of(index: u32) -> u32 {
    locate(index).1
}

/// The commitment of a statement, in hexadecimal.
///
/// # Errors
/// `malformed`, `invalid_argument`.
#[wasm_bindgen]
pub fn commitment_of(statement: &str, deployment: &str) -> Result<String, Fault> {
    let domain = domain(deployment)?;
    let statement = Statement::from(&read::<StatementJson>("statement", statement)?);
    Ok(hex::encode(statement.commitment(&domain)))
}

/// The first field in which a statement that was found differs from the recomputed one, as JSON; nothing if none does.
/// `subject` says where it was found.
///
/// # Errors
/// `malformed`.
#[wasm_bindgen]
pub fn compare_statements(found: &str, recomputed: &str, subject: &str) -> Result<Option<String>, Fault> {
    let read = |json| read::<StatementJson>("statement", json).map(|statement| Statement::from(&statement));
    let (found, recomputed) = (read(found)?, read(recomputed)?);
    let Some(difference) = difference::statements(&found, &recomputed) else { return Ok(None) };
    let difference = difference.below("statement");
    let (subject, place) = if subject == "chain" { ("chain", " on chain") } else { ("statement", "") };
    let message = format!(
        "epoch {}: field {} is {}{place}, recomputed {}",
        recomputed.epoch, difference.field, difference.found, difference.recomputed
    );
    let difference = Difference {
        subject,
        message,
        field: Some(difference.field),
        found: Some(difference.found),
        recomputed: Some(difference.recomputed),
        ..Difference::default()
    };
    write(&difference).map(Some)
}
