//! `settler dispute release`.

use anchor_spl::associated_token::spl_associated_token_account::instruction::create_associated_token_account_idempotent;
use radio_payouts_client::instruction;
use radio_payouts_client::state::{Dispute, DisputeOutcome};
use solana_signer::Signer as _;

use super::super::Context;
use super::super::act::act_all;
use super::super::admin::posted_epoch;
use crate::chain::{Chain, deployment};
use crate::outcome::{Failure, Outcome};

/// Moves a bond; makes the disputer's token account if it is no longer there.
pub fn run(context: &Context, epoch: u64, attempt: Option<u32>) -> Outcome {
    let chain = context.chain()?;
    let dispute = find(chain.as_ref(), epoch, posted_epoch(context, epoch)?.attempt, attempt)?;
    if dispute.bond_released {
        return Err(Failure::usage(format!(
            "the bond of the dispute of epoch {epoch} attempt {} has been released already",
            dispute.attempt
        )));
    }
    let config = deployment::require_config(chain.as_ref())?;
    drop(chain);
    let signer = context.keypair()?;
    let to = instruction::bond_destination(&config, &dispute);
    let mut instructions = Vec::new();
    if dispute.outcome != DisputeOutcome::Rejected {
        instructions.push(create_associated_token_account_idempotent(
            &signer.pubkey(),
            &dispute.disputer,
            &config.mint,
            &config.token_program,
        ));
    }
    instructions.push(instruction::release_bond(&config, &dispute, to));
    let purpose = format!("release the bond of epoch {epoch} attempt {}", dispute.attempt);
    act_all(context, purpose, instructions, &signer, Vec::new())
}

/// The dispute of `attempt`, or the last one up to attempt `last`.
fn find(chain: &dyn Chain, epoch: u64, last: u32, attempt: Option<u32>) -> Outcome<Dispute> {
    let attempts = attempt.map_or(0..=last, |attempt| attempt..=attempt);
    for attempt in attempts.rev() {
        if let Some(dispute) = deployment::dispute(chain, epoch, attempt)? {
            return Ok(dispute);
        }
    }
    Err(Failure::usage(format!("there is no such dispute of epoch {epoch}; `settler dispute list` shows all of them")))
}
