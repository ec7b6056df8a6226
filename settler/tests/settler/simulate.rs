//! Sealed epochs replayed under other parameters: their own reproduce them, others foretell what they would pay.

use std::collections::BTreeMap;
use std::path::Path;

use radio_payouts_client::instruction;
use radio_payouts_client::state::{ParamsChange, ParamsDelta as ChainDelta};
use radio_payouts_protocol::batch::{Batch, Contribution, Descriptor, Receipt, Rights, Role};
use radio_payouts_protocol::hash::sha256;
use radio_payouts_protocol::params::{Params, ParamsDelta};
use radio_payouts_settler::artefact::Artefact;
use radio_payouts_settler::simulation::{Folders, Set, replay};
use radio_payouts_settler::words::parameter::assignment;
use serde_json::Value;
use solana_signer::Signer as _;

use crate::world::{EPOCH, GENESIS, Sfu, World, copy_folder, did};

/// Replays everything that settler 0 sealed with its own parameters; each settlement is the posted one, to the last field.
pub fn reproduced(world: &World) -> usize {
    let row = Folders::find(&[world.settlers[0].data.clone()]).and_then(|folders| folders.row(None));
    let row = row.unwrap_or_else(|failure| panic!("{:#}", failure.error));
    let mut count = 0;
    let done = replay(&row, &Set::default(), |replayed| {
        assert_eq!(Some(replayed.after.commitment), world.commitment(replayed.terms.epoch));
        assert_eq!(replayed.after, replayed.before);
        count += 1;
        Ok(())
    });
    done.unwrap_or_else(|failure| panic!("{:#}", failure.error));
    count
}

/// A batch with what parameters decide about: a licensed track, a receipt at the edge of the bound, and unequal shares.
fn tick(sfu: &mut Sfu, to: i64) -> Vec<u8> {
    sfu.seq += 1;
    let to = u64::try_from(GENESIS * 1_000 + to).unwrap();
    let receipt = |room: &str, track: &str, recipients, shares: &[(u8, u64)]| Receipt {
        acks: None,
        contributors: shares
            .iter()
            .map(|(who, bytes_out)| Contribution {
                bytes_out: *bytes_out,
                did: did(*who),
                role: Some(if *who == 1 { Role::Relay } else { Role::Uploader }),
            })
            .collect(),
        recipients,
        room_id: room.into(),
        timestamp: to - 5_000,
        track_id: track.into(),
    };
    let track = |name: &str, rights| Descriptor { metadata: None, rights, track_id: name.into(), uploader: did(0) };
    let batch = Batch {
        from: to - 10_000,
        prev: sfu.prev,
        receipts: vec![
            receipt("room", "own", 9, &[(0, 9_000_000 + sfu.seq * 1_013), (1, 2_500_000), (2, 77)]),
            receipt("room", "covers", 4, &[(3, 4_000_000)]),
            receipt("flood", "own", 1, &[(4, 15_000_000)]),
        ],
        seq: sfu.seq,
        sfu: sfu.did(),
        to,
        tracks: vec![track("covers", Rights::Licensed), track("own", Rights::Original)],
        v: 1,
    };
    sfu.prev = batch.hash();
    batch.sign(&sfu.key, &sfu.domain).unwrap().to_bytes()
}

/// Four epochs; a batch of the first reaches the settler after that was posted and is carried; the third and fourth
/// have another version of the parameters, if one is given.
fn settled(first: ChainDelta, later: Option<ParamsDelta>) -> World {
    let mut world = World::with_params(1, 1, first);
    if let Some(delta) = later {
        let authority = world.authority.pubkey();
        let change = ParamsChange { delta: delta.into(), mode: None, effective_epoch: 2 };
        world.as_authority("a second version", instruction::set_params(authority, authority, 1, change));
    }
    let mut epochs: Vec<Vec<Vec<u8>>> = (0..4)
        .map(|epoch| (1..=4).map(|place| tick(&mut world.sfus[0], (epoch * EPOCH + place * 10) * 1_000)).collect())
        .collect();
    let late = epochs[0].remove(1);
    epochs[1].push(late);
    for (epoch, envelopes) in (0..).zip(&epochs) {
        world.pass(epoch);
        world.ingest(0, envelopes);
        world.run(0, &["settle", "--due"]).expect(0);
    }
    let carried = &Artefact::open(&world.epoch_folder(0, 1)).unwrap().manifest.sfus;
    assert!(carried.iter().any(|sfu| !sfu.carried.is_empty()), "{carried:?}");
    world
}

