//! Exports: the three forms agree cell by cell with each other and with the folder; text of others cannot become a formula.

use std::collections::BTreeMap;
use std::fs::File;

use arrow::array::{Array as _, AsArray as _};
use arrow::datatypes::{DataType, Decimal128Type, Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use radio_payouts_protocol::batch::{Batch, Contribution, Descriptor, Receipt, Rights};
use radio_payouts_settler::artefact::sheet::{self, Column, Sheet};
use radio_payouts_settler::artefact::{Artefact, payout};
use radio_payouts_settler::export::{Kind, Subject, csv};
use serde_json::Value;

use crate::world::{EPOCH, GENESIS, World, did};

/// What a receipt may be called, and a spreadsheet or a page might take for something else.
pub const HOSTILE: [&str; 8] = [
    "=HYPERLINK(\"http://evil.example\",\"click\")",
    "+1;=cmd|' /C calc'!A0",
    "'quoted, with a comma",
    "</td><script>alert(1)</script>",
    "| a | `b` [c](javascript:d) <img src=x onerror=e>",
    "\u{202e}gnp.exe",
    "-2+3",
    "@SUM(1)\u{2028}https://www.evil.example",
];

/// A world in which epochs 0 and 1 are settled, with a hostile track in each receipt of epoch 0.
pub fn settled() -> World {
    let mut world = World::new(1, 1);
    let mut envelopes: Vec<Vec<u8>> =
        (1i64..).zip(HOSTILE).map(|(tick, track)| hostile(&mut world, tick, track)).collect();
    envelopes.extend(world.batches(1, 4));
    world.pass(1);
    world.ingest(0, &envelopes);
    world.run(0, &["settle", "--due"]).expect(0);
    world
}

/// A batch of SFU 0 with a receipt of this track, and one that names nobody.
fn hostile(world: &mut World, tick: i64, track: &str) -> Vec<u8> {
    let sfu = &mut world.sfus[0];
    sfu.seq += 1;
    let to = u64::try_from(GENESIS * 1_000 + tick * 10_000).unwrap();
    let receipt = |room: &str, contributors| Receipt {
        acks: None,
        contributors,
        recipients: 3,
        room_id: room.to_owned(),
        timestamp: to - 5_000,
        track_id: track.to_owned(),
    };
    let one = |who, bytes_out| Contribution { bytes_out, did: did(who), role: None };
    let receipts = vec![receipt("=room", vec![one(0, 900_000), one(1, 400_000)]), receipt("nobody", vec![])];
    let descriptor =
        Descriptor { metadata: None, rights: Rights::Original, track_id: track.to_owned(), uploader: did(0) };
    let (prev, seq, name) = (sfu.prev, sfu.seq, sfu.did());
    let batch = Batch { from: to - 10_000, prev, receipts, seq, sfu: name, to, tracks: vec![descriptor], v: 1 };
    sfu.prev = batch.hash();
    batch.sign(&sfu.key, &sfu.domain).unwrap().to_bytes()
}

/// A cell: `None` is nothing.
type Row = Vec<Option<String>>;

/// RFC 4180, with what the export does to text undone.
fn from_csv(subject: Subject, text: &str) -> Vec<Row> {
    let (mut rows, mut row) = (Vec::new(), Vec::new());
    let (mut cell, mut quoted, mut was_quoted) = (String::new(), false, false);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (quoted, character) {
            (true, '"') if characters.peek() == Some(&'"') => cell.extend(characters.next()),
            (true, '"') => quoted = false,
            (false, '"') => (quoted, was_quoted) = (true, true),
            (false, ',' | '\n') => {
                row.push((was_quoted || !cell.is_empty()).then(|| std::mem::take(&mut cell)));
                was_quoted = false;
                if character == '\n' {
                    rows.push(std::mem::take(&mut row));
                }
            }
            (_, other) => cell.push(other),
        }
    }
    assert!(!quoted && row.is_empty() && cell.is_empty(), "the last line ends");
    let columns = subject.columns();
    let head: Vec<String> = rows.remove(0).into_iter().map(Option::unwrap).collect();
    assert_eq!(head, columns.iter().map(|column| column.name).collect::<Vec<_>>());
    for row in &mut rows {
        assert_eq!(row.len(), columns.len());
        for (cell, column) in row.iter_mut().zip(columns) {
            if column.kind == Kind::Text {
                *cell = cell.as_deref().map(csv::decode);
            }
        }
    }
    rows
}

