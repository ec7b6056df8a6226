//! Whether a root in force is what the published batches lead to.
//!
//! *Right*: some complete copy with this commitment recomputes, under the terms that the chain has. *Wrong*: a complete copy with this
//! commitment does not; or the batches that others published, or that are held here, are the very inputs of the statement and
//! lead to another result. *Unknown*: anything else. One right copy outweighs any number of others, which anybody can make.
//! The same inputs with another result prove the root wrong, whoever published what ([`Finding::recomputed`]).

use radio_payouts_client::state::Epoch;
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::statement::Statement;

use super::copies::{self, Places};
use super::equivocation::{self, Twins};
use super::memory::{Seen, Verdict};
use crate::artefact::verify::{Fault, Recomputed};
use crate::artefact::{Artefact, differ, source};
use crate::chain::Chain;
use crate::epoch::view::View;
use crate::epoch::{audit, seal};
use crate::outcome::{Exit, Failure, Outcome};
use crate::store::Store;

/// What was found of a root.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Right, wrong or unknown.
    pub verdict: Verdict,
    /// Why, in words, if it is not right.
    pub why: String,
    /// What its inputs lead to, if they are known to be its inputs.
    pub recomputed: Option<Statement>,
    /// A file of the right copy that is not what it must be.
    pub damage: Option<String>,
    /// SFUs that signed two batches under one number, as the copies show.
    pub equivocations: Vec<Twins>,
}

impl Finding {
    /// A finding that is no proof.
    #[must_use]
    pub fn of(verdict: Verdict, why: impl Into<String>) -> Self {
        Self { verdict, why: why.into(), recomputed: None, damage: None, equivocations: Vec::new() }
    }
}

/// What a complete copy with the root's commitment says of it.
enum Judged {
    /// Its batches lead to the root; which of its other files is not what it must be.
    Right(Option<String>),
    /// They do not.
    Wrong(Box<Finding>),
    /// Nothing: it is about other terms than the chain's.
    Void(String),
}

/// Looks at roots.
pub struct Examiner<'a> {
    /// The chain.
    pub chain: &'a dyn Chain,
    /// Its state.
    pub view: &'a View,
    /// Where published folders are.
    pub places: &'a Places,
    /// Batches held here, if there are any.
    pub store: Option<&'a Store>,
}

