//! What a proposal does when it is executed: the same as the authority's instruction of that name, and no more.
//!
//! Bounds are checked when it is proposed, so that nobody votes on what can never be, and once more by the instruction
//! itself when it is executed, against what is in force then.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::state::{
    Config, ConfigTimesDelta, GovernanceSettingsDelta, MandateTerms, Mode, ParamsChange, ParamsVersion, Settler, Sfu,
    SfuTerms,
};

/// What a proposal does when it is executed.
///
/// The smallest comes first: a proposal's account is read once while it is still all zeros.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// Switches whether Demo epochs may be posted: `set_demo_flag`.
    SetDemoFlag(bool),
    /// Changes parameters or mode: `set_params`.
    SetParams(ParamsChange),
    /// Changes times, thresholds, bonds and the settings of votes: `set_config_times`.
    SetConfigTimes {
        /// Times, thresholds, bonds.
        times: ConfigTimesDelta,
        /// Votes.
        governance: GovernanceSettingsDelta,
    },
    /// Names another pause key: `set_pause_key`.
    SetPauseKey(Pubkey),
    /// Names the registrars: `set_registrars`.
    SetRegistrars(Vec<Pubkey>),
    /// Registers an SFU: `register_sfu`.
    RegisterSfu(SfuTerms),
    /// Stops an SFU: `stop_sfu`.
    StopSfu {
        /// Its key.
        key: [u8; 32],
        /// From where on its batches do not count.
        stop_seq: Option<u64>,
    },
    /// Registers a settler: `register_settler`.
    RegisterSettler {
        /// The address that will sign posts.
        key: Pubkey,
        /// Who may replace the key or stop the settler.
        operator: Pubkey,
        /// The earliest epoch wanted.
        valid_from: u64,
    },
    /// Stops a settler: `stop_settler`.
    StopSettler {
        /// Its address.
        key: Pubkey,
    },
    /// Withdraws a final root: `reject_epoch`.
    RejectEpoch {
        /// The epoch.
        epoch: u64,
        /// The commitment that is rejected, and no other.
        commitment: [u8; 32],
    },
    /// Offers the role of authority, or withdraws the offer: `offer_authority`.
    OfferAuthority(Option<Pubkey>),
    /// Upholds or rejects a dispute: `resolve_dispute`.
    ResolveDispute {
        /// The epoch.
        epoch: u64,
        /// The attempt disputed, and no other.
        attempt: u32,
        /// Whether the root is withdrawn.
        upheld: bool,
    },
    /// Appoints who may resolve disputes beside the authority, or nobody: `appoint_arbiter`.
    AppointArbiter(Option<Pubkey>),
    /// Makes a mandate: `make_mandate`.
    MakeMandate(MandateTerms),
    /// Cancels a mandate: `cancel_mandate`.
    CancelMandate {
        /// Its number.
        number: u64,
    },
    /// Ratifies one final epoch: `ratify_epoch_by_authority`.
    RatifyEpoch {
        /// The epoch.
        epoch: u64,
        /// The commitment that is ratified, and no other.
        commitment: [u8; 32],
    },
    /// Pays from the treasury, then from what the vault holds beyond `reserved`: `transfer_treasury`.
    TransferTreasury {
        /// The token account paid.
        to: Pubkey,
        /// Base units.
        amount: u64,
    },
}

impl Action {
    /// Bytes that it takes in an account.
    pub fn space(&self) -> usize {
        let mut bytes = Vec::new();
        // Writing to memory does not fail; if it did, an account without room for the action could not be written.
        self.serialize(&mut bytes).map(|()| bytes.len()).unwrap_or_default()
    }

