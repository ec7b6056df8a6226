//! JSON values from a file, a folder or stdin, in bounded memory.
//!
//! One value a line is the rule (envelopes are sent like this, and contain no line ends). Arrays are taken apart, over
//! lines or within one: `JSON.stringify(receipts)` and Janus' grouped events are read element by element. A value
//! above the limit is counted and dropped while it is read, so a line of a gigabyte costs no more memory than a good
//! one; reading goes on behind it. White space around a value is framing and not part of it.

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use radio_payouts_protocol::batch::MAX_ENVELOPE_BYTES;
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};

/// One value of the input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Content<'a> {
    /// Its bytes, from the first to the last that is not white space. They need not be JSON or UTF-8.
    Value(&'a [u8]),
    /// It is longer than the limit and was dropped.
    TooLong {
        /// How long it is.
        bytes: u64,
    },
    /// The input ended within an array or an object over lines.
    Unfinished,
}

/// A value and where it begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Item<'a> {
    /// Line, from 1.
    pub line: u64,
    /// The value.
    pub content: Content<'a>,
}

/// What a value looks like by its keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// An envelope, or something that can only be refused as one.
    Envelope,
    /// A receipt without envelope.
    Receipt,
    /// A track's descriptor without envelope.
    Descriptor,
}

impl Kind {
    /// The kind of a value.
    #[must_use]
    pub fn of(value: &[u8]) -> Self {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Kind;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Kind, A::Error> {
                let mut kind = None;
                while let Some(key) = map.next_key::<String>()? {
                    map.next_value::<IgnoredAny>()?;
                    match key.as_str() {
                        "batch" | "sig" => kind = Some(Kind::Envelope),
                        "roomId" | "contributors" => kind = kind.or(Some(Kind::Receipt)),
                        "rights" | "uploader" => kind = kind.or(Some(Kind::Descriptor)),
                        _ => {}
                    }
                }
                Ok(kind.unwrap_or(Kind::Envelope))
            }
        }
        if value.starts_with(b"{\"batch\":") {
            return Self::Envelope;
        }
        serde_json::Deserializer::from_slice(value).deserialize_map(Keys).unwrap_or(Self::Envelope)
    }
}

/// Takes a stream apart into values.
#[derive(Debug)]
pub struct Items<R> {
    reader: R,
    limit: usize,
    line: u64,
    in_array: bool,
    buffer: Vec<u8>,
    length: u64,
}

impl<R: BufRead> Items<R> {
    /// Values of at most an envelope's length.
    pub fn new(reader: R) -> Self {
        Self::with_limit(reader, MAX_ENVELOPE_BYTES)
    }

    /// Values of at most `limit` bytes.
    pub fn with_limit(reader: R, limit: usize) -> Self {
        Self { reader, limit, line: 1, in_array: false, buffer: Vec::new(), length: 0 }
    }

