//! `settler init` as operators run it: the binary, an embedded chain, the program's real bytecode.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const CRASH_AT: &str = "RADIO_PAYOUTS_CRASH_AT";
const CRASH_TRACE: &str = "RADIO_PAYOUTS_CRASH_TRACE";
const INIT: &[&str] = &["init", "--url", "embedded", "--radio-payouts-demo", "--demo-sfu", "--output", "json"];

fn settler(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_settler"));
    for name in ["CONFIG", "DATA", "URL", "KEYPAIR", "DEMO"] {
        command.env_remove(format!("RADIO_PAYOUTS_{name}"));
    }
    command.args(arguments).current_dir(folder).env("HOME", folder).envs(environment.iter().copied());
    command.output().unwrap()
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused(output: &Output, exit: i32, words: &str) {
    let talk = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(exit), "{talk}");
    assert!(talk.contains(words), "{talk}");
}

fn states(report: &Value) -> Vec<&str> {
    report["steps"].as_array().unwrap().iter().map(|step| step["state"].as_str().unwrap()).collect()
}

fn refused_after(path: &Path, text: &str, folder: &Path) {
    std::fs::write(path, text).unwrap();
    refused(&settler(folder, &["admin", "set-demo", "off"], &[]), 2, "do not belong together");
}

/// What must be there once `init` has succeeded, however often it was killed before.
fn check(folder: &Path) {
    let status = json(&settler(folder, &["status", "--output", "json"], &[]));
    assert_eq!(status["pending"], Value::Array(Vec::new()));
    assert_eq!(status["matchesConfiguration"], true);
    assert_eq!(status["settler"]["registered"], "yes");
    let deployment = &status["deployment"];
    assert_eq!(deployment["domainIsThisClusters"], true);
    assert_eq!(deployment["registryVersion"], "2", "one settler and one SFU, each registered once");
    assert_eq!((&deployment["sfus"], &deployment["activeSettlers"]), (&1.into(), &1.into()));
    assert_eq!(deployment["radioPayoutsDemo"], true);
    let again = json(&settler(folder, INIT, &[]));
    assert!(states(&again).iter().all(|state| *state == "already"), "{again}");
}

#[test]
fn a_deployment_is_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let dry = json(&settler(folder.path(), &[INIT, &["--dry-run"]].concat(), &[]));
    assert!(states(&dry).iter().all(|state| *state == "planned"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a dry run writes nothing");
    let report = json(&settler(folder.path(), INIT, &[]));
    assert_eq!(report["deployment"]["radioPayoutsDemo"], true);
    check(folder.path());
    let dry = json(&settler(folder.path(), &[INIT, &["--dry-run"]].concat(), &[]));
    assert!(states(&dry).iter().all(|state| *state == "already"), "{dry}");
}

#[test]
fn what_is_not_permitted_sends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    json(&settler(folder.path(), INIT, &[]));
    let path = folder.path().join("settler.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let known = text.lines().find(|line| line.starts_with("genesis_hash = ")).unwrap();
    let devnet = "genesis_hash = \"EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG\"";
    refused_after(&path, &text.replace(known, devnet), folder.path());
    let without_domain: String =
        text.lines().filter(|line| !line.starts_with("domain")).map(|line| format!("{line}\n")).collect();
    std::fs::write(&path, without_domain.replace(known, devnet)).unwrap();
    let chain = std::fs::read(folder.path().join("data/embedded.chain")).unwrap();
    refused(&settler(folder.path(), &["admin", "set-demo", "off"], &[]), 4, "made for another cluster");
    refused(&settler(folder.path(), INIT, &[]), 4, "made for another cluster");
    assert_eq!(std::fs::read(folder.path().join("data/embedded.chain")).unwrap(), chain);

    std::fs::write(&path, text.clone() + "\nurll = \"devnet\"\n").unwrap();
    refused(&settler(folder.path(), &["status"], &[]), 2, "urll");
    std::fs::write(&path, text).unwrap();
    refused(&settler(folder.path(), &["status", "--url", "http://127.0.0.1:9"], &[]), 75, "cannot connect");
    refused(&settler(folder.path(), &["admin", "pause", "--keypair", "none.json"], &[]), 2, "no key file");
    json(&settler(folder.path(), &["keygen", "stranger.json", "--output", "json"], &[]));
    let stranger = settler(folder.path(), &["init", "--keypair", "stranger.json"], &[]);
    refused(&stranger, 1, "NotAuthority");
}

#[test]
fn commands_change_what_they_say() {
    let folder = tempfile::tempdir().unwrap();
    json(&settler(folder.path(), INIT, &[]));
    let run = |arguments: &[&str]| json(&settler(folder.path(), &[arguments, &["--output", "json"]].concat(), &[]));
    let event = |arguments: &[&str]| run(arguments)["events"][0].as_str().unwrap().to_owned();
    assert!(event(&["admin", "set-demo", "off"]).contains("new: false"));
    refused(&settler(folder.path(), &["admin", "set-demo", "off"], &[]), 1, "NothingChanges");
    assert!(event(&["admin", "set-params", "rate=2_000_000_000"]).starts_with("ParamsVersionCreated"));
    assert!(event(&["admin", "set-times", "--grace-seconds", "0"]).starts_with("ConfigTimesChanged"));
    assert!(event(&["admin", "pause"]).starts_with("PauseChanged"));
    assert_eq!(run(&["status"])["deployment"]["paused"], true);
    assert!(event(&["admin", "resume"]).starts_with("PauseChanged"));
    let key = "did:key:z6MkfrQQEAyb9vGF72uZdYEiUux7g9MjHnPNUSQ86hDTb4cD";
    assert!(event(&["registry", "add-sfu", key]).starts_with("SfuRegistered"));
    assert!(event(&["registry", "stop-sfu", key, "--stop-seq", "9"]).starts_with("SfuStopped"));
    let sfus = run(&["registry", "list"])["sfus"].clone();
    let stopped = sfus.as_array().unwrap().iter().find(|sfu| sfu["did"] == key).unwrap();
    assert_eq!((&stopped["stopSeq"], &stopped["demo"]), (&"9".into(), &false.into()));
    let history = run(&["params", "--history"]);
    assert_eq!(history["versions"][1]["changed"], serde_json::json!(["rate"]));
    refused(&settler(folder.path(), &["admin", "set-clock", "1"], &[]), 1, "does not go back");
    refused(&settler(folder.path(), &["admin", "finalize", "3"], &[]), 2, "nothing was ever posted");
}

#[test]
fn killed_anywhere_it_is_finished_by_another_run() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    json(&settler(folder.path(), INIT, &[(CRASH_TRACE, trace.to_str().unwrap())]));
    let passed = std::fs::read_to_string(trace).unwrap();
    let points: Vec<&str> = passed.lines().collect();
    assert!(points.len() >= 50, "{points:?}");
    for (position, point) in points.iter().enumerate() {
        let count = points.iter().take(position + 1).filter(|earlier| *earlier == point).count();
        let folder = tempfile::tempdir().unwrap();
        let killed = settler(folder.path(), INIT, &[(CRASH_AT, &format!("{point}:{count}"))]);
        assert_eq!(killed.status.code(), None, "{point}:{count} did not kill");
        json(&settler(folder.path(), INIT, &[]));
        check(folder.path());
    }
}
