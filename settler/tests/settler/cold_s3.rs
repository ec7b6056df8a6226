//! Cold storage in S3, over HTTP, with a server that `cargo xtask s3` starts and names in the environment.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};

use radio_payouts_settler::store::{Place, PlaceError};
use rand::{RngCore as _, SeedableRng as _};

use crate::retention::{content, settled};

/// What the settler's processes get of the environment of this one.
const PASSED: [&str; 5] =
    ["AWS_ENDPOINT_URL", "AWS_ALLOW_HTTP", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

/// What they need to reach the server.
pub fn environment() -> Vec<(&'static str, String)> {
    PASSED.map(|name| (name, std::env::var(name).expect("run it by `cargo xtask s3`"))).to_vec()
}

/// Makes a bucket; its name.
pub fn bucket(name: &str) -> String {
    let endpoint = std::env::var("AWS_ENDPOINT_URL").expect("run it by `cargo xtask s3`");
    let made = reqwest::blocking::Client::new().put(format!("{endpoint}/{name}")).send().unwrap();
    assert!(made.status().is_success(), "{made:?}");
    name.to_owned()
}

#[test]
#[ignore = "needs a server: cargo xtask s3"]
fn archived_epochs_are_read_in_s3_and_no_secret_is_told() {
    let world = settled();
    let expected = content(&world);
    let environment = environment();
    let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let run = |args: &[&str]| world.run_with(0, args, &environment);
    world.run(0, &["store", "compact"]).expect(0);
    let to = format!("s3://{}/some/prefix", bucket("archive"));
    // No such bucket, no server: 75, and everything stays.
    let away = run(&["store", "archive", "--to", "s3://no-such-bucket/prefix"]).expect(75);
    assert!(!away.stderr.contains("testing"), "{away:?}");
    let lines = run(&["store", "archive", "--to", &to, "-o", "json"]).expect(0).json();
    let lines = lines.as_array().unwrap();
    assert!(lines.len() == 2 && lines.iter().all(|line| line["state"] == "archived"), "{lines:?}");
    let url = lines[0]["url"].as_str().unwrap();
    assert!(url.starts_with(&format!("{to}/")) && url.contains("/epoch-000000/"), "{url}");

    let cache = world.settlers[0].data.join("cold-cache");
    run(&["verify", "0"]).expect(0);
    assert_eq!(std::fs::read_dir(&cache).unwrap().count(), 2);
    std::fs::remove_dir_all(&cache).unwrap();
    let mut elsewhere = environment.clone();
    elsewhere.retain(|(name, _)| *name != "AWS_ENDPOINT_URL");
    elsewhere.push(("AWS_ENDPOINT_URL", "http://127.0.0.1:9"));
    let away = world.run_with(0, &["verify", "0"], &elsewhere).expect(75);
    assert!(away.stderr.contains("try again") && !away.stderr.contains("testing"), "{away:?}");

    // Another object under that name.
    let (object, mut good) = (Place::of(url).unwrap(), Vec::new());
    object.read(u64::MAX, &mut |piece| good.write_all(piece)).unwrap();
    let replace = |bytes: &[u8]| {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        object.write(&mut file).unwrap();
    };
    replace(&[&good[..good.len() - 1], b"x"].concat());
    let changed = run(&["verify", "0"]).expect(3);
    assert!(changed.stderr.contains("is not what was put there"), "{changed:?}");
    replace(&good);
    run(&["store", "fetch"]).expect(0);
    assert_eq!(content(&world), expected);
    world.run(0, &["verify", "0"]).expect(0);
}

#[test]
#[ignore = "needs a server: cargo xtask s3"]
fn a_file_of_several_parts_is_written_and_read_whole_and_one_that_is_not_there_is_missing() {
    let bucket = bucket("parts");
    let place = Place::of(&format!("s3://{bucket}/large")).unwrap();
    assert!(matches!(place.read(1, &mut |_| Ok(())), Err(PlaceError::Missing { .. })));
    // Two whole parts and a piece.
    let mut content = vec![0; (33 << 20) + 7];
    rand_chacha::ChaCha8Rng::seed_from_u64(5).fill_bytes(&mut content);
    let mut file: File = tempfile::tempfile().unwrap();
    file.write_all(&content).unwrap();
    place.write(&mut file).unwrap();
    let mut found = tempfile::tempfile().unwrap();
    let length = place.read(u64::MAX, &mut |piece| found.write_all(piece)).unwrap();
    assert_eq!(length, content.len() as u64);
    let mut back = Vec::new();
    found.seek(SeekFrom::Start(0)).unwrap();
    found.read_to_end(&mut back).unwrap();
    assert!(back == content);
    // Whoever wants less stops early.
    assert!(place.read(1 << 20, &mut |_| Ok(())).unwrap() > 1 << 20);
}
