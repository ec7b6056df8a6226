//! `/api/v1/proposals`: what holders of BLOOM vote on, how the vote stands, and what can be done next.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use radio_payouts_client::address;
use radio_payouts_client::state::{Config, Deadline, Proposal, ProposalStatus};
use schemars::JsonSchema;
use serde::Serialize;

use super::Decimal;
use crate::service::App;
use crate::service::chain::Snapshot;
use crate::service::http::answer::{Answer, Page, Standing};
use crate::service::http::problem::Problem;
use crate::service::http::query::{InPath, InQuery, ONE, Paging, cursor, limit, to_cursor};
use crate::service::openapi::{Operation, Routes};

pub mod action;

use action::ActionView;

/// Base units that voted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct TallyView {
    /// For it.
    pub yes_base_units: Decimal,
    /// Against it.
    pub no_base_units: Decimal,
    /// For the quorum only.
    pub abstain_base_units: Decimal,
    /// What could vote: supply less vault and treasury when it was made.
    pub votable_base_units: Decimal,
    /// The quorum in bps of that.
    pub quorum_bps: u16,
    /// The quorum.
    pub quorum_base_units: Decimal,
    /// Whether so much has voted.
    pub quorum_reached: bool,
    /// Whether it would be accepted if the vote ended now: the quorum is reached, and there is more for it than against.
    pub accepted_so_far: bool,
}

/// A proposal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct ProposalView {
    /// Its number.
    pub number: Decimal,
    /// Address of its account.
    pub address: String,
    /// Who made it.
    pub proposer: String,
    /// What it does.
    pub action: ActionView,
    /// SHA-256 of what was published with it, as hex: of a simulation, the simulation's hash.
    pub document_hash: Option<String>,
    /// Where it stands on chain: `voting`, `accepted`, `defeated`, `executed`, `expired` or `cancelled`.
    pub state: &'static str,
    /// What comes next: `vote`, `conclude`, `wait` (the timelock runs), `execute`, `expire`, `void` (the role of authority has
    /// changed hands since), or `close` (it is over).
    pub next: &'static str,
    /// Until when (`vote`, `execute`) or from when on (`wait`) that is so, in Unix seconds; pauses put it off.
    pub next_unix: Option<i64>,
    /// The vote.
    pub tally: TallyView,
    /// Whether it needs the higher quorum: Live mode, mandates, moves of the authority, changes of votes.
    pub needs_live_quorum: bool,
    /// Slot of its creation: stake counts if it is older.
    pub created_slot: Decimal,
    /// When it was made, in Unix seconds.
    pub created_unix: i64,
    /// End of the vote, in Unix seconds.
    pub voting_ends_unix: i64,
    /// Seconds between the end of the vote and its execution.
    pub timelock_seconds: u32,
    /// From when on it may be executed, in Unix seconds.
    pub executable_from_unix: i64,
    /// From when on it may no longer be executed, in Unix seconds.
    pub executable_until_unix: i64,
}

/// The routes.
#[must_use]
pub fn routes(routes: Routes) -> Routes {
    let unchanged = "Nothing has changed.";
    let list = Operation::new("proposals", "Proposals that were not closed, newest first", "governance");
    let list = list.query::<Paging>().cursor(ONE).answers::<Answer<Page<ProposalView>>>().also(304, unchanged);
    let one = Operation::new("proposal", "One proposal", "governance").number("number", "Number of the proposal.");
    let one = one.answers::<Answer<ProposalView>>().also(304, unchanged).may_miss();
    routes.get("/api/v1/proposals", list, index).get("/api/v1/proposals/{number}", one, show)
}

async fn index(
    State(app): State<App>,
    InQuery(paging): InQuery<Paging>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = limit(paging.limit)?;
    let before = cursor::<1>(paging.cursor.as_deref())?.map(|[number]| number.cast_unsigned());
    let snapshot = app.snapshot()?;
    let found = snapshot.proposals.values().rev();
    let found = found.filter(|proposal| before.is_none_or(|before| proposal.number < before));
    let found: Vec<_> = found.take(limit.saturating_add(1)).map(|proposal| describe(&snapshot, proposal)).collect();
    let page = Page::of(found, limit, |last| to_cursor([last.number.0.cast_signed()]));
    Answer::new(Standing::ratified_if(snapshot.is_live()), &snapshot, page).respond(&headers)
}

