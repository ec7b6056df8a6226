//! `settler watch`: every root in force is recomputed, every change is told once, and nothing is lost on the way.

use std::path::Path;

use radio_payouts_client::instruction;
use radio_payouts_client::state::{ConfigTimesDelta, ParamsChange, ParamsDelta};
use radio_payouts_client::{RegisterSettlerArgs, SetConfigTimesArgs};
use serde_json::Value;
use solana_signer::Signer as _;

use crate::dishonest;
use crate::world::{Ran, World, copy_folder};

/// Looks once, as settler `number`.
fn look(world: &World, number: usize, extra: &[&str]) -> Ran {
    world.run(number, &[&["watch", "--once"], extra].concat())
}

/// Looks once as somebody without a key, a flag or batches.
fn look_from_outside(world: &World, from: &[&str]) -> Ran {
    let data = world.folder.path().join("outside");
    let from: Vec<&str> = from.iter().flat_map(|from| ["--from", from]).collect();
    let environment = [
        ("RADIO_PAYOUTS_DATA", data.to_str().unwrap()),
        ("RADIO_PAYOUTS_KEYPAIR", "/none"),
        ("RADIO_PAYOUTS_DEMO", "false"),
    ];
    world.run_with(0, &[&["watch", "--once"], from.as_slice()].concat(), &environment)
}

