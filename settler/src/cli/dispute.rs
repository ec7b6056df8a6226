//! `settler dispute`: disputes of posted roots, and fraud proofs.

use std::path::PathBuf;

use clap::Subcommand;
use radio_payouts_client::state::Dispute;
use solana_pubkey::Pubkey;

use super::Context;
use super::actor::Elsewhere;
use super::admin::posted_epoch;
use super::key_argument::{ed25519_key, solana_address};
use crate::chain::deployment;
use crate::outcome::{Failure, Outcome};

mod list;
mod open;
mod prove_duplicate;
mod prove_equivocation;
mod release;
mod resolve;

/// Arguments of `dispute`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
A dispute says that a posted root is wrong where arithmetic alone cannot show it. It takes a bond, stops the epoch and all
after it from becoming final, and is decided by the authority or its arbiter. Upheld: the root is withdrawn and the bond
goes back. Rejected: the root stands and the bond goes to the treasury. Undecided in time: it lapses, the bond goes back and
the epoch is contested. `release` moves the bond when the dispute has ended.

A fraud proof needs no decision and no bond: two leaves of one root for one DID, or two batches that an SFU signed under
one number. Each acts at once, also while the program is paused.

  settler dispute open 42 --evidence report.pdf
  settler dispute resolve 42 --uphold
  settler dispute release 42
  settler dispute prove-equivocation first.json second.json")]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do about a root.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Dispute the root that is posted for an epoch, within its challenge window (signed by --keypair, which gives the bond).
    Open {
        /// The epoch.
        epoch: u64,
        /// What shows that the root is wrong; its SHA-256 goes on chain. Publish the file itself.
        #[arg(long, value_name = "FILE")]
        evidence: PathBuf,
        /// Token account that gives the bond [default: the associated one of --keypair].
        #[arg(long, value_parser = solana_address, value_name = "ADDRESS")]
        source: Option<Pubkey>,
    },
    /// List disputes: what they are about, how they stand, where their bonds are.
    List,
    /// Decide a dispute (signed by the authority, or by the arbiter).
    Resolve(Decision),
    /// End a dispute that was not decided in time; the epoch is contested (anyone).
    Lapse {
        /// The epoch.
        epoch: u64,
    },
    /// Move the bond of a dispute that has ended, or whose root has left the chain (anyone).
    Release {
        /// The epoch.
        epoch: u64,
        /// The attempt disputed [default: the last one].
        #[arg(long)]
        attempt: Option<u32>,
    },
    /// Revoke and ban a root that has two leaves for one DID (anyone).
    ///
    /// Takes two proofs as `settler prove` or the other settler's API gives them, or a published folder, in which every
    /// DID is looked at. Both leaves are recorded on chain, the root falls, and the records' rent comes back.
    ProveDuplicate {
        /// Two proofs, or one folder.
        #[arg(value_name = "PROOF PROOF | DIR", required = true, num_args = 1..=2)]
        evidence: Vec<PathBuf>,
    },
    /// Stop an SFU at a number under which it signed two batches (anyone).
    ///
    /// Takes two signed batches as they were received, one a file; with --sfu, the two that the store holds under the least
    /// number.
    ProveEquivocation {
        /// Two files with one envelope each.
        #[arg(value_name = "FILE", num_args = 2, required_unless_present = "sfu", conflicts_with = "sfu")]
        batches: Vec<PathBuf>,
        /// The SFU to look up in the store: did:key, base58 or hex.
        #[arg(long, value_parser = ed25519_key, value_name = "KEY")]
        sfu: Option<[u8; 32]>,
    },
}

/// A decision about the dispute of an epoch's present attempt.
#[derive(clap::Args, Debug)]
#[command(group(clap::ArgGroup::new("decision").required(true)))]
pub struct Decision {
    /// The epoch.
    pub epoch: u64,
    /// The root is wrong: withdraw it and everything after it.
    #[arg(long, group = "decision")]
    pub uphold: bool,
    /// The root stands: the bond goes to the treasury.
    #[arg(long, group = "decision")]
    pub reject: bool,
    /// For an authority or arbiter that is no key at hand.
    #[command(flatten)]
    pub elsewhere: Elsewhere,
}

/// Runs the command.
///
/// # Errors
/// As [`crate::chain::Sender::send`]; exit 2 if there is nothing to do it to.
pub fn run(args: &Args, context: &Context) -> Outcome {
    match &args.command {
        Command::Open { epoch, evidence, source } => open::run(context, *epoch, evidence, *source),
        Command::List => list::run(context),
        Command::Resolve(decision) => resolve::resolve(context, decision),
        Command::Lapse { epoch } => resolve::lapse(context, *epoch),
        Command::Release { epoch, attempt } => release::run(context, *epoch, *attempt),
        Command::ProveDuplicate { evidence } => prove_duplicate::run(context, evidence),
        Command::ProveEquivocation { batches, sfu } => prove_equivocation::run(context, batches, sfu.as_ref()),
    }
}

/// The dispute of the epoch's present attempt.
pub(super) fn present_dispute(context: &Context, epoch: u64) -> Outcome<Dispute> {
    let attempt = posted_epoch(context, epoch)?.attempt;
    deployment::dispute(context.chain()?.as_ref(), epoch, attempt)?.ok_or_else(|| {
        Failure::usage(format!(
            "attempt {attempt} of epoch {epoch} is not disputed; `settler dispute list` shows all disputes"
        ))
    })
}
