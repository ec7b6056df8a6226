//! `settler init` and single transactions over a real validator's RPC: journal, finality, kills inside the send.

use std::path::Path;
use std::process::{Command, Output};

use radio_payouts_tests::{Localnet, program_path, settler_path};
use serde_json::Value;
use solana_keypair::Keypair;

fn settler(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(settler_path());
    for name in ["CONFIG", "DATA", "URL", "KEYPAIR", "DEMO"] {
        command.env_remove(format!("RADIO_PAYOUTS_{name}"));
    }
    command.args(arguments).args(["--output", "json"]).current_dir(folder).env("HOME", folder);
    command.env("RADIO_PAYOUTS_PROGRAM", program_path()).envs(environment.iter().copied()).output().unwrap()
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_deployment_is_made_once_over_rpc() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let localnet = Localnet::start(Keypair::new());
    let key = serde_json::to_vec(&localnet.operator.to_bytes().as_slice()).unwrap();
    std::fs::write(folder.join("operator.json"), key).unwrap();
    let url = localnet.url();
    let init = ["init", "--url", &url, "--keypair", "operator.json", "--radio-payouts-demo", "--demo-sfu"];
    // Once before the first hand-over, once after the second: the next run goes on with the same signature.
    for crash in ["sender.before_submit:1", "sender.after_submit:2", "sender.after_landing:1"] {
        let killed = settler(folder, &init, &[("RADIO_PAYOUTS_CRASH_AT", crash)]);
        assert_eq!(killed.status.code(), None, "{crash}: {}", String::from_utf8_lossy(&killed.stderr));
    }
    json(&settler(folder, &init, &[]));
    let again = json(&settler(folder, &init, &[]));
    assert!(again["steps"].as_array().unwrap().iter().all(|step| step["state"] == "already"), "{again}");

    let status = json(&settler(folder, &["status"], &[]));
    assert_eq!(status["pending"], Value::Array(Vec::new()));
    assert_eq!(status["deployment"]["registryVersion"], "2", "one settler and one SFU, each registered once");
    assert_eq!(status["deployment"]["domainIsThisClusters"], true);
    let off = json(&settler(folder, &["admin", "set-demo", "off"], &[]));
    assert!(off["computeUnits"].as_u64().unwrap() > 0 && off["feeLamports"].as_u64().unwrap() >= 5_000);
    assert!(off["events"][0].as_str().unwrap().starts_with("DemoFlagChanged"));
    let refused = settler(folder, &["admin", "set-demo", "off"], &[]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("NothingChanges"));
}
