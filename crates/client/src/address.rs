//! Addresses of the program's accounts.
//!
//! `find_*_address` returns address and bump; `*_address` the address alone. All take what the seeds of section 10 name.

use anchor_spl::associated_token::get_associated_token_address_with_program_id;
use radio_payouts::seeds;
use solana_program::pubkey::Pubkey;

use crate::PROGRAM_ID;

macro_rules! addresses {
    ($($(#[$doc:meta])* $find:ident, $short:ident($($argument:ident: $kind:ty),*) = [$($seed:expr),+];)*) => {
        $(
            $(#[$doc])*
            ///
            /// Returns the address and its bump.
            #[must_use]
            pub fn $find($($argument: $kind),*) -> (Pubkey, u8) {
                Pubkey::find_program_address(&[$($seed),+], &PROGRAM_ID)
            }

            $(#[$doc])*
            #[must_use]
            pub fn $short($($argument: $kind),*) -> Pubkey {
                $find($($argument),*).0
            }
        )*
    };
}

addresses! {
    /// The deployment's `Config`.
    find_config_address, config_address() = [seeds::CONFIG];
    /// A version of the parameters, from 1.
    find_params_address, params_address(number: u32) = [seeds::PARAMS, &number.to_le_bytes()];
    /// An SFU, by its Ed25519 key.
    find_sfu_address, sfu_address(key: &[u8; 32]) = [seeds::SFU, key];
    /// A settler, by the address that signs its posts.
    find_settler_address, settler_address(key: &Pubkey) = [seeds::SETTLER, key.as_ref()];
    /// The payee binding of a DID, by the DID's SHA-256.
    find_binding_address, binding_address(did_hash: &[u8; 32]) = [seeds::PAYEE, did_hash];
    /// An epoch.
    find_epoch_address, epoch_address(epoch: u64) = [seeds::EPOCH, &epoch.to_le_bytes()];
    /// A candidate for an epoch's root.
    find_candidate_address, candidate_address(epoch: u64, commitment: &[u8; 32]) =
        [seeds::CANDIDATE, &epoch.to_le_bytes(), commitment];
    /// A chunk of claim bits: number `index / 8192`.
    find_claims_address, claims_address(epoch: u64, chunk: u32) =
        [seeds::CLAIMS, &epoch.to_le_bytes(), &chunk.to_le_bytes()];
    /// The dispute of an epoch's attempt.
    find_dispute_address, dispute_address(epoch: u64, attempt: u32) =
        [seeds::DISPUTE, &epoch.to_le_bytes(), &attempt.to_le_bytes()];
    /// A mandate, from 0.
    find_mandate_address, mandate_address(number: u64) = [seeds::MANDATE, &number.to_le_bytes()];
    /// The token account in which the bond of a dispute lies.
    find_bond_address, bond_address(epoch: u64, attempt: u32) =
        [seeds::BOND, &epoch.to_le_bytes(), &attempt.to_le_bytes()];
    /// The record of a leaf that `recorder` made.
    find_share_record_address, share_record_address(epoch: u64, commitment: &[u8; 32], index: u32, recorder: &Pubkey) =
        [seeds::SHARE_RECORD, &epoch.to_le_bytes(), commitment, &index.to_le_bytes(), recorder.as_ref()];
    /// The PDA that can hold the role of authority.
    find_governance_address, governance_address() = [seeds::GOVERNANCE];
    /// A proposal.
    find_proposal_address, proposal_address(number: u64) = [seeds::PROPOSAL, &number.to_le_bytes()];
    /// A voter's stake, by its owner.
    find_stake_address, stake_address(owner: &Pubkey) = [seeds::VOTER, owner.as_ref()];
    /// The token account in which a voter's stake lies.
    find_stake_tokens_address, stake_tokens_address(owner: &Pubkey) = [seeds::STAKE, owner.as_ref()];
    /// The record of a vote.
    find_vote_address, vote_address(proposal: u64, owner: &Pubkey) =
        [seeds::VOTE, &proposal.to_le_bytes(), owner.as_ref()];
    /// The token account from which shares are paid.
    find_vault_address, vault_address() = [seeds::VAULT];
    /// The token account that takes forfeited bonds.
    find_treasury_address, treasury_address() = [seeds::TREASURY];
}

/// The associated token account program.
pub const ASSOCIATED_TOKEN_PROGRAM_ID: Pubkey = anchor_spl::associated_token::ID;

/// The associated token account of an owner: where its shares are paid.
#[must_use]
pub fn associated_token_address(owner: &Pubkey, mint: &Pubkey, token_program: &Pubkey) -> Pubkey {
    get_associated_token_address_with_program_id(owner, mint, token_program)
}

/// The program's ProgramData account, which names its upgrade authority.
#[must_use]
pub fn program_data_address() -> Pubkey {
    Pubkey::find_program_address(&[PROGRAM_ID.as_ref()], &solana_sdk_ids::bpf_loader_upgradeable::ID).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_differ_by_every_seed() {
        let addresses = [
            config_address(),
            params_address(1),
            params_address(2),
            epoch_address(1),
            epoch_address(2),
            candidate_address(1, &[1; 32]),
            candidate_address(2, &[1; 32]),
            candidate_address(1, &[2; 32]),
            sfu_address(&[1; 32]),
            binding_address(&[1; 32]),
            settler_address(&Pubkey::new_from_array([1; 32])),
            vault_address(),
            treasury_address(),
            governance_address(),
            claims_address(1, 0),
            dispute_address(1, 0),
            proposal_address(1),
            stake_address(&Pubkey::new_from_array([1; 32])),
            stake_tokens_address(&Pubkey::new_from_array([1; 32])),
            vote_address(1, &Pubkey::new_from_array([1; 32])),
            vote_address(2, &Pubkey::new_from_array([1; 32])),
            mandate_address(0),
            mandate_address(1),
            bond_address(1, 0),
            share_record_address(1, &[1; 32], 0, &config_address()),
            share_record_address(1, &[1; 32], 1, &config_address()),
        ];
        let distinct: std::collections::BTreeSet<_> = addresses.iter().collect();
        assert_eq!(distinct.len(), addresses.len());
    }

    #[test]
    fn the_bump_leads_to_the_same_address() {
        let (address, bump) = find_epoch_address(7);
        let seeds: [&[u8]; 3] = [seeds::EPOCH, &7u64.to_le_bytes(), &[bump]];
        assert_eq!(Pubkey::create_program_address(&seeds, &PROGRAM_ID), Ok(address));
    }
}
