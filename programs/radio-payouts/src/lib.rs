//! Radio Payouts on Solana: parameters, registries, epoch roots and proofs (section 10 of the protocol page).
//!
//! Settlers post what an epoch's signed batches add up to; the program computes the commitment, refuses what cannot be
//! true, and lets anyone check a share against the root. What a statement's bytes are is said by
//! `radio-payouts-protocol` alone.
//!
//! Read [`state`] for what accounts hold and may become, [`instructions`] for who may do what, [`mod@error`] and [`mod@event`]
//! for what comes out.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::float_arithmetic,
        clippy::integer_division,
        clippy::cast_possible_truncation,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "every floor, narrowing and assumption about money is a visible exception"
    )
)]
#![allow(missing_docs, clippy::allow_attributes, reason = "Anchor's macros generate undocumented public items")]
#![allow(clippy::diverging_sub_expression, unexpected_cfgs, reason = "in code that Anchor's macros generate")]

use anchor_lang::prelude::*;

pub mod error;
pub mod event;
pub mod evidence;
pub mod instructions;
pub mod seeds;
pub mod state;

pub use instructions::*;
use state::{Batch, MandateTerms, ParamsChange, ProofNode, SfuTerms, Share, VoteChoice};

declare_id!("J19XfxYCwNPL6iQuJfUe4kbyr52h6rhBK8t9gLkSrkmZ");

#[program]
pub mod radio_payouts {
    use super::*;

    // The deployment.

    /// Creates `Config`, version 1 of the parameters (Demo), vault and treasury. Signed by the upgrade authority.
    pub fn initialize(ctx: Context<Initialize>, args: InitializeArgs) -> Result<()> {
        Initialize::handle(ctx, args)
    }

    /// Makes the next version of the parameters, or a Live one if every condition holds. Signed by the authority.
    pub fn set_params(ctx: Context<SetParams>, change: ParamsChange) -> Result<()> {
        SetParams::handle(ctx, change)
    }

    /// Changes times, thresholds, bonds and the settings of votes. Signed by the authority.
    pub fn set_config_times(ctx: Context<SetConfigTimes>, args: SetConfigTimesArgs) -> Result<()> {
        SetConfigTimes::handle(ctx, args)
    }

    /// Switches whether Demo epochs may be posted. Signed by the authority.
    pub fn set_demo_flag(ctx: Context<SetDemoFlag>, radio_payouts_demo: bool) -> Result<()> {
        SetDemoFlag::handle(ctx, radio_payouts_demo)
    }

    /// Names another pause key. Signed by the authority.
    pub fn set_pause_key(ctx: Context<SetPauseKey>, pause_key: Pubkey) -> Result<()> {
        SetPauseKey::handle(ctx, pause_key)
    }

    /// Names the registrars, at most four. Signed by the authority.
    pub fn set_registrars(ctx: Context<SetRegistrars>, registrars: Vec<Pubkey>) -> Result<()> {
        SetRegistrars::handle(ctx, registrars)
    }

    /// Offers the role of authority, or withdraws the offer. Signed by the authority.
    pub fn offer_authority(ctx: Context<OfferAuthority>, to: Option<Pubkey>) -> Result<()> {
        OfferAuthority::handle(ctx, to)
    }

    /// Takes the role of authority within 14 days of the offer. Signed by the new authority.
    pub fn accept_authority(ctx: Context<AcceptAuthority>) -> Result<()> {
        AcceptAuthority::handle(ctx)
    }

    /// Gives the governance PDA the role of authority within 14 days of the offer. Anyone.
    pub fn accept_authority_for_governance(ctx: Context<AcceptAuthorityForGovernance>) -> Result<()> {
        AcceptAuthorityForGovernance::handle(ctx)
    }

    /// Appoints who may resolve disputes beside the authority, or nobody. Signed by the authority.
    pub fn appoint_arbiter(ctx: Context<AppointArbiter>, arbiter: Option<Pubkey>) -> Result<()> {
        AppointArbiter::handle(ctx, arbiter)
    }

    /// Pauses registering, posting and finalising for at most 14 days. Signed by pause key or authority.
    pub fn pause(ctx: Context<PauseProgram>) -> Result<()> {
        PauseProgram::handle(ctx)
    }

    /// Ends the pause. Signed by pause key or authority.
    pub fn resume(ctx: Context<ResumeProgram>) -> Result<()> {
        ResumeProgram::handle(ctx)
    }

    // The registries.

    /// Registers an SFU from the next epoch on. Signed by the authority.
    pub fn register_sfu(ctx: Context<RegisterSfu>, terms: SfuTerms) -> Result<()> {
        RegisterSfu::handle(ctx, terms)
    }

    /// Replaces an SFU's key from the next epoch on. Signed by its operator.
    pub fn replace_sfu_key(ctx: Context<ReplaceSfuKey>, new_key: [u8; 32]) -> Result<()> {
        ReplaceSfuKey::handle(ctx, new_key)
    }

