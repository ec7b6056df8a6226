//! An epoch on chain: its state machine, the statement in force, and the proofs checked against it.
//!
//! ```text
//! Open ──post / attest──▶ Posted ──challenge window, parent Final──▶ Final ──ratify──▶ Ratified ──▶ Closed
//!   ▲                      │    ▲                                     │
//!   │                   dispute │ rejected or lapsed (contested)      │ reject
//!   │                      ▼    │                                     ▼
//!   └── revoke_orphan ── Disputed ──── upheld, proven ────────────▶ Revoked ──revoke_orphan──▶ Open
//! ```

use anchor_lang::prelude::*;
use radio_payouts_protocol::allocation::share_cap;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::tree::{self, Kind, batch_leaf, share_leaf, verify_proof};

use crate::error::PayoutsError;
use crate::state::{
    ACCOUNT_VERSION, ConfigTimes, EpochChain, EpochStatement, Head, Mode, ParamsVersion, Pause, ProofNode, Start,
};

mod challenge;

/// Where an epoch stands.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, PartialEq, Eq, Debug)]
pub enum EpochStatus {
    /// No root in force; candidates may be posted.
    Open,
    /// A root is in force and may be disputed.
    Posted,
    /// A dispute of its root is open.
    Disputed,
    /// The challenge window is over and the parent is final.
    Final,
    /// Shares may be claimed (Live only).
    Ratified,
    /// The claim window is over.
    Closed,
    /// The root was withdrawn; descendants are being reopened.
    Revoked,
}

impl EpochStatus {
    /// Whether the state machine has an edge from here to `next`.
    pub fn may_become(self, next: Self) -> bool {
        use EpochStatus::{Closed, Disputed, Final, Open, Posted, Ratified, Revoked};
        match self {
            Open => matches!(next, Posted),
            Posted => matches!(next, Disputed | Final | Revoked | Open),
            Disputed => matches!(next, Posted | Revoked | Open),
            Final => matches!(next, Ratified | Revoked | Open),
            Ratified => matches!(next, Closed),
            Revoked => matches!(next, Open),
            Closed => false,
        }
    }

    /// Whether a root is in force, so that shares can be proven.
    pub fn has_root(self) -> bool {
        !matches!(self, Self::Open | Self::Revoked)
    }

    /// Whether it is final or beyond.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Final | Self::Ratified | Self::Closed)
    }
}

/// PDA `["epoch", epoch u64]`. Never closed.
#[account]
#[derive(InitSpace, Debug)]
pub struct Epoch {
    /// Layout version, 1; 0 in an account just created.
    pub version: u8,
    /// Bump of this address.
    pub bump: u8,
    /// The epoch's number.
    pub epoch: u64,
    /// Where it stands.
    pub status: EpochStatus,
    /// How often it returned to Open.
    pub attempt: u32,
    /// The deployment's domain, so that a proof needs no other account.
    pub domain: [u8; 32],
    /// Mode of its parameters, for good.
    pub mode: Mode,
    /// Commitment of the statement in force.
    pub commitment: [u8; 32],
    /// Number of the parent; `None` for the first.
    pub parent_epoch: Option<u64>,
    /// The statement in force (or, while Open, the last one).
    pub statement: EpochStatement,
    /// Sum of all payout trees.
    pub payouts_sum: u64,
    /// Largest share: `floor(pool * max_share_bps / 10^4)`.
    pub share_cap: u64,
    /// Times, threshold and bonds at the post.
    pub times: ConfigTimes,
    /// When the root was posted.
    pub posted: Start,
    /// When it became final.
    pub finalized: Start,
    /// When it was ratified.
    pub ratified: Start,
    /// Whether a dispute of the root in force lapsed: it can be ratified by its own proposal only.
    pub contested: bool,
    /// The nearest ancestor that was contested when this epoch became final, if any: it must be ratified first.
    pub contested_before: Option<u64>,
    /// Base units claimed.
    pub claimed: u64,
    /// Who paid the account's rent.
    pub rent_payer: Pubkey,
    /// Zero.
    pub reserved_space: [u8; 128],
}

impl Epoch {
    /// An epoch for which nothing was posted yet.
    pub fn open(bump: u8, epoch: u64, domain: [u8; 32], rent_payer: Pubkey, times: ConfigTimes) -> Self {
        Self {
            version: ACCOUNT_VERSION,
            bump,
            epoch,
            status: EpochStatus::Open,
            attempt: 0,
            domain,
            mode: Mode::Demo,
            commitment: [0; 32],
            parent_epoch: None,
            statement: EpochStatement::default(),
            payouts_sum: 0,
            share_cap: 0,
            times,
            posted: Start::default(),
            finalized: Start::default(),
            ratified: Start::default(),
            contested: false,
            contested_before: None,
            claimed: 0,
            rent_payer,
            reserved_space: [0; 128],
        }
    }

    fn become_(&mut self, next: EpochStatus) -> Result<()> {
        require!(self.status.may_become(next), PayoutsError::WrongTransition);
        self.status = next;
        Ok(())
    }

