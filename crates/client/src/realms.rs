//! An instruction in the form in which SPL Governance, the program behind Realms, stores it in a proposal.

use solana_program::instruction::Instruction;
use solana_program::pubkey::Pubkey;

/// The bytes of SPL Governance's `InstructionData`: program, accounts with what each has to be, data, in Borsh.
///
/// A DAO's proposal holds them and its execution calls exactly that. In base64 they are what Realms takes as a custom
/// instruction.
#[must_use]
pub fn instruction_data(instruction: &Instruction) -> Vec<u8> {
    let accounts: Vec<(Pubkey, bool, bool)> =
        instruction.accounts.iter().map(|account| (account.pubkey, account.is_signer, account.is_writable)).collect();
    let program = instruction.program_id;
    borsh::to_vec(&(program, accounts, &instruction.data)).expect("only a collection of 2^32 items cannot be written")
}

#[cfg(test)]
mod tests {
    use solana_program::instruction::AccountMeta;

    use super::*;

    #[test]
    fn program_accounts_and_data_follow_one_another() {
        let [program, signer, account] = [1, 2, 3].map(|byte| Pubkey::new_from_array([byte; 32]));
        let accounts = vec![AccountMeta::new_readonly(signer, true), AccountMeta::new(account, false)];
        let bytes = instruction_data(&Instruction { program_id: program, accounts, data: vec![7, 8] });
        let mut expected = [1; 32].to_vec();
        expected.extend([2, 0, 0, 0]);
        expected.extend([2; 32]);
        expected.extend([1, 0]);
        expected.extend([3; 32]);
        expected.extend([0, 1]);
        expected.extend([2, 0, 0, 0, 7, 8]);
        assert_eq!(bytes, expected);
    }
}
