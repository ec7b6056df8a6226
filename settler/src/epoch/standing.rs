//! Where a sealed epoch stands by the chain, as of which slot; or that the chain was not asked.

use radio_payouts_client::state::{Epoch, EpochStatus};

use super::view::root_in_force;
use crate::artefact::Artefact;
use crate::chain::{Chain, ChainClock, deployment};
use crate::outcome::{Failure, Outcome};

/// What every calculation says of itself until its epoch is ratified (section 12).
pub const NOTICE: &str = "Provisional calculation for demonstration. Mainnet payouts require governance approval.";

/// What the chain says of an epoch.
#[derive(Clone, Debug)]
pub struct OnChain {
    /// Slot and time as of which it says so: nothing was read later.
    pub as_of: ChainClock,
    /// The epoch's account; none if nothing was ever posted.
    pub account: Option<Epoch>,
}

/// Where an epoch stands.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// What the chain says; none if it was not asked.
    pub on_chain: Option<OnChain>,
}

impl Standing {
    /// Asks the chain, and compares its root in force with the folder's.
    ///
    /// # Errors
    /// Exit 3 if it holds another root, or the folder is of another deployment; exit 75 if it is away.
    pub fn ask(chain: &dyn Chain, artefact: &Artefact) -> Outcome<Self> {
        let manifest = &artefact.manifest;
        let epoch = manifest.statement.epoch;
        let config = deployment::require_config(chain)?;
        if config.domain != manifest.deployment.domain {
            return Err(Failure::difference(format!(
                "{} is of another deployment than the chain's",
                artefact.folder.display()
            )));
        }
        let account = deployment::epoch(chain, epoch)?;
        if let Some((commitment, _)) = root_in_force(account.as_ref())
            && commitment != manifest.commitment
        {
            return Err(Failure::difference(format!(
                "epoch {epoch}: the chain holds commitment {}, the folder is of {}",
                hex::encode(commitment),
                hex::encode(manifest.commitment)
            )));
        }
        Ok(Self { on_chain: Some(OnChain { as_of: chain.clock()?, account }) })
    }

    /// The account of an epoch that was posted at least once.
    #[must_use]
    pub fn account(&self) -> Option<&Epoch> {
        self.on_chain.as_ref()?.account.as_ref()
    }

    /// The slot as of which it is known.
    #[must_use]
    pub fn slot(&self) -> Option<u64> {
        self.on_chain.as_ref().map(|on_chain| on_chain.as_of.slot)
    }

    /// Whether the chain says that it is ratified.
    #[must_use]
    pub fn is_ratified(&self) -> bool {
        matches!(self.account().map(|account| account.status), Some(EpochStatus::Ratified | EpochStatus::Closed))
    }

    /// `provisional` or `ratified`. A sealed epoch is never an estimate.
    #[must_use]
    pub fn word(&self) -> &'static str {
        if self.is_ratified() { "ratified" } else { "provisional" }
    }

    /// The state of its account; `not_posted` without one, `not_asked` if the chain was not.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match &self.on_chain {
            None => "not_asked",
            Some(OnChain { account: None, .. }) => "not_posted",
            Some(OnChain { account: Some(account), .. }) => match account.status {
                EpochStatus::Open => "open",
                EpochStatus::Posted => "posted",
                EpochStatus::Disputed => "disputed",
                EpochStatus::Final => "final",
                EpochStatus::Ratified => "ratified",
                EpochStatus::Closed => "closed",
                EpochStatus::Revoked => "revoked",
            },
        }
    }
}
