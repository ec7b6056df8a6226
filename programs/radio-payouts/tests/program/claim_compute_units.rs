//! What a claim costs, as rows of a table:
//! `cargo test -p radio_payouts --test program -- compute_units --nocapture`.

use anchor_lang::prelude::Pubkey;
use radio_payouts::state::{EpochStatement, Share};
use radio_payouts_client::instruction;
use radio_payouts_protocol::tree::{Kind, TreeRoot, parent, share_leaf};
use solana_signer::Signer;

use super::compute_units::climb;
use super::money::{LIVE, Money, Posted};
use super::world::{DAY, TOKEN_2022_PROGRAM, TOKEN_PROGRAM, key};

/// Twice of it fit what a transaction has without asking for more.
const LIMIT: u64 = 100_000;

/// Compute units of the claims of two neighbours at this depth: the first creates the chunk, the second finds it.
fn measure(token_program: Pubkey, depth: u32) -> (u64, u64) {
    let mut money = Money::new(token_program);
    let domain = money.world.domain();
    let index = 0x000a_5a5a & ((1 << depth) - 1) & !1;
    let share = |at: u32| Share {
        epoch: LIVE,
        index: index + at,
        did_hash: [1; 32],
        payee: key(60 + at as u8).pubkey(),
        amount: 7,
    };
    let shares = [share(0), share(1)];
    let leaves = shares.map(|s| share_leaf(&domain, LIVE, s.index, &s.did_hash, &s.payee.to_bytes(), s.amount));
    // Above the two leaves, any siblings: the root follows.
    let pair = parent(Kind::Payouts, &leaves[0], &leaves[1]).unwrap();
    let (above, root) = climb(Kind::Payouts, pair, index >> 1, depth - 1);
    let root = TreeRoot { count: 1 << depth, ..root };
    money.world.go_past(LIVE, 600);
    let statement = EpochStatement { params_version: 2, payouts: vec![root.into()], ..money.world.statement(0) };
    let commitment = money.world.args(LIVE, statement.clone()).commitment;
    money.world.post(0, LIVE, statement).unwrap();
    money.world.wait(DAY);
    money.finalize(LIVE);
    money.fund(root.sum);
    let forest = radio_payouts_protocol::forest::Forest::build(&domain, &[]).unwrap();
    money.ratify_by_authority(&Posted { epoch: LIVE, commitment, shares: Vec::new(), forest });
    let units = [0, 1].map(|at: usize| {
        let share = shares[at];
        let account = money.open(&share.payee);
        let siblings: Vec<_> = [leaves[1 - at]].into_iter().chain(above.iter().copied()).collect();
        let (payer, mint) = (money.world.payer.pubkey(), money.world.mint);
        let claim = instruction::claim_share(payer, &share, &share.payee, mint, token_program, &siblings);
        let sent = money.world.send(claim, &[]).unwrap();
        assert_eq!(money.balance(account), 7);
        sent.compute_units_consumed
    });
    assert_eq!(money.vault() + 14, root.sum);
    (units[0], units[1])
}

#[test]
fn compute_units_of_claims_stay_within_their_limit() {
    println!("| claim at depth | SPL Token, new chunk | existing chunk | Token-2022, new chunk | existing chunk |");
    println!("| ---: | ---: | ---: | ---: | ---: |");
    for depth in [10, 17, 20] {
        let (new, existing) = measure(TOKEN_PROGRAM, depth);
        let (new_2022, existing_2022) = measure(TOKEN_2022_PROGRAM, depth);
        println!("| {depth} | {new} | {existing} | {new_2022} | {existing_2022} |");
        assert!([new, existing, new_2022, existing_2022].into_iter().all(|units| units <= LIMIT));
    }
}
