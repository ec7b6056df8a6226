//! DataFusion: the engine in this process. It spills to disk when its memory is used up.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::error::DataFusionError;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use futures_util::StreamExt as _;

use crate::EngineError;
use crate::engine::{Each, Engine};
use crate::plan::Tables;

/// DataFusion with a limit on its memory.
#[derive(Clone, Debug)]
pub struct DataFusion {
    /// Bytes of memory for the operators of a query; what needs more spills.
    pub memory_bytes: usize,
    /// Threads and partitions.
    pub threads: usize,
    /// Folder for what is spilled.
    pub spill: PathBuf,
}

/// DataFusion's own default of what a sort keeps back for its merge, in bytes.
const SORT_SPILL_RESERVATION: usize = 10 << 20;

impl DataFusion {
    /// All cores and two gigabytes, spilling to `spill`.
    #[must_use]
    pub fn new(spill: &Path) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { memory_bytes: 2 << 30, threads, spill: spill.to_owned() }
    }

    fn session(&self) -> Result<SessionContext, DataFusionError> {
        // The plan's own order of joins: by statistics the rows might become the side that is held in memory, which cannot spill.
        let config = SessionConfig::new()
            .with_target_partitions(self.threads)
            // What a sort keeps back to merge what it spilled must fit beside the other operators, however small the limit is.
            .with_sort_spill_reservation_bytes((self.memory_bytes / 32).min(SORT_SPILL_RESERVATION))
            .set_bool("datafusion.optimizer.join_reordering", false)
            .set_bool("datafusion.execution.parquet.schema_force_view_types", false);
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(self.memory_bytes)))
            .with_temp_file_path(&self.spill)
            .build_arc()?;
        Ok(SessionContext::new_with_config_rt(config, runtime))
    }

    async fn stream(&self, tables: &Tables, sql: &str, each: Each<'_>) -> Result<(), EngineError> {
        let failed = |error: DataFusionError| EngineError::Engine(error.to_string());
        let session = self.session().map_err(failed)?;
        for (name, paths) in tables.named() {
            if !paths.is_empty() {
                register(&session, name, paths).await.map_err(failed)?;
            }
        }
        let mut pieces = session.sql(sql).await.map_err(failed)?.execute_stream().await.map_err(failed)?;
        while let Some(piece) = pieces.next().await {
            each(&piece.map_err(failed)?)?;
        }
        Ok(())
    }
}

/// Exactly these files: no folder is listed, no part of a path becomes a column.
async fn register(session: &SessionContext, name: &str, paths: &[PathBuf]) -> Result<(), DataFusionError> {
    let urls = paths.iter().map(|path| file_url(path)).collect::<Result<Vec<_>, _>>()?;
    let format = ParquetFormat::default().with_force_view_types(false);
    let options = ListingOptions::new(Arc::new(format)).with_file_extension(".parquet");
    let config = ListingTableConfig::new_with_multi_paths(urls).with_listing_options(options);
    let table = ListingTable::try_new(config.infer_schema(&session.state()).await?)?;
    session.register_table(name, Arc::new(table))?;
    Ok(())
}

/// As a URL, in which no letter of a path is a pattern.
fn file_url(path: &Path) -> Result<ListingTableUrl, DataFusionError> {
    let path = std::path::absolute(path)?;
    let url = url::Url::from_file_path(&path)
        .map_err(|()| DataFusionError::External(format!("{} is no path of a file", path.display()).into()))?;
    ListingTableUrl::try_new(url, None)
}

impl Engine for DataFusion {
    fn run(&self, tables: &Tables, sql: &str, each: Each<'_>) -> Result<(), EngineError> {
        let failed = |error: std::io::Error| EngineError::Engine(format!("no threads: {error}"));
        crate::durable::create_folder(&self.spill)?;
        // A thread of its own: the caller may be inside a runtime.
        std::thread::scope(|scope| {
            let work = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(self.threads)
                    .enable_all()
                    .build()
                    .map_err(failed)?;
                runtime.block_on(self.stream(tables, sql, each))
            });
            work.join().unwrap_or_else(|_| Err(EngineError::Engine("it panicked".to_owned())))
        })
    }
}
