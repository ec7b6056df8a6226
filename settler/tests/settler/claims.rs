//! From a final epoch to paid contributors and returned rents, command by command.

use radio_payouts_client::state::EpochStatus;
use radio_payouts_settler::chain::deployment;
use solana_pubkey::Pubkey;

use crate::live::{DAY, LIVE, Live};
use crate::world::did;

/// The payee of contributor `who`: the key of its DID.
fn payee(who: u8) -> Pubkey {
    let key = ed25519_dalek::SigningKey::from_bytes(&[100 + who; 32]);
    Pubkey::new_from_array(key.verifying_key().to_bytes())
}

const UNBOUND: &str = "did:web:artist.example";

fn shares() -> Vec<(String, u64)> {
    vec![(did(0), 4_000), (did(1), 3_000), (did(2), 2_000), (UNBOUND.to_owned(), 1_000)]
}

/// One byte at the demo rate is 1 000 base units.
const SUM: u64 = 10_000_000;

/// A Live epoch, final.
fn finalized() -> (Live, String) {
    let mut live = Live::new();
    let commitment = live.settle(LIVE, &shares());
    live.wait(DAY);
    live.world.run(0, &["admin", "finalize", "2"]).expect(0);
    (live, commitment)
}

/// A Live epoch, ratified by the authority.
fn ratified() -> Live {
    let (live, commitment) = finalized();
    live.fund(SUM);
    live.admin(&["ratify", "2", "--commitment", &commitment]).expect(0);
    live
}

#[test]
fn a_ratified_epoch_is_exported_and_reported_as_ratified() {
    let live = ratified();
    let run = |arguments: &[&str]| live.world.run(0, &[arguments, &["--epochs", "2"]].concat()).expect(0).stdout;
    let csv = run(&["export", "epochs"]);
    let row: Vec<&str> = csv.lines().nth(1).unwrap().split(',').collect();
    assert_eq!(row[..3], ["2", "ratified", "ratified"], "{csv}");
    let offline = run(&["export", "epochs", "--offline"]);
    assert!(offline.lines().nth(1).unwrap().starts_with("2,provisional,not_asked,,"), "{offline}");
    let notice = radio_payouts_settler::epoch::standing::NOTICE;
    for subject in ["contribution", "payout", "audit", "performance"] {
        assert!(!run(&["report", subject]).contains(notice), "{subject}: nothing is provisional any more");
        assert!(run(&["report", subject, "--offline"]).contains(notice), "{subject}: nobody was asked");
    }
}