    /// The next value; `None` at the end.
    ///
    /// # Errors
    /// If the stream cannot be read.
    pub fn next_item(&mut self) -> io::Result<Option<Item<'_>>> {
        self.buffer.clear();
        self.length = 0;
        let Some(first) = self.skip_framing()? else {
            let line = self.line;
            let unfinished = std::mem::take(&mut self.in_array);
            return Ok(unfinished.then_some(Item { line, content: Content::Unfinished }));
        };
        let line = self.line;
        let is_whole = if self.in_array {
            self.read_balanced(first)?
        } else {
            self.read_line()?;
            // An object printed over lines begins with a brace of its own.
            if self.buffer == b"{" { self.read_rest(1)? } else { true }
        };
        let content = if self.length > self.limit as u64 {
            Content::TooLong { bytes: self.length }
        } else if is_whole {
            Content::Value(&self.buffer)
        } else {
            Content::Unfinished
        };
        Ok(Some(Item { line, content }))
    }

    /// The next byte without taking it.
    fn peek(&mut self) -> io::Result<Option<u8>> {
        loop {
            match self.reader.fill_buf() {
                Ok(bytes) => return Ok(bytes.first().copied()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Passes white space, the brackets of an outer array and its commas; gives the first byte of a value.
    fn skip_framing(&mut self) -> io::Result<Option<u8>> {
        while let Some(byte) = self.peek()? {
            match byte {
                b'\n' => self.line += 1,
                b' ' | b'\t' | b'\r' => {}
                b'[' if !self.in_array => self.in_array = true,
                b']' if self.in_array => self.in_array = false,
                b',' if self.in_array => {}
                first => return Ok(Some(first)),
            }
            self.reader.consume(1);
        }
        Ok(None)
    }

    /// Reads to the end of the line or of the input.
    fn read_line(&mut self) -> io::Result<()> {
        while self.peek()?.is_some() {
            let bytes = self.reader.fill_buf()?;
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let part = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or(bytes);
            let taken = part.len();
            keep(&mut self.buffer, &mut self.length, self.limit, part);
            self.reader.consume(taken);
            if end.is_some() {
                break;
            }
        }
        let kept = self.buffer.trim_ascii_end().len();
        if self.length <= self.limit as u64 {
            self.buffer.truncate(kept);
        }
        Ok(())
    }

    /// Reads an element of an array; whether it was whole.
    fn read_balanced(&mut self, first: u8) -> io::Result<bool> {
        if !matches!(first, b'{' | b'[' | b'"') {
            while let Some(byte) = self.peek()? {
                if matches!(byte, b',' | b']' | b' ' | b'\t' | b'\r' | b'\n') {
                    break;
                }
                keep(&mut self.buffer, &mut self.length, self.limit, &[byte]);
                self.reader.consume(1);
            }
            return Ok(true);
        }
        self.read_rest(0)
    }

    /// Reads until every bracket and quote is closed; whether they were.
    fn read_rest(&mut self, mut depth: usize) -> io::Result<bool> {
        let (mut in_text, mut escaped) = (false, false);
        while self.peek()?.is_some() {
            let bytes = self.reader.fill_buf()?;
            let mut end = None;
            for (position, byte) in bytes.iter().enumerate() {
                if *byte == b'\n' {
                    self.line += 1;
                }
                if in_text {
                    if escaped {
                        escaped = false;
                    } else if *byte == b'\\' {
                        escaped = true;
                    } else if *byte == b'"' {
                        in_text = false;
                    }
                } else {
                    match byte {
                        b'"' => in_text = true,
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                }
                if depth == 0 && !in_text {
                    end = Some(position + 1);
                    break;
                }
            }
            let part = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or(bytes);
            let taken = part.len();
            keep(&mut self.buffer, &mut self.length, self.limit, part);
            self.reader.consume(taken);
            if end.is_some() {
                return Ok(true);
            }
        }
        self.in_array = false;
        Ok(false)
    }
}

/// Counts all, keeps what is within the limit.
fn keep(buffer: &mut Vec<u8>, length: &mut u64, limit: usize, part: &[u8]) {
    *length += part.len() as u64;
    if *length <= limit as u64 {
        buffer.extend_from_slice(part);
    } else {
        *buffer = Vec::new();
    }
}

/// Where input comes from: stdin, a file, or the files of a folder in order of their names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// Standard input (`-`).
    Stdin,
    /// These files, one after the other.
    Files(VecDeque<PathBuf>),
}

impl Input {
    /// Looks at the argument `FILE|DIR|-`. Of a folder the files `.json`, `.jsonl`, `.ndjson` are taken, with folders in it.
    ///
    /// # Errors
    /// If it is not there or the folder cannot be read.
    pub fn find(argument: &Path) -> io::Result<Self> {
        if argument == Path::new("-") {
            return Ok(Self::Stdin);
        }
        let mut files = Vec::new();
        if std::fs::metadata(argument)?.is_dir() {
            list(argument, &mut files)?;
            files.sort();
        } else {
            files.push(argument.to_owned());
        }
        Ok(Self::Files(files.into()))
    }

    /// The next stream and its name; `None` when there is no other.
    ///
    /// # Errors
    /// If a file cannot be opened.
    pub fn next_stream(&mut self) -> io::Result<Option<(String, Box<dyn BufRead>)>> {
        match self {
            Self::Stdin => {
                *self = Self::Files(VecDeque::new());
                Ok(Some(("-".to_owned(), Box::new(BufReader::with_capacity(1 << 16, io::stdin())))))
            }
            Self::Files(files) => {
                let Some(path) = files.pop_front() else { return Ok(None) };
                let file = File::open(&path)
                    .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
                Ok(Some((path.display().to_string(), Box::new(BufReader::with_capacity(1 << 16, file)))))
            }
        }
    }

    /// Calls `each` for every value of every stream with the stream's name.
    ///
    /// # Errors
    /// If a stream cannot be read, or what `each` gives.
    pub fn for_each<E: From<io::Error>>(
        mut self,
        mut each: impl FnMut(&str, Item<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some((name, stream)) = self.next_stream()? {
            let mut items = Items::new(stream);
            while let Some(item) =
                items.next_item().map_err(|error| io::Error::new(error.kind(), format!("{name}: {error}")))?
            {
                each(&name, item)?;
            }
        }
        Ok(())
    }
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, files)?;
        } else if path.extension().is_some_and(|end| ["json", "jsonl", "ndjson"].iter().any(|known| end == *known)) {
            files.push(path);
        }
    }
    Ok(())
}

/// Values that were not taken: how many, and the first few with their reasons.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Refusals {
    /// How many.
    pub count: u64,
    /// The first ones, `name:line: reason`.
    pub first: Vec<String>,
}

