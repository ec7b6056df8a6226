//! What a report says, without any markup: sections of text, tables and plots, each with its source.

use crate::artefact::verify::Ending;

/// A report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// What it is.
    pub title: String,
    /// About which epochs, and whom.
    pub subtitle: String,
    /// Whether anything in it is not ratified: then the notice of section 12 stands at its top.
    pub is_provisional: bool,
    /// The end of a verification: whether it is good, and in words.
    pub ending: Option<(Ending, String)>,
    /// The sections.
    pub sections: Vec<Section>,
}

/// A section.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Section {
    /// Its heading.
    pub title: String,
    /// What is in it.
    pub blocks: Vec<Block>,
}

/// A part of a section.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Block {
    /// A paragraph.
    Text(String),
    /// A table.
    Table(Table),
    /// A plot; writers that cannot draw, and readers that cannot see, get it as a table.
    Plot(Plot),
}

/// A value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cell {
    /// Text.
    Text(String),
    /// A DID, an address, a hash.
    Code(String),
    /// A number; its unit stands at the head of the column.
    Number(u128),
    /// Base units, written as BLOOM.
    Bloom(u128),
    /// Basis points, written in percent.
    Bps(u128),
    /// Basis points, written as a factor.
    Factor(u32),
    /// How a check ended.
    Ending(Ending),
    /// Nothing.
    Empty,
}

/// A table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// Where its values come from; empty if each row says so.
    pub source: String,
    /// Heads, with units.
    pub heads: Vec<String>,
    /// Rows; each has a cell for every head.
    pub rows: Vec<Vec<Cell>>,
}

/// The unit of a plot's values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Base units.
    Bloom,
    /// Basis points, shown in percent.
    Bps,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// So many of something.
    Count(&'static str),
}

/// How a plot is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// Upright columns along an axis that has an order: epochs, hours. Several series are stacked.
    Columns,
    /// Lying bars, for names.
    Bars,
    /// Lines over evenly spaced points.
    Lines,
}

/// A plot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plot {
    /// What it shows.
    pub title: String,
    /// Where its values come from.
    pub source: String,
    /// How it is drawn.
    pub shape: Shape,
    /// What the points are: an axis.
    pub axis: String,
    /// The unit of the other axis.
    pub unit: Unit,
    /// Names of the series.
    pub series: Vec<String>,
    /// Points: each with its name and a value for every series.
    pub points: Vec<(String, Vec<u128>)>,
}

impl Table {
    /// A table without rows.
    pub fn new(caption: impl Into<String>, source: impl Into<String>, heads: &[&str]) -> Self {
        let heads = heads.iter().map(|head| (*head).to_owned()).collect();
        Self { caption: caption.into(), source: source.into(), heads, rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Whether the cells of a column are numbers, which are aligned right.
    #[must_use]
    pub fn is_numeric(&self, column: usize) -> bool {
        let cells = || self.rows.iter().filter_map(|row| row.get(column));
        let is_number = |cell: &Cell| {
            matches!(cell, Cell::Number(_) | Cell::Bloom(_) | Cell::Bps(_) | Cell::Factor(_) | Cell::Empty)
        };
        cells().all(is_number) && cells().any(|cell| *cell != Cell::Empty)
    }
}

impl Plot {
    /// A value in the plot's unit.
    #[must_use]
    pub const fn cell(&self, value: u128) -> Cell {
        match self.unit {
            Unit::Bloom => Cell::Bloom(value),
            Unit::Bps => Cell::Bps(value),
            Unit::Bytes | Unit::Milliseconds | Unit::Seconds | Unit::Count(_) => Cell::Number(value),
        }
    }

    /// The same values as a table.
    #[must_use]
    pub fn to_table(&self) -> Table {
        let unit = match self.unit {
            Unit::Bytes => "bytes",
            Unit::Bloom => "BLOOM",
            Unit::Bps => "share",
            Unit::Milliseconds => "ms",
            Unit::Seconds => "s",
            Unit::Count(what) => what,
        };
        let named = |name: &String| if name == unit { name.clone() } else { format!("{name}, {unit}") };
        let heads = std::iter::once(self.axis.clone()).chain(self.series.iter().map(named)).collect();
        let rows = self.points.iter().map(|(name, values)| {
            std::iter::once(Cell::Text(name.clone())).chain(values.iter().map(|value| self.cell(*value))).collect()
        });
        Table { caption: self.title.clone(), source: self.source.clone(), heads, rows: rows.collect() }
    }
}

impl Section {
    /// A section without anything in it.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), blocks: Vec::new() }
    }

    /// Adds a paragraph.
    pub fn text(&mut self, text: impl Into<String>) -> &mut Self {
        self.blocks.push(Block::Text(text.into()));
        self
    }

    /// Adds a table; one without rows is said to be empty.
    pub fn table(&mut self, table: Table) -> &mut Self {
        self.blocks.push(Block::Table(table));
        self
    }

    /// Adds a plot, if it has any value to show.
    pub fn plot(&mut self, plot: Plot) -> &mut Self {
        if plot.points.iter().any(|(_, values)| values.iter().any(|value| *value > 0)) {
            self.blocks.push(Block::Plot(plot));
        }
        self
    }
}

/// What a figure is, its value, and where it is from.
#[must_use]
pub fn facts(caption: &str, facts: Vec<(&str, Cell, &str)>) -> Table {
    let mut table = Table::new(caption, "", &["figure", "value", "source"]);
    for (what, value, source) in facts {
        table.row([Cell::Text(what.to_owned()), value, Cell::Text(source.to_owned())]);
    }
    table
}