#[test]
fn an_epoch_is_ratified_under_a_mandate_once_everything_holds() {
    let mut live = Live::new();
    live.settle(LIVE, &shares());
    live.world.run(0, &["ratify", "9"]).expect(75);
    let early = live.world.run(0, &["ratify", "2"]).expect(75);
    assert!(early.stderr.contains("not final yet"), "{early:?}");
    live.wait(DAY);
    live.world.run(0, &["admin", "finalize", "2"]).expect(0);
    let none = live.world.run(0, &["ratify", "2"]).expect(1);
    assert!(none.stderr.contains("no mandate covers epoch 2"), "{none:?}");

    // Not the authority; then a mandate for later epochs, one that is too small, and one that is right.
    live.world.run(0, &["admin", "make-mandate", "2", "9", "--budget", "5base"]).expect(1);
    live.admin(&["make-mandate", "3", "9", "--budget", "0.02"]).expect(0);
    live.admin(&["make-mandate", "2", "9", "--budget", "9999999base"]).expect(0);
    let refused = live.admin(&["make-mandate", "2", "9", "--budget", "5base", "--delay-seconds", "172799"]).expect(1);
    assert!(refused.stderr.contains("MandateDelayTooShort"), "{refused:?}");
    live.wait(2 * DAY);
    let none = live.world.run(0, &["ratify", "2"]).expect(1);
    assert!(none.stderr.contains("does not cover") && none.stderr.contains("9999999"), "{none:?}");
    live.admin(&["make-mandate", "2", "9", "--budget", "20_000_000base", "--delay-seconds", "300000"]).expect(0);
    let waits = live.world.run(0, &["ratify", "2"]).expect(75);
    assert!(waits.stderr.contains("mandate 2"), "{waits:?}");
    live.wait(2 * DAY);
    let poor = live.world.run(0, &["ratify", "2"]).expect(1);
    assert!(poor.stderr.contains("VaultTooSmall"), "{poor:?}");
    live.fund(SUM + 7);
    live.world.run(0, &["ratify", "2"]).expect(0);
    assert_eq!(live.funds(), (SUM + 7, SUM));
    let again = live.world.run(0, &["ratify", "2"]).expect(0);
    assert!(again.stderr.contains("ratified already"), "{again:?}");

    live.admin(&["cancel-mandate", "0"]).expect(0);
    let all = live.world.run(0, &["mandates", "-o", "json"]).expect(0).json();
    assert_eq!((all[0]["cancelled"].as_bool(), all[1]["leftBaseUnits"].as_str()), (Some(true), Some("9999999")));
    assert_eq!((&all[2]["spentBaseUnits"], &all[2]["leftBaseUnits"]), (&"10000000".into(), &"10000000".into()));
    let open = live.world.run(0, &["mandates", "--open"]).expect(0).stdout;
    assert_eq!(open.lines().count(), 3, "{open}");
    let status = live.world.run(0, &["status", "-o", "json"]).expect(0).json();
    assert_eq!(status["deployment"]["reservedBaseUnits"], SUM.to_string());
    assert_eq!(status["deployment"]["ratifiedThrough"], "2");
}

#[test]
fn the_authority_ratifies_the_commitment_that_it_decided_on() {
    let (live, commitment) = finalized();
    live.fund(SUM);
    let other = live.admin(&["ratify", "2", "--commitment", &"ab".repeat(32)]).expect(1);
    assert!(other.stderr.contains("RootHasChanged"), "{other:?}");
    live.admin(&["ratify", "2", "--commitment", "ab"]).expect(2);
    live.world.run(0, &["admin", "ratify", "2", "--commitment", &commitment]).expect(1);
    live.admin(&["ratify", "2", "--commitment", &commitment]).expect(0);
    assert_eq!(live.funds(), (SUM, SUM));
}

#[test]
fn shares_are_claimed_by_did_by_proof_and_all_together_once_each() {
    let (live, commitment) = finalized();
    let run = |args: &[&str]| live.world.run(0, args);
    // Before ratification: by name it is told to wait, without a name there is nothing.
    let early = run(&["claim", &did(0), "--epoch", "2"]).expect(75);
    assert!(early.stderr.contains("not ratified"), "{early:?}");
    let early = run(&["claim", "--all", "-o", "json"]).expect(0).json();
    assert_eq!((&early["paid"], &early["waiting"][0][0]), (&0.into(), &"2".into()), "{early}");
    run(&["claim"]).expect(2);
    run(&["claim", &did(0), "--all"]).expect(2);
    live.fund(SUM);
    live.admin(&["ratify", "2", "--commitment", &commitment]).expect(0);

    run(&["claim", &did(9), "--epoch", "2"]).expect(2);
    run(&["claim", &did(0), "--epoch", "7"]).expect(2);
    let first = run(&["claim", &did(0), "-o", "json"]).expect(0).json();
    assert_eq!((&first["paid"], &first["paidBaseUnits"]), (&1.into(), &"4000000".into()), "{first}");
    assert_eq!(first["tokenAccountsCreated"], 1);
    assert_eq!(first["claims"][0]["payee"], payee(0).to_string());
    assert_eq!((live.balance(&payee(0)), live.funds()), (Some(4_000_000), (6_000_000, 6_000_000)));
    let again = run(&["claim", &did(0), "-o", "json"]).expect(0).json();
    assert_eq!((&again["paid"], &again["claimedBefore"]), (&0.into(), &1.into()), "{again}");

    // A contributor who holds nothing but proofs.
    let proof = run(&["prove", &did(1), "--epoch", "2", "-o", "json"]).expect(0).stdout;
    let (file, folder) = (live.world.folder.path().join("proof.json"), live.world.folder.path().join("elsewhere"));
    std::fs::write(&file, format!("{proof}\n[{proof}]")).unwrap();
    let (file, folder) = (file.to_str().unwrap(), folder.to_str().unwrap());
    let by_proof = run(&["claim", "--file", file, "--data", folder, "-o", "json"]);
    let by_proof = by_proof.expect(0).json();
    assert_eq!((&by_proof["paid"], &by_proof["claimedBefore"]), (&1.into(), &0.into()), "{by_proof}");
    assert_eq!(by_proof["claims"].as_array().unwrap().len(), 1, "the same share twice is one claim");
    let altered = proof.replace("3000000", "3000001");
    std::fs::write(file, altered).unwrap();
    run(&["claim", "--file", file]).expect(3);
    std::fs::write(file, "{}").unwrap();
    run(&["claim", "--file", file]).expect(2);

    let rest = run(&["claim", "--all", "-o", "json"]).expect(0).json();
    let counts = ["paid", "claimedBefore", "noBinding", "refused"].map(|name| rest[name].as_u64().unwrap());
    assert_eq!(counts, [1, 2, 1, 0], "{rest}");
    let words = run(&["claim", "--all", "--epoch", "2"]).expect(0).stdout;
    assert!(words.contains("no payee is bound") && words.contains("0 BLOOM paid in 0 claims"), "{words}");
    assert_eq!([0, 1, 2].map(|who| live.balance(&payee(who)).unwrap()), [4_000_000, 3_000_000, 2_000_000]);
    assert_eq!(live.funds(), (1_000_000, 1_000_000));
}

