//! `settler attest`: another's candidate is supported after section 5.4 was checked in full, or not at all.

use std::path::PathBuf;

use radio_payouts_client::instruction;
use solana_signer::Signer as _;

use crate::dishonest::{self, Envelopes};
use crate::world::{Ran, World, copy_folder};

/// Settler `number` attests to epoch `epoch` from `from`.
fn attest(world: &World, number: usize, epoch: &str, from: &str) -> Ran {
    let args = match epoch {
        "--all" => vec!["attest", "--all", "--from", from, "-o", "json"],
        epoch => vec!["attest", epoch, "--from", from, "-o", "json"],
    };
    world.run(number, &args)
}

fn epochs_of(world: &World, number: usize) -> String {
    world.settlers[number].data.join("epochs").to_str().unwrap().to_owned()
}

/// Settlers that must all agree; the first has posted epoch 0 from four batches.
fn posted_by_the_first(settlers: usize) -> (World, Vec<Vec<u8>>) {
    let mut world = World::new(settlers, settlers.try_into().unwrap());
    let envelopes = world.batches(0, 5);
    world.ingest(0, &envelopes[..4]);
    world.pass(0);
    world.run(0, &["settle", "--due"]).expect(0);
    (world, envelopes)
}

/// Nothing was sent by settler `number`.
fn sent_nothing(world: &World, number: usize) {
    assert!(!world.settlers[number].data.join("journal").exists(), "nothing was sent");
    assert_eq!(world.commitment(0), None);
}

#[test]
fn who_may_not_attest_and_what_is_not_there_is_told_apart() {
    let mut world = World::new(2, 2);
    let envelopes = world.batches(0, 4);
    world.ingest(0, &envelopes);
    world.ingest(1, &envelopes);
    world.pass(0);
    let from = epochs_of(&world, 0);
    let early = attest(&world, 1, "0", &from).expect(75);
    assert!(early.stderr.contains("no settler has posted"), "{early:?}");
    assert_eq!(attest(&world, 1, "--all", &from).expect(0).json()["attested"], serde_json::json!([]));

    world.run(0, &["settle", "--due"]).expect(0);
    let nowhere = attest(&world, 1, "0", world.folder.path().to_str().unwrap()).expect(2);
    assert!(nowhere.stderr.contains("no folder of epoch 0"), "{nowhere:?}");
    world.run(1, &["attest", "0"]).expect(2);
    let args = ["attest", "0", "--from", &from];
    world.run_with(1, &args, &[("RADIO_PAYOUTS_DEMO", "false")]).expect(4);
    let stranger = solana_keypair::Keypair::new();
    let file = world.folder.path().join("stranger.json");
    std::fs::write(&file, serde_json::to_vec(&stranger.to_bytes().as_slice()).unwrap()).unwrap();
    let refused = world.run_with(1, &args, &[("RADIO_PAYOUTS_KEYPAIR", file.to_str().unwrap())]).expect(4);
    assert!(refused.stderr.contains("no registered settler"), "{refused:?}");
    sent_nothing(&world, 1);
}

#[test]
fn a_candidate_that_holds_is_stored_and_supported_once() {
    let (world, envelopes) = posted_by_the_first(3);
    let from = epochs_of(&world, 0);
    world.ingest(1, &envelopes[..1]);
    let dry = world.run(1, &["attest", "0", "--from", &from, "--dry-run", "-o", "json"]).expect(0).json();
    assert_eq!(
        (&dry["attested"][0]["standing"], &dry["attested"][0]["batches"]),
        (&"would be supported".into(), &4.into())
    );
    assert!(!world.epoch_folder(1, 0).exists());
    sent_nothing(&world, 1);

    let second = attest(&world, 1, "0", &from).expect(0).json();
    let line = &second["attested"][0];
    assert_eq!((&line["standing"], &line["support"], &line["threshold"]), (&"supported".into(), &2.into(), &3.into()));
    assert_eq!(world.ingest(1, &envelopes[..4])["already_held"], 4, "the candidate's batches were stored");
    world.run(1, &["verify", "0", "--offline"]).expect(0);
    let again = attest(&world, 1, "0", &from).expect(0).json();
    assert_eq!(
        (&again["attested"][0]["standing"], &again["attested"][0]["sent"]),
        (&"supported already".into(), &false.into())
    );
    let all = attest(&world, 1, "--all", &from).expect(0).json();
    assert!(all["rest"].as_str().unwrap().contains("as 2 of 3"), "{all}");

    // The third holds nothing of its own, and knows only the second's folder.
    let third = attest(&world, 2, "--all", &epochs_of(&world, 1)).expect(0).json();
    assert_eq!(third["attested"][0]["standing"], "in force", "{third}");
    assert_eq!(hex::encode(world.commitment(0).unwrap()), third["attested"][0]["commitment"]);
    for settler in 0..3 {
        let after = attest(&world, settler, "0", &from).expect(0).json();
        assert_eq!(after["attested"][0]["standing"], "in force already");
        world.run(settler, &["verify", "0"]).expect(0);
    }
}

