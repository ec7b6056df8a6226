//! Holders of BLOOM stake, propose, vote and carry out, each by commands of their own.

use anchor_spl::associated_token::get_associated_token_address;
use anchor_spl::associated_token::spl_associated_token_account::instruction::create_associated_token_account;
use anchor_spl::token::spl_token;
use radio_payouts_settler::chain::deployment;
use solana_signer::Signer as _;

use crate::world::{GENESIS, World};

const DAY: i64 = 86_400;

impl World {
    /// Mints BLOOM for settler `number`.
    pub fn mint_for(&self, number: usize, bloom: u64) {
        let (owner, authority) = (self.settlers[number].key.pubkey(), self.authority.pubkey());
        let mint = deployment::require_config(&self.open_chain()).unwrap().mint;
        let make = create_associated_token_account(&authority, &owner, &mint, &spl_token::ID);
        self.as_authority(&format!("account of {number}"), make);
        let account = get_associated_token_address(&owner, &mint);
        let amount = bloom * 1_000_000_000;
        let fill = spl_token::instruction::mint_to(&spl_token::ID, &mint, &account, &authority, &[], amount).unwrap();
        self.as_authority(&format!("BLOOM of {number}"), fill);
    }

    fn govern(&self, number: usize, arguments: &[&str]) -> serde_json::Value {
        self.run(number, &[&["governance"], arguments, &["-o", "json"]].concat()).expect(0).json()
    }

    #[track_caller]
    fn cannot(&self, number: usize, arguments: &[&str], exit: i32, words: &str) {
        let ran = self.run(number, &[&["governance"], arguments].concat()).expect(exit);
        assert!(ran.stderr.contains(words), "{ran:?}");
    }

    /// Gives governance the role of authority, by the commands that an operator would use.
    pub fn hand_over(&self) {
        let key = self.folder.path().join("authority.json");
        std::fs::write(&key, serde_json::to_vec(&self.authority.to_bytes().as_slice()).unwrap()).unwrap();
        let offer = ["admin", "offer-authority", "governance", "--keypair", key.to_str().unwrap()];
        self.run(0, &offer).expect(0);
        self.run(self.settlers.len() - 1, &["admin", "accept-authority", "--for-governance"]).expect(0);
    }
}

#[test]
fn a_rate_changes_by_votes_alone() {
    let world = World::new(3, 1);
    world.cannot(0, &["stake", "5"], 2, "holds no BLOOM");
    world.cannot(0, &["unstake"], 2, "no stake");
    world.cannot(0, &["propose", "params", "rate=2"], 2, "no stake");
    for (number, bloom) in [(0, 60), (1, 40), (2, 100)] {
        world.mint_for(number, bloom);
    }
    world.govern(0, &["stake", "60"]);
    world.govern(1, &["stake", "39.5"]);
    let before = world.govern(0, &["status"]);
    assert_eq!((&before["votesDecide"], &before["proposals"]), (&false.into(), &serde_json::json!([])));
    world.cannot(0, &["propose", "params", "rate=2"], 1, "GovernanceNotAuthority");
    world.hand_over();

    let document = world.folder.path().join("why.md");
    std::fs::write(&document, "because\n").unwrap();
    let document = document.to_str().unwrap();
    world.cannot(0, &["propose", "params", "rate=0"], 1, "ParamsOutOfBounds");
    world.cannot(0, &["propose", "params", "rat=1"], 2, "no parameter");
    let made = world.govern(0, &["propose", "params", "rate=2_000_000_000", "--document", document]);
    assert!(made["events"][0].as_str().unwrap().starts_with("ProposalCreated"), "{made}");
    world.cannot(0, &["propose", "params", "rate=3"], 2, "has made proposal 0");
    world.govern(0, &["vote", "0", "yes"]);
    world.cannot(0, &["vote", "0", "no"], 1, "AlreadyVoted");
    world.cannot(2, &["vote", "0", "no"], 2, "has no stake");
    world.govern(2, &["stake", "100"]);
    world.cannot(2, &["vote", "0", "no"], 1, "StakeTooRecent");
    world.govern(1, &["vote", "0", "no"]);
    world.cannot(1, &["unstake"], 1, "StakeLocked");
    world.cannot(1, &["cancel", "0"], 4, "was made by");
    world.cannot(1, &["execute", "0"], 1, "ProposalNotAccepted");
    world.cannot(1, &["vote", "7", "no"], 2, "no proposal 7");

    let status = world.govern(1, &["status", "0"]);
    let proposal = &status["proposals"][0];
    // SHA-256 of "because\n".
    let hash = hex::encode(radio_payouts_protocol::hash::sha256(&[b"because\n"]));
    assert_eq!(proposal["documentHash"], hash.as_str());
    assert_eq!(proposal["changes"], serde_json::json!({ "rate": "2000000000" }));
    let tally = [&proposal["yesBaseUnits"], &proposal["noBaseUnits"], &proposal["quorumBaseUnits"]];
    assert_eq!(tally, ["60000000000", "39500000000", "10000000000"]);
    assert_eq!((&proposal["ownVote"], &proposal["quorumReached"]), (&"no".into(), &true.into()));
    let table = world.run(1, &["governance", "status", "0"]).expect(0).stdout;
    for words in ["60 yes, 39.5 no, 0 abstain", "10 BLOOM, 5 % of 200: reached", "vote 0 yes|no|abstain"] {
        assert!(table.contains(words), "{words}: {table}");
    }

    let ends = proposal["votingEnds"].as_i64().unwrap() - GENESIS;
    world.set_time(ends);
    let next = world.run(1, &["governance", "status"]).expect(0).stdout;
    assert!(next.contains("accepted: `conclude 0` records it"), "{next}");
    world.govern(2, &["conclude", "0"]);
    world.cannot(2, &["execute", "0"], 1, "TimelockRuns");
    world.set_time(ends + 2 * DAY);
    // Anyone: a settler that voted against it.
    let done = world.govern(1, &["execute", "0"]);
    let events: Vec<_> = done["events"].as_array().unwrap().iter().map(|event| event.as_str().unwrap()).collect();
    assert!(events[1].starts_with("ParamsVersionCreated"), "{events:?}");
    world.cannot(1, &["execute", "0"], 1, "ProposalExecuted");
    let history = world.run(0, &["params", "--history", "-o", "json"]).expect(0).json();
    assert_eq!(history["versions"][1]["changed"], serde_json::json!(["rate"]));
    assert_eq!(history["versions"][1]["values"]["rate"], "2000000000");

    world.cannot(2, &["close", "0"], 2, "nothing of proposal 0");
    world.govern(1, &["close", "0"]);
    world.govern(0, &["close", "0"]);
    world.cannot(0, &["status", "0"], 2, "was closed");
    world.govern(1, &["unstake", "9.5"]);
    world.govern(0, &["unstake"]);
    let after = world.govern(1, &["status"]);
    assert_eq!(after["stake"]["amountBaseUnits"], "30000000000");
    assert_eq!(world.govern(0, &["status"])["stake"], serde_json::Value::Null);
}

