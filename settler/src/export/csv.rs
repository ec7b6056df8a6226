//! CSV that is safe to open in a spreadsheet and can be read back exactly.
//!
//! RFC 4180 with `\n` line ends: text that holds anything but `[A-Za-z0-9:._%-]` is quoted, and a quote inside is doubled. Text comes
//! from receipts, so a track may be called `=HYPERLINK(…)`. A spreadsheet takes a cell for a formula by its first character, and one
//! that splits lines at another separator than ours sees cells begin inside of a quoted text. So an apostrophe, which
//! spreadsheets take for "this is text", is written wherever a cell may begin (at the start, and after a separator, a quote or a line
//! end, blanks passed over) before one of `= + - @` and their full-width forms, and before an apostrophe that is there already.
//! [`decode`] takes exactly these away again. Numbers are unsigned and never marked.

use std::io::Write;

use super::column::{Column, Value};
use super::form::Rows;

/// What begins a formula: ASCII and full-width.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
const MARK: char = '\'';

/// After what a reader may see a cell begin.
const fn separates(character: char) -> bool {
    matches!(character, ',' | ';' | '|' | '"' | '\t' | '\r' | '\n')
}

/// Text with every place marked at which a formula could begin.
#[must_use]
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() + 1);
    let mut may_begin = true;
    for character in text.chars() {
        if may_begin && (character == MARK || FORMULA.contains(&character)) {
            encoded.push(MARK);
        }
        encoded.push(character);
        may_begin = separates(character) || (may_begin && character.is_whitespace());
    }
    encoded
}

/// The text that [`encode`] was given.
#[must_use]
pub fn decode(encoded: &str) -> String {
    let mut text = String::with_capacity(encoded.len());
    let mut may_begin = true;
    let mut characters = encoded.chars();
    while let Some(character) = characters.next() {
        let character = match character {
            MARK if may_begin => match characters.next() {
                Some(marked) => marked,
                None => break,
            },
            other => other,
        };
        text.push(character);
        may_begin = separates(character) || (may_begin && character.is_whitespace());
    }
    text
}

/// Writes rows as CSV.
pub struct Csv<W>(W);

impl<W: Write> Csv<W> {
    /// Begins with the head line.
    ///
    /// # Errors
    /// If `writer` fails.
    pub fn new(mut writer: W, columns: &[Column]) -> std::io::Result<Self> {
        let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
        writeln!(writer, "{}", names.join(","))?;
        Ok(Self(writer))
    }
}

fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, ':' | '.' | '_' | '%' | '-')
}

impl<W: Write> Rows for Csv<W> {
    fn row(&mut self, values: &[Value<'_>]) -> anyhow::Result<()> {
        for (place, value) in values.iter().enumerate() {
            if place > 0 {
                self.0.write_all(b",")?;
            }
            match value {
                Value::Empty => {}
                Value::Number(number) => write!(self.0, "{number}")?,
                Value::Text(text) => {
                    let encoded = encode(text);
                    // An empty text is not nothing.
                    if !encoded.is_empty() && encoded.chars().all(is_plain) {
                        self.0.write_all(encoded.as_bytes())?;
                    } else {
                        write!(self.0, "\"{}\"", encoded.replace('"', "\"\""))?;
                    }
                }
            }
        }
        self.0.write_all(b"\n")?;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> anyhow::Result<()> {
        Ok(self.0.flush()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_formula_is_marked_wherever_a_cell_may_begin() {
        let cases = [
            ("=1+1", "'=1+1"),
            ("+49", "'+49"),
            ("-", "'-"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\u{ff1d}1", "'\u{ff1d}1"),
            ("  =1", "  '=1"),
            ("a;=1", "a;'=1"),
            ("a\t=1", "a\t'=1"),
            ("a\",=1", "a\",'=1"),
            ("'=1", "''=1"),
            ("'", "''"),
            ("rock - roll = good", "rock - roll = good"),
            ("track_1", "track_1"),
            ("", ""),
        ];
        for (text, encoded) in cases {
            assert_eq!(encode(text), encoded);
            assert_eq!(decode(encoded), text);
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_comes_back_and_begins_no_formula(text in "[=+@'a ,;\"\t\n|\u{ff1d}-]{0,12}|\\PC{0,20}") {
            let encoded = encode(&text);
            prop_assert_eq!(&decode(&encoded), &text);
            for cell in encoded.split(separates) {
                let first = cell.trim_start().chars().next();
                prop_assert!(first.is_none_or(|first| !FORMULA.contains(&first)), "{:?}", encoded);
            }
        }
    }
}
