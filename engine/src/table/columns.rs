//! Rows in memory become Parquet column by column, without a table of arrays in between.

use std::sync::Arc;

use parquet::basic::{Compression, Encoding, Repetition, Type as Physical, ZstdLevel};
use parquet::data_type::{BoolType, DataType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{ColumnDescPtr, SchemaDescriptor, Type};
use radio_payouts_protocol::hash::Hash;

use super::{ROW_GROUP, keys};

/// A column of a table of rows `R`.
pub(super) struct Column<'a, R> {
    name: &'static str,
    of: Of<'a, R>,
}

/// What a column has of a row.
enum Of<'a, R> {
    /// A key of 32 bytes, by its place.
    Key(&'a [Hash], fn(&R) -> u32),
    /// Nearly every value is another one: written by differences, which do not compress.
    Integer(fn(&R) -> u64),
    /// Values that come again: a dictionary.
    Repeated(fn(&R) -> u64),
    /// A small number, written by differences.
    Small(fn(&R) -> i32),
    /// The same for all rows.
    Constant(i32),
    Flag(fn(&R) -> bool),
}

impl<'a, R> Column<'a, R> {
    pub(super) fn key(name: &'static str, keys: &'a [Hash], of: fn(&R) -> u32) -> Self {
        Self { name, of: Of::Key(keys, of) }
    }

    pub(super) fn integer(name: &'static str, of: fn(&R) -> u64) -> Self {
        Self { name, of: Of::Integer(of) }
    }

    pub(super) fn repeated(name: &'static str, of: fn(&R) -> u64) -> Self {
        Self { name, of: Of::Repeated(of) }
    }

    pub(super) fn small(name: &'static str, of: fn(&R) -> i32) -> Self {
        Self { name, of: Of::Small(of) }
    }

    pub(super) fn constant(name: &'static str, value: i32) -> Self {
        Self { name, of: Of::Constant(value) }
    }

    pub(super) fn flag(name: &'static str, of: fn(&R) -> bool) -> Self {
        Self { name, of: Of::Flag(of) }
    }

    fn schema(&self) -> Result<Type, ParquetError> {
        let physical = match self.of {
            Of::Key(..) => Physical::FIXED_LEN_BYTE_ARRAY,
            Of::Integer(_) | Of::Repeated(_) => Physical::INT64,
            Of::Small(_) | Of::Constant(_) => Physical::INT32,
            Of::Flag(_) => Physical::BOOLEAN,
        };
        let length = if matches!(self.of, Of::Key(..)) { size_of::<Hash>() as i32 } else { -1 };
        Type::primitive_type_builder(self.name, physical)
            .with_repetition(Repetition::REQUIRED)
            .with_length(length)
            .build()
    }

    fn write(&self, rows: &[R], column: &ColumnDescPtr, group: &mut Group<'_>) -> Result<(), ParquetError> {
        match self.of {
            Of::Key(keys, of) => {
                let (pages, closed) = keys::chunk(column, rows.iter().map(of).collect(), keys)?;
                group.append_column(&pages, closed)
            }
            Of::Integer(of) | Of::Repeated(of) => {
                let number = |row: &R| i64::try_from(of(row)).map_err(|error| ParquetError::General(error.to_string()));
                values::<Int64Type>(group, &rows.iter().map(number).collect::<Result<Vec<_>, _>>()?)
            }
            Of::Small(of) => values::<Int32Type>(group, &rows.iter().map(of).collect::<Vec<_>>()),
            Of::Constant(value) => values::<Int32Type>(group, &vec![value; rows.len()]),
            Of::Flag(of) => values::<BoolType>(group, &rows.iter().map(of).collect::<Vec<_>>()),
        }
    }
}

type Group<'a> = SerializedRowGroupWriter<'a, Vec<u8>>;

fn values<T: DataType>(group: &mut Group<'_>, values: &[T::T]) -> Result<(), ParquetError> {
    let column = group.next_column()?;
    let mut column = column.ok_or_else(|| ParquetError::General("there are fewer columns".to_owned()))?;
    let _ = column.typed::<T>().write_batch(values, None, None)?;
    column.close()
}

/// Rows as Parquet.
///
/// # Errors
/// If a number does not fit its column.
pub(super) fn write<R>(rows: &[R], columns: &[Column<'_, R>]) -> Result<Vec<u8>, ParquetError> {
    let fields = columns.iter().map(|column| column.schema().map(Arc::new)).collect::<Result<Vec<_>, _>>()?;
    let schema = Arc::new(Type::group_type_builder("rows").with_fields(fields).build()?);
    let descriptor = SchemaDescriptor::new(schema.clone());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties(columns)?))?;
    for rows in rows.chunks(ROW_GROUP) {
        let mut group = writer.next_row_group()?;
        for (column, described) in columns.iter().zip(descriptor.columns()) {
            column.write(rows, described, &mut group)?;
        }
        let _ = group.close()?;
    }
    writer.into_inner()
}

fn properties<R>(columns: &[Column<'_, R>]) -> Result<WriterProperties, ParquetError> {
    let mut properties = WriterProperties::builder()
        .set_created_by("radio-payouts".to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        // Columns of keys have none.
        .set_offset_index_disabled(true);
    for Column { name, of } in columns {
        if !matches!(of, Of::Repeated(_)) {
            properties = properties.set_column_dictionary_enabled((*name).into(), false);
        }
        if matches!(of, Of::Integer(_) | Of::Small(_) | Of::Constant(_)) {
            properties = properties.set_column_encoding((*name).into(), Encoding::DELTA_BINARY_PACKED);
        }
        if matches!(of, Of::Integer(_) | Of::Repeated(_)) {
            properties = properties.set_column_compression((*name).into(), Compression::UNCOMPRESSED);
        }
    }
    Ok(properties.build())
}
