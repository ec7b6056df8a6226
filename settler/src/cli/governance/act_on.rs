//! What can be done with a proposal that is there: vote, conclude, execute, cancel, expire, close.

use radio_payouts_client::instruction;
use radio_payouts_client::state::{Proposal, ProposalStatus, VoteChoice};
use solana_signer::Signer as _;

use crate::chain::{Chain, deployment};
use crate::cli::Context;
use crate::cli::act::{act, act_all};
use crate::outcome::{Exit, Failure, Outcome};

/// A proposal, by its number.
#[derive(clap::Args, Debug)]
pub struct Number {
    /// The proposal's number; `settler governance status` lists them.
    #[arg(value_name = "N")]
    pub proposal: u64,
}

/// Arguments of `vote`.
#[derive(clap::Args, Debug)]
pub struct Vote {
    /// The proposal's number; `settler governance status` lists them.
    #[arg(value_name = "N")]
    pub proposal: u64,
    /// For it, against it, or for the quorum only; it cannot be changed.
    pub choice: Choice,
}

/// A vote on the command line.
#[derive(clap::ValueEnum, Clone, Copy, Debug)]
pub enum Choice {
    /// For the proposal.
    Yes,
    /// Against it.
    No,
    /// Counts for the quorum only.
    Abstain,
}

fn find(chain: &dyn Chain, number: u64) -> Outcome<Proposal> {
    deployment::proposal(chain, number)?.ok_or_else(|| {
        Failure::usage(format!("there is no proposal {number}, or it was closed; see `settler governance status`"))
    })
}

/// Votes.
///
/// # Errors
/// As [`crate::chain::Sender::send`].
pub fn vote(args: &Vote, context: &Context) -> Outcome {
    let key = context.keypair()?;
    let owner = key.pubkey();
    let chain = context.chain()?;
    find(chain.as_ref(), args.proposal)?;
    if deployment::stake(chain.as_ref(), &owner)?.is_none() {
        return Err(Failure::usage(format!(
            "{owner} has no stake; `settler governance stake` makes one, which counts for later proposals"
        )));
    }
    let (choice, word) = match args.choice {
        Choice::Yes => (VoteChoice::Yes, "yes"),
        Choice::No => (VoteChoice::No, "no"),
        Choice::Abstain => (VoteChoice::Abstain, "abstain"),
    };
    let purpose = format!("vote {word} on proposal {} as {owner}", args.proposal);
    act(context, purpose, instruction::cast_vote(owner, owner, args.proposal, choice), &key, Vec::new())
}

/// Records how a vote ended.
///
/// # Errors
/// As [`crate::chain::Sender::send`].
pub fn conclude(args: &Number, context: &Context) -> Outcome {
    let key = context.keypair()?;
    let proposal = find(context.chain()?.as_ref(), args.proposal)?;
    let conclude = instruction::conclude_proposal(args.proposal, &proposal.proposer);
    act(context, format!("conclude proposal {}", args.proposal), conclude, &key, Vec::new())
}

/// Carries a proposal out; concludes its vote before, if nobody has.
///
/// # Errors
/// As [`crate::chain::Sender::send`].
pub fn execute(args: &Number, context: &Context) -> Outcome {
    let key = context.keypair()?;
    let chain = context.chain()?;
    let config = deployment::require_config(chain.as_ref())?;
    let proposal = find(chain.as_ref(), args.proposal)?;
    let mut instructions = Vec::new();
    let now = chain.clock()?.unix_timestamp;
    if proposal.status == ProposalStatus::Voting && proposal.voting_ends().has_passed(&config.pause, now) {
        if !proposal.tally.accepts(proposal.quorum()) {
            return Err(Failure::new(
                Exit::Failed,
                format!(
                    "proposal {0} missed its quorum or majority; `settler governance conclude {0}` records that",
                    args.proposal
                ),
            ));
        }
        instructions.push(instruction::conclude_proposal(args.proposal, &proposal.proposer));
    }
    instructions.push(instruction::execute_proposal(key.pubkey(), &proposal, &config));
    act_all(context, format!("execute proposal {}", args.proposal), instructions, &key, Vec::new())
}

/// Takes a proposal back.
///
/// # Errors
/// As [`crate::chain::Sender::send`].
pub fn cancel(args: &Number, context: &Context) -> Outcome {
    let key = context.keypair()?;
    let proposal = find(context.chain()?.as_ref(), args.proposal)?;
    if proposal.proposer != key.pubkey() {
        return Err(Failure::not_permitted(format!(
            "proposal {} was made by {}, not by {}",
            args.proposal,
            proposal.proposer,
            key.pubkey()
        )));
    }
    let cancel = instruction::cancel_proposal(key.pubkey(), args.proposal);
    act(context, format!("cancel proposal {}", args.proposal), cancel, &key, Vec::new())
}

/// Ends a proposal that nobody executed.
///
/// # Errors
/// As [`crate::chain::Sender::send`].
pub fn expire(args: &Number, context: &Context) -> Outcome {
    let key = context.keypair()?;
    find(context.chain()?.as_ref(), args.proposal)?;
    let expire = instruction::expire_proposal(args.proposal);
    act(context, format!("expire proposal {}", args.proposal), expire, &key, Vec::new())
}

/// Gets back the rent that this key paid: of its vote, and of the proposal once it has ended.
///
/// # Errors
/// As [`crate::chain::Sender::send`].
pub fn close(args: &Number, context: &Context) -> Outcome {
    let key = context.keypair()?;
    let owner = key.pubkey();
    let chain = context.chain()?;
    let proposal = deployment::proposal(chain.as_ref(), args.proposal)?;
    let vote = deployment::vote(chain.as_ref(), args.proposal, &owner)?;
    let mut instructions = Vec::new();
    if vote.is_some_and(|vote| vote.rent_payer == owner) {
        instructions.push(instruction::close_vote(owner, args.proposal, &owner));
    }
    if proposal.is_some_and(|proposal| proposal.rent_payer == owner && proposal.status.has_ended()) {
        instructions.push(instruction::close_proposal(owner, args.proposal));
    }
    if instructions.is_empty() {
        return Err(Failure::usage(format!(
            "there is nothing of proposal {} that {owner} paid for and that has ended",
            args.proposal
        )));
    }
    act_all(context, format!("close what {owner} paid for proposal {}", args.proposal), instructions, &key, Vec::new())
}
