//! `settler init` and single transactions over a real validator's RPC: journal, finality, kills inside the send.

use radio_payouts_tests::{Localnet, Settler};
use serde_json::Value;
use solana_keypair::Keypair;

#[test]
fn a_deployment_is_made_once_over_rpc() {
    let folder = tempfile::tempdir().unwrap();
    let settler = Settler::new(folder.path());
    let localnet = Localnet::start(Keypair::new());
    localnet.write_operator(folder.path());
    let url = localnet.url();
    let init = ["init", "--url", &url, "--keypair", "operator.json", "--radio-payouts-demo", "--demo-sfu"];
    // Once before the first hand-over, once after the second: the next run goes on with the same signature.
    for crash in ["sender.before_submit:1", "sender.after_submit:2", "sender.after_landing:1"] {
        let killed = settler.run(&init, &[("RADIO_PAYOUTS_CRASH_AT", crash)]);
        assert_eq!(killed.status.code(), None, "{crash}: {}", String::from_utf8_lossy(&killed.stderr));
    }
    settler.json(&init);
    let again = settler.json(&init);
    assert!(again["steps"].as_array().unwrap().iter().all(|step| step["state"] == "already"), "{again}");

    let status = settler.json(&["status"]);
    assert_eq!(status["pending"], Value::Array(Vec::new()));
    assert_eq!(status["deployment"]["registryVersion"], "2", "one settler and one SFU, each registered once");
    assert_eq!(status["deployment"]["domainIsThisClusters"], true);
    let off = settler.json(&["admin", "set-demo", "off"]);
    assert!(off["computeUnits"].as_u64().unwrap() > 0 && off["feeLamports"].as_u64().unwrap() >= 5_000);
    assert!(off["events"][0].as_str().unwrap().starts_with("DemoFlagChanged"));
    assert!(settler.refused(&["admin", "set-demo", "off"], 1).contains("NothingChanges"));
}
