//! A deployment, SFUs that sign, settlers that are processes.

use std::path::{Path, PathBuf};
use std::process::Command;

use ed25519_dalek::SigningKey;
use radio_payouts_client::state::ParamsDelta;
use radio_payouts_protocol::batch::{Batch, Contribution, Descriptor, Receipt, Rights, Role};
use radio_payouts_protocol::did::did_of_key;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::Hash;
use radio_payouts_settler::chain::embedded::Embedded;
use radio_payouts_settler::chain::sender::Guard;
use radio_payouts_settler::chain::{Journal, Landed, Outgoing, Sender, deployment};
use radio_payouts_settler::cli::demo::ground::{Plan, deploy};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer as _;

/// What adds up receipts in `settle`, and what Spark needs for it.
const ENGINE: [&str; 2] = ["RADIO_PAYOUTS_ENGINE", "RADIO_PAYOUTS_SPARK_PYTHON"];

/// Start of epoch 0, in Unix seconds.
pub const GENESIS: i64 = 1_760_000_000;
/// Length of an epoch.
pub const EPOCH: i64 = 300;
/// Grace after it.
pub const GRACE: i64 = 60;

/// A settler's key and folders.
pub struct Settler {
    pub key: Keypair,
    pub key_file: PathBuf,
    pub data: PathBuf,
}

/// A finished process.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Asserts the exit code.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// Stdout as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A chain with a deployment.
pub struct World {
    pub folder: tempfile::TempDir,
    pub chain: PathBuf,
    pub authority: Keypair,
    pub settlers: Vec<Settler>,
    pub sfus: Vec<Sfu>,
}

impl World {
    /// A world with two SFUs.
    pub fn new(settlers: usize, threshold: u8) -> Self {
        Self::with_params(settlers, threshold, ParamsDelta::default())
    }

