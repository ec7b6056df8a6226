//! Stages Posted and Confirmed: the statement goes to the chain once, and counts as done when the chain holds it.

use radio_payouts_client::instruction::{post_root, post_root_args, previous_support, revoke_orphan};
use radio_payouts_client::state::{Config, Mode, Settler};
use radio_payouts_client::{PayoutsError, address};
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;

use super::view::{View, root_in_force};
use crate::artefact::Artefact;
use crate::chain::{Chain, ChainError, Landed, Outgoing, Sender, deployment};
use crate::crash;
use crate::outcome::{Exit, Failure, Outcome};

/// What became of a post.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Posted {
    /// The chain held this commitment already; nothing was sent.
    Already,
    /// This transaction put it in force.
    InForce(Box<Landed>),
    /// This settler supports it; others are needed. The transaction, if one was sent now.
    Supported(Option<Box<Landed>>, u8, u8),
}

/// Refuses to send what the chain would refuse: the flag is off there, or the key is not that of an active settler.
///
/// # Errors
/// Exit 4, saying what to do; exit 75 if the settler is valid later.
pub fn check_permitted(chain: &dyn Chain, view: &View, settler_key: &Pubkey, epoch: u64) -> Outcome<Settler> {
    let mode = view.params(epoch)?.mode;
    if mode == Mode::Demo && !view.config.radio_payouts_demo {
        return Err(Failure::not_permitted(format!(
            "the flag radio_payouts_demo is off on chain, and epoch {epoch} is in Demo mode; nothing was sent. The authority can switch it on with set_demo_flag"
        )));
    }
    let settler = check_settler(chain, settler_key)?;
    let current = view.deployment().calendar()?.epoch_at_unix(view.now);
    if current.is_none_or(|current| settler.valid_from > current) {
        return Err(Failure::temporary(format!("settler {settler_key} is valid from epoch {} on", settler.valid_from)));
    }
    Ok(settler)
}

/// Refuses a key that is not that of a registered settler, or of one that was stopped.
///
/// # Errors
/// Exit 4, saying what to do.
pub fn check_settler(chain: &dyn Chain, key: &Pubkey) -> Outcome<Settler> {
    let account: Option<Settler> = deployment::read(chain, &address::settler_address(key))?;
    let Some(settler) = account else {
        return Err(Failure::not_permitted(format!(
            "{key} is no registered settler; nothing was sent. Give its key with --keypair, or have the authority register it"
        )));
    };
    if settler.stopped_at.is_some() {
        return Err(Failure::not_permitted(format!("settler {key} was stopped; nothing was sent")));
    }
    Ok(settler)
}

/// Compares the root in force with the artefact's.
///
/// # Errors
/// Exit 3 if the chain holds another commitment.
pub fn is_in_force(chain: &dyn Chain, artefact: &Artefact) -> Outcome<bool> {
    let epoch = artefact.manifest.statement.epoch;
    let Some((commitment, statement)) = root_in_force(deployment::epoch(chain, epoch)?.as_ref()) else {
        return Ok(false);
    };
    if commitment == artefact.manifest.commitment {
        return Ok(true);
    }
    let difference = crate::artefact::differ::statements(&statement, &artefact.statement());
    let (field, theirs, ours) = difference.unwrap_or_default();
    Err(Failure::difference(format!(
        "epoch {epoch}: the chain holds commitment {}, the local batches lead to {}; the first difference is {field}: {theirs} on chain, {ours} here. Fetch the poster's folder and run `settler settle --epoch {epoch} --from DIR`, or dispute",
        hex::encode(commitment),
        hex::encode(artefact.manifest.commitment)
    )))
}

