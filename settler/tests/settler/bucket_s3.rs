//! The store by URL in S3, over HTTP, with a server that `cargo xtask s3` starts and names in the environment.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use radio_payouts_settler::store::{Place, PlaceError};

use crate::bucket::Kept;
use crate::cold_s3::{bucket, environment};
use crate::world::{World, snapshot};

/// Where nobody listens.
const NOBODY: (&str, &str) = ("AWS_ENDPOINT_URL", "http://127.0.0.1:9");

fn content(place: &Place) -> Vec<u8> {
    let mut bytes = Vec::new();
    place.read(u64::MAX, &mut |piece| bytes.write_all(piece)).unwrap();
    bytes
}

fn put(place: &Place, bytes: &[u8]) {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    place.write(&mut file).unwrap();
}

#[test]
#[ignore = "needs a server: cargo xtask s3"]
fn an_object_is_created_once_whoever_else_creates_it_at_the_same_time() {
    let root = Place::of(&format!("s3://{}/a/prefix", bucket("once"))).unwrap();
    let created = AtomicUsize::new(0);
    let place = root.below("epoch=1/hour=2/one.json");
    assert_eq!(place.length().unwrap(), None);
    std::thread::scope(|scope| {
        for number in 0..16u8 {
            let (place, created) = (&place, &created);
            scope.spawn(move || {
                if place.create_once(&[number; 100]).unwrap() {
                    assert_eq!(content(place), [number; 100]);
                    let _ = created.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(created.into_inner(), 1);
    let first = content(&place);
    assert!(!place.create_once(b"another").unwrap());
    assert_eq!((content(&place), place.length().unwrap()), (first, Some(100)));
    // Names directly below, of more than one page.
    std::thread::scope(|scope| {
        for part in 0..8 {
            let root = &root;
            scope.spawn(move || {
                for number in 0..140 {
                    put(&root.below(&format!("many/{part}{number:03}.json")), b"x");
                }
            });
        }
    });
    put(&root.below("many/deeper/0000.json"), b"x");
    put(&root.below("many-more.json"), b"x");
    let names = root.below("many").list().unwrap();
    assert!(names.len() == 1_120 && names.is_sorted() && names[0] == "0000.json", "{}", names.len());
    assert_eq!(root.below("none").list().unwrap().len(), 0);
    let nowhere = Place::of("s3://no-such-bucket/prefix").unwrap();
    assert!(matches!(nowhere.create_once(b"x"), Err(PlaceError::Away { .. })));
    assert!(matches!(nowhere.list(), Err(PlaceError::Away { .. })));
}

#[test]
#[ignore = "needs a server: cargo xtask s3"]
fn several_machines_meet_in_a_bucket_and_come_to_the_same_commitment() {
    let mut world = World::new(4, 1);
    let one = world.batches(0, 4);
    let other: Vec<_> = (1..4).map(|tick| world.sfus[1].tick(tick * 10_000)).collect();
    world.pass(0);
    let url = format!("s3://{}/some/prefix", bucket("store"));
    let domain = hex::encode(world.sfus[0].domain.as_bytes());
    let kept = Kept::new(world, &url, environment());
    let told = |ran: &crate::world::Ran| assert!(!ran.stderr.contains("testing"), "{ran:?}");

    // No server: everything is held here.
    let given = kept.given(&one);
    let away = kept.run_with(0, &["ingest", &given, "-o", "json"], &[NOBODY]).expect(75);
    assert_eq!(away.json()["answers"]["held"], 4);
    told(&away);
    let sent = kept.run(0, &["store", "push", "-o", "json"]).expect(0).json();
    assert_eq!((&sent["records"], &sent["packs"]), (&"1".into(), &"1".into()), "{sent}");
    assert_eq!(kept.ingest(1, &other)["pushed"]["records"], "1");
    // Who forgot what is there finds it.
    std::fs::remove_dir_all(kept.data(0).join("pushed")).unwrap();
    let again = kept.run(0, &["store", "push", "-o", "json"]).expect(0).json();
    assert_eq!((&again["found"], &again["bytes"]), (&"1".into(), &"0".into()), "{again}");

    kept.world.ingest(3, &[&one[..], &other].concat());
    kept.unsettle(3);
    kept.world.run(3, &["settle", "--due", "--engine", "pure"]).expect(0);
    let expected = snapshot(&kept.data(3).join("epochs"));
    told(&kept.run_with(2, &["store", "pull"], &[NOBODY]).expect(75));
    for number in [2, 0] {
        kept.run(number, &["store", "pull"]).expect(0);
        assert!(kept.settled(number) == expected, "settler {number}");
    }
    // Without its files of rows, an engine gets them.
    let rows = kept.data(2).join("rows");
    let before = snapshot(&rows);
    for folder in ["rows", "receipts", "batches", "dids", "tracks"] {
        std::fs::remove_dir_all(rows.join(folder)).unwrap();
    }
    assert!(kept.settled(2) == expected);
    assert!(!cfg!(feature = "datafusion") || snapshot(&rows) == before);

    // An object that was changed is named, and nothing of it is kept.
    let root = Place::of(&url).unwrap().below(&domain);
    let names = root.below("rows/records").list().unwrap();
    assert_eq!(names.len(), 2);
    std::fs::remove_dir_all(kept.data(2)).unwrap();
    for name in [format!("rows/records/{}", names[0]), format!("rows/sources/{}", names[0])] {
        let object = root.below(&name);
        let good = content(&object);
        put(&object, &good[..good.len() - 10]);
        let refused = kept.run(2, &["store", "pull"]).expect(3);
        assert!(refused.stderr.contains(object.url()), "{refused:?}");
        told(&refused);
        put(&object, &good);
    }
    let record = root.below(&format!("rows/records/{}", names[0]));
    let good = content(&record);
    put(&record, &[&good[..], b" "].concat());
    std::fs::remove_dir_all(kept.data(0).join("pushed")).unwrap();
    let refused = kept.run(0, &["store", "push"]).expect(3);
    assert!(refused.stderr.contains(record.url()), "{refused:?}");
    put(&record, &good);
    kept.run(0, &["store", "push"]).expect(0);
    kept.run(2, &["store", "pull"]).expect(0);
}

#[test]
#[ignore = "needs a server: cargo xtask s3"]
fn a_killed_push_or_pull_is_finished_by_the_next_one_over_http() {
    let mut world = World::new(2, 1);
    let envelopes = world.batches(0, 3);
    world.pass(0);
    let url = format!("s3://{}/killed", bucket("killed"));
    let kept = Kept::new(world, &url, environment());
    kept.world.run(0, &["ingest", "--rows", &kept.given(&envelopes)]).expect(0);
    let push = ["store", "push", "-o", "json"];
    // A bucket that is a bit further after each kill.
    let points =
        ["push.after_pack", "push.after_file:3", "push.after_file:7", "push.before_record", "push.after_record"];
    for point in points {
        let killed = kept.run_with(0, &push, &[("RADIO_PAYOUTS_CRASH_AT", point)]);
        assert_eq!(killed.code, None, "{point} was not reached: {killed:?}");
    }
    let last = kept.run(0, &push).expect(0).json();
    assert_eq!((&last["found"], &last["bytes"]), (&"1".into(), &"0".into()), "{last}");
    let pull = ["store", "pull", "-o", "json"];
    for point in ["pull.after_file:2", "pull.after_pack", "pull.after_sealing"] {
        let killed = kept.run_with(1, &pull, &[("RADIO_PAYOUTS_CRASH_AT", point)]);
        assert_eq!(killed.code, None, "{point} was not reached: {killed:?}");
    }
    kept.run(1, &pull).expect(0);
    let files = |number: usize| -> BTreeMap<_, _> { snapshot(&kept.data(number).join("rows")) };
    assert!(files(0) == files(1));
    assert!(kept.settled(0) == kept.settled(1));
}
