//! The calculator and the parameters (sections 7, 9, 12).

use radio_payouts_protocol::allocation;
use radio_payouts_protocol::bare::BareReceipt;
use radio_payouts_protocol::calculator::{Calculation, PROVISIONAL_NOTICE, ProvisionalShare, calculate};
use radio_payouts_protocol::params::{Params, ParamsDelta};
use serde_json::{Map, Value, json};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::document::{read, write};
use crate::fault::Fault;

/// The notice that every result carries.
#[wasm_bindgen]
#[must_use]
pub fn provisional_notice() -> String {
    PROVISIONAL_NOTICE.to_owned()
}

/// The parameters of a demo with changes, checked: both are JSON objects by the names of section 9.
///
/// # Errors
/// `invalid_argument` for an unknown name, a value of the wrong kind or out of bounds.
#[wasm_bindgen]
pub fn params_with(changes: &str) -> Result<String, Fault> {
    let changes: Map<String, Value> = read("params", changes).map_err(|fault| Fault::argument(fault.message))?;
    let mut delta = ParamsDelta::default();
    for (name, value) in &changes {
        if !Params::FIELDS.contains(&name.as_str()) {
            return Err(Fault::argument(format!("params: there is no parameter {name:?}")));
        }
        let number = match value {
            Value::Bool(flag) if name == "pay_licensed" => Some(u64::from(*flag)),
            Value::Number(number) if name != "pay_licensed" => number.as_u64(),
            Value::String(text) if name != "pay_licensed" => {
                text.parse().ok().filter(|number: &u64| number.to_string() == *text)
            }
            _ => None,
        };
        let number = number.ok_or_else(|| Fault::argument(format!("params.{name}: {value} is no value for it")))?;
        delta.set(name, number).map_err(|error| Fault::argument(format!("params: {error}")))?;
    }
    let params = Params::demo().apply(&delta).map_err(|error| Fault::argument(format!("params: {error}")))?;
    write(&params)
}

/// Provisional shares of receipts (a JSON array) under parameters as [`params_with`] gives them.
///
/// # Errors
/// `malformed` for what is no receipt or breaks a limit.
#[wasm_bindgen]
pub fn calculate_provisional(params: &str, receipts: &str) -> Result<String, Fault> {
    let params: Params = read("params", params)?;
    let receipts =
        BareReceipt::parse_list(receipts).map_err(|refusal| Fault::malformed(format!("receipts: {refusal}")))?;
    let calculation = calculate(&params, receipts).map_err(Fault::malformed)?;
    write(&to_json(&calculation))
}

fn to_json(calculation: &Calculation) -> Value {
    let Calculation { shares, below_minimum, left_out, rejected, .. } = calculation;
    let list = |shares: &[ProvisionalShare]| -> Vec<Value> {
        shares.iter().map(|share| json!({"did": share.did, "amountBaseUnits": share.amount.to_string()})).collect()
    };
    let left_out: Vec<Value> = left_out
        .iter()
        .map(|track| {
            json!({
                "trackId": track.track_id,
                "windowEndMs": track.to_ms.to_string(),
                "receipts": track.receipts,
                "bytes": track.bytes.to_string(),
                "message": track.to_string(),
            })
        })
        .collect();
    let rejected: Map<String, Value> =
        rejected.iter().map(|(verdict, count)| (verdict.as_str().to_owned(), (*count).into())).collect();
    json!({
        "shares": list(shares),
        "poolBaseUnits": calculation.pool.to_string(),
        "capBaseUnits": calculation.cap.to_string(),
        "allocatedBaseUnits": calculation.allocated.to_string(),
        "unallocatedBaseUnits": calculation.unallocated.to_string(),
        "acceptedBytes": calculation.accepted_bytes.to_string(),
        "effectiveBytes": calculation.effective_bytes.to_string(),
        "belowMinimum": list(below_minimum),
        "leftOut": left_out,
        "rejected": rejected,
    })
}

/// The seed's formula read literally: base units, none if nothing was paid for.
#[wasm_bindgen]
#[must_use]
pub fn literal_formula(rate: u64, effective_bytes: u64, paid_bytes: u64) -> Option<String> {
    allocation::literal_formula(rate, effective_bytes, paid_bytes).map(|amount| amount.to_string())
}
