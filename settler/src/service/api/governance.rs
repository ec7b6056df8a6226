//! `/api/v1/governance`: who decides, how votes are held, which times apply; and the mandates under which epochs may be ratified.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use radio_payouts_client::address;
use schemars::JsonSchema;
use serde::Serialize;

use super::Decimal;
use crate::service::App;
use crate::service::http::answer::{Answer, Page, Standing};
use crate::service::http::problem::Problem;
use crate::service::http::query::{InQuery, ONE, Paging, cursor, limit, to_cursor};
use crate::service::openapi::{Operation, Routes};

/// Who decides, and how.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct GovernanceView {
    /// Who may change things.
    pub authority: String,
    /// Whether that is the program's own governance, so that votes decide.
    pub votes_decide: bool,
    /// Whether it is the authority of the beginning, which may do everything except make a Live version.
    pub bootstrap: bool,
    /// To whom the role is offered now.
    pub offered_to: Option<String>,
    /// Who may resolve disputes beside the authority.
    pub arbiter: Option<String>,
    /// Who may pause.
    pub pause_key: String,
    /// Proposals ever made.
    pub proposals: Decimal,
    /// Mandates ever made.
    pub mandates: Decimal,
    /// Stake needed to propose, in bps of what can vote.
    pub proposal_threshold_bps: u16,
    /// Quorum in bps of what can vote.
    pub quorum_bps: u16,
    /// The same for Live mode, mandates, moves of the authority and changes of votes.
    pub live_quorum_bps: u16,
    /// Length of a vote.
    pub voting_seconds: u32,
    /// Seconds between the end of a vote and its execution.
    pub timelock_seconds: u32,
    /// Seconds after the timelock in which anyone may execute.
    pub execution_seconds: u32,
    /// Seconds after an epoch's end before it may be posted.
    pub grace_seconds: u32,
    /// Seconds between a post and finality, in which disputes are opened.
    pub challenge_seconds: u32,
    /// Seconds until an open dispute lapses.
    pub dispute_seconds: u32,
    /// Seconds in which a ratified share may be claimed.
    pub claim_seconds: u32,
    /// Seconds before an accepted payee binding takes effect.
    pub binding_delay_seconds: u32,
    /// Least dispute bond.
    pub dispute_bond_min_base_units: Decimal,
    /// Dispute bond in bps of the pool.
    pub dispute_bond_bps: u16,
}

/// A mandate.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct MandateView {
    /// Its number.
    pub number: Decimal,
    /// First epoch covered.
    pub first_epoch: Decimal,
    /// Last epoch covered.
    pub last_epoch: Decimal,
    /// What may be ratified under it.
    pub budget_base_units: Decimal,
    /// What was.
    pub spent_base_units: Decimal,
    /// What is left.
    pub left_base_units: Decimal,
    /// Seconds for which an epoch must have been final.
    pub delay_seconds: u32,
    /// Whether it was cancelled.
    pub cancelled: bool,
}

/// The routes.
#[must_use]
pub fn routes(routes: Routes) -> Routes {
    let unchanged = "Nothing has changed.";
    let one = Operation::new("governance", "Who decides, how votes are held, which times apply", "governance");
    let one = one.answers::<Answer<GovernanceView>>().also(304, unchanged);
    let list = Operation::new("mandates", "Mandates under which epochs may be ratified, newest first", "governance");
    let list = list.query::<Paging>().cursor(ONE).answers::<Answer<Page<MandateView>>>().also(304, unchanged);
    routes.get("/api/v1/governance", one, show).get("/api/v1/mandates", list, mandates)
}

async fn show(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    let snapshot = app.snapshot()?;
    let config = &snapshot.view.config;
    let (votes, times) = (&config.governance, &config.times);
    let view = GovernanceView {
        authority: config.authority.address.to_string(),
        votes_decide: config.authority.address == address::governance_address(),
        bootstrap: config.authority.bootstrap,
        offered_to: config.authority.offer.map(|offer| offer.to.to_string()),
        arbiter: config.arbiter.map(|arbiter| arbiter.to_string()),
        pause_key: config.pause_key.to_string(),
        proposals: Decimal(config.next_proposal),
        mandates: Decimal(config.next_mandate),
        proposal_threshold_bps: votes.proposal_threshold_bps,
        quorum_bps: votes.quorum_bps,
        live_quorum_bps: votes.live_quorum_bps,
        voting_seconds: votes.voting_seconds,
        timelock_seconds: votes.timelock_seconds,
        execution_seconds: votes.execution_seconds,
        grace_seconds: times.grace_seconds,
        challenge_seconds: times.challenge_seconds,
        dispute_seconds: times.dispute_seconds,
        claim_seconds: times.claim_seconds,
        binding_delay_seconds: times.binding_delay_seconds,
        dispute_bond_min_base_units: Decimal(times.dispute_bond_min),
        dispute_bond_bps: times.dispute_bond_bps,
    };
    Answer::new(Standing::ratified_if(snapshot.is_live()), &snapshot, view).respond(&headers)
}

async fn mandates(
    State(app): State<App>,
    InQuery(paging): InQuery<Paging>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = limit(paging.limit)?;
    let before = cursor::<1>(paging.cursor.as_deref())?.map(|[number]| number.cast_unsigned());
    let snapshot = app.snapshot()?;
    let found = snapshot.mandates.iter().rev();
    let found = found.filter(|mandate| before.is_none_or(|before| mandate.number < before));
    let views = found.take(limit.saturating_add(1)).map(|mandate| MandateView {
        number: Decimal(mandate.number),
        first_epoch: Decimal(mandate.terms.first_epoch),
        last_epoch: Decimal(mandate.terms.last_epoch),
        budget_base_units: Decimal(mandate.terms.budget),
        spent_base_units: Decimal(mandate.spent),
        left_base_units: Decimal(mandate.left()),
        delay_seconds: mandate.terms.delay_seconds,
        cancelled: mandate.cancelled,
    });
    let page = Page::of(views.collect(), limit, |last: &MandateView| to_cursor([last.number.0.cast_signed()]));
    Answer::new(Standing::ratified_if(snapshot.is_live()), &snapshot, page).respond(&headers)
}
