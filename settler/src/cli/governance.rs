//! `settler governance`: what holders of BLOOM do.

use clap::Subcommand;

use super::Context;
use crate::outcome::Outcome;

mod act_on;
mod propose;
mod stake;
mod status;

/// Arguments of `governance`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
How a change comes about:
  settler governance stake 1000                       lock 1000 BLOOM; it counts for proposals made after this
  settler governance propose params rate=2000000000   needs 0.1 % of all BLOOM in circulation as stake
  settler governance vote 7 yes                       once, with the whole stake, until the end of the vote
  settler governance status 7                         tally, quorum, deadlines, and what can be done next
  settler governance execute 7                        anyone, after the timelock
  settler governance close 7                          get the rent back
  settler governance unstake                          once the votes that you took part in have ended

Everything is signed by --keypair, which also pays. Votes decide only while the role of authority is theirs: see
`settler admin offer-authority governance`. The settings of votes are shown by `settler governance status`.")]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What a holder does.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Lock BLOOM as stake; a top-up begins anew, so all of it counts for later proposals only.
    Stake(stake::Stake),
    /// Take stake back that no vote holds.
    Unstake(stake::Unstake),
    /// Make a proposal.
    Propose(propose::Args),
    /// Vote on a proposal with the whole stake, once.
    Vote(act_on::Vote),
    /// Show proposals, their tallies and deadlines, and what happens next.
    Status(status::Args),
    /// Record after the end of a vote whether it is accepted (anyone).
    Conclude(act_on::Number),
    /// Carry an accepted proposal out after its timelock (anyone; pays for accounts that it makes).
    Execute(act_on::Number),
    /// Take your proposal back during its vote.
    Cancel(act_on::Number),
    /// End an accepted proposal that was not executed in time (anyone).
    Expire(act_on::Number),
    /// Close your record of a vote, and your proposal once it has ended; the rent comes back.
    Close(act_on::Number),
}

/// Runs the command.
///
/// # Errors
/// As [`crate::chain::Sender::send`].
pub fn run(args: &Args, context: &Context) -> Outcome {
    match &args.command {
        Command::Stake(args) => stake::stake(args, context),
        Command::Unstake(args) => stake::unstake(args, context),
        Command::Propose(args) => propose::run(args, context),
        Command::Vote(args) => act_on::vote(args, context),
        Command::Status(args) => status::run(args, context),
        Command::Conclude(args) => act_on::conclude(args, context),
        Command::Execute(args) => act_on::execute(args, context),
        Command::Cancel(args) => act_on::cancel(args, context),
        Command::Expire(args) => act_on::expire(args, context),
        Command::Close(args) => act_on::close(args, context),
    }
}
