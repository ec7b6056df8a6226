//! One event for every state change, past tense, with the old and the new value; and the results of proofs.

use anchor_lang::prelude::*;

use crate::evidence::SignedBatch;
use crate::state::{
    Action, AuthorityOffer, ConfigTimes, Deadline, DisputeOutcome, EpochStatement, EpochStatus, GovernanceSettings,
    Head, MandateTerms, Mode, ParamsValues, Pause, PendingPayee, ProposalStatus, Support, Tally, VoteChoice,
};

/// The deployment was initialised.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeploymentInitialized {
    /// `SHA-256("radio-payouts/v1" || genesis_hash || program_id)`.
    pub domain: [u8; 32],
    /// The bootstrap authority.
    pub authority: Pubkey,
    /// The pause key.
    pub pause_key: Pubkey,
    /// The mint.
    pub mint: Pubkey,
    /// Start of epoch 0.
    pub genesis_unix: i64,
    /// Length of an epoch.
    pub epoch_seconds: u32,
}

/// A version of the parameters was made.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParamsVersionCreated {
    /// Its number.
    pub number: u32,
    /// First epoch in which it is in force.
    pub effective_epoch: u64,
    /// Mode of the version before.
    pub old_mode: Mode,
    /// Mode of this version.
    pub new_mode: Mode,
    /// Values of the version before.
    pub old: ParamsValues,
    /// Values of this version.
    pub new: ParamsValues,
}

/// Times, thresholds, bonds or votes changed.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigTimesChanged {
    /// Before.
    pub old: ConfigTimes,
    /// After.
    pub new: ConfigTimes,
    /// Before.
    pub old_governance: GovernanceSettings,
    /// After.
    pub new_governance: GovernanceSettings,
}

/// The flag `radio_payouts_demo` was switched.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DemoFlagChanged {
    /// Before.
    pub old: bool,
    /// After.
    pub new: bool,
}

/// The pause key changed.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PauseKeyChanged {
    /// Before.
    pub old: Pubkey,
    /// After.
    pub new: Pubkey,
}

/// The registrars changed.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegistrarsChanged {
    /// Before.
    pub old: Vec<Pubkey>,
    /// After.
    pub new: Vec<Pubkey>,
}

/// The role of authority was offered, or an offer withdrawn.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuthorityOffered {
    /// The holder.
    pub authority: Pubkey,
    /// The offer before.
    pub old: Option<AuthorityOffer>,
    /// The offer now.
    pub new: Option<AuthorityOffer>,
}

/// The role of authority passed on.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuthorityChanged {
    /// Before.
    pub old: Pubkey,
    /// After.
    pub new: Pubkey,
    /// How often it has passed on.
    pub nonce: u64,
}

/// An arbiter was appointed or dismissed.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ArbiterAppointed {
    /// Before.
    pub old: Option<Pubkey>,
    /// After.
    pub new: Option<Pubkey>,
}

/// A pause began or ended.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PauseChanged {
    /// Before.
    pub old: Pause,
    /// After.
    pub new: Pause,
    /// Who signed.
    pub by: Pubkey,
}

/// An SFU was registered.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SfuRegistered {
    /// Its key.
    pub key: [u8; 32],
    /// Its operator.
    pub operator: Pubkey,
    /// Whether it counts in Demo epochs only.
    pub demo: bool,
    /// First epoch in which it is valid.
    pub valid_from: u64,
    /// Its capacity.
    pub max_bytes_per_epoch: u64,
    /// Version of the registry after it.
    pub registry_version: u64,
}

/// An SFU was stopped.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SfuStopped {
    /// Its key.
    pub key: [u8; 32],
    /// End of validity before.
    pub old_valid_until: u64,
    /// End of validity after.
    pub new_valid_until: u64,
    /// `stop_seq` before.
    pub old_stop_seq: u64,
    /// `stop_seq` after.
    pub new_stop_seq: u64,
    /// Version of the registry after it.
    pub registry_version: u64,
}

