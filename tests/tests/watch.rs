//! `settler watch` over RPC: two of three settlers of a Demo deployment put a wrong root in force. The watch notices and disputes
//! it, the arbiter upholds, the bond comes back, the honest root is accepted. Then an SFU that signed two batches under one
//! number is proven to have done so, through the validator's Ed25519 precompile.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use ed25519_dalek::SigningKey;
use radio_payouts_client::state::{ConfigTimesDelta, Dispute, Epoch, EpochStatus, Sfu as SfuAccount};
use radio_payouts_client::{RegisterSettlerArgs, SetConfigTimesArgs, address, instruction};
use radio_payouts_protocol::did::did_of_key;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::sha256;
use radio_payouts_settler::artefact::Artefact;
use radio_payouts_settler::chain::rpc::Rpc;
use radio_payouts_settler::chain::sender::Guard;
use radio_payouts_settler::chain::{Journal, Sender, deployment};
use radio_payouts_settler::epoch::post;
use radio_payouts_tests::{Localnet, Settler, Sfu};
use serde_json::Value;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;

#[path = "../../settler/tests/settler/forgery.rs"]
mod forgery;

/// The least bond: 100 BLOOM.
const BOND: u64 = 100_000_000_000;

/// A validator with a Demo deployment of which epoch 0 has ended, run from a folder.
struct Story {
    folder: tempfile::TempDir,
    localnet: Localnet,
    settler: Settler,
    mint: Pubkey,
    /// Unix milliseconds at which epoch 0 starts.
    genesis_ms: u64,
}

impl Story {
    /// The operator is authority, arbiter's appointer and the honest settler; `others` are settlers, too, and two must agree.
    fn new(sfu: &SigningKey, others: &[Keypair]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let localnet = Localnet::start(Keypair::new());
        localnet.write_operator(folder.path());
        let settler = Settler::new(folder.path());
        let url = localnet.url();
        let genesis = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() - 330;
        let sfu = did_of_key(&sfu.verifying_key().to_bytes());
        let place = ["init", "--url", &url, "--keypair", "operator.json", "--radio-payouts-demo", "--sfu", &sfu];
        let calendar = ["--epoch-seconds", "300", "--grace-seconds", "0", "--genesis-unix", &genesis.to_string()];
        let made = settler.json(&[&place[..], &calendar[..]].concat());
        let mint = made["deployment"]["mint"].as_str().unwrap().parse().unwrap();
        let operator = localnet.operator.pubkey();
        let mut set_up = Vec::new();
        for other in others {
            let args = RegisterSettlerArgs { key: other.pubkey(), operator, valid_from: 0 };
            set_up.push(instruction::register_settler(operator, operator, args));
            set_up.push(solana_system_interface::instruction::transfer(&operator, &other.pubkey(), 1_000_000_000));
        }
        set_up.push(Self::threshold(operator, 2));
        localnet.send(&set_up, &[]);
        Self { folder, localnet, settler, mint, genesis_ms: genesis * 1_000 }
    }

    fn threshold(authority: Pubkey, settlers: u8) -> solana_instruction::Instruction {
        let times = ConfigTimesDelta { attestation_threshold: Some(settlers), ..Default::default() };
        instruction::set_config_times(authority, SetConfigTimesArgs { times, governance: Default::default() })
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where the settler keeps what it holds.
    fn data(&self) -> PathBuf {
        let settings = self.settler.json(&["config"]);
        let data = settings.as_array().unwrap().iter().find(|setting| setting["name"] == "data").unwrap();
        self.path().join(data["value"].as_str().unwrap())
    }

    fn chain(&self) -> Rpc {
        Rpc::new(&self.localnet.url())
    }

    fn epoch(&self) -> Epoch {
        deployment::epoch(&self.chain(), 0).unwrap().unwrap()
    }

    /// Takes envelopes in.
    fn ingest(&self, name: &str, envelopes: &[Vec<u8>]) {
        let lines: Vec<u8> = envelopes.iter().flat_map(|envelope| envelope.iter().copied().chain([b'\n'])).collect();
        fs::write(self.path().join(name), lines).unwrap();
        let report = self.settler.json(&["ingest", name]);
        assert_eq!(report["answers"]["held"], envelopes.len(), "{report}");
    }

    /// Posts what a folder says as a settler, whether it is true or not.
    fn post_as(&self, settler: &Keypair, folder: &Path) {
        let journal = Journal::new(&self.path().join(format!("journal-{}", settler.pubkey())));
        let guard = Guard { genesis_hash: None, may_initialize: false };
        let mut sender = Sender::new(Box::new(self.chain()), journal, guard, 0);
        let posted = post::post(&mut sender, settler, &Artefact::open(folder).unwrap());
        let _ = posted.unwrap_or_else(|failure| panic!("{:#}", failure.error));
    }

    /// Looks once; the kinds of alerts that it told.
    #[track_caller]
    fn watch(&self, options: &[&str], exit: i32) -> Vec<String> {
        let output = self.settler.run(&[&["watch", "--once", "--from", "lies"], options].concat(), &[]);
        let (told, talk) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(exit), "{told}\n{talk}");
        let alert = |line: &str| serde_json::from_str::<Value>(line).unwrap();
        told.lines().map(|line| alert(line)["kind"].as_str().unwrap().to_owned()).collect()
    }

