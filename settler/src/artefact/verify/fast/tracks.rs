//! `tracks.parquet`: what it says, and whether the cells add up to it.

use anyhow::Context as _;
use arrow::array::AsArray as _;
use arrow::datatypes::{Decimal128Type, Int64Type};
use radio_payouts_protocol::cells::Track;

use super::Fault;
use crate::artefact::verify::{differs, in_folder};
use crate::artefact::{Artefact, sfu_name, sheet};

/// Reads every track.
///
/// # Errors
/// [`Fault::Difference`] if they are not by (SFU key, track id), each once.
pub fn read(artefact: &Artefact) -> Result<Vec<Track>, Fault> {
    let mut tracks: Vec<Track> = Vec::new();
    in_folder(sheet::read(&artefact.folder.join("tracks.parquet"), |rows| {
        let column =
            |name: &str| rows.column_by_name(name).with_context(|| format!("tracks.parquet: no column {name}"));
        let integer = |name: &str| column(name)?.as_primitive_opt::<Int64Type>().context("not an integer");
        let wide = |name: &str| column(name)?.as_primitive_opt::<Decimal128Type>().context("not a decimal");
        let sfu = column("sfu")?.as_fixed_size_binary_opt().context("not 32 bytes")?;
        let name = column("track_id")?.as_string_opt::<i32>().context("not text")?;
        let (bytes, fields) = (integer("bytes")?, integer("metadata_fields")?);
        let (recipient, listener) = (wide("recipient_ms")?, wide("listener_ms")?);
        for row in 0..rows.num_rows() {
            tracks.push(Track {
                sfu_key: sfu.value(row).try_into()?,
                track_id: name.value(row).to_owned(),
                bytes: u64::try_from(bytes.value(row))?,
                recipient_ms: u128::try_from(recipient.value(row))?,
                listener_ms: u128::try_from(listener.value(row))?,
                metadata_fields: u8::try_from(fields.value(row))?,
            });
        }
        Ok(())
    }))?;
    let is_before = |pair: &[Track]| match pair {
        [a, b] => (&a.sfu_key, &a.track_id) < (&b.sfu_key, &b.track_id),
        _ => true,
    };
    match tracks.windows(2).find(|pair| !is_before(pair)).and_then(<[Track]>::last) {
        Some(track) => differs(format!("tracks.parquet: {} is not in its place", name(track))),
        None => Ok(tracks),
    }
}

/// What a reader calls a track.
#[must_use]
pub fn name(track: &Track) -> String {
    format!("track {} of SFU {}", track.track_id, sfu_name(&track.sfu_key))
}

/// The first track whose bytes are not those of its cells, which are `sums`.
#[must_use]
pub fn compare_sums(tracks: &[Track], sums: &[u128]) -> Option<String> {
    let (track, sum) = tracks.iter().zip(sums).find(|(track, sum)| u128::from(track.bytes) != **sum)?;
    Some(format!("tracks.parquet: {} has {} bytes, its cells in cells.parquet {sum}", name(track), track.bytes))
}
