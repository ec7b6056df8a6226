//! Every share of a ratified epoch is claimed over RPC, and every base unit accounted for.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ed25519_dalek::SigningKey;
use radio_payouts_client::address::{self, associated_token_address};
use radio_payouts_client::state::{ClaimChunk, EpochStatus};
use radio_payouts_client::{account, instruction};
use radio_payouts_protocol::did::did_of_key;
use radio_payouts_protocol::hash::sha256;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;

use crate::ground::{DAY, Ground};

/// The payee of contributor `number`, and its DID: of each hundred one is named by did:pkh, the others by did:key.
fn contributor(number: u32, genesis_hash: &[u8; 32]) -> (String, Pubkey) {
    let key = SigningKey::from_bytes(&sha256(&[b"contributor", &number.to_le_bytes()])).verifying_key().to_bytes();
    let payee = Pubkey::new_from_array(key);
    if number % 100 != 99 {
        return (did_of_key(&key), payee);
    }
    let reference = bs58::encode(genesis_hash).into_string();
    (format!("did:pkh:solana:{}:{payee}", &reference[..32]), payee)
}

/// Claims `count` shares of one epoch over RPC by one command and accounts for every base unit. Returns how long the command
/// took: a token account created for each payee, a claim for each share, all final.
///
/// # Panics
/// If anything is paid wrong, twice or not at all.
#[must_use]
pub fn claim_all(count: u32) -> Duration {
    const UNBOUND: &str = "did:web:artist.example";
    let (ground, epoch) = Ground::new();
    let genesis_hash = ground.config().genesis_hash;
    let people: Vec<_> = (0..count - 1).map(|number| contributor(number, &genesis_hash)).collect();
    let mut shares: Vec<_> = (0..).zip(&people).map(|(at, (did, _))| (did.clone(), 1_000 + at)).collect();
    shares.push((UNBOUND.to_owned(), 5_000));
    let file = ground.batch(epoch, &shares);
    ground.json(&["ingest", file.to_str().unwrap()]);
    ground.json(&["settle", "--epoch", &epoch.to_string()]);
    let number = epoch.to_string();
    ground.refused(&["claim", "--all", "--epoch", &number], 75);

    // The bound payee.
    let bound = Keypair::new();
    let operator = ground.localnet.operator.pubkey();
    let did = sha256(&[UNBOUND.as_bytes()]);
    let bind = vec![
        instruction::set_registrars(operator, vec![operator]),
        instruction::propose_binding(operator, operator, None, did, bound.pubkey()),
        instruction::accept_binding(bound.pubkey(), &did),
    ];
    ground.send("bind the artist", bind, vec![&bound]);
    ground.localnet.age_binding(&did, 7 * DAY);

    ground.ratify(epoch);
    let account = ground.epoch(epoch);
    // One byte at the demo rate is 1 000 base units; floors leave less than one unit a share.
    let bytes: u64 = shares.iter().map(|(_, bytes)| bytes).sum();
    assert!(account.payouts_sum <= bytes * 1_000 && account.payouts_sum + u64::from(count) > bytes * 1_000);
    assert_eq!(account.statement.payouts[0].count, count);
    // More than is promised, of which nothing may go.
    ground.fund(1_234);
    assert_eq!(
        (ground.balance(ground.config().vault), ground.config().reserved),
        (account.payouts_sum + 1_234, account.payouts_sum)
    );

    let begun = Instant::now();
    let report = ground.json(&["claim", "--all", "--epoch", &number, "--under-way", "1000"]);
    let claiming = begun.elapsed();
    assert_eq!(
        (&report["paid"], &report["refused"], &report["tokenAccountsCreated"]),
        (&count.into(), &0.into(), &count.into())
    );

    // Every base unit: each payee has its share, the sums agree, the rest is where it was.
    let claims = report["claims"].as_array().unwrap();
    let amounts: BTreeMap<&str, u64> = claims
        .iter()
        .map(|claim| (claim["did"].as_str().unwrap(), claim["amountBaseUnits"].as_str().unwrap().parse().unwrap()))
        .collect();
    assert_eq!(amounts.values().sum::<u64>(), account.payouts_sum);
    let config = ground.config();
    let expected: Vec<(Pubkey, u64)> = people
        .iter()
        .map(|(did, payee)| (*payee, amounts[did.as_str()]))
        .chain([(bound.pubkey(), amounts[UNBOUND])])
        .collect();
    let accounts: Vec<_> = expected
        .iter()
        .map(|(payee, _)| associated_token_address(payee, &config.mint, &config.token_program))
        .collect();
    let found = ground.balances(&accounts);
    for ((payee, amount), found) in expected.iter().zip(&found) {
        assert_eq!(*found, Some(*amount), "{payee}");
    }
    assert_eq!((ground.balance(config.vault), config.reserved), (1_234, 0));
    assert_eq!(ground.epoch(epoch).claimed, account.payouts_sum);
    let rpc = ground.localnet.rpc();
    let supply: u64 = rpc.get_token_supply(&config.mint).unwrap().amount.parse().unwrap();
    assert_eq!(supply, account.payouts_sum + 1_234);
    let chunks = (0..instruction::claim_chunks(count.into()))
        .map(|chunk| rpc.get_account(&address::claims_address(epoch, u32::try_from(chunk).unwrap())).unwrap());
    let bits: u32 = chunks.map(|chunk| account::read::<ClaimChunk>(&chunk.owner, &chunk.data).unwrap().claimed).sum();
    assert_eq!(bits, count);

    // Once more: nothing is paid a second time. Then half a year later.
    let again = ground.json(&["claim", "--all", "--epoch", &number]);
    assert_eq!((&again["paid"], &again["claimedBefore"]), (&0.into(), &count.into()));
    ground.refused(&["close", &number], 75);
    ground.localnet.age_epoch(epoch, 180 * DAY);
    let closed = ground.json(&["close", &number]);
    assert_eq!(closed["unclaimedBaseUnits"], "0");
    assert_eq!(ground.epoch(epoch).status, EpochStatus::Closed);
    claiming
}
