//! `/metrics` says what the API says, family by family.

use serde_json::Value;

use crate::http::Service;
use crate::world::{World, lines};

fn number(value: &Value) -> f64 {
    value.as_str().map_or_else(|| value.as_f64().unwrap(), |text| text.parse().unwrap())
}

#[test]
fn volume_contributors_payouts_verdicts_stages_lag_and_errors_are_told() {
    let mut world = World::new(1, 1);
    let mut batches = world.batches(0, 3);
    // More bytes than three recipients can have received.
    batches.push(world.sfus[0].tick_with(40_000, &[(1, 1 << 40)]));
    let service = Service::start(&world, &["--rate", "0", "--settle", "--every", "1"]);
    let metric = |line: &str| service.metric(&format!("radio_payouts_{line}")).unwrap_or_else(|| panic!("no {line}"));
    service.post(&lines(&batches)).expect(200);
    world.pass(0);
    service
        .wait_for("/api/v1/epochs/0", |answer| answer.status == 200 && answer.json()["data"]["matches_chain"] == true);
    let network = service.data("/network");
    // Distribution volume, active contributors, payout totals.
    assert_eq!(metric("sealed_bytes "), number(&network["bytes"]));
    assert_eq!(metric("sealed_payouts_base_units "), number(&network["payouts_base_units"]));
    assert_eq!(metric("sealed_contributors "), number(&network["contributors"]));
    let epoch = service.data("/epochs/0");
    assert_eq!(metric("last_epoch_active_contributors "), number(&epoch["totals"]["contributors"]));
    assert_eq!(metric("last_epoch_bytes "), number(&epoch["totals"]["bytes"]));
    assert_eq!(metric("last_epoch_pool_base_units "), number(&epoch["statement"]["pool"]));
    assert_eq!(metric("last_epoch_payouts_base_units "), number(&epoch["payouts_base_units"]));
    // Verdicts by code.
    for kind in ["batch", "receipt"] {
        let counts = &epoch["verdicts"][if kind == "batch" { "batches" } else { "receipts" }];
        assert!(!counts.as_object().unwrap().is_empty());
        for (verdict, count) in counts.as_object().unwrap() {
            let line = format!("sealed_verdicts{{kind=\"{kind}\",verdict=\"{verdict}\"}} ");
            assert_eq!(metric(&line), number(count), "{line}");
        }
    }
    assert_eq!(metric("sealed_verdicts{kind=\"receipt\",verdict=\"bytes_over_bound\"} "), 1.0);
    // Stage times.
    for stage in ["sealed", "aggregated", "allocated", "built", "published", "posted", "confirmed"] {
        assert!(metric(&format!("settle_stage_seconds{{stage=\"{stage}\"}} ")) >= 0.0);
    }
    assert!(metric("settle_runs_total{end=\"done\"} ") >= 1.0);
    // Ingest.
    assert_eq!(metric("batches_total{answer=\"held\"} "), 4.0);
    assert_eq!(metric("receipts_held_total "), 4.0);
    assert!(metric("round_seconds_count{} ") >= 1.0);
    // Lag: epochs that ended and are not posted.
    let head = metric("head_epoch ");
    let wait = |line: &str, wanted: f64| {
        let start = std::time::Instant::now();
        while service.metric(&format!("radio_payouts_{line}")) != Some(wanted) {
            assert!(start.elapsed().as_secs() < 60, "{line} is {:?}", service.metric(&format!("radio_payouts_{line}")));
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    };
    assert_eq!(head, 0.0);
    wait("lag_epochs ", 0.0);
    assert_eq!(metric("epochs{state=\"posted (provisional)\"} "), 1.0);
    // Errors of the RPC node, or of what stands in its place.
    assert_eq!(service.metric("radio_payouts_chain_errors_total "), None);
    std::fs::rename(&world.chain, world.chain.with_extension("away")).unwrap();
    let start = std::time::Instant::now();
    while service.metric("radio_payouts_chain_errors_total ").unwrap_or(0.0) < 2.0 {
        assert!(start.elapsed().as_secs() < 60);
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    std::fs::rename(world.chain.with_extension("away"), &world.chain).unwrap();
    service.wait_for("/readyz", |answer| answer.status == 200);
}
