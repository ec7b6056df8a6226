//! A Live deployment on a validator, run by one operator from a folder: what is paid is claimed here.
//!
//! Days are passed by moving back what accounts have recorded ([`crate::rewind`]); every instruction is a real transaction of
//! the `settler` binary or of its sender.

use std::fs;
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use radio_payouts_client::instruction;
use radio_payouts_client::state::{Config, Epoch, Mode, ParamsChange};
use radio_payouts_protocol::did::did_of_key;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_settler::chain::rpc::Rpc;
use radio_payouts_settler::chain::sender::Guard;
use radio_payouts_settler::chain::{Journal, Outgoing, Sender, deployment};
use serde_json::Value;
use solana_instruction::{AccountMeta, Instruction};
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;

use crate::{Localnet, Settler, Sfu};

/// Seconds of a day.
pub const DAY: i64 = 86_400;
const EPOCH_SECONDS: i64 = 300;

/// A Live deployment on a validator.
pub struct Ground {
    folder: tempfile::TempDir,
    /// The validator.
    pub localnet: Localnet,
    settler: Settler,
    sfu: SigningKey,
}

impl Ground {
    /// The operator's folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What a command that succeeds prints.
    ///
    /// # Panics
    /// If it fails.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> Value {
        self.settler.json(arguments)
    }

    /// What a command that ends with `exit` says.
    ///
    /// # Panics
    /// If it ends otherwise.
    #[track_caller]
    pub fn refused(&self, arguments: &[&str], exit: i32) -> String {
        self.settler.refused(arguments, exit)
    }

    fn sender(&self) -> Sender {
        let journal = Journal::new(&self.path().join("own-journal"));
        let guard = Guard { genesis_hash: None, may_initialize: false };
        Sender::new(Box::new(Rpc::new(&self.localnet.url())), journal, guard, 0)
    }

    /// Sends as the operator, who is authority, settler and minter.
    ///
    /// # Panics
    /// If it is refused.
    pub fn send(&self, purpose: &str, instructions: Vec<Instruction>, signers: Vec<&Keypair>) {
        let payer = &self.localnet.operator;
        let outgoing = Outgoing { purpose: purpose.into(), instructions, payer, signers, lookup_tables: Vec::new() };
        let _ = self.sender().send(&outgoing).unwrap_or_else(|error| panic!("{error}"));
    }

    /// Initialised, one SFU, one settler, and Live from an epoch that has ended; returns that epoch.
    ///
    /// # Panics
    /// If any of it fails.
    #[must_use]
    pub fn new() -> (Self, u64) {
        let folder = tempfile::tempdir().unwrap();
        let localnet = Localnet::start(Keypair::new());
        localnet.write_operator(folder.path());
        let settler = Settler::new(folder.path());
        let ground = Self { folder, localnet, settler, sfu: SigningKey::from_bytes(&[7; 32]) };
        let operator = ground.localnet.operator.insecure_clone();
        let url = ground.localnet.url();
        let place = ["init", "--url", &url, "--keypair", "operator.json", "--radio-payouts-demo"];
        let times = ["--epoch-seconds", "300", "--grace-seconds", "0"];
        let sfu = did_of_key(&ground.sfu.verifying_key().to_bytes());
        ground.json(&[&place[..], &times[..], &["--sfu", &sfu]].concat());

        // Live: the role goes to another address and comes back, accepted both times.
        let (me, other) = (operator.pubkey(), Keypair::new());
        let handed = vec![
            instruction::offer_authority(me, Some(other.pubkey())),
            instruction::accept_authority(other.pubkey()),
            instruction::offer_authority(other.pubkey(), Some(me)),
            instruction::accept_authority(me),
        ];
        ground.send("hand the role over and back", handed, vec![&other]);
        let change = ParamsChange { mode: Some(Mode::Live), ..Default::default() };
        ground.send("go Live", vec![instruction::set_params(me, me, 1, change)], Vec::new());
        let live = ground.config().params_effective_epoch;
        ground.localnet.pass_epochs(3);
        (ground, live)
    }

    /// The deployment's configuration as it is on chain.
    ///
    /// # Panics
    /// If the node is away.
    #[must_use]
    pub fn config(&self) -> Config {
        deployment::require_config(&Rpc::new(&self.localnet.url())).unwrap()
    }

    /// An epoch's account.
    ///
    /// # Panics
    /// If it is not there.
    #[must_use]
    pub fn epoch(&self, epoch: u64) -> Epoch {
        deployment::epoch(&Rpc::new(&self.localnet.url()), epoch).unwrap().unwrap()
    }

    /// Base units of a token account; 0 if it is not there.
    #[must_use]
    pub fn balance(&self, account: Pubkey) -> u64 {
        self.balances(&[account])[0].unwrap_or_default()
    }

    /// Base units of token accounts; none for one that is not there.
    ///
    /// # Panics
    /// If the node is away.
    #[must_use]
    pub fn balances(&self, accounts: &[Pubkey]) -> Vec<Option<u64>> {
        let found = deployment::token_accounts(&Rpc::new(&self.localnet.url()), accounts).unwrap();
        found.into_iter().map(|account| account.map(|account| account.amount)).collect()
    }

    /// Mints to the vault, as who has BLOOM may pay it.
    pub fn fund(&self, amount: u64) {
        let config = self.config();
        let mut data = vec![7];
        data.extend_from_slice(&amount.to_le_bytes());
        let operator = self.localnet.operator.pubkey();
        let accounts = vec![
            AccountMeta::new(config.mint, false),
            AccountMeta::new(config.vault, false),
            AccountMeta::new_readonly(operator, true),
        ];
        let mint = Instruction { program_id: config.token_program, accounts, data };
        self.send(&format!("fund the vault with {amount}"), vec![mint], Vec::new());
    }

    /// Final after a day, ratified by the authority's decision.
    pub fn ratify(&self, epoch: u64) {
        self.localnet.age_epoch(epoch, DAY);
        self.json(&["admin", "finalize", &epoch.to_string()]);
        let account = self.epoch(epoch);
        self.fund(account.payouts_sum);
        self.json(&["admin", "ratify", &epoch.to_string(), "--commitment", &hex::encode(account.commitment)]);
    }

    /// One signed batch of an epoch in which these DIDs delivered these bytes, as a file to ingest.
    ///
    /// # Panics
    /// If it is beyond the limits of a batch.
    #[must_use]
    pub fn batch(&self, epoch: u64, shares: &[(String, u64)]) -> PathBuf {
        let config = self.config();
        let start = config.genesis_unix + i64::try_from(epoch).unwrap() * EPOCH_SECONDS;
        let to = u64::try_from((start + 60) * 1_000).unwrap();
        let mut sfu = Sfu::new(self.sfu.clone(), Domain::from_bytes(config.domain));
        let envelope = sfu.tick(to, shares);
        let path = self.path().join(format!("epoch-{epoch}.jsonl"));
        fs::write(&path, [envelope.as_slice(), b"\n"].concat()).unwrap();
        path
    }
}
