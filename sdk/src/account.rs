//! The program's `Epoch` account, read from its bytes without the program's crate.
//!
//! The layout is Borsh behind an eight-byte discriminator, in the order of `programs/radio-payouts/src/state/epoch.rs`; a
//! test writes the program's own struct and reads it here.

use radio_payouts_protocol::artefact::manifest::StatementJson;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::{Hash, sha256};
use radio_payouts_protocol::params::Mode;
use radio_payouts_protocol::statement::Statement;
use radio_payouts_protocol::tree::{MAX_TREES, TreeRoot};
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::document::write;
use crate::fault::Fault;

/// The layout that this version reads.
const VERSION: u8 = 1;
/// States in the order of their numbers, and whether a root is in force in each.
const STATES: [(&str, bool); 7] = [
    ("open", false),
    ("posted", true),
    ("disputed", true),
    ("final", true),
    ("ratified", true),
    ("closed", true),
    ("revoked", false),
];
/// Bytes of `ConfigTimes`: five times, a threshold, two figures of the bond.
const TIMES_BYTES: usize = 5 * 4 + 1 + 8 + 2;

/// What is read of the account: `EpochAccount` in TypeScript.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EpochAccount {
    kind: &'static str,
    epoch: String,
    status: &'static str,
    has_root: bool,
    attempt: u32,
    domain: String,
    mode: Mode,
    commitment: String,
    parent_epoch: Option<String>,
    statement: StatementJson,
    payouts_sum: String,
    share_cap: String,
    posted_at_unix: Option<i64>,
    finalized_at_unix: Option<i64>,
    ratified_at_unix: Option<i64>,
    contested: bool,
    claimed: String,
}

/// Reads the data of an `Epoch` account: a JSON document.
///
/// # Errors
/// `malformed` for another account, another layout, bytes that end too early, or a root in force whose statement does not
/// lead to its commitment.
#[wasm_bindgen]
pub fn decode_epoch_account(data: &[u8]) -> Result<String, Fault> {
    let discriminator = sha256(&[b"account:Epoch"]);
    let rest = discriminator
        .first_chunk::<8>()
        .and_then(|discriminator| data.strip_prefix(discriminator))
        .ok_or_else(|| Fault::malformed("the account is no Epoch of the program"))?;
    let account = Reader(rest).epoch()?;
    write(&account)
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn epoch(mut self) -> Result<EpochAccount, Fault> {
        let version = self.u8()?;
        if version != VERSION {
            return Err(Fault::malformed(format!("the account has layout version {version}; {VERSION} is known here")));
        }
        let _bump = self.u8()?;
        let epoch = self.u64()?;
        let status = self.u8()?;
        let (status, has_root) = *STATES.get(usize::from(status)).ok_or_else(|| unknown("status", status))?;
        let attempt = self.u32()?;
        let domain = self.hash()?;
        let mode = match self.u8()? {
            0 => Mode::Demo,
            1 => Mode::Live,
            other => return Err(unknown("mode", other)),
        };
        let commitment = self.hash()?;
        let parent_epoch = self.option(Self::u64)?;
        let statement = self.statement(epoch)?;
        if has_root && statement.commitment(&Domain::from_bytes(domain)) != commitment {
            return Err(Fault::malformed("the account's statement does not lead to its commitment"));
        }
        let (payouts_sum, share_cap) = (self.u64()?, self.u64()?);
        self.skip(TIMES_BYTES)?;
        let (posted, finalized, ratified) = (self.start()?, self.start()?, self.start()?);
        let contested = self.flag()?;
        let _contested_before = self.option(Self::u64)?;
        let claimed = self.u64()?;
        Ok(EpochAccount {
            kind: "Epoch",
            epoch: epoch.to_string(),
            status,
            has_root,
            attempt,
            domain: hex::encode(domain),
            mode,
            commitment: hex::encode(commitment),
            parent_epoch: parent_epoch.map(|parent| parent.to_string()),
            statement: StatementJson::from(&statement),
            payouts_sum: payouts_sum.to_string(),
            share_cap: share_cap.to_string(),
            posted_at_unix: posted,
            finalized_at_unix: finalized,
            ratified_at_unix: ratified,
            contested,
            claimed: claimed.to_string(),
        })
    }

    fn statement(&mut self, epoch: u64) -> Result<Statement, Fault> {
        let (parent, params_version, registry_version) = (self.hash()?, self.u32()?, self.u64()?);
        let (inputs_hash, history_hash) = (self.hash()?, self.hash()?);
        let (batches, pool, trees) = (self.root()?, self.u64()?, self.u32()?);
        if trees as usize > MAX_TREES {
            return Err(Fault::malformed(format!("the account has {trees} payout trees")));
        }
        let payouts = (0..trees).map(|_| self.root()).collect::<Result<_, _>>()?;
        Ok(Statement {
            epoch,
            parent,
            params_version,
            registry_version,
            inputs_hash,
            history_hash,
            batches,
            pool,
            payouts,
        })
    }

    fn root(&mut self) -> Result<TreeRoot, Fault> {
        Ok(TreeRoot { root: self.hash()?, sum: self.u64()?, count: self.u32()? })
    }

    /// A start in Unix seconds; none if it has not come to that.
    fn start(&mut self) -> Result<Option<i64>, Fault> {
        let at = i64::from_le_bytes(self.array()?);
        let _paused_before: [u8; 8] = self.array()?;
        Ok((at != 0).then_some(at))
    }

    fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<Option<T>, Fault> {
        if self.flag()? { read(self).map(Some) } else { Ok(None) }
    }

    fn flag(&mut self) -> Result<bool, Fault> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(unknown("flag", other)),
        }
    }

    fn u8(&mut self) -> Result<u8, Fault> {
        self.array().map(u8::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, Fault> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, Fault> {
        self.array().map(u64::from_le_bytes)
    }

    fn hash(&mut self) -> Result<Hash, Fault> {
        self.array()
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (taken, rest) = self.0.split_first_chunk().ok_or_else(too_short)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn skip(&mut self, bytes: usize) -> Result<(), Fault> {
        self.0 = self.0.get(bytes..).ok_or_else(too_short)?;
        Ok(())
    }
}

fn too_short() -> Fault {
    Fault::malformed("the account's bytes end too early")
}

fn unknown(what: &str, value: u8) -> Fault {
    Fault::malformed(format!("the account has {what} {value}, which is unknown here"))
}