fn from_jsonl(subject: Subject, text: &str) -> Vec<Row> {
    let line = |line: &str| -> Row {
        let document: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
        assert_eq!(document.len(), subject.columns().len());
        let cell = |column: &radio_payouts_settler::export::Column| match (&document[column.name], column.kind) {
            (Value::Null, _) => None,
            (Value::String(text), Kind::Text | Kind::Integer | Kind::Wide) => Some(text.clone()),
            (Value::Number(number), Kind::Count) => Some(number.to_string()),
            other => panic!("{}: {other:?}", column.name),
        };
        subject.columns().iter().map(cell).collect()
    };
    text.lines().map(line).collect()
}

fn from_parquet(subject: Subject, path: &std::path::Path) -> Vec<Row> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
    let mut rows = Vec::new();
    for batch in reader.map(Result::unwrap) {
        let names: Vec<String> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
        assert_eq!(names, subject.columns().iter().map(|column| column.name).collect::<Vec<_>>());
        for row in 0..batch.num_rows() {
            let cell = |column: &arrow::array::ArrayRef| {
                (!column.is_null(row)).then(|| match column.data_type() {
                    DataType::Utf8 => column.as_string::<i32>().value(row).to_owned(),
                    DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
                    DataType::Decimal128(38, 0) => column.as_primitive::<Decimal128Type>().value(row).to_string(),
                    other => panic!("{other}"),
                })
            };
            rows.push(batch.columns().iter().map(cell).collect());
        }
    }
    rows
}

/// What is exported, the same in all three forms.
fn exported(world: &World, name: &str, subject: Subject, more: &[&str]) -> Vec<Row> {
    let run = |form: &str, rest: &[&str]| {
        let arguments = [&["export", name, "--format", form], more, rest].concat();
        world.run(0, &arguments).expect(0).stdout
    };
    // The chain goes on between two runs: the slot as of which a run looked is its own.
    let at = subject.columns().iter().position(|column| column.name == "as_of_slot").unwrap();
    let same_but_slot = |theirs: Vec<Row>, ours: &[Row], what: &str| {
        assert_eq!(theirs.len(), ours.len(), "{name}: {what}");
        for (theirs, ours) in theirs.iter().zip(ours) {
            for (place, column) in subject.columns().iter().enumerate().filter(|(place, _)| *place != at) {
                assert_eq!(theirs[place], ours[place], "{name}: {what}: {}", column.name);
            }
            assert_eq!(theirs[at].is_some(), ours[at].is_some(), "{name}: {what}");
        }
    };
    let csv = from_csv(subject, &run("csv", &[]));
    same_but_slot(from_jsonl(subject, &run("jsonl", &[])), &csv, "JSON lines and CSV");
    let path = world.folder.path().join("export.parquet");
    run("parquet", &["--out", path.to_str().unwrap(), "--force"]);
    same_but_slot(from_parquet(subject, &path), &csv, "Parquet and CSV");
    csv
}

#[test]
fn what_makes_no_sense_is_refused_and_leaves_no_file() {
    let fresh = World::new(1, 1);
    for arguments in [&["export", "epochs"][..], &["report", "payout"], &["export", "receipts", "--offline"]] {
        let refused = fresh.run(0, arguments).expect(2);
        assert!(refused.stderr.contains("no epoch is sealed"), "{refused:?}");
    }
    let world = settled();
    let out = world.folder.path().join("out.csv");
    std::fs::write(&out, "mine").unwrap();
    let (there, nowhere) = (out.to_str().unwrap(), world.folder.path().join("no/such/folder.csv"));
    let below = out.join("file.csv");
    let refusals: [(&[&str], i32, &str); 9] = [
        (&["--epochs", "2"], 2, "epoch 2 is not sealed here"),
        (&["--epochs", "0..7"], 2, "epoch 7 is not sealed here"),
        (&["--epochs", "1..0"], 2, "epoch 1 is after epoch 0"),
        (&["--epochs", "0.."], 2, "is not the number of an epoch"),
        (&["--force"], 2, "--force is for --out"),
        (&["--out", there], 2, "is there already and was not changed"),
        (&["--out", nowhere.to_str().unwrap()], 1, "cannot be written"),
        (&["--out", below.to_str().unwrap(), "--force"], 1, "cannot be written"),
        (&["--from", there], 1, "cannot read"),
    ];
    let before = std::fs::read_dir(world.folder.path()).unwrap().count();
    for command in [&["export", "contributors"][..], &["report", "contribution"], &["report", "audit"]] {
        for (arguments, code, words) in &refusals {
            let refused = world.run(0, &[command, arguments].concat()).expect(*code);
            assert!(refused.stderr.contains(words), "{arguments:?}: {refused:?}");
            assert_eq!(refused.stdout, "", "{arguments:?}");
        }
    }
    let refused = world.run(0, &["export", "epochs", "--did", &did(0)]).expect(2);
    assert!(refused.stderr.contains("--did is for"), "{refused:?}");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "mine");
    assert_eq!(std::fs::read_dir(world.folder.path()).unwrap().count(), before, "no temporary file is left");
    world.run(0, &["export", "epochs", "--out", there, "--force"]).expect(0);
    assert!(std::fs::read_to_string(&out).unwrap().starts_with("epoch,standing,state,as_of_slot,"));
}

