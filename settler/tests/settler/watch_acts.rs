//! What `settler watch` does about what it finds: disputes and fraud proofs, each once.

use std::path::{Path, PathBuf};

use radio_payouts_client::address::{self, associated_token_address};
use radio_payouts_client::state::{Candidate, ConfigTimesDelta, Dispute, DisputeOutcome, EpochStatus, ShareRecord};
use radio_payouts_client::{SetConfigTimesArgs, instruction};
use radio_payouts_protocol::hash::sha256;
use radio_payouts_protocol::settlement::Settlement;
use radio_payouts_settler::chain::{Chain as _, deployment};
use serde_json::Value;
use solana_instruction::{AccountMeta, Instruction};
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;

use crate::dishonest;
use crate::forgery::rob;
use crate::world::{Ran, World};

/// The least bond.
const BOND: u64 = 100_000_000_000;

fn watch(world: &World, number: usize, from: &Path, extra: &[&str]) -> Ran {
    world.run(number, &[&["watch", "--once", "--from", from.to_str().unwrap()], extra].concat())
}

fn kinds(ran: &Ran) -> Vec<String> {
    let alert = |line: &str| -> Value { serde_json::from_str(line).unwrap() };
    ran.stdout.lines().map(|line| alert(line)["kind"].as_str().unwrap().to_owned()).collect()
}

fn status(world: &World, epoch: u64) -> EpochStatus {
    deployment::epoch(&world.open_chain(), epoch).unwrap().unwrap().status
}

fn dispute(world: &World, epoch: u64, attempt: u32) -> Option<Dispute> {
    deployment::read(&world.open_chain(), &address::dispute_address(epoch, attempt)).unwrap()
}

/// The associated token account of an address.
fn wallet(world: &World, owner: &Pubkey) -> Pubkey {
    let config = deployment::require_config(&world.open_chain()).unwrap();
    associated_token_address(owner, &config.mint, &config.token_program)
}

/// What is in a token account.
fn balance(world: &World, account: &Pubkey) -> u64 {
    let account = world.open_chain().account(account).unwrap().unwrap();
    u64::from_le_bytes(account.data[64..72].try_into().unwrap())
}

/// Mints BLOOM to the wallet of an address, which is made if it is not there.
fn give_bloom(world: &World, owner: &Pubkey, amount: u64) {
    let config = deployment::require_config(&world.open_chain()).unwrap();
    let (authority, wallet) = (world.authority.pubkey(), wallet(world, owner));
    let create = Instruction {
        program_id: address::ASSOCIATED_TOKEN_PROGRAM_ID,
        accounts: vec![
            AccountMeta::new(authority, true),
            AccountMeta::new(wallet, false),
            AccountMeta::new_readonly(*owner, false),
            AccountMeta::new_readonly(config.mint, false),
            AccountMeta::new_readonly(Pubkey::default(), false),
            AccountMeta::new_readonly(config.token_program, false),
        ],
        // CreateIdempotent
        data: vec![1],
    };
    world.as_authority(&format!("make the wallet of {owner}"), create);
    let mint = Instruction {
        program_id: config.token_program,
        accounts: vec![
            AccountMeta::new(config.mint, false),
            AccountMeta::new(wallet, false),
            AccountMeta::new_readonly(authority, true),
        ],
        // MintTo
        data: [&[7][..], &amount.to_le_bytes()].concat(),
    };
    world.as_authority(&format!("mint {amount} to {owner}"), mint);
}

/// Pays one contributor with two leaves: no sum changes.
fn pay_twice(settlement: &mut Settlement) {
    let half = settlement.allocation.shares[0].amount / 2;
    settlement.allocation.shares[0].amount -= half;
    let mut second = settlement.allocation.shares[0];
    second.amount = half;
    settlement.allocation.shares.push(second);
    settlement.cells.contributors.push(settlement.cells.contributors[0].clone());
    settlement.weights.effective.push(settlement.weights.effective[0]);
    settlement.payees.push(settlement.payees[0]);
    settlement.leaf_indices.push(Some(u32::try_from(settlement.payees.len() - 1).unwrap()));
}

