//! Days in a moment: the times that the program's accounts have recorded are moved back.
//!
//! A Live epoch waits a day to become final, two under a mandate, half a year until it is closed, and a validator's clock
//! follows the real one. What a test can move is the other end: an account says *when* something happened, and a deadline
//! is that plus so many seconds. [`Localnet::rewrite`] changes such an account in the validator's open bank, between two
//! transactions, as though the time had passed. Nothing else is touched: what follows are real transactions, judged by the
//! program's bytecode on the validator.

use std::time::{Duration, Instant};

use anchor_lang::{AccountDeserialize, AccountSerialize};
use radio_payouts_client::address;
use radio_payouts_client::state::{Config, Epoch, PayeeBinding, Start};
use solana_account::{AccountSharedData, ReadableAccount as _};
use solana_hash::Hash;
use solana_pubkey::Pubkey;

use crate::Localnet;

/// How long a change may take to be final.
const PATIENCE: Duration = Duration::from_secs(60);

impl Localnet {
    /// Changes an account of the program in the bank that is open, and waits until that bank is final.
    ///
    /// # Panics
    /// If the account is not there or not of that kind, or the validator makes no progress.
    pub fn rewrite<T: AccountDeserialize + AccountSerialize>(&self, address: &Pubkey, change: impl FnOnce(&mut T)) {
        let forks = self.validator().bank_forks();
        let begun = Instant::now();
        let slot = loop {
            assert!(begun.elapsed() < PATIENCE, "no bank is open");
            let bank = forks.read().expect("the bank forks").working_bank();
            // As transactions are committed: while this is held, the bank is not frozen.
            let hash = bank.freeze_lock();
            if *hash == Hash::default() {
                let mut account: AccountSharedData = bank.get_account(address).expect("the account is there");
                let mut value = T::try_deserialize(&mut account.data()).expect("an account of this kind");
                change(&mut value);
                let mut data = Vec::with_capacity(account.data().len());
                value.try_serialize(&mut data).expect("the account is written");
                data.resize(account.data().len(), 0);
                account.set_data_from_slice(&data);
                bank.store_account(address, &account);
                break bank.slot();
            }
            drop(hash);
            std::thread::sleep(Duration::from_millis(2));
        };
        while forks.read().expect("the bank forks").root() < slot {
            assert!(begun.elapsed() < PATIENCE, "slot {slot} does not become final");
            std::thread::sleep(Duration::from_millis(50));
        }
        // The node tells of finality a moment later than it knows.
        std::thread::sleep(Duration::from_millis(500));
    }

    /// As though so many epochs more had passed before anything was posted: epoch 0 starts that much earlier.
    pub fn pass_epochs(&self, epochs: u32) {
        self.rewrite(&address::config_address(), |config: &mut Config| {
            config.genesis_unix -= i64::from(epochs) * i64::from(config.epoch_seconds);
        });
    }

    /// As though so many seconds had passed since whatever happened to an epoch.
    pub fn age_epoch(&self, epoch: u64, seconds: i64) {
        self.rewrite(&address::epoch_address(epoch), |epoch: &mut Epoch| {
            for start in [&mut epoch.posted, &mut epoch.finalized, &mut epoch.ratified] {
                if *start != Start::default() {
                    start.at -= seconds;
                }
            }
        });
    }

    /// As though so many seconds had passed since the payee of a DID accepted.
    pub fn age_binding(&self, did_hash: &[u8; 32], seconds: i64) {
        self.rewrite(&address::binding_address(did_hash), |binding: &mut PayeeBinding| {
            if let Some(start) = binding.pending.as_mut().and_then(|pending| pending.accepted.as_mut()) {
                start.at -= seconds;
            }
        });
    }
}
