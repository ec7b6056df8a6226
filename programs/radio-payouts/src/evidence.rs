//! Two signatures by one SFU key, as the Ed25519 precompile has checked them.
//!
//! A program cannot check a signature, but it can see that the precompile did: an instruction to it stands in the same
//! transaction, which fails as a whole if a signature is false. What exactly was checked depends on offsets, some of
//! which may point into other instructions; so exactly one layout is accepted, byte for byte, and only in the
//! instruction just before. Nothing else in this program knows of the precompile.
//!
//! ```text
//!   0  2            number of signatures
//!   1  0            padding
//!   2  14 bytes     offsets of the first: signature, key, message; every instruction index 65535 (this instruction)
//!  16  14 bytes     offsets of the second
//!  30  32 bytes     the key, for both
//!  62  64 bytes     first signature          126  126 bytes   first message
//! 252  64 bytes     second signature         316  126 bytes   second message           442 in all
//! ```

use anchor_lang::prelude::*;
use radio_payouts_protocol::message::{BATCH_MESSAGE_LENGTH, BatchMessage};
use solana_instructions_sysvar::{load_current_index_checked, load_instruction_at_checked};

use crate::error::PayoutsError;

/// Length of the evidence.
pub const EVIDENCE_LENGTH: usize = 442;
/// "This instruction", in an offset's instruction index.
const THIS: u16 = u16::MAX;
const HEAD_LENGTH: usize = 30;
const MESSAGE: u16 = 126;
/// Per signature: where it is, in which instruction; the same of the key; of the message, with its length between.
const OFFSETS: [[u16; 7]; 2] = [[62, THIS, 30, THIS, 126, MESSAGE, THIS], [252, THIS, 30, THIS, 316, MESSAGE, THIS]];

/// A signature and the 126 bytes that it signs.
pub type SignedMessage = ([u8; 64], [u8; BATCH_MESSAGE_LENGTH]);

/// Data of an instruction to the Ed25519 program that checks both signatures by `key`, in the accepted layout.
pub fn encode(key: &[u8; 32], signed: &[SignedMessage; 2]) -> Vec<u8> {
    let mut data = vec![2, 0];
    data.extend(OFFSETS.as_flattened().iter().flat_map(|word| word.to_le_bytes()));
    data.extend_from_slice(key);
    for (signature, message) in signed {
        data.extend_from_slice(signature);
        data.extend_from_slice(message);
    }
    data
}

/// Two messages that one key has signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Evidence {
    /// The key.
    pub key: [u8; 32],
    /// The messages.
    pub messages: [[u8; BATCH_MESSAGE_LENGTH]; 2],
}

/// One number, two batches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Equivocation {
    /// The SFU.
    pub sfu_key: [u8; 32],
    /// The number.
    pub seq: u64,
    /// What one message says of it.
    pub first: SignedBatch,
    /// What the other says.
    pub second: SignedBatch,
}

/// What a signed message says of its batch.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, PartialEq, Eq, Debug)]
pub struct SignedBatch {
    /// End of its window in Unix milliseconds.
    pub to_ms: u64,
    /// Hash of its canonical bytes.
    pub batch_hash: [u8; 32],
}

/// The evidence in the instruction just before the one that runs. `sysvar` is the instructions sysvar.
pub fn before(sysvar: &AccountInfo<'_>) -> Result<Evidence> {
    let index = load_current_index_checked(sysvar).map_err(|_| PayoutsError::NotInstructionsSysvar)?;
    let before = usize::from(index).checked_sub(1).ok_or(PayoutsError::EvidenceMissing)?;
    let instruction = load_instruction_at_checked(before, sysvar).map_err(|_| PayoutsError::EvidenceMissing)?;
    require_keys_eq!(instruction.program_id, solana_sdk_ids::ed25519_program::ID, PayoutsError::NotEd25519Program);
    Evidence::decode(&instruction.data)
}

impl Evidence {
    /// Reads the data of an instruction to the Ed25519 program, and refuses every layout but one.
    pub fn decode(data: &[u8]) -> Result<Self> {
        require!(data.first().is_none_or(|count| *count == 2), PayoutsError::WrongSignatureCount);
        let data: &[u8; EVIDENCE_LENGTH] = data.try_into().map_err(|_| PayoutsError::WrongEvidenceLength)?;
        let (head, rest) = split::<HEAD_LENGTH>(data)?;
        let words: Vec<u16> = head.as_chunks().0.iter().map(|word| u16::from_le_bytes(*word)).collect();
        let (count, offsets) = words.split_first().ok_or(PayoutsError::WrongEvidenceLength)?;
        let here =
            |[_, signature, _, key, _, _, message]: &[u16; 7]| [signature, key, message].iter().all(|at| **at == THIS);
        require!(offsets.as_chunks().0.iter().all(here), PayoutsError::EvidenceElsewhere);
        require!(*count == 2 && offsets == OFFSETS.as_flattened(), PayoutsError::WrongEvidenceOffsets);
        let (key, rest) = split(rest)?;
        let (_, rest) = split::<64>(rest)?;
        let (first, rest) = split(rest)?;
        let (_, second) = split::<64>(rest)?;
        let second = second.try_into().map_err(|_| PayoutsError::WrongEvidenceLength)?;
        Ok(Self { key: *key, messages: [*first, second] })
    }

    /// Refuses messages that are not two different batches of one SFU under one number.
    pub fn equivocation(&self, domain: &[u8; 32]) -> Result<Equivocation> {
        let read = |message| self.read(message, domain);
        let [first, second] = &self.messages;
        let (first, second) = (read(first)?, read(second)?);
        require!(first.seq == second.seq, PayoutsError::SeqsDiffer);
        let batch = |message: &BatchMessage| SignedBatch { to_ms: message.to_ms, batch_hash: message.batch_hash };
        let (seq, first, second) = (first.seq, batch(&first), batch(&second));
        require!(first != second, PayoutsError::SameMessage);
        Ok(Equivocation { sfu_key: self.key, seq, first, second })
    }

    fn read(&self, message: &[u8; BATCH_MESSAGE_LENGTH], domain: &[u8; 32]) -> Result<BatchMessage> {
        let message = BatchMessage::parse(message).ok_or(PayoutsError::NotABatchMessage)?;
        require!(message.domain == *domain, PayoutsError::MessageOfAnotherDomain);
        require!(message.sfu_key == self.key, PayoutsError::MessageOfAnotherKey);
        Ok(message)
    }
}

fn split<const N: usize>(bytes: &[u8]) -> Result<(&[u8; N], &[u8])> {
    Ok(bytes.split_first_chunk().ok_or(PayoutsError::WrongEvidenceLength)?)
}

#[cfg(test)]
mod tests;
