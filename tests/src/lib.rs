//! End-to-end stories over the RPC of a real validator.
