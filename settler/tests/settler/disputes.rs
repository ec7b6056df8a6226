//! Disputes and fraud proofs from the command line: a wrong root falls, the next honest one is accepted.

use anchor_spl::associated_token::spl_associated_token_account::instruction::create_associated_token_account_idempotent;
use anchor_spl::token::spl_token;
use radio_payouts_client::{address, instruction};
use radio_payouts_protocol::did::did_of_key;
use radio_payouts_protocol::forest::Forest;
use radio_payouts_protocol::statement::Statement;
use radio_payouts_protocol::tree::{Node, TreeRoot, share_leaf};
use radio_payouts_settler::artefact::manifest::{STANDING, StatementJson};
use radio_payouts_settler::artefact::proof::{FORMAT, ProofBundle, ShareJson, SiblingJson};
use radio_payouts_settler::chain::sender::Guard;
use radio_payouts_settler::chain::{Chain as _, Journal, Outgoing, Sender, deployment};
use radio_payouts_settler::epoch::view::View;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;

use crate::world::{World, did};

const BLOOM: u64 = 1_000_000_000;

/// Epoch 0 posted by settler 0.
fn posted(settlers: usize) -> World {
    let mut world = World::new(settlers, 1);
    let batches = world.batches(0, 3);
    world.pass(0);
    world.ingest(0, &batches);
    world.run(0, &["settle", "--due"]).expect(0);
    world
}

fn mint(world: &World) -> Pubkey {
    deployment::require_config(&world.open_chain()).unwrap().mint
}

fn token_account(world: &World, owner: &Pubkey) -> Pubkey {
    address::associated_token_address(owner, &mint(world), &spl_token::ID)
}

/// Gives a settler BLOOM.
fn give(world: &World, number: usize, amount: u64) {
    let (owner, authority, mint) = (world.settlers[number].key.pubkey(), world.authority.pubkey(), mint(world));
    let create = create_associated_token_account_idempotent(&authority, &owner, &mint, &spl_token::ID);
    world.as_authority("create a token account", create);
    let to = token_account(world, &owner);
    let give = spl_token::instruction::mint_to(&spl_token::ID, &mint, &to, &authority, &[], amount).unwrap();
    world.as_authority("mint", give);
}

fn tokens(world: &World, account: Pubkey) -> u64 {
    let found = world.open_chain().account(&account).unwrap().unwrap();
    u64::from_le_bytes(found.data[64..72].try_into().unwrap())
}

/// Runs a command with the authority's key.
fn as_authority(world: &World, args: &[&str]) -> crate::world::Ran {
    let file = world.folder.path().join("authority.json");
    std::fs::write(&file, serde_json::to_vec(&world.authority.to_bytes().as_slice()).unwrap()).unwrap();
    world.run_with(0, args, &[("RADIO_PAYOUTS_KEYPAIR", file.to_str().unwrap())])
}

