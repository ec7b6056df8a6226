//! `settler governance propose`: one subcommand an action.

use std::path::Path;

use clap::Subcommand;
use radio_payouts_client::state::{Action, MandateTerms, Mode, ParamsChange, SfuTerms};
use radio_payouts_client::{CreateProposalArgs, instruction};
use radio_payouts_protocol::hash::{Hash, sha256};
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;

use crate::chain::{Chain, deployment};
use crate::cli::Context;
use crate::cli::act::act;
use crate::cli::admin::{parameters, posted_epoch};
use crate::cli::dispute::present_dispute;
use crate::cli::key_argument::{ed25519_key, sha256_hash, solana_address};
use crate::cli::times::Times;
use crate::outcome::{Failure, Outcome};
use crate::simulation::carried;
use crate::words::action;
use crate::words::amount::base_units;
use crate::words::parameter::parameter;

/// Arguments of `propose`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
A proposal is checked against all bounds when it is made, and again when it is executed. What it does is stored as it is
proposed; nobody can change it afterwards. Its stake is locked until the vote is concluded or cancelled; one stake makes one
proposal at a time.

With --document FILE the SHA-256 of a file goes into the proposal: publish the file (what `settler simulate --out` wrote, an
explanation), and everybody can check that it is the one meant. A simulation is refused unless it is of just this change.")]
pub struct Args {
    /// A file that was published with the proposal; its SHA-256 is stored.
    #[arg(long, global = true, value_name = "FILE")]
    pub document: Option<std::path::PathBuf>,
    /// The SHA-256 itself, in hex.
    #[arg(long, global = true, value_name = "HEX", value_parser = sha256_hash, conflicts_with = "document")]
    pub document_hash: Option<[u8; 32]>,
    /// What is proposed.
    #[command(subcommand)]
    pub what: What,
}

