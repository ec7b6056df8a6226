//! What the chain says, as the API tells it: votes, registry, times and transactions, all as the commands tell them.

use serde_json::{Value, json};

use crate::http::Service;
use crate::world::{EPOCH, GENESIS, GRACE, World, lines};

const DAY: i64 = 86_400;

fn items(answer: &Value) -> &Vec<Value> {
    answer["items"].as_array().unwrap_or_else(|| panic!("{answer}"))
}

#[test]
fn a_proposal_is_told_from_the_vote_to_its_end() {
    let world = World::new(2, 1);
    let govern = |number: usize, arguments: &[&str]| {
        world.run(number, &[&["governance"], arguments].concat()).expect(0);
    };
    for (number, bloom) in [(0, 60), (1, 40)] {
        world.mint_for(number, bloom);
        govern(number, &["stake", &bloom.to_string()]);
    }
    let service = Service::start(&world, &["--rate", "0"]);
    assert_eq!(service.data("/governance")["votes_decide"], false);
    assert_eq!(items(&service.data("/proposals")).len(), 0);
    assert!(
        service.get("/api/v1/proposals/0").expect(404).json()["message"].as_str().unwrap().contains("not made yet")
    );
    service.get("/api/v1/proposals/-1").expect(400);
    service.get("/api/v1/proposals/x").expect(400);

    world.hand_over();
    let document = world.folder.path().join("simulation.json");
    std::fs::write(&document, "of another kind\n").unwrap();
    govern(0, &["propose", "params", "rate=2000000000", "peak_bps=12000", "--document", document.to_str().unwrap()]);
    govern(1, &["propose", "mandate", "3", "9", "--budget", "12.5"]);
    govern(0, &["vote", "0", "yes"]);
    govern(1, &["vote", "0", "no"]);
    let first = |tally: &str| {
        let wanted = tally.to_owned();
        let found = service.wait_for("/api/v1/proposals/0", move |answer| {
            answer.status == 200 && answer.json()["data"]["tally"]["no_base_units"] == wanted.as_str()
        });
        found.json()["data"].take()
    };
    let proposal = first("40000000000");
    let own = world.run(0, &["governance", "status", "0", "-o", "json"]).expect(0).json()["proposals"][0].take();
    for (ours, theirs) in [
        ("proposer", "proposer"),
        ("voting_ends_unix", "votingEnds"),
        ("executable_from_unix", "executableFrom"),
        ("executable_until_unix", "executableUntil"),
        ("created_unix", "createdAt"),
        ("created_slot", "createdSlot"),
        ("document_hash", "documentHash"),
    ] {
        assert_eq!(proposal[ours], own[theirs], "{ours}");
    }
    let hash = hex::encode(radio_payouts_protocol::hash::sha256(&[b"of another kind\n"]));
    assert_eq!(proposal["document_hash"], hash);
    assert_eq!(
        proposal["tally"],
        json!({
            "yes_base_units": "60000000000", "no_base_units": "40000000000", "abstain_base_units": "0",
            "votable_base_units": "100000000000", "quorum_bps": 500, "quorum_base_units": "5000000000",
            "quorum_reached": true, "accepted_so_far": true,
        })
    );
    let action = &proposal["action"];
    assert_eq!((&action["kind"], &action["words"]), (&"setParams".into(), &own["action"]));
    assert_eq!(action["parameters"]["rate"], json!({ "before": "1000000000", "after": "2000000000" }));
    assert_eq!(action["parameters"]["peak_bps"], json!({ "before": "15000", "after": "12000" }));
    assert_eq!((&proposal["state"], &proposal["next"]), (&"voting".into(), &"vote".into()));
    assert_eq!(proposal["next_unix"], proposal["voting_ends_unix"]);

    let mandate = service.data("/proposals/1");
    assert_eq!(
        mandate["action"]["arguments"],
        json!({ "first_epoch": "3", "last_epoch": "9", "budget_base_units": "12500000000", "delay_seconds": "172800" })
    );
    assert_eq!((&mandate["needs_live_quorum"], &proposal["needs_live_quorum"]), (&true.into(), &false.into()));
    let page = service.data("/proposals?limit=1");
    assert_eq!(items(&page)[0]["number"], "1", "newest first");
    let rest = service.data(&format!("/proposals?limit=1&cursor={}", page["next"].as_str().unwrap()));
    assert_eq!((items(&rest)[0]["number"].as_str(), &rest["next"]), (Some("0"), &Value::Null));
    let tag = service.get("/api/v1/proposals").header("etag").unwrap().to_owned();
    service.get_with("/api/v1/proposals", &[("if-none-match", &tag)]).expect(304);

    let next = |wanted: &'static str| {
        service.wait_for("/api/v1/proposals/0", move |answer| {
            answer.status == 200 && answer.json()["data"]["next"] == wanted
        });
    };
    let ends = proposal["voting_ends_unix"].as_i64().unwrap() - GENESIS;
    world.set_time(ends);
    next("conclude");
    govern(1, &["conclude", "0"]);
    next("wait");
    world.set_time(ends + 2 * DAY);
    next("execute");
    govern(1, &["execute", "0"]);
    next("close");
    assert_eq!(service.data("/proposals/0")["state"], "executed");
    let parameters = service.wait_for("/api/v1/parameters", |answer| answer.json()["data"]["next"] == 2).json();
    let version = &parameters["data"]["versions"][1];
    assert_eq!(version["changes"]["rate"], json!({ "before": "1000000000", "after": "2000000000" }));
    let effective: i64 = version["effective_epoch"].as_str().unwrap().parse().unwrap();
    assert_eq!(version["effective_unix"], GENESIS + effective * EPOCH);
    govern(0, &["close", "0"]);
    govern(1, &["close", "0"]);
    let gone = service.wait_for("/api/v1/proposals/0", |answer| answer.status == 404).json();
    assert!(gone["message"].as_str().unwrap().contains("was closed"), "{gone}");
}

