//! The books: random sequences of funding, ratifying, claiming, transferring and closing against a simple model, on the
//! program's bytecode. Every base unit that was ever minted is accounted for after every step.

use anchor_lang::prelude::Pubkey;
use proptest::prelude::*;
use radio_payouts::error::PayoutsError;
use radio_payouts::state::EpochStatus;
use radio_payouts_client::{address, instruction};
use solana_signer::Signer;

use super::money::{CLAIM_WINDOW, LIVE, Money, Posted, entries};
use super::world::key;

const EPOCHS: usize = 3;
const SHARES: usize = 4;
const FIRST_PAYEE: u8 = 60;

#[derive(Clone, Copy, Debug)]
enum Step {
    Fund(u64),
    Forfeit(u64),
    Ratify(usize),
    Claim(usize, usize),
    Transfer(u64),
    Refill(u64),
    Wait(i64),
    Close(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (1..700u64).prop_map(Step::Fund),
        1 => (1..200u64).prop_map(Step::Forfeit),
        3 => (0..EPOCHS).prop_map(Step::Ratify),
        8 => (0..EPOCHS, 0..SHARES).prop_map(|(epoch, share)| Step::Claim(epoch, share)),
        2 => (1..600u64).prop_map(Step::Transfer),
        1 => (1..200u64).prop_map(Step::Refill),
        1 => (1..CLAIM_WINDOW).prop_map(Step::Wait),
        2 => (0..EPOCHS).prop_map(Step::Close),
    ]
}

/// What the books say, in the plainest way.
#[derive(Default)]
struct Model {
    minted: u64,
    vault: u64,
    treasury: u64,
    outside: u64,
    ratified_at: [Option<i64>; EPOCHS],
    closed: [bool; EPOCHS],
    claimed: [[bool; SHARES]; EPOCHS],
}

impl Model {
    fn sum(shares: impl Iterator<Item = usize>) -> u64 {
        shares.map(|share| 100 + share as u64).sum()
    }

    fn claimed_of(&self, epoch: usize) -> u64 {
        Self::sum((0..SHARES).filter(|share| self.claimed[epoch][*share]))
    }

    /// What ratified epochs that are not closed still promise.
    fn reserved(&self) -> u64 {
        let open = (0..EPOCHS).filter(|epoch| self.ratified_at[*epoch].is_some() && !self.closed[*epoch]);
        open.map(|epoch| Self::sum(0..SHARES) - self.claimed_of(epoch)).sum()
    }

    fn free(&self) -> u64 {
        self.vault - self.reserved()
    }

    /// Whether the program must take the step, and what it changes if so.
    fn take(&mut self, step: Step, now: i64) -> Result<(), PayoutsError> {
        let window = |ratified: i64| now < ratified + CLAIM_WINDOW;
        match step {
            Step::Fund(amount) => (self.minted, self.vault) = (self.minted + amount, self.vault + amount),
            Step::Forfeit(amount) => (self.minted, self.treasury) = (self.minted + amount, self.treasury + amount),
            Step::Wait(_) => {}
            Step::Ratify(epoch) => match self.ratified_at[epoch] {
                Some(_) if self.closed[epoch] => return Err(PayoutsError::EpochClosed),
                Some(_) => return Err(PayoutsError::AlreadyRatified),
                None if Self::sum(0..SHARES) > self.free() => return Err(PayoutsError::VaultTooSmall),
                None => self.ratified_at[epoch] = Some(now),
            },
            Step::Claim(epoch, share) => match self.ratified_at[epoch] {
                _ if self.closed[epoch] => return Err(PayoutsError::EpochClosed),
                None => return Err(PayoutsError::EpochNotRatified),
                Some(at) if !window(at) => return Err(PayoutsError::ClaimWindowOver),
                _ if self.claimed[epoch][share] => return Err(PayoutsError::AlreadyClaimed),
                _ => {
                    self.claimed[epoch][share] = true;
                    self.vault -= 100 + share as u64;
                }
            },
            Step::Transfer(amount) if amount > self.treasury + self.free() => {
                return Err(PayoutsError::TransferTakesReserved);
            }
            Step::Transfer(amount) => {
                let bonds = amount.min(self.treasury);
                self.treasury -= bonds;
                self.vault -= amount - bonds;
                self.outside += amount;
            }
            Step::Refill(amount) if amount > self.treasury + self.free() => {
                return Err(PayoutsError::TransferTakesReserved);
            }
            Step::Refill(amount) if amount > self.treasury => return Err(PayoutsError::TransferToItself),
            Step::Refill(amount) => (self.treasury, self.vault) = (self.treasury - amount, self.vault + amount),
            Step::Close(epoch) => match self.ratified_at[epoch] {
                _ if self.closed[epoch] => return Err(PayoutsError::EpochClosed),
                None => return Err(PayoutsError::EpochNotRatified),
                Some(at) if window(at) => return Err(PayoutsError::ClaimWindowOpen),
                Some(_) => self.closed[epoch] = true,
            },
        }
        Ok(())
    }
}