#[test]
fn another_root_on_chain_ends_an_export_and_a_report() {
    let mut world = World::new(3, 2);
    let envelopes = world.batches(0, 4);
    for (settler, count) in [(0, 3), (1, 4), (2, 3)] {
        world.ingest(settler, &envelopes[..count]);
    }
    world.pass(0);
    for settler in [1, 0, 2] {
        world.run(settler, &["settle", "--due"]).expect(0);
    }
    let out = world.folder.path().join("out");
    for command in [["export", "epochs"], ["report", "payout"]] {
        let refused = world.run(1, &[&command[..], &["--out", out.to_str().unwrap()]].concat()).expect(3);
        assert!(refused.stderr.contains("the chain holds commitment"), "{refused:?}");
        assert!(!out.exists());
        world.run(1, &[&command[..], &["--offline"]].concat()).expect(0);
        world.run(0, &command).expect(0);
    }
}

#[test]
fn the_three_forms_agree_and_are_the_folders() {
    let world = settled();
    let artefacts = [0, 1].map(|epoch| Artefact::open(&world.epoch_folder(0, epoch)).unwrap());
    let find = |subject: Subject, row: &Row, name: &str| {
        let place = subject.columns().iter().position(|column| column.name == name).unwrap();
        row[place].clone().unwrap_or_default()
    };

    let epochs = exported(&world, "epochs", Subject::Epochs, &[]);
    assert_eq!(epochs.len(), 2);
    for (row, artefact) in epochs.iter().zip(&artefacts) {
        let (get, manifest) = (|name: &str| find(Subject::Epochs, row, name), &artefact.manifest);
        assert_eq!(get("epoch"), manifest.statement.epoch.to_string());
        assert_eq!(get("commitment"), hex::encode(manifest.commitment));
        assert_eq!(get("pool_base_units"), manifest.statement.pool.to_string());
        assert_eq!(get("effective_bytes"), manifest.totals.effective_bytes.to_string());
        assert_eq!((get("standing").as_str(), get("state").as_str()), ("provisional", "posted"));
        assert!(get("as_of_slot").parse::<u64>().unwrap() > 0 && get("ratified_unix_seconds").is_empty());
        let start = GENESIS + EPOCH * i64::try_from(manifest.statement.epoch).unwrap();
        assert_eq!(get("start_unix_seconds"), start.to_string());
        assert_eq!(get("end_unix_seconds"), (start + EPOCH).to_string());
    }
    let offline = exported(&world, "epochs", Subject::Epochs, &["--offline", "--epochs", "1"]);
    assert_eq!(offline.len(), 1);
    let state = ["standing", "state", "as_of_slot"].map(|name| find(Subject::Epochs, &offline[0], name));
    assert_eq!(state, ["provisional", "not_asked", ""]);

    let contributors = exported(&world, "contributors", Subject::Contributors, &["--epochs", "0..1"]);
    let expected: Vec<_> = artefacts.iter().flat_map(|artefact| artefact.payouts().unwrap()).collect();
    assert_eq!(contributors.len(), expected.len());
    for (row, payout) in contributors.iter().zip(&expected) {
        let get = |name: &str| find(Subject::Contributors, row, name);
        assert_eq!((get("did"), get("payee")), (payout.did.clone(), payout.payee_address().unwrap_or_default()));
        assert_eq!(get("amount_base_units"), payout.amount.to_string());
        assert_eq!(get("raw_base_units"), payout.raw.to_string());
        assert_eq!(get("index"), payout.index.map(|index| index.to_string()).unwrap_or_default());
    }
    let one = exported(&world, "contributors", Subject::Contributors, &["--did", &did(2)]);
    assert_eq!(one.len(), 1, "did 2 is in epoch 1 only");
}