/// What each contributor was paid over some epochs, by the published tables.
fn paid(world: &World, epochs: std::ops::RangeInclusive<u64>) -> BTreeMap<String, u64> {
    let mut paid = BTreeMap::new();
    for epoch in epochs {
        for line in Artefact::open(&world.epoch_folder(0, epoch)).unwrap().payouts().unwrap() {
            *paid.entry(line.did).or_insert(0) += line.index.map_or(0, |_| line.amount);
        }
    }
    paid
}

/// What each contributor would have been paid, or was, by a simulation.
fn foretold(simulation: &Value, field: &str) -> BTreeMap<String, u64> {
    let amount = |one: &Value| one[field].as_str().unwrap().parse().unwrap();
    let contributors = simulation["contributors"].as_array().unwrap();
    contributors.iter().map(|one| (one["did"].as_str().unwrap().to_owned(), amount(one))).collect()
}

fn delta(changes: &[(&str, u64)]) -> ParamsDelta {
    let mut delta = ParamsDelta::default();
    for (name, value) in changes {
        delta.set(name, *value).unwrap();
    }
    delta
}

fn simulate(world: &World, changes: &[(&str, u64)], more: &[&str]) -> Value {
    let sets: Vec<String> = changes.iter().map(|(name, value)| format!("--set={}", assignment(name, *value))).collect();
    let mut args = vec!["simulate", "-o", "json"];
    args.extend(sets.iter().map(String::as_str));
    args.extend(more);
    world.run(0, &args).expect(0).json()
}

/// Sets of parameters that change history, verdicts, weights and caps.
const SETS: [&[(&str, u64)]; 5] = [
    &[("active_min_bytes", 1_000_000), ("consistency_window_epochs", 3), ("consistency_min_epochs", 2)],
    &[("pay_licensed", 1), ("max_kbps_per_recipient", 12_000_000 * 8 / 10_000)],
    &[("rate", 777), ("max_share_bps", 4_000), ("min_payout", 10_000)],
    &[("epoch_cap", 1_000_003), ("role_relay_bps", 2_500), ("long_term_epochs", 1), ("active_min_bytes", 5_000_000)],
    &[
        ("peak_hours_utc", 0xFF_FFFF),
        ("high_quality_min_kbps", 1),
        ("popular_min_listener_ms", 1),
        ("peak_bps", 20_000),
    ],
];

#[test]
fn own_parameters_reproduce_every_payout_exactly() {
    for (first, later) in [(SETS[0], SETS[2]), (SETS[3], SETS[1])] {
        let world = settled(delta(first).into(), Some(delta(later)));
        assert_eq!(reproduced(&world), 4);
        for epoch in 0..4u64 {
            // Every parameter set to the value that it had, through the binary.
            let params: Params = Artefact::open(&world.epoch_folder(0, epoch)).unwrap().manifest.params;
            let own: Vec<(&str, u64)> =
                Params::FIELDS.iter().map(|name| (*name, params.field(name).unwrap())).collect();
            let simulation = simulate(&world, &own, &["--epochs", &epoch.to_string()])["simulation"].take();
            assert_eq!(simulation["before"], simulation["after"], "epoch {epoch}");
            assert_eq!(foretold(&simulation, "after_base_units"), paid(&world, epoch..=epoch), "epoch {epoch}");
            assert_eq!(foretold(&simulation, "before_base_units"), paid(&world, epoch..=epoch), "epoch {epoch}");
            let totals = Artefact::open(&world.epoch_folder(0, epoch)).unwrap().manifest.totals;
            assert_eq!(simulation["after"]["allocated_base_units"], totals.allocated_base_units.to_string());
            assert_eq!(simulation["after"]["unallocated_base_units"], totals.unallocated_base_units.to_string());
        }
    }
}

