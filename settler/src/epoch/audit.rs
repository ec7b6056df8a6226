//! Comparing a folder with the chain: what it rests on, and what was posted.

use radio_payouts_client::state::Epoch;
use radio_payouts_protocol::params::Params;
use radio_payouts_protocol::registry::Sfu;
use serde::Serialize;

use super::view::{View, mode, registered, root_in_force};
use crate::artefact::verify::{Fault, Recomputed};
use crate::artefact::{Artefact, differ, sfu_name};
use crate::chain::{Chain, deployment};

fn differs<T>(what: String) -> Result<T, Fault> {
    Err(Fault::Difference(what))
}

fn same<T: PartialEq + std::fmt::Debug>(field: &str, found: &T, on_chain: &T) -> Result<(), Fault> {
    if found == on_chain {
        Ok(())
    } else {
        differs(format!("manifest.json: field {field} is {found:?}, on chain {on_chain:?}"))
    }
}

/// Compares deployment, parameters and registry in a manifest with the chain.
///
/// # Errors
/// [`Fault::Difference`] with the first field that differs.
pub fn compare_terms(artefact: &Artefact, view: &View) -> Result<(), Fault> {
    let manifest = &artefact.manifest;
    let deployment = view.deployment();
    let to_json = |value: &dyn erased::ToJson| value.to_json();
    if let Some(difference) = differ::json(&to_json(&manifest.deployment)?, &to_json(&deployment)?) {
        return differs(format!("manifest.json: {}", on_chain(&difference, "deployment.")));
    }
    let epoch = manifest.statement.epoch;
    let in_force = view.params(epoch).map_err(|failure| Fault::Failed(failure.error))?;
    same("statement.params_version", &manifest.statement.params_version, &in_force.number)?;
    let params = Params::from(in_force.values);
    if let Some(difference) = differ::json(&to_json(&manifest.params)?, &to_json(&params)?) {
        return differs(format!("manifest.json: {}", on_chain(&difference, "params.")));
    }
    same("mode", &manifest.mode, &mode(in_force))?;
    for found in &manifest.params_versions {
        let version = view.versions.iter().find(|version| version.number == found.version);
        let Some(version) = version else {
            return differs(format!("manifest.json: field params_versions: version {} is not on chain", found.version));
        };
        same("params_versions.effective_epoch", &found.effective_epoch, &version.effective_epoch)?;
        same("params_versions.mode", &found.mode, &mode(version))?;
    }
    let expected = view.versions.iter().filter(|version| version.number <= in_force.number).count();
    same("params_versions (number)", &manifest.params_versions.len(), &expected)?;
    compare_registry(artefact, view)
}

/// Terms of an SFU may change for later epochs, and its stop may fall; what was true of the epoch stays.
fn compare_registry(artefact: &Artefact, view: &View) -> Result<(), Fault> {
    let epoch = artefact.manifest.statement.epoch;
    let is_current = artefact.manifest.statement.registry_version == view.config.registry_version;
    for found in &artefact.manifest.registry {
        let field = |name: &str| format!("registry[{}].{name}", sfu_name(&found.key));
        let Some(account) = view.sfus.iter().find(|account| account.key == found.key) else {
            return differs(format!("manifest.json: field {}: no such SFU is registered", field("key")));
        };
        let account: Sfu = registered(account);
        same(&field("demo"), &found.demo, &account.demo)?;
        same(&field("valid_from"), &found.valid_from, &account.valid_from)?;
        same(&field("max_bytes_per_epoch"), &found.max_bytes_per_epoch, &account.max_bytes_per_epoch)?;
        if is_current || found.valid_until.min(account.valid_until) <= epoch {
            same(&field("valid_until"), &found.valid_until, &account.valid_until)?;
        }
        if found.stop_seq < account.stop_seq || (is_current && found.stop_seq != account.stop_seq) {
            same(&field("stop_seq"), &found.stop_seq, &account.stop_seq)?;
        }
    }
    let known = |sfu: &&Sfu| artefact.manifest.registry.iter().any(|found| found.key == sfu.key);
    let registry = view.registry();
    match registry.iter().filter(|sfu| sfu.valid_from <= epoch).find(|sfu| !known(sfu)) {
        Some(missing) => differs(format!("manifest.json: field registry: SFU {} is missing", sfu_name(&missing.key))),
        None => Ok(()),
    }
}

fn on_chain(difference: &str, prefix: &str) -> String {
    difference.replacen("field ", &format!("field {prefix}"), 1).replace("recomputed", "on chain")
}

/// Compares a recomputed folder with everything that the chain says of it. Returns the epoch's account.
///
/// # Errors
/// [`Fault::Difference`] with the first difference; [`Fault::Failed`] if nothing is posted.
pub fn compare(recomputed: &Recomputed, chain: &dyn Chain, view: &View) -> Result<Epoch, Fault> {
    let epoch = recomputed.terms.epoch;
    let account = deployment::epoch(chain, epoch)?;
    let Some((commitment, statement)) = root_in_force(account.as_ref()) else {
        return Err(Fault::Failed(anyhow::anyhow!(
            "no root of epoch {epoch} is in force on chain; --offline verifies without it"
        )));
    };
    recomputed.compare_with_chain(&statement)?;
    if commitment != recomputed.settlement.commitment {
        return differs(format!("the commitment on chain, {}, is not that of its statement", hex::encode(commitment)));
    }
    compare_terms(&recomputed.artefact, view)?;
    if let Some(parent) = &recomputed.terms.parent
        && let Some((on_chain, _)) = root_in_force(deployment::epoch(chain, parent.state.epoch)?.as_ref())
        && on_chain != parent.state.commitment
    {
        return differs(format!(
            "the parent, epoch {}, has commitment {} on chain",
            parent.state.epoch,
            hex::encode(on_chain)
        ));
    }
    account.ok_or_else(|| Fault::Failed(anyhow::anyhow!("the epoch's account is gone")))
}

/// Values of different kinds as JSON, to be compared by field.
mod erased {
    use super::Serialize;

    pub trait ToJson {
        fn to_json(&self) -> Result<serde_json::Value, serde_json::Error>;
    }

    impl<T: Serialize> ToJson for T {
        fn to_json(&self) -> Result<serde_json::Value, serde_json::Error> {
            serde_json::to_value(self)
        }
    }
}
