//! SPL Governance 4.0.0 from outside: addresses, instructions, and the states of a proposal.
//!
//! Numbers of instructions, the order of their accounts and arguments, and error codes are those of the crate's
//! `instruction.rs` and `error.rs`. Arguments are in Borsh, behind the instruction's number as one byte.

use anchor_lang::AnchorSerialize;
use anchor_lang::prelude::Pubkey;
use anchor_lang::solana_program::system_program;
use anchor_spl::token;
use solana_instruction::{AccountMeta, Instruction};

/// The address of the instance that Realms uses.
pub const ID: Pubkey = Pubkey::from_str_const("GovER5Lthms3bLBqWub97yVrMmEogzX7xNjdXpPPCVZw");

/// The rent sysvar, which older instructions take as an account.
const RENT: Pubkey = Pubkey::from_str_const("SysvarRent111111111111111111111111111111111");

/// Refusals, by the names of `GovernanceError`.
pub mod refusal {
    pub const NOT_ENOUGH_TOKENS_TO_CREATE_PROPOSAL: u32 = 520;
    pub const INVALID_STATE_CANNOT_EXECUTE_TRANSACTION: u32 = 524;
    pub const CANNOT_EXECUTE_WITHIN_HOLD_UP_TIME: u32 = 525;
    pub const HOLD_UP_TIME_BELOW_REQUIRED_MIN: u32 = 528;
    pub const INVALID_STATE_CANNOT_CANCEL: u32 = 533;
    pub const CANNOT_FINALIZE_VOTING_IN_PROGRESS: u32 = 535;
}

/// States of a proposal that the story passes through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProposalState {
    Draft = 0,
    Voting = 2,
    Succeeded = 3,
    Completed = 5,
    Defeated = 7,
}

/// What a governance decides by; council and veto votes are disabled.
pub struct Rules {
    /// Yes votes needed, in percent of the mint's supply.
    pub yes_percent: u8,
    /// Deposit needed to propose.
    pub min_weight_to_propose: u64,
    /// Seconds between the end of a vote and its execution, at least.
    pub hold_up_seconds: u32,
    /// Seconds in which votes are taken.
    pub voting_seconds: u32,
}

fn address(seeds: &[&[u8]]) -> Pubkey {
    Pubkey::find_program_address(seeds, &ID).0
}

fn instruction(number: u8, arguments: &impl AnchorSerialize, accounts: Vec<AccountMeta>) -> Instruction {
    let mut data = vec![number];
    arguments.serialize(&mut data).unwrap();
    Instruction { program_id: ID, accounts, data }
}

fn read(address: Pubkey) -> AccountMeta {
    AccountMeta::new_readonly(address, false)
}

fn write(address: Pubkey) -> AccountMeta {
    AccountMeta::new(address, false)
}

fn sign(address: Pubkey) -> AccountMeta {
    AccountMeta::new_readonly(address, true)
}

fn pay(address: Pubkey) -> AccountMeta {
    AccountMeta::new(address, true)
}

/// A realm, whose community votes with one mint.
#[derive(Clone, Copy)]
pub struct Realm {
    pub address: Pubkey,
    pub mint: Pubkey,
}

impl Realm {
    /// The realm of that name.
    pub fn named(name: &str, mint: Pubkey) -> Self {
        Self { address: address(&[b"governance", name.as_bytes()]), mint }
    }

    /// The token account that holds what members deposit.
    pub fn holding(&self) -> Pubkey {
        address(&[b"governance", self.address.as_ref(), self.mint.as_ref()])
    }

    fn config(&self) -> Pubkey {
        address(&[b"realm-config", self.address.as_ref()])
    }

    /// A member's record: deposit, votes and proposals outstanding.
    pub fn member(&self, owner: Pubkey) -> Pubkey {
        address(&[b"governance", self.address.as_ref(), self.mint.as_ref(), owner.as_ref()])
    }

