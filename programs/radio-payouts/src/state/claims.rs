//! Which shares of an epoch were claimed: one bit an index, 8 192 to an account.

use anchor_lang::prelude::*;

/// Indices per chunk.
pub const CHUNK_INDICES: u32 = 8_192;

/// PDA `["claims", epoch u64, chunk u32]`.
#[account]
#[derive(InitSpace, Debug)]
pub struct ClaimChunk {
    /// Layout version, 1; 0 in an account just created.
    pub version: u8,
    /// Bump of this address.
    pub bump: u8,
    /// The epoch.
    pub epoch: u64,
    /// Chunk number: `index / 8192`.
    pub chunk: u32,
    /// How many bits are set.
    pub claimed: u32,
    /// Who paid the rent.
    pub rent_payer: Pubkey,
    /// Zero.
    pub reserved_space: [u8; 32],
    /// Bit `index % 8192`: byte `n / 8`, bit `n % 8`.
    #[max_len(1024)]
    pub bits: Vec<u8>,
}
