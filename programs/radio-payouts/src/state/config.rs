//! The one `Config` of a deployment: roles, money, times, versions of parameters and registry, head of the chain.

use anchor_lang::prelude::*;
use radio_payouts_protocol::calendar::Calendar;
use radio_payouts_protocol::domain::Domain;

use crate::error::PayoutsError;
use crate::state::{Authority, ConfigTimes, EpochChain, GovernanceSettings, MAX_SETTLERS, Pause};

/// Most registrars.
pub const MAX_REGISTRARS: usize = 4;
/// Most SFU accounts: the inputs of an epoch name each.
pub const MAX_SFUS: u32 = 2_048;

/// PDA `["config"]`.
#[account]
#[derive(InitSpace, Debug)]
pub struct Config {
    /// Layout version, 1.
    pub version: u8,
    /// Bump of this address.
    pub bump: u8,
    /// Bump of the vault's address.
    pub vault_bump: u8,
    /// Bump of the treasury's address.
    pub treasury_bump: u8,
    /// Genesis hash of the cluster that the deployment was made for; the program cannot read it, the settler compares.
    pub genesis_hash: [u8; 32],
    /// `SHA-256("radio-payouts/v1" || genesis_hash || program_id)`.
    pub domain: [u8; 32],
    /// Unix seconds at which epoch 0 starts (exclusive).
    pub genesis_unix: i64,
    /// Length of every epoch.
    pub epoch_seconds: u32,

    /// Who may change things.
    pub authority: Authority,
    /// Who may resolve disputes beside the authority.
    pub arbiter: Option<Pubkey>,
    /// Who may pause, stop one SFU or settler, and cancel bindings.
    pub pause_key: Pubkey,
    /// Whether and for how long the program is paused.
    pub pause: Pause,
    /// Who may propose payee bindings.
    #[max_len(MAX_REGISTRARS)]
    pub registrars: Vec<Pubkey>,

    /// The BLOOM mint.
    pub mint: Pubkey,
    /// The token program that owns the mint.
    pub token_program: Pubkey,
    /// Token account `["vault"]` from which shares are paid.
    pub vault: Pubkey,
    /// Token account `["treasury"]` that takes forfeited bonds.
    pub treasury: Pubkey,
    /// Base units of the vault that ratified shares may still claim.
    pub reserved: u64,

    /// Times, thresholds, bonds.
    pub times: ConfigTimes,
    /// How votes are held.
    pub governance: GovernanceSettings,
    /// Whether Demo epochs may be posted.
    pub radio_payouts_demo: bool,
    /// Whether a Live version of the parameters was ever made.
    pub live: bool,

    /// Number of the last `ParamsVersion`.
    pub params_version: u32,
    /// Epoch from which it is in force.
    pub params_effective_epoch: u64,
    /// Version of the registry; a change voids open candidates.
    pub registry_version: u64,
    /// SFU accounts ever made.
    pub sfu_count: u32,
    /// Settlers registered and not stopped.
    pub active_settlers: u8,
    /// Settler accounts ever made.
    pub settler_count: u32,

    /// The chain of posted epochs.
    pub chain: EpochChain,

    /// Number of the next governance proposal.
    pub next_proposal: u64,
    /// Number of the next mandate.
    pub next_mandate: u64,
    /// Zero.
    pub reserved_space: [u8; 256],
}

impl Config {
    /// The calendar fixed at initialisation.
    pub fn calendar(&self) -> Result<Calendar> {
        Ok(Calendar::new(self.genesis_unix, self.epoch_seconds).map_err(|_| PayoutsError::BadCalendar)?)
    }

    /// The domain fixed at initialisation.
    pub fn domain(&self) -> Domain {
        Domain::from_bytes(self.domain)
    }

    /// The epoch after the one that runs now: the first on which a change can act. 0 before the calendar begins.
    pub fn next_epoch(&self, now: i64) -> Result<u64> {
        match self.calendar()?.epoch_at_unix(now) {
            Some(current) => Ok(current.checked_add(1).ok_or(PayoutsError::ArithmeticOverflow)?),
            None => Ok(0),
        }
    }

    /// The first epoch in which a registration made now can be valid, `asked` being the earliest wanted.
    ///
    /// It is the next epoch, except in a deployment that has posted nothing and made no Live version: there any epoch
    /// may be named, so that recorded history can be settled from its beginning.
    pub fn valid_from(&self, asked: u64, now: i64) -> Result<u64> {
        let next = self.next_epoch(now)?;
        if self.chain.ever_posted || self.live { Ok(asked.max(next)) } else { Ok(asked) }
    }

    /// Notes a change of the registry: statements computed before it can no longer be posted. Returns the new version.
    pub fn bump_registry(&mut self) -> Result<u64> {
        self.registry_version = self.registry_version.checked_add(1).ok_or(PayoutsError::ArithmeticOverflow)?;
        Ok(self.registry_version)
    }

    /// The number of a new proposal; none is used twice.
    pub fn take_proposal_number(&mut self) -> Result<u64> {
        let number = self.next_proposal;
        self.next_proposal = number.checked_add(1).ok_or(PayoutsError::ArithmeticOverflow)?;
        Ok(number)
    }

    /// Counts a new SFU account.
    pub fn add_sfu(&mut self) -> Result<()> {
        require!(self.sfu_count < MAX_SFUS, PayoutsError::TooManySfus);
        self.sfu_count = self.sfu_count.checked_add(1).ok_or(PayoutsError::ArithmeticOverflow)?;
        Ok(())
    }