#[test]
fn a_candidate_from_before_a_change_of_the_registry_is_posted_anew_first() {
    let (world, _) = posted_by_the_first(2);
    let from = epochs_of(&world, 0);
    let authority = world.authority.pubkey();
    let other = world.sfus[1].key.verifying_key().to_bytes();
    world.as_authority("stop SFU 1", instruction::stop_sfu(authority, &other, Some(9)));
    let void = attest(&world, 1, "0", &from).expect(75);
    assert!(void.stderr.contains("another registry or head"), "{void:?}");
    assert_eq!(attest(&world, 1, "--all", &from).expect(0).json()["attested"], serde_json::json!([]));
    sent_nothing(&world, 1);
    world.run(0, &["settle", "--due"]).expect(0);
    attest(&world, 1, "--all", &from).expect(0);
    assert!(world.commitment(0).is_some());
}

#[test]
fn a_candidate_without_a_batch_that_was_here_in_time_is_refused() {
    let (world, envelopes) = posted_by_the_first(2);
    let from = epochs_of(&world, 0);
    // The fifth batch came after the grace: the candidate decides.
    world.ingest(1, &envelopes);
    let dry = world.run(1, &["attest", "0", "--from", &from, "--dry-run"]).expect(0);
    assert!(dry.stdout.contains("dry run"), "{dry:?}");

    let mut world = World::new(2, 2);
    let envelopes = world.batches(0, 5);
    world.ingest(0, &envelopes[..4]);
    world.ingest(1, &envelopes);
    world.pass(0);
    world.run(0, &["settle", "--due"]).expect(0);
    let refused = attest(&world, 1, "0", &epochs_of(&world, 0)).expect(3);
    assert!(refused.stderr.contains("seq 5") && refused.stderr.contains("before the grace ended"), "{refused:?}");
    sent_nothing(&world, 1);
}

#[test]
fn a_candidate_that_ignores_an_equivocation_is_refused_with_its_proof() {
    let (world, envelopes) = posted_by_the_first(2);
    // The twin of batch 3 came late, and makes an equivocation known: neither may count.
    let mut twin = world.sfus[0].clone();
    twin.seq = 2;
    let twin = twin.tick_with(30_000, &[(0, 1)]);
    world.ingest(1, &[envelopes[..4].to_vec(), vec![twin]].concat());
    let refused = attest(&world, 1, "0", &epochs_of(&world, 0)).expect(3);
    assert!(refused.stderr.contains("seq 3: two batches were signed under this number"), "{refused:?}");
    assert!(refused.stderr.contains("stop is 3 instead of none: batches "), "{refused:?}");
    sent_nothing(&world, 1);

    // One whose other half only the candidate shows is no less known.
    let (world, _) = posted_by_the_first(2);
    let mut twin = world.sfus[0].clone();
    twin.seq = 2;
    world.ingest(1, &[twin.tick_with(30_000, &[(0, 2)])]);
    let refused = attest(&world, 1, "0", &epochs_of(&world, 0)).expect(3);
    assert!(refused.stderr.contains("two batches were signed under this number"), "{refused:?}");
    sent_nothing(&world, 1);
}

#[test]
fn a_stop_that_a_broken_link_proves_is_named_with_its_batch() {
    // After batch 4 comes one that names another as the one before it.
    let astray = |world: &World| {
        let mut sfu = world.sfus[0].clone();
        (sfu.seq, sfu.prev) = (4, [9; 32]);
        sfu.tick(50_000)
    };
    // It came late: the candidate may leave it out, and what it proves is told.
    let (world, envelopes) = posted_by_the_first(2);
    world.ingest(1, &[envelopes[..4].to_vec(), vec![astray(&world)]].concat());
    let attested = attest(&world, 1, "0", &epochs_of(&world, 0)).expect(0).json();
    let stop = &attested["attested"][0]["lower_stops"][0];
    assert_eq!(
        (&stop["sfu"], &stop["stop"], &stop["candidate_stop"], &stop["evidence"], &stop["prev"]),
        (
            &world.sfus[0].did().into(),
            &"5".into(),
            &u64::MAX.to_string().into(),
            &"broken_link".into(),
            &"09".repeat(32).into()
        ),
        "{attested}"
    );
    assert!(world.commitment(0).is_some());

    // It came in time: the candidate has to have it, and is told what it proves.
    let mut world = World::new(2, 2);
    let envelopes = world.batches(0, 4);
    world.ingest(0, &envelopes);
    world.ingest(1, &[envelopes, vec![astray(&world)]].concat());
    world.pass(0);
    world.run(0, &["settle", "--due"]).expect(0);
    let refused = attest(&world, 1, "0", &epochs_of(&world, 0)).expect(3);
    assert!(refused.stderr.contains("stop is 5 instead of none: batch "), "{refused:?}");
    assert!(refused.stderr.contains("which is not the one known"), "{refused:?}");
    sent_nothing(&world, 1);
}

