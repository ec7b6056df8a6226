//! `settler registry`: SFUs and settlers.

use clap::Subcommand;
use radio_payouts_client::state::SfuTerms;
use radio_payouts_client::{RegisterSettlerArgs, instruction};
use radio_payouts_protocol::did::did_of_key;
use serde::Serialize;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;

use super::Context;
use super::actor::Elsewhere;
use super::key_argument::{ed25519_key, solana_address};
use crate::chain::deployment;
use crate::outcome::{Failure, Outcome};
use crate::output::Table;

/// Arguments of `registry`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Changes act from the next epoch; only a stop_seq, and stopping a settler, act at once. Every change bumps the registry's
version, which voids candidates that are not yet posted.

If the authority is a Realms DAO or a Squads vault, add --instruction-only: nothing is sent, and what is printed goes into a
proposal there. The operator's guide has the steps.")]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// For an authority or operator that is no key at hand.
    #[command(flatten)]
    pub elsewhere: Elsewhere,
}

/// What to do with the registry.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// List SFUs and settlers.
    List,
    /// Register an SFU (signed by the authority).
    AddSfu(AddSfu),
    /// End an SFU with the running epoch (signed by its operator, authority or pause key).
    StopSfu {
        /// The SFU: did:key, base58 or hex.
        #[arg(value_parser = ed25519_key)]
        key: [u8; 32],
        /// Batches from this number on do not count; acts at once, and may only fall.
        #[arg(long)]
        stop_seq: Option<u64>,
    },
    /// Replace an SFU's key from the next epoch on (signed by its operator).
    ReplaceSfuKey {
        /// The present key: did:key, base58 or hex.
        #[arg(value_parser = ed25519_key)]
        key: [u8; 32],
        /// The new key.
        #[arg(value_parser = ed25519_key)]
        new_key: [u8; 32],
    },
    /// Register a settler (signed by the authority).
    AddSettler {
        /// The address that will sign its posts.
        #[arg(value_parser = solana_address)]
        key: Pubkey,
        /// Who may replace the key or stop the settler [default: the authority].
        #[arg(long, value_parser = solana_address)]
        operator: Option<Pubkey>,
        /// The earliest epoch wanted.
        #[arg(long, default_value_t = 0)]
        valid_from: u64,
    },
    /// Stop a settler at once (signed by its operator, authority or pause key).
    StopSettler {
        /// The settler's address.
        #[arg(value_parser = solana_address)]
        key: Pubkey,
    },
    /// Replace a settler's key at once (signed by its operator and the new key, which is made the payer).
    ReplaceSettlerKey {
        /// The present address.
        #[arg(value_parser = solana_address)]
        key: Pubkey,
        /// Key file of the new one.
        new_keypair: std::path::PathBuf,
    },
}