/// An SFU's key was replaced.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SfuKeyReplaced {
    /// Before.
    pub old: [u8; 32],
    /// After.
    pub new: [u8; 32],
    /// First epoch of the new key.
    pub valid_from: u64,
    /// Version of the registry after it.
    pub registry_version: u64,
}

/// A settler was registered.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SettlerRegistered {
    /// Its key.
    pub key: Pubkey,
    /// Its operator.
    pub operator: Pubkey,
    /// First epoch in which it may post.
    pub valid_from: u64,
    /// Active settlers after it.
    pub active_settlers: u8,
    /// Version of the registry after it.
    pub registry_version: u64,
}

/// A settler was stopped.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SettlerStopped {
    /// Its key.
    pub key: Pubkey,
    /// Who signed.
    pub by: Pubkey,
    /// Active settlers after it.
    pub active_settlers: u8,
    /// Version of the registry after it.
    pub registry_version: u64,
}

/// A settler's key was replaced.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SettlerKeyReplaced {
    /// Before.
    pub old: Pubkey,
    /// After.
    pub new: Pubkey,
    /// Version of the registry after it.
    pub registry_version: u64,
}

/// A payee was proposed for a DID.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BindingProposed {
    /// SHA-256 of the DID.
    pub did_hash: [u8; 32],
    /// The payee in force.
    pub old: Option<Pubkey>,
    /// The payee proposed.
    pub new: Pubkey,
    /// Who proposed it.
    pub proposer: Pubkey,
}

/// A proposed payee accepted; its delay runs.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BindingAccepted {
    /// SHA-256 of the DID.
    pub did_hash: [u8; 32],
    /// The payee in force until then.
    pub old: Option<Pubkey>,
    /// The payee after the delay.
    pub new: Pubkey,
    /// The delay.
    pub delay_seconds: u32,
}

/// A change of a binding was cancelled.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BindingCancelled {
    /// SHA-256 of the DID.
    pub did_hash: [u8; 32],
    /// What was cancelled.
    pub cancelled: PendingPayee,
    /// Who signed.
    pub by: Pubkey,
}

/// A settler supports a candidate.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CandidateSupported {
    /// The epoch.
    pub epoch: u64,
    /// Its attempt.
    pub attempt: u32,
    /// The commitment.
    pub commitment: [u8; 32],
    /// The settler.
    pub settler: Pubkey,
    /// What it supported before.
    pub moved_from: Option<Support>,
    /// Supporters now.
    pub support: u8,
    /// Supporters needed.
    pub threshold: u8,
}

/// A candidate became an epoch's root.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RootPosted {
    /// The epoch.
    pub epoch: u64,
    /// Its attempt.
    pub attempt: u32,
    /// The commitment.
    pub commitment: [u8; 32],
    /// The head before: the parent.
    pub old_head: Option<Head>,
    /// Mode of the epoch.
    pub mode: Mode,
    /// The statement.
    pub statement: EpochStatement,
    /// Greatest epoch passed over.
    pub skipped_through: Option<u64>,
}

/// An epoch's state changed.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EpochStatusChanged {
    /// The epoch.
    pub epoch: u64,
    /// Its attempt after the change.
    pub attempt: u32,
    /// The commitment concerned.
    pub commitment: [u8; 32],
    /// Before.
    pub old: EpochStatus,
    /// After.
    pub new: EpochStatus,
}

/// The head of the chain fell back.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeadRetreated {
    /// Before.
    pub old: Option<Head>,
    /// After.
    pub new: Option<Head>,
    /// The revoked epoch whose descendants are still to be reopened.
    pub orphaned_from: Option<u64>,
}

/// A share was proven.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShareVerified {
    /// The epoch.
    pub epoch: u64,
    /// Global index.
    pub index: u32,
    /// SHA-256 of the DID.
    pub did_hash: [u8; 32],
    /// The payee.
    pub payee: Pubkey,
    /// Base units.
    pub amount: u64,
    /// Commitment of the root.
    pub commitment: [u8; 32],
    /// Where the epoch stands; provisional before `Ratified`.
    pub status: EpochStatus,
}