#[test]
fn receipts_come_with_verdicts_and_hostile_text_as_it_was() {
    let world = settled();
    let place = |name: &str| Subject::Receipts.columns().iter().position(|column| column.name == name).unwrap();
    let rows = exported(&world, "receipts", Subject::Receipts, &["--epochs", "0"]);
    // Two contributors of the first receipt, nobody of the second, in each of the batches.
    assert_eq!(rows.len(), HOSTILE.len() * 3);
    for (rows, track) in rows.chunks(3).zip(HOSTILE) {
        let cell = |row: usize, name: &str| rows[row][place(name)].as_deref();
        for row in 0..3 {
            assert_eq!(cell(row, "track_id"), Some(track));
        }
        assert_eq!([cell(0, "did"), cell(1, "did")], [Some(did(0).as_str()), Some(did(1).as_str())]);
        assert_eq!([cell(0, "bytes"), cell(1, "bytes")], [Some("900000"), Some("400000")]);
        assert_eq!([cell(0, "verdict"), cell(0, "role")], [Some("accepted"), Some("uploader")]);
        let nobody = [cell(2, "verdict"), cell(2, "did"), cell(2, "role"), cell(2, "bytes")];
        assert_eq!(nobody, [Some("no_contributors"), None, None, None]);
    }
    let mut bytes = BTreeMap::new();
    for row in rows.iter().filter(|row| row[place("verdict")].as_deref() == Some("accepted")) {
        let of: &mut u64 = bytes.entry(row[place("did")].clone().unwrap()).or_default();
        *of += row[place("bytes")].as_ref().unwrap().parse::<u64>().unwrap();
    }
    let path = world.epoch_folder(0, 0).join("payouts.parquet");
    let expected: BTreeMap<_, _> =
        payout::read(&path).unwrap().into_iter().map(|payout| (payout.did, payout.bytes)).collect();
    assert_eq!(bytes, expected, "the accepted receipts add up to everybody's bytes");

    let csv = world.run(0, &["export", "receipts", "--epochs", "0"]).expect(0).stdout;
    for line in csv.lines() {
        for cell in line.split([',', ';', '|', '"', '\t']) {
            assert!(!cell.trim_start().starts_with(['=', '+', '-', '@']), "{cell:?} could be a formula in: {line}");
        }
    }
    let mine = exported(&world, "receipts", Subject::Receipts, &["--did", &did(1), "--epochs", "0"]);
    assert_eq!(mine.len(), HOSTILE.len());
}

#[test]
fn a_folder_whose_files_do_not_fit_together_is_not_exported() {
    let world = settled();
    let folder = world.epoch_folder(0, 0);
    let (path, out) = (folder.join("receipts.parquet"), world.folder.path().join("out.csv"));
    let kept = std::fs::read(&path).unwrap();
    let key = Artefact::open(&folder).unwrap().manifest.registry[0].key;
    // An accepted receipt as rejected, one that no batch has, and one of a batch that is not there.
    for (seq, position) in [(1u32, 0u32), (1, 9_999), (9_999, 0)] {
        let mut sheet = Sheet::new(
            std::fs::File::create(&path).unwrap(),
            &[
                Column("sfu", sheet::Kind::Hash, false),
                Column("seq", sheet::Kind::Integer, false),
                Column("position", sheet::Kind::Integer, false),
                Column("verdict", sheet::Kind::Text, false),
            ],
        )
        .unwrap();
        sheet.row(&[sheet::Value::Hash(&key), seq.into(), position.into(), sheet::Value::Text("unlicensed")]).unwrap();
        sheet.finish().unwrap();
        let refused = world.run(0, &["export", "receipts", "--epochs", "0", "--out", out.to_str().unwrap()]).expect(1);
        assert!(refused.stderr.contains("receipts.parquet"), "seq {seq}, position {position}: {refused:?}");
        assert!(!out.exists());
    }
    std::fs::write(&path, kept).unwrap();
    world.run(0, &["export", "receipts", "--out", out.to_str().unwrap()]).expect(0);
}

#[test]
fn every_column_is_documented_with_its_unit() {
    let guide = include_str!("../../../docs/guide.md");
    for subject in [Subject::Epochs, Subject::Contributors, Subject::Receipts] {
        for column in subject.columns() {
            assert!(guide.contains(&format!("`{}`", column.name)), "{} is not in the guide", column.name);
            let suffixes = [("_base_units", "10^-9 BLOOM"), ("_seconds", "s"), ("_ms", "ms"), ("bytes", "bytes")];
            for (_, unit) in suffixes.iter().filter(|(suffix, _)| column.name.ends_with(suffix)) {
                assert_eq!(&column.unit, unit, "{}", column.name);
            }
        }
    }
}
