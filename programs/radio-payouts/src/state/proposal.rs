//! Proposals: typed actions stored before the vote, executed as stored (section 11).
//!
//! ```text
//! Voting ──end of the vote──▶ Accepted ──timelock──▶ Executed
//!    │  │                        └──execution window over──▶ Expired
//!    │  └──end of the vote──▶ Defeated
//!    └──by the proposer──▶ Cancelled
//! ```
//!
//! The settings of votes are copied when it is made: a later change of them moves no vote that runs.

use anchor_lang::prelude::*;
use radio_payouts_protocol::votes::votes_needed;

use crate::error::PayoutsError;
use crate::state::{ACCOUNT_VERSION, Action, Authority, Deadline, GovernanceSettings, Pause, Start, VoteChoice};

/// Where a proposal stands.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProposalStatus {
    /// Votes are taken until the end of the vote, then it can be concluded.
    Voting,
    /// Accepted; executable after the timelock.
    Accepted,
    /// Quorum or majority missed.
    Defeated,
    /// Carried out.
    Executed,
    /// Not executed in time.
    Expired,
    /// Taken back by its proposer during the vote.
    Cancelled,
}

impl ProposalStatus {
    /// Whether the state machine has an edge from here to `next`.
    pub fn may_become(self, next: Self) -> bool {
        match self {
            Self::Voting => matches!(next, Self::Accepted | Self::Defeated | Self::Cancelled),
            Self::Accepted => matches!(next, Self::Executed | Self::Expired),
            Self::Defeated | Self::Executed | Self::Expired | Self::Cancelled => false,
        }
    }

    /// Whether nothing more can become of it.
    pub fn has_ended(self) -> bool {
        !matches!(self, Self::Voting | Self::Accepted)
    }
}

/// Base units that voted.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// For it.
    pub yes: u64,
    /// Against it.
    pub no: u64,
    /// For the quorum only.
    pub abstain: u64,
}

impl Tally {
    /// All of them: at most the base, for stake that counts is part of it and votes once.
    pub fn total(&self) -> u128 {
        u128::from(self.yes).saturating_add(u128::from(self.no)).saturating_add(u128::from(self.abstain))
    }

    /// Whether `quorum` voted and more of it for than against; a tie fails.
    pub fn accepts(&self, quorum: u64) -> bool {
        self.total() >= u128::from(quorum) && self.yes > self.no
    }

    fn add(&mut self, choice: VoteChoice, amount: u64) -> Result<()> {
        let counted = match choice {
            VoteChoice::Yes => &mut self.yes,
            VoteChoice::No => &mut self.no,
            VoteChoice::Abstain => &mut self.abstain,
        };
        *counted = counted.checked_add(amount).ok_or(PayoutsError::ArithmeticOverflow)?;
        Ok(())
    }
}

/// PDA `["proposal", number u64]`.
#[account]
#[derive(Debug)]
pub struct Proposal {
    /// Layout version, 1.
    pub version: u8,
    /// Bump of this address.
    pub bump: u8,
    /// Its number.
    pub number: u64,
    /// Who proposed it.
    pub proposer: Pubkey,
    /// Who paid the rent.
    pub rent_payer: Pubkey,
    /// `Config.authority.nonce` at its creation.
    pub authority_nonce: u64,
    /// Where it stands.
    pub status: ProposalStatus,
    /// Slot of its creation: stake counts if its `since` is strictly before.
    pub created_slot: u64,
    /// When it was made.
    pub created: Start,
    /// Length of the vote.
    pub voting_seconds: u32,
    /// Seconds between the end of the vote and its execution.
    pub timelock_seconds: u32,
    /// Seconds after the timelock in which it may be executed.
    pub execution_seconds: u32,
    /// Supply − vault − treasury at its creation, in base units.
    pub base: u64,
    /// Quorum in bps of the base.
    pub quorum_bps: u16,
    /// Votes.
    pub tally: Tally,
    /// SHA-256 of what was published with it, such as a simulation; anyone can compare.
    pub document_hash: Option<[u8; 32]>,
    /// Zero.
    pub reserved_space: [u8; 64],
    /// What it does.
    pub action: Action,
}

/// What a proposal is made from, beside the settings of votes.
pub struct NewProposal {
    /// Bump of its address.
    pub bump: u8,
    /// Its number.
    pub number: u64,
    /// Who proposes.
    pub proposer: Pubkey,
    /// Who pays the rent.
    pub rent_payer: Pubkey,
    /// `Config.authority.nonce` now.
    pub authority_nonce: u64,
    /// The slot now.
    pub slot: u64,
    /// Now.
    pub created: Start,
    /// Supply − vault − treasury now.
    pub base: u64,
    /// What it does.
    pub action: Action,
    /// SHA-256 of what was published with it.
    pub document_hash: Option<[u8; 32]>,
}

