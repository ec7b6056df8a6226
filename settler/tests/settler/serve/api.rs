//! What the API tells is what the commands tell, and each answer can be asked for again, in parts, from any page.

use radio_payouts_protocol::hash::sha256;
use radio_payouts_settler::artefact::proof::ProofBundle;
use serde_json::Value;

use crate::http::Service;
use crate::world::{World, did};

/// Three epochs; in epoch 1 a receipt and a batch that do not count.
fn settled() -> World {
    let mut world = World::new(1, 1);
    let mut batches = world.batches(0, 4);
    // More bytes than three recipients can have received in ten seconds.
    batches.push(world.sfus[0].tick_with(310_000, &[(1, 1 << 40)]));
    batches.push(world.sfus[0].tick_with(320_000, &[(0, 10_000_000), (3, 5_000_000)]));
    batches.push(world.sfus[1].tick_with(315_000, &[(2, 3_000_000)]));
    // Its window overlaps that of the one before.
    batches.push(world.sfus[1].tick_with(318_000, &[(2, 4_000_000)]));
    batches.extend(world.batches(2, 2));
    world.pass(2);
    world.ingest(0, &batches);
    world.run(0, &["settle", "--due"]).expect(0);
    world
}

fn ready(world: &World) -> Service {
    let service = Service::start(world, &["--rate", "0"]);
    service.wait_for("/api/v1/epochs/2/contributors", |answer| answer.status == 200);
    service
}

#[test]
fn shares_proofs_and_explanations_are_those_of_the_commands() {
    let world = settled();
    let service = ready(&world);
    for epoch in 0..3u64 {
        let view = service.data(&format!("/epochs/{epoch}"));
        assert_eq!(view["matches_chain"], true, "{view}");
        assert_eq!(view["commitment_on_chain"], hex::encode(world.commitment(epoch).unwrap()));
        assert_eq!((&view["standing"], &view["status"]), (&"provisional".into(), &"posted".into()));
        let shares = service.data(&format!("/epochs/{epoch}/contributors"));
        let shares = shares["items"].as_array().unwrap();
        let amounts: Vec<u64> =
            shares.iter().map(|share| share["amount_base_units"].as_str().unwrap().parse().unwrap()).collect();
        assert!(amounts.is_sorted_by(|a, b| a >= b), "{amounts:?}");
        assert_eq!(amounts.iter().sum::<u64>().to_string(), view["payouts_base_units"].as_str().unwrap());
        for share in shares {
            let who = share["did"].as_str().unwrap();
            let path = format!("/epochs/{epoch}/contributors/{who}");
            assert_eq!(&service.data(&path), share);
            let epoch = epoch.to_string();
            let proven = world.run(0, &["prove", who, "--epoch", &epoch, "-o", "json"]).expect(0).json();
            let bundle = service.data(&format!("{path}/proof"));
            assert_eq!(bundle, proven);
            serde_json::from_value::<ProofBundle>(bundle).unwrap().check().unwrap();
            let explained = world.run(0, &["explain", who, "--epoch", &epoch, "-o", "json"]).expect(0).json();
            assert_eq!(service.data(&format!("{path}/explanation")), explained);
        }
    }
    assert_eq!(service.data("/epochs/latest")["epoch"], "2");
    service.get("/api/v1/epochs/7").expect(404);
    service.get(&format!("/api/v1/epochs/0/contributors/{}", did(3))).expect(404);
    service.get("/api/v1/epochs/0/contributors/did:key:nobody/proof").expect(404);
}

