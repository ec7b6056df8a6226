//! Ground for ratification and claims: a Live deployment with a real mint, epochs of given shares, token accounts.

use anchor_lang::prelude::Pubkey;
use anchor_spl::token_interface::spl_token_2022::extension::StateWithExtensions;
use anchor_spl::token_interface::spl_token_2022::state::Account as TokenState;
use anchor_spl::token_interface::spl_token_2022::{extension::ExtensionType, instruction as token};
use litesvm::types::TransactionMetadata;
use radio_payouts::state::{Config, Epoch, EpochStatement, MandateTerms, Mode, ParamsChange, Share, TreeRoot};
use radio_payouts_client::{address, instruction};
use radio_payouts_protocol::forest::Forest;
use radio_payouts_protocol::tree::share_leaf;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

use super::world::{DAY, TOKEN_PROGRAM, World, key};

/// First epoch in which the deployment is Live.
pub const LIVE: u64 = 11;
/// The claim window of the default settings.
pub const CLAIM_WINDOW: i64 = 180 * DAY;

/// A deployment that pays.
pub struct Money {
    pub world: World,
    pub token_program: Pubkey,
    /// Mints, and owns the account that funds come from.
    pub minter: Keypair,
}

/// An epoch that was posted, and what leads to its root.
pub struct Posted {
    pub epoch: u64,
    pub commitment: [u8; 32],
    pub shares: Vec<Share>,
    pub forest: Forest,
}

/// Who has a share: DID hash, payee (zero if the DID has none), amount.
pub type Entry = ([u8; 32], Pubkey, u64);

impl Money {
    /// A Live deployment of a mint of this token program; the clock stands within epoch 10.
    pub fn new(token_program: Pubkey) -> Self {
        let mut world = World::deployed();
        let minter = key(30);
        world.svm.airdrop(&minter.pubkey(), 100_000_000_000).unwrap();
        world.set_mint(token_program, &mint_of(&minter.pubkey()));
        let mut money = Self { world, token_program, minter };
        money.go_live();
        money
    }

    pub fn spl() -> Self {
        Self::new(TOKEN_PROGRAM)
    }

    fn go_live(&mut self) {
        let world = &mut self.world;
        world.initialize(super::world::initialize_args()).unwrap();
        world.register_sfu(super::world::sfu_terms([0x51; 32])).unwrap();
        world.register_settler(0).unwrap();
        // The bootstrap authority hands over to a key that accepts.
        let (bootstrap, authority) = (world.authority.insecure_clone(), key(31));
        world.svm.airdrop(&authority.pubkey(), 100_000_000_000).unwrap();
        world.accept(instruction::offer_authority(bootstrap.pubkey(), Some(authority.pubkey())), &[&bootstrap]);
        world.accept(instruction::accept_authority(authority.pubkey()), &[&authority]);
        world.authority = authority.insecure_clone();
        world.set_upgrade_authority(Some(authority.pubkey()));
        let change = ParamsChange { mode: Some(Mode::Live), ..Default::default() };
        let live = instruction::set_params(world.payer.pubkey(), authority.pubkey(), 1, change);
        world.accept(live, &[&authority]);
    }

    /// Posts a Live epoch with these shares; the whole pool is theirs.
    pub fn post(&mut self, epoch: u64, entries: &[Entry]) -> Posted {
        let params_version = if epoch < LIVE { 1 } else { 2 };
        let world = &mut self.world;
        let domain = world.domain();
        let shares: Vec<_> = (0..)
            .zip(entries)
            .map(|(index, (did_hash, payee, amount))| Share {
                epoch,
                index,
                did_hash: *did_hash,
                payee: *payee,
                amount: *amount,
            })
            .collect();
        let leaves: Vec<_> = shares
            .iter()
            .map(|s| share_leaf(&domain, epoch, s.index, &s.did_hash, &s.payee.to_bytes(), s.amount))
            .collect();
        let forest = Forest::build(&domain, &leaves).unwrap();
        let payouts: Vec<TreeRoot> = forest.roots().into_iter().map(Into::into).collect();
        let pool = shares.iter().map(|share| share.amount).sum();
        world.go_past(epoch, 600);
        let statement = EpochStatement { params_version, pool, payouts, ..world.statement(0) };
        let commitment = world.args(epoch, statement.clone()).commitment;
        world.post(0, epoch, statement).unwrap();
        Posted { epoch, commitment, shares, forest }
    }

    /// Makes a posted epoch final, once its challenge window is over.
    pub fn finalize(&mut self, epoch: u64) {
        let account: Epoch = self.world.read(address::epoch_address(epoch));
        let over = account.posted.at + DAY;
        if self.world.now() < over {
            self.world.set_time(over);
        }
        self.world.accept(instruction::finalize_epoch(epoch, account.parent_epoch), &[]);
    }

    /// A posted and final epoch.
    pub fn finalized(&mut self, epoch: u64, entries: &[Entry]) -> Posted {
        let posted = self.post(epoch, entries);
        self.finalize(epoch);
        posted
    }