/// A batch was proven.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BatchVerified {
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
    /// Accepted bytes.
    pub accepted_bytes: u64,
    /// Commitment of the root.
    pub commitment: [u8; 32],
    /// Where the epoch stands.
    pub status: EpochStatus,
}

/// Stake was deposited.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StakeDeposited {
    /// Who votes with it.
    pub owner: Pubkey,
    /// Base units before.
    pub old: u64,
    /// Base units after.
    pub new: u64,
    /// Slot from which it counts, for later proposals.
    pub since_slot: u64,
}

/// Stake was withdrawn.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StakeWithdrawn {
    /// Who votes with it.
    pub owner: Pubkey,
    /// Base units before.
    pub old: u64,
    /// Base units after; at 0 its accounts are closed.
    pub new: u64,
}

/// A proposal was made.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProposalCreated {
    /// Its number.
    pub number: u64,
    /// Who made it.
    pub proposer: Pubkey,
    /// What it does.
    pub action: Action,
    /// SHA-256 of what was published with it.
    pub document_hash: Option<[u8; 32]>,
    /// Supply − vault − treasury, in base units.
    pub base: u64,
    /// Base units that must vote.
    pub quorum: u64,
    /// End of the vote.
    pub voting_ends: Deadline,
}

/// A stake voted.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VoteCast {
    /// The proposal.
    pub proposal: u64,
    /// Who voted.
    pub owner: Pubkey,
    /// How.
    pub choice: VoteChoice,
    /// Base units that voted.
    pub amount: u64,
    /// The tally before.
    pub old: Tally,
    /// The tally after.
    pub new: Tally,
}

/// A proposal's state changed.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProposalStatusChanged {
    /// Its number.
    pub number: u64,
    /// Before.
    pub old: ProposalStatus,
    /// After.
    pub new: ProposalStatus,
    /// Votes.
    pub tally: Tally,
    /// Base units that had to vote.
    pub quorum: u64,
}

/// The record of a vote was closed.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VoteClosed {
    /// The proposal.
    pub proposal: u64,
    /// Who voted.
    pub owner: Pubkey,
    /// Who got the rent back.
    pub rent_payer: Pubkey,
}

/// An ended proposal was closed.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProposalClosed {
    /// Its number.
    pub number: u64,
    /// How it ended.
    pub status: ProposalStatus,
    /// Who got the rent back.
    pub rent_payer: Pubkey,
}

/// A mandate was made.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MandateMade {
    /// Its number.
    pub number: u64,
    /// What it allows.
    pub terms: MandateTerms,
}

/// A mandate was cancelled.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MandateCancelled {
    /// Its number.
    pub number: u64,
    /// Base units ratified under it, which stay so.
    pub spent: u64,
    /// Base units that can no longer be ratified under it.
    pub left: u64,
}

/// An epoch was ratified: its sum is promised.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EpochRatified {
    /// The epoch.
    pub epoch: u64,
    /// Commitment of its root.
    pub commitment: [u8; 32],
    /// The mandate that covered it; `None` if the authority ratified it by itself.
    pub mandate: Option<u64>,
    /// Base units that may be claimed.
    pub sum: u64,
    /// Reserved before.
    pub old_reserved: u64,
    /// Reserved after.
    pub new_reserved: u64,
    /// Greatest epoch ratified before.
    pub old_ratified_through: Option<u64>,
    /// Greatest epoch ratified after.
    pub new_ratified_through: Option<u64>,
}

/// A share was paid.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShareClaimed {
    /// The epoch.
    pub epoch: u64,
    /// Global index.
    pub index: u32,
    /// SHA-256 of the DID.
    pub did_hash: [u8; 32],
    /// Who was paid.
    pub payee: Pubkey,
    /// Whether through the binding of the DID.
    pub bound: bool,
    /// Base units.
    pub amount: u64,
    /// Claimed of the epoch before.
    pub old_claimed: u64,
    /// Claimed of the epoch after.
    pub new_claimed: u64,
    /// Reserved before.
    pub old_reserved: u64,
    /// Reserved after.
    pub new_reserved: u64,
}