/// What is proposed.
#[derive(Subcommand, Debug)]
pub enum What {
    /// Change parameters, e.g. `rate=2000000000` or `epoch_cap=50000` (BLOOM); `settler params` lists the names.
    Params {
        /// What changes.
        #[arg(value_name = "NAME=NUMBER", value_parser = parameter, required = true)]
        changes: Vec<(String, u64)>,
        /// The earliest epoch wanted [default: the one after the execution].
        #[arg(long, default_value_t = 0)]
        effective_epoch: u64,
    },
    /// Go Live: epochs from then on can be ratified and claimed. Needs the higher quorum; there is no way back.
    Live {
        /// The earliest epoch wanted [default: the one after the execution].
        #[arg(long, default_value_t = 0)]
        effective_epoch: u64,
    },
    /// Change times, thresholds, bonds, or how votes are held (the last with the higher quorum).
    Times(Times),
    /// Switch whether Demo epochs may be posted.
    Demo {
        /// on or off.
        #[arg(value_parser = ["on", "off"])]
        state: String,
    },
    /// Name another pause key.
    PauseKey {
        /// The new pause key.
        #[arg(value_parser = solana_address)]
        address: Pubkey,
    },
    /// Name the registrars of payee bindings, at most four; none ends registering.
    Registrars {
        /// The registrars.
        #[arg(value_parser = solana_address)]
        addresses: Vec<Pubkey>,
    },
    /// Register an SFU.
    AddSfu(AddSfu),
    /// End an SFU with the running epoch.
    StopSfu {
        /// The SFU: did:key, base58 or hex.
        #[arg(value_parser = ed25519_key)]
        key: [u8; 32],
        /// Batches from this number on do not count; acts at once, and may only fall.
        #[arg(long)]
        stop_seq: Option<u64>,
    },
    /// Register a settler.
    AddSettler {
        /// The address that will sign its posts.
        #[arg(value_parser = solana_address)]
        key: Pubkey,
        /// Who may replace the key or stop the settler.
        #[arg(long, value_parser = solana_address)]
        operator: Pubkey,
        /// The earliest epoch wanted.
        #[arg(long, default_value_t = 0)]
        valid_from: u64,
    },
    /// Stop a settler.
    StopSettler {
        /// The settler's address.
        #[arg(value_parser = solana_address)]
        key: Pubkey,
    },
    /// Withdraw a final root; everything after it is orphaned.
    RejectEpoch {
        /// The epoch.
        epoch: u64,
        /// The commitment that is rejected, in hex [default: the one in force].
        #[arg(long, value_name = "HEX", value_parser = sha256_hash)]
        commitment: Option<[u8; 32]>,
    },
    /// Decide the dispute of an epoch's present attempt.
    #[command(group(clap::ArgGroup::new("decision").required(true)))]
    ResolveDispute {
        /// The epoch.
        epoch: u64,
        /// The root is wrong: withdraw it and everything after it.
        #[arg(long, group = "decision")]
        uphold: bool,
        /// The root stands: the bond goes to the treasury.
        #[arg(long, group = "decision")]
        reject: bool,
    },
    /// Appoint who may resolve disputes beside governance; without an address, dismiss the arbiter.
    AppointArbiter {
        /// The arbiter.
        #[arg(value_parser = solana_address)]
        address: Option<Pubkey>,
    },
    /// Let final epochs of a range be ratified by anyone, within a budget. Needs the higher quorum.
    Mandate {
        /// First epoch covered.
        first_epoch: u64,
        /// Last epoch covered.
        last_epoch: u64,
        /// Most BLOOM that may be ratified under it, e.g. 1000 or 0.5 (or base units: 500000000base).
        #[arg(long, value_name = "BLOOM", value_parser = base_units)]
        budget: u64,
        /// Seconds for which an epoch must have been final; at least 2 days.
        #[arg(long, default_value_t = 2 * 86_400)]
        delay_seconds: u32,
    },
    /// Cancel a mandate; what was ratified under it stays so.
    CancelMandate {
        /// Its number.
        number: u64,
    },
    /// Ratify one final Live epoch, a contested one too.
    Ratify {
        /// The epoch.
        epoch: u64,
        /// The commitment that is ratified, in hex [default: the one in force].
        #[arg(long, value_name = "HEX", value_parser = sha256_hash)]
        commitment: Option<[u8; 32]>,
    },
    /// Pay from the treasury, then from what the vault holds beyond what ratified shares may claim.
    Treasury {
        /// The token account to be paid.
        #[arg(value_parser = solana_address)]
        to: Pubkey,
        /// BLOOM, e.g. 1000 or 0.5 (or base units: 500000000base).
        #[arg(value_name = "BLOOM", value_parser = base_units)]
        amount: u64,
    },
    /// Offer the role of authority, to be accepted within 14 days; without an address, withdraw the offer. An offer needs
    /// the higher quorum.
    OfferAuthority {
        /// Who may accept it.
        #[arg(value_parser = solana_address)]
        address: Option<Pubkey>,
    },
}

/// Terms of a new SFU.
#[derive(clap::Args, Debug)]
pub struct AddSfu {
    /// The SFU: did:key, base58 or hex.
    #[arg(value_parser = ed25519_key)]
    pub key: [u8; 32],
    /// Who may replace the key or stop the SFU.
    #[arg(long, value_parser = solana_address)]
    pub operator: Pubkey,
    /// Its batches count in Demo epochs only.
    #[arg(long)]
    pub demo: bool,
    /// The earliest epoch wanted.
    #[arg(long, default_value_t = 0)]
    pub valid_from: u64,
    /// Most accepted bytes per epoch, at most 2^46.
    #[arg(long, default_value_t = 1 << 40, value_name = "BYTES")]
    pub max_bytes_per_epoch: u64,
}

