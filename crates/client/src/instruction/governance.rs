//! Votes of locked stake, and what they decide.

use radio_payouts::state::{Action, Config, Proposal, VoteChoice};
use radio_payouts::{CreateProposalArgs, Executing, accounts, action_instruction, instruction};
use solana_program::instruction::Instruction;
use solana_program::pubkey::Pubkey;
use solana_sdk_ids::system_program;

use super::build;
use crate::PROGRAM_ID;
use crate::address::{
    config_address, governance_address, params_address, proposal_address, stake_address, stake_tokens_address,
    vote_address,
};

/// Gives the governance PDA the role of authority that was offered to it. Anyone.
#[must_use]
pub fn accept_authority_for_governance() -> Instruction {
    let accounts =
        accounts::AcceptAuthorityForGovernance { config: config_address(), governance: governance_address() };
    build(&accounts, &instruction::AcceptAuthorityForGovernance {})
}

/// Locks `amount` base units of `source` as stake of `owner`. Signed by payer and owner.
#[must_use]
pub fn deposit_stake(payer: Pubkey, owner: Pubkey, config: &Config, source: Pubkey, amount: u64) -> Instruction {
    let accounts = accounts::DepositStake {
        payer,
        owner,
        config: config_address(),
        stake: stake_address(&owner),
        stake_tokens: stake_tokens_address(&owner),
        source,
        mint: config.mint,
        token_program: config.token_program,
        system_program: system_program::ID,
    };
    build(&accounts, &instruction::DepositStake { amount })
}

/// Gives `amount` base units of stake back to `destination`; `rent_payer` is the stake's. Signed by the owner.
#[must_use]
pub fn withdraw_stake(
    owner: Pubkey,
    rent_payer: Pubkey,
    config: &Config,
    destination: Pubkey,
    amount: u64,
) -> Instruction {
    let accounts = accounts::WithdrawStake {
        owner,
        rent_payer,
        config: config_address(),
        stake: stake_address(&owner),
        stake_tokens: stake_tokens_address(&owner),
        destination,
        mint: config.mint,
        token_program: config.token_program,
    };
    build(&accounts, &instruction::WithdrawStake { amount })
}

/// Makes the proposal with number `config.next_proposal`. Signed by payer and proposer.
#[must_use]
pub fn create_proposal(payer: Pubkey, proposer: Pubkey, config: &Config, args: CreateProposalArgs) -> Instruction {
    let accounts = accounts::CreateProposal {
        payer,
        proposer,
        config: config_address(),
        governance: governance_address(),
        stake: stake_address(&proposer),
        last_params: params_address(config.params_version),
        mint: config.mint,
        vault: config.vault,
        treasury: config.treasury,
        proposal: proposal_address(config.next_proposal),
        system_program: system_program::ID,
    };
    build(&accounts, &instruction::CreateProposal { args })
}

/// Votes with the stake of `owner`. Signed by payer and owner.
#[must_use]
pub fn cast_vote(payer: Pubkey, owner: Pubkey, proposal: u64, choice: VoteChoice) -> Instruction {
    let accounts = accounts::CastVote {
        payer,
        owner,
        config: config_address(),
        stake: stake_address(&owner),
        proposal: proposal_address(proposal),
        vote: vote_address(proposal, &owner),
        system_program: system_program::ID,
    };
    build(&accounts, &instruction::CastVote { choice })
}

/// Takes a proposal back during its vote. Signed by who made it.
#[must_use]
pub fn cancel_proposal(proposer: Pubkey, proposal: u64) -> Instruction {
    let accounts = accounts::CancelProposal {
        proposer,
        config: config_address(),
        proposal: proposal_address(proposal),
        stake: stake_address(&proposer),
    };
    build(&accounts, &instruction::CancelProposal {})
}

/// Says after the end of the vote whether a proposal is accepted. Anyone. `proposer` is who made it.
#[must_use]
pub fn conclude_proposal(proposal: u64, proposer: &Pubkey) -> Instruction {
    let accounts = accounts::ConcludeProposal {
        config: config_address(),
        proposal: proposal_address(proposal),
        stake: stake_address(proposer),
    };
    build(&accounts, &instruction::ConcludeProposal {})
}

/// Carries out an accepted proposal. Signed by the executor, who pays for what it makes.
///
/// `config` is the deployment as it is now: the accounts of the action follow from it.
#[must_use]
pub fn execute_proposal(executor: Pubkey, proposal: &Proposal, config: &Config) -> Instruction {
    let accounts = accounts::ExecuteProposal {
        executor,
        config: config_address(),
        governance: governance_address(),
        proposal: proposal_address(proposal.number),
        program: PROGRAM_ID,
    };
    let mut instruction = build(&accounts, &instruction::ExecuteProposal {});
    instruction.accounts.extend(action_accounts(executor, &proposal.action, config));
    instruction
}

/// The accounts of an action, without the signature that only the program can give.
fn action_accounts(
    executor: Pubkey,
    action: &Action,
    config: &Config,
) -> impl Iterator<Item = solana_program::instruction::AccountMeta> {
    let governance = governance_address();
    let inner = action_instruction(action, Executing { executor, governance, config });
    inner.accounts.into_iter().map(move |mut account| {
        account.is_signer &= account.pubkey != governance;
        account
    })
}

/// Ends an accepted proposal that was not executed in time. Anyone.
#[must_use]
pub fn expire_proposal(proposal: u64) -> Instruction {
    let accounts = accounts::ExpireProposal { config: config_address(), proposal: proposal_address(proposal) };
    build(&accounts, &instruction::ExpireProposal {})
}

/// Closes the record of a vote that has ended. Signed by `rent_payer`, who paid its rent and gets it back.
#[must_use]
pub fn close_vote(rent_payer: Pubkey, proposal: u64, owner: &Pubkey) -> Instruction {
    let accounts =
        accounts::CloseVote { rent_payer, proposal: proposal_address(proposal), vote: vote_address(proposal, owner) };
    build(&accounts, &instruction::CloseVote {})
}

/// Closes a proposal that has ended. Signed by `rent_payer`, who paid its rent and gets it back.
#[must_use]
pub fn close_proposal(rent_payer: Pubkey, proposal: u64) -> Instruction {
    let accounts = accounts::CloseProposal { rent_payer, proposal: proposal_address(proposal) };
    build(&accounts, &instruction::CloseProposal {})
}
