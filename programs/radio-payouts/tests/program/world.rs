//! A small world to test in: the program with its ProgramData, a mint, keys, a clock.

use std::path::PathBuf;

use anchor_lang::prelude::Pubkey;
use anchor_lang::{AccountDeserialize, Discriminator};
use litesvm::LiteSVM;
use litesvm::types::TransactionMetadata;
use radio_payouts::error::PayoutsError;
use radio_payouts::state::{
    Config, ConfigTimes, EpochStatement, GovernanceSettings, ParamsDelta, Settler, SfuTerms, Support, TreeRoot,
};
use radio_payouts::{InitializeArgs, PostRootArgs, RegisterSettlerArgs};
use radio_payouts_client::account::PayoutsAccount;
use radio_payouts_client::event::Event;
use radio_payouts_client::{address, instruction};
use radio_payouts_protocol::domain::Domain;
use solana_account::Account;
use solana_clock::Clock;
use solana_instruction::Instruction;
use solana_instruction::error::InstructionError;
use solana_keypair::Keypair;
use solana_signer::Signer;
use solana_transaction::Transaction;

pub const GENESIS_HASH: [u8; 32] = [0x6e; 32];
pub const GENESIS_UNIX: i64 = 1_700_000_000;
pub const EPOCH_SECONDS: u32 = 3_600;
/// Stands for the one refusal that is not a custom error.
pub const INCORRECT_PROGRAM_ID: u32 = u32::MAX;
pub const DAY: i64 = 86_400;
pub const TOKEN_PROGRAM: Pubkey = anchor_spl::token::ID;
pub const TOKEN_2022_PROGRAM: Pubkey = anchor_spl::token_2022::ID;

/// A key of its own for each number.
pub fn key(number: u8) -> Keypair {
    Keypair::new_from_array([number; 32])
}

pub struct World {
    pub svm: LiteSVM,
    pub payer: Keypair,
    pub upgrade_authority: Keypair,
    pub authority: Keypair,
    pub pause_key: Keypair,
    pub operator: Keypair,
    pub stranger: Keypair,
    pub settlers: [Keypair; 3],
    pub mint: Pubkey,
}

fn program_file() -> PathBuf {
    let built = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("deploy").join("radio_payouts.so");
    std::env::var_os("RADIO_PAYOUTS_PROGRAM").map_or(built, PathBuf::from)
}

impl World {
    /// The program, deployed and not initialised; the clock stands within epoch 10.
    pub fn deployed() -> Self {
        let mut svm = LiteSVM::new();
        let file = program_file();
        svm.add_program_from_file(radio_payouts::ID, &file)
            .unwrap_or_else(|error| panic!("{}: {error}: run `cargo xtask build-program`", file.display()));
        let mut world = Self {
            svm,
            payer: key(1),
            upgrade_authority: key(2),
            authority: key(3),
            pause_key: key(4),
            operator: key(5),
            stranger: key(6),
            settlers: [key(7), key(8), key(9)],
            mint: Pubkey::new_from_array([0xb1; 32]),
        };
        for number in 1..=9 {
            world.svm.airdrop(&key(number).pubkey(), 100_000_000_000).unwrap();
        }
        world.set_upgrade_authority(Some(world.upgrade_authority.pubkey()));
        world.set_mint(TOKEN_PROGRAM, &mint_data(9, &[]));
        world.set_time(GENESIS_UNIX + 10 * i64::from(EPOCH_SECONDS) + 1_800);
        world
    }

    /// A deployment without anything registered.
    pub fn initialized() -> Self {
        let mut world = Self::deployed();
        world.initialize(initialize_args()).unwrap();
        world
    }

    /// A deployment with one SFU and as many settlers as wanted, from epoch 0 on; the threshold is as given.
    pub fn running(settlers: usize, threshold: u8) -> Self {
        let mut world = Self::deployed();
        let mut args = initialize_args();
        args.times.attestation_threshold = threshold;
        world.initialize(args).unwrap();
        world.register_sfu(sfu_terms([0x51; 32])).unwrap();
        for number in 0..settlers {
            world.register_settler(number).unwrap();
        }
        world
    }

    /// Writes the upgrade authority into ProgramData, as the loader does.
    pub fn set_upgrade_authority(&mut self, authority: Option<Pubkey>) {
        let address = address::program_data_address();
        let mut account = self.svm.get_account(&address).unwrap();
        account.data[12] = authority.is_some().into();
        account.data[13..45].copy_from_slice(&authority.unwrap_or_default().to_bytes());
        self.svm.set_account(address, account).unwrap();
    }

