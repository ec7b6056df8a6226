//! The Realms story: a DAO under the real SPL Governance program holds the role of authority.
//!
//! Its community votes with the deployment's BLOOM. What it votes is executed by anyone; SPL Governance then signs with the
//! governance's address and, where named, with the native treasury's. Members, of a supply of 1,000 BLOOM: 500, 300, 50.

use std::path::PathBuf;

use anchor_lang::error::ErrorCode;
use anchor_lang::prelude::Pubkey;
use radio_payouts::error::PayoutsError;
use radio_payouts::state::{Mode, ParamsChange, ParamsDelta, ParamsVersion};
use radio_payouts_client::event::Event;
use radio_payouts_client::{address, instruction, realms};
use solana_account::Account;
use solana_instruction::Instruction;
use solana_instruction::error::InstructionError;
use solana_keypair::Keypair;
use solana_signer::Signer;
use solana_transaction::Transaction;
use solana_transaction_error::TransactionError;

use super::spl_governance::{self, Governance, Proposal, ProposalState, Realm, Rules, refusal};
use super::world::{DAY, EPOCH_SECONDS, GENESIS_UNIX, TOKEN_PROGRAM, World, key, mint_data};

const BLOOM: u64 = 1_000_000_000;
const SUPPLY: u64 = 1_000 * BLOOM;
const DEPOSITS: [u64; 3] = [500 * BLOOM, 300 * BLOOM, 50 * BLOOM];
const RULES: Rules =
    Rules { yes_percent: 60, min_weight_to_propose: 100 * BLOOM, hold_up_seconds: 86_400, voting_seconds: 3 * 86_400 };
const OLD_RATE: u64 = 1_000_000_000;

fn program_file() -> PathBuf {
    let built = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("deploy").join("spl_governance_program.so");
    std::env::var_os("RADIO_PAYOUTS_SPL_GOVERNANCE_PROGRAM").map_or(built, PathBuf::from)
}

/// A deployment, a realm of its mint, and a governance that is to become its authority.
struct Dao {
    world: World,
    governance: Governance,
    members: [Keypair; 3],
    proposals: u8,
}

impl Dao {
    /// Realm, deposits, governance and its treasury, each by SPL Governance's own instruction.
    fn founded() -> Self {
        let mut world = World::running(1, 1);
        let file = program_file();
        world
            .svm
            .add_program_from_file(spl_governance::ID, &file)
            .unwrap_or_else(|error| panic!("{}: {error}: run `cargo xtask build-program --all`", file.display()));
        let mut mint = mint_data(9, &[]);
        mint[36..44].copy_from_slice(&SUPPLY.to_le_bytes());
        world.set_mint(TOKEN_PROGRAM, &mint);

        let payer = world.payer.pubkey();
        let realm = Realm::named("Radio", world.mint);
        let members = [key(41), key(42), key(43)];
        let governance = realm.governance(address::config_address());
        let mut dao = Self { world, governance, members, proposals: 0 };
        dao.send(realm.create("Radio", dao.members[0].pubkey(), payer, 100 * BLOOM), &[]);
        for (member, deposit) in dao.members.each_ref().map(Keypair::insecure_clone).iter().zip(DEPOSITS) {
            let wallet = Pubkey::new_unique();
            dao.fund(wallet, member.pubkey(), deposit);
            dao.send(realm.deposit(member.pubkey(), wallet, payer, deposit), &[member]);
        }
        let founder = dao.members[0].insecure_clone();
        dao.send(governance.create(founder.pubkey(), payer, &RULES), &[&founder]);
        dao.send(governance.create_native_treasury(payer), &[]);
        dao.world.svm.airdrop(&governance.native_treasury(), 1_000_000_000).unwrap();
        dao
    }

    /// A DAO that was offered the role and took it by its first vote.
    fn in_authority() -> Self {
        let mut dao = Self::founded();
        let bootstrap = dao.world.authority.insecure_clone();
        let offer = instruction::offer_authority(bootstrap.pubkey(), Some(dao.governance.address));
        dao.world.accept(offer, &[&bootstrap]);
        dao.decide(&instruction::accept_authority(dao.governance.address));
        dao
    }

    /// A token account of the mint, as the token program lays it out: mint, owner, amount, state.
    fn fund(&mut self, address: Pubkey, owner: Pubkey, amount: u64) {
        let mut data = vec![0; 165];
        data[..32].copy_from_slice(self.world.mint.as_ref());
        data[32..64].copy_from_slice(owner.as_ref());
        data[64..72].copy_from_slice(&amount.to_le_bytes());
        data[108] = 1;
        let lamports = self.world.svm.minimum_balance_for_rent_exemption(data.len());
        let account = Account { lamports, data, owner: TOKEN_PROGRAM, executable: false, rent_epoch: u64::MAX };
        self.world.svm.set_account(address, account).unwrap();
    }

