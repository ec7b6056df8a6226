//! Which engine settles an epoch: the pure path of the protocol crate, DataFusion in this process, or Spark on a cluster.
//!
//! The result is the same, byte for byte; what differs is how much memory and how many machines it takes. Rows are made of batches that
//! have none yet.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use radio_payouts_engine::engine::Engine;
use radio_payouts_protocol::batch::BatchHeader;

use crate::store::Store;

/// Receipts from which on an epoch is given to DataFusion, where it is there and nothing else is asked for.
pub const MANY_RECEIPTS: u64 = 2_000_000;

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
    /// Spark, by the address of its master: `spark://HOST:PORT`, or `local[N]`.
    Spark(String),
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "pure" => Ok(Self::Pure),
            "datafusion" if cfg!(feature = "datafusion") => Ok(Self::DataFusion),
            "datafusion" => Err("this build has no DataFusion: build it with `--features datafusion`".to_owned()),
            _ if text.starts_with("spark://") || text.starts_with("local[") => Ok(Self::Spark(text.to_owned())),
            _ => Err("expected auto, pure, datafusion, spark://HOST:PORT or local[N]".to_owned()),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Auto => "auto",
            Self::Pure => "pure",
            Self::DataFusion => "datafusion",
            Self::Spark(master) => master,
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
            Self::Spark(master) => anyhow::bail!("Spark at {master} is not built in yet"),
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
        assert_eq!("spark://a:7077".parse(), Ok(Choice::Spark("spark://a:7077".into())));
        assert_eq!("local[2]".parse(), Ok(Choice::Spark("local[2]".into())));
        assert_eq!("datafusion".parse::<Choice>().is_ok(), cfg!(feature = "datafusion"));
        for wrong in ["", "Spark", "duckdb", "http://a"] {
            assert!(wrong.parse::<Choice>().unwrap_err().contains("expected"), "{wrong}");
        }
    }
}
