//! Sources of receipts and batches.