/// Carries a step out on chain.
fn carry_out(money: &mut Money, posted: &[Posted], to: Pubkey, step: Step) -> Result<(), u32> {
    let authority = money.world.authority.insecure_clone();
    let sent = match step {
        Step::Fund(amount) => {
            money.fund(amount);
            return Ok(());
        }
        Step::Forfeit(amount) => {
            money.mint_to(address::treasury_address(), amount);
            return Ok(());
        }
        Step::Wait(seconds) => {
            money.world.wait(seconds);
            return Ok(());
        }
        Step::Ratify(epoch) => {
            let Posted { epoch, commitment, .. } = posted[epoch];
            let ratify = instruction::ratify_epoch_by_authority(authority.pubkey(), epoch, commitment);
            money.world.send(ratify, &[&authority])
        }
        Step::Claim(epoch, share) => {
            let claim = money.claim(&posted[epoch], share as u32, &posted[epoch].shares[share].payee);
            money.world.send(claim, &[])
        }
        Step::Transfer(amount) => money.world.send(money.transfer(to, amount), &[&authority]),
        Step::Refill(amount) => money.world.send(money.transfer(address::vault_address(), amount), &[&authority]),
        Step::Close(epoch) => money.world.send(instruction::close_epoch(posted[epoch].epoch), &[]),
    };
    sent.map(|_| ())
}

fn check(money: &Money, posted: &[Posted], to: Pubkey, model: &Model) {
    let paid: Vec<u64> =
        (0..SHARES).map(|share| money.balance(money.account_of(&key(FIRST_PAYEE + share as u8).pubkey()))).collect();
    for (share, paid) in paid.iter().enumerate() {
        let times = model.claimed.iter().filter(|claimed| claimed[share]).count() as u64;
        assert_eq!(*paid, times * (100 + share as u64));
    }
    let found = (money.vault(), money.treasury(), money.balance(to), money.config().reserved);
    assert_eq!(found, (model.vault, model.treasury, model.outside, model.reserved()));
    assert!(money.config().reserved <= money.vault());
    assert_eq!(paid.iter().sum::<u64>() + found.0 + found.1 + found.2, model.minted);
    for (at, posted) in posted.iter().enumerate() {
        let epoch: radio_payouts::state::Epoch = money.world.read(address::epoch_address(posted.epoch));
        assert_eq!(epoch.claimed, model.claimed_of(at));
        let status = match (model.ratified_at[at], model.closed[at]) {
            (None, _) => EpochStatus::Final,
            (Some(_), false) => EpochStatus::Ratified,
            (Some(_), true) => EpochStatus::Closed,
        };
        assert_eq!(epoch.status, status);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_base_unit_is_accounted_for(steps in prop::collection::vec(step(), 1..40)) {
        let mut money = Money::spl();
        let posted: Vec<_> =
            (0..EPOCHS as u64).map(|at| money.finalized(LIVE + at, &entries(FIRST_PAYEE, SHARES as u8))).collect();
        for share in 0..SHARES {
            money.open(&key(FIRST_PAYEE + share as u8).pubkey());
        }
        let to = money.open(&key(90).pubkey());
        let mut model = Model::default();
        for step in steps {
            let expected = model.take(step, money.world.now()).map_err(u32::from);
            prop_assert_eq!(carry_out(&mut money, &posted, to, step), expected, "{:?}", step);
            check(&money, &posted, to, &model);
        }
    }
}