impl Refusals {
    /// Most reasons kept.
    pub const KEPT: usize = 20;

    /// Counts one more.
    pub fn add(&mut self, name: &str, line: u64, reason: impl fmt::Display) {
        self.count += 1;
        if self.first.len() < Self::KEPT {
            self.first.push(format!("{name}:{line}: {reason}"));
        }
    }
}

/// The reason why an item has no value.
#[must_use]
pub fn no_value(content: Content<'_>) -> Option<String> {
    match content {
        Content::Value(_) => None,
        Content::TooLong { bytes } => Some(format!("{bytes} bytes, at most {MAX_ENVELOPE_BYTES} are read")),
        Content::Unfinished => Some("the input ends within an array or object".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn all(input: &[u8], limit: usize) -> Vec<(u64, Result<String, String>)> {
        // A reader that gives little at a time, to meet every boundary.
        let mut items = Items::with_limit(BufReader::with_capacity(3, input), limit);
        let mut found = Vec::new();
        while let Some(item) = items.next_item().unwrap() {
            let content = match item.content {
                Content::Value(bytes) => Ok(String::from_utf8_lossy(bytes).into_owned()),
                other => Err(format!("{other:?}")),
            };
            found.push((item.line, content));
        }
        found
    }

    fn values(input: &str) -> Vec<String> {
        all(input.as_bytes(), 1_000).into_iter().map(|(_, content)| content.unwrap()).collect()
    }

    #[test]
    fn one_value_a_line() {
        assert_eq!(
            values("{\"a\":1}\n\n  {\"b\":2} \r\nnonsense }{ [\n7"),
            ["{\"a\":1}", "{\"b\":2}", "nonsense }{ [", "7"]
        );
        assert_eq!(values(""), [""; 0]);
        let lines: Vec<u64> = all(b"1\n\n2\n{\n\n}\n3", 9).into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [1, 3, 4, 7]);
    }

    #[test]
    fn arrays_are_taken_apart_over_lines_and_within_one() {
        assert_eq!(
            values("[{\"a\":[1,{}]},{\"b\":\"]}\\\"\"},3 , \"x,y\"]\n{\"c\":1}"),
            ["{\"a\":[1,{}]}", "{\"b\":\"]}\\\"\"}", "3", "\"x,y\"", "{\"c\":1}"]
        );
        assert_eq!(values("[\n  {\n \"a\": 1\n },\n {}\n]\n[]\n[4]"), ["{\n \"a\": 1\n }", "{}", "4"]);
        assert_eq!(values("{\n \"a\": {}\n}\n{\"b\":1}"), ["{\n \"a\": {}\n}", "{\"b\":1}"]);
    }

    #[test]
    fn a_value_cut_off_is_said_to_be() {
        let unfinished = Err("Unfinished".to_owned());
        assert_eq!(all(b"[{\"a\":1},{\"b\"", 99), [(1, Ok("{\"a\":1}".to_owned())), (1, unfinished.clone())]);
        assert_eq!(all(b"[1,\n", 99), [(1, Ok("1".to_owned())), (2, unfinished.clone())]);
        assert_eq!(all(b"{\n\"a\":", 99), [(1, unfinished)]);
        assert_eq!(all(b"{\"a\":", 99), [(1, Ok("{\"a\":".to_owned()))]);
    }

    #[test]
    fn what_is_too_long_is_dropped_and_the_rest_is_read() {
        let long = |bytes| Err(format!("TooLong {{ bytes: {bytes} }}"));
        assert_eq!(
            all(b"aaaaaaaaaaaaaaaaa\nbbb\n[cccccccccc,{\"d\":\"eeeeeeee\"},f]", 8),
            [(1, long(17)), (2, Ok("bbb".to_owned())), (3, long(10)), (3, long(16)), (3, Ok("f".to_owned()))]
        );
    }

    #[test]
    fn a_line_of_a_gigabyte_is_not_held() {
        let line = io::repeat(b'x').take(1 << 30).chain(&b"\n{\"a\":1}\n"[..]);
        let mut items = Items::new(BufReader::with_capacity(1 << 16, line));
        assert_eq!(items.next_item().unwrap().unwrap().content, Content::TooLong { bytes: 1 << 30 });
        assert!(items.buffer.capacity() < 2 * MAX_ENVELOPE_BYTES);
        let next = items.next_item().unwrap().unwrap();
        assert_eq!((next.line, next.content), (2, Content::Value(b"{\"a\":1}")));
        assert_eq!(items.next_item().unwrap(), None);
    }

    #[test]
    fn invalid_utf8_is_handed_on_as_it_is() {
        let mut items = Items::new(&b"{\"a\":\"\xff\"}\n{}"[..]);
        assert_eq!(items.next_item().unwrap().unwrap().content, Content::Value(b"{\"a\":\"\xff\"}"));
        assert_eq!(items.next_item().unwrap().unwrap().content, Content::Value(b"{}"));
    }

    #[test]
    fn kinds_are_told_by_their_keys() {
        assert_eq!(Kind::of(b"{\"batch\":{}"), Kind::Envelope);
        assert_eq!(Kind::of(b"{ \"sig\":1, \"roomId\":2}"), Kind::Envelope);
        assert_eq!(Kind::of(b"{\"trackId\":1,\"roomId\":2}"), Kind::Receipt);
        assert_eq!(Kind::of(b"{\"trackId\":1,\"uploader\":2}"), Kind::Descriptor);
        assert_eq!(Kind::of(b"garbage"), Kind::Envelope);
    }

    #[test]
    fn a_folder_is_read_in_order_of_names() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("b")).unwrap();
        for (name, text) in [("c.jsonl", "3\n"), ("a.json", "1\n"), ("b/x.ndjson", "2"), ("d.txt", "4")] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let mut found = Vec::new();
        Input::find(folder.path())
            .unwrap()
            .for_each(|_, item| {
                if let Content::Value(bytes) = item.content {
                    found.extend_from_slice(bytes);
                }
                Ok::<(), io::Error>(())
            })
            .unwrap();
        assert_eq!(found, b"123");
        assert!(Input::find(&folder.path().join("none")).is_err());
    }
}
