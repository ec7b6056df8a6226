//! Two leaves of one root for one DID.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context as _;
use radio_payouts_client::instruction;
use radio_payouts_client::state::Share;
use radio_payouts_protocol::hash::Hash;
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;

use crate::artefact::Artefact;
use crate::artefact::payout::Payout;
use crate::artefact::proof::ProofBundle;

/// Two proofs that disprove their root.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Duplicate {
    proofs: [ProofBundle; 2],
}

impl Duplicate {
    /// Of two proofs of shares, both checked.
    ///
    /// # Errors
    /// Why they disprove nothing.
    pub fn of(proofs: [ProofBundle; 2]) -> anyhow::Result<Self> {
        let [first, second] = &proofs;
        first.check_leaf()?;
        second.check_leaf()?;
        anyhow::ensure!(
            first.commitment == second.commitment,
            "the proofs are of two roots, {} and {}",
            hex::encode(first.commitment),
            hex::encode(second.commitment)
        );
        let (one, other) = (&first.share, &second.share);
        anyhow::ensure!(one.did == other.did, "the leaves are of two DIDs, {} and {}", one.did, other.did);
        anyhow::ensure!(one.index != other.index, "both proofs are of one leaf, index {}", one.index);
        Ok(Self { proofs })
    }

    /// The first one in a published epoch; `None` if every DID has one leaf at most.
    ///
    /// # Errors
    /// If the folder is damaged: its leaves must lead to its commitment.
    pub fn find(folder: &Path) -> anyhow::Result<Option<Self>> {
        let artefact = Artefact::open(folder)?;
        let payouts = artefact.payouts()?;
        let mut seen = HashMap::new();
        for payout in payouts.iter().filter(|payout| payout.index.is_some()) {
            if let Some(earlier) = seen.insert(payout.did_hash, payout) {
                let forest = artefact.forest(&payouts)?;
                let proof = |payout: &Payout| -> anyhow::Result<ProofBundle> {
                    let index = payout.index.context("the payout has no leaf")?;
                    let siblings = forest.proof(index).context("the leaf is beyond the trees")?;
                    Ok(ProofBundle::unchecked(&artefact.manifest, payout, index, &siblings))
                };
                return Self::of([proof(earlier)?, proof(payout)?]).map(Some);
            }
        }
        Ok(None)
    }

    /// The epoch.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.proofs[0].statement.epoch
    }

    /// The root that is disproven.
    #[must_use]
    pub const fn commitment(&self) -> &Hash {
        &self.proofs[0].commitment
    }

    /// The DID that has two leaves.
    #[must_use]
    pub fn did(&self) -> &str {
        &self.proofs[0].share.did
    }

    /// Indices of the leaves.
    #[must_use]
    pub const fn indices(&self) -> [u32; 2] {
        [self.proofs[0].share.index, self.proofs[1].share.index]
    }

    /// What records each leaf, in transactions of their own: a proof at depth 20 fills one.
    #[must_use]
    pub fn records(&self, recorder: Pubkey) -> [Instruction; 2] {
        [0, 1].map(|number: usize| {
            let proof = &self.proofs[number];
            let share = Share {
                epoch: self.epoch(),
                index: proof.share.index,
                did_hash: proof.did_hash(),
                payee: Pubkey::new_from_array(proof.share.payee),
                amount: proof.share.amount_base_units,
            };
            instruction::prove_leaf(recorder, self.commitment(), share, &proof.nodes())
        })
    }

    /// What revokes the root by these records.
    #[must_use]
    pub fn accusation(&self, recorder: &Pubkey) -> Instruction {
        instruction::prove_duplicate_share(self.epoch(), self.commitment(), recorder, self.indices())
    }

    /// What returns the rent of the records.
    #[must_use]
    pub fn closing(&self, recorder: Pubkey) -> Vec<Instruction> {
        let close = |index| instruction::close_share_record(recorder, self.epoch(), self.commitment(), index);
        self.indices().map(close).to_vec()
    }
}
