//! What the folder says became of its batches and receipts, taken beside the batches themselves: nothing is judged, everything is added up.

use std::borrow::Cow;
use std::collections::HashMap;

use radio_payouts_protocol::batch::{BatchHeader, BatchVerdict, ReceiptVerdict, Verified};
use radio_payouts_protocol::cells::{BatchReceipts, receipt_bytes};
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::seal::SfuSeal;
use radio_payouts_protocol::settlement::AcceptedBatch;
use rayon::prelude::*;

use super::Fault;
use super::sample::Sample;
use crate::artefact::batches::{VERDICTS, read_verdicts};
use crate::artefact::receipts::Verdicts;
use crate::artefact::sfu_name;
use crate::artefact::verify::{Found, differs, in_folder};

/// The batches that `verdicts.csv` accepts, with the verdicts of `receipts.parquet`.
pub struct Claims {
    /// `None` is accepted.
    listed: HashMap<Hash, Option<BatchVerdict>>,
    verdicts: Verdicts,
    accepted: HashMap<Hash, BatchReceipts>,
    capacity: HashMap<[u8; 32], Capacity>,
    /// The first thing that was not as it must be. Batches that are missing or out of order, which are found later, may be its cause.
    wrong: Option<Fault>,
}

/// How much of an SFU's capacity is used.
struct Capacity {
    limit: u64,
    used: u128,
    is_full: bool,
}

/// What a reader calls a receipt.
pub(super) fn receipt(header: &BatchHeader, position: usize) -> String {
    format!("SFU {}, seq {}, position {position}", sfu_name(&header.sfu_key), header.seq)
}

/// What a reader calls a verdict.
pub(super) fn shown(verdict: Option<ReceiptVerdict>) -> &'static str {
    verdict.map_or("accepted", ReceiptVerdict::as_str)
}

impl Claims {
    /// Reads `verdicts.csv` and opens `receipts.parquet`.
    ///
    /// # Errors
    /// [`Fault::Difference`] if one is damaged.
    pub fn open(found: &Found) -> Result<Self, Fault> {
        let mut listed = HashMap::new();
        in_folder(read_verdicts(&found.artefact.folder, |line| {
            let verdict = match line.verdict.as_str() {
                "accepted" => None,
                other => {
                    Some(*BatchVerdict::ALL.iter().find(|verdict| verdict.as_str() == other).ok_or_else(|| {
                        anyhow::anyhow!("{VERDICTS}: {}: there is no verdict {other:?}", batch(&line.header))
                    })?)
                }
            };
            listed.insert(line.header.hash, verdict);
            Ok(())
        }))?;
        let verdicts = in_folder(Verdicts::open(&found.artefact.folder.join("receipts.parquet")))?;
        let registry = found.terms.registry.iter();
        let empty = |limit| Capacity { limit, used: 0, is_full: false };
        let capacity = registry.map(|sfu| (sfu.key, empty(sfu.max_bytes_per_epoch))).collect();
        Ok(Self { listed, verdicts, accepted: HashMap::new(), capacity, wrong: None })
    }