    /// Ends an SFU with the running epoch; a `stop_seq` acts at once. Signed by operator, authority or pause key.
    pub fn stop_sfu(ctx: Context<StopSfu>, stop_seq: Option<u64>) -> Result<()> {
        StopSfu::handle(ctx, stop_seq)
    }

    /// Registers a settler from the next epoch on. Signed by the authority.
    pub fn register_settler(ctx: Context<RegisterSettler>, args: RegisterSettlerArgs) -> Result<()> {
        RegisterSettler::handle(ctx, args)
    }

    /// Replaces a settler's key at once. Signed by its operator and the new key.
    pub fn replace_settler_key(ctx: Context<ReplaceSettlerKey>) -> Result<()> {
        ReplaceSettlerKey::handle(ctx)
    }

    /// Stops a settler at once. Signed by operator, authority or pause key.
    pub fn stop_settler(ctx: Context<StopSettler>) -> Result<()> {
        StopSettler::handle(ctx)
    }

    // Payee bindings.

    /// Proposes a payee for a DID. Signed by a registrar; for a change by the old payee, or registrar and authority.
    pub fn propose_binding(ctx: Context<ProposeBinding>, did_hash: [u8; 32], payee: Pubkey) -> Result<()> {
        ProposeBinding::handle(ctx, did_hash, payee)
    }

    /// Accepts a proposed binding; it takes effect after the binding delay. Signed by the payee.
    pub fn accept_binding(ctx: Context<AcceptBinding>) -> Result<()> {
        AcceptBinding::handle(ctx)
    }

    /// Cancels a binding before it takes effect. Signed by authority or pause key.
    pub fn cancel_binding(ctx: Context<CancelBinding>) -> Result<()> {
        CancelBinding::handle(ctx)
    }

    // Epochs.

    /// Posts a statement or attests to it; at the threshold it becomes the epoch's root. Signed by a settler.
    pub fn post_root(ctx: Context<PostRoot>, args: PostRootArgs) -> Result<()> {
        PostRoot::handle(ctx, args)
    }

    /// Checks that a share is in an epoch's root; moves nothing. Anyone.
    pub fn verify_share(ctx: Context<VerifyShare>, share: Share, siblings: Vec<ProofNode>) -> Result<VerifiedShare> {
        VerifyShare::handle(ctx, share, siblings)
    }

    /// Checks that a batch is in an epoch's root; moves nothing. Anyone.
    pub fn verify_batch(ctx: Context<VerifyBatch>, batch: Batch, siblings: Vec<ProofNode>) -> Result<VerifiedBatch> {
        VerifyBatch::handle(ctx, batch, siblings)
    }

    /// Makes a posted epoch final after its challenge window, if its parent is final. Anyone.
    pub fn finalize_epoch(ctx: Context<FinalizeEpoch>) -> Result<()> {
        FinalizeEpoch::handle(ctx)
    }

    /// Withdraws a final root; everything after it is orphaned. Signed by the authority.
    pub fn reject_epoch(ctx: Context<RejectEpoch>, commitment: [u8; 32]) -> Result<()> {
        RejectEpoch::handle(ctx, commitment)
    }

    /// Reopens the head while it stands on a revoked epoch or is that epoch. Anyone.
    pub fn revoke_orphan(ctx: Context<RevokeOrphan>) -> Result<()> {
        RevokeOrphan::handle(ctx)
    }
    // Votes.

    /// Locks tokens as stake, which counts for proposals made in later slots. Signed by their owner.
    pub fn deposit_stake(ctx: Context<DepositStake>, amount: u64) -> Result<()> {
        DepositStake::handle(ctx, amount)
    }

    /// Makes a proposal. Signed by the owner of enough stake.
    pub fn create_proposal(ctx: Context<CreateProposal>, args: CreateProposalArgs) -> Result<()> {
        CreateProposal::handle(ctx, args)
    }

    /// Votes with a whole stake, once, and locks it until the end of the vote. Signed by its owner.
    pub fn cast_vote(ctx: Context<CastVote>, choice: VoteChoice) -> Result<()> {
        CastVote::handle(ctx, choice)
    }

    /// Takes a proposal back during its vote. Signed by who made it.
    pub fn cancel_proposal(ctx: Context<CancelProposal>) -> Result<()> {
        CancelProposal::handle(ctx)
    }

    /// Says after the end of the vote whether a proposal is accepted. Anyone.
    pub fn conclude_proposal(ctx: Context<ConcludeProposal>) -> Result<()> {
        ConcludeProposal::handle(ctx)
    }

