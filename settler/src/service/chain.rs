//! What the chain says, read every few seconds by a thread of its own. Requests are answered from the last snapshot, which says
//! as of which slot it is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use radio_payouts_client::state::{Dispute, Epoch, EpochStatus, Mandate, Mode, Proposal, Settler};
use radio_payouts_protocol::domain::Domain;
use tokio::sync::watch;

use super::Stop;
use super::history::Histories;
use super::metrics::Metrics;
use crate::chain::{Chain, deployment};
use crate::epoch::view::View;
use crate::outcome::{Failure, Outcome};

/// The deployment as of one slot.
#[derive(Debug)]
pub struct Snapshot {
    /// Deployment, parameters, SFUs, clock.
    pub view: View,
    /// Every epoch that was ever posted.
    pub epochs: BTreeMap<u64, Epoch>,
    /// Every proposal that was not closed, by number.
    pub proposals: BTreeMap<u64, Proposal>,
    /// Every mandate, by number.
    pub mandates: Vec<Mandate>,
    /// Every settler, by key.
    pub settlers: Vec<Settler>,
    /// Every dispute that was not closed, by epoch and attempt.
    pub disputes: Vec<Dispute>,
    /// Base units in the vault and in the treasury.
    pub funds: (u64, u64),
    /// Whether the clock is the chain's own: an embedded chain, whose time may be set.
    pub has_own_clock: bool,
    read_at: Instant,
}

impl Snapshot {
    fn read(chain: &dyn Chain, has_own_clock: bool) -> Outcome<Self> {
        // The clock is read after everything else: nothing in a snapshot is newer than what it says.
        let epochs = deployment::epochs(chain)?.into_iter().map(|epoch| (epoch.epoch, epoch)).collect();
        let proposals = deployment::proposals(chain)?;
        let proposals = proposals.into_iter().map(|proposal| (proposal.number, proposal)).collect();
        let (mandates, settlers) = (deployment::mandates(chain)?, deployment::settlers(chain)?);
        let disputes = deployment::disputes(chain)?;
        let funds = deployment::funds(chain, &deployment::require_config(chain)?)?;
        let view = View::read(chain)?;
        let read_at = Instant::now();
        Ok(Self { view, epochs, proposals, mandates, settlers, disputes, funds, has_own_clock, read_at })
    }

    /// How long ago it was read.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.read_at.elapsed()
    }

    /// Domain of the deployment.
    #[must_use]
    pub fn domain(&self) -> Domain {
        Domain::from_bytes(self.view.config.domain)
    }

    /// The time by which batches are received, in Unix milliseconds: this machine's, or an embedded chain's.
    #[must_use]
    pub fn receiver_now_ms(&self) -> u64 {
        if self.has_own_clock {
            let elapsed = u64::try_from(self.age().as_millis()).unwrap_or(u64::MAX);
            u64::try_from(self.view.now).unwrap_or_default().saturating_mul(1_000).saturating_add(elapsed)
        } else {
            u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or_default()
        }
    }

    /// Whether the chain says that an epoch is ratified.
    #[must_use]
    pub fn is_ratified(&self, epoch: u64) -> bool {
        let status = self.epochs.get(&epoch).map(|account| account.status);
        matches!(status, Some(EpochStatus::Ratified | EpochStatus::Closed))
    }

    /// The running epoch by the chain's clock; none before the calendar begins.
    #[must_use]
    pub fn running_epoch(&self) -> Option<u64> {
        self.view.config.calendar().ok()?.epoch_at_unix(self.view.now)
    }

    /// Whether the version of the parameters in force now is Live.
    #[must_use]
    pub fn is_live(&self) -> bool {
        let now = self.running_epoch().unwrap_or_default();
        deployment::params_in_force(&self.view.versions, now).is_some_and(|version| version.mode == Mode::Live)
    }
}

/// How the chain is read.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Whether its clock is its own: an embedded one.
    pub has_own_clock: bool,
    /// The domain that the configuration names.
    pub expected: Option<[u8; 32]>,
    /// Time between two looks.
    pub every: Duration,
}

/// Reads the chain until the service ends.
pub fn watch(
    chain: &dyn Chain,
    reading: Reading,
    metrics: &Metrics,
    histories: &Histories,
    stop: &Stop,
    send: &watch::Sender<Option<Arc<Snapshot>>>,
) {
    let Reading { has_own_clock, expected, every } = reading;
    let mut was_away = false;
    loop {
        let started = Instant::now();
        match Snapshot::read(chain, has_own_clock).and_then(|snapshot| check(snapshot, expected)) {
            Ok(snapshot) => {
                metrics.chain_read(&snapshot, started.elapsed());
                let snapshot = Arc::new(snapshot);
                send.send_replace(Some(snapshot.clone()));
                if let Err(error) = histories.look(chain, &snapshot) {
                    metrics.chain_failed();
                    tracing::debug!(%error, "the history of an epoch was not read");
                }
                if was_away {
                    tracing::warn!(chain = chain.describe(), "the chain answers again");
                }
                was_away = false;
            }
            Err(failure) => {
                metrics.chain_failed();
                // Once, not every few seconds.
                if !was_away {
                    tracing::warn!(
                        chain = chain.describe(),
                        error = format!("{:#}", failure.error),
                        "the chain is away"
                    );
                }
                was_away = true;
            }
        }
        if stop.sleep(every) {
            return;
        }
    }
}

fn check(snapshot: Snapshot, expected: Option<[u8; 32]>) -> Outcome<Snapshot> {
    match expected {
        Some(expected) if expected != snapshot.view.config.domain => Err(Failure::not_permitted(
            "the deployment is not the one that the configuration was made for; nothing is taken in for it",
        )),
        _ => Ok(snapshot),
    }
}