    /// How an instruction that the world's payer alone signs fails.
    #[track_caller]
    fn failure(&mut self, instruction: Instruction) -> InstructionError {
        let payer = &self.world.payer;
        let hash = self.world.svm.latest_blockhash();
        let transaction = Transaction::new_signed_with_payer(&[instruction], Some(&payer.pubkey()), &[payer], hash);
        match self.world.svm.send_transaction(transaction).unwrap_err().err {
            TransactionError::InstructionError(0, error) => error,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn send(&mut self, instruction: Instruction, signers: &[&Keypair]) {
        self.world.send(instruction, signers).unwrap_or_else(|code| panic!("SPL Governance refuses: {code}"));
    }

    /// Puts an instruction to the vote, as a member.
    fn propose(&mut self, member: usize, governed: &Instruction) -> Proposal {
        let proposal = self.draft(member);
        let owner = self.members[member].insecure_clone();
        let payer = self.world.payer.pubkey();
        let stored = realms::instruction_data(governed);
        self.send(proposal.insert(&stored, RULES.hold_up_seconds, payer), &[&owner]);
        self.send(proposal.sign_off(), &[&owner]);
        assert_eq!(self.state(&proposal), ProposalState::Voting);
        proposal
    }

    fn draft(&mut self, member: usize) -> Proposal {
        let owner = self.members[member].insecure_clone();
        self.proposals += 1;
        let proposal = self.governance.proposal(owner.pubkey(), Pubkey::new_from_array([self.proposals; 32]));
        self.send(proposal.create("A matter of the DAO", self.world.payer.pubkey()), &[&owner]);
        assert_eq!(self.state(&proposal), ProposalState::Draft);
        proposal
    }

    #[track_caller]
    fn vote(&mut self, proposal: &Proposal, member: usize, approve: bool) {
        let voter = self.members[member].insecure_clone();
        self.send(proposal.vote(voter.pubkey(), approve, self.world.payer.pubkey()), &[&voter]);
    }

    /// Has the two large members approve: 80 %, which ends the vote.
    fn pass(&mut self, governed: &Instruction) -> Proposal {
        let proposal = self.propose(0, governed);
        self.vote(&proposal, 0, true);
        assert_eq!(self.state(&proposal), ProposalState::Voting);
        self.vote(&proposal, 1, true);
        assert_eq!(self.state(&proposal), ProposalState::Succeeded);
        proposal
    }

    /// Proposes, votes, waits and executes.
    #[track_caller]
    fn decide(&mut self, governed: &Instruction) -> Vec<Event> {
        let proposal = self.pass(governed);
        self.world.wait(DAY + 1);
        let events = self.world.accept(proposal.execute(governed), &[]);
        assert_eq!(self.state(&proposal), ProposalState::Completed);
        events
    }

    fn state(&self, proposal: &Proposal) -> ProposalState {
        Proposal::state(&self.world.svm.get_account(&proposal.address).unwrap().data)
    }

    /// A change of the rate that the native treasury pays for.
    fn new_rate(&self, rate: u64) -> Instruction {
        self.new_rate_paid_by(self.governance.native_treasury(), rate)
    }

    fn new_rate_paid_by(&self, payer: Pubkey, rate: u64) -> Instruction {
        let delta = ParamsDelta { rate: Some(rate), ..Default::default() };
        let change = ParamsChange { delta, ..Default::default() };
        instruction::set_params(payer, self.governance.address, self.world.config().params_version, change)
    }

    fn running_epoch(&self) -> u64 {
        u64::try_from((self.world.now() - GENESIS_UNIX - 1) / i64::from(EPOCH_SECONDS)).unwrap()
    }
}

#[test]
fn a_dao_takes_the_role_changes_the_rate_and_gives_the_role_to_the_built_in_governance() {
    let mut dao = Dao::founded();
    let bootstrap = dao.world.authority.insecure_clone();
    let signer = dao.governance.address;
    let holding = dao.world.svm.get_account(&dao.governance.realm.holding()).unwrap();
    assert_eq!(holding.data[64..72], DEPOSITS.iter().sum::<u64>().to_le_bytes());

    // The role is offered, and taken by vote.
    dao.world.accept(instruction::offer_authority(bootstrap.pubkey(), Some(signer)), &[&bootstrap]);
    let events = dao.decide(&instruction::accept_authority(signer));
    let [Event::AuthorityChanged(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.old, event.new, event.nonce), (bootstrap.pubkey(), signer, 1));
    let authority = dao.world.config().authority;
    assert!(authority.address == signer && !authority.bootstrap && authority.offer.is_none());
    dao.world.refuse(instruction::set_demo_flag(bootstrap.pubkey(), false), &[&bootstrap], PayoutsError::NotAuthority);

    // A new rate by vote: executed after the hold-up time, once, by anyone; the native treasury pays the rent.
    let new_rate = dao.new_rate(2 * OLD_RATE);
    let proposal = dao.pass(&new_rate);
    let execute = proposal.execute(&new_rate);
    dao.world.wait(DAY);
    dao.world.refuse(execute.clone(), &[], refusal::CANNOT_EXECUTE_WITHIN_HOLD_UP_TIME);
    dao.world.wait(1);
    let treasury_before = dao.world.lamports(dao.governance.native_treasury());
    let events = dao.world.accept(execute.clone(), &[]);
    let [Event::ParamsVersionCreated(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.number, event.old.rate, event.new.rate), (2, OLD_RATE, 2 * OLD_RATE));
    let rent = dao.world.lamports(address::params_address(2));
    assert_eq!(dao.world.lamports(dao.governance.native_treasury()), treasury_before - rent);
    dao.world.refuse(execute, &[], refusal::INVALID_STATE_CANNOT_EXECUTE_TRANSACTION);

    // The running epoch keeps the old rate; the next one has the new.
    let running = dao.running_epoch();
    let version: ParamsVersion = dao.world.read(address::params_address(2));
    assert_eq!((version.effective_epoch, version.values.rate), (running + 1, 2 * OLD_RATE));
    dao.world.post_all([running]);
    dao.world.go_past(running + 1, 600);
    dao.world.refuse_post(running + 1, dao.world.statement(0), PayoutsError::ParamsSuperseded);
    let mut statement = dao.world.statement(0);
    (statement.params_version, statement.pool) = (2, 2_000_000_000);
    dao.world.post(0, running + 1, statement).unwrap();

    // One more change is voted, but before it is executed the role goes to the built-in governance.
    let late = dao.new_rate(3 * OLD_RATE);
    let late_proposal = dao.pass(&late);
    let built_in = address::governance_address();
    dao.decide(&instruction::offer_authority(signer, Some(built_in)));
    let events = dao.world.accept(instruction::accept_authority_for_governance(), &[]);
    let [Event::AuthorityChanged(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.old, event.new, event.nonce), (signer, built_in, 2));
    dao.world.refuse(late_proposal.execute(&late), &[], PayoutsError::NotAuthority);
    assert_eq!(dao.state(&late_proposal), ProposalState::Succeeded);
    assert_eq!(dao.world.config().params_version, 2);
}

#[test]
fn a_dao_that_also_holds_the_upgrades_can_go_live() {
    let mut dao = Dao::in_authority();
    let (treasury, signer) = (dao.governance.native_treasury(), dao.governance.address);
    let change = ParamsChange { mode: Some(Mode::Live), ..Default::default() };
    let live = instruction::set_params(treasury, signer, 1, change);
    let proposal = dao.pass(&live);
    dao.world.wait(DAY + 1);
    dao.world.refuse(proposal.execute(&live), &[], PayoutsError::LiveNeedsUpgradeAuthority);
    dao.world.set_upgrade_authority(Some(signer));
    dao.world.accept(proposal.execute(&live), &[]);
    let version: ParamsVersion = dao.world.read(address::params_address(2));
    assert!(version.mode == Mode::Live && dao.world.config().live);
}

#[test]
fn too_few_votes_change_nothing() {
    let mut dao = Dao::in_authority();
    let new_rate = dao.new_rate(1);
    let payer = dao.world.payer.pubkey();

    // Too small a deposit to propose with.
    let small = dao.members[2].insecure_clone();
    let draft = dao.governance.proposal(small.pubkey(), Pubkey::new_from_array([0x99; 32]));
    let create = draft.create("Mine", payer);
    dao.world.refuse(create, &[&small], refusal::NOT_ENOUGH_TOKENS_TO_CREATE_PROPOSAL);

    // Yes below the threshold, whoever is against it or stays away.
    let proposal = dao.propose(1, &new_rate);
    let execute = proposal.execute(&new_rate);
    dao.vote(&proposal, 1, true);
    dao.vote(&proposal, 2, false);
    dao.world.refuse(execute.clone(), &[], refusal::INVALID_STATE_CANNOT_EXECUTE_TRANSACTION);
    dao.world.refuse(proposal.finalize(), &[], refusal::CANNOT_FINALIZE_VOTING_IN_PROGRESS);
    dao.world.wait(i64::from(RULES.voting_seconds) + 1);
    dao.send(proposal.finalize(), &[]);
    assert_eq!(dao.state(&proposal), ProposalState::Defeated);
    dao.world.wait(DAY + 1);
    dao.world.refuse(execute, &[], refusal::INVALID_STATE_CANNOT_EXECUTE_TRANSACTION);
    assert_eq!(dao.world.config().params_version, 1);
}

#[test]
fn only_what_was_voted_is_signed_for_the_dao() {
    let mut dao = Dao::in_authority();
    let (member, payer) = (dao.members[0].insecure_clone(), dao.world.payer.pubkey());
    let mut unsigned = dao.new_rate_paid_by(payer, 1);
    unsigned.accounts[1].is_signer = false;
    dao.world.refuse(unsigned, &[], ErrorCode::AccountNotSigner);
    let own = instruction::set_params(payer, member.pubkey(), 1, ParamsChange::default());
    dao.world.refuse(own, &[&member], PayoutsError::NotAuthority);

    // The rules of the DAO: no shorter hold-up time than its governance demands.
    let draft = dao.draft(0);
    let stored = realms::instruction_data(&dao.new_rate(1));
    let hasty = draft.insert(&stored, RULES.hold_up_seconds - 1, payer);
    dao.world.refuse(hasty, &[&member], refusal::HOLD_UP_TIME_BELOW_REQUIRED_MIN);

    // Two changes of one version: the one that is executed first is the next, and the other is of the past.
    let (first, second) = (dao.new_rate(5), dao.new_rate(6));
    let (first_proposal, second_proposal) = (dao.pass(&first), dao.pass(&second));
    dao.world.wait(DAY + 1);
    dao.world.accept(second_proposal.execute(&second), &[]);
    dao.world.refuse(first_proposal.execute(&first), &[], ErrorCode::ConstraintSeeds);

    // The deployment's bounds hold for the DAO as for anyone.
    let excessive = dao.new_rate(1_000_000_000_000_001);
    let proposal = dao.pass(&excessive);
    dao.world.wait(DAY + 1);
    dao.world.refuse(proposal.execute(&excessive), &[], PayoutsError::ParamsOutOfBounds);
}

#[test]
fn a_member_who_executes_may_pay_the_rent() {
    let mut dao = Dao::in_authority();
    let member = dao.members[1].insecure_clone();
    dao.world.svm.airdrop(&member.pubkey(), 1_000_000_000).unwrap();
    let new_rate = dao.new_rate_paid_by(member.pubkey(), 2 * OLD_RATE);
    let proposal = dao.pass(&new_rate);
    dao.world.wait(DAY + 1);
    let execute = proposal.execute(&new_rate);
    // The proposal names the payer as a signer, and SPL Governance has no signature of a member to lend.
    let mut unsigned = execute.clone();
    for account in &mut unsigned.accounts {
        account.is_signer = false;
    }
    assert_eq!(dao.failure(unsigned), InstructionError::PrivilegeEscalation);
    let before = dao.world.lamports(member.pubkey());
    dao.world.accept(execute, &[&member]);
    let rent = dao.world.lamports(address::params_address(2));
    assert_eq!(dao.world.lamports(member.pubkey()), before - rent);
    assert_eq!(dao.state(&proposal), ProposalState::Completed);
}

#[test]
fn the_governance_itself_cannot_pay_the_rent() {
    let mut dao = Dao::in_authority();
    let new_rate = dao.new_rate_paid_by(dao.governance.address, 2 * OLD_RATE);
    let proposal = dao.pass(&new_rate);
    dao.world.wait(DAY + 1);
    // It holds data: the system program takes no lamports from it, however many it has.
    dao.world.svm.airdrop(&dao.governance.address, 1_000_000_000).unwrap();
    assert_eq!(dao.failure(proposal.execute(&new_rate)), InstructionError::InvalidArgument);
}

#[test]
fn what_was_voted_stays_executable_when_the_role_comes_back() {
    let mut dao = Dao::in_authority();
    let (key, signer) = (dao.world.authority.insecure_clone(), dao.governance.address);
    let switch_off = instruction::set_demo_flag(signer, false);
    let proposal = dao.pass(&switch_off);
    dao.decide(&instruction::offer_authority(signer, Some(key.pubkey())));
    dao.world.accept(instruction::accept_authority(key.pubkey()), &[&key]);
    dao.world.refuse(proposal.execute(&switch_off), &[], PayoutsError::NotAuthority);
    // SPL Governance has no way to withdraw what passed.
    let owner = dao.members[0].insecure_clone();
    dao.world.refuse(proposal.cancel(), &[&owner], refusal::INVALID_STATE_CANNOT_CANCEL);

    dao.world.accept(instruction::offer_authority(key.pubkey(), Some(signer)), &[&key]);
    dao.decide(&instruction::accept_authority(signer));
    dao.world.accept(proposal.execute(&switch_off), &[]);
    assert!(!dao.world.config().radio_payouts_demo);
}