    /// Carries out an accepted proposal after its timelock. Anyone.
    pub fn execute_proposal<'info>(ctx: Context<'info, ExecuteProposal<'info>>) -> Result<()> {
        ExecuteProposal::handle(ctx)
    }

    /// Ends an accepted proposal that was not executed in time. Anyone.
    pub fn expire_proposal(ctx: Context<ExpireProposal>) -> Result<()> {
        ExpireProposal::handle(ctx)
    }

    /// Gives stake back that no vote holds. Signed by its owner.
    pub fn withdraw_stake<'info>(ctx: Context<'info, WithdrawStake<'info>>, amount: u64) -> Result<()> {
        WithdrawStake::handle(ctx, amount)
    }

    /// Closes the record of a vote that has ended. Signed by who paid its rent, and gets it back.
    pub fn close_vote(ctx: Context<CloseVote>) -> Result<()> {
        CloseVote::handle(ctx)
    }

    /// Closes a proposal that has ended. Signed by who paid its rent, and gets it back.
    pub fn close_proposal(ctx: Context<CloseProposal>) -> Result<()> {
        CloseProposal::handle(ctx)
    }

    // Money.

    /// Makes a mandate to ratify epochs of a range within a budget, after a delay. Signed by the authority.
    pub fn make_mandate(ctx: Context<MakeMandate>, terms: MandateTerms) -> Result<()> {
        MakeMandate::handle(ctx, terms)
    }

    /// Cancels a mandate. Signed by the authority.
    pub fn cancel_mandate(ctx: Context<CancelMandate>, number: u64) -> Result<()> {
        CancelMandate::handle(ctx, number)
    }

    /// Ratifies a final Live epoch that a mandate covers and reserves its sum. Anyone.
    pub fn ratify_epoch(ctx: Context<RatifyEpoch>) -> Result<()> {
        RatifyEpoch::handle(ctx)
    }

    /// Ratifies the final Live epoch with this commitment, contested or not. Signed by the authority.
    pub fn ratify_epoch_by_authority(ctx: Context<RatifyEpochByAuthority>, commitment: [u8; 32]) -> Result<()> {
        RatifyEpochByAuthority::handle(ctx, commitment)
    }

    /// Pays a share of a ratified epoch to its payee's associated token account, once. Anyone.
    pub fn claim_share(ctx: Context<ClaimShare>, claim: ShareClaim, siblings: Vec<ProofNode>) -> Result<()> {
        ClaimShare::handle(ctx, claim, siblings)
    }

    /// Pays from the treasury, then from what the vault holds beyond the reserved. Signed by the authority.
    pub fn transfer_treasury(ctx: Context<TransferTreasury>, amount: u64) -> Result<()> {
        TransferTreasury::handle(ctx, amount)
    }

    /// Closes a ratified epoch after its claim window and frees what nobody claimed. Anyone.
    pub fn close_epoch(ctx: Context<CloseEpoch>) -> Result<()> {
        CloseEpoch::handle(ctx)
    }

    /// Returns the rent of a candidate of a closed epoch. Anyone.
    pub fn close_candidate(ctx: Context<CloseCandidate>) -> Result<()> {
        CloseCandidate::handle(ctx)
    }

    /// Returns the rent of a chunk of claim bits of a closed epoch. Anyone.
    pub fn close_claim_chunk(ctx: Context<CloseClaimChunk>) -> Result<()> {
        CloseClaimChunk::handle(ctx)
    }

    /// Returns the rent of a dispute of a closed epoch. Anyone.
    pub fn close_dispute(ctx: Context<CloseDispute>) -> Result<()> {
        CloseDispute::handle(ctx)
    }

    // Disputes and fraud proofs.

    /// Disputes the root in force within its challenge window, with a bond. Anyone, once an attempt.
    pub fn open_dispute(ctx: Context<OpenDispute>, args: OpenDisputeArgs) -> Result<()> {
        OpenDispute::handle(ctx, args)
    }

    /// Upholds or rejects the dispute of an epoch's attempt. Signed by authority or arbiter.
    pub fn resolve_dispute(ctx: Context<ResolveDispute>, number: u64, attempt: u32, upheld: bool) -> Result<()> {
        ResolveDispute::handle(ctx, number, attempt, upheld)
    }

    /// Ends a dispute that was not resolved in time; the epoch is contested. Anyone.
    pub fn lapse_dispute(ctx: Context<LapseDispute>) -> Result<()> {
        LapseDispute::handle(ctx)
    }

    /// Moves the bond of a dispute that has ended, or whose root has left the chain. Anyone.
    pub fn release_bond(ctx: Context<ReleaseBond>) -> Result<()> {
        ReleaseBond::handle(ctx)
    }

    /// Records a leaf of the root in force as evidence. Anyone.
    pub fn prove_leaf(ctx: Context<ProveLeaf>, share: Share, siblings: Vec<ProofNode>) -> Result<()> {
        ProveLeaf::handle(ctx, share, siblings)
    }

    /// Revokes and bans a root that has two leaves for one DID. Anyone.
    pub fn prove_duplicate_share(ctx: Context<ProveDuplicateShare>) -> Result<()> {
        ProveDuplicateShare::handle(ctx)
    }

    /// Closes a record of a leaf. Signed by its recorder, who gets the rent.
    pub fn close_share_record(ctx: Context<CloseShareRecord>) -> Result<()> {
        CloseShareRecord::handle(ctx)
    }

    /// Stops an SFU at a number under which it signed two batches. Anyone.
    pub fn prove_equivocation(ctx: Context<ProveEquivocation>) -> Result<()> {
        ProveEquivocation::handle(ctx)
    }
}
