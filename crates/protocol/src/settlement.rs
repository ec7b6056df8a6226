//! From held batches to the statement of an epoch: sections 4.4 to 8 in one straight line.
//!
//! seal every SFU → judge receipts and add up cells → history → weights → allocation → trees → statement.
//!
//! This pure path is the oracle for every engine and what a browser runs. Its result depends on nothing but its
//! arguments: not on a clock, the order of arrival, or how batches were stored.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::allocation::{Allocation, split};
use crate::batch::{Batch, BatchHeader};
use crate::calendar::{Calendar, CalendarError};
use crate::cells::{BatchReceipts, CellBuilder, Cells, Overflow};
use crate::did::Did;
use crate::domain::Domain;
use crate::forest::{Forest, MerkleSumTree, hash_leaves};
use crate::hash::{Hash, ZERO_HASH};
use crate::history::History;
use crate::inputs::inputs_hash;
use crate::params::{Mode, Params};
use crate::registry::Sfu;
use crate::seal::{Sealing, SfuSeal, SfuState, seal_sfu};
use crate::statement::Statement;
use crate::tree::{Kind, ProofError, batch_leaf, share_leaf};
use crate::weights::{Weights, weigh};

/// A posted epoch and what the next one needs of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parent {
    /// Its number.
    pub epoch: u64,
    /// Its commitment.
    pub commitment: Hash,
    /// Mode of its parameters.
    pub mode: Mode,
    /// Sealing state of every SFU after it.
    pub sfus: BTreeMap<[u8; 32], SfuState>,
    /// History after it.
    pub history: History,
}

/// All that an epoch depends on besides batches.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    /// Domain of the deployment.
    pub domain: &'a Domain,
    /// First 32 characters of the cluster's base58 genesis hash (section 3).
    pub cluster_reference: &'a str,
    /// Start and length of epochs.
    pub calendar: Calendar,
    /// Number of the epoch.
    pub epoch: u64,
    /// The epoch before on the chain of posted epochs.
    pub parent: Option<&'a Parent>,
    /// Parameters of the epoch.
    pub params: &'a Params,
    /// Their version.
    pub params_version: u32,
    /// Mode of any epoch up to this one.
    pub mode_of: &'a (dyn Fn(u64) -> Mode + Sync),
    /// Version of the registry at the time of the post.
    pub registry_version: u64,
    /// Every registered SFU, in any order; those with `valid_from` after the epoch are left out.
    pub sfus: &'a [Sfu],
}

/// An accepted batch with what its receipts came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AcceptedBatch {
    /// The batch.
    pub header: BatchHeader,
    /// Verdict of every receipt and the accepted bytes.
    pub receipts: BatchReceipts,
}

/// A settled epoch: the statement and everything that led to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settlement {
    /// What is posted.
    pub statement: Statement,
    /// Its commitment.
    pub commitment: Hash,
    /// Sealing of every SFU, by key.
    pub seals: Vec<SfuSeal>,
    /// Accepted batches by (SFU key, seq): the leaves of the batch tree.
    pub batches: Vec<AcceptedBatch>,
    /// Contributors, tracks and cells.
    pub cells: Cells,
    /// Effective bytes.
    pub weights: Weights,
    /// Pool and shares, in the order of `cells.contributors`.
    pub allocation: Allocation,
    /// Payee of every contributor, 32 zeros if there is none, in the order of `cells.contributors`.
    pub payees: Vec<[u8; 32]>,
    /// Leaf index of every contributor that has one.
    pub leaf_indices: Vec<Option<u32>>,
    /// The payout trees.
    pub forest: Forest,
    /// The batch tree.
    pub batch_tree: MerkleSumTree,
    /// History after this epoch.
    pub history: History,
    /// Mode of the epoch's parameters.
    pub mode: Mode,
}

/// A settled epoch without what it has for every batch, cell and contributor: what its manifest says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Summary {
    /// What is posted.
    pub statement: Statement,
    /// Its commitment.
    pub commitment: Hash,
    /// Mode of the epoch's parameters.
    pub mode: Mode,
    /// Sealing of every SFU, by key.
    pub seals: Vec<SfuSeal>,
    /// `B`, the bytes that the rate is paid for.
    pub paid_bytes: u64,
    /// `W`, the sum of effective bytes.
    pub effective_bytes: u64,
    /// The most that one contributor may get, in base units.
    pub cap: u64,
    /// The minimum in force, in base units.
    pub minimum: u64,
    /// Sum of the leaves' amounts, in base units.
    pub allocated: u64,
    /// Number of contributors, with a leaf or without.
    pub contributors: u32,
}

