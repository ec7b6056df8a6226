//! Posting, proving, finalising, revoking.

use radio_payouts::state::{Batch, Config, EpochStatement, Settler, Share, Support};
use radio_payouts::{PostRootArgs, accounts, instruction};
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::statement::Statement;
use radio_payouts_protocol::tree::Node;
use solana_program::instruction::Instruction;
use solana_program::pubkey::Pubkey;
use solana_sdk_ids::system_program;

use super::{build, proof};
use crate::address::{candidate_address, config_address, epoch_address, params_address, settler_address};

/// The arguments of `post_root` for a statement: its fields and its commitment in `domain`.
#[must_use]
pub fn post_root_args(statement: &Statement, domain: &Domain) -> PostRootArgs {
    PostRootArgs {
        epoch: statement.epoch,
        commitment: statement.commitment(domain),
        statement: EpochStatement::from(statement),
    }
}

/// The candidate that a settler must pass along when it posts `(epoch, commitment)`: the other one that it supports.
#[must_use]
pub fn previous_support(config: &Config, settler: &Settler, epoch: u64, commitment: &[u8; 32]) -> Option<Support> {
    let standing = settler.standing_support(&config.chain);
    standing.filter(|support| (support.epoch, &support.commitment) != (epoch, commitment))
}

/// Posts a statement or attests to it. Signed and paid for by the settler.
///
/// `last_params` is `Config.params_version`: the successor of the statement's version is passed along unless it is that.
/// `previous` comes from [`previous_support`].
#[must_use]
pub fn post_root(settler_key: Pubkey, args: PostRootArgs, last_params: u32, previous: Option<Support>) -> Instruction {
    let version = args.statement.params_version;
    let successor = (version < last_params).then(|| params_address(version.saturating_add(1)));
    let accounts = accounts::PostRoot {
        settler_key,
        config: config_address(),
        settler: settler_address(&settler_key),
        params: params_address(version),
        params_successor: successor,
        epoch: epoch_address(args.epoch),
        candidate: candidate_address(args.epoch, &args.commitment),
        previous_candidate: previous.map(|support| candidate_address(support.epoch, &support.commitment)),
        system_program: system_program::ID,
    };
    build(&accounts, &instruction::PostRoot { args })
}

/// Checks a share against its epoch's root. Anyone; moves nothing.
#[must_use]
pub fn verify_share(share: Share, siblings: &[Node]) -> Instruction {
    let accounts = accounts::VerifyShare { epoch: epoch_address(share.epoch) };
    build(&accounts, &instruction::VerifyShare { share, siblings: proof(siblings) })
}

/// Checks a batch against its epoch's root. Anyone; moves nothing.
#[must_use]
pub fn verify_batch(batch: Batch, siblings: &[Node]) -> Instruction {
    let accounts = accounts::VerifyBatch { epoch: epoch_address(batch.epoch) };
    build(&accounts, &instruction::VerifyBatch { batch, siblings: proof(siblings) })
}

/// Makes an epoch final after its challenge window. Anyone. `parent` is the epoch's `parent_epoch`.
#[must_use]
pub fn finalize_epoch(epoch: u64, parent: Option<u64>) -> Instruction {
    let accounts = accounts::FinalizeEpoch {
        config: config_address(),
        epoch: epoch_address(epoch),
        parent: parent.map(epoch_address),
    };
    build(&accounts, &instruction::FinalizeEpoch {})
}

/// Withdraws a final root, if its commitment is this one. Signed by the authority.
#[must_use]
pub fn reject_epoch(authority: Pubkey, epoch: u64, commitment: [u8; 32]) -> Instruction {
    let accounts = accounts::RejectEpoch { authority, config: config_address(), epoch: epoch_address(epoch) };
    build(&accounts, &instruction::RejectEpoch { commitment })
}

/// Reopens the head while it stands on a revoked epoch, or is that epoch. Anyone. `head` is `Config.chain.head`.
#[must_use]
pub fn revoke_orphan(head: u64) -> Instruction {
    let accounts = accounts::RevokeOrphan { config: config_address(), epoch: epoch_address(head) };
    build(&accounts, &instruction::RevokeOrphan {})
}
