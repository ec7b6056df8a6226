//! Holders of BLOOM, their stakes, and what they decide.

use anchor_lang::prelude::Pubkey;
use radio_payouts::CreateProposalArgs;
use radio_payouts::error::PayoutsError;
use radio_payouts::state::{Action, ParamsChange, ParamsDelta, Proposal, ProposalStatus, VoteChoice, VoterStake};
use radio_payouts_client::event::Event;
use radio_payouts_client::{address, instruction};
use solana_account::Account;
use solana_clock::Clock;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

use super::world::{TOKEN_PROGRAM, World, key, mint_data};

/// Base units that exist.
pub const SUPPLY: u64 = 1_000_000;
/// The stake of each of the first two voters: 4 % of the supply.
pub const FOUR_PERCENT: u64 = 40_000;

/// Voters one to nine; they hold nothing at first.
pub fn voter(number: u8) -> Keypair {
    key(30 + number)
}

/// An SPL token account.
pub fn token_data(mint: Pubkey, owner: Pubkey, amount: u64) -> Vec<u8> {
    let mut data = vec![0; 165];
    data[..32].copy_from_slice(mint.as_ref());
    data[32..64].copy_from_slice(owner.as_ref());
    data[64..72].copy_from_slice(&amount.to_le_bytes());
    data[108] = 1;
    data
}

/// A change of the rate.
pub fn rate(rate: u64) -> Action {
    let delta = ParamsDelta { rate: Some(rate), ..Default::default() };
    Action::SetParams(ParamsChange { delta, ..Default::default() })
}

impl World {
    /// A running deployment with one SFU and two settlers whose authority is the governance PDA.
    pub fn governed() -> Self {
        let mut world = Self::running(2, 1);
        world.govern();
        world
    }

    /// Gives the mint its supply, and the governance PDA the role of authority.
    pub fn govern(&mut self) {
        let mut mint = mint_data(9, &[]);
        mint[36..44].copy_from_slice(&SUPPLY.to_le_bytes());
        self.set_mint(TOKEN_PROGRAM, &mint);
        self.hand_over();
    }

    /// Gives the governance PDA the role of authority; the next slot begins.
    pub fn hand_over(&mut self) {
        let authority = self.authority.insecure_clone();
        let offer = instruction::offer_authority(authority.pubkey(), Some(address::governance_address()));
        self.accept(offer, &[&authority]);
        self.accept(instruction::accept_authority_for_governance(), &[]);
        self.next_slot();
    }

    pub fn next_slot(&mut self) {
        let mut clock = self.svm.get_sysvar::<Clock>();
        clock.slot += 1;
        self.svm.set_sysvar(&clock);
    }

    /// A token account of `owner` at an address that follows from it, with so much in it.
    pub fn give(&mut self, owner: Pubkey, amount: u64) -> Pubkey {
        let address = Pubkey::find_program_address(&[b"wallet", owner.as_ref()], &TOKEN_PROGRAM).0;
        let data = token_data(self.mint, owner, amount);
        let lamports = self.svm.minimum_balance_for_rent_exemption(data.len());
        let account = Account { lamports, data, owner: TOKEN_PROGRAM, executable: false, rent_epoch: u64::MAX };
        self.svm.set_account(address, account).unwrap();
        address
    }

    /// Base units in a token account.
    pub fn tokens_in(&self, address: Pubkey) -> u64 {
        let Some(account) = self.svm.get_account(&address) else { return 0 };
        account.data.get(64..72).map_or(0, |bytes| u64::from_le_bytes(bytes.try_into().unwrap()))
    }

    pub fn set_tokens(&mut self, address: Pubkey, amount: u64) {
        let mut account = self.svm.get_account(&address).unwrap();
        account.data[64..72].copy_from_slice(&amount.to_le_bytes());
        self.svm.set_account(address, account).unwrap();
    }

    pub fn deposit(&self, voter: &Keypair, source: Pubkey, amount: u64) -> Instruction {
        instruction::deposit_stake(self.payer.pubkey(), voter.pubkey(), &self.config(), source, amount)
    }

    pub fn withdraw(&self, voter: &Keypair, destination: Pubkey, amount: u64) -> Instruction {
        instruction::withdraw_stake(voter.pubkey(), self.payer.pubkey(), &self.config(), destination, amount)
    }

    /// Gives a voter tokens and stakes them; the next slot begins.
    #[track_caller]
    pub fn stake(&mut self, voter: &Keypair, amount: u64) -> Pubkey {
        let wallet = self.give(voter.pubkey(), amount);
        self.accept(self.deposit(voter, wallet, amount), &[voter]);
        self.next_slot();
        wallet
    }

    pub fn stake_of(&self, voter: &Keypair) -> VoterStake {
        self.read(address::stake_address(&voter.pubkey()))
    }

    pub fn create(&self, voter: &Keypair, action: Action) -> Instruction {
        let args = CreateProposalArgs { action, document_hash: None };
        instruction::create_proposal(self.payer.pubkey(), voter.pubkey(), &self.config(), args)
    }

    #[track_caller]
    pub fn refuse_proposal(&mut self, voter: &Keypair, action: Action, error: PayoutsError) {
        self.refuse(self.create(voter, action), &[voter], error);
    }

    /// Makes a proposal; returns its number.
    #[track_caller]
    pub fn propose(&mut self, voter: &Keypair, action: Action) -> u64 {
        let number = self.config().next_proposal;
        self.accept(self.create(voter, action), &[voter]);
        number
    }

    pub fn proposal(&self, number: u64) -> Proposal {
        self.read(address::proposal_address(number))
    }

    pub fn vote(&self, voter: &Keypair, proposal: u64, choice: VoteChoice) -> Instruction {
        instruction::cast_vote(self.payer.pubkey(), voter.pubkey(), proposal, choice)
    }

    pub fn conclude(&self, proposal: u64) -> Instruction {
        instruction::conclude_proposal(proposal, &self.proposal(proposal).proposer)
    }

    /// Waits for the end of a vote and concludes it.
    #[track_caller]
    pub fn end_vote(&mut self, proposal: u64) -> ProposalStatus {
        self.wait(i64::from(self.proposal(proposal).voting_seconds));
        self.accept(self.conclude(proposal), &[]);
        self.proposal(proposal).status
    }

    /// Makes a proposal, has `voter` vote for it, and waits until it can be executed.
    #[track_caller]
    pub fn decide(&mut self, voter: &Keypair, action: Action) -> u64 {
        let number = self.propose(voter, action);
        self.accept(self.vote(voter, number, VoteChoice::Yes), &[voter]);
        assert_eq!(self.end_vote(number), ProposalStatus::Accepted);
        self.wait(i64::from(self.proposal(number).timelock_seconds));
        number
    }

    pub fn execute(&self, number: u64) -> Instruction {
        instruction::execute_proposal(self.payer.pubkey(), &self.proposal(number), &self.config())
    }

    /// Decides and executes; returns the events of the action.
    #[track_caller]
    pub fn carry_out(&mut self, voter: &Keypair, action: Action) -> Vec<Event> {
        let number = self.decide(voter, action);
        let mut events = self.accept(self.execute(number), &[]);
        let Event::ProposalStatusChanged(status) = events.remove(0) else { panic!("{events:?}") };
        assert_eq!((status.number, status.new), (number, ProposalStatus::Executed));
        events
    }
}
