//! A Live epoch is paid on a real validator: ten thousand claims by one command, every base unit accounted for; then claims
//! out of a tree of depth 20, as v0 transactions with the deployment's lookup table.
//!
//! Days are passed by moving back what accounts have recorded (`radio_payouts_tests::rewind`); every instruction is a real
//! transaction of the `settler` binary or of its sender.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ed25519_dalek::SigningKey;
use radio_payouts_client::address::{self, associated_token_address};
use radio_payouts_client::state::{ClaimChunk, Config, Epoch, EpochStatus, Mode, ParamsChange};
use radio_payouts_client::{account, instruction};
use radio_payouts_protocol::batch::{Batch, Contribution, Descriptor, Receipt, Rights};
use radio_payouts_protocol::did::did_of_key;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::forest::Forest;
use radio_payouts_protocol::hash::sha256;
use radio_payouts_protocol::statement::Statement;
use radio_payouts_protocol::tree::{TreeRoot, share_leaf};
use radio_payouts_settler::artefact::manifest::StatementJson;
use radio_payouts_settler::artefact::proof::{self, ProofBundle, ShareJson, SiblingJson};
use radio_payouts_settler::artefact::terms::Deployment;
use radio_payouts_settler::chain::rpc::Rpc;
use radio_payouts_settler::chain::sender::Guard;
use radio_payouts_settler::chain::{Journal, Outgoing, Sender, deployment};
use radio_payouts_tests::{Localnet, Settler};
use serde_json::Value;
use solana_client::rpc_client::RpcClient;
use solana_commitment_config::CommitmentConfig;
use solana_instruction::{AccountMeta, Instruction};
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;

const DAY: i64 = 86_400;
const EPOCH_SECONDS: i64 = 300;

/// A Live deployment on a validator, run by one operator from a folder.
struct Ground {
    folder: tempfile::TempDir,
    localnet: Localnet,
    settler: Settler,
    sfu: SigningKey,
}

impl Ground {
    fn path(&self) -> &Path {
        self.folder.path()
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        self.settler.json(arguments)
    }

    #[track_caller]
    fn refused(&self, arguments: &[&str], exit: i32) -> String {
        self.settler.refused(arguments, exit)
    }

    fn sender(&self) -> Sender {
        let journal = Journal::new(&self.path().join("own-journal"));
        let guard = Guard { genesis_hash: None, may_initialize: false };
        Sender::new(Box::new(Rpc::new(&self.localnet.url())), journal, guard, 0)
    }

    /// Sends as the operator, who is authority, settler and minter.
    fn send(&self, purpose: &str, instructions: Vec<Instruction>, signers: Vec<&Keypair>) {
        let payer = &self.localnet.operator;
        let outgoing = Outgoing { purpose: purpose.into(), instructions, payer, signers, lookup_tables: Vec::new() };
        let _ = self.sender().send(&outgoing).unwrap_or_else(|error| panic!("{error}"));
    }