impl Settlement {
    /// What the epoch's manifest says.
    #[must_use]
    pub fn to_summary(&self) -> Summary {
        Summary {
            statement: self.statement.clone(),
            commitment: self.commitment,
            mode: self.mode,
            seals: self.seals.clone(),
            paid_bytes: self.weights.paid_bytes,
            effective_bytes: self.weights.total,
            cap: self.allocation.cap,
            minimum: self.allocation.minimum,
            allocated: self.allocation.allocated,
            contributors: u32::try_from(self.cells.contributors.len()).unwrap_or(u32::MAX),
        }
    }

    /// What the next epoch needs of this one.
    #[must_use]
    pub fn to_parent(&self) -> Parent {
        Parent {
            epoch: self.statement.epoch,
            commitment: self.commitment,
            mode: self.mode,
            sfus: self.seals.iter().map(|seal| (seal.key, seal.next.clone())).collect(),
            history: self.history.clone(),
        }
    }
}

/// Why an epoch could not be settled.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SettlementError<E> {
    /// A held batch could not be loaded.
    #[error("a held batch could not be loaded: {0}")]
    Load(E),
    /// A sum left its range; no valid input does that.
    #[error(transparent)]
    Overflow(#[from] Overflow),
    /// A tree could not be built.
    #[error(transparent)]
    Tree(#[from] ProofError),
    /// The epoch lies beyond the calendar.
    #[error("the epoch lies beyond the calendar")]
    Calendar,
    /// There is no such calendar.
    #[error(transparent)]
    NoCalendar(#[from] CalendarError),
}

/// Settles an epoch. `held` are headers of batches that no ancestor judged, in any order; `load` yields a batch by
/// its header and is called once for each accepted one, by (SFU key, seq).
///
/// # Errors
/// [`SettlementError`].
pub fn settle<E>(
    setting: &Setting<'_>,
    held: &[BatchHeader],
    mut load: impl FnMut(&BatchHeader) -> Result<Batch, E>,
) -> Result<Settlement, SettlementError<E>> {
    setting.calendar.end_ms(setting.epoch).ok_or(SettlementError::Calendar)?;
    let seals = seal_all(setting, held);
    let mut builder = CellBuilder::new(setting.params);
    let mut batches = Vec::new();
    for (sfu, seal) in registered(setting).iter().zip(&seals) {
        builder.begin_sfu(sfu.key, sfu.max_bytes_per_epoch);
        for header in seal.accepted() {
            let batch = load(header).map_err(SettlementError::Load)?;
            batches.push(AcceptedBatch { header: *header, receipts: builder.add_batch(&batch)? });
        }
    }
    conclude(setting, seals, batches, builder.finish())
}

/// From cells to the statement: history, weights, allocation, trees. The second half of [`settle`], for engines that judge
/// and add up receipts by other means.
///
/// `seals` are those of [`seal_all`], `batches` the accepted ones by (SFU key, seq), `cells` what their receipts came to; what
/// an engine hands over is not checked here.
///
/// # Errors
/// [`SettlementError`], never [`SettlementError::Load`].
pub fn conclude<E>(
    setting: &Setting<'_>,
    seals: Vec<SfuSeal>,
    batches: Vec<AcceptedBatch>,
    cells: Cells,
) -> Result<Settlement, SettlementError<E>> {
    let Setting { domain, epoch, params, .. } = *setting;
    let mode = (setting.mode_of)(epoch);
    let history = history_after(setting, mode, &cells);
    let weights = weigh(params, epoch, &cells, |index| {
        cells.contributors.get(index).and_then(|contributor| history.get(&contributor.did_hash))
    })?;
    let allocation = split(params, &weights)?;
    let payees = payees_of(&cells, setting.cluster_reference);
    let (leaf_indices, forest) = plant(domain, epoch, &cells, &allocation, &payees)?;
    let leaves = (0u32..)
        .zip(&batches)
        .map(|(index, AcceptedBatch { header, receipts })| {
            batch_leaf(domain, epoch, index, &header.sfu_key, header.seq, &header.hash, receipts.accepted_bytes)
        })
        .collect();
    let batch_tree = MerkleSumTree::build(Kind::Batches, domain, leaves)?;
    let statement = Statement {
        epoch,
        parent: setting.parent.map_or(ZERO_HASH, |parent| parent.commitment),
        params_version: setting.params_version,
        registry_version: setting.registry_version,
        inputs_hash: inputs_hash(&seals),
        history_hash: history.hash(),
        batches: batch_tree.root(),
        pool: allocation.pool,
        payouts: forest.roots(),
    };
    let commitment = statement.commitment(domain);
    Ok(Settlement {
        statement,
        commitment,
        seals,
        batches,
        cells,
        weights,
        allocation,
        payees,
        leaf_indices,
        forest,
        batch_tree,
        history,
        mode,
    })
}

/// The SFUs with `valid_from <= epoch`, by key: those that [`seal_all`] seals, in its order.
#[must_use]
pub fn registered(setting: &Setting<'_>) -> Vec<Sfu> {
    let mut sfus: Vec<Sfu> = setting.sfus.iter().filter(|sfu| sfu.valid_from <= setting.epoch).copied().collect();
    sfus.sort_unstable_by_key(|sfu| sfu.key);
    sfus
}

/// Seals every registered SFU, by key.
#[must_use]
pub fn seal_all(setting: &Setting<'_>, held: &[BatchHeader]) -> Vec<SfuSeal> {
    let sealing = Sealing {
        epoch: setting.epoch,
        calendar: setting.calendar,
        parent_epoch: setting.parent.map(|parent| parent.epoch),
        mode_of: setting.mode_of,
    };
    let mut held_by_sfu: BTreeMap<[u8; 32], Vec<BatchHeader>> = BTreeMap::new();
    for header in held {
        held_by_sfu.entry(header.sfu_key).or_default().push(*header);
    }
    let untouched = SfuState::default();
    registered(setting)
        .iter()
        .map(|sfu| {
            let state = setting.parent.and_then(|parent| parent.sfus.get(&sfu.key)).unwrap_or(&untouched);
            let held = held_by_sfu.get(&sfu.key).map(Vec::as_slice).unwrap_or_default();
            seal_sfu(&sealing, sfu, state, held)
        })
        .collect()
}

/// History starts empty in the first Live epoch.
fn history_after(setting: &Setting<'_>, mode: Mode, cells: &Cells) -> History {
    let active = cells
        .contributors
        .iter()
        .filter(|contributor| contributor.bytes >= setting.params.active_min_bytes)
        .map(|contributor| contributor.did_hash);
    match history_before(setting, mode) {
        Some(before) => before.after(setting.epoch, active),
        None => History::default().after(setting.epoch, active),
    }
}

/// The history that an epoch of this mode goes on from; `None` if it starts empty.
#[must_use]
pub fn history_before<'a>(setting: &Setting<'a>, mode: Mode) -> Option<&'a History> {
    let parent = setting.parent.filter(|parent| parent.mode == Mode::Live || mode == Mode::Demo);
    parent.map(|parent| &parent.history)
}

