//! The rows of an epoch's receipts: the signed envelopes of every judged batch, one batch at a time, with the verdict of the batch
//! from `batches/verdicts.csv` or of the receipt from `receipts.parquet`. The three are in the same order.

use anyhow::Context as _;
use radio_payouts_protocol::batch::{Batch, Role};

use super::{Epoch, Rows, Value};
use crate::artefact::batches::{VerdictLine, file_name, read_verdicts};
use crate::artefact::envelopes::{self, Envelopes, Lines};
use crate::artefact::receipts::Verdicts;
use crate::artefact::{sfu_name, source};

/// Writes them.
pub(super) fn write(epoch: &Epoch<'_>, rows: &mut dyn Rows) -> anyhow::Result<()> {
    let folder = &epoch.artefact.folder;
    let mut of_sfu: Option<([u8; 32], Lines)> = None;
    let mut verdicts = Verdicts::open(&folder.join("receipts.parquet"))?;
    read_verdicts(folder, |line| {
        let key = line.header.sfu_key;
        if of_sfu.as_ref().is_none_or(|(of, _)| *of != key) {
            let name = file_name(&key);
            let path = envelopes::kept(folder, &name).with_context(|| format!("cannot read {name}"))?;
            of_sfu = Some((key, Envelopes::open(&path)?.lines()));
        }
        let next = of_sfu.as_mut().map(|(_, lines)| lines.next()).transpose()?.flatten();
        let (_, _, envelope) = next.context("a listed batch is not in its file")?;
        let batch = source::parse(&line.header, &envelope)?;
        let of_receipts = match line.verdict.as_str() {
            "accepted" => {
                let verdicts = verdicts.of_batch(&key, line.header.seq, batch.receipts.len())?;
                require_bytes(&line, &batch, &verdicts)?;
                Some(verdicts)
            }
            _ => None,
        };
        write_batch(epoch, &line, &batch, of_receipts, rows)
    })?;
    anyhow::ensure!(verdicts.is_at_end()?, "receipts.parquet has rows of batches that are not in the epoch");
    Ok(())
}

/// The receipts without a verdict of their own must come to the accepted bytes of their batch.
fn require_bytes(line: &VerdictLine, batch: &Batch, verdicts: &[Option<String>]) -> anyhow::Result<()> {
    let counted = batch.receipts.iter().zip(verdicts).filter(|(_, verdict)| verdict.is_none());
    let bytes: u128 = counted.flat_map(|(receipt, _)| &receipt.contributors).map(|it| u128::from(it.bytes_out)).sum();
    anyhow::ensure!(
        line.accepted_bytes.map(u128::from) == Some(bytes),
        "receipts.parquet does not fit: the receipts of SFU {}, seq {} that it does not reject come to {bytes} bytes, not to those of batches/verdicts.csv",
        sfu_name(&line.header.sfu_key),
        line.header.seq
    );
    Ok(())
}

fn write_batch(
    epoch: &Epoch<'_>,
    line: &VerdictLine,
    batch: &Batch,
    of_receipts: Option<Vec<Option<String>>>,
    rows: &mut dyn Rows,
) -> anyhow::Result<()> {
    let (sfu, hash) = (sfu_name(&line.header.sfu_key), hex::encode(line.header.hash));
    let [number, standing, state, slot] = epoch.head();
    for (position, receipt) in (0u32..).zip(&batch.receipts) {
        let verdict = match &of_receipts {
            Some(verdicts) => {
                verdicts.get(position as usize).context("a receipt without a verdict")?.as_deref().unwrap_or("accepted")
            }
            None => line.verdict.as_str(),
        };
        let mut row = |did: Value<'_>, role: Value<'_>, bytes: Value<'_>| {
            rows.row(&[
                number,
                standing,
                state,
                slot,
                Value::Text(&sfu),
                line.header.seq.into(),
                Value::Text(&hash),
                position.into(),
                Value::Text(&receipt.room_id),
                Value::Text(&receipt.track_id),
                receipt.timestamp.into(),
                receipt.recipients.into(),
                did,
                role,
                bytes,
                Value::Text(verdict),
            ])
        };
        if receipt.contributors.is_empty() && epoch.did.is_none() {
            row(Value::Empty, Value::Empty, Value::Empty)?;
        }
        for entry in receipt.contributors.iter().filter(|entry| epoch.did.is_none_or(|did| did == entry.did)) {
            let role = entry.role.unwrap_or(Role::Uploader).as_str();
            row(Value::Text(&entry.did), Value::Text(role), entry.bytes_out.into())?;
        }
    }
    Ok(())
}
