//! `settler verify --fast` and `--sample`: what each finds, what only judging receipts finds, and what makes no sense.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use radio_payouts_protocol::batch::ReceiptVerdict;
use radio_payouts_protocol::cells::Cells;
use radio_payouts_protocol::hash::sha256;
use radio_payouts_protocol::settlement::{AcceptedBatch, Settlement, SettlementError, conclude};
use radio_payouts_settler::artefact::manifest::{FileJson, Manifest};
use radio_payouts_settler::artefact::tables;
use radio_payouts_settler::artefact::verify::Recomputed;

use crate::forgery::{publish, publish_with_other_payouts, recompute, rob};
use crate::world::{Ran, World, copy_folder, did, lines, snapshot};

/// An epoch of two SFUs, so that everybody has cells of two tracks.
fn settled() -> (World, PathBuf) {
    let mut world = World::new(1, 1);
    let mut envelopes = world.batches(0, 4);
    envelopes.extend((1..=4).map(|tick| world.sfus[1].tick(tick * 10_000)));
    world.pass(0);
    world.ingest(0, &envelopes);
    world.run(0, &["settle", "--due"]).expect(0);
    let folder = world.epoch_folder(0, 0);
    (world, folder)
}

fn verify(world: &World, folder: &Path, more: &[&str]) -> Ran {
    world.run(0, &[&["verify", folder.to_str().unwrap(), "--offline"], more].concat())
}

/// Asserts that a way to verify ends with 3 and names all of this.
#[track_caller]
fn finds(world: &World, folder: &Path, more: &[&str], named: &[&str]) {
    let ran = verify(world, folder, more).expect(3);
    assert!(named.iter().all(|named| ran.stderr.contains(named)), "{named:?}: {}", ran.stderr);
}

/// Publishes what these batches and cells would lead to, whatever the signed batches say: nothing contradicts itself.
fn publish_with_other_cells(honest: &Recomputed, to: &Path, change: impl FnOnce(&mut Vec<AcceptedBatch>, &mut Cells)) {
    let Settlement { seals, mut batches, mut cells, .. } = honest.settlement.clone();
    change(&mut batches, &mut cells);
    let concluded = honest.terms.with_setting(|setting| conclude(setting, seals, batches, cells)).unwrap();
    let settlement = concluded.map_err(|error: SettlementError<std::convert::Infallible>| error).unwrap();
    publish(&honest.terms, &settlement, &honest.batches, to);
}

/// Places of the cells of a contributor.
fn cells_of(cells: &Cells, contributor: u32) -> Vec<usize> {
    (0..cells.cells.len()).filter(|place| cells.cells[*place].contributor == contributor).collect()
}

/// Puts other bytes into a file, and its hash into the manifest.
fn replace(folder: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(folder.join(name), bytes).unwrap();
    let path = folder.join("manifest.json");
    let mut manifest = Manifest::parse(&std::fs::read(&path).unwrap()).unwrap();
    let digest = FileJson { sha256: sha256(&[bytes]), length: bytes.len() as u64 };
    manifest.files.insert(name.to_owned(), digest);
    std::fs::write(path, manifest.to_bytes().unwrap()).unwrap();
}

#[test]
fn what_makes_no_sense_together_is_refused() {
    let (world, folder) = settled();
    for more in [
        ["--fast", "--engine", "spark://nowhere:7077"].as_slice(),
        &["--sample", "3", "--engine", "pure"],
        &["--sample", "0"],
        &["--sample", "-1"],
        &["--seed", "1"],
        &["--fast", "--seed", "1"],
        &["--engine", "duckdb"],
    ] {
        verify(&world, &folder, more).expect(2);
    }
    let target = folder.to_str().unwrap();
    let environment = [("RADIO_PAYOUTS_ENGINE", "duckdb")];
    world.run_with(0, &["verify", target], &environment).expect(2);
    // What the environment says of engines does not matter where none is used.
    world.run_with(0, &["verify", target, "--fast"], &environment).expect(0);
    let refused = verify(&world, &folder, &["--fast", "--work", "nowhere/at/all"]).expect(1);
    assert!(refused.stderr.contains("nowhere/at/all"), "{refused:?}");
}