/// The oracle is a deployment that really had these parameters from its first epoch on.
#[test]
fn a_simulation_foretells_what_a_deployment_with_these_parameters_pays() {
    let world = settled(ChainDelta::default(), None);
    let mut emissions = Vec::new();
    for changes in SETS {
        let other = settled(delta(changes).into(), None);
        let simulation = simulate(&world, changes, &[])["simulation"].take();
        // Who is paid in neither is not listed there.
        let [mut after, mut there] = [foretold(&simulation, "after_base_units"), paid(&other, 0..=3)];
        after.retain(|_, amount| *amount > 0);
        there.retain(|_, amount| *amount > 0);
        assert_eq!(after, there, "{changes:?}");
        assert_ne!(simulation["before"], simulation["after"], "{changes:?}");
        for (epoch, simulated) in (0..).zip(simulation["epochs"].as_array().unwrap()) {
            let totals = Artefact::open(&other.epoch_folder(0, epoch)).unwrap().manifest.totals;
            let after = &simulated["after"];
            assert_eq!(after["accepted_bytes"], totals.bytes.to_string(), "{changes:?}");
            assert_eq!(after["effective_bytes"], totals.effective_bytes.to_string(), "{changes:?}");
            assert_eq!(after["allocated_base_units"], totals.allocated_base_units.to_string(), "{changes:?}");
            assert_eq!(after["unallocated_base_units"], totals.unallocated_base_units.to_string(), "{changes:?}");
            assert_eq!(simulated["commitment"], hex::encode(world.commitment(epoch).unwrap()));
        }
        emissions.push(simulation["after"].clone());
    }
    let rejected = |at: usize, verdict: &str| emissions[at]["rejected_receipts"][verdict].clone();
    assert_eq!(rejected(0, "unlicensed"), "16");
    assert_eq!((rejected(1, "unlicensed"), rejected(1, "bytes_over_bound")), (Value::Null, "16".into()));
    assert_ne!(emissions[2]["capped_shares"], "0");
    assert_ne!(emissions[2]["small_shares"], "0");
    assert_ne!(emissions[3]["cut_by_epoch_cap_base_units"], "0");
}

/// The first epochs are history: they enter a later simulation as they were.
#[test]
fn history_before_the_first_epoch_is_real_and_simulated_from_then_on() {
    let world = settled(ChainDelta::default(), None);
    let changes = [("active_min_bytes", 1), ("consistency_window_epochs", 2), ("consistency_min_epochs", 2)];
    let of = |epochs: &str, at: usize| {
        let mut simulation = simulate(&world, &changes, &["--epochs", epochs])["simulation"].take();
        simulation["epochs"][at]["after"]["effective_bytes"].take()
    };
    // Two of four are consistent in epoch 1 only if epoch 0 was simulated too: as it was, they were not active in it.
    assert_ne!(of("0..1", 1), of("1..1", 0));
    // Two epochs on, the simulated history is the same whether or not more went before.
    assert_eq!(of("0..3", 2), of("1..3", 1));
}

#[test]
fn the_document_has_a_hash_that_anyone_can_check() {
    let world = settled(ChainDelta::default(), None);
    let file = world.folder.path().join("rate.simulation.json");
    let path = file.to_str().unwrap();
    let view = simulate(&world, &[("rate", 2_000_000_000)], &["--epochs", "1..3", "--out", path]);
    let bytes = std::fs::read(&file).unwrap();
    let hash = hex::encode(sha256(&[&bytes]));
    assert_eq!(view["hash"], hash.as_str());
    assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), view["simulation"]);
    // Another run, from a copy of the folders, without a chain: the same bytes.
    let copy = world.folder.path().join("copy");
    copy_folder(&world.settlers[0].data.join("epochs"), &copy);
    let args = ["simulate", "--check", path, "--offline", "--from", copy.to_str().unwrap(), "-o", "json"];
    let checked = world.run_with(0, &args, &[("RADIO_PAYOUTS_URL", "http://127.0.0.1:1")]).expect(0).json();
    assert_eq!(checked, view);
    let table = world.run(0, &["simulate", "--check", path]).expect(0).stdout;
    assert!(table.contains(&hash), "{table}");

    let text = String::from_utf8(bytes).unwrap();
    let alice = view["simulation"]["contributors"][0].clone();
    let amount = format!("\"after_base_units\":{}", alice["after_base_units"]);
    let changes = [
        (amount.clone(), amount.replace(":\"", ":\"9"), alice["did"].as_str().unwrap()),
        ("\"rate\":\"2000000000\"".into(), "\"rate\":\"2000000001\"".into(), "allocated"),
        (hex::encode(world.commitment(2).unwrap()), hex::encode([9; 32]), "commitment"),
        ("\"shares\":\"".into(), "\"shares\":\"1".into(), "shares"),
    ];
    for (from, to, named) in changes {
        assert!(text.contains(&from), "{from}");
        std::fs::write(&file, text.replacen(&from, &to, 1)).unwrap();
        let ran = world.run(0, &["simulate", "--check", path]).expect(3);
        assert!(ran.stderr.contains(named), "{from}: {}", ran.stderr);
    }
    std::fs::write(&file, serde_json::to_string_pretty(&view["simulation"]).unwrap()).unwrap();
    let ran = world.run(0, &["simulate", "--check", path]).expect(3);
    assert!(ran.stderr.contains("canonical"), "{}", ran.stderr);
    std::fs::write(&file, "{}").unwrap();
    world.run(0, &["simulate", "--check", path]).expect(1);
    std::fs::write(&file, text.replace("\"epoch\":\"3\"", "\"epoch\":\"4\"")).unwrap();
    world.run(0, &["simulate", "--check", path]).expect(2);
}

