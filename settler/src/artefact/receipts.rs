//! Reading `receipts.parquet`: the receipts that were rejected, or every verdict in order.

use std::collections::VecDeque;
use std::fs::File;
use std::path::Path;

use anyhow::Context as _;
use arrow::array::{Array as _, AsArray as _};
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
        for row in (0..rows.num_rows()).filter(|row| !verdict.is_null(*row)) {
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

/// The verdicts of `receipts.parquet` in their order, a piece of the file at a time.
pub struct Verdicts {
    reader: ParquetRecordBatchReader,
    rows: VecDeque<Row>,
}

/// A row as far as it is about a verdict.
struct Row {
    sfu: Hash,
    seq: i64,
    position: i64,
    verdict: Option<String>,
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

    /// The verdicts of the next accepted batch, which must be this one; `None` for a receipt that counts.
    ///
    /// # Errors
    /// If the next rows are of another batch, or the file is damaged.
    pub fn of_batch(&mut self, sfu: &Hash, seq: u64, receipts: usize) -> anyhow::Result<VecDeque<Option<String>>> {
        let mut verdicts = VecDeque::with_capacity(receipts);
        for position in 0..receipts {
            let row = self.next()?.context("receipts.parquet: rows are missing")?;
            anyhow::ensure!(
                row.sfu == *sfu && u64::try_from(row.seq) == Ok(seq) && usize::try_from(row.position) == Ok(position),
                "receipts.parquet: expected SFU {}, seq {seq}, position {position}; found SFU {}, seq {}, position {}; `settler verify` names the difference",
                sfu_name(sfu),
                sfu_name(&row.sfu),
                row.seq,
                row.position
            );
            verdicts.push_back(row.verdict);
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

    fn next(&mut self) -> anyhow::Result<Option<Row>> {
        self.fill()?;
        Ok(self.rows.pop_front())
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
                let verdict = (!verdict.is_null(row)).then(|| verdict.value(row).to_owned());
                self.rows.push_back(Row {
                    sfu: sfu.value(row).try_into()?,
                    seq: seq.value(row),
                    position: position.value(row),
                    verdict,
                });
            }
        }
        Ok(())
    }
}