    /// Counts a new active settler.
    pub fn add_settler(&mut self) -> Result<()> {
        require!(self.active_settlers < MAX_SETTLERS, PayoutsError::TooManySettlers);
        self.active_settlers = self.active_settlers.checked_add(1).ok_or(PayoutsError::ArithmeticOverflow)?;
        self.settler_count = self.settler_count.checked_add(1).ok_or(PayoutsError::ArithmeticOverflow)?;
        Ok(())
    }

    /// Counts a settler out, unless fewer than the threshold would remain.
    pub fn remove_settler(&mut self) -> Result<()> {
        let remaining = self.active_settlers.checked_sub(1).ok_or(PayoutsError::TooFewSettlers)?;
        require!(remaining >= self.times.attestation_threshold, PayoutsError::TooFewSettlers);
        self.active_settlers = remaining;
        Ok(())
    }

    /// The number of the next mandate, which it takes.
    pub fn take_mandate_number(&mut self) -> Result<u64> {
        let number = self.next_mandate;
        self.next_mandate = number.checked_add(1).ok_or(PayoutsError::ArithmeticOverflow)?;
        Ok(number)
    }

    /// Refuses times and votes that cannot take the place of the present ones.
    pub fn check_times(&self, times: &ConfigTimes, governance: &GovernanceSettings) -> Result<()> {
        require!((times, governance) != (&self.times, &self.governance), PayoutsError::NothingChanges);
        times.check(governance, self.live)?;
        if times.attestation_threshold > self.times.attestation_threshold {
            require!(times.attestation_threshold <= self.active_settlers, PayoutsError::ThresholdAboveSettlers);
        }
        if self.live {
            require!(majority(times.attestation_threshold, self.active_settlers), PayoutsError::LiveNeedsMajority);
        }
        Ok(())
    }

    /// Replaces times and votes by checked ones.
    pub fn set_times(&mut self, times: ConfigTimes, governance: GovernanceSettings) -> Result<()> {
        self.check_times(&times, &governance)?;
        self.times = times;
        self.governance = governance;
        Ok(())
    }

    /// Refuses a key that cannot take the place of the present pause key.
    pub fn check_pause_key(&self, key: &Pubkey) -> Result<()> {
        require_keys_neq!(*key, Pubkey::default(), PayoutsError::ZeroAddress);
        require_keys_neq!(*key, self.pause_key, PayoutsError::NothingChanges);
        Ok(())
    }

    /// Refuses registrars that cannot take the place of the present ones.
    pub fn check_registrars(&self, registrars: &[Pubkey]) -> Result<()> {
        require!(registrars.len() <= MAX_REGISTRARS, PayoutsError::TooManyRegistrars);
        for (position, registrar) in registrars.iter().enumerate() {
            require_keys_neq!(*registrar, Pubkey::default(), PayoutsError::ZeroAddress);
            let twice = registrars.iter().take(position).any(|earlier| earlier == registrar);
            require!(!twice, PayoutsError::DuplicateRegistrar);
        }
        require!(registrars != self.registrars, PayoutsError::NothingChanges);
        Ok(())
    }

    /// Replaces the registrars.
    pub fn set_registrars(&mut self, registrars: Vec<Pubkey>) -> Result<()> {
        self.check_registrars(&registrars)?;
        self.registrars = registrars;
        Ok(())
    }

    /// The conditions of a Live version (section 10), each with its own error.
    ///
    /// `upgrade_authority` is that of the program, `None` if it can no longer be upgraded.
    pub fn check_live(&self, governance_address: &Pubkey, upgrade_authority: Option<Pubkey>) -> Result<()> {
        let accepted = !self.authority.bootstrap || self.authority.address == *governance_address;
        require!(accepted, PayoutsError::LiveNeedsAcceptedAuthority);
        require!(
            upgrade_authority.is_none_or(|upgrader| upgrader == self.authority.address),
            PayoutsError::LiveNeedsUpgradeAuthority
        );
        require!(majority(self.times.attestation_threshold, self.active_settlers), PayoutsError::LiveNeedsMajority);
        self.times.check_live(&self.governance)?;
        self.times.check(&self.governance, true)
    }

    /// Refuses an arbiter that cannot take the place of the present one.
    pub fn check_arbiter(&self, arbiter: Option<&Pubkey>) -> Result<()> {
        require!(arbiter != Some(&Pubkey::default()), PayoutsError::ZeroAddress);
        require!(arbiter != self.arbiter.as_ref(), PayoutsError::NothingChanges);
        Ok(())
    }

    /// Appoints who may resolve disputes beside the authority, or nobody.
    pub fn appoint_arbiter(&mut self, arbiter: Option<Pubkey>) -> Result<()> {
        self.check_arbiter(arbiter.as_ref())?;
        self.arbiter = arbiter;
        Ok(())
    }

    /// Whether `key` is the authority or the arbiter.
    pub fn may_resolve(&self, key: &Pubkey) -> bool {
        *key == self.authority.address || Some(*key) == self.arbiter
    }

    /// Whether `key` is the pause key or the authority.
    pub fn may_pause(&self, key: &Pubkey) -> bool {
        *key == self.pause_key || *key == self.authority.address
    }
}

/// Whether `threshold` is above half of `settlers` and can be reached.
fn majority(threshold: u8, settlers: u8) -> bool {
    threshold <= settlers && u16::from(threshold).saturating_mul(2) > u16::from(settlers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_majority_is_above_half_and_reachable() {
        assert!(majority(1, 1) && majority(2, 2) && majority(2, 3) && majority(33, 64));
        assert!(!majority(1, 0) && !majority(1, 2) && !majority(2, 4) && !majority(3, 2));
    }
}