impl Proposal {
    /// Bytes of everything but discriminator and action, with the document's hash.
    const FIXED_SPACE: usize = 1 + 1 + 8 + 32 + 32 + 8 + 1 + 8 + 16 + 4 + 4 + 4 + 8 + 2 + 24 + 33 + 64;

    /// Bytes of an account with this action.
    #[expect(clippy::arithmetic_side_effects, reason = "an action fits a transaction")]
    pub fn space(action: &Action) -> usize {
        8 + Self::FIXED_SPACE + action.space()
    }

    /// A proposal whose vote begins.
    pub fn open(new: NewProposal, settings: &GovernanceSettings) -> Self {
        let high = new.action.needs_live_quorum();
        Self {
            version: ACCOUNT_VERSION,
            bump: new.bump,
            number: new.number,
            proposer: new.proposer,
            rent_payer: new.rent_payer,
            authority_nonce: new.authority_nonce,
            status: ProposalStatus::Voting,
            created_slot: new.slot,
            created: new.created,
            voting_seconds: settings.voting_seconds,
            timelock_seconds: settings.timelock_seconds,
            execution_seconds: settings.execution_seconds,
            base: new.base,
            quorum_bps: if high { settings.live_quorum_bps } else { settings.quorum_bps },
            tally: Tally::default(),
            document_hash: new.document_hash,
            reserved_space: [0; 64],
            action: new.action,
        }
    }

    /// Base units that must vote.
    pub fn quorum(&self) -> u64 {
        votes_needed(self.base, self.quorum_bps)
    }

    /// End of the vote.
    pub fn voting_ends(&self) -> Deadline {
        Deadline::after(&self.created, i64::from(self.voting_seconds))
    }

    /// From when on it may be executed.
    pub fn executable_from(&self) -> Deadline {
        let seconds = i64::from(self.voting_seconds).saturating_add(i64::from(self.timelock_seconds));
        Deadline::after(&self.created, seconds)
    }

    /// From when on it may no longer be executed.
    pub fn executable_until(&self) -> Deadline {
        let seconds = i64::from(self.voting_seconds)
            .saturating_add(i64::from(self.timelock_seconds))
            .saturating_add(i64::from(self.execution_seconds));
        Deadline::after(&self.created, seconds)
    }

    fn become_(&mut self, next: ProposalStatus) -> Result<()> {
        require!(self.status.may_become(next), PayoutsError::WrongTransition);
        self.status = next;
        Ok(())
    }

    fn check_voting(&self, pause: &Pause, now: i64) -> Result<()> {
        let open = self.status == ProposalStatus::Voting && !self.voting_ends().has_passed(pause, now);
        require!(open, PayoutsError::VotingEnded);
        Ok(())
    }

    /// Counts `amount` base units.
    pub fn count(&mut self, choice: VoteChoice, amount: u64, pause: &Pause, now: i64) -> Result<()> {
        self.check_voting(pause, now)?;
        self.tally.add(choice, amount)
    }

    /// Takes it back during the vote.
    pub fn cancel(&mut self, pause: &Pause, now: i64) -> Result<()> {
        self.check_voting(pause, now)?;
        self.become_(ProposalStatus::Cancelled)
    }

    /// Says after the end of the vote whether it is accepted.
    pub fn conclude(&mut self, pause: &Pause, now: i64) -> Result<()> {
        require!(self.status == ProposalStatus::Voting, PayoutsError::ProposalNotVoting);
        require!(self.voting_ends().has_passed(pause, now), PayoutsError::VotingRuns);
        let accepted = self.tally.accepts(self.quorum());
        self.become_(if accepted { ProposalStatus::Accepted } else { ProposalStatus::Defeated })
    }

    /// Marks it executed, if it may be now and the governance PDA still holds the role that it was made under.
    pub fn execute(&mut self, authority: &Authority, governance: &Pubkey, pause: &Pause, now: i64) -> Result<()> {
        require!(self.status != ProposalStatus::Executed, PayoutsError::ProposalExecuted);
        require!(self.status == ProposalStatus::Accepted, PayoutsError::ProposalNotAccepted);
        require!(self.executable_from().has_passed(pause, now), PayoutsError::TimelockRuns);
        require!(!self.executable_until().has_passed(pause, now), PayoutsError::ExecutionWindowOver);
        require_keys_eq!(authority.address, *governance, PayoutsError::GovernanceNotAuthority);
        require!(authority.nonce == self.authority_nonce, PayoutsError::AuthorityMoved);
        self.become_(ProposalStatus::Executed)
    }

    /// Ends an accepted proposal that was not executed in time.
    pub fn expire(&mut self, pause: &Pause, now: i64) -> Result<()> {
        require!(self.status == ProposalStatus::Accepted, PayoutsError::ProposalNotAccepted);
        require!(self.executable_until().has_passed(pause, now), PayoutsError::ExecutionWindowOpen);
        self.become_(ProposalStatus::Expired)
    }
}

#[cfg(test)]
mod tests;
