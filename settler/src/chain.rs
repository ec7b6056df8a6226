//! Chains: RPC and embedded, behind one trait.