    /// Refuses what the instruction would refuse under what is in force now. `last` is the last version of the parameters.
    ///
    /// What may change until the execution (who is registered, which epochs are final or disputed, what money there is, the
    /// conditions of Live) is left to the instruction.
    pub fn check(&self, config: &Config, last: &ParamsVersion, now: i64) -> Result<()> {
        match self {
            Self::SetParams(change) => last.successor(0, change, config.next_epoch(now)?, now).map(|_| ()),
            Self::SetConfigTimes { times, governance } => {
                config.check_times(&config.times.with(times), &config.governance.with(governance))
            }
            Self::SetDemoFlag(value) => {
                require!(*value != config.radio_payouts_demo, PayoutsError::NothingChanges);
                Ok(())
            }
            Self::SetPauseKey(key) => config.check_pause_key(key),
            Self::SetRegistrars(registrars) => config.check_registrars(registrars),
            Self::RegisterSfu(terms) => Sfu::register(0, terms, terms.valid_from).map(|_| ()),
            Self::RegisterSettler { key, operator, valid_from } => {
                Settler::register(0, *key, *operator, *valid_from).map(|_| ())
            }
            Self::OfferAuthority(to) => { config.authority }.offer(*to, now),
            Self::AppointArbiter(arbiter) => config.check_arbiter(arbiter.as_ref()),
            Self::MakeMandate(terms) => terms.check(),
            Self::TransferTreasury { amount, .. } => {
                require!(*amount > 0, PayoutsError::NothingTransferred);
                Ok(())
            }
            Self::StopSfu { .. }
            | Self::StopSettler { .. }
            | Self::RejectEpoch { .. }
            | Self::ResolveDispute { .. }
            | Self::CancelMandate { .. }
            | Self::RatifyEpoch { .. } => Ok(()),
        }
    }

    /// Whether it needs the higher quorum: Live mode, a mandate, and a move of the role of authority.
    ///
    /// A change of how votes are held needs it too: it could lower that quorum first.
    pub fn needs_live_quorum(&self) -> bool {
        match self {
            Self::SetParams(change) => change.mode == Some(Mode::Live),
            Self::SetConfigTimes { governance, .. } => *governance != GovernanceSettingsDelta::default(),
            Self::OfferAuthority(to) => to.is_some(),
            Self::MakeMandate(_) => true,
            Self::SetDemoFlag(_)
            | Self::SetPauseKey(_)
            | Self::SetRegistrars(_)
            | Self::RegisterSfu(_)
            | Self::StopSfu { .. }
            | Self::RegisterSettler { .. }
            | Self::StopSettler { .. }
            | Self::RejectEpoch { .. }
            | Self::ResolveDispute { .. }
            | Self::AppointArbiter(_)
            | Self::CancelMandate { .. }
            | Self::RatifyEpoch { .. }
            | Self::TransferTreasury { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_space_is_what_it_serialises_to() {
        for action in [
            Action::SetDemoFlag(true),
            Action::SetParams(ParamsChange::default()),
            Action::SetRegistrars(vec![Pubkey::default(); 4]),
            Action::StopSfu { key: [1; 32], stop_seq: Some(7) },
        ] {
            let mut bytes = Vec::new();
            action.serialize(&mut bytes).unwrap();
            assert_eq!(action.space(), bytes.len(), "{action:?}");
        }
    }

    #[test]
    fn an_account_of_zeros_reads_as_an_action_whatever_it_is_made_for() {
        for smallest in [Action::SetDemoFlag(true), Action::OfferAuthority(None), Action::SetRegistrars(Vec::new())] {
            Action::deserialize(&mut vec![0; smallest.space()].as_slice()).unwrap();
        }
    }

    #[test]
    fn live_moves_of_the_authority_and_changes_of_votes_need_more() {
        let live = ParamsChange { mode: Some(Mode::Live), ..Default::default() };
        let votes = GovernanceSettingsDelta { live_quorum_bps: Some(0), ..Default::default() };
        let times = ConfigTimesDelta { grace_seconds: Some(1), ..Default::default() };
        let high = [
            Action::SetParams(live),
            Action::OfferAuthority(Some(Pubkey::default())),
            Action::SetConfigTimes { times: ConfigTimesDelta::default(), governance: votes },
        ];
        assert!(high.iter().all(Action::needs_live_quorum));
        let ordinary = [
            Action::SetParams(ParamsChange::default()),
            Action::OfferAuthority(None),
            Action::SetConfigTimes { times, governance: GovernanceSettingsDelta::default() },
            Action::RejectEpoch { epoch: 1, commitment: [0; 32] },
        ];
        assert!(!ordinary.iter().any(Action::needs_live_quorum));
    }
}