#[test]
fn why_a_receipt_is_missing_is_told() {
    let world = settled();
    let service = ready(&world);
    let of = |who: u8| {
        let lines = service.data(&format!("/epochs/1/contributors/{}/receipts", did(who)));
        let verdicts =
            lines["items"].as_array().unwrap().iter().map(|line| line["verdict"].as_str().unwrap().to_owned());
        verdicts.collect::<Vec<_>>()
    };
    assert_eq!(of(0), ["accepted"]);
    assert_eq!(of(1), ["bytes_over_bound"]);
    assert_eq!(of(2), ["accepted", "bad_window"]);
    let rejected = service.data("/epochs/1/rejects");
    let verdicts: Vec<_> = rejected["items"].as_array().unwrap().iter().map(|item| &item["verdict"]).collect();
    assert_eq!(verdicts.len(), 2, "{rejected}");
    let only = service.data(&format!("/epochs/1/rejects?sfu={}&verdict=bad_window", world.sfus[1].did()));
    assert_eq!(only["items"].as_array().unwrap().len(), 1, "{only}");
    assert_eq!(only["items"][0]["position"], Value::Null);
    let view = service.data("/epochs/1");
    assert_eq!(view["verdicts"]["batches"], serde_json::json!({"accepted": 3, "bad_window": 1}));
    assert_eq!(view["verdicts"]["receipts"], serde_json::json!({"accepted": 2, "bytes_over_bound": 1}));
}

#[test]
fn a_contributor_is_found_by_did_and_by_address_through_all_epochs() {
    let world = settled();
    let service = ready(&world);
    let who = did(1);
    let found = service.data(&format!("/contributors?q={}", &who[..30]));
    assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found}");
    let payee = found["items"][0]["payee"].as_str().unwrap();
    assert_eq!(service.data(&format!("/contributors?q={payee}"))["items"][0]["did"], who.as_str());
    assert_eq!(service.data("/contributors?q=did:web:nobody")["items"], serde_json::json!([]));
    let history = service.data(&format!("/contributors/{who}"));
    let epochs: Vec<_> = history["shares"]["items"].as_array().unwrap().iter().map(|share| &share["epoch"]).collect();
    assert_eq!(epochs, ["2", "0"], "newest first; in epoch 1 nothing of it counted");
    let sum: u64 = (0..3u64)
        .filter_map(|epoch| {
            let answer = service.get(&format!("/api/v1/epochs/{epoch}/contributors/{who}"));
            (answer.status == 200)
                .then(|| answer.json()["data"]["amount_base_units"].as_str().unwrap().parse::<u64>().unwrap())
        })
        .sum();
    assert_eq!(history["contributor"]["amount_base_units"], sum.to_string());
    let network = service.data("/network");
    assert_eq!((&network["epochs"], &network["contributors"]), (&3.into(), &"4".into()), "{network}");
    assert_eq!(network["series"].as_array().unwrap().len(), 3);
    let tracks = service.data("/epochs/1/tracks");
    assert_eq!(tracks["items"].as_array().unwrap().len(), 2, "{tracks}");
    let parameters = service.data("/parameters");
    assert_eq!((&parameters["in_force"], &parameters["versions"][0]["mode"]), (&1.into(), &"demo".into()));
}

#[test]
fn lists_come_in_pages_without_gap_or_double() {
    let world = settled();
    let service = ready(&world);
    for path in [
        "/epochs",
        "/contributors",
        "/epochs/0/contributors",
        "/epochs/1/tracks",
        "/epochs/1/rejects",
        "/epochs/0/files",
    ] {
        let whole = service.data(path);
        assert_eq!(whole["next"], Value::Null, "{path}");
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = service.data(&format!("{path}?limit=1{cursor}"));
            items.extend(page["items"].as_array().unwrap().clone());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(&items, whole["items"].as_array().unwrap(), "{path}");
        assert!(items.len() >= 2, "{path}");
    }
    let path = format!("/epochs/0/contributors/{}/receipts", did(0));
    let first = service.data(&format!("{path}?limit=3"));
    let rest = service.data(&format!("{path}?limit=3&cursor={}", first["next"].as_str().unwrap()));
    assert_eq!((first["items"].as_array().unwrap().len(), rest["items"].as_array().unwrap().len()), (3, 1));
}

