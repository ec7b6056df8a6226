//! A Live deployment: its authority has accepted the role, its SFU is no demo one, its shares are paid.

use ed25519_dalek::SigningKey;
use radio_payouts_client::address::associated_token_address;
use radio_payouts_client::state::{Config, ConfigTimesDelta, Mode, ParamsChange, SfuTerms};
use radio_payouts_client::{SetConfigTimesArgs, address, instruction};
use radio_payouts_settler::chain::sender::Guard;
use radio_payouts_settler::chain::{Chain as _, Journal, Outgoing, Sender, deployment};
use solana_instruction::{AccountMeta, Instruction};
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;

use crate::world::{EPOCH, GENESIS, Ran, Sfu, World};

/// First Live epoch.
pub const LIVE: u64 = 2;
pub const DAY: i64 = 86_400;

pub struct Live {
    pub world: World,
    pub sfu: Sfu,
}

impl Live {
    /// Goes Live from epoch 2 on, as section 10 asks.
    pub fn new() -> Self {
        let world = World::new(2, 1);
        let authority = world.authority.insecure_clone();
        let (address, other) = (authority.pubkey(), Keypair::new());
        let key = SigningKey::from_bytes(&[3; 32]);
        let terms = SfuTerms {
            key: key.verifying_key().to_bytes(),
            operator: address,
            demo: false,
            valid_from: 0,
            max_bytes_per_epoch: 1 << 40,
        };
        world.as_authority("register the SFU", instruction::register_sfu(address, address, terms));
        let times =
            ConfigTimesDelta { challenge_seconds: Some(86_400), attestation_threshold: Some(2), ..Default::default() };
        let args = SetConfigTimesArgs { times, ..Default::default() };
        world.as_authority("longer times", instruction::set_config_times(address, args));
        // The role goes to another address and comes back, accepted both times.
        world.as_authority("offer", instruction::offer_authority(address, Some(other.pubkey())));
        let guard = Guard { genesis_hash: None, may_initialize: false };
        let journal = Journal::new(&world.folder.path().join("authority-journal"));
        let mut sender = Sender::new(Box::new(world.open_chain()), journal, guard, 0);
        let handed = [
            instruction::accept_authority(other.pubkey()),
            instruction::offer_authority(other.pubkey(), Some(address)),
            instruction::accept_authority(address),
        ];
        let outgoing = Outgoing {
            purpose: "hand the role over and back".into(),
            instructions: handed.into(),
            payer: &authority,
            signers: vec![&other],
            lookup_tables: Vec::new(),
        };
        let _ = sender.send(&outgoing).unwrap();
        drop(sender);
        let change = ParamsChange { mode: Some(Mode::Live), ..Default::default() };
        world.as_authority("go Live", instruction::set_params(address, address, 1, change));
        let domain = world.sfus[0].domain;
        std::fs::write(
            world.folder.path().join("authority.json"),
            serde_json::to_vec(&authority.to_bytes().as_slice()).unwrap(),
        )
        .unwrap();
        Self { world, sfu: Sfu { key, domain, seq: 0, prev: [0; 32] } }
    }

    /// Both settlers settle an epoch of these shares, one batch; returns its commitment in hex.
    pub fn settle(&mut self, epoch: u64, shares: &[(String, u64)]) -> String {
        let to = (i64::try_from(epoch).unwrap() * EPOCH + 10) * 1_000;
        let envelope = self.sfu.tick_of(to, shares);
        self.world.pass(i64::try_from(epoch).unwrap());
        for settler in 0..2 {
            self.world.ingest(settler, std::slice::from_ref(&envelope));
            self.world.run(settler, &["settle", "--epoch", &epoch.to_string()]).expect(0);
        }
        hex::encode(self.world.commitment(epoch).unwrap())
    }

    /// Sets the clock forward.
    pub fn wait(&self, seconds: i64) {
        let now = self.world.open_chain().clock().unwrap().unix_timestamp;
        self.world.set_time(now - GENESIS + seconds);
    }

    /// Runs the binary with the authority's key.
    pub fn admin(&self, args: &[&str]) -> Ran {
        let key = self.world.folder.path().join("authority.json");
        let args: Vec<&str> = ["admin"].iter().chain(args).copied().collect();
        self.world.run_with(0, &args, &[("RADIO_PAYOUTS_KEYPAIR", key.to_str().unwrap())])
    }

    pub fn config(&self) -> Config {
        deployment::require_config(&self.world.open_chain()).unwrap()
    }

    /// Mints to the vault, as who has BLOOM may pay it.
    pub fn fund(&self, amount: u64) {
        self.mint_to(address::vault_address(), amount);
    }

    pub fn mint_to(&self, account: Pubkey, amount: u64) {
        let config = self.config();
        let mut data = vec![7];
        data.extend_from_slice(&amount.to_le_bytes());
        let accounts = vec![
            AccountMeta::new(config.mint, false),
            AccountMeta::new(account, false),
            AccountMeta::new_readonly(self.world.authority.pubkey(), true),
        ];
        let mint_to = Instruction { program_id: config.token_program, accounts, data };
        self.world.as_authority(&format!("mint {amount} to {account}"), mint_to);
    }

    /// What an owner's associated token account holds; `None` if it is not there.
    pub fn balance(&self, owner: &Pubkey) -> Option<u64> {
        let config = self.config();
        self.balance_of(associated_token_address(owner, &config.mint, &config.token_program))
    }

    pub fn balance_of(&self, account: Pubkey) -> Option<u64> {
        let found = deployment::token_accounts(&self.world.open_chain(), &[account]).unwrap();
        found[0].map(|found| found.amount)
    }

    /// Vault, reserved.
    pub fn funds(&self) -> (u64, u64) {
        let config = self.config();
        (self.balance_of(config.vault).unwrap(), config.reserved)
    }
}
