//! `settler ratify EPOCH`.

use radio_payouts_client::instruction;
use radio_payouts_client::state::{Config, Epoch, EpochStatus, Mandate, Mode};

use super::Context;
use super::act::act;
use crate::artefact::{Artefact, folder_name};
use crate::chain::{Chain, deployment};
use crate::outcome::{Exit, Failure, Outcome};
use crate::output::note;
use crate::words::amount::bloom;

/// Ratify a final Live epoch under a mandate: its sum is reserved in the vault, and its shares may be claimed.
///
/// Anyone may do it. The mandate must cover the epoch, which must have been final for the mandate's delay, and the vault
/// must hold the sum beyond what is reserved already. If the epoch is sealed here, its commitment must be the chain's.
/// A contested epoch, or one that no mandate covers, needs a decision of its own: `settler admin ratify`, or a vote.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The epoch.
    pub epoch: u64,
    /// The mandate to use; without it, the first that covers the epoch now.
    #[arg(long)]
    pub mandate: Option<u64>,
}

/// Ratifies.
///
/// # Errors
/// Exit 75 if it may be ratified later, 4 if never (Demo), 3 if another root was sealed here, 1 if no mandate covers it.
pub fn run(args: &Args, context: &Context) -> Outcome {
    let chain = context.chain()?;
    let config = deployment::require_config(chain.as_ref())?;
    let account = account(chain.as_ref(), args.epoch)?;
    compare(context, &account)?;
    if account.status == EpochStatus::Ratified {
        note(format_args!("epoch {} is ratified already", args.epoch));
        return Ok(());
    }
    check(&account, &config)?;
    let mandate = choose(chain.as_ref(), &config, &account, args.mandate)?;
    drop(chain);
    let commitment = hex::encode(account.commitment);
    let purpose = format!("ratify epoch {} commitment {commitment} under mandate {mandate}", args.epoch);
    act(context, purpose, instruction::ratify_epoch(args.epoch, mandate), &context.keypair()?, Vec::new())
}

fn account(chain: &dyn Chain, epoch: u64) -> Outcome<Epoch> {
    let posted = deployment::epoch(chain, epoch)?.filter(|account| account.status.has_root());
    posted.ok_or_else(|| Failure::temporary(format!("no root of epoch {epoch} is in force")))
}

/// What was computed here must be what is ratified.
fn compare(context: &Context, account: &Epoch) -> Outcome {
    let folder = context.data()?.join("epochs").join(folder_name(account.epoch));
    if !folder.is_dir() {
        note(format_args!("epoch {} is not sealed here: nothing to compare its root with", account.epoch));
        return Ok(());
    }
    let own = Artefact::open(&folder)?.manifest.commitment;
    if own == account.commitment {
        return Ok(());
    }
    Err(Failure::difference(format!(
        "epoch {}: the chain holds commitment {}, {} was sealed here",
        account.epoch,
        hex::encode(account.commitment),
        hex::encode(own)
    )))
}

fn check(account: &Epoch, config: &Config) -> Outcome {
    let epoch = account.epoch;
    match account.status {
        EpochStatus::Closed => return Err(Failure::new(Exit::Failed, format!("epoch {epoch} is closed"))),
        EpochStatus::Final => {}
        status => {
            let standing = crate::epoch::view::standing(status);
            return Err(Failure::temporary(format!("epoch {epoch} is {standing}, not final yet")));
        }
    }
    if account.mode == Mode::Demo {
        return Err(Failure::not_permitted(format!("epoch {epoch} is a Demo epoch, which is never ratified")));
    }
    account.check_ratifiable(&config.chain).map_err(|error| Failure::new(Exit::Failed, words(&error)))
}

fn choose(chain: &dyn Chain, config: &Config, account: &Epoch, asked: Option<u64>) -> Outcome<u64> {
    let now = chain.clock()?.unix_timestamp;
    let mut mandates = deployment::mandates(chain)?;
    mandates.retain(|mandate| asked.is_none_or(|number| mandate.number == number));
    let mut reasons = Vec::new();
    for mandate in &mandates {
        match covers(mandate, config, account, now) {
            Ok(()) => return Ok(mandate.number),
            Err(reason) => reasons.push(format!("mandate {}: {reason}", mandate.number)),
        }
    }
    if reasons.is_empty() {
        reasons.push("there is none; `settler mandates` lists them".to_owned());
    }
    let message = format!("no mandate covers epoch {} now: {}", account.epoch, reasons.join("; "));
    // Of one that only waits for its delay, the same command will do.
    let waits = mandates.iter().any(|mandate| covers(mandate, config, account, i64::MAX).is_ok());
    Err(Failure::new(if waits { Exit::Temporary } else { Exit::Failed }, message))
}

fn covers(mandate: &Mandate, config: &Config, account: &Epoch, now: i64) -> Result<(), String> {
    mandate.check_covers(account, &config.chain, &config.pause, now).map_err(|error| words(&error))?;
    if account.payouts_sum > mandate.left() {
        return Err(format!("{} BLOOM are left of its budget", bloom(mandate.left())));
    }
    Ok(())
}

/// The program's words for a refusal.
fn words(error: &anchor_lang::error::Error) -> String {
    match error {
        anchor_lang::error::Error::AnchorError(error) => error.error_msg.clone(),
        anchor_lang::error::Error::ProgramError(error) => error.to_string(),
    }
}
