//! Reports on sealed epochs: contribution, payout, audit, performance.
//!
//! [`gather`] reads the folders and what the chain says of them; one module for each kind makes a [`model::Report`] of that, which holds values
//! and no markup; [`markdown`] and [`html`] write it. Every text is escaped by the writer, so that no DID, track or room can be more
//! than text. Every table and plot names its source: file and column, account, field.

pub mod audit;
pub mod contribution;
pub mod figures;
pub mod gather;
pub mod html;
pub mod markdown;
pub mod model;
pub mod payout;
pub mod performance;
pub mod plot;
pub mod text;

#[cfg(test)]
mod tests;

pub use gather::{Gathered, Local};
pub use model::Report;