    /// Takes the next batches of the folder; what is judged again of them goes to `sample`.
    ///
    /// # Errors
    /// [`Fault::Failed`] if a sum overflows. If `receipts.parquet` names what is not there, or an SFU's capacity was cut elsewhere,
    /// [`Claims::accepted`] says so.
    pub fn take(&mut self, batches: &[Verified<Cow<'_, str>>], mut sample: Option<&mut Sample>) -> Result<(), Fault> {
        if self.wrong.is_some() {
            return Ok(());
        }
        let judge = |one: &Verified<Cow<'_, str>>| sample.as_deref().map(|sample| sample.judge(one)).transpose();
        let judged = batches.par_iter().map(judge).collect::<Result<Vec<_>, _>>()?;
        for (verified, judged) in batches.iter().zip(judged) {
            let header = verified.header();
            if !matches!(self.listed.get(&header.hash), Some(None)) {
                continue;
            }
            let receipts = match self.receipts(&header, verified) {
                Ok(receipts) => receipts,
                Err(wrong) => {
                    self.wrong = Some(wrong);
                    return Ok(());
                }
            };
            if let (Some(sample), Some(judged)) = (sample.as_deref_mut(), judged) {
                sample.take(verified, &judged, &receipts.verdicts)?;
            }
            self.accepted.insert(header.hash, receipts);
        }
        Ok(())
    }

    /// What is said of a batch's receipts, and the bytes that are left.
    fn receipts(&mut self, header: &BatchHeader, verified: &Verified<Cow<'_, str>>) -> Result<BatchReceipts, Fault> {
        let all = &verified.batch().receipts;
        let said = in_folder(self.verdicts.of_batch(&header.sfu_key, header.seq, all.len()))?;
        let Some(capacity) = self.capacity.get_mut(&header.sfu_key) else {
            return differs(format!("{VERDICTS}: {}: the SFU is not registered", batch(header)));
        };
        let (mut verdicts, before) = (Vec::with_capacity(said.len()), capacity.used);
        for (position, (said, one)) in said.into_iter().zip(all).enumerate() {
            let which = || receipt(header, position);
            let verdict = said.map(|said| {
                let known = ReceiptVerdict::ALL.iter().find(|verdict| verdict.as_str() == said);
                known.copied().ok_or_else(|| format!("receipts.parquet: {}: there is no verdict {said:?}", which()))
            });
            let verdict = verdict.transpose().map_err(Fault::Difference)?;
            let bytes = u128::from(receipt_bytes(one)?);
            let fits = !capacity.is_full && capacity.used + bytes <= u128::from(capacity.limit);
            match verdict {
                None if fits => capacity.used += bytes,
                Some(ReceiptVerdict::SfuOverCapacity) if !fits => capacity.is_full = true,
                None | Some(ReceiptVerdict::SfuOverCapacity) => {
                    let expected = if fits { None } else { Some(ReceiptVerdict::SfuOverCapacity) };
                    return differs(format!(
                        "receipts.parquet: {}: verdict is {}, by the SFU's capacity {}",
                        which(),
                        shown(verdict),
                        shown(expected)
                    ));
                }
                Some(_) => {}
            }
            verdicts.push(verdict);
        }
        let accepted = u64::try_from(capacity.used - before);
        let accepted_bytes = accepted.map_err(|_| anyhow::anyhow!("{}: its bytes overflow", batch(header)))?;
        Ok(BatchReceipts { verdicts, accepted_bytes })
    }

    /// The accepted batches with their receipts, by (SFU key, seq).
    ///
    /// # Errors
    /// [`Fault::Difference`] if sealing gives a batch another verdict than `verdicts.csv` does, or for what was wrong before.
    pub fn accepted(mut self, seals: &[SfuSeal]) -> Result<Vec<AcceptedBatch>, Fault> {
        let mut accepted = Vec::new();
        for judged in seals.iter().flat_map(|seal| &seal.judged) {
            let header = judged.header;
            let said = self.listed.get(&header.hash).copied().flatten();
            if said != judged.verdict {
                let shown = |verdict: Option<BatchVerdict>| verdict.map_or("accepted", BatchVerdict::as_str);
                let (found, ours) = (shown(said), shown(judged.verdict));
                return differs(format!("{VERDICTS}: {}: verdict is {found}, sealed again {ours}", batch(&header)));
            }
            if judged.verdict.is_none() && self.wrong.is_none() {
                let Some(receipts) = self.accepted.remove(&header.hash) else {
                    return differs(format!("{VERDICTS}: {}: the batch is not listed", batch(&header)));
                };
                accepted.push(AcceptedBatch { header, receipts });
            }
        }
        self.wrong.map_or(Ok(accepted), Err)
    }
}

/// What a reader calls a batch.
fn batch(header: &BatchHeader) -> String {
    format!("SFU {}, seq {}", sfu_name(&header.sfu_key), header.seq)
}
