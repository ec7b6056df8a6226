//! `kill -9` in the middle of writing rows: nothing is lost, nothing counts twice.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use radio_payouts_engine::Rows;

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
fn a_full_or_read_only_disk_is_an_error_and_nothing_is_committed() {
    let (world, sources, _) = World::with_cells(SEED);
    let blocked = world.folder.path().join("a-file");
    std::fs::write(&blocked, b"not a folder").unwrap();
    let rows = Rows::new(&blocked.join("rows"), world.rows.calendar(), 3);
    let error = rows.add(&sources, &|_| {}).unwrap_err();
    assert!(error.to_string().contains("cannot"), "{error}");
    assert_eq!(std::fs::read(&blocked).unwrap(), b"not a folder");
}
