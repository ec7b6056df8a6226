//! Everybody's weight on disk between the two passes: one record a contributor, by `did_hash`.
//!
//! `length of the DID u16 || DID || payee (32) || bytes u64 || effective bytes u64`, little-endian. Nobody but the run that wrote
//! it reads it, or one that goes on from its checkpoint.

use std::io::{self, Read, Write};

use radio_payouts_protocol::cells::Contributor;

/// What became of a contributor's cells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Weighed {
    /// Who is paid; 32 zeros if the DID has no payee of its own.
    pub payee: [u8; 32],
    /// Effective bytes.
    pub effective_bytes: u64,
}

/// A contributor as read back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// The DID.
    pub did: String,
    /// Accepted bytes.
    pub bytes: u64,
    /// Payee and effective bytes.
    pub weighed: Weighed,
}

/// Writes a contributor.
///
/// # Errors
/// If `writer` fails.
pub fn write(writer: &mut impl Write, contributor: &Contributor, weighed: &Weighed) -> io::Result<()> {
    let length = u16::try_from(contributor.did.len()).map_err(io::Error::other)?;
    writer.write_all(&length.to_le_bytes())?;
    writer.write_all(contributor.did.as_bytes())?;
    writer.write_all(&weighed.payee)?;
    writer.write_all(&contributor.bytes.to_le_bytes())?;
    writer.write_all(&weighed.effective_bytes.to_le_bytes())
}

/// Reads the next contributor; `None` at the end.
///
/// # Errors
/// If the file is cut off or cannot be read.
pub fn read(reader: &mut impl Read) -> io::Result<Option<Line>> {
    let mut length = [0; 2];
    if reader.read(&mut length[..1])? == 0 {
        return Ok(None);
    }
    reader.read_exact(&mut length[1..])?;
    let mut did = vec![0; u16::from_le_bytes(length).into()];
    let mut payee = [0; 32];
    let (mut bytes, mut effective) = ([0; 8], [0; 8]);
    reader.read_exact(&mut did)?;
    reader.read_exact(&mut payee)?;
    reader.read_exact(&mut bytes)?;
    reader.read_exact(&mut effective)?;
    let did = String::from_utf8(did).map_err(io::Error::other)?;
    let weighed = Weighed { payee, effective_bytes: u64::from_le_bytes(effective) };
    Ok(Some(Line { did, bytes: u64::from_le_bytes(bytes), weighed }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_a_cut_off_file_is_an_error() {
        let contributor = Contributor { did: "did:web:somebody".into(), did_hash: [0; 32], bytes: 5 };
        let weighed = Weighed { payee: [3; 32], effective_bytes: u64::MAX };
        let mut file = Vec::new();
        write(&mut file, &contributor, &weighed).unwrap();
        write(&mut file, &contributor, &weighed).unwrap();
        let line = Line { did: contributor.did, bytes: 5, weighed };
        let mut reader = file.as_slice();
        assert_eq!(read(&mut reader).unwrap(), Some(line.clone()));
        assert_eq!(read(&mut reader).unwrap(), Some(line));
        assert_eq!(read(&mut reader).unwrap(), None);
        for cut in 1..file.len() / 2 {
            assert!(read(&mut &file[..cut]).is_err(), "{cut}");
        }
    }
}
