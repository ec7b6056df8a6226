//! The plan: standard SQL over the tables of [`crate::table`], with the epoch's parameters written in.
//!
//! It runs unchanged on DataFusion, DuckDB and Spark. There is no division in it, because engines disagree about that of integers, and every sum is one
//! of `decimal(20,0)`, because a sum of integers wraps silently. Every row that is read comes out in some
//! group: those of batches that do not count, and those that are rejected, under a `standing` of their own.
//!
//! `listener_ms` is a sum of `min(recipient_ms, floor(8 * bytes / min_kbps))`. The minimum is `recipient_ms` if and only if
//! `min_kbps * recipient_ms <= 8 * bytes`; of the others `8 * bytes - (8 * bytes) % min_kbps` is added up, which `min_kbps`
//! divides, each term and hence the sum.
//!
//! `accepted` stands on the left of its joins, because that side is held in memory.
//!
//! No product overflows 64 bits: bytes of a receipt are below 64 * 2^53, `recipient_ms` at most 6 * 10^10, and the
//! two parameters at most 10^6.

use radio_payouts_protocol::batch::ReceiptVerdict;
use radio_payouts_protocol::params::Params;

/// Counted.
pub const COUNTED: u8 = 0;
/// Of a batch that counts, and rejected.
pub const REJECTED: u8 = 1;
/// Of a batch that does not count.
pub const ELSEWHERE: u8 = 2;

/// What a receipt must fulfil besides having no fault of its own; `bytes` names the column with the receipt's bytes.
fn condition(params: &Params, bytes: &str) -> String {
    let licence = if params.pay_licensed { "" } else { "NOT r.licensed AND " };
    format!("{licence}8 * r.{bytes} <= {} * r.recipient_ms", params.max_kbps_per_recipient)
}

/// Receipts with their standing and, if rejected, the code of their verdict.
fn judged_receipts(params: &Params) -> String {
    let unlicensed = if params.pay_licensed {
        String::new()
    } else {
        format!(" WHEN r.licensed THEN {}", ReceiptVerdict::Unlicensed.code())
    };
    format!(
        "SELECT r.track, r.batch, r.place, r.hour, r.bytes, r.recipient_ms, r.descriptor, \
         CASE WHEN a.batch IS NULL THEN {ELSEWHERE} WHEN r.fault < 0 AND {} THEN {COUNTED} ELSE {REJECTED} END AS standing, \
         CASE WHEN r.fault >= 0 THEN r.fault{unlicensed} ELSE {} END AS verdict \
         FROM accepted a RIGHT JOIN receipts r ON a.batch = r.batch",
        condition(params, "bytes"),
        ReceiptVerdict::BytesOverBound.code(),
    )
}

fn exact(expression: &str) -> String {
    format!("sum(CAST({expression} AS DECIMAL(20,0)))")
}

fn exact_if(condition: &str, expression: &str) -> String {
    format!("sum(CASE WHEN {condition} THEN CAST({expression} AS DECIMAL(20,0)) ELSE CAST(0 AS DECIMAL(20,0)) END)")
}

/// Receipts by batch and hour: all of them, and those that count.
#[must_use]
pub fn batches(params: &Params) -> String {
    format!(
        "SELECT batch, hour, standing, count(*) AS receipts, {} AS bytes FROM ({}) q \
         GROUP BY batch, hour, standing ORDER BY batch, hour, standing",
        exact("bytes"),
        judged_receipts(params),
    )
}

/// Rejected receipts of batches that count, by batch and place.
#[must_use]
pub fn rejected(params: &Params) -> String {
    format!(
        "SELECT batch, place, verdict FROM ({}) q WHERE standing = {REJECTED} ORDER BY batch, place",
        judged_receipts(params)
    )
}

/// Tracks by hour: all receipts, and what those that count came to. `descriptor` is -1 where no batch that counts describes it.
#[must_use]
pub fn tracks(params: &Params) -> String {
    let least = params.min_kbps_per_recipient;
    let counted = format!("standing = {COUNTED}");
    let heard_whole = format!("{counted} AND {least} * recipient_ms <= 8 * bytes");
    let heard_in_part = format!("{counted} AND {least} * recipient_ms > 8 * bytes");
    format!(
        "SELECT track, hour, count(*) AS receipts, {} AS bytes, \
         count(CASE WHEN {counted} THEN 1 END) AS counted_receipts, {} AS counted_bytes, {} AS recipient_ms, \
         {} AS heard_ms, {} AS heard_bits, \
         max(CASE WHEN standing = {ELSEWHERE} THEN -1 ELSE descriptor END) AS descriptor \
         FROM ({}) q GROUP BY track, hour ORDER BY track, hour",
        exact("bytes"),
        exact_if(&counted, "bytes"),
        exact_if(&counted, "recipient_ms"),
        exact_if(&heard_whole, "recipient_ms"),
        exact_if(&heard_in_part, &format!("8 * bytes - (8 * bytes) % {least}")),
        judged_receipts(params),
    )
}

/// Cells.
#[must_use]
pub fn cells(params: &Params) -> String {
    format!(
        "SELECT did_hash, track, role, hour, standing, count(*) AS contributions, {} AS bytes FROM (\
         SELECT r.did_hash, r.track, r.role, r.hour, r.bytes, \
         CASE WHEN a.batch IS NULL THEN {ELSEWHERE} WHEN {} THEN {COUNTED} ELSE {REJECTED} END AS standing \
         FROM accepted a RIGHT JOIN contributions r ON a.batch = r.batch) q \
         GROUP BY did_hash, track, role, hour, standing ORDER BY did_hash, track, role, hour, standing",
        exact("bytes"),
        condition(params, "receipt_bytes"),
    )
}

/// DIDs by hash.
#[must_use]
pub fn dids() -> String {
    "SELECT did_hash, min(did) AS did FROM dids GROUP BY did_hash ORDER BY did_hash".to_owned()
}

/// Tracks by key.
#[must_use]
pub fn track_names() -> String {
    "SELECT DISTINCT track, sfu, track_id FROM tracks ORDER BY track".to_owned()
}
