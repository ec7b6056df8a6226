//! Actions in words.

use radio_payouts_client::state::{Action, MandateTerms, Mode, ParamsChange};
use radio_payouts_protocol::did::did_of_key;
use radio_payouts_protocol::params::{Params, ParamsDelta};

use super::amount::bloom;
use super::{parameter, times};

/// The kind of an action, for machines.
#[must_use]
pub const fn kind(action: &Action) -> &'static str {
    match action {
        Action::SetParams(_) => "setParams",
        Action::SetConfigTimes { .. } => "setConfigTimes",
        Action::SetDemoFlag(_) => "setDemoFlag",
        Action::SetPauseKey(_) => "setPauseKey",
        Action::SetRegistrars(_) => "setRegistrars",
        Action::RegisterSfu(_) => "registerSfu",
        Action::StopSfu { .. } => "stopSfu",
        Action::RegisterSettler { .. } => "registerSettler",
        Action::StopSettler { .. } => "stopSettler",
        Action::RejectEpoch { .. } => "rejectEpoch",
        Action::OfferAuthority(_) => "offerAuthority",
        Action::ResolveDispute { .. } => "resolveDispute",
        Action::AppointArbiter(_) => "appointArbiter",
        Action::MakeMandate(_) => "makeMandate",
        Action::CancelMandate { .. } => "cancelMandate",
        Action::RatifyEpoch { .. } => "ratifyEpoch",
        Action::TransferTreasury { .. } => "transferTreasury",
    }
}

/// What an action does, in one line.
#[must_use]
pub fn words(action: &Action) -> String {
    match action {
        Action::SetParams(change) => params(change),
        Action::SetConfigTimes { times, governance } => format!("change times: {}", times::words(times, governance)),
        Action::SetDemoFlag(on) => format!("switch {} radio_payouts_demo", if *on { "on" } else { "off" }),
        Action::SetPauseKey(key) => format!("name pause key {key}"),
        Action::SetRegistrars(registrars) => {
            let names: Vec<String> = registrars.iter().map(ToString::to_string).collect();
            format!("name registrars: {}", if names.is_empty() { "none".to_owned() } else { names.join(" ") })
        }
        Action::RegisterSfu(terms) => {
            let demo = if terms.demo { " for Demo epochs" } else { "" };
            format!(
                "register SFU {}{demo} (operator {}, {} bytes an epoch, from epoch {})",
                did_of_key(&terms.key),
                terms.operator,
                terms.max_bytes_per_epoch,
                terms.valid_from
            )
        }
        Action::StopSfu { key, stop_seq } => {
            let from = stop_seq.map_or(String::new(), |seq| format!(" from seq {seq}"));
            format!("stop SFU {}{from}", did_of_key(key))
        }
        Action::RegisterSettler { key, operator, valid_from } => {
            format!("register settler {key} (operator {operator}, from epoch {valid_from})")
        }
        Action::StopSettler { key } => format!("stop settler {key}"),
        Action::RejectEpoch { epoch, commitment } => {
            format!("reject epoch {epoch} with commitment {}", hex::encode(commitment))
        }
        Action::ResolveDispute { epoch, attempt, upheld } => {
            format!("{} the dispute of epoch {epoch} attempt {attempt}", if *upheld { "uphold" } else { "reject" })
        }
        Action::AppointArbiter(Some(arbiter)) => format!("appoint arbiter {arbiter}"),
        Action::AppointArbiter(None) => "dismiss the arbiter".to_owned(),
        Action::OfferAuthority(Some(to)) => format!("offer the role of authority to {to}"),
        Action::OfferAuthority(None) => "withdraw the offer of the role of authority".to_owned(),
        Action::MakeMandate(terms) => format!("make a mandate for {}", mandate(terms)),
        Action::CancelMandate { number } => format!("cancel mandate {number}"),
        Action::RatifyEpoch { epoch, commitment } => {
            format!("ratify epoch {epoch} with commitment {}", hex::encode(commitment))
        }
        Action::TransferTreasury { to, amount } => format!("pay {} BLOOM to token account {to}", bloom(*amount)),
    }
}

/// What a mandate covers.
#[must_use]
pub fn mandate(terms: &MandateTerms) -> String {
    format!(
        "epochs {} to {}: up to {} BLOOM, {} s after they are final",
        terms.first_epoch,
        terms.last_epoch,
        bloom(terms.budget),
        terms.delay_seconds
    )
}

fn params(change: &ParamsChange) -> String {
    let mut words: Vec<String> =
        changes(change).into_iter().map(|(name, value)| parameter::assignment(name, value)).collect();
    match change.mode {
        Some(Mode::Live) => words.push("mode Live".to_owned()),
        Some(Mode::Demo) => words.push("mode Demo".to_owned()),
        None => {}
    }
    let from = match change.effective_epoch {
        0 => "from the epoch after its execution".to_owned(),
        epoch => format!("from epoch {epoch} at the earliest"),
    };
    format!("set {} {from}", words.join(" "))
}

/// The parameters that a change names.
#[must_use]
pub fn changes(change: &ParamsChange) -> Vec<(&'static str, u64)> {
    let delta = ParamsDelta::from(change.delta);
    Params::FIELDS.iter().filter_map(|name| Some((*name, delta.field(name)?))).collect()
}
