//! One envelope with its line feed as one ZSTD frame.

use radio_payouts_protocol::batch::MAX_ENVELOPE_BYTES;
use zstd::zstd_safe;

/// Fast rather than small: receivers have half a million receipts a second to compress beside everything else.
const LEVEL: i32 = 1;

/// Compresses envelopes one after the other.
pub struct Compressor(zstd::bulk::Compressor<'static>);

impl Compressor {
    /// A compressor with its tables.
    ///
    /// # Errors
    /// If there is no memory for them.
    pub fn new() -> std::io::Result<Self> {
        Self::of_level(LEVEL)
    }

    /// A compressor of a ZSTD level, 1 to 22.
    ///
    /// # Errors
    /// As [`Compressor::new`].
    pub fn of_level(level: i32) -> std::io::Result<Self> {
        zstd::bulk::Compressor::new(level).map(Self)
    }

    /// The frame of an envelope, with a line feed.
    ///
    /// # Errors
    /// As [`Compressor::compress`].
    pub fn compress_envelope(&mut self, envelope: &[u8]) -> std::io::Result<Vec<u8>> {
        self.compress(&[envelope, b"\n"].concat())
    }

    /// The frame of a line, whose length it carries.
    ///
    /// # Errors
    /// That of ZSTD, which no line causes.
    pub fn compress(&mut self, line: &[u8]) -> std::io::Result<Vec<u8>> {
        self.0.compress(line)
    }
}

/// Length of the frame at the start of these bytes.
///
/// # Errors
/// Why there is none.
pub fn length(bytes: &[u8]) -> Result<usize, String> {
    zstd_safe::find_frame_compressed_size(bytes)
        .map_err(|code| format!("no frame: {}", zstd_safe::get_error_name(code)))
}

/// The envelope in a frame, without its line feed. It takes no more memory than an envelope may have, whatever the frame says.
///
/// # Errors
/// Why there is none.
pub fn decompress(frame: &[u8]) -> Result<Vec<u8>, String> {
    let length =
        zstd_safe::get_frame_content_size(frame).ok().flatten().and_then(|length| usize::try_from(length).ok());
    let length = length.filter(|length| *length <= MAX_ENVELOPE_BYTES + 1).ok_or("a frame does not say its length")?;
    let mut line = zstd::bulk::decompress(frame, length).map_err(|error| format!("a frame is damaged: {error}"))?;
    if line.pop() != Some(b'\n') {
        return Err("a frame does not end with a line feed".to_owned());
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_that_are_too_long_cut_or_without_end_are_refused() {
        let mut compressor = Compressor::new().unwrap();
        let frame = compressor.compress(b"{}\n").unwrap();
        assert_eq!(decompress(&frame).unwrap(), b"{}");
        assert_eq!(length(&[frame.clone(), frame.clone()].concat()).unwrap(), frame.len());
        assert!(length(frame.get(..frame.len() - 1).unwrap()).is_err());
        assert!(decompress(frame.get(..frame.len() - 1).unwrap()).is_err());
        assert!(decompress(&compressor.compress(b"{}").unwrap()).is_err());
        assert!(decompress(&compressor.compress(&vec![b'x'; MAX_ENVELOPE_BYTES + 2]).unwrap()).is_err());
        // A stream that does not say how much it is.
        assert!(decompress(&zstd::encode_all(&b"{}\n"[..], 1).unwrap()).is_err());
    }
}