#[test]
fn a_share_without_a_payee_is_claimed_once_its_did_is_bound() {
    let live = ratified();
    let run = |args: &[&str]| live.world.run(0, args);
    let authority = solana_signer::Signer::pubkey(&live.world.authority).to_string();
    live.admin(&["set-registrars", &authority]).expect(0);
    let payee = solana_signer::Signer::pubkey(&live.world.settlers[1].key);
    live.admin(&["propose-binding", UNBOUND, &payee.to_string()]).expect(0);
    live.world.run(1, &["admin", "accept-binding", UNBOUND]).expect(0);
    let waiting = run(&["claim", UNBOUND, "-o", "json"]).expect(0).json();
    assert_eq!((&waiting["paid"], &waiting["noBinding"]), (&0.into(), &1.into()), "{waiting}");
    live.wait(7 * DAY);
    let paid = run(&["claim", UNBOUND, "-o", "json"]).expect(0).json();
    assert_eq!((&paid["paid"], &paid["claims"][0]["payee"]), (&1.into(), &payee.to_string().into()), "{paid}");
    assert_eq!((live.balance(&payee), live.funds()), (Some(1_000_000), (9_000_000, 9_000_000)));
}

#[test]
fn the_treasury_pays_what_is_not_reserved() {
    let live = ratified();
    live.fund(50);
    let config = live.config();
    live.mint_to(config.treasury, 30);
    live.world.run(0, &["claim", &did(0)]).expect(0);
    let account =
        radio_payouts_client::address::associated_token_address(&payee(0), &config.mint, &config.token_program);
    let refused = live.admin(&["transfer-treasury", &account.to_string(), "0.000000081"]).expect(1);
    assert!(refused.stderr.contains("TransferTakesReserved"), "{refused:?}");
    live.world.run(0, &["admin", "transfer-treasury", &account.to_string(), "1base"]).expect(1);
    live.admin(&["transfer-treasury", &account.to_string(), "80base"]).expect(0);
    assert_eq!((live.balance(&payee(0)), live.funds()), (Some(4_000_080), (6_000_000, 6_000_000)));
}