    /// A world whose first version of the parameters differs from the demo's.
    pub fn with_params(settlers: usize, threshold: u8, params: ParamsDelta) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let chain = folder.path().join("chain");
        let settlers: Vec<Settler> = (0..settlers)
            .map(|number| {
                let key = Keypair::new();
                let key_file = folder.path().join(format!("settler-{number}.json"));
                std::fs::write(&key_file, serde_json::to_vec(&key.to_bytes().as_slice()).unwrap()).unwrap();
                Settler { key, key_file, data: folder.path().join(format!("data-{number}")) }
            })
            .collect();
        let authority = Keypair::new();
        let keys = [SigningKey::from_bytes(&[1; 32]), SigningKey::from_bytes(&[2; 32])];
        let plan = Plan {
            genesis_unix: GENESIS,
            epoch_seconds: u32::try_from(EPOCH).unwrap(),
            now: GENESIS + EPOCH,
            grace_seconds: u32::try_from(GRACE).unwrap(),
            challenge_seconds: 60,
            threshold,
            params,
            sfus: &[(keys[0].verifying_key().to_bytes(), 1 << 40), (keys[1].verifying_key().to_bytes(), 1 << 40)],
            settlers: &settlers.iter().map(|settler| settler.key.pubkey()).collect::<Vec<_>>(),
        };
        let (sender, _) = deploy(&chain, &folder.path().join("authority-journal"), &authority, &plan)
            .unwrap_or_else(|failure| panic!("{:#}", failure.error));
        let domain = Domain::from_bytes(deployment::require_config(sender.chain()).unwrap().domain);
        let sfus = keys.into_iter().map(|key| Sfu { key, domain, seq: 0, prev: [0; 32] }).collect();
        Self { folder, chain, authority, settlers, sfus }
    }

    /// The chain, opened by this process.
    pub fn open_chain(&self) -> Embedded {
        Embedded::open(&self.chain).unwrap()
    }

    /// Sets the chain's clock to so many seconds after genesis.
    pub fn set_time(&self, seconds: i64) {
        self.open_chain().set_time(GENESIS + seconds).unwrap();
    }

    /// Sets the chain's clock to where epoch `epoch` can be settled.
    pub fn pass(&self, epoch: i64) {
        self.set_time((epoch + 1) * EPOCH + GRACE + 1);
    }

    /// Sends as the authority.
    pub fn as_authority(&self, purpose: &str, instruction: Instruction) -> Landed {
        let guard = Guard { genesis_hash: None, may_initialize: false };
        let journal = Journal::new(&self.folder.path().join("authority-journal"));
        let mut sender = Sender::new(Box::new(self.open_chain()), journal, guard, 0);
        let (payer, signers, lookup_tables) = (&self.authority, vec![], vec![]);
        let outgoing =
            Outgoing { purpose: purpose.into(), instructions: vec![instruction], payer, signers, lookup_tables };
        sender.send(&outgoing).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Runs the binary as settler `number`.
    pub fn run(&self, number: usize, args: &[&str]) -> Ran {
        self.run_with(number, args, &[])
    }

    /// Runs the binary with more environment.
    pub fn run_with(&self, number: usize, args: &[&str], environment: &[(&str, &str)]) -> Ran {
        let output = self.command(number, environment).args(args).output().unwrap();
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The binary as settler `number` would run it, without arguments.
    pub fn command(&self, number: usize, environment: &[(&str, &str)]) -> Command {
        let settler = &self.settlers[number];
        let mut command = Command::new(env!("CARGO_BIN_EXE_settler"));
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("RADIO_PAYOUTS_DEMO", "true")
            .env("RADIO_PAYOUTS_URL", format!("embedded:{}", self.chain.display()))
            .env("RADIO_PAYOUTS_KEYPAIR", &settler.key_file)
            .env("RADIO_PAYOUTS_DATA", &settler.data)
            // All stories may be told with another engine: their folders and commitments are the same.
            .envs(ENGINE.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
            .envs(environment.iter().copied());
        command
    }

    /// Gives envelopes to settler `number`; returns its answers.
    pub fn ingest(&self, number: usize, envelopes: &[Vec<u8>]) -> serde_json::Value {
        let path = self.folder.path().join("given.ndjson");
        std::fs::write(&path, lines(envelopes)).unwrap();
        self.run(number, &["ingest", path.to_str().unwrap(), "-o", "json"]).expect(0).json()["answers"].take()
    }

    /// The folder of a sealed epoch of settler `number`.
    pub fn epoch_folder(&self, number: usize, epoch: u64) -> PathBuf {
        self.settlers[number].data.join(format!("epochs/epoch-{epoch:06}"))
    }

    /// The root in force on chain.
    pub fn commitment(&self, epoch: u64) -> Option<Hash> {
        let account = deployment::epoch(&self.open_chain(), epoch).unwrap()?;
        account.status.has_root().then_some(account.commitment)
    }

    /// Batches of an epoch from SFU 0: one every ten seconds, so many of them.
    pub fn batches(&mut self, epoch: i64, count: i64) -> Vec<Vec<u8>> {
        (1..=count).map(|tick| self.sfus[0].tick((epoch * EPOCH + tick * 10) * 1_000)).collect()
    }
}

/// Envelopes as lines.
pub fn lines(envelopes: &[Vec<u8>]) -> Vec<u8> {
    envelopes.iter().flat_map(|envelope| envelope.iter().copied().chain([b'\n'])).collect()
}

/// An SFU that signs.
#[derive(Clone)]
pub struct Sfu {
    pub key: SigningKey,
    pub domain: Domain,
    pub seq: u64,
    pub prev: Hash,
}

impl Sfu {
    /// The SFU's DID.
    pub fn did(&self) -> String {
        did_of_key(&self.key.verifying_key().to_bytes())
    }

    /// Signs the next batch: the ten seconds before `to` milliseconds after genesis.
    pub fn tick(&mut self, to: i64) -> Vec<u8> {
        let bytes = 1_000_000 + self.seq * 1_000;
        self.tick_with(to, &[(0, bytes), (1, bytes / 2), (2, 77)])
    }

    /// Signs the next batch with these contributors and bytes.
    pub fn tick_with(&mut self, to: i64, shares: &[(u8, u64)]) -> Vec<u8> {
        self.tick_of(to, &shares.iter().map(|(who, bytes)| (did(*who), *bytes)).collect::<Vec<_>>())
    }

    /// Signs the next batch with these DIDs and bytes.
    pub fn tick_of(&mut self, to: i64, shares: &[(String, u64)]) -> Vec<u8> {
        self.seq += 1;
        let to = u64::try_from(GENESIS * 1_000 + to).unwrap();
        let contributors: Vec<_> = shares
            .iter()
            .map(|(did, bytes_out)| Contribution { bytes_out: *bytes_out, did: did.clone(), role: Some(Role::Seeder) })
            .collect();
        let receipt = Receipt {
            acks: None,
            contributors,
            recipients: 3,
            room_id: "room".into(),
            timestamp: to - 5_000,
            track_id: "track".into(),
        };
        let track = Descriptor { metadata: None, rights: Rights::Original, track_id: "track".into(), uploader: did(0) };
        let batch = Batch {
            from: to - 10_000,
            prev: self.prev,
            receipts: vec![receipt],
            seq: self.seq,
            sfu: self.did(),
            to,
            tracks: vec![track],
            v: 1,
        };
        self.prev = batch.hash();
        batch.sign(&self.key, &self.domain).unwrap().to_bytes()
    }
}

/// The DID of contributor `who`.
pub fn did(who: u8) -> String {
    did_of_key(&SigningKey::from_bytes(&[100 + who; 32]).verifying_key().to_bytes())
}

/// Copies a folder with all that is in it.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target)
        } else {
            let _ = std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Every file below a folder with its bytes.
pub fn snapshot(folder: &Path) -> std::collections::BTreeMap<PathBuf, Vec<u8>> {
    let mut files = std::collections::BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(
                snapshot(&path)
                    .into_iter()
                    .map(|(name, bytes)| (Path::new(path.file_name().unwrap()).join(name), bytes)),
            );
        } else {
            files.insert(PathBuf::from(path.file_name().unwrap()), std::fs::read(&path).unwrap());
        }
    }
    files
}
