//! What an engine is to the rest.

use arrow::array::RecordBatch;

use crate::EngineError;
use crate::plan::Tables;

/// Hears a result piece by piece, in order.
pub type Each<'a> = &'a mut (dyn FnMut(&RecordBatch) -> Result<(), EngineError> + Send);

/// Whatever runs standard SQL over Parquet files. What it says is not trusted.
pub trait Engine {
    /// Runs one query over the files of these tables; a table without files is not there.
    ///
    /// # Errors
    /// [`EngineError::Engine`] if it failed; that of `each`.
    fn run(&self, tables: &Tables, sql: &str, each: Each<'_>) -> Result<(), EngineError>;
}
