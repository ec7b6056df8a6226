//! What disputes and fraud proofs need of a world: tokens, transactions of several instructions, a dispute.

use anchor_lang::prelude::Pubkey;
use litesvm::types::TransactionMetadata;
use radio_payouts::OpenDisputeArgs;
use radio_payouts::state::{Dispute, Epoch};
use radio_payouts_client::{address, instruction};
use solana_account::Account;
use solana_instruction::Instruction;
use solana_instruction::error::InstructionError;
use solana_keypair::Keypair;
use solana_signer::Signer;
use solana_transaction::Transaction;

use super::world::{TOKEN_PROGRAM, World};

pub const EPOCH: u64 = 10;
/// 100 BLOOM: the least bond.
pub const BOND: u64 = 100_000_000_000;
pub const EVIDENCE: [u8; 32] = [0xe1; 32];

impl World {
    /// A token account of the mint with so many base units, at the owner's associated address.
    pub fn give_tokens(&mut self, owner: Pubkey, amount: u64) -> Pubkey {
        let at = address::associated_token_address(&owner, &self.mint, &TOKEN_PROGRAM);
        self.put_tokens(at, self.mint, owner, amount);
        at
    }

    /// Writes a token account as it stands after `InitializeAccount`.
    pub fn put_tokens(&mut self, at: Pubkey, mint: Pubkey, owner: Pubkey, amount: u64) {
        let mut data = vec![0; 165];
        data[..32].copy_from_slice(mint.as_ref());
        data[32..64].copy_from_slice(owner.as_ref());
        data[64..72].copy_from_slice(&amount.to_le_bytes());
        data[108] = 1;
        let lamports = self.svm.minimum_balance_for_rent_exemption(data.len());
        let account = Account { lamports, data, owner: TOKEN_PROGRAM, executable: false, rent_epoch: u64::MAX };
        self.svm.set_account(at, account).unwrap();
    }

    /// Base units in a token account; none if it is closed.
    pub fn tokens(&self, at: Pubkey) -> Option<u64> {
        let account = self.svm.get_account(&at).filter(|account| !account.data.is_empty())?;
        Some(u64::from_le_bytes(account.data[64..72].try_into().unwrap()))
    }

    /// Sends several instructions in one transaction; which one failed, and how, if one did.
    pub fn send_all(
        &mut self,
        instructions: &[Instruction],
        signers: &[&Keypair],
    ) -> Result<TransactionMetadata, (u8, InstructionError)> {
        self.svm.expire_blockhash();
        let mut all = vec![&self.payer];
        all.extend(signers.iter().filter(|signer| signer.pubkey() != self.payer.pubkey()));
        let hash = self.svm.latest_blockhash();
        let transaction = Transaction::new_signed_with_payer(instructions, Some(&self.payer.pubkey()), &all, hash);
        self.svm.send_transaction(transaction).map_err(|failed| match failed.err {
            solana_transaction_error::TransactionError::InstructionError(index, error) => (index, error),
            other => panic!("{other:?}\n{}", failed.meta.pretty_logs()),
        })
    }

    /// `open_dispute` of the stranger about an epoch's attempt, paid for by the payer.
    pub fn dispute(&self, epoch: u64, attempt: u32) -> Instruction {
        let disputer = self.stranger.pubkey();
        let source = address::associated_token_address(&disputer, &self.mint, &TOKEN_PROGRAM);
        let args = OpenDisputeArgs { epoch, attempt, evidence_hash: EVIDENCE };
        instruction::open_dispute(self.payer.pubkey(), disputer, &self.config(), source, args)
    }

    /// Opens it.
    #[track_caller]
    pub fn open_dispute(&mut self, epoch: u64, attempt: u32) {
        let stranger = self.stranger.insecure_clone();
        self.accept(self.dispute(epoch, attempt), &[&stranger]);
    }

    pub fn dispute_of(&self, epoch: u64, attempt: u32) -> Dispute {
        self.read(address::dispute_address(epoch, attempt))
    }

    /// `resolve_dispute` of the authority.
    pub fn resolve(&self, epoch: u64, attempt: u32, upheld: bool) -> Instruction {
        instruction::resolve_dispute(self.authority.pubkey(), epoch, attempt, upheld)
    }

    /// `release_bond` to where it belongs.
    pub fn release(&self, epoch: u64, attempt: u32) -> Instruction {
        let (config, dispute) = (self.config(), self.dispute_of(epoch, attempt));
        instruction::release_bond(&config, &dispute, instruction::bond_destination(&config, &dispute))
    }

    pub fn epoch(&self, epoch: u64) -> Epoch {
        self.read(address::epoch_address(epoch))
    }
}

/// These epochs posted; the stranger has tokens for two bonds and one base unit.
pub fn posted(epochs: impl IntoIterator<Item = u64>) -> World {
    let mut world = World::running(1, 1);
    world.post_all(epochs);
    world.give_tokens(world.stranger.pubkey(), 2 * BOND + 1);
    world
}
