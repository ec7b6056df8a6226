//! Parquet files of ours: few types, fixed writer settings, so that the same rows give the same bytes.
//!
//! Byte counts are INT64 (every engine reads those); what can exceed 2^63 is DECIMAL.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use arrow::array::{
    ArrayBuilder, ArrayRef, Decimal128Builder, FixedSizeBinaryBuilder, Int64Builder, RecordBatch, StringBuilder,
};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

/// Rows buffered before they are handed to the writer.
const ROWS_AT_A_TIME: usize = 8_192;
/// Rows of a row group.
const ROW_GROUP: usize = 1 << 20;

/// The type of a column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// 32 bytes.
    Hash,
    /// Text.
    Text,
    /// An integer below 2^63.
    Integer,
    /// An integer below 10^38.
    Wide,
}

/// A column: name, type, whether it may be empty.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Column(pub &'static str, pub Kind, pub bool);

/// One value of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value<'a> {
    /// For [`Kind::Hash`].
    Hash(&'a [u8; 32]),
    /// For [`Kind::Text`].
    Text(&'a str),
    /// For [`Kind::Integer`] and [`Kind::Wide`].
    Number(u128),
    /// Nothing.
    Empty,
}

impl<N: Into<u128>> From<N> for Value<'_> {
    fn from(number: N) -> Self {
        Self::Number(number.into())
    }
}

enum Builder {
    Hash(FixedSizeBinaryBuilder),
    Text(StringBuilder),
    Integer(Int64Builder),
    Wide(Decimal128Builder),
}

/// A Parquet file being written.
pub struct Sheet<W: Write + Send> {
    writer: ArrowWriter<W>,
    schema: Arc<Schema>,
    builders: Vec<Builder>,
    rows: usize,
}

impl<W: Write + Send> Sheet<W> {
    /// Begins a file with these columns.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn new(writer: W, columns: &[Column]) -> anyhow::Result<Self> {
        Self::with_row_groups_of(writer, columns, ROW_GROUP)
    }

    /// Begins a file with these columns and so many rows in a row group, which is kept in memory until it is full.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn with_row_groups_of(writer: W, columns: &[Column], rows: usize) -> anyhow::Result<Self> {
        let field = |Column(name, kind, nullable): &Column| Field::new(*name, data_type(*kind), *nullable);
        let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
        let properties = WriterProperties::builder()
            .set_created_by("radio-payouts".to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .set_max_row_group_row_count(Some(rows))
            .build();
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(writer, schema.clone(), options)?;
        let builders = columns.iter().map(|column| builder(column.1)).collect::<Result<_, _>>()?;
        Ok(Self { writer, schema, builders, rows: 0 })
    }

    /// Adds a row; its values are those of the columns, in order.
    ///
    /// # Errors
    /// If a value does not fit its column, or the file cannot be written.
    pub fn row(&mut self, values: &[Value<'_>]) -> anyhow::Result<()> {
        anyhow::ensure!(values.len() == self.builders.len(), "a row of {} values", values.len());
        for (builder, value) in self.builders.iter_mut().zip(values) {
            match (builder, value) {
                (Builder::Hash(builder), Value::Hash(hash)) => builder.append_value(hash)?,
                (Builder::Hash(builder), Value::Empty) => builder.append_null(),
                (Builder::Text(builder), Value::Text(text)) => builder.append_value(text),
                (Builder::Text(builder), Value::Empty) => builder.append_null(),
                (Builder::Integer(builder), Value::Number(number)) => {
                    builder.append_value(i64::try_from(*number).context("a number of 2^63 or more")?);
                }
                (Builder::Integer(builder), Value::Empty) => builder.append_null(),
                (Builder::Wide(builder), Value::Number(number)) => {
                    builder.append_value(i128::try_from(*number).context("a number of 2^127 or more")?);
                }
                (Builder::Wide(builder), Value::Empty) => builder.append_null(),
                _ => anyhow::bail!("a value of another type than its column"),
            }
        }
        self.rows += 1;
        if self.rows == ROWS_AT_A_TIME { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        if self.rows > 0 {
            let columns: Vec<ArrayRef> = self.builders.iter_mut().map(finish).collect();
            self.writer.write(&RecordBatch::try_new(self.schema.clone(), columns)?)?;
            self.rows = 0;
        }
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(mut self) -> anyhow::Result<()> {
        self.flush()?;
        self.writer.close()?;
        Ok(())
    }
}

fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Hash => DataType::FixedSizeBinary(32),
        Kind::Text => DataType::Utf8,
        Kind::Integer => DataType::Int64,
        Kind::Wide => DataType::Decimal128(38, 0),
    }
}

fn builder(kind: Kind) -> anyhow::Result<Builder> {
    Ok(match kind {
        Kind::Hash => Builder::Hash(FixedSizeBinaryBuilder::new(32)),
        Kind::Text => Builder::Text(StringBuilder::new()),
        Kind::Integer => Builder::Integer(Int64Builder::new()),
        Kind::Wide => Builder::Wide(Decimal128Builder::new().with_precision_and_scale(38, 0)?),
    })
}

fn finish(builder: &mut Builder) -> ArrayRef {
    match builder {
        Builder::Hash(builder) => ArrayBuilder::finish(builder),
        Builder::Text(builder) => ArrayBuilder::finish(builder),
        Builder::Integer(builder) => ArrayBuilder::finish(builder),
        Builder::Wide(builder) => ArrayBuilder::finish(builder),
    }
}

/// Opens a Parquet file, to be read by pieces.
///
/// # Errors
/// If it is not there or damaged.
pub fn open(path: &Path) -> anyhow::Result<ParquetRecordBatchReader> {
    let doing = || format!("cannot read {}", path.display());
    let file = std::fs::File::open(path).with_context(doing)?;
    ParquetRecordBatchReaderBuilder::try_new(file).and_then(|builder| builder.build()).with_context(doing)
}

/// Reads a Parquet file by pieces.
///
/// # Errors
/// If it is not there or damaged; of `each`.
pub fn read(path: &Path, each: impl FnMut(&RecordBatch) -> anyhow::Result<()>) -> anyhow::Result<()> {
    read_with(path, Ok, each)
}

/// Reads these columns of a Parquet file by pieces; the others are not decoded.
///
/// # Errors
/// As [`read()`]. Columns that are not there are missing from the pieces.
pub fn read_columns(
    path: &Path,
    columns: &[&str],
    each: impl FnMut(&RecordBatch) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let projected = |reader: Opened| {
        let mask = ProjectionMask::columns(reader.parquet_schema(), columns.iter().copied());
        Ok(reader.with_projection(mask).with_batch_size(ROWS_AT_A_TIME))
    };
    read_with(path, projected, each)
}

/// A Parquet file of which nothing is read yet.
pub type Opened = ParquetRecordBatchReaderBuilder<std::fs::File>;

/// Reads of a Parquet file, by pieces, what `select` makes of it.
///
/// # Errors
/// If it is not there or damaged; of `select` and `each`.
pub fn read_with(
    path: &Path,
    select: impl FnOnce(Opened) -> anyhow::Result<Opened>,
    mut each: impl FnMut(&RecordBatch) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let doing = || format!("cannot read {}", path.display());
    let file = std::fs::File::open(path).with_context(doing)?;
    let reader = select(ParquetRecordBatchReaderBuilder::try_new(file).with_context(doing)?)?;
    for batch in reader.build().with_context(doing)? {
        each(&batch.with_context(doing)?)?;
    }
    Ok(())
}
