//! Mandates, ratification, claims, transfers from the treasury, closing.

use radio_payouts::state::{CHUNK_INDICES, Candidate, ClaimChunk, Dispute, MandateTerms, Share};
use radio_payouts::{ShareClaim, accounts, instruction};
use radio_payouts_protocol::tree::Node;
use solana_program::instruction::{AccountMeta, Instruction};
use solana_program::pubkey::Pubkey;
use solana_sdk_ids::system_program;

use super::{build, proof};
use crate::address::{
    ASSOCIATED_TOKEN_PROGRAM_ID, associated_token_address, binding_address, candidate_address, claims_address,
    config_address, dispute_address, epoch_address, mandate_address, treasury_address, vault_address,
};

/// Makes mandate `number`, which is `Config.next_mandate`. Signed by payer and authority.
#[must_use]
pub fn make_mandate(payer: Pubkey, authority: Pubkey, number: u64, terms: MandateTerms) -> Instruction {
    let accounts = accounts::MakeMandate {
        payer,
        authority,
        config: config_address(),
        mandate: mandate_address(number),
        system_program: system_program::ID,
    };
    build(&accounts, &instruction::MakeMandate { terms })
}

/// Cancels a mandate. Signed by the authority.
#[must_use]
pub fn cancel_mandate(authority: Pubkey, number: u64) -> Instruction {
    let accounts = accounts::CancelMandate { authority, config: config_address(), mandate: mandate_address(number) };
    build(&accounts, &instruction::CancelMandate { number })
}

/// Ratifies an epoch under a mandate. Anyone.
#[must_use]
pub fn ratify_epoch(epoch: u64, mandate: u64) -> Instruction {
    let accounts = accounts::RatifyEpoch {
        config: config_address(),
        epoch: epoch_address(epoch),
        mandate: mandate_address(mandate),
        vault: vault_address(),
    };
    build(&accounts, &instruction::RatifyEpoch {})
}

/// Ratifies the epoch with this commitment. Signed by the authority.
#[must_use]
pub fn ratify_epoch_by_authority(authority: Pubkey, epoch: u64, commitment: [u8; 32]) -> Instruction {
    let accounts = accounts::RatifyEpochByAuthority {
        authority,
        config: config_address(),
        epoch: epoch_address(epoch),
        vault: vault_address(),
    };
    build(&accounts, &instruction::RatifyEpochByAuthority { commitment })
}

/// The chunk of claim bits that a share belongs to.
#[must_use]
pub fn claim_chunk(index: u32) -> u32 {
    ClaimChunk::number_of(index)
}

/// How many chunks of claim bits `shares` shares have.
#[must_use]
pub fn claim_chunks(shares: u64) -> u64 {
    shares.div_ceil(CHUNK_INDICES.into())
}

/// Pays a share into the associated token account of `payee`. Signed by the payer; anyone.
///
/// `payee` is the share's own, or, if it has none, that of the DID's binding in force.
#[must_use]
pub fn claim_share(
    payer: Pubkey,
    share: &Share,
    payee: &Pubkey,
    mint: Pubkey,
    token_program: Pubkey,
    siblings: &[Node],
) -> Instruction {
    let bound = share.payee == Pubkey::default();
    let accounts = accounts::ClaimShare {
        payer,
        config: config_address(),
        epoch: epoch_address(share.epoch),
        chunk: claims_address(share.epoch, claim_chunk(share.index)),
        binding: bound.then(|| binding_address(&share.did_hash)),
        mint,
        vault: vault_address(),
        payee_account: associated_token_address(payee, &mint, &token_program),
        token_program,
        system_program: system_program::ID,
    };
    let did_hash = (!bound).then_some(share.did_hash);
    let claim = ShareClaim { index: share.index, amount: share.amount, did_hash };
    build(&accounts, &instruction::ClaimShare { claim, siblings: proof(siblings) })
}

/// Creates the associated token account of `owner`, if it is not there. Signed by the payer; anyone.
#[must_use]
pub fn create_token_account(payer: Pubkey, owner: &Pubkey, mint: Pubkey, token_program: Pubkey) -> Instruction {
    let accounts = vec![
        AccountMeta::new(payer, true),
        AccountMeta::new(associated_token_address(owner, &mint, &token_program), false),
        AccountMeta::new_readonly(*owner, false),
        AccountMeta::new_readonly(mint, false),
        AccountMeta::new_readonly(system_program::ID, false),
        AccountMeta::new_readonly(token_program, false),
    ];
    // `CreateIdempotent` of the associated token account program.
    Instruction { program_id: ASSOCIATED_TOKEN_PROGRAM_ID, accounts, data: vec![1] }
}

/// Pays from the treasury, then from what the vault holds beyond the reserved. Signed by the authority.
#[must_use]
pub fn transfer_treasury(
    authority: Pubkey,
    to: Pubkey,
    mint: Pubkey,
    token_program: Pubkey,
    amount: u64,
) -> Instruction {
    let accounts = accounts::TransferTreasury {
        authority,
        config: config_address(),
        mint,
        vault: vault_address(),
        treasury: treasury_address(),
        to,
        token_program,
    };
    build(&accounts, &instruction::TransferTreasury { amount })
}

/// Closes a ratified epoch after its claim window. Anyone.
#[must_use]
pub fn close_epoch(epoch: u64) -> Instruction {
    let accounts = accounts::CloseEpoch { config: config_address(), epoch: epoch_address(epoch) };
    build(&accounts, &instruction::CloseEpoch {})
}

/// Returns the rent of a candidate of a closed epoch. Anyone.
#[must_use]
pub fn close_candidate(candidate: &Candidate) -> Instruction {
    let accounts = accounts::CloseCandidate {
        epoch: epoch_address(candidate.epoch),
        candidate: candidate_address(candidate.epoch, &candidate.commitment),
        rent_payer: candidate.rent_payer,
    };
    build(&accounts, &instruction::CloseCandidate {})
}

/// Returns the rent of a chunk of claim bits of a closed epoch. Anyone.
#[must_use]
pub fn close_claim_chunk(chunk: &ClaimChunk) -> Instruction {
    let accounts = accounts::CloseClaimChunk {
        epoch: epoch_address(chunk.epoch),
        chunk: claims_address(chunk.epoch, chunk.chunk),
        rent_payer: chunk.rent_payer,
    };
    build(&accounts, &instruction::CloseClaimChunk {})
}

/// Returns the rent of a resolved dispute of a closed epoch. Anyone.
#[must_use]
pub fn close_dispute(dispute: &Dispute) -> Instruction {
    let accounts = accounts::CloseDispute {
        epoch: epoch_address(dispute.epoch),
        dispute: dispute_address(dispute.epoch, dispute.attempt),
        rent_payer: dispute.rent_payer,
    };
    build(&accounts, &instruction::CloseDispute {})
}