#[test]
fn a_closed_epoch_frees_the_rest_and_returns_rents() {
    let live = ratified();
    let run = |args: &[&str]| live.world.run(0, args);
    run(&["claim", &did(0)]).expect(0);
    run(&["close", "9"]).expect(2);
    let early = run(&["close", "2"]).expect(75);
    assert!(early.stderr.contains("still open"), "{early:?}");
    live.wait(180 * DAY);
    let late = run(&["claim", &did(1), "--epoch", "2"]).expect(1);
    assert!(late.stderr.contains("window is over"), "{late:?}");
    let closed = run(&["close", "2", "-o", "json"]).expect(0).json();
    assert_eq!((&closed["closedNow"], &closed["unclaimedBaseUnits"]), (&true.into(), &"6000000".into()), "{closed}");
    let kinds: Vec<_> = closed["accounts"].as_array().unwrap().iter().map(|account| &account["kind"]).collect();
    assert_eq!(kinds, ["candidate", "claim bits"]);
    assert_eq!(live.funds(), (6_000_000, 0));
    let epoch = deployment::epoch(&live.world.open_chain(), LIVE).unwrap().unwrap();
    assert_eq!((epoch.status, epoch.claimed), (EpochStatus::Closed, 4_000_000));
    let again = run(&["close", "2", "-o", "json"]).expect(0).json();
    assert_eq!((&again["closedNow"], again["accounts"].as_array().unwrap().len()), (&false.into(), 0));
    run(&["claim", &did(1), "--epoch", "2"]).expect(1);
    run(&["ratify", "2"]).expect(1);
}

#[test]
fn a_demo_epoch_is_neither_ratified_nor_claimed() {
    let mut world = crate::world::World::new(1, 1);
    let envelopes = world.batches(0, 3);
    world.pass(0);
    world.ingest(0, &envelopes);
    world.run(0, &["settle", "--due"]).expect(0);
    let claim = world.run(0, &["claim", &did(0), "--epoch", "0"]).expect(4);
    assert!(claim.stderr.contains("never paid"), "{claim:?}");
    world.set_time(3_000);
    world.run(0, &["admin", "finalize", "0"]).expect(0);
    world.run(0, &["ratify", "0"]).expect(4);
    world.run(0, &["close", "0"]).expect(1);
}

#[test]
fn killed_anywhere_a_claim_is_finished_by_the_same_command() {
    let live = ratified();
    let claim = ["claim", "--all", "--under-way", "2"];
    let folder = live.world.settlers[0].data.clone();
    let saved = tempfile::tempdir().unwrap();
    let (chain, data) = (saved.path().join("chain"), saved.path().join("data"));
    std::fs::copy(&live.world.chain, &chain).unwrap();
    crate::world::copy_folder(&folder, &data);
    let trace = saved.path().join("trace");
    live.world.run_with(0, &claim, &[("RADIO_PAYOUTS_CRASH_TRACE", trace.to_str().unwrap())]).expect(0);
    let passed = std::fs::read_to_string(&trace).unwrap();
    let mut counts = std::collections::HashMap::new();
    let points: Vec<String> = passed
        .lines()
        .map(|name| {
            let count = counts.entry(name).or_insert(0);
            *count += 1;
            format!("{name}:{count}")
        })
        .collect();
    assert!(points.len() >= 20, "{points:?}");
    // Every third: the points of one claim are those of the next.
    for point in points.iter().step_by(3) {
        std::fs::copy(&chain, &live.world.chain).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        crate::world::copy_folder(&data, &folder);
        let killed = live.world.run_with(0, &claim, &[("RADIO_PAYOUTS_CRASH_AT", point)]);
        assert_eq!(killed.code, None, "{point} was not reached: {killed:?}");
        live.world.run(0, &claim).expect(0);
        let paid = [0, 1, 2].map(|who| live.balance(&payee(who)).unwrap());
        assert_eq!((paid, live.funds()), ([4_000_000, 3_000_000, 2_000_000], (1_000_000, 1_000_000)), "{point}");
        let status = live.world.run(0, &["status", "-o", "json"]).expect(0).json();
        assert_eq!(status["pending"].as_array().unwrap().len(), 0, "{point}");
    }
}