#[test]
fn a_right_folder_passes_every_way_and_each_says_what_it_leaves_open() {
    let (world, folder) = settled();
    let before = snapshot(&folder);
    let whole = world.run(0, &["verify", "0", "-o", "json"]).expect(0).json();
    let auto = world.run(0, &["verify", "0", "--engine", "auto", "-o", "json"]).expect(0).json();
    assert_eq!(whole, auto);
    assert!(whole.get("not_checked").is_none() && whole.get("sample").is_none());
    let fast = world.run(0, &["verify", "0", "--fast", "-o", "json"]).expect(0).json();
    for field in
        ["epoch", "commitment", "batches", "receipts", "accepted_bytes", "contributors", "files_compared", "chain"]
    {
        assert_eq!(fast[field], whole[field], "{field}");
    }
    assert!(fast["not_checked"][0].as_str().unwrap().contains("judged"), "{fast}");
    let said = world.run(0, &["verify", "0", "--fast"]).expect(0).stdout;
    assert!(said.contains("NOT checked") && said.contains("not judged") && !said.contains("is right"), "{said}");

    let work = world.folder.path().join("work");
    std::fs::create_dir(&work).unwrap();
    let args = ["verify", "0", "--sample", "2", "--seed", "7", "--work", work.to_str().unwrap(), "-o", "json"];
    let sampled = world.run(0, &args).expect(0).json();
    assert_eq!(sampled["sample"]["dids"].as_array().unwrap().len(), 2);
    assert_eq!((&sampled["sample"]["of"], &sampled["sample"]["seed"]), (&3.into(), &"7".into()));
    assert_eq!(world.run(0, &args).expect(0).json(), sampled, "the same seed draws the same DIDs");
    assert_eq!(std::fs::read_dir(&work).unwrap().count(), 0, "nothing is left");
    // Each of three is missed by so many seeds once in 10^17 times.
    let mut drawn = BTreeSet::new();
    let mut seeds = 0..100;
    while drawn.len() < 3 {
        let seed = seeds.next().expect("every DID is drawn by some seed").to_string();
        let ran = world.run(0, &["verify", "0", "--offline", "--sample", "1", "--seed", &seed, "-o", "json"]).expect(0);
        drawn.insert(ran.json()["sample"]["dids"][0].as_str().unwrap().to_owned());
    }
    let said = world.run(0, &["verify", "0", "--sample", "2"]).expect(0);
    assert!(said.stdout.contains("probability of at most") && said.stderr.contains("--seed"), "{said:?}");
    assert_eq!(snapshot(&folder), before, "a verification writes nothing");
}

#[test]
fn fast_finds_any_flipped_byte() {
    let (world, folder) = settled();
    let copy = world.folder.path().join("copy");
    copy_folder(&folder, &copy);
    for (name, bytes) in snapshot(&copy) {
        for at in [bytes.len() / 3, bytes.len() / 2, bytes.len() - 3] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            std::fs::write(copy.join(&name), &changed).unwrap();
            let ran = verify(&world, &copy, &["--fast"]);
            assert_eq!(ran.code, Some(3), "{name:?} byte {at}: {ran:?}");
        }
        std::fs::write(copy.join(&name), bytes).unwrap();
    }
    verify(&world, &copy, &["--fast"]).expect(0);
}

#[test]
fn fast_names_a_forged_signature_and_batches_too_few_or_out_of_order() {
    let (world, folder) = settled();
    let copy = world.folder.path().join("copy");
    copy_folder(&folder, &copy);
    let name = format!("batches/{}.ndjson", hex::encode(world.sfus[0].key.verifying_key().to_bytes()));
    let honest = std::fs::read(copy.join(&name)).unwrap();
    let envelopes: Vec<Vec<u8>> = honest.trim_ascii_end().split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();

    let mut forged = envelopes.clone();
    let place = forged[1].len() - 40;
    forged[1][place] = if forged[1][place] == b'0' { b'1' } else { b'0' };
    replace(&copy, &name, &lines(&forged));
    finds(&world, &copy, &["--fast"], &["line 2", "seq 2", "bad_signature", &world.sfus[0].did()]);

    let mut few = envelopes.clone();
    few.remove(1);
    replace(&copy, &name, &lines(&few));
    finds(&world, &copy, &["--fast"], &["seq 2", "missing in batches/", &world.sfus[0].did()]);

    let mut turned = envelopes;
    turned.swap(1, 2);
    replace(&copy, &name, &lines(&turned));
    finds(&world, &copy, &["--fast"], &[&name, "line 2"]);

    replace(&copy, &name, honest.trim_ascii_end());
    finds(&world, &copy, &["--fast"], &[&name]);
    replace(&copy, &name, &honest);
    verify(&world, &copy, &["--fast"]).expect(0);
}