    pub fn set_mint(&mut self, owner: Pubkey, data: &[u8]) {
        let lamports = self.svm.minimum_balance_for_rent_exemption(data.len());
        let account = Account { lamports, data: data.to_vec(), owner, executable: false, rent_epoch: u64::MAX };
        self.svm.set_account(self.mint, account).unwrap();
    }

    pub fn now(&self) -> i64 {
        self.svm.get_sysvar::<Clock>().unix_timestamp
    }

    pub fn set_time(&mut self, unix_timestamp: i64) {
        let mut clock = self.svm.get_sysvar::<Clock>();
        clock.unix_timestamp = unix_timestamp;
        self.svm.set_sysvar(&clock);
    }

    pub fn wait(&mut self, seconds: i64) {
        self.set_time(self.now() + seconds);
    }

    /// Moves the clock to `seconds` after the end of an epoch.
    pub fn go_past(&mut self, epoch: u64, seconds: i64) {
        let end = GENESIS_UNIX + (i64::try_from(epoch).unwrap() + 1) * i64::from(EPOCH_SECONDS);
        self.set_time(end + seconds);
    }

    /// Sends one instruction, paid for by `payer`; the code of a custom error if it is refused.
    pub fn send(&mut self, instruction: Instruction, signers: &[&Keypair]) -> Result<TransactionMetadata, u32> {
        self.svm.expire_blockhash();
        let mut all = vec![&self.payer];
        all.extend(signers.iter().filter(|signer| signer.pubkey() != self.payer.pubkey()));
        let hash = self.svm.latest_blockhash();
        let transaction = Transaction::new_signed_with_payer(&[instruction], Some(&self.payer.pubkey()), &all, hash);
        self.svm.send_transaction(transaction).map_err(|failed| {
            let solana_transaction_error::TransactionError::InstructionError(0, error) = &failed.err else {
                panic!("{:?}\n{}", failed.err, failed.meta.pretty_logs());
            };
            match error {
                InstructionError::Custom(code) => *code,
                InstructionError::IncorrectProgramId => INCORRECT_PROGRAM_ID,
                other => panic!("{other:?}\n{}", failed.meta.pretty_logs()),
            }
        })
    }

    /// Expects a refusal with exactly this error.
    #[track_caller]
    pub fn refuse(&mut self, instruction: Instruction, signers: &[&Keypair], error: impl Into<u32>) {
        let expected = error.into();
        let found = self.send(instruction, signers).map(|_| ()).unwrap_err();
        let name = |code| radio_payouts_client::error::describe(code).map(|(name, _)| name);
        assert_eq!(found, expected, "{:?}, not {:?}", name(found), name(expected));
    }

    /// Expects success, and that exactly these events come out.
    #[track_caller]
    pub fn accept(&mut self, instruction: Instruction, signers: &[&Keypair]) -> Vec<Event> {
        let sent = self.send(instruction, signers);
        let meta = sent.unwrap_or_else(|code| panic!("{code}: {:?}", radio_payouts_client::error::describe(code)));
        radio_payouts_client::event::events(&meta.logs)
    }

    pub fn initialize(&mut self, args: InitializeArgs) -> Result<TransactionMetadata, u32> {
        let owner = self.svm.get_account(&self.mint).unwrap().owner;
        let signer = self.upgrade_authority.insecure_clone();
        self.send(instruction::initialize(signer.pubkey(), self.mint, owner, args), &[&signer])
    }

    pub fn register_sfu(&mut self, terms: SfuTerms) -> Result<TransactionMetadata, u32> {
        let authority = self.authority.insecure_clone();
        self.send(instruction::register_sfu(self.payer.pubkey(), authority.pubkey(), terms), &[&authority])
    }

    pub fn register_settler(&mut self, number: usize) -> Result<TransactionMetadata, u32> {
        let authority = self.authority.insecure_clone();
        let (key, operator) = (self.settlers[number].pubkey(), self.operator.pubkey());
        let args = RegisterSettlerArgs { key, operator, valid_from: 0 };
        self.send(instruction::register_settler(self.payer.pubkey(), authority.pubkey(), args), &[&authority])
    }

    /// Reads an account through the client.
    #[track_caller]
    pub fn read<T: PayoutsAccount>(&self, address: Pubkey) -> T {
        let account = self.svm.get_account(&address).unwrap();
        radio_payouts_client::account::read(&account.owner, &account.data).unwrap()
    }

