//! Compute units of votes, as rows of a table: `cargo test -p radio_payouts --test program -- vote_compute_units --nocapture`.

use radio_payouts::state::{Action, VoteChoice};
use radio_payouts_client::instruction;
use solana_signer::Signer;

use super::voters::{SUPPLY, rate, voter};
use super::world::{DAY, World, sfu_terms};

/// What an instruction gets that asks for nothing.
const DEFAULT_LIMIT: u64 = 200_000;

#[test]
fn compute_units_of_votes_stay_below_the_default_limit() {
    let (mut world, elector) = (World::governed(), voter(1));
    let wallet = world.give(elector.pubkey(), SUPPLY / 10);
    let payer = world.payer.pubkey();
    println!("| instruction | compute units |\n| --- | ---: |");
    let measure = |world: &mut World, name: &str, instruction, signers: &[&solana_keypair::Keypair]| {
        let units = world.send(instruction, signers).unwrap().compute_units_consumed;
        println!("| {name} | {units} |");
        assert!(units < DEFAULT_LIMIT, "{name}: {units}");
    };
    let deposit = world.deposit(&elector, wallet, SUPPLY / 10);
    measure(&mut world, "deposit_stake (new)", deposit, &[&elector]);
    world.next_slot();
    let cases = [("set_params", rate(5)), ("register_sfu", Action::RegisterSfu(sfu_terms([0x52; 32])))];
    for (number, (name, action)) in (0..).zip(cases) {
        let create = world.create(&elector, action);
        measure(&mut world, &format!("create_proposal ({name})"), create, &[&elector]);
        let vote = world.vote(&elector, number, VoteChoice::Yes);
        measure(&mut world, "cast_vote", vote, &[&elector]);
        world.wait(7 * DAY);
        let conclude = world.conclude(number);
        measure(&mut world, "conclude_proposal", conclude, &[]);
        world.wait(2 * DAY);
        let execute = world.execute(number);
        measure(&mut world, &format!("execute_proposal ({name})"), execute, &[]);
    }
    measure(&mut world, "close_vote", instruction::close_vote(payer, 0, &elector.pubkey()), &[]);
    measure(&mut world, "close_proposal", instruction::close_proposal(payer, 0), &[]);
    let withdraw = world.withdraw(&elector, wallet, SUPPLY / 10);
    measure(&mut world, "withdraw_stake (all)", withdraw, &[&elector]);
}