#[test]
fn fast_names_amounts_factors_payees_and_bytes_that_do_not_follow() {
    let (world, folder) = settled();
    let honest = recompute(&folder);
    let contributors = &honest.settlement.cells.contributors;
    let to = |name: &str| world.folder.path().join(name);

    publish_with_other_payouts(&folder, &to("amount"), rob);
    finds(&world, &to("amount"), &["--fast"], &["payouts.parquet", &contributors[0].did, "amount_base_units is 1,"]);

    publish_with_other_payouts(&folder, &to("payee"), |settlement| settlement.payees[1] = [7; 32]);
    finds(&world, &to("payee"), &["--fast"], &["payouts.parquet", &contributors[1].did, "payee is 0707"]);

    // A factor that no parameter gives, with weights that follow from it.
    copy_folder(&folder, &to("factor"));
    let mut terms = honest.terms.clone();
    terms.params.role_seeder_bps = 9_000;
    let mut table = Vec::new();
    tables::cells(&terms, &honest.settlement, &mut table).unwrap();
    replace(&to("factor"), "cells.parquet", &table);
    let named = ["cells.parquet", &hex::encode(contributors[0].did_hash), "role_bps is 9000, recomputed 10000"];
    finds(&world, &to("factor"), &["--fast"], &named);

    // From one track of a DID to another of it: its own sum is the same.
    publish_with_other_cells(&honest, &to("cells"), |_, cells| {
        let own = cells_of(cells, 0);
        cells.cells[own[0]].bytes -= 5;
        cells.cells[own[1]].bytes += 5;
    });
    finds(&world, &to("cells"), &["--fast"], &["tracks.parquet", "track of SFU", "its cells"]);

    // And the tracks with them: then the SFUs' batches are against it.
    publish_with_other_cells(&honest, &to("tracks"), |_, cells| {
        let own = cells_of(cells, 0);
        let (from, into) = (cells.cells[own[0]].track as usize, cells.cells[own[1]].track as usize);
        cells.cells[own[0]].bytes -= 5;
        cells.cells[own[1]].bytes += 5;
        cells.tracks[from].bytes -= 5;
        cells.tracks[into].bytes += 5;
    });
    finds(&world, &to("tracks"), &["--fast"], &["the tracks of SFU", "its signed batches"]);

    // A cell that nobody has, and one left out.
    publish_with_other_cells(&honest, &to("nobody"), |_, cells| {
        cells.cells.retain(|cell| cell.contributor != 1);
    });
    finds(&world, &to("nobody"), &["--fast"], &["cells.parquet", &contributors[1].did, "has no cell"]);
}

