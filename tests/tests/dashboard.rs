//! The dashboard in a real Chromium, over a real service and a real validator: batches are posted every tick and the estimate
//! on the page follows, the epoch is settled, a contributor verifies in the browser against the validator's RPC, and what is
//! served is corrupted.
//!
//! The steps are in `app/e2e/story`; here is the world in which they are told.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use radio_payouts_tests::{Localnet, Service, Settler, settler_path};
use solana_keypair::Keypair;

/// The shortest epoch that there is.
const EPOCH_SECONDS: u64 = 300;
/// What is left of epoch 1 when the deployment is made: long enough to set up and to watch an estimate. Where it is not, the story
/// is told of epoch 2.
const LEFT_SECONDS: u64 = 140;

/// The dashboard's folder, built.
fn app() -> PathBuf {
    let app = Path::new(env!("CARGO_MANIFEST_DIR")).join("../app");
    for needed in
        ["dist/index.html", "node_modules/playwright-core", "node_modules/@mycelia/radio-payouts/dist/index.js"]
    {
        let path = app.join(needed);
        assert!(path.exists(), "{} is missing: run `cargo xtask build-app`", path.display());
    }
    app
}

#[test]
fn a_contributor_checks_the_settlers_numbers_in_a_browser() {
    let app = app();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let settler = Settler::new(folder);
    let localnet = Localnet::start(Keypair::new());
    localnet.write_operator(folder);
    let url = localnet.url();

    // Epoch 0 is over, epoch 1 soon will be.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let genesis = (now + LEFT_SECONDS - 2 * EPOCH_SECONDS).to_string();
    let sfu = settler.json(&["keygen", "sfu.json"]);
    let place = ["init", "--url", &url, "--keypair", "operator.json", "--radio-payouts-demo"];
    let calendar = ["--epoch-seconds", "300", "--grace-seconds", "0", "--genesis-unix", &genesis];
    // Small numbers, so that the epochs of a minute have a history.
    let rest = ["--sfu", sfu["did"].as_str().unwrap(), "--param", "active_min_bytes=1000000"];
    settler.json(&[&place[..], &calendar[..], &rest[..]].concat());

    let dashboard = app.join("dist");
    let service = Service::start(&settler, &["--rate", "0", "--dashboard", dashboard.to_str().unwrap()]);
    let left = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dashboard");
    let mut story = settler.beside(Path::new("node"));
    story.arg(app.join("e2e/story.mjs"));
    for (name, value) in [("STORY_BASE", &service.base), ("STORY_RPC", &url)] {
        story.env(name, value);
    }
    let files = [
        ("STORY_SFU_KEY", folder.join("sfu.json")),
        ("STORY_FOLDER", folder.to_owned()),
        ("STORY_SETTLER", settler_path()),
        ("STORY_REPORT", left.clone()),
    ];
    let told = story.envs(files).output().expect("node is needed: `cargo xtask test --all` installs it");
    let said = String::from_utf8_lossy(&told.stderr);
    eprintln!("{said}");
    let talk = service.end();
    assert!(told.status.success(), "{}\n{said}\nthe service said:\n{talk}", told.status);
    assert!(!talk.contains(" ERROR ") && !talk.contains("panicked"), "the service met faults of its own:\n{talk}");
}