    /// Puts a statement in force.
    pub fn post(&mut self, root: PostedRoot<'_>, parent: Option<Head>, start: Start) -> Result<()> {
        require!(self.status == EpochStatus::Open, PayoutsError::EpochNotOpen);
        self.become_(EpochStatus::Posted)?;
        self.mode = root.params.mode;
        self.commitment = root.commitment;
        self.parent_epoch = parent.map(|head| head.epoch);
        self.payouts_sum = root.statement.payouts_sum()?;
        self.share_cap = share_cap(root.statement.pool, root.params.values.max_share_bps);
        self.statement = root.statement;
        self.times = root.times;
        self.posted = start;
        self.contested = false;
        self.contested_before = None;
        Ok(())
    }

    /// Makes a posted root final: its challenge window is over and its parent is final with the same commitment.
    pub fn finalize(&mut self, parent: Option<&Self>, pause: &Pause, now: i64) -> Result<()> {
        require!(self.status == EpochStatus::Posted, PayoutsError::EpochNotPosted);
        let over = self.posted.has_passed(self.times.challenge_seconds, pause, now);
        require!(over, PayoutsError::ChallengeWindowOpen);
        if let Some(number) = self.parent_epoch {
            let parent = parent.ok_or(PayoutsError::ParentMissing)?;
            require!(parent.epoch == number, PayoutsError::NotTheParent);
            let same = parent.status.is_final() && parent.commitment == self.statement.parent;
            require!(same, PayoutsError::ParentNotFinal);
            self.contested_before = if parent.contested { Some(number) } else { parent.contested_before };
        }
        self.become_(EpochStatus::Final)?;
        self.finalized = Start::now(now, pause);
        Ok(())
    }

    /// Whether it can be ratified at all: Final, Live, and not standing on a revoked epoch.
    ///
    /// A final epoch's ancestors are final, so that only a rejection could still take one away; an orphan is refused
    /// here, and once this epoch is ratified [`EpochChain::revoke`] refuses all before it.
    pub fn check_ratifiable(&self, chain: &EpochChain) -> Result<()> {
        require!(self.status != EpochStatus::Closed, PayoutsError::EpochClosed);
        require!(self.status != EpochStatus::Ratified, PayoutsError::AlreadyRatified);
        require!(self.status == EpochStatus::Final, PayoutsError::EpochNotFinal);
        require!(self.mode == Mode::Live, PayoutsError::DemoIsNeverPaid);
        chain.check_not_orphaned(self.epoch)
    }

    /// Opens the claim window. Returns what may be claimed, in base units.
    pub fn ratify(&mut self, chain: &EpochChain, start: Start) -> Result<u64> {
        self.check_ratifiable(chain)?;
        self.become_(EpochStatus::Ratified)?;
        self.ratified = start;
        Ok(self.payouts_sum)
    }

    fn claim_window_is_over(&self, pause: &Pause, now: i64) -> bool {
        self.ratified.has_passed(self.times.claim_seconds, pause, now)
    }

    /// Whether shares can be claimed now.
    pub fn check_claimable(&self, pause: &Pause, now: i64) -> Result<()> {
        require!(self.status != EpochStatus::Closed, PayoutsError::EpochClosed);
        require!(self.status == EpochStatus::Ratified, PayoutsError::EpochNotRatified);
        require!(!self.claim_window_is_over(pause, now), PayoutsError::ClaimWindowOver);
        Ok(())
    }

    /// Notes that `amount` base units are claimed. No set of claims exceeds the sum of the payout trees.
    pub fn claim(&mut self, amount: u64) -> Result<()> {
        let claimed = self.claimed.checked_add(amount).ok_or(PayoutsError::ArithmeticOverflow)?;
        require!(claimed <= self.payouts_sum, PayoutsError::ClaimsOverSum);
        self.claimed = claimed;
        Ok(())
    }

    /// Ends the claim window. Returns what nobody claimed, in base units.
    pub fn end_claims(&mut self, pause: &Pause, now: i64) -> Result<u64> {
        require!(self.status != EpochStatus::Closed, PayoutsError::EpochClosed);
        require!(self.status == EpochStatus::Ratified, PayoutsError::EpochNotRatified);
        require!(self.claim_window_is_over(pause, now), PayoutsError::ClaimWindowOpen);
        self.become_(EpochStatus::Closed)?;
        Ok(self.payouts_sum.checked_sub(self.claimed).ok_or(PayoutsError::ArithmeticOverflow)?)
    }

    /// Refuses until it is closed: only then is the rent of what belongs to it returned.
    pub fn check_closed(&self) -> Result<()> {
        require!(self.status == EpochStatus::Closed, PayoutsError::EpochNotClosed);
        Ok(())
    }

    /// Withdraws the root in force, whatever stands in its way: it is disproven, or its dispute was upheld.
    pub fn revoke(&mut self) -> Result<()> {
        self.check_revocable()?;
        self.become_(EpochStatus::Revoked)
    }

