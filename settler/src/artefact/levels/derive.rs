//! A level file from `payouts.parquet`.

use std::path::Path;

use anyhow::Context as _;
use arrow::array::{Array as _, AsArray as _};
use arrow::datatypes::Int64Type;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::forest::{ForestBuilder, hash_leaves};
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::tree::share_leaf;

use super::Writer;
use crate::artefact::{Artefact, sheet};

/// Leaves that are hashed at once, on all cores.
const LEAVES_AT_A_TIME: usize = 1 << 16;

/// Writes an artefact's level file to `path`, in a folder that is there: its payouts are read by pieces, and one tree is in memory. `done` is told
/// after every piece how many leaves it had.
///
/// # Errors
/// If `payouts.parquet` is damaged or its trees are not the committed ones: then there is no file. If it cannot be written.
pub fn derive(artefact: &Artefact, path: &Path, mut done: impl FnMut(u64)) -> anyhow::Result<()> {
    let (domain, epoch) = (artefact.domain(), artefact.manifest.statement.epoch);
    let mut writer = Writer::create(path)?;
    let mut forest = ForestBuilder::new(domain);
    let mut hash = |shares: &mut Vec<Share>, first: usize| {
        let leaves = hash_leaves(shares, |at, share| share.leaf(&domain, epoch, first + at));
        forest.extend(&leaves, |tree| writer.tree(tree))?;
        done(shares.len() as u64);
        shares.clear();
        anyhow::Ok(())
    };
    let (mut shares, mut first) = (Vec::with_capacity(LEAVES_AT_A_TIME), 0);
    each_share(&artefact.folder.join("payouts.parquet"), |share| {
        shares.push(share);
        if shares.len() == LEAVES_AT_A_TIME {
            hash(&mut shares, first)?;
            first += LEAVES_AT_A_TIME;
        }
        Ok(())
    })?;
    hash(&mut shares, first)?;
    let roots = forest.finish(|tree| writer.tree(tree))?;
    artefact.check_roots(&roots)?;
    writer.finish(&artefact.manifest.commitment)
}

/// What a leaf is made of besides its index.
struct Share {
    did_hash: Hash,
    payee: [u8; 32],
    amount: u64,
}

impl Share {
    fn leaf(&self, domain: &Domain, epoch: u64, index: usize) -> radio_payouts_protocol::tree::Node {
        // Indices were compared with their place, which is below 2^32.
        share_leaf(domain, epoch, index as u32, &self.did_hash, &self.payee, self.amount)
    }
}

/// Hands every share with a leaf to `each`, in the order of their indices, which must be 0, 1, 2, ….
fn each_share(path: &Path, mut each: impl FnMut(Share) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let mut next = 0u32;
    sheet::read_columns(path, &["index", "did_hash", "payee", "amount_base_units"], |rows| {
        let column = |name: &str| rows.column_by_name(name).with_context(|| format!("no column {name}"));
        let integer = |name: &str| column(name)?.as_primitive_opt::<Int64Type>().context("not an integer");
        let hash = |name: &str| column(name)?.as_fixed_size_binary_opt().context("not 32 bytes");
        let (index, amount) = (integer("index")?, integer("amount_base_units")?);
        let (did_hash, payee) = (hash("did_hash")?, hash("payee")?);
        for row in (0..rows.num_rows()).filter(|row| !index.is_null(*row)) {
            anyhow::ensure!(index.value(row) == i64::from(next), "leaf {} where leaf {next} is due", index.value(row));
            next = next.checked_add(1).context("more leaves than there can be")?;
            each(Share {
                did_hash: did_hash.value(row).try_into()?,
                payee: payee.value(row).try_into()?,
                amount: u64::try_from(amount.value(row))?,
            })?;
        }
        Ok(())
    })
    .with_context(|| path.display().to_string())
}