/// Settlers of whom `threshold` must agree. All but the first post and publish what `lie` makes of the honest epoch; the first
/// has posted the honest one. Returns the folder of the lies.
fn with_a_lie(settlers: usize, threshold: u8, lie: fn(&mut Settlement)) -> (World, PathBuf) {
    let mut world = World::new(settlers, threshold);
    let envelopes = world.batches(0, 4);
    world.pass(0);
    world.ingest(0, &envelopes);
    // With threshold 1 the honest settler's post would be in force: it only computes.
    let honest = if threshold == 1 { honest_folder(&world, &envelopes) } else { world.epoch_folder(0, 0) };
    if threshold > 1 {
        world.run(0, &["settle", "--due"]).expect(0);
    }
    let lies = world.folder.path().join("lies");
    dishonest::publish_with_other_payouts(&honest, &lies.join("epoch-000000"), lie);
    for settler in 1..=usize::from(threshold) {
        dishonest::post(&world, settler, &lies.join("epoch-000000"));
    }
    assert_eq!(status(&world, 0), EpochStatus::Posted);
    (world, lies)
}

/// What an honest settler would publish, made where it posts nothing.
fn honest_folder(world: &World, envelopes: &[Vec<u8>]) -> PathBuf {
    let copy = world.folder.path().join("elsewhere.chain");
    std::fs::copy(&world.chain, &copy).unwrap();
    let data = world.folder.path().join("elsewhere");
    let url = format!("embedded:{}", copy.display());
    let environment = [("RADIO_PAYOUTS_URL", url.as_str()), ("RADIO_PAYOUTS_DATA", data.to_str().unwrap())];
    let given = world.folder.path().join("elsewhere.ndjson");
    std::fs::write(&given, crate::world::lines(envelopes)).unwrap();
    world.run_with(0, &["ingest", given.to_str().unwrap()], &environment).expect(0);
    world.run_with(0, &["settle", "--due"], &environment).expect(0);
    data.join("epochs/epoch-000000")
}

#[test]
fn a_wrong_root_of_a_dishonest_majority_is_noticed_disputed_and_revoked_and_the_honest_one_accepted() {
    // Two of three settlers agree on a root that robs a contributor; the honest one has posted what the batches lead to.
    let (world, lies) = with_a_lie(3, 2, rob);
    let (honest, wrong) = (world.epoch_folder(0, 0), world.commitment(0).unwrap());
    let disputer = world.settlers[0].key.pubkey();

    // The watch notices it and cannot dispute it: it has no bond.
    let noticed = watch(&world, 0, &lies, &["--dispute"]).expect(3);
    assert_eq!(kinds(&noticed), ["difference"]);
    assert!(
        noticed.stdout.contains("field payouts[0].root is") && noticed.stderr.contains("not done: "),
        "{noticed:?}"
    );
    assert_eq!(status(&world, 0), EpochStatus::Posted);

    // With a bond it disputes the root, once, on evidence whose hash is on chain.
    give_bloom(&world, &disputer, BOND + 7);
    let disputed = watch(&world, 0, &lies, &["--dispute"]).expect(3);
    assert_eq!(kinds(&disputed), ["dispute"], "{disputed:?}");
    assert_eq!((status(&world, 0), balance(&world, &wallet(&world, &disputer))), (EpochStatus::Disputed, 7));
    let opened = dispute(&world, 0, 0).unwrap();
    assert_eq!((opened.disputer, opened.commitment, opened.bond), (disputer, wrong, BOND));
    let evidence = evidence(&world, 0);
    assert_eq!(opened.evidence_hash, sha256(&[&evidence]));
    let evidence: Value = serde_json::from_slice(&evidence).unwrap();
    assert_eq!((&evidence["proven"], &evidence["verdict"]), (&true.into(), &"wrong".into()), "{evidence}");
    assert_ne!(evidence["on_chain"]["payouts"], evidence["recomputed"]["payouts"]);
    assert_eq!(watch(&world, 0, &lies, &["--dispute"]).expect(3).stdout, "", "nothing new");

    // The authority upholds it. The bond comes back, the root is gone.
    let authority = world.authority.pubkey();
    world.as_authority("uphold", instruction::resolve_dispute(authority, 0, 0, true));
    let told = watch(&world, 0, &lies, &["--dispute"]).expect(0);
    assert_eq!((kinds(&told), status(&world, 0)), (vec!["revoked".to_owned()], EpochStatus::Revoked), "{told:?}");
    let config = deployment::require_config(&world.open_chain()).unwrap();
    let upheld = dispute(&world, 0, 0).unwrap();
    assert_eq!(upheld.outcome, DisputeOutcome::Upheld);
    world.as_authority("release", instruction::release_bond(&config, &upheld, wallet(&world, &disputer)));
    assert_eq!(balance(&world, &wallet(&world, &disputer)), BOND + 7);

    // The liars are stopped, the honest root is posted and stands.
    let times = ConfigTimesDelta { attestation_threshold: Some(1), ..Default::default() };
    let change = SetConfigTimesArgs { times, governance: Default::default() };
    world.as_authority("threshold 1", instruction::set_config_times(authority, change));
    for liar in [1, 2] {
        world.as_authority(
            &format!("stop {liar}"),
            instruction::stop_settler(authority, &world.settlers[liar].key.pubkey()),
        );
    }
    world.run(0, &["settle", "--due", "--reopen"]).expect(0);
    let accepted = world.commitment(0).unwrap();
    assert_ne!(accepted, wrong);
    assert_eq!(
        dishonest::recompute(&honest).settlement.statement.payouts,
        dishonest::recompute(&world.epoch_folder(0, 0)).settlement.statement.payouts
    );
    let quiet = watch(&world, 0, &lies, &["--dispute"]).expect(0);
    assert!(!quiet.stdout.contains("difference") && !quiet.stdout.contains("unknown_root"), "{quiet:?}");
    assert_eq!(status(&world, 0), EpochStatus::Posted);
    world.run(0, &["verify", "0"]).expect(0);
}

