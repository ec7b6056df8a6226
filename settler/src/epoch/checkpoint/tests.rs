use std::collections::BTreeMap;
use std::sync::Mutex;

use radio_payouts_protocol::batch::BatchHeader;
use radio_payouts_protocol::params::{Mode, Params};
use radio_payouts_protocol::weights::WeightSums;

use super::*;
use crate::artefact::manifest::{FileJson, RootJson};
use crate::artefact::streamed::weights::AllWeighed;
use crate::artefact::terms::{Deployment, VersionInForce};

fn digest(content: &[u8]) -> FileJson {
    FileJson { sha256: sha256(&[content]), length: content.len() as u64 }
}

/// Files of a first pass below `work`, one of them packed.
fn made(work: &Path) -> Aggregated {
    begin_anew(work).unwrap();
    let write = |path: PathBuf, content: &[u8]| {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        digest(content)
    };
    let packed = write(staging(work).join("batches/a.ndjson.zst"), b"packed");
    let listed = |name: &str, digest| BTreeMap::from([(name.to_owned(), digest)]);
    let mut files = listed("batches/a.ndjson", digest(b"plain"));
    files.insert("tracks.parquet".into(), write(staging(work).join("tracks.parquet"), b"tracks"));
    let weighed = AllWeighed {
        sums: WeightSums::default(),
        contributors: 7,
        history_hash: [8; 32],
        files: listed("cells.parquet", write(staging(work).join("cells.parquet"), b"cells")),
        spill: write(spill(work), b"weights"),
    };
    let batches = RootJson { root: [9; 32], sum: 10, count: 11 };
    Aggregated { weighed, batches, files, packed: listed("batches/a.ndjson", packed) }
}

fn bytes_of(aggregated: &Aggregated, settler: &str, rests_on: Hash) -> Vec<u8> {
    let (format, settler, aggregated) = (FORMAT.to_owned(), settler.to_owned(), aggregated.clone());
    Checkpoint { format, settler, rests_on, aggregated, sha256: [0; 32] }.to_bytes().unwrap()
}

#[test]
fn a_checkpoint_with_any_byte_changed_is_refused_and_so_is_one_of_another_version_or_of_other_terms() {
    let folder = tempfile::tempdir().unwrap();
    let aggregated = made(folder.path());
    let bytes = bytes_of(&aggregated, SETTLER, [1; 32]);
    for place in 0..bytes.len() {
        for flip in [0x01, 0x10, 0x20] {
            let mut changed = bytes.clone();
            changed[place] ^= flip;
            assert!(Checkpoint::parse(&changed, [1; 32]).is_err(), "byte {place}");
        }
    }
    for cut in 0..bytes.len() {
        assert!(Checkpoint::parse(&bytes[..cut], [1; 32]).is_err(), "cut at {cut}");
    }
    assert!(Checkpoint::parse(&[&bytes[..], b"\n"].concat(), [1; 32]).is_err(), "one byte more");
    assert!(Checkpoint::parse(&bytes, [2; 32]).unwrap_err().contains("other terms"));
    let other = bytes_of(&aggregated, "0.0.9", [1; 32]);
    assert!(Checkpoint::parse(&other, [1; 32]).unwrap_err().contains("0.0.9"));
    assert_eq!(Checkpoint::parse(&bytes, [1; 32]), Ok(aggregated));
}

#[test]
fn every_file_must_be_as_it_was_written_and_packed_ones_are_looked_at_as_they_lie_there() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path();
    let aggregated = made(work);
    let told = Mutex::new((0, None));
    let check = |aggregated| {
        files::check(&staging(work), &spill(work), aggregated, &|_, done, all| {
            let mut told = told.lock().unwrap();
            *told = (told.0.max(done), all);
        })
    };
    let mut paths: Vec<_> = aggregated.kept().keys().map(|name| staging(work).join(name)).collect();
    paths.push(spill(work));
    assert_eq!(paths.len(), 4);
    for path in paths {
        let content = std::fs::read(&path).unwrap();
        let mut flipped = content.clone();
        flipped[1] ^= 1;
        for damaged in [&flipped[..], &content[1..], &[&content[..], b"x"].concat()] {
            std::fs::write(&path, damaged).unwrap();
            assert!(check(&aggregated).unwrap_err().ends_with("is not as it was written"), "{}", path.display());
        }
        std::fs::remove_file(&path).unwrap();
        assert!(check(&aggregated).unwrap_err().contains("cannot be read"), "{}", path.display());
        std::fs::write(&path, content).unwrap();
    }
    *told.lock().unwrap() = (0, None);
    assert_eq!(check(&aggregated), Ok(()));
    let bytes = ["packed", "tracks", "cells", "weights"].map(str::len).iter().sum::<usize>() as u64;
    assert_eq!(*told.lock().unwrap(), (bytes, Some(bytes)));
}

#[test]
fn what_no_checkpoint_names_is_removed_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let staging = staging(folder.path());
    let aggregated = made(folder.path());
    for stranger in ["payouts.parquet", ".tmpAbc", "manifest.json", "batches/.tmpDef", "batches/a.ndjson"] {
        std::fs::write(staging.join(stranger), b"half").unwrap();
    }
    files::keep_only(&staging, &aggregated.kept()).unwrap();
    let names = |folder: &Path| {
        let mut names: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(names(&staging), ["batches", "cells.parquet", "tracks.parquet"]);
    assert_eq!(names(&staging.join("batches")), ["a.ndjson.zst"]);
}

/// Terms of a first epoch with one SFU, and a batch of it.
fn terms_and_batches() -> (Terms, Sealed) {
    let header = BatchHeader { sfu_key: [3; 32], seq: 1, hash: [4; 32], prev: [0; 32], from_ms: 1_000, to_ms: 2_000 };
    let deployment =
        Deployment { domain: [1; 32], genesis_hash: [2; 32], program_id: [5; 32], genesis_unix: 0, epoch_seconds: 300 };
    let terms = Terms {
        deployment,
        epoch: 0,
        params: Params::demo(),
        params_version: 0,
        versions: vec![VersionInForce { version: 0, effective_epoch: 0, mode: Mode::Demo }],
        registry_version: 1,
        registry: Vec::new(),
        parent: None,
    };
    let sealed = Sealed { epoch: 0, attempt: 0, terms: terms_hash(&terms).unwrap(), batches: vec![header] };
    (terms, sealed)
}

#[test]
fn it_rests_on_every_parameter_the_registry_and_the_batches() {
    let (terms, sealed) = terms_and_batches();
    let hash = rests_on(&terms, &sealed).unwrap();
    assert_eq!(rests_on(&terms, &sealed).unwrap(), hash);
    let mut others = vec![terms.clone(); 4];
    others[0].params.peak_bps += 1;
    others[1].registry_version += 1;
    others[2].deployment.domain = [9; 32];
    others[3].params_version += 1;
    for other in others {
        assert_ne!(rests_on(&other, &sealed).unwrap(), hash, "{other:?}");
    }
    let mut more = sealed.clone();
    more.batches.push(BatchHeader { seq: 2, ..sealed.batches[0] });
    assert_ne!(rests_on(&terms, &more).unwrap(), hash);
    assert_ne!(rests_on(&terms, &Sealed { attempt: 1, ..sealed }).unwrap(), hash);
}
