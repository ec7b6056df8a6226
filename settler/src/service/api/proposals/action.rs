//! Actions of proposals, typed: what is changed, field by field, beside the sentence for people.

use std::collections::BTreeMap;

use radio_payouts_client::state::{Action, Mode, ParamsVersion};
use radio_payouts_protocol::did::did_of_key;
use radio_payouts_protocol::params::Params;
use schemars::JsonSchema;
use serde::Serialize;

use crate::service::api::Decimal;
use crate::service::api::parameters::Change;
use crate::words::action::{changes, kind, words};
use crate::words::times;

/// What a proposal does when it is executed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct ActionView {
    /// Which of the authority's instructions it is: `setParams`, `registerSfu`, `makeMandate` and so on.
    pub kind: &'static str,
    /// All of it in one line.
    pub words: String,
    /// Parameters that it changes: the value in the last version, and the value proposed.
    pub parameters: BTreeMap<&'static str, Change>,
    /// Its other arguments by name: decimal numbers, base58 addresses, hex hashes, DIDs, `true` or `false`.
    pub arguments: BTreeMap<&'static str, String>,
}

impl ActionView {
    /// An action, whose changes are told against the last version of the parameters.
    #[must_use]
    pub fn of(action: &Action, last: Option<&ParamsVersion>) -> Self {
        let parameters = match action {
            Action::SetParams(change) => changes(change),
            _ => Vec::new(),
        };
        let last = last.map(|last| Params::from(last.values));
        let parameters = parameters.into_iter().filter_map(|(name, after)| {
            let before = last.as_ref().and_then(|last| last.field(name))?;
            Some((name, Change { before: Decimal(before), after: Decimal(after) }))
        });
        Self {
            kind: kind(action),
            words: words(action),
            parameters: parameters.collect(),
            arguments: arguments(action).into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
        }
    }
}

/// Every argument that is no parameter, by name; none where it stays as it is.
fn arguments(action: &Action) -> Vec<(&'static str, Option<String>)> {
    let text = |value: &dyn ToString| Some(value.to_string());
    match action {
        Action::SetDemoFlag(on) => vec![("radio_payouts_demo", text(on))],
        Action::SetParams(change) => {
            let mode = change.mode.map(|mode| if mode == Mode::Live { "live" } else { "demo" });
            let from = Some(change.effective_epoch).filter(|epoch| *epoch != 0);
            vec![("mode", mode.map(str::to_owned)), ("effective_epoch", from.map(|epoch| epoch.to_string()))]
        }
        Action::SetConfigTimes { times, governance } => times_of(times, governance),
        Action::SetPauseKey(key) => vec![("pause_key", text(key))],
        Action::SetRegistrars(registrars) => {
            let names: Vec<String> = registrars.iter().map(ToString::to_string).collect();
            vec![("registrars", Some(names.join(" ")))]
        }
        Action::RegisterSfu(terms) => vec![
            ("sfu", Some(did_of_key(&terms.key))),
            ("operator", text(&terms.operator)),
            ("demo", text(&terms.demo)),
            ("valid_from", text(&terms.valid_from)),
            ("max_bytes_per_epoch", text(&terms.max_bytes_per_epoch)),
        ],
        Action::StopSfu { key, stop_seq } => {
            vec![("sfu", Some(did_of_key(key))), ("stop_seq", stop_seq.map(|seq| seq.to_string()))]
        }
        Action::RegisterSettler { key, operator, valid_from } => {
            vec![("settler", text(key)), ("operator", text(operator)), ("valid_from", text(valid_from))]
        }
        Action::StopSettler { key } => vec![("settler", text(key))],
        Action::RejectEpoch { epoch, commitment } | Action::RatifyEpoch { epoch, commitment } => {
            vec![("epoch", text(epoch)), ("commitment", Some(hex::encode(commitment)))]
        }
        Action::OfferAuthority(to) => vec![("to", to.map(|to| to.to_string()))],
        Action::ResolveDispute { epoch, attempt, upheld } => {
            vec![("epoch", text(epoch)), ("attempt", text(attempt)), ("upheld", text(upheld))]
        }
        Action::AppointArbiter(arbiter) => vec![("arbiter", arbiter.map(|arbiter| arbiter.to_string()))],
        Action::MakeMandate(terms) => vec![
            ("first_epoch", text(&terms.first_epoch)),
            ("last_epoch", text(&terms.last_epoch)),
            ("budget_base_units", text(&terms.budget)),
            ("delay_seconds", text(&terms.delay_seconds)),
        ],
        Action::CancelMandate { number } => vec![("mandate", text(number))],
        Action::TransferTreasury { to, amount } => vec![("to", text(to)), ("amount_base_units", text(amount))],
    }
}

fn times_of(
    times: &radio_payouts_client::state::ConfigTimesDelta,
    votes: &radio_payouts_client::state::GovernanceSettingsDelta,
) -> Vec<(&'static str, Option<String>)> {
    times::changes(times, votes).into_iter().map(|(name, value)| (name, value.map(|value| value.to_string()))).collect()
}

#[cfg(test)]
mod tests {
    use radio_payouts_client::state::{MandateTerms, ParamsChange};

    use super::*;

    #[test]
    fn what_stays_as_it_is_is_not_named() {
        let view = ActionView::of(&Action::StopSfu { key: [1; 32], stop_seq: None }, None);
        assert_eq!(view.arguments.keys().collect::<Vec<_>>(), [&"sfu"]);
        let view = ActionView::of(&Action::SetParams(ParamsChange::default()), None);
        assert!(view.arguments.is_empty() && view.parameters.is_empty(), "{view:?}");
        let terms = MandateTerms { first_epoch: 3, last_epoch: 9, budget: u64::MAX, delay_seconds: 172_800 };
        let view = ActionView::of(&Action::MakeMandate(terms), None);
        assert_eq!(view.arguments["budget_base_units"], "18446744073709551615");
        assert_eq!(view.kind, "makeMandate");
    }
}