    /// Base units in the operator's wallet.
    fn tokens(&self) -> u64 {
        let wallet =
            address::associated_token_address(&self.localnet.operator.pubkey(), &self.mint, &anchor_spl::token::ID);
        let found = deployment::token_accounts(&self.chain(), &[wallet]).unwrap();
        found[0].map(|account| account.amount).unwrap()
    }
}

/// Contributors with the bytes that they delivered.
fn shares() -> Vec<(String, u64)> {
    let did = |number: u8| did_of_key(&SigningKey::from_bytes(&[number; 32]).verifying_key().to_bytes());
    vec![(did(101), 1_000_000), (did(102), 500_000), (did(103), 77)]
}

#[test]
fn a_wrong_root_of_a_majority_is_disputed_over_rpc_and_an_equivocation_is_proven() {
    let key = SigningKey::from_bytes(&[7; 32]);
    let (liars, arbiter) = ([Keypair::new(), Keypair::new()], Keypair::new());
    let story = Story::new(&key, &liars);
    let operator = story.localnet.operator.pubkey();
    let domain = Domain::from_bytes(deployment::require_config(&story.chain()).unwrap().domain);
    let mut sfu = Sfu::new(key.clone(), domain);
    let first = sfu.tick(story.genesis_ms + 60_000, &shares());
    let mut twin = sfu.clone();
    story.ingest("batches.jsonl", &[first, sfu.tick(story.genesis_ms + 70_000, &shares())]);

    // The honest settler has posted; two that agree on a robbery outvote it.
    story.settler.json(&["settle", "--due"]);
    assert_eq!(story.epoch().status, EpochStatus::Open);
    let data = story.data();
    let (honest, lies) = (data.join("epochs/epoch-000000"), story.path().join("lies/epoch-000000"));
    let wrong = forgery::publish_with_other_payouts(&honest, &lies, forgery::rob);
    liars.iter().for_each(|liar| story.post_as(liar, &lies));
    assert_eq!((story.epoch().status, story.epoch().commitment), (EpochStatus::Posted, wrong));

    // The watch notices it, and with a bond it disputes it, once, on evidence whose hash is on chain.
    story.localnet.give(&operator, 0, &story.mint, BOND + 7);
    assert_eq!(story.watch(&[], 3), ["difference"]);
    assert_eq!(story.watch(&["--dispute"], 3), ["dispute"]);
    assert_eq!((story.epoch().status, story.tokens()), (EpochStatus::Disputed, 7));
    assert_eq!(story.watch(&["--dispute"], 3), [""; 0]);
    let opened: Dispute = deployment::read(&story.chain(), &address::dispute_address(0, 0)).unwrap().unwrap();
    let evidence = fs::read_dir(data.join("watch/evidence")).unwrap().next().unwrap().unwrap();
    assert_eq!(opened.evidence_hash, sha256(&[&fs::read(evidence.path()).unwrap()]));

    // Nobody but authority and arbiter decides it; the arbiter upholds it, and the bond comes back.
    let arbiter_key = serde_json::to_vec(&arbiter.to_bytes().as_slice()).unwrap();
    fs::write(story.path().join("arbiter.json"), arbiter_key).unwrap();
    story.localnet.give(&arbiter.pubkey(), 1_000_000_000, &story.mint, 0);
    let uphold = ["dispute", "resolve", "0", "--uphold", "--keypair", "arbiter.json"];
    assert!(story.settler.refused(&uphold, 1).contains("NotAuthorityOrArbiter"));
    story.localnet.send(&[instruction::appoint_arbiter(operator, Some(arbiter.pubkey()))], &[]);
    story.settler.json(&uphold);
    story.settler.json(&["dispute", "release", "0"]);
    assert_eq!((story.epoch().status, story.tokens()), (EpochStatus::Revoked, BOND + 7));
    let told = story.watch(&["--dispute"], 0);
    assert!(told.contains(&"revoked".to_owned()), "{told:?}");

    // The liars are stopped; the epoch returns to Open, and the honest root is accepted and stands.
    let stops = liars.iter().map(|liar| instruction::stop_settler(operator, &liar.pubkey()));
    let stops: Vec<_> = std::iter::once(Story::threshold(operator, 1)).chain(stops).collect();
    story.localnet.send(&stops, &[]);
    let settled = story.settler.json(&["settle", "--due", "--reopen"]);
    assert_eq!(settled["reopened"], serde_json::json!([0]), "{settled}");
    let accepted = story.epoch();
    assert_eq!((accepted.status, accepted.attempt), (EpochStatus::Posted, 1));
    assert_ne!(accepted.statement.payouts[0].root, Artefact::open(&lies).unwrap().statement().payouts[0].root);
    story.settler.json(&["verify", "0"]);
    let told = story.watch(&["--dispute"], 0);
    assert!(!told.iter().any(|kind| ["difference", "unknown_root", "dispute"].contains(&kind.as_str())), "{told:?}");

    // Another batch under a number that is used: what counted stays, nothing counts from there on.
    story.ingest("twin.jsonl", &[twin.tick(story.genesis_ms + 70_000, &shares()[..1])]);
    assert_eq!(story.watch(&["--fraud-proofs"], 0), ["equivocation", "fraud_proof"]);
    let account: SfuAccount =
        deployment::read(&story.chain(), &address::sfu_address(&key.verifying_key().to_bytes())).unwrap().unwrap();
    assert_eq!(account.stop_seq, 2);
    assert_eq!(story.watch(&["--fraud-proofs"], 0), ["registry"]);
    assert_eq!(story.epoch().commitment, accepted.commitment);
}