/// The only file of evidence of settler `number`.
fn evidence(world: &World, number: usize) -> Vec<u8> {
    let folder = world.settlers[number].data.join("watch/evidence");
    let mut files = std::fs::read_dir(folder).unwrap();
    let file = files.next().unwrap().unwrap();
    assert!(files.next().is_none());
    std::fs::read(file.path()).unwrap()
}

#[test]
fn an_honest_root_is_never_disputed() {
    let mut world = World::new(1, 1);
    let envelopes = world.batches(0, 4);
    world.pass(0);
    world.ingest(0, &envelopes);
    world.run(0, &["settle", "--due"]).expect(0);
    give_bloom(&world, &world.settlers[0].key.pubkey(), 10 * BOND);
    let from = world.settlers[0].data.join("epochs");
    let all = ["--dispute", "--dispute-unknown", "--fraud-proofs", "--attest"];
    for seconds in [370, 400, 415] {
        world.set_time(seconds);
        assert_eq!(watch(&world, 0, &from, &all).expect(0).stdout, "");
    }
    assert_eq!(dispute(&world, 0, 0).map(|dispute| dispute.epoch), None);
}

#[test]
fn a_watch_that_dies_anywhere_disputes_once() {
    for point in ["watch.before_send", "journal.after_open", "sender.after_landing", "watch.after_send", "watch.told"] {
        let (world, lies) = with_a_lie(3, 2, rob);
        give_bloom(&world, &world.settlers[0].key.pubkey(), 2 * BOND);
        let args = ["watch", "--once", "--dispute", "--from", lies.to_str().unwrap()];
        let died = world.run_with(0, &args, &[("RADIO_PAYOUTS_CRASH_AT", point)]);
        assert_eq!(died.code, None, "{point}: {died:?}");
        let after = watch(&world, 0, &lies, &["--dispute"]).expect(3);
        assert_eq!(status(&world, 0), EpochStatus::Disputed, "{point}: {after:?}");
        assert_eq!(balance(&world, &wallet(&world, &world.settlers[0].key.pubkey())), BOND, "{point}");
        assert_eq!(dispute(&world, 0, 0).unwrap().evidence_hash, sha256(&[&evidence(&world, 0)]), "{point}");
    }
}

#[test]
fn an_unpublished_root_is_disputed_only_when_asked_and_when_publishing_is_overdue() {
    let (world, lies) = with_a_lie(3, 2, rob);
    // A watch on another host: it has neither batches nor folders.
    let data = world.folder.path().join("outside");
    let key = world.settlers[0].key_file.to_str().unwrap();
    let environment = [("RADIO_PAYOUTS_DATA", data.to_str().unwrap()), ("RADIO_PAYOUTS_KEYPAIR", key)];
    give_bloom(&world, &world.settlers[0].key.pubkey(), BOND);
    let look = |extra: &[&str]| world.run_with(0, &[&["watch", "--once"], extra].concat(), &environment).expect(3);
    look(&["--dispute", "--dispute-unknown"]);
    assert_eq!(status(&world, 0), EpochStatus::Posted, "folders may be under way");
    let posted = deployment::epoch(&world.open_chain(), 0).unwrap().unwrap().posted.at;
    world.set_time(posted - crate::world::GENESIS + 31);
    look(&["--dispute"]);
    assert_eq!(status(&world, 0), EpochStatus::Posted, "not asked to");
    let disputed = look(&["--dispute", "--dispute-unknown"]);
    assert_eq!((kinds(&disputed), status(&world, 0)), (vec!["dispute".to_owned()], EpochStatus::Disputed));
    world.run(0, &["watch", "--once", "--dispute-unknown"]).expect(2);
    assert!(lies.is_dir());
}