    /// Refuses an epoch without a root that could still be revoked.
    pub fn check_revocable(&self) -> Result<()> {
        require!(self.status.has_root(), PayoutsError::NoRootPosted);
        let ratified = matches!(self.status, EpochStatus::Ratified | EpochStatus::Closed);
        require!(!ratified, PayoutsError::EpochRatified);
        Ok(())
    }

    /// Withdraws a final root.
    pub fn reject(&mut self) -> Result<()> {
        require!(self.status == EpochStatus::Final, PayoutsError::EpochNotFinal);
        self.become_(EpochStatus::Revoked)
    }

    /// Returns to Open for another attempt.
    pub fn reopen(&mut self) -> Result<()> {
        self.become_(EpochStatus::Open)?;
        self.attempt = self.attempt.checked_add(1).ok_or(PayoutsError::ArithmeticOverflow)?;
        Ok(())
    }

    /// The epoch before it on the chain: what the head falls back to.
    pub fn parent(&self) -> Option<Head> {
        self.parent_epoch.map(|epoch| Head { epoch, commitment: self.statement.parent })
    }

    fn check_provable(&self, epoch: u64) -> core::result::Result<Domain, PayoutsError> {
        if self.epoch != epoch {
            return Err(PayoutsError::WrongEpoch);
        }
        if !self.status.has_root() {
            return Err(PayoutsError::NoRootPosted);
        }
        Ok(Domain::from_bytes(self.domain))
    }

    /// Checks that a share is in the root in force and within the cap.
    pub fn verify_share(&self, share: &Share, siblings: &[ProofNode]) -> Result<()> {
        Ok(self.prove_share(share, siblings)?)
    }

    /// [`Self::verify_share`] with the refusal as it is, for callers that tell one from another.
    pub fn prove_share(&self, share: &Share, siblings: &[ProofNode]) -> core::result::Result<(), PayoutsError> {
        self.prove_leaf(share, siblings)?;
        if share.amount > self.share_cap {
            return Err(PayoutsError::AmountOverShareCap);
        }
        Ok(())
    }

    /// Checks that a share is in the root in force, even one that is too large: it may be evidence.
    pub fn verify_leaf(&self, share: &Share, siblings: &[ProofNode]) -> Result<()> {
        Ok(self.prove_leaf(share, siblings)?)
    }

    fn prove_leaf(&self, share: &Share, siblings: &[ProofNode]) -> core::result::Result<(), PayoutsError> {
        let domain = self.check_provable(share.epoch)?;
        let (number, position) = tree::locate(share.index);
        let number = usize::try_from(number).map_err(|_| PayoutsError::IndexOutOfRange)?;
        let root = (*self.statement.payouts.get(number).ok_or(PayoutsError::IndexOutOfRange)?).into();
        let payee = share.payee.to_bytes();
        let leaf = share_leaf(&domain, share.epoch, share.index, &share.did_hash, &payee, share.amount);
        let siblings = siblings.iter().map(|node| (*node).into());
        verify_proof(Kind::Payouts, leaf, position, siblings, &root)?;
        Ok(())
    }

    /// Checks that a batch is in the root in force.
    pub fn verify_batch(&self, batch: &Batch, siblings: &[ProofNode]) -> Result<()> {
        let domain = self.check_provable(batch.epoch)?;
        let (key, hash) = (&batch.sfu_key, &batch.batch_hash);
        let leaf = batch_leaf(&domain, batch.epoch, batch.index, key, batch.seq, hash, batch.accepted_bytes);
        let root = self.statement.batches.into();
        let siblings = siblings.iter().map(|node| (*node).into());
        verify_proof(Kind::Batches, leaf, batch.index, siblings, &root).map_err(PayoutsError::from)?;
        Ok(())
    }
}

/// What is put in force by a post.
pub struct PostedRoot<'a> {
    /// The statement.
    pub statement: EpochStatement,
    /// Its commitment.
    pub commitment: [u8; 32],
    /// The parameters in force.
    pub params: &'a ParamsVersion,
    /// The times to copy.
    pub times: ConfigTimes,
}

/// A share that a proof is about: one leaf of a payout tree.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, PartialEq, Eq, Debug)]
pub struct Share {
    /// The epoch.
    pub epoch: u64,
    /// Global index in the forest.
    pub index: u32,
    /// SHA-256 of the DID.
    pub did_hash: [u8; 32],
    /// The payee; zero if the DID has none of its own.
    pub payee: Pubkey,
    /// Base units.
    pub amount: u64,
}

/// A batch that a proof is about: one leaf of a batch tree.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, PartialEq, Eq, Debug)]
pub struct Batch {
    /// The epoch.
    pub epoch: u64,
    /// Index in the tree.
    pub index: u32,
    /// The SFU's key.
    pub sfu_key: [u8; 32],
    /// Its sequence number.
    pub seq: u64,
    /// Hash of its canonical bytes.
    pub batch_hash: [u8; 32],
    /// Accepted bytes of it in this epoch.
    pub accepted_bytes: u64,
}

#[cfg(test)]
mod tests;
