//! Comparing a folder with the chain: what it rests on, and what was posted.

use radio_payouts_client::state::Epoch;
use radio_payouts_protocol::params::Params;
use radio_payouts_protocol::registry::Sfu;
use serde::Serialize;
use serde_json::Value;

use super::view::{View, mode, registered, root_in_force};
use crate::artefact::verify::{Checks, Computed, Fault, Group, Recomputed};
use crate::artefact::{Artefact, differ, sfu_name};
use crate::chain::{Chain, deployment};

/// Compares a field of the manifest with the chain's.
fn same<T: PartialEq + std::fmt::Debug>(checks: &mut Checks, group: Group, field: &str, found: &T, on_chain: &T) {
    let difference =
        (found != on_chain).then(|| format!("manifest.json: field {field} is {found:?}, on chain {on_chain:?}"));
    checks.note(group, field, difference, format!("{on_chain:?}"));
}

/// Compares two JSON objects field by field.
fn same_fields(checks: &mut Checks, group: Group, prefix: &str, found: &Value, chains: &Value) {
    let names = [found, chains].into_iter().filter_map(Value::as_object).flat_map(|object| object.keys());
    for name in names.collect::<std::collections::BTreeSet<_>>() {
        let one = |value: &Value| serde_json::json!({ name: value.get(name) });
        let difference = differ::json(&one(found), &one(chains));
        let difference = difference.map(|difference| format!("manifest.json: {}", on_chain(&difference, prefix)));
        let value = chains.get(name).map_or_else(String::new, |value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        checks.note(group, format!("{prefix}{name}"), difference, value);
    }
}

/// Compares deployment, parameters and registry in a manifest with the chain.
///
/// # Errors
/// [`Fault::Difference`] with the first field that differs.
pub fn compare_terms(artefact: &Artefact, view: &View) -> Result<(), Fault> {
    Checks::first_of(|checks| check_terms(artefact, view, checks))
}

/// As [`compare_terms`]; every field is noted.
///
/// # Errors
/// [`Fault::Failed`] if that cannot be done.
pub fn check_terms(artefact: &Artefact, view: &View, checks: &mut Checks) -> Result<(), Fault> {
    let manifest = &artefact.manifest;
    let to_json = |value: &dyn erased::ToJson| value.to_json();
    let deployment = view.deployment();
    same_fields(checks, Group::Deployment, "deployment.", &to_json(&manifest.deployment)?, &to_json(&deployment)?);
    let epoch = manifest.statement.epoch;
    let in_force = view.params(epoch).map_err(|failure| Fault::Failed(failure.error))?;
    let group = Group::Parameters;
    same(checks, group, "statement.params_version", &manifest.statement.params_version, &in_force.number);
    let params = Params::from(in_force.values);
    same_fields(checks, group, "params.", &to_json(&manifest.params)?, &to_json(&params)?);
    same(checks, group, "mode", &manifest.mode, &mode(in_force));
    for found in &manifest.params_versions {
        let field = |name: &str| format!("params_versions[{}].{name}", found.version);
        let version = view.versions.iter().find(|version| version.number == found.version);
        let Some(version) = version else {
            let difference = format!("manifest.json: field params_versions: version {} is not on chain", found.version);
            checks.note(group, field("version"), Some(difference), "");
            continue;
        };
        same(checks, group, &field("effective_epoch"), &found.effective_epoch, &version.effective_epoch);
        same(checks, group, &field("mode"), &found.mode, &mode(version));
    }
    let expected = view.versions.iter().filter(|version| version.number <= in_force.number).count();
    same(checks, group, "params_versions (number)", &manifest.params_versions.len(), &expected);
    check_registry(artefact, view, checks);
    Ok(())
}

/// Terms of an SFU may change for later epochs, and its stop may fall; what was true of the epoch stays.
fn check_registry(artefact: &Artefact, view: &View, checks: &mut Checks) {
    let epoch = artefact.manifest.statement.epoch;
    let is_current = artefact.manifest.statement.registry_version == view.config.registry_version;
    for found in &artefact.manifest.registry {
        let field = |name: &str| format!("registry[{}].{name}", sfu_name(&found.key));
        let Some(account) = view.sfus.iter().find(|account| account.key == found.key) else {
            let difference = format!("manifest.json: field {}: no such SFU is registered", field("key"));
            checks.note(Group::Registry, field("key"), Some(difference), "");
            continue;
        };
        let account: Sfu = registered(account);
        let mut same_as = |name: &str, found: &dyn erased::Shown, on_chain: &dyn erased::Shown| {
            let (found, on_chain) = (found.shown(), on_chain.shown());
            let difference = (found != on_chain)
                .then(|| format!("manifest.json: field {} is {found}, on chain {on_chain}", field(name)));
            checks.note(Group::Registry, field(name), difference, on_chain);
        };
        same_as("demo", &found.demo, &account.demo);
        same_as("valid_from", &found.valid_from, &account.valid_from);
        same_as("max_bytes_per_epoch", &found.max_bytes_per_epoch, &account.max_bytes_per_epoch);
        if is_current || found.valid_until.min(account.valid_until) <= epoch {
            same_as("valid_until", &found.valid_until, &account.valid_until);
        }
        if found.stop_seq < account.stop_seq || (is_current && found.stop_seq != account.stop_seq) {
            same_as("stop_seq", &found.stop_seq, &account.stop_seq);
        }
    }
    let known = |sfu: &&Sfu| artefact.manifest.registry.iter().any(|found| found.key == sfu.key);
    let registry = view.registry();
    let missing = registry.iter().filter(|sfu| sfu.valid_from <= epoch).find(|sfu| !known(sfu));
    let difference = missing.map(|sfu| format!("manifest.json: field registry: SFU {} is missing", sfu_name(&sfu.key)));
    checks.note(
        Group::Registry,
        "registry (complete)",
        difference,
        format!("{} SFUs", artefact.manifest.registry.len()),
    );
}

fn on_chain(difference: &str, prefix: &str) -> String {
    difference.replacen("field ", &format!("field {prefix}"), 1).replace("recomputed", "on chain")
}

/// Compares a recomputed folder with everything that the chain says of it. Returns the epoch's account.
///
/// # Errors
/// [`Fault::Difference`] with the first difference; [`Fault::Failed`] if nothing is posted.
pub fn compare(recomputed: &Recomputed, chain: &dyn Chain, view: &View) -> Result<Epoch, Fault> {
    Checks::first_of(|checks| check(&recomputed.computed(), chain, view, checks))
}

/// As [`compare`], whatever computed it; every field is noted.
///
/// # Errors
/// [`Fault::Failed`] if that cannot be done, or nothing is posted.
pub fn check(computed: &Computed<'_>, chain: &dyn Chain, view: &View, checks: &mut Checks) -> Result<Epoch, Fault> {
    let epoch = computed.terms.epoch;
    let account = deployment::epoch(chain, epoch)?;
    let Some((commitment, statement)) = root_in_force(account.as_ref()) else {
        return Err(Fault::Failed(anyhow::anyhow!(
            "no root of epoch {epoch} is in force on chain; --offline verifies without it"
        )));
    };
    computed.check_with_chain(&statement, checks);
    let difference = (commitment != *computed.commitment)
        .then(|| format!("the commitment on chain, {}, is not that of its statement", hex::encode(commitment)));
    checks.note(Group::Chain, "commitment", difference, hex::encode(commitment));
    check_terms(computed.artefact, view, checks)?;
    if let Some(parent) = &computed.terms.parent
        && let Some((on_chain, _)) = root_in_force(deployment::epoch(chain, parent.state.epoch)?.as_ref())
    {
        let difference = (on_chain != parent.state.commitment).then(|| {
            format!("the parent, epoch {}, has commitment {} on chain", parent.state.epoch, hex::encode(on_chain))
        });
        checks.note(Group::Chain, "commitment of the parent", difference, hex::encode(on_chain));
    }
    account.ok_or_else(|| Fault::Failed(anyhow::anyhow!("the epoch's account is gone")))
}

/// Values of different kinds as JSON, to be compared by field.
mod erased {
    use super::Serialize;

    pub trait Shown {
        fn shown(&self) -> String;
    }

    impl<T: std::fmt::Debug> Shown for T {
        fn shown(&self) -> String {
            format!("{self:?}")
        }
    }

    pub trait ToJson {
        fn to_json(&self) -> Result<serde_json::Value, serde_json::Error>;
    }

    impl<T: Serialize> ToJson for T {
        fn to_json(&self) -> Result<serde_json::Value, serde_json::Error> {
            serde_json::to_value(self)
        }
    }
}