impl Examiner<'_> {
    /// Examines the root in force of an epoch. Copies in `seen.tried` are passed over; those that do not lead to the root are added.
    ///
    /// # Errors
    /// Exit 75 if the chain is away.
    pub fn examine(&self, account: &Epoch, seen: &mut Seen) -> Outcome<Finding> {
        let mut equivocations = Vec::new();
        let found = self.examine_copies(account, seen, &mut equivocations)?;
        Ok(Finding { equivocations, ..found })
    }

    fn examine_copies(&self, account: &Epoch, seen: &mut Seen, equivocations: &mut Vec<Twins>) -> Outcome<Finding> {
        let (epoch, commitment) = (account.epoch, account.commitment);
        let on_chain = account.statement.to_protocol(epoch);
        let copies = self.places.of_epoch(epoch, &commitment);
        let (same, others): (Vec<_>, Vec<_>) =
            copies.into_iter().partition(|copy| copy.manifest.commitment == commitment);
        let (mut wrong, mut incomplete) = (None, None);
        for copy in same {
            if let Some(missing) = copies::missing(&copy) {
                incomplete.get_or_insert(format!("the copy in {} is not whole: {missing}", copy.folder.display()));
                continue;
            }
            let hash = hex::encode(copies::manifest_hash(&copy)?);
            if seen.tried.contains(&hash) {
                wrong.get_or_insert(Finding::of(Verdict::Wrong, String::new()));
                continue;
            }
            match self.recompute(&copy, &on_chain, equivocations)? {
                Judged::Right(damage) => return Ok(Finding { damage, ..Finding::of(Verdict::Right, "") }),
                Judged::Wrong(found) => {
                    seen.tried.insert(hash);
                    // The first that is named counts; one that was tried before is named already.
                    if wrong.as_ref().is_none_or(|wrong: &Finding| wrong.why.is_empty()) {
                        wrong = Some(*found);
                    }
                }
                Judged::Void(reason) => {
                    incomplete.get_or_insert(format!("the copy in {} is void: {reason}", copy.folder.display()));
                }
            }
        }
        if let Some(wrong) = wrong {
            return Ok(wrong);
        }
        self.examine_unpublished(account, &on_chain, others, incomplete)
    }

    /// Recomputes a complete copy under the chain's terms and compares it with the chain.
    fn recompute(&self, copy: &Artefact, on_chain: &Statement, equivocations: &mut Vec<Twins>) -> Outcome<Judged> {
        let recomputed = match Recomputed::settle_folder(&copy.folder) {
            Ok(recomputed) => recomputed,
            Err(fault) => return Ok(Judged::Wrong(Finding::of(Verdict::Wrong, difference(fault)?).into())),
        };
        equivocations.extend(equivocation::in_folder(&recomputed, self.store, &self.view.sfus)?);
        if let Err(fault) = audit::compare_terms(&recomputed.artefact, self.view) {
            return self.under_the_chains_terms(&recomputed, on_chain, difference(fault)?);
        }
        if let Err(fault) = recomputed.compare_with_chain(on_chain) {
            let ours = &recomputed.settlement.statement;
            let proven = contradiction(on_chain, ours).map(|_| ours.clone());
            let found = Finding { recomputed: proven, ..Finding::of(Verdict::Wrong, difference(fault)?) };
            return Ok(Judged::Wrong(found.into()));
        }
        match recomputed.compare_files() {
            Ok(_) => Ok(Judged::Right(None)),
            Err(fault) => Ok(Judged::Right(Some(format!("{}: {}", copy.folder.display(), difference(fault)?)))),
        }
    }

    /// A copy whose manifest names other terms than the chain's says nothing of the root by these, but its batches may.
    fn under_the_chains_terms(&self, copy: &Recomputed, on_chain: &Statement, manifest: String) -> Outcome<Judged> {
        let mut terms = self.view.terms(on_chain.epoch, copy.terms.parent.clone())?;
        terms.registry_version = on_chain.registry_version;
        let ours = source::settle(&terms, &copy.headers, &copy.batches)?.statement;
        if ours == *on_chain {
            return Ok(Judged::Right(Some(manifest)));
        }
        Ok(match contradiction(on_chain, &ours) {
            Some((field, theirs, ours_is)) => {
                let why = format!(
                    "{manifest}; under the chain's terms field {field} is {theirs} on chain, recomputed {ours_is}"
                );
                Judged::Wrong(Finding { recomputed: Some(ours), ..Finding::of(Verdict::Wrong, why) }.into())
            }
            None => Judged::Void(manifest),
        })
    }

    /// Nobody has published what leads to the root: what do other folders of the epoch, and the batches held here, lead to?
    fn examine_unpublished(
        &self,
        account: &Epoch,
        on_chain: &Statement,
        others: Vec<Artefact>,
        incomplete: Option<String>,
    ) -> Outcome<Finding> {
        let mut why = incomplete;
        for other in others {
            let Ok(recomputed) = Recomputed::from_folder(&other.folder) else { continue };
            if audit::compare_terms(&recomputed.artefact, self.view).is_err() {
                continue;
            }
            let from = format!("the batches in {}", other.folder.display());
            if let Some(wrong) = judge_by(on_chain, &recomputed.settlement.statement, &from, &mut why) {
                return Ok(wrong);
            }
        }
        if let Some(ours) = self.lead_of_held(account, on_chain)?
            && let Some(wrong) = judge_by(on_chain, &ours, "the batches held here", &mut why)
        {
            return Ok(wrong);
        }
        let none = || format!("no published folder has commitment {}", hex::encode(account.commitment));
        Ok(Finding::of(Verdict::Unknown, why.unwrap_or_else(none)))
    }

    /// What the batches held here lead to; `None` if none are due, or what came before is not known here.
    fn lead_of_held(&self, account: &Epoch, on_chain: &Statement) -> Outcome<Option<Statement>> {
        let Some(store) = self.store else { return Ok(None) };
        let parent = match account.parent_epoch {
            None => None,
            Some(parent) => match self.places.find(parent, &on_chain.parent) {
                Some(artefact) => Some(artefact.to_parent()?),
                None => return Ok(None),
            },
        };
        let mut terms = self.view.terms(account.epoch, parent)?;
        terms.registry_version = on_chain.registry_version;
        // Ancestors that are not here leave it open which batches were judged.
        let Ok(due) = seal::due(store, &terms) else { return Ok(None) };
        if due.is_empty() {
            return Ok(None);
        }
        Ok(Some(source::settle(&terms, &due, store)?.statement))
    }
}