#[test]
fn every_kind_of_proposal_has_its_command() {
    let world = World::new(2, 1);
    world.mint_for(0, 100);
    world.govern(0, &["stake", "100"]);
    world.hand_over();
    let address = world.settlers[1].key.pubkey().to_string();
    let sfu = "did:key:z6MkfrQQEAyb9vGF72uZdYEiUux7g9MjHnPNUSQ86hDTb4cD";
    let hash = hex::encode([7; 32]);
    let cases: &[(&[&str], &str)] = &[
        (&["live"], "mode Live"),
        (&["params", "rate=5", "peak_bps=12000", "--effective-epoch", "9"], "rate=5 peak_bps=12000 from epoch 9"),
        (&["times", "--voting-seconds", "60", "--grace-seconds", "1"], "grace_seconds=1 voting_seconds=60"),
        (&["demo", "off"], "switch off radio_payouts_demo"),
        (&["pause-key", &address], "name pause key"),
        (&["registrars", &address], "name registrars"),
        (&["add-sfu", sfu, "--operator", &address, "--max-bytes-per-epoch", "5"], "register SFU did:key:z6Mkfr"),
        (&["stop-sfu", sfu, "--stop-seq", "4"], "from seq 4"),
        (&["add-settler", &address, "--operator", &address], "register settler"),
        (&["stop-settler", &address], "stop settler"),
        (&["reject-epoch", "3", "--commitment", &hash], "reject epoch 3 with commitment 0707"),
        (
            &["mandate", "3", "9", "--budget", "12.5"],
            "make a mandate for epochs 3 to 9: up to 12.5 BLOOM, 172800 s after they are final",
        ),
        (&["cancel-mandate", "4"], "cancel mandate 4"),
        (&["appoint-arbiter", &address], "appoint arbiter"),
        (&["ratify", "3", "--commitment", &hash], "ratify epoch 3 with commitment 0707"),
        (&["treasury", &address, "0.5"], "pay 0.5 BLOOM to token account"),
        (&["offer-authority", &address], "offer the role of authority to"),
        (&["offer-authority"], "withdraw the offer"),
    ];
    for (number, (arguments, words)) in cases.iter().enumerate() {
        let number = number.to_string();
        world.govern(0, &[&["propose"], *arguments].concat());
        let shown = world.govern(0, &["status", &number]);
        let action = shown["proposals"][0]["action"].as_str().unwrap();
        assert!(action.contains(words), "{words}: {action}");
        world.govern(0, &["cancel", &number]);
        world.govern(0, &["close", &number]);
    }
    world.cannot(0, &["propose", "reject-epoch", "3"], 2, "nothing was ever posted");
}
