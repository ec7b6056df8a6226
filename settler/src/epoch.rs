//! The stages of a settlement.
