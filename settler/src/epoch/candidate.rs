//! Candidates on chain: what settlers support and what is not in force yet.

use radio_payouts_client::state::{Candidate, Settler, Support};
use radio_payouts_protocol::hash::Hash;

use super::view::View;
use crate::chain::{Chain, deployment};
use crate::outcome::Outcome;

/// A commitment that settlers support for an epoch without a root.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Supported {
    /// The epoch.
    pub epoch: u64,
    /// The epoch's attempt.
    pub attempt: u32,
    /// The commitment.
    pub commitment: Hash,
    /// How many settlers support it.
    pub support: u8,
}

impl Supported {
    /// The candidate as a settler's account names it.
    #[must_use]
    pub const fn as_support(&self) -> Support {
        Support { epoch: self.epoch, attempt: self.attempt, commitment: self.commitment }
    }
}

/// Candidates of epochs after the head that have support and may still come into force, by epoch; within one the most supported
/// first, among equals the least commitment.
///
/// All settlers see this order, so that those who give way to others' candidates end at the same one.
///
/// # Errors
/// If the chain is away.
pub fn supported(chain: &dyn Chain, view: &View) -> Outcome<Vec<Supported>> {
    let after_head = |epoch: u64| {
        let state = &view.config.chain;
        state.head.is_none_or(|head| epoch > head.epoch) && state.skipped_through.is_none_or(|skipped| epoch > skipped)
    };
    let mut found = Vec::new();
    for (_, candidate) in deployment::read_all::<Candidate>(chain)? {
        if candidate.support == 0 || candidate.banned || !after_head(candidate.epoch) {
            continue;
        }
        let Some(account) = deployment::epoch(chain, candidate.epoch)? else { continue };
        if account.attempt == candidate.attempt && !account.status.has_root() {
            let Candidate { epoch, attempt, commitment, support, .. } = candidate;
            found.push(Supported { epoch, attempt, commitment, support });
        }
    }
    found.sort_unstable_by_key(|one| (one.epoch, std::cmp::Reverse(one.support), one.commitment));
    Ok(found)
}

/// Whether a settler supports this candidate.
#[must_use]
pub fn supports(settler: &Settler, view: &View, candidate: &Supported) -> bool {
    settler.standing_support(&view.config.chain) == Some(candidate.as_support())
}