async fn show(State(app): State<App>, InPath(number): InPath<u64>, headers: HeaderMap) -> Result<Response, Problem> {
    let snapshot = app.snapshot()?;
    let proposal = snapshot.proposals.get(&number).ok_or_else(|| {
        let made = if number < snapshot.view.config.next_proposal { "was closed" } else { "was not made yet" };
        Problem::not_found(format!("proposal {number} {made}; /api/v1/proposals lists those that there are"))
    })?;
    Answer::new(Standing::ratified_if(snapshot.is_live()), &snapshot, describe(&snapshot, proposal)).respond(&headers)
}

fn describe(snapshot: &Snapshot, proposal: &Proposal) -> ProposalView {
    let (config, now) = (&snapshot.view.config, snapshot.view.now);
    let tally = &proposal.tally;
    let at = |deadline: Deadline| deadline.expected(&config.pause, now);
    let (next, next_unix) = next(proposal, config, now);
    ProposalView {
        number: Decimal(proposal.number),
        address: address::proposal_address(proposal.number).to_string(),
        proposer: proposal.proposer.to_string(),
        action: ActionView::of(&proposal.action, snapshot.view.versions.last()),
        document_hash: proposal.document_hash.map(hex::encode),
        state: word(proposal.status),
        next,
        next_unix,
        tally: TallyView {
            yes_base_units: Decimal(tally.yes),
            no_base_units: Decimal(tally.no),
            abstain_base_units: Decimal(tally.abstain),
            votable_base_units: Decimal(proposal.base),
            quorum_bps: proposal.quorum_bps,
            quorum_base_units: Decimal(proposal.quorum()),
            quorum_reached: tally.total() >= u128::from(proposal.quorum()),
            accepted_so_far: tally.accepts(proposal.quorum()),
        },
        needs_live_quorum: proposal.action.needs_live_quorum(),
        created_slot: Decimal(proposal.created_slot),
        created_unix: proposal.created.at,
        voting_ends_unix: at(proposal.voting_ends()),
        timelock_seconds: proposal.timelock_seconds,
        executable_from_unix: at(proposal.executable_from()),
        executable_until_unix: at(proposal.executable_until()),
    }
}

const fn word(status: ProposalStatus) -> &'static str {
    match status {
        ProposalStatus::Voting => "voting",
        ProposalStatus::Accepted => "accepted",
        ProposalStatus::Defeated => "defeated",
        ProposalStatus::Executed => "executed",
        ProposalStatus::Expired => "expired",
        ProposalStatus::Cancelled => "cancelled",
    }
}

/// What comes next, and the moment that goes with it; the same cases as `settler governance status`.
fn next(proposal: &Proposal, config: &Config, now: i64) -> (&'static str, Option<i64>) {
    let over = |deadline: Deadline| deadline.has_passed(&config.pause, now);
    let at = |deadline: Deadline| Some(deadline.expected(&config.pause, now));
    let is_governed =
        (config.authority.address, config.authority.nonce) == (address::governance_address(), proposal.authority_nonce);
    match proposal.status {
        ProposalStatus::Voting if !over(proposal.voting_ends()) => ("vote", at(proposal.voting_ends())),
        ProposalStatus::Voting => ("conclude", None),
        ProposalStatus::Accepted if over(proposal.executable_until()) => ("expire", None),
        ProposalStatus::Accepted if !is_governed => ("void", None),
        ProposalStatus::Accepted if !over(proposal.executable_from()) => ("wait", at(proposal.executable_from())),
        ProposalStatus::Accepted => ("execute", at(proposal.executable_until())),
        _ => ("close", None),
    }
}