#[test]
fn bytes_moved_between_dids_pass_fast_and_are_found_by_a_sample_and_by_judging_all() {
    let (world, folder) = settled();
    let honest = recompute(&folder);
    let moved = world.folder.path().join("moved");
    publish_with_other_cells(&honest, &moved, |_, cells| {
        let (from, into) = (cells_of(cells, 0)[0], cells_of(cells, 1)[0]);
        assert_eq!(cells.cells[from].track, cells.cells[into].track);
        cells.cells[from].bytes -= 5;
        cells.cells[into].bytes += 5;
        cells.contributors[0].bytes -= 5;
        cells.contributors[1].bytes += 5;
    });
    let passed = verify(&world, &moved, &["--fast"]).expect(0);
    assert!(passed.stdout.contains("NOT checked"), "{passed:?}");
    let robbed = honest.settlement.cells.contributors[0].did.as_str();
    finds(&world, &moved, &["--sample", "1000"], &["cells.parquet", robbed, "from the signed batches"]);
    finds(&world, &moved, &[], &["statement."]);
    // Whoever draws one of the two finds it, whoever draws the third does not.
    let untouched = honest.settlement.cells.contributors[2].did.as_str();
    let mut found = 0;
    for seed in 0..12u8 {
        let seed = seed.to_string();
        let ran = verify(&world, &moved, &["--sample", "1", "--seed", &seed, "-o", "json"]);
        match ran.code {
            Some(0) => assert_eq!(ran.json()["sample"]["dids"][0], untouched),
            _ => found += usize::from(ran.expect(3).stderr.contains("from the signed batches")),
        }
    }
    assert!((1..12).contains(&found), "{found}");
}

#[test]
fn a_receipt_called_bad_and_a_track_called_better_pass_fast_and_are_found_by_a_sample() {
    let (world, folder) = settled();
    let honest = recompute(&folder);
    let to = |name: &str| world.folder.path().join(name);
    publish_with_other_cells(&honest, &to("receipt"), |batches, cells| {
        let batch = &mut batches[0];
        batch.receipts.verdicts[0] = Some(ReceiptVerdict::BadTime);
        batch.receipts.accepted_bytes = 0;
        let signed = source_batch(&honest, &batch.header);
        let track = cells.tracks.iter().position(|track| track.sfu_key == batch.header.sfu_key).unwrap();
        for entry in &signed.receipts[0].contributors {
            let who = cells.contributors.iter().position(|one| one.did == entry.did).unwrap();
            let own = cells_of(cells, u32::try_from(who).unwrap());
            let cell = own.into_iter().find(|place| cells.cells[*place].track as usize == track).unwrap();
            cells.cells[cell].bytes -= entry.bytes_out;
            cells.contributors[who].bytes -= entry.bytes_out;
            cells.tracks[track].bytes -= entry.bytes_out;
        }
    });
    verify(&world, &to("receipt"), &["--fast"]).expect(0);
    let named = ["receipts.parquet", "seq 1, position 0: verdict is bad_time, judged again accepted"];
    finds(&world, &to("receipt"), &["--sample", "1"], &named);

    publish_with_other_cells(&honest, &to("track"), |_, cells| cells.tracks[0].metadata_fields = 8);
    verify(&world, &to("track"), &["--fast"]).expect(0);
    let named = ["tracks.parquet", "metadata_fields is 8, from the signed batches 0"];
    finds(&world, &to("track"), &["--sample", "1"], &named);

    // A capacity that is said to have cut where it did not.
    publish_with_other_cells(&honest, &to("capacity"), |batches, _| {
        batches[0].receipts.verdicts[0] = Some(ReceiptVerdict::SfuOverCapacity);
    });
    let named = ["receipts.parquet", "verdict is sfu_over_capacity, by the SFU's capacity accepted"];
    finds(&world, &to("capacity"), &["--fast"], &named);
}

fn source_batch(
    honest: &Recomputed,
    header: &radio_payouts_protocol::batch::BatchHeader,
) -> radio_payouts_protocol::batch::Batch {
    radio_payouts_settler::artefact::source::BatchSource::batch(&honest.batches, header).unwrap()
}

#[test]
fn the_sample_s_dids_are_those_of_the_epoch() {
    let (world, folder) = settled();
    let ran = verify(&world, &folder, &["--sample", "3", "-o", "json"]).expect(0).json();
    let mut drawn: Vec<_> = ran["sample"]["dids"].as_array().unwrap().iter().map(|did| did.as_str().unwrap()).collect();
    let everybody: Vec<String> = (0..3).map(did).collect();
    let mut expected: Vec<&str> = everybody.iter().map(String::as_str).collect();
    drawn.sort_unstable();
    expected.sort_unstable();
    assert_eq!(drawn, expected);
    assert_eq!(ran["sample"]["receipts"], 8);
    assert_eq!(ran["sample"]["passes_with_one_percent_wrong"], 0.0, "everybody was drawn");
}