fn evidence(world: &World) -> String {
    let file = world.folder.path().join("evidence.txt");
    std::fs::write(&file, "epoch 0 leaves out a batch").unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn an_upheld_dispute_withdraws_the_root_and_the_epoch_is_posted_again() {
    let world = posted(2);
    let file = evidence(&world);
    let open = ["dispute", "open", "0", "--evidence", &file];
    let poor = world.run(1, &open).expect(2);
    assert!(poor.stderr.contains("the bond is 100 BLOOM") && poor.stderr.contains("--source"), "{poor:?}");
    give(&world, 1, 99 * BLOOM);
    let poor = world.run(1, &open).expect(1);
    assert!(poor.stderr.contains("BondNotCovered"), "{poor:?}");
    give(&world, 1, 3 * BLOOM);
    world.run(1, &["dispute", "open", "7", "--evidence", &file]).expect(2);
    world.run(1, &["dispute", "open", "0", "--evidence", "/nowhere"]).expect(1);
    world.run(1, &["dispute", "resolve", "0", "--uphold"]).expect(2);
    world.run(1, &["dispute", "resolve", "0"]).expect(2);
    let opened = world.run(1, &[&open[..], &["-o", "json"]].concat()).expect(0);
    assert_eq!(opened.json()["events"].as_array().unwrap().len(), 2, "{opened:?}");
    assert!(opened.stderr.contains("publish"), "{opened:?}");
    let again = world.run(1, &open).expect(2);
    assert!(again.stderr.contains("disputed"), "{again:?}");
    let account = token_account(&world, &world.settlers[1].key.pubkey());
    assert_eq!(tokens(&world, account), 2 * BLOOM);
    let list = world.run(0, &["dispute", "list", "-o", "json"]).expect(0).json();
    assert_eq!(
        (&list[0]["outcome"], &list[0]["epoch"], &list[0]["bondReleased"]),
        (&"open".into(), &"0".into(), &false.into())
    );
    assert_eq!(list[0]["bondBaseUnits"], (100 * BLOOM).to_string());

    // On paper, for an authority that is a DAO.
    let paper =
        world.run(1, &["dispute", "resolve", "0", "--uphold", "--instruction-only", "-o", "json"]).expect(0).json();
    let resolve = instruction::resolve_dispute(world.authority.pubkey(), 0, 0, true);
    assert_eq!(paper["accounts"][0]["address"], world.authority.pubkey().to_string());
    assert_eq!(paper["accounts"].as_array().unwrap().len(), resolve.accounts.len());
    // A settler is neither authority nor arbiter, until it is appointed.
    let refused = world.run(1, &["dispute", "resolve", "0", "--uphold"]).expect(1);
    assert!(refused.stderr.contains("NotAuthorityOrArbiter"), "{refused:?}");
    let early = world.run(1, &["dispute", "release", "0"]).expect(1);
    assert!(early.stderr.contains("DisputeStillOpen"), "{early:?}");
    let early = world.run(1, &["dispute", "lapse", "0"]).expect(1);
    assert!(early.stderr.contains("DisputeTimeLeft"), "{early:?}");
    let arbiter = world.settlers[1].key.pubkey().to_string();
    as_authority(&world, &["admin", "appoint-arbiter", &arbiter]).expect(0);
    world.run(1, &["dispute", "resolve", "0", "--uphold"]).expect(0);
    as_authority(&world, &["admin", "appoint-arbiter"]).expect(0);
    assert_eq!(world.commitment(0), None);

    // Anyone releases the bond.
    world.run(0, &["dispute", "release", "0"]).expect(0);
    assert_eq!(tokens(&world, account), 102 * BLOOM);
    let again = world.run(0, &["dispute", "release", "0"]).expect(2);
    assert!(again.stderr.contains("already"), "{again:?}");
    let report = world.run(0, &["settle", "--due", "--reopen", "-o", "json"]).expect(0).json();
    assert_eq!(report["reopened"], serde_json::json!([0]), "{report}");
    world.run(0, &["verify", "0"]).expect(0);
    let list = world.run(0, &["dispute", "list"]).expect(0);
    assert!(list.stdout.contains("upheld") && list.stdout.contains("released"), "{list:?}");
}

#[test]
fn a_rejected_bond_goes_to_the_treasury_and_a_lapsed_one_back() {
    let world = posted(1);
    give(&world, 0, 200 * BLOOM);
    let (file, account) = (evidence(&world), token_account(&world, &world.settlers[0].key.pubkey()));
    let none = world.run(0, &["dispute", "list"]).expect(0);
    assert!(none.stdout.contains("nothing is or was disputed"), "{none:?}");
    world.run(0, &["dispute", "open", "0", "--evidence", &file]).expect(0);
    as_authority(&world, &["dispute", "resolve", "0", "--reject"]).expect(0);
    world.run(0, &["dispute", "release", "0"]).expect(0);
    let treasury = address::treasury_address();
    assert_eq!((tokens(&world, account), tokens(&world, treasury)), (100 * BLOOM, 100 * BLOOM));
    assert!(world.commitment(0).is_some());

    // The next epoch's dispute is never decided.
    let mut world = world;
    let batches = world.batches(1, 2);
    world.pass(1);
    world.ingest(0, &batches);
    world.run(0, &["settle", "--due"]).expect(0);
    world.run(0, &["dispute", "open", "1", "--evidence", &file]).expect(0);
    world.set_time(600 + 61 + 22 * 86_400);
    let late = as_authority(&world, &["dispute", "resolve", "1", "--reject"]).expect(1);
    assert!(late.stderr.contains("DisputeOverdue"), "{late:?}");
    world.run(0, &["dispute", "lapse", "1"]).expect(0);
    world.run(0, &["dispute", "release", "1"]).expect(0);
    assert_eq!((tokens(&world, account), tokens(&world, treasury)), (100 * BLOOM, 100 * BLOOM));
    assert!(deployment::epoch(&world.open_chain(), 1).unwrap().unwrap().contested);
}

#[test]
fn an_equivocation_is_proven_from_files_and_from_the_store() {
    let mut world = World::new(1, 1);
    let key = world.sfus[0].key.verifying_key().to_bytes();
    let first = world.batches(0, 3);
    let mut twin = world.sfus[0].clone();
    let (honest, lie) = (world.sfus[0].tick(40_000), twin.tick_with(40_000, &[(5, 9)]));
    world.pass(0);
    let file = |name: &str, bytes: &[u8]| {
        let path = world.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let with_line_end: Vec<u8> = lie.iter().copied().chain([b'\n']).collect();
    let (one, other) = (file("one.json", &honest), file("other.json", &with_line_end));
    let earlier = file("earlier.json", &first[2]);
    let prove =
        |world: &World, first: &str, second: &str| world.run(0, &["dispute", "prove-equivocation", first, second]);
    let same = prove(&world, &one, &one).expect(2);
    assert!(same.stderr.contains("no equivocation"), "{same:?}");
    let two = prove(&world, &one, &earlier).expect(2);
    assert!(two.stderr.contains("two numbers, 4 and 3"), "{two:?}");
    let mut bad = lie.clone();
    let digit = bad.len() - 3;
    bad[digit] = if bad[digit] == b'0' { b'1' } else { b'0' };
    let forged = prove(&world, &one, &file("forged.json", &bad)).expect(2);
    assert!(forged.stderr.contains("the second batch"), "{forged:?}");
    world.run(0, &["dispute", "prove-equivocation", &one]).expect(2);

    let sfu = did_of_key(&key);
    world.ingest(0, &first);
    world.ingest(0, std::slice::from_ref(&honest));
    let none = world.run(0, &["dispute", "prove-equivocation", "--sfu", &sfu]).expect(2);
    assert!(none.stderr.contains("no two batches"), "{none:?}");
    world.ingest(0, &[lie]);
    world.run(0, &["dispute", "prove-equivocation", "--sfu", &sfu]).expect(0);
    let list = world.run(0, &["registry", "list", "-o", "json"]).expect(0).json();
    let stops: Vec<_> = list["sfus"].as_array().unwrap().iter().filter(|line| line["did"] == sfu).collect();
    assert_eq!(stops[0]["stopSeq"], "4", "{list}");
    let again = prove(&world, &one, &other).expect(1);
    assert!(again.stderr.contains("EquivocationKnown"), "{again:?}");
    // The batches below it count as before.
    let report = world.run(0, &["settle", "--due", "-o", "json"]).expect(0).json();
    assert_eq!(report["settled"][0]["batches"], 3, "{report}");
    world.run(0, &["verify", "0"]).expect(0);
}

/// Posts, as settler 0, a root for epoch 1 that pays contributor 2 twice; returns a proof of each leaf.
fn post_a_root_with_a_duplicate(world: &World) -> Vec<ProofBundle> {
    let chain = world.open_chain();
    let view = View::read(&chain).unwrap();
    let (config, deployment) = (&view.config, view.deployment());
    let domain = config.domain();
    let share = |(index, who): (u32, u8)| ShareJson { did: did(who), index, payee: [7; 32], amount_base_units: 1_000 };
    let shares: Vec<ShareJson> = [(0, 1), (1, 2), (2, 2)].into_iter().map(share).collect();
    let hash = |share: &ShareJson| radio_payouts_protocol::hash::sha256(&[share.did.as_bytes()]);
    let leaves: Vec<Node> =
        shares.iter().map(|share| share_leaf(&domain, 1, share.index, &hash(share), &share.payee, 1_000)).collect();
    let forest = Forest::build(&domain, &leaves).unwrap();
    let statement = Statement {
        epoch: 1,
        parent: config.chain.parent(),
        params_version: 1,
        registry_version: config.registry_version,
        inputs_hash: [1; 32],
        history_hash: [2; 32],
        batches: TreeRoot { root: [3; 32], sum: 1_000_000, count: 1 },
        pool: 3_000,
        payouts: forest.roots(),
    };
    let settler = &world.settlers[0].key;
    let args = instruction::post_root_args(&statement, &domain);
    let commitment = args.commitment;
    let outgoing = Outgoing {
        purpose: "post a dishonest root".into(),
        instructions: vec![instruction::post_root(settler.pubkey(), args, 1, None)],
        payer: settler,
        signers: vec![],
        lookup_tables: vec![],
    };
    let guard = Guard { genesis_hash: None, may_initialize: false };
    let journal = Journal::new(&world.folder.path().join("dishonest-journal"));
    Sender::new(Box::new(chain), journal, guard, 0).send(&outgoing).unwrap();
    let proof = |share: ShareJson| ProofBundle {
        format: FORMAT.to_owned(),
        standing: STANDING.to_owned(),
        deployment,
        commitment,
        statement: StatementJson::from(&statement),
        max_share_bps: 10_000,
        siblings: forest
            .proof(share.index)
            .unwrap()
            .iter()
            .map(|node| SiblingJson { hash: node.hash, sum: node.sum })
            .collect(),
        share,
    };
    shares.into_iter().map(proof).collect()
}

#[test]
fn a_root_that_pays_twice_falls_and_the_honest_one_is_accepted() {
    let mut world = posted(1);
    let batches = world.batches(1, 3);
    world.pass(1);
    world.ingest(0, &batches);
    let proofs = post_a_root_with_a_duplicate(&world);
    let files: Vec<String> = (0..)
        .zip(&proofs)
        .map(|(number, proof)| {
            let path = world.folder.path().join(format!("proof-{number}.json"));
            std::fs::write(&path, serde_json::to_vec(proof).unwrap()).unwrap();
            path.to_str().unwrap().to_owned()
        })
        .collect();
    let prove = |world: &World, pair: [usize; 2]| {
        world.run(0, &["dispute", "prove-duplicate", &files[pair[0]], &files[pair[1]], "-o", "json"])
    };
    let one = prove(&world, [1, 1]).expect(2);
    assert!(one.stderr.contains("one leaf"), "{one:?}");
    let two = prove(&world, [0, 1]).expect(2);
    assert!(two.stderr.contains("two DIDs"), "{two:?}");
    let honest = world.epoch_folder(0, 0);
    let clean = world.run(0, &["dispute", "prove-duplicate", honest.to_str().unwrap()]).expect(2);
    assert!(clean.stderr.contains("no DID has two leaves"), "{clean:?}");

    let lamports =
        |world: &World| world.open_chain().account(&world.settlers[0].key.pubkey()).unwrap().unwrap().lamports;
    let before = lamports(&world);
    let done = prove(&world, [1, 2]).expect(0).json();
    assert_eq!(done["events"].as_array().unwrap().len(), 4, "{done}");
    // Three transactions, and every rent back.
    assert_eq!(before - lamports(&world), 15_000);
    assert_eq!(world.commitment(1), None);
    let again = prove(&world, [1, 2]).expect(3);
    assert!(again.stderr.contains("not the root in force"), "{again:?}");

    let report = world.run(0, &["settle", "--due", "--reopen", "-o", "json"]).expect(0).json();
    assert_eq!(report["reopened"], serde_json::json!([1]), "{report}");
    assert_ne!(world.commitment(1).unwrap(), proofs[0].commitment);
    world.run(0, &["verify", "1"]).expect(0);
}
