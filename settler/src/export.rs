//! Exports of sealed epochs for other tools: one row at a time, in bounded memory, as CSV, JSON lines or Parquet.
//!
//! [`mod@column`] says what each column is and in which unit; [`contents`] yields the rows; [`form`] writes them. The three forms hold
//! the same values: a number is exact in each, and text is text, whatever a receipt says ([`csv`] tells how that is kept from
//! being a formula in a spreadsheet, and how to get it back).

pub mod column;
pub mod contents;
pub mod csv;
pub mod form;

pub use column::{Column, Kind, Subject, Value};
pub use form::Form;