fn payees_of(cells: &Cells, cluster_reference: &str) -> Vec<[u8; 32]> {
    cells.contributors.iter().map(|contributor| payee_of(&contributor.did, cluster_reference)).collect()
}

/// The payee of a DID of an accepted receipt, 32 zeros if there is none (section 3).
#[must_use]
pub fn payee_of(did: &str, cluster_reference: &str) -> [u8; 32] {
    // Accepted receipts hold valid DIDs only.
    Did::parse(did).ok().and_then(|did| did.payee(cluster_reference)).unwrap_or(ZERO_HASH)
}

/// Leaves and trees of all shares that have one; contributors are sorted by `did_hash`, so leaves are too.
fn plant(
    domain: &Domain,
    epoch: u64,
    cells: &Cells,
    allocation: &Allocation,
    payees: &[[u8; 32]],
) -> Result<(Vec<Option<u32>>, Forest), ProofError> {
    let mut next = 0u32;
    let mut indices = Vec::with_capacity(cells.contributors.len());
    let mut paid = Vec::new();
    for ((contributor, share), payee) in cells.contributors.iter().zip(&allocation.shares).zip(payees) {
        if share.no_leaf.is_some() {
            indices.push(None);
            continue;
        }
        indices.push(Some(next));
        paid.push((next, contributor.did_hash, *payee, share.amount));
        next = next.checked_add(1).ok_or(ProofError::PositionOutOfRange)?;
    }
    let leaves = hash_leaves(&paid, |_, (index, did_hash, payee, amount)| {
        share_leaf(domain, epoch, *index, did_hash, payee, *amount)
    });
    Ok((indices, Forest::build(domain, &leaves)?))
}