#[test]
fn the_registry_says_who_counts_now_and_what_is_held_of_whom() {
    let mut world = World::new(2, 1);
    let batches = world.batches(0, 3);
    let service = Service::start(&world, &["--rate", "0"]);
    let sfus = service.data("/sfus");
    assert_eq!(items(&sfus).len(), 2);
    let of = |sfus: &Value, did: &str| items(sfus).iter().find(|sfu| sfu["did"] == did).unwrap().clone();
    let (first, second) = (world.sfus[0].did(), world.sfus[1].did());
    assert_eq!(of(&sfus, &first)["held"], Value::Null);
    assert_eq!(of(&sfus, &first)["state"], "active");
    service.post(&lines(&batches)).expect(200);
    let held = of(&service.data("/sfus"), &first);
    assert_eq!(held["held"]["seq"], "3");
    assert_eq!(held["held"]["window_end_ms"], ((GENESIS + 30) * 1_000).to_string());
    assert_eq!(held["max_bytes_per_epoch"], (1u64 << 40).to_string());
    let key = world.folder.path().join("authority.json");
    std::fs::write(&key, serde_json::to_vec(&world.authority.to_bytes().as_slice()).unwrap()).unwrap();
    let as_authority = ["--keypair", key.to_str().unwrap()];
    world.run(0, &[&["registry", "stop-sfu", &second, "--stop-seq", "7"], &as_authority[..]].concat()).expect(0);
    let stopped = service.wait_for("/api/v1/sfus", |answer| answer.json().to_string().contains("\"stop_seq\":\"7\""));
    assert_eq!(of(&stopped.json()["data"], &second)["state"], "stopped");
    assert!(of(&stopped.json()["data"], &second)["valid_until"].is_string());
    let page = service.data("/sfus?limit=1");
    let rest = service.data(&format!("/sfus?limit=1&cursor={}", page["next"].as_str().unwrap()));
    assert_ne!(items(&page)[0]["did"], items(&rest)[0]["did"]);
    service.get("/api/v1/sfus?cursor=x").expect(400);

    let settlers = service.data("/settlers");
    assert_eq!(items(&settlers).len(), 2);
    assert!(items(&settlers).iter().all(|settler| settler["state"] == "active" && settler["supports"].is_null()));
    let page = service.data("/settlers?limit=1");
    let rest = service.data(&format!("/settlers?limit=1&cursor={}", page["next"].as_str().unwrap()));
    assert_ne!(items(&page)[0]["address"], items(&rest)[0]["address"]);
    service.get("/api/v1/settlers?cursor=x").expect(400);
}