#[test]
fn a_proposal_carries_a_simulation_of_its_own_change_and_anyone_can_check_it() {
    let world = settled(ChainDelta::default(), None);
    world.mint_for(0, 100);
    world.run(0, &["governance", "stake", "100"]).expect(0);
    world.hand_over();
    let rate = [("rate", 2_000_000_000)];
    let view = simulate(&world, &rate, &["--out", "rate.json"]);
    let pretty = serde_json::to_string_pretty(&view["simulation"]).unwrap();
    std::fs::write(world.folder.path().join("pretty.json"), pretty).unwrap();
    let other = settled(ChainDelta::default(), None);
    simulate(&other, &rate, &["--out", world.folder.path().join("other.json").to_str().unwrap()]);
    simulate(&world, &rate, &["--epochs", "2..3", "--out", "short.json"]);

    let propose = |what: &[&str], file: &str, code: i32, words: &str| {
        let ran = world.run(0, &[&["governance", "propose"], what, &["--document", file]].concat()).expect(code);
        assert!(ran.stderr.contains(words), "{what:?} {file}: {}", ran.stderr);
    };
    propose(&["params", "rate=3"], "rate.json", 2, "the simulation is of rate=2000000000, the proposal of rate=3");
    propose(&["params", "rate=2000000000", "min_payout=0.5"], "rate.json", 2, "min_payout=0.5 rate=2000000000");
    propose(&["demo", "off"], "rate.json", 2, "changes no parameters");
    propose(&["params", "rate=2000000000"], "pretty.json", 2, "canonical");
    propose(&["params", "rate=2000000000"], "other.json", 2, "another deployment");
    propose(&["params", "rate=2000000000"], "rate.json", 0, "");
    let status = world.run(0, &["governance", "status", "0", "-o", "json"]).expect(0).json();
    assert_eq!(status["proposals"][0]["documentHash"], view["hash"]);

    let run = |args: &[&str], code: i32, words: &str| {
        let ran = world.run(0, &[&["simulate"], args].concat()).expect(code);
        assert!([&ran.stdout, &ran.stderr].iter().any(|text| text.contains(words)), "{args:?}: {ran:?}");
    };
    // The change comes from the proposal, and leads to the hash that it carries.
    run(&["--proposal", "0"], 0, view["hash"].as_str().unwrap());
    run(&["--check", "rate.json", "--proposal", "0"], 0, "is right");
    run(&["--check", "short.json"], 0, "is right");
    run(&["--check", "short.json", "--proposal", "0"], 3, "proposal 0 carries");
    run(&["--proposal", "7"], 2, "there is no proposal 7");
    run(&["--proposal", "0", "--set", "rate=1"], 2, "cannot be used with");
    run(&["--proposal", "0", "--offline"], 2, "cannot be used with");
    world.run(0, &["governance", "cancel", "0"]).expect(0);
    world.run(0, &["governance", "propose", "demo", "off"]).expect(0);
    run(&["--proposal", "1"], 2, "changes no parameters");
    run(&["--check", "rate.json", "--proposal", "1"], 3, "proposal 1 carries no document");
}

