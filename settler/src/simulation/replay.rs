//! Settles a row of epochs twice: with their own parameters, which must lead to what was posted, and with a change.

use radio_payouts_protocol::params::{Params, ParamsDelta};
use radio_payouts_protocol::settlement::Settlement;

use super::set::Set;
use crate::artefact::terms::ParentTerms;
use crate::artefact::verify::Recomputed;
use crate::artefact::{Artefact, Terms, source};
use crate::epoch::adopt;
use crate::outcome::{Failure, Outcome};

/// One epoch, as it was and as it would have been.
pub struct Replayed {
    /// Everything besides batches, as it was.
    pub terms: Terms,
    /// What was posted, recomputed from the signed batches.
    pub before: Settlement,
    /// The changed parameters.
    pub params: Params,
    /// What it would have come to.
    pub after: Settlement,
}

/// The parameters with the change.
///
/// # Errors
/// Exit 2 if a value or values together are out of bounds.
pub fn changed(params: &Params, version: u32, set: &Set, delta: &ParamsDelta) -> Outcome<Params> {
    params.apply(delta).map_err(|error| {
        Failure::usage(format!(
            "{set} on version {version} of the parameters: {error} (section 9 of the protocol page)"
        ))
    })
}

/// Replays `row` under the change and hands each epoch to `each`.
///
/// # Errors
/// Exit 2 before anything is computed if the change is out of bounds for one of the epochs; exit 3 with the first
/// difference if a folder is not what its batches lead to.
pub fn replay(row: &[Artefact], set: &Set, mut each: impl FnMut(Replayed) -> Outcome) -> Outcome {
    let delta = set.delta()?;
    for manifest in row.iter().map(|artefact| &artefact.manifest) {
        changed(&manifest.params, manifest.statement.params_version, set, &delta)?;
    }
    let mut simulated: Option<ParentTerms> = None;
    for artefact in row {
        let doing = format!("epoch {}", artefact.manifest.statement.epoch);
        let Recomputed { terms, settlement: before, batches, headers, .. } =
            Recomputed::from_folder(&artefact.folder).map_err(|fault| adopt::failure(fault).context(doing))?;
        if before.commitment != artefact.manifest.commitment {
            return Err(Failure::difference(format!("{} was changed meanwhile", artefact.folder.display())));
        }
        let params = changed(&terms.params, terms.params_version, set, &delta)?;
        // History before the first epoch is real, from then on it is what would have come about.
        let proposed = Terms { params, parent: simulated.take().or_else(|| terms.parent.clone()), ..terms.clone() };
        let after = source::settle(&proposed, &headers, &batches)?;
        simulated = Some(ParentTerms { statement: after.statement.clone(), state: after.to_parent() });
        each(Replayed { terms, before, params, after })?;
    }
    Ok(())
}
