//! Aligned text tables.

use std::fmt::Write as _;

/// Rows under a head line; columns marked right-aligned hold numbers.
#[derive(Clone, Debug)]
pub struct Table {
    heads: Vec<(String, bool)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these column heads; one that starts with `>` is aligned right.
    #[must_use]
    pub fn new(heads: &[&str]) -> Self {
        let heads = heads
            .iter()
            .map(|head| head.strip_prefix('>').map_or(((*head).to_owned(), false), |head| (head.to_owned(), true)))
            .collect();
        Self { heads, rows: Vec::new() }
    }

    /// Adds a row; missing cells stay empty.
    pub fn row<I: IntoIterator<Item = S>, S: Into<String>>(&mut self, cells: I) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let heads: Vec<String> = self.heads.iter().map(|(head, _)| head.clone()).collect();
        let widths: Vec<usize> = (0..heads.len())
            .map(|column| {
                std::iter::once(&heads)
                    .chain(&self.rows)
                    .filter_map(|row| row.get(column))
                    .map(|cell| cell.chars().count())
                    .max()
                    .unwrap_or_default()
            })
            .collect();
        for row in std::iter::once(&heads).chain(&self.rows) {
            let mut line = String::new();
            for (column, (width, (_, right))) in widths.iter().zip(&self.heads).enumerate() {
                let cell = row.get(column).map(String::as_str).unwrap_or_default();
                if *right {
                    write!(line, "{cell:>width$}  ")?;
                } else {
                    write!(line, "{cell:<width$}  ")?;
                }
            }
            writeln!(formatter, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_aligned_right() {
        let mut table = Table::new(&["name", ">bytes"]);
        table.row(["a", "1"]);
        table.row(["long name", "1000"]);
        assert_eq!(table.to_string(), "name       bytes\na              1\nlong name   1000\n");
    }
}
