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
    /// Numbers that ascend or come in runs: written by differences.
    Integer(fn(&R) -> u64),
    /// Nearly every value is another one: written by differences, which do not compress.
    Spread(fn(&R) -> u64),
    /// Values that come again: a dictionary.
    Repeated(fn(&R) -> u64),
    /// A number of 32 bits, written by differences.
    Small(fn(&R) -> i64),
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

    pub(super) fn spread(name: &'static str, of: fn(&R) -> u64) -> Self {
        Self { name, of: Of::Spread(of) }
    }

    pub(super) fn repeated(name: &'static str, of: fn(&R) -> u64) -> Self {
        Self { name, of: Of::Repeated(of) }
    }

    pub(super) fn small(name: &'static str, of: fn(&R) -> i64) -> Self {
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
            Of::Integer(_) | Of::Spread(_) | Of::Repeated(_) => Physical::INT64,
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
            Of::Integer(of) | Of::Spread(of) | Of::Repeated(of) => {
                let number = |row: &R| i64::try_from(of(row)).map_err(|error| ParquetError::General(error.to_string()));
                values::<Int64Type>(group, &rows.iter().map(number).collect::<Result<Vec<_>, _>>()?)
            }
            Of::Small(of) => {
                let number = |row: &R| i32::try_from(of(row)).map_err(|error| ParquetError::General(error.to_string()));
                values::<Int32Type>(group, &rows.iter().map(number).collect::<Result<Vec<_>, _>>()?)
            }
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
        if matches!(of, Of::Integer(_) | Of::Spread(_) | Of::Small(_) | Of::Constant(_)) {
            properties = properties.set_column_encoding((*name).into(), Encoding::DELTA_BINARY_PACKED);
        }
        if matches!(of, Of::Spread(_) | Of::Repeated(_)) {
            properties = properties.set_column_compression((*name).into(), Compression::UNCOMPRESSED);
        }
    }
    Ok(properties.build())
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array as _, AsArray as _};
    use arrow::datatypes::{Int32Type as Int32, Int64Type as Int64};
    use bytes::Bytes;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use rand::{Rng as _, SeedableRng as _};

    use super::*;

    type Row = (u32, u64, i32, bool);

    /// Writes rows that name these keys, and reads them back.
    fn there_and_back(rows: &[Row], keys: &[Hash]) {
        let columns = [
            Column::key("key", keys, |row: &Row| row.0),
            Column::spread("spread", |row| row.1),
            Column::repeated("repeated", |row| row.1 & 7),
            Column::integer("integer", |row| row.1),
            Column::small("small", |row| row.2.into()),
            Column::constant("constant", 23),
            Column::flag("flag", |row| row.3),
        ];
        let bytes = Bytes::from(write(rows, &columns).unwrap());
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().with_batch_size(1000).build().unwrap();
        let mut expected = rows.iter();
        for batch in reader {
            let batch = batch.unwrap();
            let column = |name| batch.column_by_name(name).unwrap();
            let number = |name, row| column(name).as_primitive::<Int64>().value(row) as u64;
            let small = |name, row| column(name).as_primitive::<Int32>().value(row);
            for row in 0..batch.num_rows() {
                let (key, wide, narrow, flag) = expected.next().unwrap();
                assert_eq!(column("key").as_fixed_size_binary().value(row), keys[*key as usize]);
                assert_eq!(
                    [number("spread", row), number("integer", row), number("repeated", row)],
                    [*wide, *wide, wide & 7]
                );
                assert_eq!([small("small", row), small("constant", row)], [*narrow, 23]);
                assert_eq!(column("flag").as_boolean().value(row), *flag);
            }
            assert!(batch.columns().iter().all(|column| column.null_count() == 0));
        }
        assert!(expected.next().is_none());
    }

    #[test]
    fn whatever_is_written_is_read() {
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(9);
        for count in [1, 2, 3, 17, 1000, 70_000] {
            let keys: Vec<Hash> = (0..count).map(|_| random.random()).collect();
            for length in [1, 7, 8, 9, 100, 5_000, 150_000] {
                // Runs of any length, and none.
                let longest = [1, 3, 40, 1000][random.random_range(0..4)];
                let mut rows: Vec<Row> = Vec::with_capacity(length);
                while rows.len() < length {
                    let row =
                        (random.random_range(0..count), random.random::<u64>() >> 1, random.random(), random.random());
                    let run = random.random_range(1..=longest);
                    rows.extend(std::iter::repeat_n(row, run));
                }
                there_and_back(&rows, &keys);
            }
        }
    }

    #[test]
    fn a_number_that_is_too_great_and_a_key_that_is_not_there_are_refused() {
        let rows: [Row; 1] = [(1, u64::MAX, 0, false)];
        assert!(write(&rows, &[Column::integer("integer", |row: &Row| row.1)]).is_err());
        assert!(write(&rows, &[Column::small("small", |_: &Row| i64::from(i32::MAX) + 1)]).is_err());
        assert!(write(&rows, &[Column::key("key", &[[0; 32]], |row: &Row| row.0)]).is_err());
    }

    #[test]
    fn more_rows_than_a_group_has_are_written_in_several() {
        let rows: Vec<Row> = (0..ROW_GROUP as u64 + 5).map(|row| ((row & 1) as u32, row, 0, true)).collect();
        there_and_back(&rows, &[[1; 32], [2; 32]]);
    }
}
