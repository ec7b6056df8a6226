//! A report as Markdown (CommonMark with tables). Plots become tables.

use std::fmt::Write as _;

use super::model::{Block, Cell, Report, Table};
use super::text::{ending, plain, visible};
use crate::epoch::standing::NOTICE;

/// Text that Markdown takes as nothing but text, wherever it stands in a line.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    let mut before = ' ';
    while let Some(character) = characters.next() {
        let next = characters.peek().copied().unwrap_or(' ');
        let is_markup = match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '#' | '!' | '$' => true,
            // Addresses become links by themselves: `https://`, `www.`, `a@b`.
            ':' => next == '/',
            '.' => before.eq_ignore_ascii_case(&'w'),
            '@' => true,
            _ => false,
        };
        if is_markup {
            escaped.push('\\');
        }
        escaped.push(character);
        before = character;
    }
    escaped
}

/// A paragraph: as [`escape`], and no list, quote or rule at its start.
fn paragraph(text: &str) -> String {
    let escaped = escape(&visible(text));
    let begins_list = escaped.starts_with(['-', '+', '=']) || escaped.starts_with(|first: char| first.is_ascii_digit());
    if begins_list { format!("&#8203;{escaped}") } else { escaped }
}

fn cell(value: &Cell) -> String {
    match value {
        Cell::Code(code) if is_plain(code) => format!("`{code}`"),
        other => escape(&plain(other)),
    }
}

fn is_plain(code: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'.' | b'_' | b'%' | b'-' | b'/');
    !code.is_empty() && code.bytes().all(is_plain)
}

/// Writes it.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut text = format!("# {}\n\n{}\n", escape(&visible(&report.title)), paragraph(&report.subtitle));
    if report.is_provisional {
        let _ = write!(text, "\n> **{}**\n", escape(NOTICE));
    }
    if let Some((how, words)) = &report.ending {
        let _ = write!(text, "\n> **{}**: {}\n", escape(ending(*how)), escape(&visible(words)));
    }
    for section in &report.sections {
        let _ = write!(text, "\n## {}\n", escape(&visible(&section.title)));
        for block in &section.blocks {
            match block {
                Block::Text(words) => {
                    let _ = write!(text, "\n{}\n", paragraph(words));
                }
                Block::Table(rows) => table(&mut text, rows),
                Block::Plot(plot) => table(&mut text, &plot.to_table()),
            }
        }
    }
    text
}

fn table(text: &mut String, table: &Table) {
    let _ = write!(text, "\n**{}**\n", escape(&visible(&table.caption)));
    if table.rows.is_empty() {
        let _ = write!(text, "\nNone.\n");
    } else {
        let heads: Vec<String> = table.heads.iter().map(|head| escape(&visible(head))).collect();
        let rules: Vec<&str> =
            (0..heads.len()).map(|column| if table.is_numeric(column) { "---:" } else { "---" }).collect();
        let _ = write!(text, "\n| {} |\n| {} |\n", heads.join(" | "), rules.join(" | "));
        for row in &table.rows {
            let cells: Vec<String> = row.iter().map(cell).collect();
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
    }
    if !table.source.is_empty() {
        let _ = write!(text, "\nSource: {}\n", escape(&visible(&table.source)));
    }
}