#[test]
fn table_and_csv_say_who_gains_and_who_loses() {
    // Without multipliers each byte earns the rate, so a price of 0 for one role moves nobody else's amount.
    let world = settled(delta(&[("high_quality_bps", 10_000)]).into(), None);
    let args = ["simulate", "--set", "role_relay_bps=0", "--set=pay_licensed=1", "--limit", "1"];
    let table = world.run(0, &args).expect(0);
    for words in [
        "emission (BLOOM)",
        "receipts unlicensed",
        "1 gain, 1 lose, 3 get the same",
        "simulation hash",
        "more; --limit",
    ] {
        assert!(table.stdout.contains(words), "{words}: {}", table.stdout);
    }
    assert!(table.stderr.contains("epoch 3 replayed (4 of 4)"), "{}", table.stderr);
    let csv = world.run(0, &[&args[..], &["-o", "csv"]].concat()).expect(0).stdout;
    let lines: BTreeMap<&str, Vec<&str>> = csv
        .lines()
        .skip(1)
        .map(|line| line.split_once(',').unwrap())
        .map(|(did, rest)| (did, rest.split(',').collect()))
        .collect();
    assert_eq!(lines.len(), 5, "{csv}");
    let (relay, licensed) = (did(1), did(3));
    assert_eq!(&lines[relay.as_str()][1..], ["0", &format!("-{}", lines[relay.as_str()][0]), "-10000"], "{csv}");
    assert_eq!((lines[licensed.as_str()][0], lines[licensed.as_str()][3]), ("0", ""), "{csv}");
    world.run(0, &["status", "-o", "csv"]).expect(2);
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_computed() {
    let joint = delta(&[("consistency_bps", 50_000)]);
    let world = settled(ChainDelta::default(), Some(joint));
    let refused = |args: &[&str], code: i32, words: &str| {
        let ran = world.run(0, &[&["simulate"], args].concat()).expect(code);
        assert!(ran.stderr.contains(words), "{args:?}: {}", ran.stderr);
        assert!(ran.stdout.is_empty() && !ran.stderr.contains("replayed"), "{args:?}: {ran:?}");
    };
    refused(&[], 2, "--set");
    refused(&["--set", "rat=1"], 2, "there is no parameter \"rat\"");
    refused(&["--set", "rate"], 2, "NAME=NUMBER");
    refused(&["--set", "rate=0"], 2, "rate is out of bounds");
    refused(&["--set", "peak_bps=9999999999"], 2, "peak_bps is out of bounds");
    refused(&["--set", "rate=1", "--set", "rate=2"], 2, "twice");
    refused(&["--set", "consistency_min_epochs=8"], 2, "consistency_min_epochs exceeds");
    refused(&["--set", "min_kbps_per_recipient=20001"], 2, "min_kbps_per_recipient exceeds");
    refused(&["--set=high_quality_bps=50000", "--set=popular_bps=50000"], 2, "quality multipliers exceeds 10.0");
    // Good for epochs 0 and 1, not for those with the later version, nor for a proposal that builds on it.
    refused(&["--set", "peak_bps=50000"], 2, "version 2 of the parameters: the product of the time multipliers");
    refused(&["--set", "peak_bps=50000", "--epochs", "0..1"], 2, "version 2");
    world.run(0, &["simulate", "--set", "peak_bps=50000", "--epochs", "0..1", "--offline"]).expect(0);
    refused(&["--set", "rate=1", "--epochs", "2..1"], 2, "epoch 2 is after epoch 1");
    refused(&["--set", "rate=1", "--epochs", "2..4"], 2, "epoch 4 is not sealed here");
    refused(&["--set", "rate=1", "--from", "nowhere"], 1, "nowhere");
    refused(&["--set", "rate=1", "--from", world.folder.path().to_str().unwrap()], 2, "no epoch is sealed here");
    refused(&["--check", "nowhere"], 1, "nowhere");

    // A gap in the row, and an epoch of another chain in it.
    let other = settled(ChainDelta::default(), None);
    let aside = world.folder.path().join("aside");
    std::fs::rename(world.epoch_folder(0, 1), &aside).unwrap();
    refused(&["--set", "rate=1"], 2, "there is a gap: epoch 2 rests on epoch 1");
    copy_folder(&other.epoch_folder(0, 1), &world.epoch_folder(0, 1));
    refused(&["--set", "rate=1"], 3, "rests on epoch 0 with commitment");
    refused(&["--set", "rate=1", "--epochs", "1"], 3, "another deployment");
    std::fs::remove_dir_all(world.epoch_folder(0, 1)).unwrap();
    let given = [world.settlers[0].data.to_str().unwrap(), aside.to_str().unwrap()];
    world.run(0, &["simulate", "--set=rate=1", "--from", given[0], "--from", given[1]]).expect(0);
    std::fs::rename(&aside, world.epoch_folder(0, 1)).unwrap();
    spoiled_batches_are_found(&world);
}

fn spoiled_batches_are_found(world: &World) {
    let key = hex::encode(world.sfus[0].key.verifying_key().to_bytes());
    let path = world.epoch_folder(0, 2).join(Path::new("batches").join(format!("{key}.ndjson")));
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("9009117", "9909117", 1)).unwrap();
    assert_ne!(std::fs::read_to_string(&path).unwrap(), text);
    let ran = world.run(0, &["simulate", "--set", "rate=1", "--epochs", "2..3"]).expect(3);
    assert!(ran.stderr.contains("seq 9") && ran.stdout.is_empty(), "{ran:?}");
    std::fs::write(&path, text).unwrap();
}
