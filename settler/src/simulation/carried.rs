//! A simulation that a proposal carries: both must be about the same change of the same deployment.

use radio_payouts_client::state::{Action, ParamsChange};
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::params::{Params, ParamsDelta};

use super::document::{Document, FORMAT};
use super::set::{Number, Set};
use crate::outcome::{Failure, Outcome};

/// The parameters that a proposal's action would change.
///
/// # Errors
/// Exit 2 if it changes none.
pub fn set_of(action: &Action) -> Outcome<Set> {
    let Action::SetParams(ParamsChange { delta, .. }) = action else {
        return Err(Failure::usage("it changes no parameters: there is nothing to simulate"));
    };
    let delta = ParamsDelta::from(*delta);
    let named = Params::FIELDS.iter().filter_map(|name| Some(((*name).to_owned(), Number(delta.field(name)?))));
    let set = Set(named.collect());
    if set.0.is_empty() {
        return Err(Failure::usage("it changes no parameters: there is nothing to simulate"));
    }
    Ok(set)
}

/// Refuses to let a proposal carry a simulation of another change, of another deployment, or in a form whose hash nobody
/// else would get. A file that is no simulation is not looked into.
///
/// # Errors
/// Exit 2 with what does not fit.
pub fn check(bytes: &[u8], domain: &Hash, action: &Action) -> Outcome {
    let value: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
    if value["format"] != FORMAT {
        return Ok(());
    }
    let document = Document::parse(bytes)?;
    if document.to_bytes()? != bytes {
        return Err(Failure::usage(
            "the simulation is not written in its canonical form; `simulate --out FILE` writes it",
        ));
    }
    if document.domain != *domain {
        return Err(Failure::usage("the simulation is of another deployment"));
    }
    let proposed = set_of(action)?;
    if document.set != proposed {
        return Err(Failure::usage(format!("the simulation is of {}, the proposal of {proposed}", document.set)));
    }
    Ok(())
}