    /// Initialised, one SFU, one settler, and Live from an epoch that has ended; returns that epoch.
    fn new() -> (Self, u64) {
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

    fn config(&self) -> Config {
        deployment::require_config(&Rpc::new(&self.localnet.url())).unwrap()
    }

    fn epoch(&self, epoch: u64) -> Epoch {
        deployment::epoch(&Rpc::new(&self.localnet.url()), epoch).unwrap().unwrap()
    }

    /// Base units of a token account; 0 if it is not there.
    fn balance(&self, account: Pubkey) -> u64 {
        self.balances(&[account])[0].unwrap_or_default()
    }

    fn balances(&self, accounts: &[Pubkey]) -> Vec<Option<u64>> {
        let found = deployment::token_accounts(&Rpc::new(&self.localnet.url()), accounts).unwrap();
        found.into_iter().map(|account| account.map(|account| account.amount)).collect()
    }

    /// Mints to the vault, as who has BLOOM may pay it.
    fn fund(&self, amount: u64) {
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
    fn ratify(&self, epoch: u64) {
        self.localnet.age_epoch(epoch, DAY);
        self.json(&["admin", "finalize", &epoch.to_string()]);
        let account = self.epoch(epoch);
        self.fund(account.payouts_sum);
        self.json(&["admin", "ratify", &epoch.to_string(), "--commitment", &hex::encode(account.commitment)]);
    }

    /// One signed batch of an epoch in which these DIDs delivered these bytes, as a file to ingest.
    fn batch(&self, epoch: u64, shares: &[(String, u64)]) -> PathBuf {
        let config = self.config();
        let start = config.genesis_unix + i64::try_from(epoch).unwrap() * EPOCH_SECONDS;
        let to = u64::try_from((start + 60) * 1_000).unwrap();
        // At most 64 contributors a receipt, one receipt a track.
        let receipts: Vec<Receipt> = (0..)
            .zip(shares.chunks(64))
            .map(|(track, shares): (u32, _)| Receipt {
                acks: None,
                contributors: shares
                    .iter()
                    .map(|(did, bytes_out)| Contribution { bytes_out: *bytes_out, did: did.clone(), role: None })
                    .collect(),
                recipients: 1,
                room_id: "room".into(),
                timestamp: to - 5_000,
                track_id: format!("track-{track:04}"),
            })
            .collect();
        let tracks = receipts
            .iter()
            .map(|receipt| Descriptor {
                metadata: None,
                rights: Rights::Original,
                track_id: receipt.track_id.clone(),
                uploader: shares[0].0.clone(),
            })
            .collect();
        let sfu = did_of_key(&self.sfu.verifying_key().to_bytes());
        let batch = Batch { from: to - 10_000, prev: [0; 32], receipts, seq: 1, sfu, to, tracks, v: 1 };
        let signed = batch.sign(&self.sfu, &Domain::from_bytes(config.domain)).unwrap();
        let path = self.path().join(format!("epoch-{epoch}.jsonl"));
        fs::write(&path, [signed.to_bytes().as_slice(), b"\n"].concat()).unwrap();
        path
    }
}

/// The payee of contributor `number`, and its DID: of each hundred one is named by did:pkh, the others by did:key.
fn contributor(number: u32, genesis_hash: &[u8; 32]) -> (String, Pubkey) {
    let key = SigningKey::from_bytes(&sha256(&[b"contributor", &number.to_le_bytes()])).verifying_key().to_bytes();
    let payee = Pubkey::new_from_array(key);
    if number % 100 != 99 {
        return (did_of_key(&key), payee);
    }
    let reference = bs58::encode(genesis_hash).into_string();
    (format!("did:pkh:solana:{}:{payee}", &reference[..32]), payee)
}

/// Claims `count` shares of one epoch over RPC and accounts for every base unit.
fn claim_all(count: u32) {
    const UNBOUND: &str = "did:web:artist.example";
    let (ground, epoch) = Ground::new();
    let genesis_hash = ground.config().genesis_hash;
    let people: Vec<_> = (0..count - 1).map(|number| contributor(number, &genesis_hash)).collect();
    let mut shares: Vec<_> = (0..).zip(&people).map(|(at, (did, _))| (did.clone(), 1_000 + at)).collect();
    shares.push((UNBOUND.to_owned(), 5_000));
    let file = ground.batch(epoch, &shares);
    ground.json(&["ingest", file.to_str().unwrap()]);
    ground.json(&["settle", "--epoch", &epoch.to_string()]);
    let number = epoch.to_string();
    ground.refused(&["claim", "--all", "--epoch", &number], 75);

    // The bound payee.
    let bound = Keypair::new();
    let operator = ground.localnet.operator.pubkey();
    let did = sha256(&[UNBOUND.as_bytes()]);
    let bind = vec![
        instruction::set_registrars(operator, vec![operator]),
        instruction::propose_binding(operator, operator, None, did, bound.pubkey()),
        instruction::accept_binding(bound.pubkey(), &did),
    ];
    ground.send("bind the artist", bind, vec![&bound]);
    ground.localnet.age_binding(&did, 7 * DAY);

    ground.ratify(epoch);
    let account = ground.epoch(epoch);
    // One byte at the demo rate is 1 000 base units; floors leave less than one unit a share.
    let bytes: u64 = shares.iter().map(|(_, bytes)| bytes).sum();
    assert!(account.payouts_sum <= bytes * 1_000 && account.payouts_sum + u64::from(count) > bytes * 1_000);
    assert_eq!(account.statement.payouts[0].count, count);
    // More than is promised, of which nothing may go.
    ground.fund(1_234);
    assert_eq!(
        (ground.balance(ground.config().vault), ground.config().reserved),
        (account.payouts_sum + 1_234, account.payouts_sum)
    );

    let begun = Instant::now();
    let report = ground.json(&["claim", "--all", "--epoch", &number, "--under-way", "1000"]);
    let seconds = begun.elapsed().as_secs_f64();
    assert_eq!(
        (&report["paid"], &report["refused"], &report["tokenAccountsCreated"]),
        (&count.into(), &0.into(), &count.into())
    );
    eprintln!("{count} claims and token accounts in {seconds:.0} s");

    // Every base unit: each payee has its share, the sums agree, the rest is where it was.
    let claims = report["claims"].as_array().unwrap();
    let amounts: BTreeMap<&str, u64> = claims
        .iter()
        .map(|claim| (claim["did"].as_str().unwrap(), claim["amountBaseUnits"].as_str().unwrap().parse().unwrap()))
        .collect();
    assert_eq!(amounts.values().sum::<u64>(), account.payouts_sum);
    let config = ground.config();
    let expected: Vec<(Pubkey, u64)> = people
        .iter()
        .map(|(did, payee)| (*payee, amounts[did.as_str()]))
        .chain([(bound.pubkey(), amounts[UNBOUND])])
        .collect();
    let accounts: Vec<_> = expected
        .iter()
        .map(|(payee, _)| associated_token_address(payee, &config.mint, &config.token_program))
        .collect();
    let found = ground.balances(&accounts);
    for ((payee, amount), found) in expected.iter().zip(&found) {
        assert_eq!(*found, Some(*amount), "{payee}");
    }
    assert_eq!((ground.balance(config.vault), config.reserved), (1_234, 0));
    assert_eq!(ground.epoch(epoch).claimed, account.payouts_sum);
    let rpc = ground.localnet.rpc();
    let supply: u64 = rpc.get_token_supply(&config.mint).unwrap().amount.parse().unwrap();
    assert_eq!(supply, account.payouts_sum + 1_234);
    let chunks = (0..instruction::claim_chunks(count.into()))
        .map(|chunk| rpc.get_account(&address::claims_address(epoch, u32::try_from(chunk).unwrap())).unwrap());
    let bits: u32 = chunks.map(|chunk| account::read::<ClaimChunk>(&chunk.owner, &chunk.data).unwrap().claimed).sum();
    assert_eq!(bits, count);

    // Once more: nothing is paid a second time. Then half a year later.
    let again = ground.json(&["claim", "--all", "--epoch", &number]);
    assert_eq!((&again["paid"], &again["claimedBefore"]), (&0.into(), &count.into()));
    ground.refused(&["close", &number], 75);
    ground.localnet.age_epoch(epoch, 180 * DAY);
    let closed = ground.json(&["close", &number]);
    assert_eq!(closed["unclaimedBaseUnits"], "0");
    assert_eq!(ground.epoch(epoch).status, EpochStatus::Closed);
}

#[test]
fn every_share_of_an_epoch_is_claimed_over_rpc() {
    claim_all(500);
}

/// `cargo test -p radio-payouts-tests --test claims -- --ignored --nocapture`
#[test]
#[ignore = "takes minutes; docs/benchmarks.md has its figures"]
fn ten_thousand_claims_over_rpc() {
    claim_all(10_000);
}

#[test]
fn claims_of_depth_twenty_fit_a_transaction_over_rpc() {
    const LEAVES: u32 = (1 << 19) + 1;
    const MINE: [u32; 2] = [0, LEAVES - 1];
    let (ground, epoch) = Ground::new();
    let config = ground.config();
    let domain = Domain::from_bytes(config.domain);
    let payees = [Keypair::new(), Keypair::new()];
    let did = |index: u32| match MINE.iter().position(|mine| *mine == index) {
        Some(which) => did_of_key(&payees[which].pubkey().to_bytes()),
        None => format!("did:web:contributor-{index}.example"),
    };
    let payee = |index: u32| match MINE.iter().position(|mine| *mine == index) {
        Some(which) => payees[which].pubkey().to_bytes(),
        None => [0; 32],
    };
    let leaves: Vec<_> = (0..LEAVES)
        .map(|index| {
            let did_hash = sha256(&[did(index).as_bytes()]);
            share_leaf(&domain, epoch, index, &did_hash, &payee(index), 1_000 + u64::from(index))
        })
        .collect();
    let forest = Forest::build(&domain, &leaves).unwrap();
    let pool = leaves.iter().map(|leaf| leaf.sum).sum();
    let statement = Statement {
        epoch,
        parent: config.chain.parent(),
        params_version: config.params_version,
        registry_version: config.registry_version,
        inputs_hash: [1; 32],
        history_hash: [2; 32],
        batches: TreeRoot { root: [3; 32], sum: pool, count: 1 },
        pool,
        payouts: forest.roots(),
    };
    let args = instruction::post_root_args(&statement, &domain);
    let commitment = args.commitment;
    let operator = ground.localnet.operator.pubkey();
    ground.send("post the large tree", vec![instruction::post_root(operator, args, 2, None)], Vec::new());
    ground.ratify(epoch);

    let deployment = Deployment {
        domain: config.domain,
        genesis_hash: config.genesis_hash,
        program_id: radio_payouts_client::PROGRAM_ID.to_bytes(),
        genesis_unix: config.genesis_unix,
        epoch_seconds: config.epoch_seconds,
    };
    let proofs: Vec<ProofBundle> = MINE
        .iter()
        .map(|index| ProofBundle {
            format: proof::FORMAT.to_owned(),
            standing: "test".to_owned(),
            deployment,
            commitment,
            statement: StatementJson::from(&statement),
            max_share_bps: 10_000,
            share: ShareJson {
                did: did(*index),
                index: *index,
                payee: payee(*index),
                amount_base_units: 1_000 + u64::from(*index),
            },
            siblings: forest
                .proof(*index)
                .unwrap()
                .iter()
                .map(|node| SiblingJson { hash: node.hash, sum: node.sum })
                .collect(),
        })
        .collect();
    assert!(proofs.iter().all(|proof| proof.siblings.len() == 20));
    fs::write(ground.path().join("proofs.json"), serde_json::to_vec(&proofs).unwrap()).unwrap();

    // Without the lookup table it is told beforehand that the proof does not fit.
    let own = fs::read_to_string(ground.path().join("settler.toml")).unwrap();
    let without: String =
        own.lines().filter(|line| !line.starts_with("lookup_table")).map(|line| format!("{line}\n")).collect();
    fs::write(ground.path().join("settler.toml"), &without).unwrap();
    assert!(ground.refused(&["claim", "--file", "proofs.json"], 2).contains("lookup table"));
    fs::write(ground.path().join("settler.toml"), own).unwrap();

    let report = ground.json(&["claim", "--file", "proofs.json"]);
    assert_eq!((&report["paid"], &report["tokenAccountsCreated"]), (&2.into(), &2.into()), "{report}");
    let rpc = ground.localnet.rpc();
    for (claim, (index, payee)) in report["claims"].as_array().unwrap().iter().zip(MINE.iter().zip(&payees)) {
        let account = associated_token_address(&payee.pubkey(), &config.mint, &config.token_program);
        assert_eq!(ground.balance(account), 1_000 + u64::from(*index));
        let signature = claim["transaction"].as_str().unwrap().parse().unwrap();
        let (bytes, version, creates) = described(&rpc, &signature);
        eprintln!("a claim of depth 20: {bytes} bytes, version {version:?}");
        assert!(bytes <= 1_232 && version == Some(0) && !creates);
    }
    assert_eq!(ground.epoch(epoch).claimed, 2_000 + u64::from(MINE[0]) + u64::from(MINE[1]));
    // Both are at an end of the forest: two chunks.
    for index in MINE {
        assert!(rpc.get_account(&address::claims_address(epoch, instruction::claim_chunk(index))).is_ok());
    }
}

/// Size and version of a transaction, and whether it names the program that creates token accounts.
fn described(rpc: &RpcClient, signature: &solana_signature::Signature) -> (usize, Option<u8>, bool) {
    use solana_client::rpc_config::RpcTransactionConfig;
    use solana_transaction_status_client_types::UiTransactionEncoding;
    let config = RpcTransactionConfig {
        encoding: Some(UiTransactionEncoding::Base64),
        commitment: Some(CommitmentConfig::finalized()),
        max_supported_transaction_version: Some(0),
    };
    let found = rpc.get_transaction_with_config(signature, config).unwrap();
    let transaction = found.transaction.transaction.decode().unwrap();
    let keys = transaction.message.static_account_keys();
    let version = match transaction.message {
        solana_message::VersionedMessage::Legacy(_) => None,
        _ => Some(0),
    };
    let bytes = wincode::serialize(&transaction).unwrap().len();
    (bytes, version, keys.contains(&address::ASSOCIATED_TOKEN_PROGRAM_ID))
}