    /// A ratified epoch, its vault funded with exactly what it pays.
    pub fn ratified(&mut self, epoch: u64, entries: &[Entry]) -> Posted {
        let posted = self.finalized(epoch, entries);
        self.fund(posted.shares.iter().map(|share| share.amount).sum());
        self.ratify_by_authority(&posted);
        posted
    }

    pub fn ratify_by_authority(&mut self, posted: &Posted) {
        let authority = self.world.authority.insecure_clone();
        let ratify = instruction::ratify_epoch_by_authority(authority.pubkey(), posted.epoch, posted.commitment);
        self.world.accept(ratify, &[&authority]);
    }

    /// Makes a mandate; returns its number.
    pub fn mandate(&mut self, terms: MandateTerms) -> u64 {
        let authority = self.world.authority.insecure_clone();
        let number = self.config().next_mandate;
        let make = instruction::make_mandate(self.world.payer.pubkey(), authority.pubkey(), number, terms);
        self.world.accept(make, &[&authority]);
        number
    }

    /// Pays the vault, as anybody can.
    pub fn fund(&mut self, amount: u64) {
        self.mint_to(address::vault_address(), amount);
    }

    pub fn mint_to(&mut self, account: Pubkey, amount: u64) {
        let minter = self.minter.insecure_clone();
        let mint = self.world.mint;
        let mint_to = token::mint_to(&self.token_program, &mint, &account, &minter.pubkey(), &[], amount).unwrap();
        self.world.send(mint_to, &[&minter]).unwrap();
    }

    /// Creates the associated token account of an owner. Returns its address.
    pub fn open(&mut self, owner: &Pubkey) -> Pubkey {
        let (mint, program) = (self.world.mint, self.token_program);
        let create = instruction::create_token_account(self.world.payer.pubkey(), owner, mint, program);
        self.world.send(create, &[]).unwrap();
        self.account_of(owner)
    }

    pub fn account_of(&self, owner: &Pubkey) -> Pubkey {
        address::associated_token_address(owner, &self.world.mint, &self.token_program)
    }

    /// The claim of a share by `payee`, paid for by `World::payer`.
    pub fn claim(&self, posted: &Posted, index: u32, payee: &Pubkey) -> Instruction {
        let share = posted.shares[index as usize];
        let (mint, program) = (self.world.mint, self.token_program);
        let siblings = posted.forest.proof(index).unwrap();
        instruction::claim_share(self.world.payer.pubkey(), &share, payee, mint, program, &siblings)
    }

    /// Claims a share for the payee that it names.
    pub fn claim_own(&mut self, posted: &Posted, index: u32) -> TransactionMetadata {
        let claim = self.claim(posted, index, &posted.shares[index as usize].payee);
        self.world.send(claim, &[]).unwrap_or_else(|code| panic!("{:?}", radio_payouts_client::error::describe(code)))
    }

    pub fn config(&self) -> Config {
        self.world.config()
    }

    pub fn balance(&self, account: Pubkey) -> u64 {
        self.world.svm.get_account(&account).map_or(0, |account| {
            StateWithExtensions::<TokenState>::unpack(&account.data).map_or(0, |state| state.base.amount)
        })
    }

    pub fn vault(&self) -> u64 {
        self.balance(address::vault_address())
    }

    pub fn treasury(&self) -> u64 {
        self.balance(address::treasury_address())
    }

    /// A transfer from the treasury to a token account, by the authority.
    pub fn transfer(&self, to: Pubkey, amount: u64) -> Instruction {
        let authority = self.world.authority.pubkey();
        instruction::transfer_treasury(authority, to, self.world.mint, self.token_program, amount)
    }

    /// A token account of this owner that is not its associated one. Returns its address.
    pub fn open_other(&mut self, owner: &Pubkey, mint: Pubkey, token_program: Pubkey) -> Pubkey {
        let (payer, account) = (self.world.payer.insecure_clone(), Keypair::new());
        let bytes = ExtensionType::try_calculate_account_len::<TokenState>(&[]).unwrap();
        let lamports = self.world.svm.minimum_balance_for_rent_exemption(bytes);
        let create = anchor_lang::solana_program::system_instruction::create_account(
            &payer.pubkey(),
            &account.pubkey(),
            lamports,
            bytes as u64,
            &token_program,
        );
        self.world.send(create, &[&account]).unwrap();
        let initialize = token::initialize_account3(&token_program, &account.pubkey(), &mint, owner).unwrap();
        self.world.send(initialize, &[]).unwrap();
        account.pubkey()
    }
}

/// A mint of nine decimals with this mint authority.
pub fn mint_of(authority: &Pubkey) -> Vec<u8> {
    let mut data = super::world::mint_data(9, &[]);
    data[0] = 1;
    data[4..36].copy_from_slice(&authority.to_bytes());
    data
}

/// Shares of 100, 101, … base units for the keys `first`, `first + 1`, …
pub fn entries(first: u8, count: u8) -> Vec<Entry> {
    (0..count).map(|at| ([first + at; 32], key(first + at).pubkey(), 100 + u64::from(at))).collect()
}
