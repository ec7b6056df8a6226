//! Columns of results, whatever width an engine gives them.

use std::path::Path;

use arrow::array::{
    Array, ArrayRef, AsArray as _, Decimal128Array, FixedSizeBinaryArray, Int64Array, RecordBatch, StringArray,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Decimal128Type, Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use radio_payouts_protocol::hash::Hash;

use crate::EngineError;

/// Columns of a piece of a result, by name; none of them may have an empty place.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a>(pub &'a RecordBatch);

impl Columns<'_> {
    fn column(self, name: &str, kind: &DataType) -> Result<ArrayRef, EngineError> {
        let wrong = |why: &dyn std::fmt::Display| EngineError::refused(format!("column {name}: {why}"));
        let column = self.0.column_by_name(name).ok_or_else(|| wrong(&"it is not there"))?;
        if column.null_count() > 0 {
            return Err(wrong(&"a value is missing"));
        }
        if column.data_type() == kind {
            return Ok(column.clone());
        }
        // A value that does not fit is an error, not an empty place.
        let exact = CastOptions { safe: false, ..CastOptions::default() };
        cast_with_options(column, kind, &exact).map_err(|error| wrong(&error))
    }

    /// Keys of 32 bytes.
    ///
    /// # Errors
    /// [`EngineError::Refused`] if it is not there, has empty places, or is of another kind.
    pub fn hashes(self, name: &str) -> Result<Hashes, EngineError> {
        Ok(Hashes(self.column(name, &DataType::FixedSizeBinary(32))?.as_fixed_size_binary().clone()))
    }

    /// Integers of at most 64 bits.
    ///
    /// # Errors
    /// As [`Columns::hashes`].
    pub fn integers(self, name: &str) -> Result<Integers, EngineError> {
        Ok(Integers(self.column(name, &DataType::Int64)?.as_primitive::<Int64Type>().clone()))
    }

    /// Exact sums.
    ///
    /// # Errors
    /// As [`Columns::hashes`].
    pub fn sums(self, name: &str) -> Result<Sums, EngineError> {
        Ok(Sums(self.column(name, &DataType::Decimal128(38, 0))?.as_primitive::<Decimal128Type>().clone()))
    }

    /// Text.
    ///
    /// # Errors
    /// As [`Columns::hashes`].
    pub fn texts(self, name: &str) -> Result<StringArray, EngineError> {
        Ok(self.column(name, &DataType::Utf8)?.as_string::<i32>().clone())
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(self) -> usize {
        self.0.num_rows()
    }
}

/// A column of keys.
#[derive(Clone, Debug)]
pub struct Hashes(FixedSizeBinaryArray);

impl Hashes {
    /// The key in a row.
    #[must_use]
    pub fn at(&self, row: usize) -> Hash {
        // The column's type has 32 bytes.
        self.0.value(row).try_into().unwrap_or_default()
    }
}

/// A column of integers.
#[derive(Clone, Debug)]
pub struct Integers(Int64Array);

impl Integers {
    /// The integer in a row.
    ///
    /// # Errors
    /// [`EngineError::Refused`] if it is negative or wider than what is asked for.
    pub fn at<N: TryFrom<i64>>(&self, row: usize) -> Result<N, EngineError> {
        let value = self.0.value(row);
        N::try_from(value).map_err(|_| EngineError::refused(format!("{value} is out of range")))
    }
}

/// A column of sums.
#[derive(Clone, Debug)]
pub struct Sums(Decimal128Array);

impl Sums {
    /// The sum in a row.
    ///
    /// # Errors
    /// [`EngineError::Refused`] if it is negative or wider than what is asked for.
    pub fn at<N: TryFrom<i128>>(&self, row: usize) -> Result<N, EngineError> {
        let value = self.0.value(row);
        N::try_from(value).map_err(|_| EngineError::refused(format!("{value} is out of range")))
    }
}

/// Reads a Parquet file of ours by pieces, without an engine.
///
/// # Errors
/// [`EngineError`] if it is not there or damaged; of `each`.
pub fn read(path: &Path, mut each: impl FnMut(Columns<'_>) -> Result<(), EngineError>) -> Result<(), EngineError> {
    let file = std::fs::File::open(path).map_err(|error| EngineError::file("read", path, error))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(|builder| builder.build())
        .map_err(|error| EngineError::damaged(path, error))?;
    for piece in reader {
        each(Columns(&piece.map_err(|error| EngineError::damaged(path, error))?))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::BinaryArray;

    use super::*;

    fn rows(column: ArrayRef) -> RecordBatch {
        RecordBatch::try_from_iter([("column", column)]).unwrap()
    }

    #[test]
    fn keys_of_another_length_are_refused_and_binary_ones_are_taken() {
        for lengths in [[32, 31], [33, 32], [32, 0], [64, 64]] {
            let keys: Vec<Vec<u8>> = lengths.iter().map(|length| vec![7; *length]).collect();
            let rows = rows(Arc::new(BinaryArray::from_iter_values(keys)));
            let refused = Columns(&rows).hashes("column");
            assert!(matches!(refused, Err(EngineError::Refused(_))), "{lengths:?}: {refused:?}");
        }
        let rows = rows(Arc::new(BinaryArray::from_iter_values([[0xff; 32], [1; 32]])));
        let keys = Columns(&rows).hashes("column").unwrap();
        assert_eq!((keys.at(0), keys.at(1)), ([0xff; 32], [1; 32]));
    }

    #[test]
    fn a_sum_that_is_no_integer_of_64_bits_is_refused() {
        let wide = Decimal128Array::from(vec![i128::from(i64::MAX) + 1]).with_precision_and_scale(30, 0).unwrap();
        let rows = rows(Arc::new(wide));
        assert!(matches!(Columns(&rows).integers("column"), Err(EngineError::Refused(_))));
        let sum: i128 = Columns(&rows).sums("column").unwrap().at(0).unwrap();
        assert_eq!(sum, i128::from(i64::MAX) + 1);
    }
}
