//! Which shares of an epoch were claimed: one bit an index, 8 192 to an account.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::state::ACCOUNT_VERSION;

/// Indices per chunk: 2^13.
pub const CHUNK_INDICES: u32 = 1 << CHUNK_SHIFT;
const CHUNK_SHIFT: u32 = 13;
const CHUNK_BYTES: usize = 1 << (CHUNK_SHIFT - 3);

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
    /// Who paid the rent and gets it back when the epoch is closed.
    pub rent_payer: Pubkey,
    /// Zero.
    pub reserved_space: [u8; 32],
    /// Bit `index % 8192`: byte `n / 8`, bit `n % 8`.
    #[max_len(CHUNK_BYTES)]
    pub bits: Vec<u8>,
}

impl ClaimChunk {
    /// The chunk that an index belongs to.
    pub const fn number_of(index: u32) -> u32 {
        index >> CHUNK_SHIFT
    }

    /// A chunk of which nothing was claimed yet.
    pub fn open(bump: u8, epoch: u64, chunk: u32, rent_payer: Pubkey) -> Self {
        Self {
            version: ACCOUNT_VERSION,
            bump,
            epoch,
            chunk,
            claimed: 0,
            rent_payer,
            reserved_space: [0; 32],
            bits: vec![0; CHUNK_BYTES],
        }
    }

    /// Whether the share with this index was claimed; `false` for an index of another chunk.
    pub fn is_claimed(&self, index: u32) -> bool {
        let (byte, mask) = place(index);
        let of_this = Self::number_of(index) == self.chunk;
        of_this && self.bits.get(byte).is_some_and(|bits| bits & mask != 0)
    }

    /// Notes that the share with this index is claimed; refuses a second time.
    pub fn claim(&mut self, index: u32) -> Result<()> {
        require!(Self::number_of(index) == self.chunk, PayoutsError::WrongClaimChunk);
        let (byte, mask) = place(index);
        let bits = self.bits.get_mut(byte).ok_or(PayoutsError::WrongClaimChunk)?;
        require!(*bits & mask == 0, PayoutsError::AlreadyClaimed);
        *bits |= mask;
        self.claimed = self.claimed.checked_add(1).ok_or(PayoutsError::ArithmeticOverflow)?;
        Ok(())
    }
}

/// Byte and mask of an index in its chunk.
fn place(index: u32) -> (usize, u8) {
    let bit = index & (CHUNK_INDICES - 1);
    ((bit >> 3) as usize, 1 << (bit & 7))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_index_of_a_chunk_is_claimed_once() {
        let mut chunk = ClaimChunk::open(0, 7, 2, Pubkey::default());
        for index in 2 * CHUNK_INDICES..3 * CHUNK_INDICES {
            assert!(!chunk.is_claimed(index));
            chunk.claim(index).unwrap();
            assert!(chunk.is_claimed(index));
            assert_eq!(chunk.claim(index), Err(PayoutsError::AlreadyClaimed.into()));
        }
        assert_eq!(chunk.claimed, CHUNK_INDICES);
        assert!(chunk.bits.iter().all(|bits| *bits == u8::MAX));
    }

    #[test]
    fn an_index_of_another_chunk_is_refused() {
        let mut chunk = ClaimChunk::open(0, 7, 2, Pubkey::default());
        for index in [0, 2 * CHUNK_INDICES - 1, 3 * CHUNK_INDICES, u32::MAX] {
            assert_eq!(chunk.claim(index), Err(PayoutsError::WrongClaimChunk.into()));
            assert!(!chunk.is_claimed(index));
        }
    }
}