/// Takes a statement from other inputs into account: it proves the root wrong, or says why it is unknown.
fn judge_by(on_chain: &Statement, ours: &Statement, from: &str, why: &mut Option<String>) -> Option<Finding> {
    if let Some((field, theirs, ours_is)) = contradiction(on_chain, ours) {
        let why = format!(
            "{from} are its inputs and lead to another result: {field} is {theirs} on chain, recomputed {ours_is}"
        );
        return Some(Finding { recomputed: Some(ours.clone()), ..Finding::of(Verdict::Wrong, why) });
    }
    let (field, theirs, ours) = differ::statements(on_chain, ours).unwrap_or_default();
    why.get_or_insert(format!(
        "no folder was published for it; {from} lead to another one: {field} is {theirs} on chain, {ours} there"
    ));
    None
}

/// The first result that differs where all inputs are the same: then one of the statements is not what its inputs lead to.
fn contradiction(on_chain: &Statement, ours: &Statement) -> Option<(String, String, String)> {
    let inputs = |statement: &Statement| -> (u64, Hash, u32, Hash, radio_payouts_protocol::tree::TreeRoot) {
        let Statement { epoch, parent, params_version, inputs_hash, batches, .. } = statement;
        (*epoch, *parent, *params_version, *inputs_hash, *batches)
    };
    let same_registry = Statement { registry_version: on_chain.registry_version, ..ours.clone() };
    (inputs(on_chain) == inputs(ours)).then(|| differ::statements(on_chain, &same_registry))?
}

/// A difference in words; anything else than a difference is an error, or, if it will not pass, a reason.
fn difference(fault: Fault) -> Outcome<String> {
    match fault {
        Fault::Difference(difference) => Ok(difference),
        Fault::Failed(error) => {
            let failure = Failure::from(error);
            if failure.exit == Exit::Temporary { Err(failure) } else { Ok(format!("{:#}", failure.error)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use radio_payouts_protocol::tree::TreeRoot;

    use super::*;

    fn statement(pool: u64, inputs: u8) -> Statement {
        let batches = TreeRoot { root: [inputs; 32], sum: 5, count: 1 };
        Statement {
            epoch: 1,
            parent: [0; 32],
            params_version: 1,
            registry_version: pool,
            inputs_hash: [inputs; 32],
            history_hash: [0; 32],
            batches,
            pool,
            payouts: Vec::new(),
        }
    }

    #[test]
    fn only_the_same_inputs_with_another_result_contradict() {
        let named = contradiction(&statement(5, 1), &statement(4, 1)).unwrap();
        assert_eq!(named, ("pool".to_owned(), "5".to_owned(), "4".to_owned()));
        assert_eq!(contradiction(&statement(5, 1), &statement(5, 1)), None);
        assert_eq!(contradiction(&statement(5, 1), &statement(4, 2)), None, "other batches lead elsewhere");
    }
}