impl What {
    fn action(&self, context: &Context) -> Outcome<Action> {
        Ok(match self {
            Self::Params { changes, effective_epoch } => {
                let delta = parameters(changes)?.into();
                Action::SetParams(ParamsChange { delta, mode: None, effective_epoch: *effective_epoch })
            }
            Self::Live { effective_epoch } => {
                let mode = Some(Mode::Live);
                Action::SetParams(ParamsChange { mode, effective_epoch: *effective_epoch, ..ParamsChange::default() })
            }
            Self::Times(times) => {
                let args = times.arguments();
                Action::SetConfigTimes { times: args.times, governance: args.governance }
            }
            Self::Demo { state } => Action::SetDemoFlag(state == "on"),
            Self::PauseKey { address } => Action::SetPauseKey(*address),
            Self::Registrars { addresses } => Action::SetRegistrars(addresses.clone()),
            Self::AddSfu(sfu) => Action::RegisterSfu(SfuTerms {
                key: sfu.key,
                operator: sfu.operator,
                demo: sfu.demo,
                valid_from: sfu.valid_from,
                max_bytes_per_epoch: sfu.max_bytes_per_epoch,
            }),
            Self::StopSfu { key, stop_seq } => Action::StopSfu { key: *key, stop_seq: *stop_seq },
            Self::AddSettler { key, operator, valid_from } => {
                Action::RegisterSettler { key: *key, operator: *operator, valid_from: *valid_from }
            }
            Self::StopSettler { key } => Action::StopSettler { key: *key },
            Self::RejectEpoch { epoch, commitment } => {
                Action::RejectEpoch { epoch: *epoch, commitment: root(context, *epoch, *commitment)? }
            }
            Self::ResolveDispute { epoch, uphold, .. } => {
                let dispute = present_dispute(context, *epoch)?;
                Action::ResolveDispute { epoch: *epoch, attempt: dispute.attempt, upheld: *uphold }
            }
            Self::AppointArbiter { address } => Action::AppointArbiter(*address),
            Self::Mandate { first_epoch, last_epoch, budget, delay_seconds } => Action::MakeMandate(MandateTerms {
                first_epoch: *first_epoch,
                last_epoch: *last_epoch,
                budget: *budget,
                delay_seconds: *delay_seconds,
            }),
            Self::CancelMandate { number } => Action::CancelMandate { number: *number },
            Self::Ratify { epoch, commitment } => {
                Action::RatifyEpoch { epoch: *epoch, commitment: root(context, *epoch, *commitment)? }
            }
            Self::Treasury { to, amount } => Action::TransferTreasury { to: *to, amount: *amount },
            Self::OfferAuthority { address } => Action::OfferAuthority(*address),
        })
    }
}

/// The commitment given, or the one in force.
fn root(context: &Context, epoch: u64, given: Option<[u8; 32]>) -> Outcome<[u8; 32]> {
    match given {
        Some(commitment) => Ok(commitment),
        None => Ok(posted_epoch(context, epoch)?.commitment),
    }
}

/// Makes a proposal.
///
/// # Errors
/// As [`crate::chain::Sender::send`].
pub fn run(args: &Args, context: &Context) -> Outcome {
    let key = context.keypair()?;
    let owner = key.pubkey();
    let action = args.what.action(context)?;
    let chain = context.chain()?;
    let config = deployment::require_config(chain.as_ref())?;
    let document_hash = match &args.document {
        Some(path) => Some(document_hash(path, &config.domain, &action)?),
        None => args.document_hash,
    };
    require_stake(chain.as_ref(), &owner)?;
    let purpose = format!("propose as number {}: {}", config.next_proposal, action::words(&action));
    let create = instruction::create_proposal(owner, owner, &config, CreateProposalArgs { action, document_hash });
    act(context, purpose, create, &key, Vec::new())
}

/// The hash of a file that the proposal carries; a simulation must be of what is proposed.
fn document_hash(path: &Path, domain: &Hash, action: &Action) -> Outcome<Hash> {
    let bytes =
        std::fs::read(path).map_err(|error| Failure::usage(format!("{} cannot be read: {error}", path.display())))?;
    carried::check(&bytes, domain, action)
        .map_err(|failure| failure.context(format!("{} cannot go with this proposal", path.display())))?;
    Ok(sha256(&[&bytes]))
}

fn require_stake(chain: &dyn Chain, owner: &Pubkey) -> Outcome {
    let Some(stake) = deployment::stake(chain, owner)? else {
        return Err(Failure::usage(format!("{owner} has no stake; `settler governance stake` makes one")));
    };
    match stake.open_proposal {
        None => Ok(()),
        Some(open) => Err(Failure::usage(format!(
            "the stake of {owner} has made proposal {open}: `settler governance conclude {open}` after its vote, or `cancel {open}` during it"
        ))),
    }
}