    /// Overwrites an account of the program, for states that only later instructions lead to.
    pub fn write<T: anchor_lang::AccountSerialize + AccountDeserialize + Discriminator>(
        &mut self,
        address: Pubkey,
        change: impl FnOnce(&mut T),
    ) {
        let mut account = self.svm.get_account(&address).unwrap();
        let mut value = T::try_deserialize(&mut account.data.as_slice()).unwrap();
        change(&mut value);
        let mut data = Vec::new();
        value.try_serialize(&mut data).unwrap();
        data.resize(account.data.len(), 0);
        account.data = data;
        self.svm.set_account(address, account).unwrap();
    }

    pub fn config(&self) -> Config {
        self.read(address::config_address())
    }

    pub fn domain(&self) -> Domain {
        Domain::from_bytes(self.config().domain)
    }

    pub fn lamports(&self, address: Pubkey) -> u64 {
        self.svm.get_balance(&address).unwrap_or(0)
    }

    /// An honest statement on the present head: 1 MB accepted, nothing paid, told apart by `variant`.
    pub fn statement(&self, variant: u8) -> EpochStatement {
        let config = self.config();
        EpochStatement {
            parent: config.chain.parent(),
            params_version: 1,
            registry_version: config.registry_version,
            inputs_hash: [variant; 32],
            history_hash: [0; 32],
            batches: TreeRoot { root: [1; 32], sum: 1_000_000, count: 1 },
            pool: 1_000_000_000,
            payouts: Vec::new(),
        }
    }

    pub fn args(&self, epoch: u64, statement: EpochStatement) -> PostRootArgs {
        let commitment = statement.to_protocol(epoch).commitment(&self.domain());
        PostRootArgs { epoch, commitment, statement }
    }

    pub fn post_instruction(&self, settler: usize, args: PostRootArgs, previous: Option<Support>) -> Instruction {
        let last = self.config().params_version;
        instruction::post_root(self.settlers[settler].pubkey(), args, last, previous)
    }

    /// Posts `statement` as a settler, passing along what it supports now, as a client would.
    pub fn post(&mut self, settler: usize, epoch: u64, statement: EpochStatement) -> Result<TransactionMetadata, u32> {
        let args = self.args(epoch, statement);
        let signer = self.settlers[settler].insecure_clone();
        let account: Settler = self.read(address::settler_address(&signer.pubkey()));
        let previous = instruction::previous_support(&self.config(), &account, epoch, &args.commitment);
        let instruction = self.post_instruction(settler, args, previous);
        self.send(instruction, &[&signer])
    }

    #[track_caller]
    pub fn refuse_post(&mut self, epoch: u64, statement: EpochStatement, error: PayoutsError) {
        let found = self.post(0, epoch, statement).map(|_| ()).unwrap_err();
        assert_eq!(found, u32::from(error), "{:?}, not {error:?}", radio_payouts_client::error::describe(found));
    }

    /// Posts honest statements for these epochs, with settler 0 alone.
    #[track_caller]
    pub fn post_all(&mut self, epochs: impl IntoIterator<Item = u64>) {
        for epoch in epochs {
            self.go_past(epoch, 600);
            let statement = self.statement(0);
            self.post(0, epoch, statement).unwrap();
        }
    }
}

pub fn initialize_args() -> InitializeArgs {
    InitializeArgs {
        genesis_hash: GENESIS_HASH,
        genesis_unix: GENESIS_UNIX,
        epoch_seconds: EPOCH_SECONDS,
        authority: key(3).pubkey(),
        pause_key: key(4).pubkey(),
        times: ConfigTimes::default(),
        governance: GovernanceSettings::default(),
        params: ParamsDelta::default(),
        radio_payouts_demo: true,
    }
}

pub fn sfu_terms(key: [u8; 32]) -> SfuTerms {
    let operator = self::key(5).pubkey();
    SfuTerms { key, operator, demo: false, valid_from: 0, max_bytes_per_epoch: 1 << 40 }
}

/// A mint without authorities; with extensions (type, bytes) it has Token-2022's layout.
pub fn mint_data(decimals: u8, extensions: &[(u16, &[u8])]) -> Vec<u8> {
    let mut data = vec![0; 82];
    data[44] = decimals;
    data[45] = 1;
    if !extensions.is_empty() {
        data.resize(165, 0);
        data.push(1);
        for (kind, bytes) in extensions {
            data.extend_from_slice(&kind.to_le_bytes());
            data.extend_from_slice(&u16::try_from(bytes.len()).unwrap().to_le_bytes());
            data.extend_from_slice(bytes);
        }
    }
    data
}