/// Posts an artefact's statement, or attests to it: the same instruction.
///
/// # Errors
/// Exit 3 if the chain holds another commitment; what keeps it from being sent.
pub fn post(sender: &mut Sender, key: &Keypair, artefact: &Artefact) -> Outcome<Posted> {
    if is_in_force(sender.chain(), artefact)? {
        return Ok(Posted::Already);
    }
    let statement = artefact.statement();
    let config = deployment::require_config(sender.chain())?;
    let settler = check_settler(sender.chain(), &key.pubkey())?;
    let attempt = deployment::epoch(sender.chain(), statement.epoch)?.map_or(0, |epoch| epoch.attempt);
    let commitment = artefact.manifest.commitment;
    let supports = |settler: &Settler| {
        let standing = settler.standing_support(&config.chain);
        standing.is_some_and(|support| {
            (support.epoch, support.attempt, support.commitment) == (statement.epoch, attempt, commitment)
        })
    };
    if supports(&settler) {
        return waiting(sender.chain(), artefact, &config, None);
    }
    let args = post_root_args(&statement, &artefact.domain());
    let previous = previous_support(&config, &settler, statement.epoch, &commitment);
    let outgoing = Outgoing {
        purpose: format!("post epoch {} attempt {attempt} commitment {}", statement.epoch, hex::encode(commitment)),
        instructions: vec![post_root(key.pubkey(), args, config.params_version, previous)],
        payer: key,
        signers: Vec::new(),
        lookup_tables: Vec::new(),
    };
    crash::point("post.before_send");
    let sent = sender.send(&outgoing);
    crash::point("post.after_send");
    let landed = match sent {
        Ok(landed) => landed,
        // Another settler was faster, with this commitment or another one.
        Err(error) if error.code() == Some(u32::from(PayoutsError::EpochNotOpen)) => {
            return if is_in_force(sender.chain(), artefact)? { Ok(Posted::Already) } else { Err(error.into()) };
        }
        Err(error) => return Err(told(error)),
    };
    if is_in_force(sender.chain(), artefact)? {
        crash::point("epoch.confirmed");
        return Ok(Posted::InForce(Box::new(landed)));
    }
    waiting(sender.chain(), artefact, &config, Some(Box::new(landed)))
}

/// What only a changed chain explains can be tried again.
fn told(error: ChainError) -> Failure {
    let moved = [PayoutsError::StaleRegistryVersion, PayoutsError::WrongParent, PayoutsError::Paused];
    let is_moved = moved.iter().any(|moved| error.code() == Some(u32::from(*moved)));
    let failure = Failure::from(error);
    if is_moved { Failure { exit: Exit::Temporary, ..failure } } else { failure }
}

fn waiting(chain: &dyn Chain, artefact: &Artefact, config: &Config, landed: Option<Box<Landed>>) -> Outcome<Posted> {
    let (epoch, commitment) = (artefact.manifest.statement.epoch, artefact.manifest.commitment);
    let candidate: Option<radio_payouts_client::state::Candidate> =
        deployment::read(chain, &address::candidate_address(epoch, &commitment))?;
    let support = candidate.map_or(0, |candidate| candidate.support);
    Ok(Posted::Supported(landed, support, config.times.attestation_threshold))
}

/// Takes orphaned epochs off the chain, from the head down, until nothing is orphaned. Returns their numbers.
///
/// # Errors
/// What keeps a transaction from landing.
pub fn reopen_orphans(sender: &mut Sender, key: &Keypair) -> Outcome<Vec<u64>> {
    let mut reopened = Vec::new();
    loop {
        let config = deployment::require_config(sender.chain())?;
        let (Some(_), Some(head)) = (config.chain.orphaned_from, config.chain.head) else { return Ok(reopened) };
        let attempt = deployment::epoch(sender.chain(), head.epoch)?.map_or(0, |epoch| epoch.attempt);
        sender.send(&Outgoing {
            purpose: format!("revoke orphan epoch {} attempt {attempt}", head.epoch),
            instructions: vec![revoke_orphan(head.epoch)],
            payer: key,
            signers: Vec::new(),
            lookup_tables: Vec::new(),
        })?;
        crash::point("post.orphan_revoked");
        reopened.push(head.epoch);
    }
}
