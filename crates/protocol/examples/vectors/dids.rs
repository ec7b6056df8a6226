//! DIDs, their hashes and payees.

use radio_payouts_protocol::did::{Did, cluster_reference, did_of_key};
use serde_json::{Value, json};

use crate::GENESIS_HASH;

pub fn vectors() -> Value {
    let reference = cluster_reference(&GENESIS_HASH);
    let mut identity = [0; 32];
    identity[0] = 1;
    let mut off_curve = [0; 32];
    off_curve[0] = 2;
    let address = bs58::encode([0x33; 32]).into_string();
    let dids = [
        "did:key:z6MkpczE4p6MJUv1FouSa4JUx4w2TpKEnimSk8rw5T8Jvi99".to_owned(),
        did_of_key(&identity),
        did_of_key(&off_curve),
        "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme".to_owned(),
        format!("did:pkh:solana:{reference}:{address}"),
        format!("did:pkh:solana:{reference}:{}", "1".repeat(32)),
        format!("did:pkh:solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp:{address}"),
        "did:mycelia:abc-123".to_owned(),
        "did:web:radio.example%3A8443".to_owned(),
        "did:plc:ewvi7nxzyoun6zhxrhs64oiz".to_owned(),
    ];
    let valid: Vec<Value> = dids
        .iter()
        .map(|text| {
            let did = Did::parse(text).unwrap();
            json!({
                "did": text,
                "didHash": hex::encode(did.hash()),
                "payee": did.payee(&reference).map(hex::encode),
            })
        })
        .collect();
    json!({
        "clusterReference": reference,
        "valid": valid,
        "invalid": ["did:a:b", "did:Web:x.y", "did:web:x#key", "did:web:x/y", "did:web:x?q", "did:web:", "urn:web:xyz1", "did::abcdef"],
    })
}
