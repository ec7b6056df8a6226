//! `settler dispute resolve` and `lapse`: how a dispute ends.

use radio_payouts_client::instruction;

use super::super::Context;
use super::super::act::act;
use super::{Decision, present_dispute};
use crate::outcome::Outcome;
use crate::output::note;

/// Upholds or rejects the dispute of the present attempt.
pub fn resolve(context: &Context, decision: &Decision) -> Outcome {
    let Decision { epoch, uphold, elsewhere, .. } = decision;
    let attempt = present_dispute(context, *epoch)?.attempt;
    let actor = elsewhere.authority(context)?;
    let verdict = if *uphold { "uphold" } else { "reject" };
    let resolve = instruction::resolve_dispute(actor.signer(), *epoch, attempt, *uphold);
    actor.act(context, format!("{verdict} the dispute of epoch {epoch} attempt {attempt}"), resolve, Vec::new())?;
    if elsewhere.instruction_only {
        return Ok(());
    }
    if *uphold {
        note("the root is withdrawn: `settler settle --due --reopen` takes the chain back and posts again");
    }
    bond_waits(*epoch);
    Ok(())
}

/// Ends a dispute that nobody decided in time.
pub fn lapse(context: &Context, epoch: u64) -> Outcome {
    let attempt = present_dispute(context, epoch)?.attempt;
    let lapse = instruction::lapse_dispute(epoch, attempt);
    let purpose = format!("lapse the dispute of epoch {epoch} attempt {attempt}");
    act(context, purpose, lapse, &context.keypair()?, Vec::new())?;
    bond_waits(epoch);
    Ok(())
}

fn bond_waits(epoch: u64) {
    note(format_args!("the bond moves with `settler dispute release {epoch}`, which anyone may send"));
}
