//! Where held batches and sealed epochs live.