/// The alerts on stdout.
fn alerts(ran: &Ran) -> Vec<Value> {
    ran.stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

fn kinds(ran: &Ran) -> Vec<String> {
    alerts(ran).iter().map(|alert| alert["kind"].as_str().unwrap().to_owned()).collect()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Epochs 0 and 1 settled by one honest settler.
fn settled() -> World {
    let mut world = World::new(1, 1);
    let envelopes: Vec<_> = (0..2).flat_map(|epoch| world.batches(epoch, 4)).collect();
    world.pass(1);
    world.ingest(0, &envelopes);
    world.run(0, &["settle", "--due"]).expect(0);
    world
}

/// Moves everything that one contributor gets to another: the sums stay.
fn shift(settlement: &mut radio_payouts_protocol::settlement::Settlement) {
    let taken = std::mem::take(&mut settlement.allocation.shares[0].amount) - 1;
    settlement.allocation.shares[0].amount = 1;
    settlement.allocation.shares[1].amount += taken;
}

/// Three settlers of whom two must agree; the first is honest, the others put `lie` in force.
fn with_a_wrong_root() -> (World, std::path::PathBuf) {
    let mut world = World::new(3, 2);
    let envelopes = world.batches(0, 4);
    world.pass(0);
    world.ingest(0, &envelopes);
    world.run(0, &["settle", "--due"]).expect(0);
    let lie = world.folder.path().join("lie/epoch-000000");
    dishonest::publish_with_other_payouts(&world.epoch_folder(0, 0), &lie, shift);
    for settler in [1, 2] {
        dishonest::post(&world, settler, &lie);
    }
    (world, lie)
}

#[test]
fn honest_roots_are_right_and_nothing_is_told() {
    let world = settled();
    let first = look(&world, 0, &[]).expect(0);
    assert_eq!(first.stdout, "", "{first:?}");
    let epochs = world.settlers[0].data.join("epochs");
    let outside = look_from_outside(&world, &[text(&epochs)]).expect(0);
    assert_eq!(outside.stdout, "", "{outside:?}");
    // Finality is no news.
    world.set_time(3 * 300 + 200);
    world.as_authority("finalize 0", instruction::finalize_epoch(0, None));
    world.as_authority("finalize 1", instruction::finalize_epoch(1, Some(0)));
    for _ in 0..2 {
        assert_eq!(look(&world, 0, &[]).expect(0).stdout, "");
    }
    // What is right and final is not computed again: its folder is not needed any more.
    assert_eq!(look_from_outside(&world, &[text(&epochs)]).expect(0).stdout, "");
    assert_eq!(look_from_outside(&world, &[]).expect(0).stdout, "");
}

#[test]
fn a_root_without_published_batches_is_told_until_they_are_there() {
    let world = settled();
    let unknown = look_from_outside(&world, &[]).expect(3);
    assert_eq!(kinds(&unknown), ["unknown_root", "unknown_root"]);
    assert_eq!(alerts(&unknown)[0]["epoch"], 1);
    assert!(
        unknown.stderr.contains("alert: unknown_root: epoch 0") && unknown.stderr.contains("error: epoch 0 is unknown")
    );
    let again = look_from_outside(&world, &[]).expect(3);
    assert_eq!(again.stdout, "", "told once");
    let since = world.run(0, &["watch", "--once", "--since", "1", "--data", text(&world.folder.path().join("other"))]);
    assert_eq!((since.code, kinds(&since)), (Some(3), vec!["unknown_root".to_owned()]));

    // A copy under way is as if it were not there.
    let copies = world.folder.path().join("copies");
    for epoch in [0, 1] {
        copy_folder(&world.epoch_folder(0, epoch), &copies.join(format!("epoch-{epoch:06}")));
    }
    let cells = copies.join("epoch-000001/cells.parquet");
    let bytes = std::fs::read(&cells).unwrap();
    std::fs::write(&cells, &bytes[..bytes.len() / 2]).unwrap();
    let half = look_from_outside(&world, &[text(&copies)]).expect(3);
    assert_eq!((kinds(&half), alerts(&half)[0]["epoch"].as_u64()), (vec!["cleared".to_owned()], Some(0)), "{half:?}");
    std::fs::write(&cells, bytes).unwrap();
    let whole = look_from_outside(&world, &[text(&copies)]).expect(0);
    assert_eq!((kinds(&whole), alerts(&whole)[0]["epoch"].as_u64()), (vec!["cleared".to_owned()], Some(1)));
}

#[test]
fn a_wrong_root_is_noticed_whether_its_folder_is_published_or_not() {
    let (world, lie) = with_a_wrong_root();
    let from = lie.parent().unwrap();
    let noticed = look_from_outside(&world, &[text(from)]).expect(3);
    assert_eq!(kinds(&noticed), ["difference"]);
    assert!(noticed.stdout.contains("field payouts[0].root is"), "{noticed:?}");
    assert_eq!(look_from_outside(&world, &[text(from)]).expect(3).stdout, "", "told once");
    // Nothing published: the honest settler's own batches are the statement's inputs.
    let noticed = look(&world, 0, &[]).expect(3);
    assert_eq!(kinds(&noticed), ["difference"]);
    assert!(noticed.stdout.contains("are its inputs and lead to another result"), "{noticed:?}");
}

#[test]
fn batches_held_here_are_enough_to_notice_a_wrong_root() {
    let (world, _) = with_a_wrong_root();
    // Settler 1's host holds the batches, and has never settled.
    let name = format!("batches/{}.ndjson", hex::encode(world.sfus[0].key.verifying_key().to_bytes()));
    let envelopes = world.epoch_folder(0, 0).join(name);
    world.run(1, &["ingest", text(&envelopes)]).expect(0);
    let noticed = look(&world, 1, &[]).expect(3);
    assert!(noticed.stdout.contains("the batches held here are its inputs"), "{noticed:?}");
}

#[test]
fn forged_copies_do_not_outweigh_a_right_one() {
    let world = settled();
    let (right, forged) = (world.epoch_folder(0, 1), world.folder.path().join("forged/epoch-000001"));
    // The statement of the right folder over a batch less, with matching file hashes.
    copy_folder(&right, &forged);
    let name = format!("batches/{}.ndjson", hex::encode(world.sfus[0].key.verifying_key().to_bytes()));
    let kept: String =
        std::fs::read_to_string(right.join(&name)).unwrap().lines().skip(1).map(|line| format!("{line}\n")).collect();
    std::fs::write(forged.join(&name), &kept).unwrap();
    list_again(&forged, &name);
    let forged = forged.parent().unwrap();
    let alone = look_from_outside(&world, &[text(forged)]).expect(3);
    assert_eq!(kinds(&alone), ["difference", "unknown_root"], "{alone:?}");
    let both = look_from_outside(&world, &[text(forged), text(&world.settlers[0].data)]).expect(0);
    assert_eq!(kinds(&both), ["cleared", "cleared"]);
}

#[test]
fn a_copy_under_other_terms_says_nothing_and_a_changed_table_is_told() {
    let world = settled();
    let copy = world.folder.path().join("copy/epoch-000000");
    copy_folder(&world.epoch_folder(0, 0), &copy);
    // Another rate in the manifest: the batches still lead to the root under the chain's terms.
    let manifest = std::fs::read_to_string(copy.join("manifest.json")).unwrap();
    std::fs::write(
        copy.join("manifest.json"),
        manifest.replace("\"rate\": \"1000000000\"", "\"rate\": \"1000000001\""),
    )
    .unwrap();
    let from = copy.parent().unwrap();
    let told = look_from_outside(&world, &[text(from)]).expect(3);
    assert_eq!(kinds(&told), ["unknown_root", "damaged_files"], "{told:?}");
    assert!(told.stdout.contains("params.rate"), "{told:?}");

    let world = settled();
    let copy = world.folder.path().join("copy/epoch-000000");
    copy_folder(&world.epoch_folder(0, 0), &copy);
    let csv = std::fs::read_to_string(copy.join("payouts.csv")).unwrap();
    std::fs::write(copy.join("payouts.csv"), csv.replacen(",", ",x", 1)).unwrap();
    list_again(&copy, "payouts.csv");
    let told = look_from_outside(&world, &[text(copy.parent().unwrap())]).expect(3);
    assert_eq!(kinds(&told), ["unknown_root", "damaged_files"], "{told:?}");
}

/// Puts the hash of a changed file into the manifest.
fn list_again(folder: &Path, name: &str) {
    let path = folder.join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let bytes = std::fs::read(folder.join(name)).unwrap();
    let hash = hex::encode(radio_payouts_protocol::hash::sha256(&[&bytes]));
    manifest["files"][name] = serde_json::json!({ "sha256": hash, "length": bytes.len().to_string() });
    std::fs::write(&path, serde_json::to_vec_pretty(&manifest).unwrap()).unwrap();
}

#[test]
fn every_change_is_told_once_with_its_kind() {
    let world = settled();
    look(&world, 0, &[]).expect(0);
    let authority = world.authority.pubkey();
    let other = solana_keypair::Keypair::new().pubkey();
    let times = SetConfigTimesArgs {
        times: ConfigTimesDelta { challenge_seconds: Some(90), ..Default::default() },
        governance: Default::default(),
    };
    let delta = ParamsDelta { rate: Some(2_000_000_000), ..Default::default() };
    let rate = ParamsChange { delta, ..Default::default() };
    let settler = RegisterSettlerArgs { key: other, operator: other, valid_from: 0 };
    let changes = [
        ("parameters", "challenge_seconds was 60, is 90", instruction::set_config_times(authority, times)),
        ("parameters", "rate=2000000000", instruction::set_params(authority, authority, 1, rate)),
        ("registry", "is new: operator", instruction::register_settler(authority, authority, settler)),
        (
            "registry",
            "stops at number 3",
            instruction::stop_sfu(authority, &world.sfus[1].key.verifying_key().to_bytes(), Some(3)),
        ),
        ("flag", "radio_payouts_demo was on, is off", instruction::set_demo_flag(authority, false)),
        ("roles", "registrars was none", instruction::set_registrars(authority, vec![other])),
        ("authority", "offer of the role of authority was none", instruction::offer_authority(authority, Some(other))),
        ("pause", "pause was not in force", instruction::pause(authority)),
        ("pause", "is not in force", instruction::resume(authority)),
    ];
    for (kind, told, change) in changes {
        world.as_authority(told, change);
        let ran = look(&world, 0, &[]).expect(0);
        assert_eq!(kinds(&ran), [kind], "{ran:?}");
        assert!(ran.stdout.contains(told) && ran.stderr.contains(&format!("alert: {kind}: ")), "{told}: {ran:?}");
        assert_eq!(look(&world, 0, &[]).expect(0).stdout, "", "told once");
    }
}

#[test]
fn a_withdrawn_root_is_told() {
    let world = settled();
    look(&world, 0, &[]).expect(0);
    world.set_time(3 * 300 + 200);
    world.as_authority("finalize 0", instruction::finalize_epoch(0, None));
    world
        .as_authority("reject 0", instruction::reject_epoch(world.authority.pubkey(), 0, world.commitment(0).unwrap()));
    let told = look(&world, 0, &[]).expect(0);
    assert_eq!((kinds(&told), alerts(&told)[0]["epoch"].as_u64()), (vec!["revoked".to_owned()], Some(0)), "{told:?}");
    world.run(0, &["settle", "--due", "--reopen"]).expect(0);
    // Posted again from the same batches: epoch 1 left the chain with its parent, and both are right.
    let told = look(&world, 0, &[]).expect(0);
    assert_eq!((kinds(&told), alerts(&told)[0]["epoch"].as_u64()), (vec!["revoked".to_owned()], Some(1)), "{told:?}");
    assert_eq!(look(&world, 0, &[]).expect(0).stdout, "");
}

#[test]
fn an_alert_survives_a_watch_that_dies_anywhere() {
    for point in ["watch.facts_saved", "watch.epoch_saved", "watch.roots_saved", "watch.before_telling", "watch.told"] {
        let world = settled();
        look_from_outside(&world, &[text(&world.settlers[0].data)]).expect(0);
        world.as_authority("flag off", instruction::set_demo_flag(world.authority.pubkey(), false));
        let data = world.folder.path().join("outside");
        let environment = [("RADIO_PAYOUTS_DATA", data.to_str().unwrap()), ("RADIO_PAYOUTS_CRASH_AT", point)];
        let from = text(&world.settlers[0].data);
        let died = world.run_with(0, &["watch", "--once", "--from", from], &environment);
        assert_eq!(died.code, None, "{point}: {died:?}");
        let after = look_from_outside(&world, &[from]).expect(0);
        let told: Vec<_> = alerts(&died).into_iter().chain(alerts(&after)).collect();
        assert!(alerts(&after).len() <= 1 && !told.is_empty(), "{point}: {told:?}");
        assert!(told.iter().all(|alert| alert["kind"] == "flag" && alert["id"] == told[0]["id"]), "{point}: {told:?}");
        assert_eq!(look_from_outside(&world, &[from]).expect(0).stdout, "", "{point}");
    }
}

#[test]
fn a_first_look_that_dies_is_finished_by_the_next() {
    let world = settled();
    world.set_time(3 * 300 + 200);
    world.as_authority("finalize 0", instruction::finalize_epoch(0, None));
    world.as_authority("finalize 1", instruction::finalize_epoch(1, Some(0)));
    let data = world.folder.path().join("outside");
    let copy = world.folder.path().join("copy/epoch-000001");
    copy_folder(&world.epoch_folder(0, 1), &copy);
    let from = copy.parent().unwrap();
    let environment = [("RADIO_PAYOUTS_DATA", data.to_str().unwrap()), ("RADIO_PAYOUTS_CRASH_AT", "watch.epoch_saved")];
    assert_eq!(world.run_with(0, &["watch", "--once", "--from", text(from)], &environment).code, None);
    // Epoch 1 is known to be right and final; epoch 0 was not reached.
    let rest = look_from_outside(&world, &[text(from)]).expect(3);
    assert_eq!(
        (kinds(&rest), alerts(&rest)[0]["epoch"].as_u64()),
        (vec!["unknown_root".to_owned()], Some(0)),
        "{rest:?}"
    );
}

#[test]
fn a_state_file_that_is_damaged_or_of_another_deployment_is_not_believed() {
    let (world, other) = (settled(), settled());
    look(&world, 0, &[]).expect(0);
    let state = world.settlers[0].data.join("watch/state.json");
    let path = other.settlers[0].data.join("watch/state.json");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::copy(&state, &path).unwrap();
    let refused = look(&other, 0, &[]).expect(4);
    assert!(refused.stderr.contains("another deployment"), "{refused:?}");
    std::fs::write(&path, "{").unwrap();
    let refused = look(&other, 0, &[]).expect(1);
    assert!(refused.stderr.contains("move it away"), "{refused:?}");
    std::fs::remove_file(&path).unwrap();
    look(&other, 0, &[]).expect(0);
    let lock = radio_payouts_settler::store::Lock::take(&other.settlers[0].data.join("watch/lock")).unwrap();
    look(&other, 0, &[]).expect(75);
    drop(lock);
}

#[test]
fn a_watch_attests_to_what_holds_and_tells_of_what_does_not() {
    let mut world = World::new(2, 2);
    let envelopes = world.batches(0, 4);
    world.ingest(0, &envelopes[..3]);
    world.ingest(1, &envelopes);
    world.pass(0);
    world.run(0, &["settle", "--due"]).expect(0);
    let from = world.settlers[0].data.join("epochs");
    let args = ["--attest", "--from", text(&from)];
    let refused = look(&world, 1, &args).expect(3);
    assert_eq!(kinds(&refused), ["candidate"]);
    assert!(refused.stdout.contains("seq 4") && refused.stdout.contains("left out"), "{refused:?}");
    assert_eq!(look(&world, 1, &args).expect(3).stdout, "", "told once");
    assert_eq!(world.commitment(0), None);

    world.ingest(0, &envelopes);
    std::fs::remove_dir_all(world.settlers[0].data.join("work")).unwrap();
    std::fs::remove_dir_all(world.epoch_folder(0, 0)).unwrap();
    world.run(0, &["settle", "--due"]).expect(0);
    let attested = look(&world, 1, &args).expect(0);
    assert_eq!(kinds(&attested), ["attested"]);
    assert!(world.commitment(0).is_some());
    assert_eq!(look(&world, 1, &args).expect(0).stdout, "");

    let off = world.run_with(1, &["watch", "--once", "--attest"], &[("RADIO_PAYOUTS_DEMO", "false")]).expect(4);
    assert!(off.stderr.contains("--radio-payouts-demo"), "{off:?}");
    let stranger = world.folder.path().join("stranger.json");
    let key = solana_keypair::Keypair::new();
    std::fs::write(&stranger, serde_json::to_vec(&key.to_bytes().as_slice()).unwrap()).unwrap();
    let environment = [("RADIO_PAYOUTS_KEYPAIR", text(&stranger))];
    world.run_with(1, &["watch", "--once", "--attest"], &environment).expect(4);
}
