//! `settler dispute prove-duplicate`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use solana_instruction::Instruction;
use solana_signer::Signer as _;

use super::super::Context;
use super::super::act::act_all;
use super::super::admin::posted_epoch;
use crate::artefact::proof::ProofBundle;
use crate::chain::Outgoing;
use crate::epoch::view::root_in_force;
use crate::fraud::Duplicate;
use crate::outcome::{Failure, Outcome};

/// Records both leaves, then accuses the root and closes the records in one transaction.
pub fn run(context: &Context, evidence: &[PathBuf]) -> Outcome {
    let duplicate = match evidence {
        [folder] => Duplicate::find(folder)?
            .ok_or_else(|| Failure::usage(format!("{}: no DID has two leaves", folder.display())))?,
        [first, second] => Duplicate::of([read(first)?, read(second)?]).map_err(Failure::usage)?,
        _ => return Err(Failure::usage("give two proofs, or one folder")),
    };
    let (epoch, commitment) = (duplicate.epoch(), hex::encode(duplicate.commitment()));
    let account = posted_epoch(context, epoch)?;
    if root_in_force(Some(&account)).is_none_or(|(root, _)| root != *duplicate.commitment()) {
        return Err(Failure::difference(format!(
            "{commitment} is not the root in force of epoch {epoch}: there is nothing to revoke"
        )));
    }
    let signer = context.keypair()?;
    let recorder = signer.pubkey();
    let mut sender = context.sender()?;
    for (index, record) in duplicate.indices().into_iter().zip(duplicate.records(recorder)) {
        // An earlier run may have come so far.
        if sender.chain().account(&record.accounts[RECORD].pubkey)?.is_none() {
            sender.send(&Outgoing {
                purpose: format!("prove leaf {index} of epoch {epoch} commitment {commitment}"),
                instructions: vec![record],
                payer: &signer,
                signers: Vec::new(),
                lookup_tables: Vec::new(),
            })?;
        }
    }
    drop(sender);
    let mut instructions: Vec<Instruction> = vec![duplicate.accusation(&recorder)];
    instructions.extend(duplicate.closing(recorder));
    let purpose = format!("prove two leaves of {} in epoch {epoch} commitment {commitment}", duplicate.did());
    act_all(context, purpose, instructions, &signer, Vec::new())
}

/// Place of the record among the accounts of `prove_leaf`.
const RECORD: usize = 2;

fn read(path: &Path) -> Outcome<ProofBundle> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Failure::usage(format!("{} is not a proof: {error}", path.display())))
}
