//! Multipliers and effective bytes of single cells, and allocations.

use radio_payouts_protocol::allocation::{literal_formula, split};
use radio_payouts_protocol::batch::Role;
use radio_payouts_protocol::cells::{Cell, Track};
use radio_payouts_protocol::history::HistoryRecord;
use radio_payouts_protocol::params::Params;
use radio_payouts_protocol::weights::{Factors, Weights, cell_weight};
use serde_json::{Value, json};

pub fn weights() -> Value {
    let params = Params { role_relay_bps: 7_500, popular_bps: 12_345, consistency_bps: 11_111, ..Params::demo() };
    let track = |bytes: u64, recipient_ms: u128, listener_ms: u128, metadata_fields: u8| Track {
        sfu_key: [0; 32],
        track_id: "t".to_owned(),
        bytes,
        recipient_ms,
        listener_ms,
        metadata_fields,
    };
    let tracks = [
        track(1_000, 30_000, 1_000, 0),
        track(32_000_000, 1_000_000, 9_999_999, 5),
        track(31_999_999, 1_000_000, 10_000_000, 6),
        track(32_000_000, 1_000_000, 10_000_000, 8),
        track(0, 0, 0, 8),
    ];
    let records = [
        None,
        Some(HistoryRecord { first_epoch: 70, activity: 0b1_1111 }),
        Some(HistoryRecord { first_epoch: 71, activity: 0b1111_0111_1000 }),
        Some(HistoryRecord { first_epoch: 0, activity: u64::MAX }),
    ];
    let epoch = 100;
    let mut cases = Vec::new();
    for track in &tracks {
        for record in &records {
            for (role, hour) in [(Role::Uploader, 17), (Role::Relay, 18), (Role::Storage, 22), (Role::Seeder, 23)] {
                let cell = Cell { contributor: 0, track: 0, role, hour, bytes: 123_456_789 };
                let factors = Factors::of(&params, epoch, &cell, track, record.as_ref());
                cases.push(json!({
                    "bytes": cell.bytes.to_string(), "role": role.as_str(), "hour": hour,
                    "track": {
                        "bytes": track.bytes.to_string(), "recipientMs": track.recipient_ms.to_string(),
                        "listenerMs": track.listener_ms.to_string(), "metadataFields": track.metadata_fields,
                    },
                    "history": record,
                    "time": factors.time, "quality": factors.quality, "roleBps": factors.role,
                    "weight": cell_weight(cell.bytes, &factors).unwrap().to_string(),
                }));
            }
        }
    }
    json!({ "epoch": epoch.to_string(), "params": params, "cases": cases })
}

pub fn allocations() -> Value {
    let demo = Params::demo();
    let cases = [
        (demo, vec![], 0),
        (demo, vec![0, 0], 1_000),
        (demo, vec![1], 1),
        (demo, vec![1_000_000, 3_000_000], 4_000_000),
        (demo, vec![1, 1, 1], 10),
        (Params { max_share_bps: 2_500, ..demo }, vec![10, 20, 70], 100),
        (Params { min_payout: 20_000, ..demo }, vec![10, 20, 70], 100),
        (Params { epoch_cap: 1_000, ..demo }, vec![999, 1, 500], 1 << 40),
        (Params { epoch_cap: 1 << 62, rate: 1_000_000_000_000_000, ..demo }, vec![1 << 62, 1 << 61, 3], 1 << 57),
        (Params { rate: 1, ..demo }, vec![5, 5], 999_999),
    ];
    let cases: Vec<Value> = cases
        .into_iter()
        .map(|(params, effective, paid_bytes)| {
            let total = effective.iter().sum();
            let allocation = split(&params, &Weights { effective: effective.clone(), paid_bytes, total }).unwrap();
            let literal: Vec<Value> = effective
                .iter()
                .map(|effective| json!(literal_formula(params.rate, *effective, paid_bytes).map(|amount| amount.to_string())))
                .collect();
            json!({
                "params": params,
                "effective": effective.iter().map(u64::to_string).collect::<Vec<_>>(),
                "paidBytes": paid_bytes.to_string(),
                "pool": allocation.pool.to_string(),
                "cap": allocation.cap.to_string(),
                "amounts": allocation.shares.iter().map(|share| share.amount.to_string()).collect::<Vec<_>>(),
                "noLeaf": allocation.shares.iter().map(|share| share.no_leaf.map(|reason| reason.as_str())).collect::<Vec<_>>(),
                "unallocated": allocation.unallocated.to_string(),
                "literal": literal,
            })
        })
        .collect();
    json!({ "cases": cases })
}