    /// Creates the realm. The community's token is liquid; there is no council.
    pub fn create(&self, name: &str, authority: Pubkey, payer: Pubkey, min_weight_to_govern: u64) -> Instruction {
        let use_council = false;
        // All of the supply counts: SupplyFraction(10^10).
        let max_weight = (0u8, 10_000_000_000u64);
        // No add-ins; Liquid, and Dormant for the council that there is not.
        let (community, council) = ((false, false, 0u8), (false, false, 2u8));
        let arguments = (name.to_owned(), use_council, min_weight_to_govern, max_weight, community, council);
        let accounts = vec![
            write(self.address),
            read(authority),
            read(self.mint),
            write(self.holding()),
            pay(payer),
            read(system_program::ID),
            read(token::ID),
            read(RENT),
            write(self.config()),
        ];
        instruction(0, &arguments, accounts)
    }

    /// Deposits tokens, which then vote.
    pub fn deposit(&self, owner: Pubkey, source: Pubkey, payer: Pubkey, amount: u64) -> Instruction {
        let accounts = vec![
            read(self.address),
            write(self.holding()),
            write(source),
            sign(owner),
            sign(owner),
            write(self.member(owner)),
            pay(payer),
            read(system_program::ID),
            read(token::ID),
            read(self.config()),
        ];
        instruction(1, &amount, accounts)
    }

    /// The governance of some account: the address that signs what was voted.
    pub fn governance(&self, governed: Pubkey) -> Governance {
        let address = address(&[b"account-governance", self.address.as_ref(), governed.as_ref()]);
        Governance { realm: *self, governed, address }
    }
}

/// A governance of a realm.
#[derive(Clone, Copy)]
pub struct Governance {
    pub realm: Realm,
    governed: Pubkey,
    pub address: Pubkey,
}

impl Governance {
    /// The wallet that belongs to it: it signs with the governance and, having no data, can pay.
    pub fn native_treasury(&self) -> Pubkey {
        address(&[b"native-treasury", self.address.as_ref()])
    }

    /// Creates the governance. Signed by a member with the deposit that the realm demands.
    pub fn create(&self, member: Pubkey, payer: Pubkey, rules: &Rules) -> Instruction {
        let threshold = (0u8, rules.yes_percent);
        let disabled = 2u8;
        // Strict: a vote ends early only if nothing can turn it any more.
        let tipping = 0u8;
        let community = (threshold, rules.min_weight_to_propose, rules.hold_up_seconds, rules.voting_seconds, tipping);
        let min_council_weight = u64::MAX;
        let council = (disabled, disabled, min_council_weight, tipping);
        let (community_veto, cool_off_seconds, proposals_without_deposit) = (disabled, 0u32, 10u8);
        let arguments = (community, council, community_veto, cool_off_seconds, proposals_without_deposit);
        let accounts = vec![
            read(self.realm.address),
            write(self.address),
            read(self.governed),
            read(self.realm.member(member)),
            pay(payer),
            read(system_program::ID),
            sign(member),
            read(self.realm.config()),
        ];
        instruction(4, &arguments, accounts)
    }

    /// Creates the wallet that belongs to it.
    pub fn create_native_treasury(&self, payer: Pubkey) -> Instruction {
        let accounts = vec![read(self.address), write(self.native_treasury()), pay(payer), read(system_program::ID)];
        instruction(25, &(), accounts)
    }

    /// The proposal of that seed.
    pub fn proposal(&self, owner: Pubkey, seed: Pubkey) -> Proposal {
        let mint = self.realm.mint;
        let address = address(&[b"governance", self.address.as_ref(), mint.as_ref(), seed.as_ref()]);
        Proposal { governance: *self, owner, seed, address }
    }
}

/// A proposal with the options yes and no.
#[derive(Clone, Copy)]
pub struct Proposal {
    pub governance: Governance,
    pub owner: Pubkey,
    seed: Pubkey,
    pub address: Pubkey,
}

impl Proposal {
    fn transaction(&self) -> Pubkey {
        let (option, index) = (0u8.to_le_bytes(), 0u16.to_le_bytes());
        address(&[b"governance", self.address.as_ref(), &option, &index])
    }

    fn owner_record(&self) -> Pubkey {
        self.governance.realm.member(self.owner)
    }

