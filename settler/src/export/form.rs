//! The forms of an export: each takes rows one by one and keeps no more of them than it must.

use std::io::Write;

use anyhow::Context as _;

use super::column::{Column, Kind, Value};
use super::csv::Csv;
use crate::artefact::sheet::{self, Sheet};

/// Rows of a row group in Parquet: what is kept in memory before it is written.
const ROW_GROUP: usize = 1 << 16;

/// How rows are written.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// Comma-separated, with a head line; text is kept from being a formula.
    Csv,
    /// One JSON document a line; integers of 64 bits are decimal strings.
    Jsonl,
    /// Apache Parquet.
    Parquet,
}

/// Something that takes rows.
pub trait Rows {
    /// Takes a row; its values are those of the columns, in order.
    ///
    /// # Errors
    /// If a value does not fit its column, or it cannot be written.
    fn row(&mut self, values: &[Value<'_>]) -> anyhow::Result<()>;

    /// Ends.
    ///
    /// # Errors
    /// If what is left cannot be written.
    fn finish(self: Box<Self>) -> anyhow::Result<()>;
}

impl Form {
    /// Begins to write.
    ///
    /// # Errors
    /// If the head cannot be written.
    pub fn begin<'a>(
        self,
        columns: &'static [Column],
        to: &'a mut (dyn Write + Send),
    ) -> anyhow::Result<Box<dyn Rows + 'a>> {
        let rows: Box<dyn Rows + 'a> = match self {
            Self::Csv => Box::new(Csv::new(to, columns)?),
            Self::Jsonl => Box::new(Lines { columns, to }),
            Self::Parquet => {
                let columns: Vec<_> = columns.iter().map(in_sheet).collect();
                Box::new(Table(Sheet::with_row_groups_of(to, &columns, ROW_GROUP)?))
            }
        };
        Ok(rows)
    }
}

/// JSON lines, each with its keys in the order of the columns.
struct Lines<'a> {
    columns: &'static [Column],
    to: &'a mut (dyn Write + Send),
}

impl Rows for Lines<'_> {
    fn row(&mut self, values: &[Value<'_>]) -> anyhow::Result<()> {
        for (place, (column, value)) in self.columns.iter().zip(values).enumerate() {
            write!(self.to, "{}\"{}\":", if place == 0 { '{' } else { ',' }, column.name)?;
            match (column.kind, value) {
                (_, Value::Empty) => self.to.write_all(b"null")?,
                (Kind::Text, Value::Text(text)) => serde_json::to_writer(&mut self.to, text)?,
                (Kind::Count, Value::Number(number)) => {
                    write!(self.to, "{}", u32::try_from(*number).context("a count of 2^32 or more")?)?;
                }
                (Kind::Integer | Kind::Wide, Value::Number(number)) => write!(self.to, "\"{number}\"")?,
                _ => anyhow::bail!("column {}: a value of another type", column.name),
            }
        }
        self.to.write_all(b"}\n")?;
        Ok(())
    }

    fn finish(self: Box<Self>) -> anyhow::Result<()> {
        Ok(self.to.flush()?)
    }
}

struct Table<W: Write + Send>(Sheet<W>);

impl<W: Write + Send> Rows for Table<W> {
    fn row(&mut self, values: &[Value<'_>]) -> anyhow::Result<()> {
        let values: Vec<_> = values
            .iter()
            .map(|value| match value {
                Value::Text(text) => sheet::Value::Text(text),
                Value::Number(number) => sheet::Value::Number(*number),
                Value::Empty => sheet::Value::Empty,
            })
            .collect();
        self.0.row(&values)
    }

    fn finish(self: Box<Self>) -> anyhow::Result<()> {
        self.0.finish()
    }
}

fn in_sheet(column: &Column) -> sheet::Column {
    let kind = match column.kind {
        Kind::Text => sheet::Kind::Text,
        Kind::Count | Kind::Integer => sheet::Kind::Integer,
        Kind::Wide => sheet::Kind::Wide,
    };
    sheet::Column(column.name, kind, column.may_be_empty)
}