#[test]
fn what_has_not_changed_is_not_sent_again_and_any_page_may_ask() {
    let world = settled();
    let service = ready(&world);
    let first = service.get("/api/v1/epochs/0").expect(200);
    let tag = first.header("etag").unwrap().to_owned();
    assert_eq!(first.header("radio-payouts-standing"), Some("provisional"));
    // The slot moves on; the data has not changed.
    world.set_time(3 * 300 + 120);
    let slot = |answer: &crate::http::Answer| answer.header("radio-payouts-slot").unwrap().parse::<u64>().unwrap();
    service.wait_for("/api/v1/epochs/0", |answer| slot(answer) > slot(&first));
    let again = service.get_with("/api/v1/epochs/0", &[("if-none-match", &tag)]).expect(304);
    assert!(again.body.is_empty() && slot(&again) > slot(&first));
    assert_eq!(again.header("etag"), Some(tag.as_str()));
    service.get_with("/api/v1/epochs/0", &[("if-none-match", "\"other\"")]).expect(200);
    for answer in [&first, &again, &service.get("/api/v1/nothing").expect(404)] {
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
    let asked = [
        ("origin", "https://page.example"),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "range"),
    ];
    let preflight = service.send("OPTIONS", "/api/v1/epochs/0/files/payouts.csv", &asked, &[]).unwrap().expect(204);
    assert!(preflight.header("access-control-allow-headers").unwrap().contains("range"));
    let ingest = service.send("OPTIONS", "/v1/batches", &asked, &[]).unwrap();
    assert_eq!(ingest.header("access-control-allow-origin"), None, "pages do not post batches");
    let head = service.send("HEAD", "/api/v1/epochs/0", &[], &[]).unwrap().expect(200);
    assert!(head.body.is_empty() && head.header("etag") == Some(tag.as_str()));
    let described = service.get("/api/v1/openapi.json").expect(200).json();
    assert!(described["paths"]["/api/v1/epochs/{epoch}/files/{name}"]["get"].is_object());
}

#[test]
fn files_are_those_of_the_folder_whole_and_in_ranges() {
    let world = settled();
    let service = ready(&world);
    let listed = service.data("/epochs/1/files");
    let listed = listed["items"].as_array().unwrap();
    assert_eq!(listed.len(), 10, "{listed:?}");
    for file in listed {
        let (name, href) = (file["name"].as_str().unwrap(), file["href"].as_str().unwrap());
        let content = std::fs::read(world.epoch_folder(0, 1).join(name)).unwrap();
        let whole = service.get(href).expect(200);
        assert!(whole.body == content, "{name}");
        assert_eq!(file["sha256"], hex::encode(sha256(&[&content])), "{name}");
        let tag = whole.header("etag").unwrap();
        assert_eq!(whole.header("accept-ranges"), Some("bytes"));
        let last = content.len() - 1;
        for (range, expected) in
            [("bytes=0-3", &content[..4]), ("bytes=5-", &content[5..]), ("bytes=-7", &content[last - 6..])]
        {
            let part = service.get_with(href, &[("range", range)]).expect(206);
            assert!(part.body == expected, "{name} {range}");
            assert!(part.header("content-range").unwrap().ends_with(&format!("/{}", content.len())));
        }
        let beyond = service.get_with(href, &[("range", &format!("bytes={}-", content.len()))]).expect(416);
        assert_eq!(beyond.header("content-range"), Some(format!("bytes */{}", content.len()).as_str()));
        service.get_with(href, &[("range", "bytes=0-3"), ("if-range", "\"another\"")]).expect(200);
        service.get_with(href, &[("range", "bytes=0-3"), ("if-range", tag)]).expect(206);
        service.get_with(href, &[("if-none-match", tag)]).expect(304);
    }
    // A file that was damaged is not served as if it were whole.
    let path = world.epoch_folder(0, 1).join("payouts.csv");
    std::fs::write(&path, "short").unwrap();
    service.get("/api/v1/epochs/1/files/payouts.csv").expect(500);
    service.get("/livez").expect(200);
}
