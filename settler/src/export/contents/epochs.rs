//! The row of an epoch.

use radio_payouts_client::state::{Epoch as Account, EpochStatus};
use radio_payouts_protocol::params::Mode;

use super::{Epoch, Rows, Value};

/// A moment on chain, once it has come.
fn moment(
    account: Option<&Account>,
    has_come: impl Fn(EpochStatus) -> bool,
    at: impl Fn(&Account) -> i64,
) -> Value<'static> {
    let at = account.filter(|account| has_come(account.status)).map(at);
    Value::number(at.and_then(|at| u64::try_from(at).ok()))
}

/// Writes it.
pub(super) fn write(epoch: &Epoch<'_>, rows: &mut dyn Rows) -> anyhow::Result<()> {
    let manifest = &epoch.artefact.manifest;
    let (statement, totals) = (&manifest.statement, &manifest.totals);
    let calendar = manifest.deployment.calendar()?;
    let unix = |at: Option<i64>| Value::number(at.and_then(|at| u64::try_from(at).ok()));
    let (commitment, parent) = (hex::encode(manifest.commitment), hex::encode(statement.parent));
    let sum = |of: fn(&crate::artefact::manifest::SfuJson) -> u32| -> u64 {
        manifest.sfus.iter().map(|sfu| u64::from(of(sfu))).sum()
    };
    let leaves: u64 = statement.payouts.iter().map(|tree| u64::from(tree.count)).sum();
    let account = epoch.standing.account();
    let is_ratified = |status| matches!(status, EpochStatus::Ratified | EpochStatus::Closed);
    let [number, standing, state, slot] = epoch.head();
    rows.row(&[
        number,
        standing,
        state,
        slot,
        unix(calendar.start_unix(statement.epoch)),
        unix(calendar.end_unix(statement.epoch)),
        Value::Text(match manifest.mode {
            Mode::Demo => "demo",
            Mode::Live => "live",
        }),
        Value::Text(&commitment),
        Value::Text(&parent),
        statement.params_version.into(),
        statement.registry_version.into(),
        Value::Number(manifest.registry.len() as u128),
        sum(|sfu| sfu.accepted).into(),
        sum(|sfu| sfu.rejected).into(),
        totals.bytes.into(),
        totals.paid_bytes.into(),
        totals.effective_bytes.into(),
        manifest.params.rate.into(),
        statement.pool.into(),
        totals.cap_base_units.into(),
        totals.minimum_base_units.into(),
        totals.allocated_base_units.into(),
        totals.unallocated_base_units.into(),
        totals.contributors.into(),
        leaves.into(),
        moment(account, EpochStatus::has_root, |account| account.posted.at),
        moment(account, EpochStatus::is_final, |account| account.finalized.at),
        moment(account, is_ratified, |account| account.ratified.at),
        Value::number(account.map(|account| account.claimed)),
    ])
}
