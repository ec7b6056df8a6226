//! Which engine settles an epoch: the pure path of the protocol crate, DataFusion in this process, or Spark on a cluster.
//!
//! The result is the same, byte for byte; what differs is how much memory and how many machines it takes. Rows are made of batches that
//! have none yet.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use radio_payouts_engine::engine::Engine;
use radio_payouts_engine::spark::{Master, NoMaster, Spark};
use radio_payouts_protocol::batch::BatchHeader;

use crate::store::Store;

/// Receipts from which on an epoch is given to DataFusion, where it is there and nothing else is asked for.
pub const MANY_RECEIPTS: u64 = 2_000_000;

/// Names the Python that has the package `pyspark`; without it the `python3` on the path.
pub const SPARK_PYTHON: &str = "RADIO_PAYOUTS_SPARK_PYTHON";

/// An engine to be used, as `--engine` names it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Choice {
    /// The pure path up to [`MANY_RECEIPTS`] receipts, then DataFusion if this build has it.
    #[default]
    Auto,
    /// The pure path: everything in memory.
    Pure,
    /// DataFusion in this process.
    DataFusion,
    /// Spark, by its master.
    Spark(Master),
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "pure" => Ok(Self::Pure),
            "datafusion" if cfg!(feature = "datafusion") => Ok(Self::DataFusion),
            "datafusion" => Err("this build has no DataFusion: build it with `--features datafusion`".to_owned()),
            _ => text
                .parse()
                .map(Self::Spark)
                .map_err(|wrong: NoMaster| format!("{wrong}; expected auto, pure, datafusion, or a master of Spark")),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Auto => "auto",
            Self::Pure => "pure",
            Self::DataFusion => "datafusion",
            Self::Spark(master) => return master.fmt(formatter),
        })
    }
}

impl Choice {
    /// The engine for these batches; `None` for the pure path. `work` takes what it needs on disk.
    ///
    /// # Errors
    /// If the store fails.
    pub fn open(
        &self,
        batches: &[BatchHeader],
        store: &Store,
        work: &Path,
    ) -> anyhow::Result<Option<Box<dyn Engine + Sync>>> {
        self.open_for(|| Ok(store.receipts_of(batches)?), work)
    }

    /// The engine for so many receipts; `None` for the pure path. `receipts` is asked only if it matters, `work` takes what it needs on
    /// disk.
    ///
    /// # Errors
    /// Those of `receipts`; if this build has no such engine.
    pub fn open_for(
        &self,
        receipts: impl FnOnce() -> anyhow::Result<u64>,
        work: &Path,
    ) -> anyhow::Result<Option<Box<dyn Engine + Sync>>> {
        Ok(match self {
            Self::Pure => None,
            Self::Auto if cfg!(not(feature = "datafusion")) => None,
            Self::Auto if receipts()? < MANY_RECEIPTS => None,
            Self::Auto | Self::DataFusion => data_fusion(work)?,
            Self::Spark(master) => {
                let mut spark = Spark::new(master.clone(), &work.join("spark"));
                if let Some(python) = std::env::var_os(SPARK_PYTHON) {
                    spark.python = python.into();
                }
                Some(Box::new(spark))
            }
        })
    }
}

#[cfg(feature = "datafusion")]
#[expect(clippy::unnecessary_wraps, reason = "it fails where DataFusion is not built in")]
fn data_fusion(work: &Path) -> anyhow::Result<Option<Box<dyn Engine + Sync>>> {
    Ok(Some(Box::new(radio_payouts_engine::DataFusion::new(&work.join("spill")))))
}

#[cfg(not(feature = "datafusion"))]
fn data_fusion(_work: &Path) -> anyhow::Result<Option<Box<dyn Engine + Sync>>> {
    anyhow::bail!("this build has no DataFusion: build it with `--features datafusion`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_named_as_the_help_says() {
        assert_eq!("auto".parse(), Ok(Choice::Auto));
        assert_eq!("pure".parse(), Ok(Choice::Pure));
        for master in ["spark://a:7077", "local[2]"] {
            let choice: Choice = master.parse().unwrap();
            assert!(matches!(choice, Choice::Spark(_)) && choice.to_string() == master, "{choice:?}");
        }
        assert_eq!("datafusion".parse::<Choice>().is_ok(), cfg!(feature = "datafusion"));
        for wrong in ["", "Spark", "duckdb", "http://a"] {
            assert!(wrong.parse::<Choice>().unwrap_err().contains("expected"), "{wrong}");
        }
    }
}
