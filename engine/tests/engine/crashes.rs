//! `kill -9` in the middle of writing rows, a full disk, a read-only one: nothing is lost, nothing counts twice.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use radio_payouts_engine::{EngineError, Rows};

use crate::disk::Disk;
use crate::world::{World, snapshot};

const SEED: u64 = 11;
const POINT: &str = "RADIO_PAYOUTS_ENGINE_DIE_AT";
const FOLDER: &str = "RADIO_PAYOUTS_ENGINE_ROWS";

/// Not a test by itself: what is killed. It makes the rows of a world in the folder that it is given and dies at the point that
/// it is given.
#[test]
#[ignore = "run by a_killed_writer_loses_nothing_and_counts_nothing_twice"]
fn writes_rows_until_it_dies() {
    let (Ok(folder), Ok(point)) = (std::env::var(FOLDER), std::env::var(POINT)) else { return };
    let point: usize = point.parse().unwrap();
    let (world, sources, _) = World::with_cells(SEED);
    let rows = Rows::new(folder.as_ref(), world.rows.calendar(), 3);
    let passed = AtomicUsize::new(0);
    for source in sources {
        let die = |_: &str| {
            if passed.fetch_add(1, Ordering::SeqCst) == point {
                std::process::abort();
            }
        };
        rows.add(&[source], &die).unwrap();
    }
}

#[test]
fn a_killed_writer_loses_nothing_and_counts_nothing_twice() {
    let (world, sources, expected) = World::with_cells(SEED);
    let folder = tempfile::tempdir().unwrap();
    let rows = |name: &str| Rows::new(&folder.path().join(name), world.rows.calendar(), 3);
    let points = AtomicUsize::new(0);
    let undisturbed = rows("undisturbed");
    for source in &sources {
        let count = |_: &str| {
            points.fetch_add(1, Ordering::SeqCst);
        };
        undisturbed.add(std::slice::from_ref(source), &count).unwrap();
    }
    let files = |rows: &Rows| -> Vec<_> {
        let root = rows.root().to_owned();
        let strip = |path: std::path::PathBuf| path.strip_prefix(&root).unwrap().to_owned();
        snapshot(&root).into_iter().map(|(path, bytes)| (strip(path), bytes)).collect()
    };
    let whole = files(&undisturbed);
    assert!(world.settle_rows(&undisturbed, &world.data_fusion()).unwrap() == expected);
    let points = points.into_inner();
    assert!(points > 20, "{points} points");
    for point in 0..points {
        let rows = rows(&format!("killed-{point}"));
        let killed = Command::new(std::env::current_exe().unwrap())
            .args(["crashes::writes_rows_until_it_dies", "--exact", "--ignored"])
            .env(FOLDER, rows.root())
            .env(POINT, point.to_string())
            .output()
            .unwrap();
        assert_eq!(killed.status.code(), None, "point {point} was not reached: {killed:?}");
        rows.sweep().unwrap();
        for source in &sources {
            rows.add(std::slice::from_ref(source), &|_| {}).unwrap();
        }
        assert!(files(&rows) == whole, "other files after point {point}");
        // Files are all the same; a few settlements are enough.
        if point % 8 == 0 {
            assert!(world.settle_rows(&rows, &world.data_fusion()).unwrap() == expected, "after point {point}");
        }
    }
}

#[test]
fn a_full_disk_is_an_error_and_nothing_is_committed() {
    let (world, sources, expected) = World::with_cells(SEED);
    let Some(disk) = Disk::mount("1m") else { return };
    let mut failures = 0;
    for kibibytes in (8..).step_by(8) {
        disk.clear();
        disk.resize(&format!("{kibibytes}k"));
        let rows = Rows::new(&disk.path().join("rows"), world.rows.calendar(), 3);
        let added = sources.iter().try_for_each(|source| rows.add(std::slice::from_ref(source), &|_| {}).map(drop));
        let Err(error) = added else { break };
        let EngineError::File { source, .. } = &error else { panic!("{kibibytes} KiB: {error}") };
        assert_eq!(source.kind(), std::io::ErrorKind::StorageFull, "{kibibytes} KiB: {error}");
        failures += 1;
        // Every fourth is gone on with: a settlement takes a second.
        if failures % 4 == 1 {
            assert!(rows.records().unwrap().len() < sources.len());
            disk.resize("16m");
            for source in &sources {
                rows.add(std::slice::from_ref(source), &|_| {}).unwrap();
            }
            assert!(world.settle_rows(&rows, &world.data_fusion()).unwrap() == expected, "after {kibibytes} KiB");
        }
    }
    assert!(failures > 8, "{failures} failures");
}

#[test]
fn a_read_only_disk_is_an_error_and_nothing_is_committed() {
    let (world, sources, expected) = World::with_cells(SEED);
    let Some(disk) = Disk::mount("16m") else { return };
    let rows = Rows::new(&disk.path().join("rows"), world.rows.calendar(), 3);
    let (first, others) = sources.split_first().unwrap();
    rows.add(std::slice::from_ref(first), &|_| {}).unwrap();
    let before = snapshot(rows.root());
    disk.remount("ro");
    for source in others {
        let error = rows.add(std::slice::from_ref(source), &|_| {}).unwrap_err();
        let EngineError::File { source, .. } = &error else { panic!("{error}") };
        assert_eq!(source.kind(), std::io::ErrorKind::ReadOnlyFilesystem, "{error}");
    }
    assert!(snapshot(rows.root()) == before);
    disk.remount("rw");
    for source in others {
        rows.add(std::slice::from_ref(source), &|_| {}).unwrap();
    }
    assert!(world.settle_rows(&rows, &world.data_fusion()).unwrap() == expected);
}
