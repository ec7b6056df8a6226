//! Text for people: what cannot be seen is made visible, numbers are grouped, times are UTC.

use super::model::Cell;
use crate::artefact::verify::Ending;
use crate::words::amount::{factor, signed_bloom};

/// Whether a character changes how others are shown, or cannot be seen: text of others must not reorder or hide ours.
const fn is_hidden(character: char) -> bool {
    matches!(
        character,
        '\u{0}'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// The text with every such character as `\u{…}`.
#[must_use]
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) { shown.extend(character.escape_unicode()) } else { shown.push(character) }
    }
    shown
}

/// The text if it has at most `length` characters; otherwise its ends.
#[must_use]
pub fn short(text: &str, length: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() <= length {
        return text.to_owned();
    }
    let tail = length / 3;
    let head = length.saturating_sub(tail + 1);
    let ends = |part: &[char]| part.iter().collect::<String>();
    let start = characters.get(..head).unwrap_or_default();
    let end = characters.get(characters.len() - tail..).unwrap_or_default();
    format!("{}…{}", ends(start), ends(end))
}

/// A decimal number with its whole part in groups of three, separated by narrow spaces.
#[must_use]
pub fn grouped(decimal: &str) -> String {
    let (whole, rest) = decimal.split_once('.').map_or((decimal, None), |(whole, rest)| (whole, Some(rest)));
    let mut text = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    if let Some(rest) = rest {
        text.push('.');
        text.push_str(rest);
    }
    text
}

/// Basis points in percent.
#[must_use]
pub fn percent(bps: u128) -> String {
    format!("{}.{:02} %", bps / 100, bps % 100)
}

/// How a check ended, in words.
#[must_use]
pub const fn ending(ending: Ending) -> &'static str {
    match ending {
        Ending::Equal => "✓ equal",
        Ending::Differs => "✗ DIFFERS",
        Ending::NotChecked => "– not checked",
    }
}

/// A value without any markup; numbers are exact and not grouped.
#[must_use]
pub fn plain(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) | Cell::Code(text) => visible(text),
        Cell::Number(number) => number.to_string(),
        Cell::Bloom(base_units) => i128::try_from(*base_units).map_or_else(|_| base_units.to_string(), signed_bloom),
        Cell::Bps(bps) => percent(*bps),
        Cell::Factor(bps) => factor(*bps),
        Cell::Ending(how) => ending(*how).to_owned(),
        Cell::Empty => "–".to_owned(),
    }
}

/// Unix seconds as a date and time of UTC.
#[must_use]
pub fn utc(unix_seconds: i64) -> String {
    match jiff::Timestamp::from_second(unix_seconds) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => format!("{unix_seconds} s after 1970"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hides_and_nothing_reorders() {
        assert_eq!(visible("a\u{202e}b\nc\u{200b}\u{0}"), "a\\u{202e}b\\u{a}c\\u{200b}\\u{0}");
        assert_eq!(visible("Ærø – ночь 夜"), "Ærø – ночь 夜");
    }

    #[test]
    fn numbers_and_ends_are_readable() {
        assert_eq!(grouped("1234567.5"), "1\u{202f}234\u{202f}567.5");
        assert_eq!(grouped("123"), "123");
        assert_eq!(percent(10_000), "100.00 %");
        assert_eq!(percent(7), "0.07 %");
        assert_eq!(short("did:key:z6MkabcdefghijkXYZW", 12), "did:key…XYZW");
        assert_eq!(short("short", 12), "short");
        assert_eq!(utc(1_760_000_000), "2025-10-09 08:53:20 UTC");
    }
}
