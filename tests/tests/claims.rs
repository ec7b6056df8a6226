//! A Live epoch is paid on a real validator. `cargo xtask bench --only claims` runs the same story with ten thousand claims.

use radio_payouts_tests::claims::claim_all;
use radio_payouts_tests::deep_claims::claim_at_depth_twenty;

#[test]
fn every_share_of_an_epoch_is_claimed_over_rpc() {
    let claiming = claim_all(500);
    eprintln!("500 claims and token accounts in {:.0} s", claiming.as_secs_f64());
}

#[test]
fn claims_of_depth_twenty_fit_a_transaction_over_rpc() {
    assert_eq!(claim_at_depth_twenty(), [1_226, 1_226]);
}
