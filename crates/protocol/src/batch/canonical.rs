//! Canonical envelopes in one pass (section 4.3).
//!
//! The canonical form is a fixed grammar: keys in one order, no spaces, one spelling of every integer and of every character.
//! So a reader that follows the grammar letter by letter has checked the spelling when it arrives at the end, without a second copy of the bytes
//! to compare. It accepts exactly the canonical envelopes within all limits and says nothing about others: those go to the reader in
//! `decode`, which finds the reason. Whatever is in doubt is declined here, never accepted.
//!
//! Of escapes the canonical form has two, `\"` and `\\`: characters that need another one are control characters, which no text may have.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use memchr::memchr2;

use super::{
    Batch, BorrowedBatch, Contribution, Descriptor, Envelope, MAX_BATCH_BYTES, MAX_ENVELOPE_BYTES, MAX_INTEGER,
    MAX_RECEIPTS, Metadata, Receipt, Received, Rights, Role,
};
use crate::hash::sha256;

/// What stands before the batch.
const HEAD: &str = r#"{"batch":"#;
/// Digits of the greatest integer, 2^53 - 1.
const MAX_DIGITS: usize = 16;

/// The envelope, if these are the canonical bytes of one within all limits.
pub(super) fn read(bytes: &[u8]) -> Option<Received<Cow<'_, str>>> {
    if bytes.len() > MAX_ENVELOPE_BYTES {
        return None;
    }
    let text = core::str::from_utf8(bytes).ok()?;
    let mut reader = Reader { rest: text };
    reader.literal(HEAD)?;
    let start = reader.rest;
    let batch = reader.batch()?;
    let batch_bytes = start.as_bytes().get(..start.len().checked_sub(reader.rest.len())?)?;
    reader.literal(r#","sig":""#)?;
    let sig = reader.hex()?;
    reader.literal(r#""}"#)?;
    if !reader.rest.is_empty() || batch_bytes.len() > MAX_BATCH_BYTES {
        return None;
    }
    let sfu_key = batch.check().ok()?;
    Some(Received { envelope: Envelope { batch, sig }, sfu_key, hash: sha256(&[batch_bytes]) })
}

/// What is still to be read; every step is `None` if the bytes do not go on as the grammar says.
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn literal(&mut self, literal: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(literal)?;
        Some(())
    }

    /// Takes the literal if it comes next.
    fn next_is(&mut self, literal: &str) -> bool {
        self.literal(literal).is_some()
    }

    /// An integer from 0 to 2^53 - 1 in its only spelling.
    fn integer(&mut self) -> Option<u64> {
        let (mut value, mut digits) = (0u64, 0usize);
        for byte in self.rest.bytes() {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            // Sixteen digits do not leave 64 bits.
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
            digits = digits.wrapping_add(1);
            if digits > MAX_DIGITS {
                return None;
            }
        }
        let has_leading_zero = digits > 1 && self.rest.starts_with('0');
        if digits == 0 || has_leading_zero || value > MAX_INTEGER {
            return None;
        }
        self.rest = self.rest.get(digits..)?;
        Some(value)
    }

    /// Text after its opening quotation mark, and the closing one. Control characters are left to the limits.
    fn text(&mut self) -> Option<Cow<'a, str>> {
        let rest = self.rest;
        let (text, tail) = rest.split_at_checked(memchr2(b'"', b'\\', rest.as_bytes())?)?;
        match tail.strip_prefix('"') {
            Some(tail) => {
                self.rest = tail;
                Some(Cow::Borrowed(text))
            }
            None => self.escaped_text().map(Cow::Owned),
        }
    }

    #[cold]
    fn escaped_text(&mut self) -> Option<String> {
        let mut text = String::new();
        loop {
            let (plain, tail) = self.rest.split_at_checked(memchr2(b'"', b'\\', self.rest.as_bytes())?)?;
            text.push_str(plain);
            if let Some(tail) = tail.strip_prefix('"') {
                self.rest = tail;
                return Some(text);
            }
            let (character, tail) = match tail.strip_prefix(r#"\""#) {
                Some(tail) => ('"', tail),
                None => ('\\', tail.strip_prefix(r"\\")?),
            };
            text.push(character);
            self.rest = tail;
        }
    }

    /// Bytes as lower-case hexadecimal.
    fn hex<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (digits, tail) = self.rest.split_at_checked(N.checked_mul(2)?)?;
        let mut bytes = [0; N];
        if digits.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return None;
        }
        hex::decode_to_slice(digits, &mut bytes).ok()?;
        self.rest = tail;
        Some(bytes)
    }

    /// The items of a list after its opening bracket, and the closing one.
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut items = Vec::new();
        if self.next_is("]") {
            return Some(items);
        }
        loop {
            items.push(item(self)?);
            if items.len() > MAX_RECEIPTS {
                return None;
            }
            if !self.next_is(",") {
                self.literal("]")?;
                return Some(items);
            }
        }
    }

    fn batch(&mut self) -> Option<BorrowedBatch<'a>> {
        self.literal(r#"{"from":"#)?;
        let from = self.integer()?;
        self.literal(r#","prev":""#)?;
        let prev = self.hex()?;
        self.literal(r#"","receipts":["#)?;
        let receipts = self.list(Self::receipt)?;
        self.literal(r#","seq":"#)?;
        let seq = self.integer()?;
        self.literal(r#","sfu":""#)?;
        let sfu = self.text()?;
        self.literal(r#","to":"#)?;
        let to = self.integer()?;
        self.literal(r#","tracks":["#)?;
        let tracks = self.list(Self::descriptor)?;
        self.literal(r#","v":1}"#)?;
        Some(Batch { from, prev, receipts, seq, sfu, to, tracks, v: 1 })
    }

    fn receipt(&mut self) -> Option<Receipt<Cow<'a, str>>> {
        let acks = if self.next_is(r#"{"acks":["#) {
            let acks = self.list(|reader| {
                reader.literal("\"")?;
                reader.text()
            })?;
            self.literal(r#","contributors":["#)?;
            Some(acks)
        } else {
            self.literal(r#"{"contributors":["#)?;
            None
        };
        let contributors = self.list(Self::contribution)?;
        self.literal(r#","recipients":"#)?;
        let recipients = u32::try_from(self.integer()?).ok()?;
        self.literal(r#","roomId":""#)?;
        let room_id = self.text()?;
        self.literal(r#","timestamp":"#)?;
        let timestamp = self.integer()?;
        self.literal(r#","trackId":""#)?;
        let track_id = self.text()?;
        self.literal("}")?;
        Some(Receipt { acks, contributors, recipients, room_id, timestamp, track_id })
    }

    fn contribution(&mut self) -> Option<Contribution<Cow<'a, str>>> {
        self.literal(r#"{"bytesOut":"#)?;
        let bytes_out = self.integer()?;
        self.literal(r#","did":""#)?;
        let did = self.text()?;
        let role = if self.next_is(r#","role":""#) { Some(self.word(Role::ALL, Role::as_str)?) } else { None };
        self.literal("}")?;
        Some(Contribution { bytes_out, did, role })
    }

    fn descriptor(&mut self) -> Option<Descriptor<Cow<'a, str>>> {
        let metadata = if self.next_is(r#"{"metadata":{"#) {
            let metadata = self.metadata()?;
            self.literal(r#","rights":""#)?;
            Some(metadata)
        } else {
            self.literal(r#"{"rights":""#)?;
            None
        };
        let rights = self.word(Rights::ALL, Rights::as_str)?;
        self.literal(r#","trackId":""#)?;
        let track_id = self.text()?;
        self.literal(r#","uploader":""#)?;
        let uploader = self.text()?;
        self.literal("}")?;
        Some(Descriptor { metadata, rights, track_id, uploader })
    }

    /// Metadata after its opening brace, and the closing one.
    fn metadata(&mut self) -> Option<Metadata<Cow<'a, str>>> {
        let mut is_first = true;
        let metadata = Metadata {
            album: self.optional_text(&mut is_first, "album")?,
            artist: self.optional_text(&mut is_first, "artist")?,
            artwork: self.optional_text(&mut is_first, "artwork")?,
            duration_ms: if self.key(&mut is_first, "durationMs") { Some(self.integer()?) } else { None },
            genre: self.optional_text(&mut is_first, "genre")?,
            isrc: self.optional_text(&mut is_first, "isrc")?,
            license: self.optional_text(&mut is_first, "license")?,
            title: self.optional_text(&mut is_first, "title")?,
        };
        self.literal("}")?;
        Some(metadata)
    }

    /// `None` if the bytes break the grammar, `Some(None)` if another key comes next.
    fn optional_text(&mut self, is_first: &mut bool, key: &str) -> Option<Option<Cow<'a, str>>> {
        if !self.key(is_first, key) {
            return Some(None);
        }
        self.literal("\"")?;
        self.text().map(Some)
    }

    /// Takes a key and its colon if it comes next; a comma stands before all but the first.
    fn key(&mut self, is_first: &mut bool, key: &str) -> bool {
        let rest = if *is_first { Some(self.rest) } else { self.rest.strip_prefix(',') };
        let value = rest
            .and_then(|rest| rest.strip_prefix('"'))
            .and_then(|rest| rest.strip_prefix(key))
            .and_then(|rest| rest.strip_prefix("\":"));
        let Some(value) = value else { return false };
        self.rest = value;
        *is_first = false;
        true
    }

    /// One of a few words, and its closing quotation mark.
    fn word<T: Copy, const N: usize>(&mut self, all: [T; N], name: impl Fn(T) -> &'static str) -> Option<T> {
        let (word, tail) = self.rest.split_once('"')?;
        self.rest = tail;
        all.into_iter().find(|one| name(*one) == word)
    }
}