    /// Creates it as a draft. Signed by its owner.
    pub fn create(&self, name: &str, payer: Pubkey) -> Instruction {
        let description_link = String::new();
        let (single_choice, deny_option) = (0u8, true);
        let options = vec!["Approve".to_owned()];
        let arguments = (name.to_owned(), description_link, single_choice, options, deny_option, self.seed);
        let realm = &self.governance.realm;
        let accounts = vec![
            read(realm.address),
            write(self.address),
            write(self.governance.address),
            write(self.owner_record()),
            read(realm.mint),
            sign(self.owner),
            pay(payer),
            read(system_program::ID),
            read(realm.config()),
            write(address(&[b"proposal-deposit", self.address.as_ref(), payer.as_ref()])),
        ];
        instruction(6, &arguments, accounts)
    }

    /// Puts `governed`, the stored form of one instruction, into the draft.
    pub fn insert(&self, governed: &[u8], hold_up_seconds: u32, payer: Pubkey) -> Instruction {
        let (option, index, count) = (0u8, 0u16, 1u32);
        let accounts = vec![
            read(self.governance.address),
            write(self.address),
            read(self.owner_record()),
            sign(self.owner),
            write(self.transaction()),
            pay(payer),
            read(system_program::ID),
            read(RENT),
        ];
        let mut insert = instruction(9, &(option, index, hold_up_seconds, count), accounts);
        insert.data.extend_from_slice(governed);
        insert
    }

    /// Ends the draft: the vote begins.
    pub fn sign_off(&self) -> Instruction {
        let accounts = vec![
            read(self.governance.realm.address),
            read(self.governance.address),
            write(self.address),
            sign(self.owner),
            read(self.owner_record()),
        ];
        instruction(12, &(), accounts)
    }

    /// Votes yes or no with all that a member has deposited.
    pub fn vote(&self, voter: Pubkey, approve: bool, payer: Pubkey) -> Instruction {
        let realm = &self.governance.realm;
        let record = realm.member(voter);
        let accounts = vec![
            read(realm.address),
            write(self.governance.address),
            write(self.address),
            write(self.owner_record()),
            write(record),
            sign(voter),
            write(address(&[b"governance", self.address.as_ref(), record.as_ref()])),
            read(realm.mint),
            pay(payer),
            read(system_program::ID),
            read(realm.config()),
        ];
        // Approve(one choice: rank 0, 100 %), or Deny.
        let (rank, percent) = (0u8, 100u8);
        if approve { instruction(13, &(0u8, vec![(rank, percent)]), accounts) } else { instruction(13, &1u8, accounts) }
    }

    /// Counts the votes after the voting time. Anyone may call it.
    pub fn finalize(&self) -> Instruction {
        let realm = &self.governance.realm;
        let accounts = vec![
            read(realm.address),
            write(self.governance.address),
            write(self.address),
            write(self.owner_record()),
            read(realm.mint),
            read(realm.config()),
        ];
        instruction(14, &(), accounts)
    }

    /// Withdraws it. Signed by its owner.
    pub fn cancel(&self) -> Instruction {
        let accounts = vec![
            read(self.governance.realm.address),
            write(self.governance.address),
            write(self.address),
            write(self.owner_record()),
            sign(self.owner),
        ];
        instruction(11, &(), accounts)
    }

    /// Executes the instruction that was voted. Anyone may call it; whoever that instruction names as a signer besides the
    /// governance and its treasury has to sign here.
    pub fn execute(&self, governed: &Instruction) -> Instruction {
        let mut accounts = vec![
            read(self.governance.address),
            write(self.address),
            write(self.transaction()),
            read(governed.program_id),
        ];
        let by_program = [self.governance.address, self.governance.native_treasury()];
        accounts.extend(governed.accounts.iter().map(|account| AccountMeta {
            is_signer: account.is_signer && !by_program.contains(&account.pubkey),
            ..account.clone()
        }));
        instruction(16, &(), accounts)
    }

    /// Where the proposal's account says that it stands: behind its type, governance and mint.
    pub fn state(account: &[u8]) -> ProposalState {
        match account[1 + 32 + 32] {
            0 => ProposalState::Draft,
            2 => ProposalState::Voting,
            3 => ProposalState::Succeeded,
            5 => ProposalState::Completed,
            7 => ProposalState::Defeated,
            other => panic!("state {other}"),
        }
    }
}
