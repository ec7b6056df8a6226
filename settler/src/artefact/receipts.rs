//! Reading `receipts.parquet`: the receipts of accepted batches that were rejected.

use std::collections::VecDeque;
use std::fs::File;
use std::path::Path;

use anyhow::Context as _;
use arrow::array::AsArray as _;
use arrow::datatypes::Int64Type;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use radio_payouts_protocol::hash::Hash;
use serde::Serialize;

use super::{Artefact, sfu_name, sheet};

/// A receipt of an accepted batch that was rejected.
#[derive(Clone, Debug, Serialize)]
pub struct Rejected {
    /// Why.
    pub verdict: String,
    /// The SFU's DID.
    pub sfu: String,
    /// The batch.
    pub seq: i64,
    /// Position in it, from 0.
    pub position: i64,
    /// The room.
    pub room_id: String,
    /// The track.
    pub track_id: String,
    /// What it claimed.
    pub bytes: i64,
}

/// Hands every rejected receipt to `each`.
///
/// # Errors
/// If the file is damaged.
pub fn rejected(artefact: &Artefact, mut each: impl FnMut(Rejected) -> anyhow::Result<()>) -> anyhow::Result<()> {
    sheet::read(&artefact.folder.join("receipts.parquet"), |rows| {
        let column =
            |name: &str| rows.column_by_name(name).with_context(|| format!("receipts.parquet: no column {name}"));
        let text = |name: &str| column(name)?.as_string_opt::<i32>().context("not text");
        let integer = |name: &str| column(name)?.as_primitive_opt::<Int64Type>().context("not an integer");
        let (verdict, room, track) = (text("verdict")?, text("room_id")?, text("track_id")?);
        let (seq, position, bytes) = (integer("seq")?, integer("position")?, integer("bytes")?);
        let sfu = column("sfu")?.as_fixed_size_binary_opt().context("not 32 bytes")?;
        for row in 0..rows.num_rows() {
            each(Rejected {
                verdict: verdict.value(row).to_owned(),
                sfu: sfu_name(sfu.value(row).try_into()?),
                seq: seq.value(row),
                position: position.value(row),
                room_id: room.value(row).to_owned(),
                track_id: track.value(row).to_owned(),
                bytes: bytes.value(row),
            })?;
        }
        Ok(())
    })
}

/// The verdicts of receipts, batch after batch: those of `receipts.parquet`, a piece of the file at a time; what is not in it is accepted.
pub struct Verdicts {
    reader: ParquetRecordBatchReader,
    rows: VecDeque<Row>,
}

/// A row as far as it is about a verdict.
struct Row {
    sfu: Hash,
    seq: u64,
    position: usize,
    verdict: String,
}

impl Verdicts {
    /// Opens the file.
    ///
    /// # Errors
    /// If it is not there or damaged.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let doing = || format!("cannot read {}", path.display());
        let file = File::open(path).with_context(doing)?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|builder| builder.build());
        Ok(Self { reader: reader.with_context(doing)?, rows: VecDeque::new() })
    }

    /// The verdicts of the next accepted batch by (SFU, seq); `None` for a receipt that counts.
    ///
    /// # Errors
    /// If the next rows are of a batch before it, or of receipts that it has not, or the file is damaged.
    pub fn of_batch(&mut self, sfu: &Hash, seq: u64, receipts: usize) -> anyhow::Result<Vec<Option<String>>> {
        let mut verdicts = vec![None; receipts];
        self.fill()?;
        while let Some(row) = self.rows.front().filter(|row| (row.sfu, row.seq) <= (*sfu, seq)) {
            let place = verdicts.get_mut(row.position).filter(|_| (row.sfu, row.seq) == (*sfu, seq));
            let place = place.with_context(|| {
                format!(
                    "receipts.parquet: SFU {}, seq {}, position {} is no receipt of an accepted batch; `settler verify` names the difference",
                    sfu_name(&row.sfu),
                    row.seq,
                    row.position
                )
            })?;
            *place = Some(row.verdict.clone());
            self.rows.pop_front();
            self.fill()?;
        }
        Ok(verdicts)
    }

    /// Whether every row was taken.
    ///
    /// # Errors
    /// If the file is damaged.
    pub fn is_at_end(&mut self) -> anyhow::Result<bool> {
        self.fill()?;
        Ok(self.rows.is_empty())
    }

    fn fill(&mut self) -> anyhow::Result<()> {
        while self.rows.is_empty() {
            let Some(rows) = self.reader.next() else { return Ok(()) };
            let rows = rows.context("receipts.parquet")?;
            let column =
                |name: &str| rows.column_by_name(name).with_context(|| format!("receipts.parquet: no column {name}"));
            let integer = |name: &str| column(name)?.as_primitive_opt::<Int64Type>().context("not an integer");
            let sfu = column("sfu")?.as_fixed_size_binary_opt().context("not 32 bytes")?;
            let (seq, position) = (integer("seq")?, integer("position")?);
            let verdict = column("verdict")?.as_string_opt::<i32>().context("not text")?;
            for row in 0..rows.num_rows() {
                self.rows.push_back(Row {
                    sfu: sfu.value(row).try_into()?,
                    seq: u64::try_from(seq.value(row))?,
                    position: usize::try_from(position.value(row))?,
                    verdict: verdict.value(row).to_owned(),
                });
            }
        }
        Ok(())
    }
}
