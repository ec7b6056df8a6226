//! Lines that are answered and not held: one or more for every answer of section 4.4.

use radio_payouts_protocol::batch::{MAX_BATCH_BYTES, MAX_SEQ_AHEAD};
use radio_payouts_protocol::domain::Domain;

use super::honest::{WINDOW_MS, World};
use super::{GenerateError, Plan, Signing};

/// Sends each line with the answer that it must get.
pub(super) fn send(
    plan: &Plan,
    world: &World,
    honest: &Signing,
    start_ms: u64,
    mut send: impl FnMut(&[u8], &str) -> Result<(), GenerateError>,
) -> Result<(), GenerateError> {
    let mut stranger = Signing::new(plan.seed, "stranger");
    let batch = stranger.chain(world.batch(2_000, 1, start_ms + WINDOW_MS));
    let line = stranger.sign(batch.clone(), &plan.domain)?;
    send(&line, "unknown_sfu")?;

    let other_domain = Domain::from_bytes([0xee; 32]);
    let mut ahead = batch;
    ahead.sfu.clone_from(&honest.did);
    ahead.seq = honest.next_seq + 1;
    send(&honest.sign(ahead.clone(), &other_domain)?, "bad_signature")?;
    // The domain is right and the key is another's.
    let mut forged = ahead.clone().sign(&honest.key, &plan.domain).map_err(GenerateError::Plan)?;
    forged.sig = [1; 64];
    send(&forged.to_bytes(), "bad_signature")?;

    ahead.seq = honest.next_seq + MAX_SEQ_AHEAD + 1;
    send(&honest.sign(ahead, &plan.domain)?, "try_later")?;

    let text = String::from_utf8_lossy(&line).into_owned();
    for (from, to) in [("\"v\":1}", "\"v\":2}"), ("\"v\":1}", "\"v\":0,\"new\":[[[1.5]]]}"), ("\"v\":1}", "\"v\":-1}")]
    {
        send(replace(&text, from, to).as_bytes(), "wrong_version")?;
    }
    for (from, to) in [("{\"batch\":", "{ \"batch\":"), ("\"v\":1}", "\"\\u0076\":1}"), ("\"v\":1}", "\"v\":1 }")] {
        send(replace(&text, from, to).as_bytes(), "not_canonical")?;
    }
    for line in malformed(&text) {
        send(&line, "malformed")?;
    }
    Ok(())
}

/// Everything that is not an envelope, or not within the limits.
fn malformed(good: &str) -> Vec<Vec<u8>> {
    let with = |from: &str, to: &str| replace(good, from, to).into_bytes();
    let mut not_utf8 = good.as_bytes().to_vec();
    if let Some(byte) = not_utf8.get_mut(good.len() / 2) {
        *byte = 0xff;
    }
    let half = good.get(..good.len() / 2).unwrap_or_else(|| good.get(..good.len() / 2 + 1).unwrap_or("{"));
    let upper = good.rsplit_once("\"sig\":\"").map_or_else(String::new, |(head, sig)| {
        format!("{head}\"sig\":\"{}\"}}", sig.trim_end_matches("\"}").to_uppercase())
    });
    vec![
        b"not json".to_vec(),
        b"{}".to_vec(),
        b"[[[[[[[[[[[[[[[[[[[[[[[[".to_vec(),
        "[".repeat(100_000).into_bytes(),
        half.as_bytes().to_vec(),
        not_utf8,
        with("\"v\":1}", "\"v\":1,\"v\":1}"),
        with("\"v\":1}", "\"v\":1,\"w\":1}"),
        with("\"v\":1}", &format!("\"v\":1,\"deep\":{}1{}}}", "[".repeat(200), "]".repeat(200))),
        with("\"v\":1}", "\"v\":null}"),
        with("\"v\":1}", "\"v\":true}"),
        with("\"v\":1}", "\"v\":1.0}"),
        with("\"seq\":1,", "\"seq\":0,"),
        with("\"seq\":1,", "\"seq\":99999999999999999999999999,"),
        with("\"seq\":1,", "\"seq\":9007199254740992,"),
        with("\"seq\":1,", "\"seq\":-1,"),
        with("\"seq\":1,", ""),
        with("\"sfu\":\"did:key:z", "\"sfu\":\"did:key:y"),
        with("{\"batch\":", "{\"b\u{7}atch\":"),
        upper.into_bytes(),
        // Longer than any envelope; it is refused unread.
        vec![b'x'; MAX_BATCH_BYTES + 1_000],
    ]
}

/// Replaces the last occurrence.
fn replace(text: &str, from: &str, to: &str) -> String {
    match text.rsplit_once(from) {
        Some((head, tail)) => format!("{head}{to}{tail}"),
        None => String::from("{"),
    }
}
