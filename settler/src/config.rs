//! File, environment and flags.
