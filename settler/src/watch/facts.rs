//! What can change in a deployment between two looks, each fact as a line of text under a name.
//!
//! Comparing texts makes nothing depend on events, which a node may not keep: two looks however far apart show what differs.
//! What moved and came back in between is seen where the chain counts it (pauses in seconds, moves of the authority).

use std::collections::{BTreeMap, BTreeSet};

use radio_payouts_client::state::{Config, ConfigTimes, GovernanceSettings, ParamsVersion, Settler, Sfu};
use radio_payouts_protocol::params::Params;

use super::alert::{Alert, Kind, Teller};
use crate::artefact::sfu_name;
use crate::epoch::view::View;
use crate::words::amount::bloom;
use crate::words::parameter::assignment;

/// Facts by kind and name.
pub type Facts = BTreeMap<String, String>;

/// How a kind stands before a fact's name.
fn key(kind: Kind, name: impl std::fmt::Display) -> String {
    format!("{}/{name}", kind.as_str())
}

const KINDS: [Kind; 6] = [Kind::Parameters, Kind::Registry, Kind::Pause, Kind::Authority, Kind::Roles, Kind::Flag];

/// The facts of a deployment.
#[must_use]
pub fn read(view: &View, settlers: &[Settler]) -> Facts {
    let mut facts = Facts::new();
    roles(&view.config, &mut facts);
    pause(&view.config, view.now, &mut facts);
    times(&view.config.times, &view.config.governance, &mut facts);
    for version in &view.versions {
        facts.insert(key(Kind::Parameters, format_args!("version {}", version.number)), parameters(version));
    }
    for sfu in &view.sfus {
        facts.insert(key(Kind::Registry, format_args!("SFU {}", sfu_name(&sfu.key))), registered(sfu));
    }
    for settler in settlers {
        facts.insert(key(Kind::Registry, format_args!("settler {}", settler.key)), allowed(settler));
    }
    facts
}

/// An alert for each fact that differs.
#[must_use]
pub fn changes(before: &Facts, after: &Facts, teller: &Teller) -> Vec<Alert> {
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let changed = keys.into_iter().filter(|key| before.get(*key) != after.get(*key));
    let told = changed.filter_map(|key| {
        let (kind, name) = key.split_once('/')?;
        let kind = KINDS.into_iter().find(|known| known.as_str() == kind)?;
        let text = match (before.get(key), after.get(key)) {
            (Some(before), Some(after)) => format!("{name} was {before}, is {after}"),
            (None, Some(after)) => format!("{name} is new: {after}"),
            (_, None) => format!("{name} is gone"),
        };
        Some(teller.alert(kind, None, text))
    });
    told.collect()
}

fn on(state: bool) -> String {
    if state { "on" } else { "off" }.to_owned()
}

fn roles(config: &Config, facts: &mut Facts) {
    let authority = &config.authority;
    let bootstrap = if authority.bootstrap { ", bootstrap" } else { "" };
    let holder = format!("{} (moved {} times{bootstrap})", authority.address, authority.nonce);
    facts.insert(key(Kind::Authority, "authority"), holder);
    let offer = authority.offer.map_or("none".to_owned(), |offer| format!("to {} at {}", offer.to, offer.made_at));
    facts.insert(key(Kind::Authority, "offer of the role of authority"), offer);
    facts.insert(key(Kind::Roles, "pause key"), config.pause_key.to_string());
    facts.insert(key(Kind::Roles, "arbiter"), config.arbiter.map_or("none".to_owned(), |key| key.to_string()));
    let registrars: Vec<String> = config.registrars.iter().map(ToString::to_string).collect();
    let registrars = if registrars.is_empty() { "none".to_owned() } else { registrars.join(", ") };
    facts.insert(key(Kind::Roles, "registrars"), registrars);
    facts.insert(key(Kind::Flag, "radio_payouts_demo"), on(config.radio_payouts_demo));
    facts.insert(key(Kind::Flag, "a Live version was made"), on(config.live));
}

fn pause(config: &Config, now: i64, facts: &mut Facts) {
    let pause = &config.pause;
    let state = match pause.since {
        Some(since) if pause.is_paused(now) => format!("in force since {since}"),
        _ => format!("not in force ({} s of pauses so far)", pause.total_at(now)),
    };
    facts.insert(key(Kind::Pause, "pause"), state);
}

macro_rules! fields {
    ($facts:ident, $settings:ident, $($field:ident),*) => {
        $($facts.insert(key(Kind::Parameters, stringify!($field)), $settings.$field.to_string());)*
    };
}

fn times(times: &ConfigTimes, votes: &GovernanceSettings, facts: &mut Facts) {
    fields!(facts, times, grace_seconds, challenge_seconds, dispute_seconds, claim_seconds, binding_delay_seconds);
    fields!(facts, times, attestation_threshold, dispute_bond_bps);
    let bond = format!("{} BLOOM", bloom(times.dispute_bond_min));
    facts.insert(key(Kind::Parameters, "dispute_bond_min"), bond);
    fields!(facts, votes, proposal_threshold_bps, voting_seconds, quorum_bps, live_quorum_bps);
    fields!(facts, votes, timelock_seconds, execution_seconds);
}

fn parameters(version: &ParamsVersion) -> String {
    let values = Params::from(version.values);
    let values: Vec<String> =
        Params::FIELDS.iter().filter_map(|name| Some(assignment(name, values.field(name)?))).collect();
    format!("{:?}, from epoch {} on: {}", version.mode, version.effective_epoch, values.join(" "))
}

fn number_or_never(number: u64) -> String {
    if number == u64::MAX { "never".to_owned() } else { number.to_string() }
}

fn registered(sfu: &Sfu) -> String {
    let demo = if sfu.demo { "demo, " } else { "" };
    format!(
        "{demo}operator {}, valid from epoch {} until {}, {} bytes an epoch, stops at number {}",
        sfu.operator,
        sfu.valid_from,
        number_or_never(sfu.valid_until),
        sfu.max_bytes_per_epoch,
        number_or_never(sfu.stop_seq)
    )
}

fn allowed(settler: &Settler) -> String {
    let stopped = settler.stopped_at.map_or(String::new(), |at| format!(", stopped at {at}"));
    format!("operator {}, valid from epoch {}{stopped}", settler.operator, settler.valid_from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_told_with_its_kind_once() {
        let teller = Teller { domain: [1; 32], now: 7 };
        let facts = |pairs: &[(&str, &str)]| -> Facts {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let before = facts(&[("pause/pause", "no"), ("registry/settler a", "x"), ("flag/demo", "on")]);
        let after = facts(&[("pause/pause", "yes"), ("registry/settler b", "y"), ("flag/demo", "on")]);
        let told: Vec<_> =
            changes(&before, &after, &teller).into_iter().map(|alert| (alert.kind, alert.text)).collect();
        assert_eq!(
            told,
            [
                (Kind::Pause, "pause was no, is yes".to_owned()),
                (Kind::Registry, "settler a is gone".to_owned()),
                (Kind::Registry, "settler b is new: y".to_owned()),
            ]
        );
        assert!(changes(&after, &after, &teller).is_empty());
    }
}
