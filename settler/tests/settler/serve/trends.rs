//! Series and projections: sums of what the epochs themselves say, and never more certain than they are.

use serde_json::{Value, json};

use crate::http::Service;
use crate::world::{World, did};

fn number(value: &Value) -> u64 {
    value.as_str().unwrap_or_else(|| panic!("{value}")).parse().unwrap()
}

/// Epochs 0 to 3; contributor 5 delivers in epochs 1 and 3 only.
fn settled() -> (World, Service) {
    let mut world = World::new(1, 1);
    let mut batches = Vec::new();
    for (epoch, bytes) in [(0, 4_000_000), (1, 8_000_000), (2, 1_000_000), (3, 6_000_000)] {
        let to = (epoch * 300 + 10) * 1_000;
        let mut shares = vec![(0, bytes)];
        if epoch % 2 == 1 {
            shares.push((5, bytes / 4));
        }
        batches.push(world.sfus[0].tick_with(to, &shares));
    }
    world.pass(3);
    world.ingest(0, &batches);
    world.run(0, &["settle", "--due"]).expect(0);
    let service = Service::start(&world, &["--rate", "0"]);
    service.wait_for("/api/v1/epochs/3/contributors", |answer| answer.status == 200);
    (world, service)
}

#[test]
fn trends_are_what_the_epochs_say() {
    let (_world, service) = settled();
    let all = service.data("/trends");
    let points = all["items"].as_array().unwrap();
    assert_eq!(points.iter().map(|point| number(&point["epoch"])).collect::<Vec<_>>(), [3, 2, 1, 0], "newest first");
    for point in points {
        let epoch = service.data(&format!("/epochs/{}", number(&point["epoch"])));
        assert_eq!(point["bytes"], epoch["totals"]["bytes"]);
        assert_eq!(point["pool_base_units"], epoch["statement"]["pool"]);
        assert_eq!(point["payouts_base_units"], epoch["payouts_base_units"]);
        assert_eq!(point["contributors"], epoch["totals"]["contributors"]);
        assert_eq!(point["end_unix"], epoch["end_unix"]);
    }
    assert_eq!(
        service.data("/network")["series"].as_array().unwrap().iter().rev().collect::<Vec<_>>(),
        points.iter().collect::<Vec<_>>()
    );
    let middle = service.data("/trends?from=1&to=2");
    assert_eq!(middle["items"].as_array().unwrap()[..], points[1..3]);

    let who = did(5);
    let one = service.data(&format!("/contributors/{who}/trends"));
    let one = one["items"].as_array().unwrap();
    assert_eq!(one.len(), 4, "also epochs without a share");
    for point in one {
        let epoch = number(&point["epoch"]);
        let share = service.get(&format!("/api/v1/epochs/{epoch}/contributors/{who}"));
        if epoch % 2 == 1 {
            let share = share.expect(200).json();
            assert_eq!(point["amount_base_units"], share["data"]["amount_base_units"]);
            assert_eq!(point["bytes"], share["data"]["bytes"]);
            let bps = u128::from(number(&point["amount_base_units"])) * 10_000
                / u128::from(number(&point["pool_base_units"]));
            assert_eq!(point["share_bps"], json!(bps), "{point}");
        } else {
            share.expect(404);
            assert_eq!(
                (&point["amount_base_units"], &point["bytes"], &point["share_bps"]),
                (&"0".into(), &"0".into(), &0.into())
            );
        }
        assert_eq!(point["standing"], "provisional");
    }
    for path in ["/trends".to_owned(), format!("/contributors/{who}/trends")] {
        let (whole, mut found, mut cursor) = (service.data(&path), Vec::new(), String::new());
        loop {
            let page = service.data(&format!("{path}?limit=1{cursor}"));
            found.extend(page["items"].as_array().unwrap().clone());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(&found, whole["items"].as_array().unwrap());
        let tag = service.get(&format!("/api/v1{path}")).header("etag").unwrap().to_owned();
        service.get_with(&format!("/api/v1{path}"), &[("if-none-match", &tag)]).expect(304);
    }
    service.get(&format!("/api/v1/contributors/{}/trends", did(9))).expect(404);
    service.get("/api/v1/trends?from=-1").expect(400);
    assert_eq!(service.data("/trends?from=99")["items"], json!([]));
}

#[test]
fn a_projection_names_method_and_assumptions_and_is_an_estimate() {
    let (world, service) = settled();
    let answer = service.get("/api/v1/projection?epochs=30").expect(200);
    assert_eq!(answer.header("radio-payouts-standing"), Some("estimate"));
    let view = answer.json()["data"].take();
    let mut bytes: Vec<u64> =
        (0..4).map(|epoch| number(&service.data(&format!("/epochs/{epoch}"))["totals"]["bytes"])).collect();
    bytes.sort_unstable();
    let spread = |times: u64| json!({ "low": (bytes[0] * times).to_string(), "middle": (bytes[1] * times).to_string(), "high": (bytes[3] * times).to_string() });
    assert_eq!(view["per_epoch"]["bytes"], spread(1));
    assert_eq!(view["in_all"]["bytes"], spread(30));
    assert_eq!((&view["method"], &view["first_epoch"]), (&"median_of_recent_epochs".into(), &"4".into()));
    assert!(view["explanation"].as_str().unwrap().contains("no promise"));
    let words = view["assumptions"].to_string();
    for wanted in
        ["like the last 4", "version 1 stays in force", "0 of 4 are ratified", "nothing of a Demo epoch is ever paid"]
    {
        assert!(words.contains(wanted), "{wanted}: {words}");
    }
    let who = did(5);
    let one = service.data(&format!("/contributors/{who}/projection?window=2"));
    assert_eq!((&one["did"], &one["window"]), (&who.as_str().into(), &json!(["2", "3"])));
    let amount = service.data(&format!("/epochs/3/contributors/{who}"))["amount_base_units"].clone();
    assert_eq!(one["per_epoch"]["amount_base_units"], json!({ "low": "0", "middle": "0", "high": amount }));
    assert!(
        one["assumptions"].to_string().contains("what all others deliver")
            || one["assumptions"].to_string().contains("What all others deliver")
    );
    for path in ["projection?window=0", "projection?epochs=367", "projection?windows=3"] {
        service.get(&format!("/api/v1/{path}")).expect(400);
    }
    service.get(&format!("/api/v1/contributors/{}/projection", did(9))).expect(404);
    drop((service, world));
    let empty = World::new(1, 1);
    Service::start(&empty, &[]).get("/api/v1/projection").expect(404);
}