/// Terms of a new SFU.
#[derive(clap::Args, Debug)]
pub struct AddSfu {
    /// The SFU: did:key, base58 or hex.
    #[arg(value_parser = ed25519_key)]
    pub key: [u8; 32],
    /// Who may replace the key or stop the SFU [default: the authority].
    #[arg(long, value_parser = solana_address)]
    pub operator: Option<Pubkey>,
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

/// Runs the command.
///
/// # Errors
/// As [`crate::chain::Sender::send`].
pub fn run(args: &Args, context: &Context) -> Outcome {
    if matches!(args.command, Command::List) {
        if args.elsewhere.instruction_only {
            return Err(Failure::usage("list is no instruction of the program"));
        }
        return list(context);
    }
    let actor = args.elsewhere.authority(context)?;
    let (address, payer) = (actor.signer(), actor.rent_payer());
    let (purpose, instruction) = match &args.command {
        Command::List => return list(context),
        Command::AddSfu(sfu) => {
            let terms = SfuTerms {
                key: sfu.key,
                operator: sfu.operator.unwrap_or(address),
                demo: sfu.demo,
                valid_from: sfu.valid_from,
                max_bytes_per_epoch: sfu.max_bytes_per_epoch,
            };
            (format!("register SFU {}", did_of_key(&sfu.key)), instruction::register_sfu(payer, address, terms))
        }
        Command::StopSfu { key, stop_seq } => {
            let from = stop_seq.map_or(String::new(), |seq| format!(" from seq {seq}"));
            (format!("stop SFU {}{from}", did_of_key(key)), instruction::stop_sfu(address, key, *stop_seq))
        }
        Command::ReplaceSfuKey { key, new_key } => (
            format!("replace SFU {} by {}", did_of_key(key), did_of_key(new_key)),
            instruction::replace_sfu_key(payer, address, key, *new_key),
        ),
        Command::AddSettler { key, operator, valid_from } => {
            let args =
                RegisterSettlerArgs { key: *key, operator: operator.unwrap_or(address), valid_from: *valid_from };
            (format!("register settler {key}"), instruction::register_settler(payer, address, args))
        }
        Command::StopSettler { key } => (format!("stop settler {key}"), instruction::stop_settler(address, key)),
        Command::ReplaceSettlerKey { key, new_keypair } => {
            let new = crate::keyfile::load(new_keypair)?;
            let purpose = format!("replace settler {key} by {}", new.pubkey());
            let replace = instruction::replace_settler_key(payer, address, key, new.pubkey());
            return actor.act(context, purpose, replace, vec![&new]);
        }
    };
    actor.act(context, purpose, instruction, Vec::new())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List {
    registry_version: String,
    sfus: Vec<SfuView>,
    settlers: Vec<SettlerView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SfuView {
    did: String,
    operator: String,
    demo: bool,
    valid_from: String,
    valid_until: Option<String>,
    stop_seq: Option<String>,
    max_bytes_per_epoch: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SettlerView {
    address: String,
    operator: String,
    valid_from: String,
    stopped: bool,
    supports_epoch: Option<String>,
}

fn unless_endless(number: u64) -> Option<String> {
    (number != u64::MAX).then(|| number.to_string())
}

fn list(context: &Context) -> Outcome {
    let chain = context.chain()?;
    let config = deployment::require_config(chain.as_ref())?;
    let sfus = deployment::sfus(chain.as_ref())?.into_iter().map(|sfu| SfuView {
        did: did_of_key(&sfu.key),
        operator: sfu.operator.to_string(),
        demo: sfu.demo,
        valid_from: sfu.valid_from.to_string(),
        valid_until: unless_endless(sfu.valid_until),
        stop_seq: unless_endless(sfu.stop_seq),
        max_bytes_per_epoch: sfu.max_bytes_per_epoch.to_string(),
    });
    let settlers = deployment::settlers(chain.as_ref())?.into_iter().map(|settler| SettlerView {
        address: settler.key.to_string(),
        operator: settler.operator.to_string(),
        valid_from: settler.valid_from.to_string(),
        stopped: settler.stopped_at.is_some(),
        supports_epoch: settler.support.map(|support| support.epoch.to_string()),
    });
    let list = List {
        registry_version: config.registry_version.to_string(),
        sfus: sfus.collect(),
        settlers: settlers.collect(),
    };
    context.output.emit(&list, |list| {
        let mut sfus = Table::new(&["SFU", "demo", ">from", ">until", ">stop seq", ">bytes per epoch", "operator"]);
        let dash = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        for sfu in &list.sfus {
            let demo = if sfu.demo { "yes" } else { "no" };
            let (until, stop) = (dash(&sfu.valid_until), dash(&sfu.stop_seq));
            let cells = [&sfu.did, demo, &sfu.valid_from, &until, &stop, &sfu.max_bytes_per_epoch, &sfu.operator];
            sfus.row(cells);
        }
        let mut settlers = Table::new(&["settler", "state", ">from", ">supports epoch", "operator"]);
        for settler in &list.settlers {
            let state = if settler.stopped { "stopped" } else { "active" };
            let supports = dash(&settler.supports_epoch);
            settlers.row([&settler.address, state, &settler.valid_from, &supports, &settler.operator]);
        }
        format!("registry version {}\n\n{sfus}\n{settlers}", list.registry_version)
    })
}