/// Base units left treasury or vault.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TreasuryTransferred {
    /// The token account paid.
    pub to: Pubkey,
    /// Base units.
    pub amount: u64,
    /// The treasury before.
    pub old_treasury: u64,
    /// The treasury after.
    pub new_treasury: u64,
    /// The vault before.
    pub old_vault: u64,
    /// The vault after.
    pub new_vault: u64,
    /// Base units of the vault that are reserved.
    pub reserved: u64,
}

/// An epoch was closed: what nobody claimed is free again.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EpochClosed {
    /// The epoch.
    pub epoch: u64,
    /// Commitment of its root.
    pub commitment: [u8; 32],
    /// Base units claimed.
    pub claimed: u64,
    /// Base units released.
    pub released: u64,
    /// Reserved before.
    pub old_reserved: u64,
    /// Reserved after.
    pub new_reserved: u64,
}

/// An account of a closed epoch was closed.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RentReturned {
    /// The epoch.
    pub epoch: u64,
    /// The account.
    pub account: Pubkey,
    /// Who paid the rent and has it back.
    pub rent_payer: Pubkey,
    /// Lamports.
    pub lamports: u64,
}

/// A root was disputed.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DisputeOpened {
    /// The epoch.
    pub epoch: u64,
    /// Its attempt.
    pub attempt: u32,
    /// The commitment disputed.
    pub commitment: [u8; 32],
    /// Who disputes.
    pub disputer: Pubkey,
    /// The bond in base units.
    pub bond: u64,
    /// SHA-256 of the evidence.
    pub evidence_hash: [u8; 32],
}

/// A dispute ended.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DisputeClosed {
    /// The epoch.
    pub epoch: u64,
    /// The attempt disputed.
    pub attempt: u32,
    /// Before.
    pub old: DisputeOutcome,
    /// After.
    pub new: DisputeOutcome,
    /// Who decided; nobody if it lapsed or became moot.
    pub by: Option<Pubkey>,
}

/// The bond of a dispute moved.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BondReleased {
    /// The epoch.
    pub epoch: u64,
    /// The attempt disputed.
    pub attempt: u32,
    /// How the dispute ended.
    pub outcome: DisputeOutcome,
    /// The token account that got it.
    pub to: Pubkey,
    /// Base units: all that lay in the bond's account.
    pub amount: u64,
}

/// A leaf of a root in force was recorded.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeafProven {
    /// The epoch.
    pub epoch: u64,
    /// Commitment of the root.
    pub commitment: [u8; 32],
    /// Global index.
    pub index: u32,
    /// SHA-256 of the DID.
    pub did_hash: [u8; 32],
    /// The payee.
    pub payee: Pubkey,
    /// Base units.
    pub amount: u64,
    /// Who recorded it.
    pub recorder: Pubkey,
}

/// The record of a leaf was closed.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShareRecordClosed {
    /// The epoch.
    pub epoch: u64,
    /// Commitment of the root.
    pub commitment: [u8; 32],
    /// Global index.
    pub index: u32,
    /// Who recorded it and got the rent.
    pub recorder: Pubkey,
}

/// A root has two leaves for one DID; its commitment is refused for ever.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DuplicateShareProven {
    /// The epoch.
    pub epoch: u64,
    /// Commitment of the root.
    pub commitment: [u8; 32],
    /// SHA-256 of the DID.
    pub did_hash: [u8; 32],
    /// Global index of one leaf.
    pub first_index: u32,
    /// Global index of the other.
    pub second_index: u32,
    /// Whether the root was in force and is revoked.
    pub revoked: bool,
}

/// An SFU signed two batches under one number.
#[event]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EquivocationProven {
    /// The SFU's key.
    pub key: [u8; 32],
    /// The number.
    pub seq: u64,
    /// One batch.
    pub first: SignedBatch,
    /// The other.
    pub second: SignedBatch,
    /// `stop_seq` before.
    pub old_stop_seq: u64,
    /// `stop_seq` after.
    pub new_stop_seq: u64,
    /// Version of the registry after it.
    pub registry_version: u64,
}
