//! Disputes and fraud proofs.

use radio_payouts::evidence::{self, SignedMessage};
use radio_payouts::state::{Config, Dispute, DisputeOutcome, Share};
use radio_payouts::{OpenDisputeArgs, accounts, instruction};
use radio_payouts_protocol::tree::Node;
use solana_program::instruction::Instruction;
use solana_program::pubkey::Pubkey;
use solana_sdk_ids::{ed25519_program, system_program, sysvar};

use super::{build, proof};
use crate::address::{
    associated_token_address, bond_address, candidate_address, config_address, dispute_address, epoch_address,
    sfu_address, share_record_address,
};

/// Disputes a posted root. Signed by payer and disputer; the bond comes from `source`, a token account of the disputer's.
#[must_use]
pub fn open_dispute(
    payer: Pubkey,
    disputer: Pubkey,
    config: &Config,
    source: Pubkey,
    args: OpenDisputeArgs,
) -> Instruction {
    let accounts = accounts::OpenDispute {
        payer,
        disputer,
        config: config_address(),
        epoch: epoch_address(args.epoch),
        dispute: dispute_address(args.epoch, args.attempt),
        bond: bond_address(args.epoch, args.attempt),
        source,
        mint: config.mint,
        token_program: config.token_program,
        system_program: system_program::ID,
    };
    build(&accounts, &instruction::OpenDispute { args })
}

/// Upholds or rejects a dispute. Signed by authority or arbiter.
#[must_use]
pub fn resolve_dispute(signer: Pubkey, epoch: u64, attempt: u32, upheld: bool) -> Instruction {
    let accounts = accounts::ResolveDispute {
        signer,
        config: config_address(),
        epoch: epoch_address(epoch),
        dispute: dispute_address(epoch, attempt),
    };
    build(&accounts, &instruction::ResolveDispute { number: epoch, attempt, upheld })
}

/// Ends a dispute that was not resolved in time. Anyone.
#[must_use]
pub fn lapse_dispute(epoch: u64, attempt: u32) -> Instruction {
    let accounts = accounts::LapseDispute {
        config: config_address(),
        epoch: epoch_address(epoch),
        dispute: dispute_address(epoch, attempt),
    };
    build(&accounts, &instruction::LapseDispute {})
}

/// Where the bond of a dispute goes by its outcome: the treasury, or the disputer's associated token account.
#[must_use]
pub fn bond_destination(config: &Config, dispute: &Dispute) -> Pubkey {
    match dispute.outcome {
        DisputeOutcome::Rejected => config.treasury,
        DisputeOutcome::Open | DisputeOutcome::Upheld | DisputeOutcome::Lapsed | DisputeOutcome::Moot => {
            associated_token_address(&dispute.disputer, &config.mint, &config.token_program)
        }
    }
}

/// Moves the bond of a dispute that has ended, or is moot, to `to`: [`bond_destination`], or another token account of the
/// disputer's. Anyone.
#[must_use]
pub fn release_bond(config: &Config, dispute: &Dispute, to: Pubkey) -> Instruction {
    let accounts = accounts::ReleaseBond {
        config: config_address(),
        epoch: epoch_address(dispute.epoch),
        dispute: dispute_address(dispute.epoch, dispute.attempt),
        bond: bond_address(dispute.epoch, dispute.attempt),
        to,
        rent_payer: dispute.rent_payer,
        mint: config.mint,
        token_program: config.token_program,
    };
    build(&accounts, &instruction::ReleaseBond {})
}

/// Records a leaf of the root in force, `commitment`. Signed and paid for by the recorder.
#[must_use]
pub fn prove_leaf(recorder: Pubkey, commitment: &[u8; 32], share: Share, siblings: &[Node]) -> Instruction {
    let accounts = accounts::ProveLeaf {
        recorder,
        epoch: epoch_address(share.epoch),
        record: share_record_address(share.epoch, commitment, share.index, &recorder),
        system_program: system_program::ID,
    };
    build(&accounts, &instruction::ProveLeaf { share, siblings: proof(siblings) })
}

/// Closes a record of a leaf. Signed by its recorder.
#[must_use]
pub fn close_share_record(recorder: Pubkey, epoch: u64, commitment: &[u8; 32], index: u32) -> Instruction {
    let record = share_record_address(epoch, commitment, index, &recorder);
    build(&accounts::CloseShareRecord { recorder, record }, &instruction::CloseShareRecord {})
}

/// Revokes and bans the root `commitment` by the records that `recorder` made of two leaves. Anyone.
#[must_use]
pub fn prove_duplicate_share(epoch: u64, commitment: &[u8; 32], recorder: &Pubkey, indices: [u32; 2]) -> Instruction {
    let [first, second] = indices.map(|index| share_record_address(epoch, commitment, index, recorder));
    let accounts = accounts::ProveDuplicateShare {
        config: config_address(),
        epoch: epoch_address(epoch),
        candidate: candidate_address(epoch, commitment),
        first,
        second,
    };
    build(&accounts, &instruction::ProveDuplicateShare {})
}

/// Has the Ed25519 program check two signatures by one key, in the one layout that [`prove_equivocation`] accepts. It must
/// stand just before that one.
#[must_use]
pub fn check_signatures(key: &[u8; 32], signed: &[SignedMessage; 2]) -> Instruction {
    Instruction { program_id: ed25519_program::ID, accounts: Vec::new(), data: evidence::encode(key, signed) }
}

/// Stops an SFU by the signatures that the instruction just before has checked. Anyone.
#[must_use]
pub fn prove_equivocation(key: &[u8; 32]) -> Instruction {
    let accounts = accounts::ProveEquivocation {
        config: config_address(),
        sfu: sfu_address(key),
        instructions: sysvar::instructions::ID,
    };
    build(&accounts, &instruction::ProveEquivocation {})
}
