//! `settler governance status`.

use std::collections::BTreeMap;

use radio_payouts_client::address;
use radio_payouts_client::state::{
    Action, Config, GovernanceSettings, Proposal, ProposalStatus, VoteChoice, VoteRecord, VoterStake,
};
use serde::Serialize;
use solana_signer::Signer as _;

use crate::chain::deployment;
use crate::cli::Context;
use crate::cli::status::time;
use crate::outcome::{Failure, Outcome};
use crate::output::Table;
use crate::words::action;
use crate::words::amount::{bloom, factor};

/// Arguments of `status`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// One proposal in full [default: a list of all].
    #[arg(value_name = "N")]
    pub proposal: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View {
    authority: String,
    votes_decide: bool,
    settings: SettingsView,
    stake: Option<StakeView>,
    proposals: Vec<ProposalView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SettingsView {
    proposal_threshold_bps: u16,
    quorum_bps: u16,
    live_quorum_bps: u16,
    voting_seconds: u32,
    timelock_seconds: u32,
    execution_seconds: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StakeView {
    owner: String,
    amount_base_units: String,
    since_slot: String,
    locked_until: i64,
    locked: bool,
    open_proposal: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProposalView {
    number: String,
    proposer: String,
    kind: &'static str,
    action: String,
    /// Parameters that it changes, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    changes: BTreeMap<&'static str, String>,
    document_hash: Option<String>,
    state: String,
    yes_base_units: String,
    no_base_units: String,
    abstain_base_units: String,
    votable_base_units: String,
    quorum_bps: u16,
    quorum_base_units: String,
    quorum_reached: bool,
    created_slot: String,
    created_at: i64,
    voting_ends: i64,
    executable_from: i64,
    executable_until: i64,
    own_vote: Option<&'static str>,
    next: String,
}

/// Prints proposals and what can be done with them.
///
/// # Errors
/// If the chain is away, has no deployment, or there is no such proposal.
pub fn run(args: &Args, context: &Context) -> Outcome {
    let chain = context.chain()?;
    let chain = chain.as_ref();
    let config = deployment::require_config(chain)?;
    let now = chain.clock()?.unix_timestamp;
    let proposals = match args.proposal {
        None => deployment::proposals(chain)?,
        Some(number) => vec![deployment::proposal(chain, number)?.ok_or_else(|| {
            let made = if number < config.next_proposal { "was closed" } else { "was not made yet" };
            Failure::usage(format!("proposal {number} {made}"))
        })?],
    };
    // Who has no key may look all the same.
    let path = context.config()?.keypair.as_ref().filter(|path| path.value.exists());
    let owner = path.map(|path| crate::keyfile::load(&path.value)).transpose()?.map(|key| key.pubkey());
    let stake = owner.map(|owner| deployment::stake(chain, &owner)).transpose()?.flatten();
    let mut views = Vec::new();
    for proposal in &proposals {
        let vote = owner.map(|owner| deployment::vote(chain, proposal.number, &owner)).transpose()?.flatten();
        views.push(proposal_view(proposal, &config, vote.as_ref(), now));
    }
    let view = View {
        authority: config.authority.address.to_string(),
        votes_decide: config.authority.address == address::governance_address(),
        settings: settings_view(&config.governance),
        stake: stake.map(|stake| stake_view(&stake, &config, now)),
        proposals: views,
    };
    let one = args.proposal.is_some();
    context.output.emit(&view, |view| if one { in_full(view) } else { list(view) })
}

fn settings_view(settings: &GovernanceSettings) -> SettingsView {
    SettingsView {
        proposal_threshold_bps: settings.proposal_threshold_bps,
        quorum_bps: settings.quorum_bps,
        live_quorum_bps: settings.live_quorum_bps,
        voting_seconds: settings.voting_seconds,
        timelock_seconds: settings.timelock_seconds,
        execution_seconds: settings.execution_seconds,
    }
}

fn stake_view(stake: &VoterStake, config: &Config, now: i64) -> StakeView {
    StakeView {
        owner: stake.owner.to_string(),
        amount_base_units: stake.amount.to_string(),
        since_slot: stake.since_slot.to_string(),
        locked_until: stake.locked_until.expected(&config.pause, now),
        locked: !stake.locked_until.has_passed(&config.pause, now) || stake.open_proposal.is_some(),
        open_proposal: stake.open_proposal.map(|number| number.to_string()),
    }
}

fn proposal_view(proposal: &Proposal, config: &Config, vote: Option<&VoteRecord>, now: i64) -> ProposalView {
    let tally = &proposal.tally;
    let changes = match &proposal.action {
        Action::SetParams(change) => action::changes(change),
        _ => Vec::new(),
    };
    ProposalView {
        number: proposal.number.to_string(),
        proposer: proposal.proposer.to_string(),
        kind: action::kind(&proposal.action),
        action: action::words(&proposal.action),
        changes: changes.into_iter().map(|(name, value)| (name, value.to_string())).collect(),
        document_hash: proposal.document_hash.map(hex::encode),
        state: format!("{:?}", proposal.status),
        yes_base_units: tally.yes.to_string(),
        no_base_units: tally.no.to_string(),
        abstain_base_units: tally.abstain.to_string(),
        votable_base_units: proposal.base.to_string(),
        quorum_bps: proposal.quorum_bps,
        quorum_base_units: proposal.quorum().to_string(),
        quorum_reached: tally.total() >= u128::from(proposal.quorum()),
        created_slot: proposal.created_slot.to_string(),
        created_at: proposal.created.at,
        voting_ends: proposal.voting_ends().expected(&config.pause, now),
        executable_from: proposal.executable_from().expected(&config.pause, now),
        executable_until: proposal.executable_until().expected(&config.pause, now),
        own_vote: vote.map(|vote| match vote.choice {
            VoteChoice::Yes => "yes",
            VoteChoice::No => "no",
            VoteChoice::Abstain => "abstain",
        }),
        next: next(proposal, config, now),
    }
}

/// What happens next, or can be done.
fn next(proposal: &Proposal, config: &Config, now: i64) -> String {
    let (number, pause) = (proposal.number, &config.pause);
    let over = |deadline: radio_payouts_client::state::Deadline| deadline.has_passed(pause, now);
    let at = |deadline: radio_payouts_client::state::Deadline| time(deadline.expected(pause, now));
    match proposal.status {
        ProposalStatus::Voting if !over(proposal.voting_ends()) => {
            format!("`vote {number} yes|no|abstain` until {}", at(proposal.voting_ends()))
        }
        ProposalStatus::Voting => {
            let fate = if proposal.tally.accepts(proposal.quorum()) { "accepted" } else { "defeated" };
            format!("{fate}: `conclude {number}` records it")
        }
        ProposalStatus::Accepted if over(proposal.executable_until()) => format!("too late: `expire {number}`"),
        ProposalStatus::Accepted
            if (config.authority.address, config.authority.nonce)
                != (address::governance_address(), proposal.authority_nonce) =>
        {
            "void: the role of authority has changed hands since".to_owned()
        }
        ProposalStatus::Accepted if !over(proposal.executable_from()) => {
            format!("`execute {number}` from {}", at(proposal.executable_from()))
        }
        ProposalStatus::Accepted => format!("`execute {number}` until {}", at(proposal.executable_until())),
        _ => format!("over; `close {number}` returns the rent to who paid it"),
    }
}

fn percent(bps: u16) -> String {
    factor(u32::from(bps) * 100).trim_end_matches(".0").to_owned() + " %"
}

fn amount(base_units: &str) -> String {
    base_units.parse().map_or_else(|_| base_units.to_owned(), bloom)
}

fn head(view: &View) -> String {
    let mut table = Table::new(&["authority", &view.authority]);
    let who = if view.votes_decide { "votes decide" } else { "votes decide nothing: the authority is another address" };
    table.row(["", who]);
    let SettingsView { voting_seconds, timelock_seconds, execution_seconds, .. } = &view.settings;
    let settings = &view.settings;
    table.row([
        "votes".to_owned(),
        format!("{voting_seconds} s, then {timelock_seconds} s of timelock, then {execution_seconds} s to execute"),
    ]);
    table.row([
        "thresholds".to_owned(),
        format!(
            "{} of the base to propose, quorum {} ({} for Live, mandates, moves of the authority, changes of votes)",
            percent(settings.proposal_threshold_bps),
            percent(settings.quorum_bps),
            percent(settings.live_quorum_bps)
        ),
    ]);
    match &view.stake {
        None => table.row(["your stake", "none"]),
        Some(stake) => {
            let locked = match (&stake.open_proposal, stake.locked) {
                (Some(number), _) => format!(", held by your proposal {number}"),
                (None, true) => format!(", locked until {}", time(stake.locked_until)),
                (None, false) => String::new(),
            };
            let what = format!("{} BLOOM since slot {}{locked}", amount(&stake.amount_base_units), stake.since_slot);
            table.row(["your stake".to_owned(), what]);
        }
    }
    table.to_string()
}

fn list(view: &View) -> String {
    let mut out = head(view);
    if view.proposals.is_empty() {
        return out + "\nno proposals; `settler governance propose --help` says how one is made\n";
    }
    let mut table = Table::new(&[">N", "state", ">yes", ">no", ">abstain", ">quorum", "you", "what", "next"]);
    for proposal in &view.proposals {
        table.row([
            proposal.number.clone(),
            proposal.state.clone(),
            amount(&proposal.yes_base_units),
            amount(&proposal.no_base_units),
            amount(&proposal.abstain_base_units),
            amount(&proposal.quorum_base_units),
            proposal.own_vote.unwrap_or("-").to_owned(),
            proposal.action.clone(),
            proposal.next.clone(),
        ]);
    }
    out += &format!("\n{table}");
    out
}

fn in_full(view: &View) -> String {
    let mut out = head(view);
    for proposal in &view.proposals {
        let mut table = Table::new(&["proposal", &proposal.number]);
        table.row(["what", &proposal.action]);
        table.row(["made by".to_owned(), format!("{} at {}", proposal.proposer, time(proposal.created_at))]);
        table.row(["document (SHA-256)", proposal.document_hash.as_deref().unwrap_or("none")]);
        table.row(["state", &proposal.state]);
        let (yes, no) = (amount(&proposal.yes_base_units), amount(&proposal.no_base_units));
        table.row([
            "votes in BLOOM".to_owned(),
            format!("{yes} yes, {no} no, {} abstain", amount(&proposal.abstain_base_units)),
        ]);
        let reached = if proposal.quorum_reached { "reached" } else { "not reached" };
        table.row([
            "quorum".to_owned(),
            format!(
                "{} BLOOM, {} of {}: {reached}",
                amount(&proposal.quorum_base_units),
                percent(proposal.quorum_bps),
                amount(&proposal.votable_base_units)
            ),
        ]);
        table.row(["end of the vote".to_owned(), time(proposal.voting_ends)]);
        table.row([
            "to be executed".to_owned(),
            format!("from {} until {}", time(proposal.executable_from), time(proposal.executable_until)),
        ]);
        table.row(["your vote", proposal.own_vote.unwrap_or("none")]);
        table.row(["next", &proposal.next]);
        out += &format!("\n{table}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn shares_are_shown_in_percent() {
        assert_eq!((percent(500), percent(10), percent(1_250)), ("5 %".into(), "0.1 %".into(), "12.5 %".into()));
    }
}