#[test]
fn a_published_duplicate_share_is_proven_and_refused_for_ever() {
    let (world, lies) = with_a_lie(2, 1, pay_twice);
    let wrong = world.commitment(0).unwrap();
    let only_told = watch(&world, 0, &lies, &[]).expect(3);
    assert_eq!((kinds(&only_told), status(&world, 0)), (vec!["difference".to_owned()], EpochStatus::Posted));
    let proven = watch(&world, 0, &lies, &["--fraud-proofs"]).expect(3);
    assert_eq!(kinds(&proven), ["fraud_proof"], "{proven:?}");
    assert!(proven.stdout.contains("leaves 0 and 3 both pay did:key:"), "{proven:?}");
    assert_eq!(status(&world, 0), EpochStatus::Revoked);
    let candidate: Candidate =
        deployment::read(&world.open_chain(), &address::candidate_address(0, &wrong)).unwrap().unwrap();
    assert!(candidate.banned);
    let records = deployment::read_all::<ShareRecord>(&world.open_chain()).unwrap();
    assert!(records.is_empty(), "the rent of the records came back");
    assert_eq!(kinds(&watch(&world, 0, &lies, &["--fraud-proofs"]).expect(0)), ["revoked"]);
    world.run(0, &["settle", "--due", "--reopen"]).expect(0);
    assert!(world.commitment(0).is_some_and(|commitment| commitment != wrong));
}

#[test]
fn a_duplicate_is_proven_once_although_the_watch_dies_between_the_steps() {
    for point in ["watch.after_send:1", "watch.after_send:2", "watch.before_send:3", "watch.after_send:3"] {
        let (world, lies) = with_a_lie(2, 1, pay_twice);
        let args = ["watch", "--once", "--fraud-proofs", "--from", lies.to_str().unwrap()];
        let died = world.run_with(0, &args, &[("RADIO_PAYOUTS_CRASH_AT", point)]);
        assert_eq!(died.code, None, "{point}: {died:?}");
        let _ = watch(&world, 0, &lies, &["--fraud-proofs"]);
        assert_eq!(status(&world, 0), EpochStatus::Revoked, "{point}");
    }
}

#[test]
fn an_equivocation_among_held_batches_is_proven_once() {
    let mut world = World::new(1, 1);
    let envelopes = world.batches(0, 5);
    let mut twin = world.sfus[0].clone();
    twin.seq = 2;
    let twin = twin.tick_with(30_000, &[(0, 1)]);
    world.pass(0);
    world.ingest(0, &[envelopes, vec![twin]].concat());
    let from = world.folder.path().to_owned();
    assert_eq!(kinds(&watch(&world, 0, &from, &[]).expect(0)), ["equivocation"]);
    let proven = watch(&world, 0, &from, &["--fraud-proofs"]).expect(0);
    assert_eq!(kinds(&proven), ["fraud_proof"], "{proven:?}");
    let key = world.sfus[0].key.verifying_key().to_bytes();
    let sfus = deployment::sfus(&world.open_chain()).unwrap();
    assert_eq!(sfus.iter().find(|sfu| sfu.key == key).unwrap().stop_seq, 3);
    assert_eq!(kinds(&watch(&world, 0, &from, &["--fraud-proofs"]).expect(0)), ["registry"]);
    assert_eq!(watch(&world, 0, &from, &["--fraud-proofs"]).expect(0).stdout, "");
    let settled = world.run(0, &["settle", "--due", "-o", "json"]).expect(0).json();
    assert_eq!(settled["settled"][0]["batches"], 2, "{settled}");
}

#[test]
fn an_equivocation_in_a_published_folder_is_proven_by_who_holds_nothing() {
    let mut world = World::new(1, 1);
    let envelopes = world.batches(0, 5);
    let mut twin = world.sfus[0].clone();
    twin.seq = 2;
    let twin = twin.tick_with(30_000, &[(0, 1)]);
    world.pass(0);
    world.ingest(0, &[envelopes, vec![twin]].concat());
    world.run(0, &["settle", "--due"]).expect(0);
    let from = world.settlers[0].data.join("epochs");
    let outside = world.folder.path().join("outside");
    let args = ["watch", "--once", "--fraud-proofs", "--from", from.to_str().unwrap()];
    let proven = world.run_with(0, &args, &[("RADIO_PAYOUTS_DATA", outside.to_str().unwrap())]).expect(0);
    assert_eq!(kinds(&proven), ["equivocation", "fraud_proof"], "{proven:?}");
}