#[test]
fn an_epochs_timeline_names_its_moments_and_transactions() {
    let mut world = World::new(2, 2);
    let batches = world.batches(0, 3);
    world.pass(0);
    let service = Service::start(&world, &["--rate", "0"]);
    service.get("/api/v1/epochs/0/timeline").expect(404);
    for settler in [0, 1] {
        world.ingest(settler, &batches);
        world.run(settler, &["settle", "--due"]).expect(0);
    }
    // A transaction may be known a moment before the account that it changed.
    let timeline = |transactions: usize, moment: &'static str| {
        let found = service.wait_for("/api/v1/epochs/0/timeline", move |answer| {
            let json = if answer.status == 200 { answer.json() } else { Value::Null };
            json["data"]["complete"] == true
                && json["data"]["transactions"].as_array().unwrap().len() == transactions
                && json["data"]["moments"].as_array().unwrap().iter().any(|found| found["what"] == moment)
        });
        found.json()["data"].take()
    };
    let posted = timeline(2, "posted");
    let whats: Vec<_> = posted["transactions"].as_array().unwrap().iter().map(|it| it["what"].clone()).collect();
    assert_eq!(whats, ["attest", "post"]);
    for (transaction, settler) in posted["transactions"].as_array().unwrap().iter().zip(&world.settlers) {
        use solana_signer::Signer as _;
        assert_eq!(transaction["by"], settler.key.pubkey().to_string());
        // The journal of the settler that sent it knows the signature too.
        let name = format!("journal/closed/{}.json", transaction["signature"].as_str().unwrap());
        assert!(settler.data.join(name).is_file(), "{transaction}");
    }
    let moment = |timeline: &Value, what: &str| {
        timeline["moments"].as_array().unwrap().iter().find(|moment| moment["what"] == what).cloned()
    };
    let ends = moment(&posted, "ends").unwrap();
    assert_eq!((ends["unix"].as_i64(), ends["passed"].as_bool()), (Some(GENESIS + EPOCH), Some(true)));
    assert_eq!(moment(&posted, "postable").unwrap()["unix"], GENESIS + EPOCH + GRACE);
    let challenge = moment(&posted, "challenge_ends").unwrap();
    assert_eq!(challenge["passed"], false);
    assert_eq!(moment(&posted, "finalized"), None);
    let view = service.data("/epochs/0");
    assert_eq!(view["challenge_ends_unix"], challenge["unix"]);
    assert_eq!(view["address"], radio_payouts_client::address::epoch_address(0).to_string());

    world.set_time(challenge["unix"].as_i64().unwrap() - GENESIS + 1);
    world.run(0, &["admin", "finalize", "0"]).expect(0);
    let last = timeline(3, "finalized");
    assert_eq!(last["transactions"][2]["what"], "finalize");
    assert_eq!(moment(&last, "finalized").unwrap()["passed"], true);
    service.get("/api/v1/epochs/x/timeline").expect(400);
    assert_eq!(service.data("/epochs/latest/timeline")["epoch"], "0");
}

#[test]
fn a_page_learns_where_to_check_the_chain_and_how_the_service_is_doing() {
    let mut world = World::new(1, 1);
    let batches = world.batches(0, 1);
    let rpc = "https://open.example/rpc";
    let service = Service::start(&world, &["--rate", "0", "--public-rpc", rpc]);
    let deployment = service.data("/deployment");
    assert_eq!(deployment["rpc_url"], rpc);
    assert_eq!(deployment["config"], radio_payouts_client::address::config_address().to_string());
    assert_eq!((&deployment["epoch_seconds"], &deployment["genesis_unix"]), (&EPOCH.into(), &GENESIS.into()));
    for field in ["genesis_hash", "program", "domain", "mint", "token_program", "vault", "treasury"] {
        assert!(deployment[field].as_str().is_some_and(|text| text.len() >= 32), "{field}: {deployment}");
    }
    assert_eq!(deployment["lookup_table"], Value::Null);
    service.post(&lines(&batches)).expect(200);
    let status = service.wait_for("/api/v1/status", |answer| answer.json()["data"]["estimate"]["epoch"] == "0");
    assert_eq!(status.header("cache-control"), Some("no-store"));
    let status = status.json()["data"].take();
    assert_eq!((&status["ready"], &status["settling"]), (&true.into(), &false.into()), "{status}");
    assert_eq!(status["chain"]["describe"], "embedded", "where its file is, is not told");
    assert_eq!(status["catalogue"], json!({ "sealed_epochs": 0, "last_epoch": null }));
    // The status is told also while the chain is away.
    std::fs::rename(&world.chain, world.chain.with_extension("away")).unwrap();
    service.wait_for("/api/v1/status", |answer| answer.json()["data"]["chain"]["read_seconds_ago"].as_u64() >= Some(3));
    assert!(service.metric("radio_payouts_chain_errors_total").unwrap() >= 1.0);
    world.run(0, &["serve", "--public-rpc", "ftp://x"]).expect(2);
}
