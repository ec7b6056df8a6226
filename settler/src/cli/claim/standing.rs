//! Where each share stands on chain: claimed, payable to whom, or waiting for a binding.

use std::collections::BTreeMap;

use radio_payouts_client::address;
use radio_payouts_client::instruction::claim_chunk;
use radio_payouts_client::state::{ClaimChunk, Config, PayeeBinding};
use solana_pubkey::Pubkey;

use super::source::Due;
use crate::chain::{Chain, deployment};
use crate::outcome::Outcome;

/// Where a share stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It was claimed.
    Claimed,
    /// The DID names no payee and none is bound to it.
    Unbound,
    /// It can be claimed for this payee.
    Payable(Pubkey),
}

impl Standing {
    /// Position and payee, if there is something to send.
    pub fn payable(self, at: usize) -> Option<(usize, Pubkey)> {
        match self {
            Self::Payable(payee) => Some((at, payee)),
            Self::Claimed | Self::Unbound => None,
        }
    }
}

/// Reads the standing of each.
pub fn of(chain: &dyn Chain, config: &Config, dues: &[Due]) -> Outcome<Vec<Standing>> {
    let chunks = chunks(chain, dues)?;
    let bindings = bindings(chain, dues)?;
    let now = chain.clock()?.unix_timestamp;
    let mut standings = Vec::with_capacity(dues.len());
    for due in dues {
        let share = &due.share;
        let payee = if share.payee == Pubkey::default() {
            bindings.get(&share.did_hash).and_then(|binding| binding.payee_at(&config.pause, now))
        } else {
            Some(share.payee)
        };
        let claimed = chunks.get(&chunk(due)).is_some_and(|chunk| chunk.is_claimed(share.index));
        standings.push(match payee {
            _ if claimed => Standing::Claimed,
            Some(payee) => Standing::Payable(payee),
            None => Standing::Unbound,
        });
    }
    Ok(standings)
}

fn chunk(due: &Due) -> (u64, u32) {
    (due.share.epoch, claim_chunk(due.share.index))
}

fn chunks(chain: &dyn Chain, dues: &[Due]) -> Outcome<BTreeMap<(u64, u32), ClaimChunk>> {
    let mut wanted: Vec<_> = dues.iter().map(chunk).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let addresses: Vec<_> = wanted.iter().map(|(epoch, chunk)| address::claims_address(*epoch, *chunk)).collect();
    let found = deployment::read_each(chain, &addresses)?;
    Ok(wanted.into_iter().zip(found).filter_map(|(chunk, found)| Some((chunk, found?))).collect())
}

fn bindings(chain: &dyn Chain, dues: &[Due]) -> Outcome<BTreeMap<[u8; 32], PayeeBinding>> {
    let unnamed = dues.iter().filter(|due| due.share.payee == Pubkey::default());
    let mut wanted: Vec<_> = unnamed.map(|due| due.share.did_hash).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let addresses: Vec<_> = wanted.iter().map(address::binding_address).collect();
    let found = deployment::read_each(chain, &addresses)?;
    Ok(wanted.into_iter().zip(found).filter_map(|(did, found)| Some((did, found?))).collect())
}
