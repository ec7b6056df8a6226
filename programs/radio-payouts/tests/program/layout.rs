//! Accounts that later instructions will use: they have their address and size now, so nothing has to migrate.

use anchor_lang::Space;
use radio_payouts::state::{
    Candidate, ClaimChunk, Config, Dispute, Epoch, Mandate, ParamsVersion, PayeeBinding, Settler, Sfu, ShareRecord,
    VoteRecord, VoterStake,
};
use radio_payouts_client::address;

use super::world::World;

#[test]
fn accounts_have_the_size_of_their_layout() {
    let mut world = World::running(1, 1);
    world.post_all([10]);
    let commitment = world.config().chain.head.unwrap().commitment;
    let sizes = [
        (address::config_address(), Config::INIT_SPACE),
        (address::params_address(1), ParamsVersion::INIT_SPACE),
        (address::sfu_address(&[0x51; 32]), Sfu::INIT_SPACE),
        (address::settler_address(&solana_signer::Signer::pubkey(&world.settlers[0])), Settler::INIT_SPACE),
        (address::epoch_address(10), Epoch::INIT_SPACE),
        (address::candidate_address(10, &commitment), Candidate::INIT_SPACE),
    ];
    for (address, space) in sizes {
        assert_eq!(world.svm.get_account(&address).unwrap().data.len(), 8 + space);
    }
}

#[test]
fn rents_in_a_table() {
    let world = World::deployed();
    println!("| account | bytes | rent in lamports |\n| --- | ---: | ---: |");
    for (name, space) in [
        ("Config", Config::INIT_SPACE),
        ("ParamsVersion", ParamsVersion::INIT_SPACE),
        ("Sfu", Sfu::INIT_SPACE),
        ("Settler", Settler::INIT_SPACE),
        ("PayeeBinding", PayeeBinding::INIT_SPACE),
        ("Epoch", Epoch::INIT_SPACE),
        ("Candidate", Candidate::INIT_SPACE),
        ("ClaimChunk", ClaimChunk::INIT_SPACE),
        ("Dispute", Dispute::INIT_SPACE),
        ("ShareRecord", ShareRecord::INIT_SPACE),
        ("Mandate", Mandate::INIT_SPACE),
        ("VoterStake", VoterStake::INIT_SPACE),
        ("VoteRecord", VoteRecord::INIT_SPACE),
    ] {
        let bytes = 8 + space;
        println!("| {name} | {bytes} | {} |", world.svm.minimum_balance_for_rent_exemption(bytes));
        assert!(bytes < 10_240);
    }
}