#[test]
fn a_candidate_that_its_batches_do_not_lead_to_is_refused_with_the_first_difference() {
    let (world, envelopes) = posted_by_the_first(2);
    world.ingest(1, &envelopes[..4]);
    // A copy without one batch, and one with a changed signature.
    let name = format!("batches/{}.ndjson", hex::encode(world.sfus[0].key.verifying_key().to_bytes()));
    let copy = world.folder.path().join("copy");
    copy_folder(&world.epoch_folder(0, 0), &copy);
    let text = std::fs::read_to_string(copy.join(&name)).unwrap();
    let kept: String = text.lines().skip(1).map(|line| format!("{line}\n")).collect();
    std::fs::write(copy.join(&name), kept).unwrap();
    let refused = attest(&world, 1, "0", copy.to_str().unwrap()).expect(3);
    assert!(refused.stderr.contains("seq 1") && refused.stderr.contains("missing"), "{refused:?}");
    std::fs::write(copy.join(&name), text.replacen("\"sig\":\"", "\"sig\":\"0", 1)).unwrap();
    attest(&world, 1, "0", copy.to_str().unwrap()).expect(3);
    // A folder that leads to what nobody supports.
    let other: PathBuf = world.folder.path().join("other");
    dishonest::publish_with_other_payouts(&world.epoch_folder(0, 0), &other, |settlement| {
        settlement.allocation.shares[0].amount -= 1;
    });
    let refused = attest(&world, 1, "0", other.to_str().unwrap()).expect(3);
    assert!(refused.stderr.contains("which no settler supports"), "{refused:?}");
    // Once it is supported, it still does not follow from its batches.
    dishonest::post(&world, 0, &other);
    let refused = attest(&world, 1, "0", other.to_str().unwrap()).expect(3);
    assert!(refused.stderr.contains("statement.payouts[0].sum"), "{refused:?}");
    sent_nothing(&world, 1);
}

#[test]
fn a_candidate_that_counts_batches_again_is_refused() {
    let mut world = World::new(2, 2);
    let envelopes: Vec<_> = (0..2).flat_map(|epoch| world.batches(epoch, 3)).collect();
    for settler in [0, 1] {
        world.ingest(settler, &envelopes);
    }
    world.pass(1);
    // Epoch 0 is in force; of epoch 1 there is the second settler's candidate.
    for settler in [0, 1] {
        world.run(settler, &["settle", "--due"]).expect(0);
    }
    // Settler 0 forgets what epoch 0 judged and settles its batches once more.
    let (first, second) = (world.epoch_folder(0, 0), world.epoch_folder(1, 1));
    let mut batches = Envelopes::default();
    batches.add_folder(&dishonest::recompute(&first));
    let honest = dishonest::recompute(&second);
    batches.add_folder(&honest);
    let mut terms = honest.terms.clone();
    terms.parent.as_mut().unwrap().state.sfus.clear();
    let again = world.folder.path().join("again/epoch-000001");
    dishonest::publish_these_batches(&terms, &batches, &again);
    world.run(0, &["verify", again.to_str().unwrap(), "--offline"]).expect(0);
    dishonest::post(&world, 0, &again);
    let refused = attest(&world, 1, "1", again.to_str().unwrap()).expect(3);
    assert!(refused.stderr.contains("field parent.sfus"), "{refused:?}");
    assert_eq!(world.commitment(1), None);
}

#[test]
fn two_settlers_that_hold_different_late_batches_end_at_one_candidate() {
    let mut world = World::new(2, 2);
    let envelopes = world.batches(0, 5);
    world.ingest(0, &envelopes[..4]);
    world.ingest(1, &envelopes[..4]);
    world.pass(0);
    world.ingest(1, &envelopes[4..]);
    world.run(0, &["settle", "--due"]).expect(0);
    world.run(1, &["settle", "--due"]).expect(0);
    assert_eq!(world.commitment(0), None, "each stands alone");
    let [first, second] = [epochs_of(&world, 0), epochs_of(&world, 1)];
    // One of them gives way, the other does not: whoever runs first.
    attest(&world, 0, "--all", &second).expect(0);
    attest(&world, 1, "--all", &first).expect(0);
    assert!(world.commitment(0).is_some());
}

#[test]
fn an_attester_that_dies_anywhere_attests_once() {
    for point in ["attest.taken_over", "epoch.published", "attest.before_post", "post.after_send"] {
        let (world, _) = posted_by_the_first(2);
        let from = epochs_of(&world, 0);
        let args = ["attest", "0", "--from", &from, "-o", "json"];
        let died = world.run_with(1, &args, &[("RADIO_PAYOUTS_CRASH_AT", point)]);
        assert_eq!(died.code, None, "{point}: {died:?}");
        let after = world.run(1, &args).expect(0).json();
        assert!(after["attested"][0]["standing"].as_str().unwrap().starts_with("in force"), "{point}: {after}");
        assert!(world.commitment(0).is_some(), "{point}");
        world.run(1, &["verify", "0"]).expect(0);
    }
}
