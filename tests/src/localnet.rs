//! A real Agave validator: starts in the test's process, with the program deployed under the upgradeable loader, and
//! answers on a loopback port of its own.

use std::path::Path;

use anchor_spl::associated_token::get_associated_token_address;
use anchor_spl::associated_token::spl_associated_token_account::instruction::create_associated_token_account;
use anchor_spl::token::spl_token;
use radio_payouts_client::PROGRAM_ID;
use solana_client::rpc_client::RpcClient;
use solana_commitment_config::CommitmentConfig;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_net_utils::SocketAddrSpace;
use solana_pubkey::Pubkey;
use solana_rpc::rpc::JsonRpcConfig;
use solana_signer::Signer as _;
use solana_test_validator::{TestValidator, TestValidatorGenesis, UpgradeableProgramInfo};
use solana_transaction::Transaction;
use tempfile::TempDir;

use crate::program_path;

/// Ticks of 6.25 ms to a slot of 50 ms: finality after two seconds, not thirteen.
const TICKS_PER_SLOT: u64 = 8;

/// A running validator; it stops, and its ledger goes, when this is dropped.
pub struct Localnet {
    validator: TestValidator,
    /// Removed after the validator has stopped: fields are dropped in this order.
    _ledger: TempDir,
    /// Holds all lamports and the program's upgrade authority.
    pub operator: Keypair,
}

impl Localnet {
    /// Starts a validator on which `operator` owns the program and has lamports.
    ///
    /// # Panics
    /// If the program is not built or the validator does not start.
    #[must_use]
    pub fn start(operator: Keypair) -> Self {
        let ledger = tempfile::tempdir().expect("a folder");
        let program = UpgradeableProgramInfo {
            program_id: PROGRAM_ID,
            loader: solana_sdk_ids::bpf_loader_upgradeable::ID,
            upgrade_authority: operator.pubkey(),
            program_path: program_path(),
        };
        // As a public node: what became of a transaction can be asked for.
        let rpc = JsonRpcConfig {
            enable_rpc_transaction_history: true,
            enable_extended_tx_metadata_storage: true,
            ..JsonRpcConfig::default_for_test()
        };
        let mut genesis = TestValidatorGenesis::default();
        genesis
            .ledger_path(ledger.path().join("ledger"))
            .rpc_config(rpc)
            .ticks_per_slot(TICKS_PER_SLOT)
            .add_upgradeable_programs_with_path(&[program]);
        let validator = genesis
            .start_with_mint_address(operator.pubkey(), SocketAddrSpace::Unspecified)
            .expect("the validator starts");
        Self { validator, _ledger: ledger, operator }
    }

    /// The address of its RPC service.
    #[must_use]
    pub fn url(&self) -> String {
        self.validator.rpc_url()
    }

    pub(crate) const fn validator(&self) -> &TestValidator {
        &self.validator
    }

    /// A client that reads and waits for final state.
    #[must_use]
    pub fn rpc(&self) -> RpcClient {
        RpcClient::new_with_commitment(self.url(), CommitmentConfig::finalized())
    }

    /// Writes the operator's key to `operator.json` in a folder.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn write_operator(&self, folder: &Path) {
        let key = serde_json::to_vec(&self.operator.to_bytes().as_slice()).expect("bytes");
        std::fs::write(folder.join("operator.json"), key).expect("a key file");
    }

    /// Gives an address lamports, and base units of a mint whose authority the operator is.
    ///
    /// # Panics
    /// If the cluster refuses.
    pub fn give(&self, owner: &Pubkey, lamports: u64, mint: &Pubkey, base_units: u64) {
        let operator = self.operator.pubkey();
        let account = get_associated_token_address(owner, mint);
        let fill = spl_token::instruction::mint_to(&spl_token::ID, mint, &account, &operator, &[], base_units);
        let give = [
            solana_system_interface::instruction::transfer(&operator, owner, lamports),
            create_associated_token_account(&operator, owner, mint, &spl_token::ID),
            fill.expect("an instruction"),
        ];
        self.send(&give, &[]);
    }

    /// Sends one transaction that the operator pays for and signs, with others if need be, and waits until it is final.
    ///
    /// # Panics
    /// If the cluster refuses.
    #[track_caller]
    pub fn send(&self, instructions: &[Instruction], signers: &[&Keypair]) {
        let rpc = self.rpc();
        let blockhash = rpc.get_latest_blockhash().expect("a blockhash");
        let payer = self.operator.pubkey();
        let signers: Vec<&Keypair> = std::iter::once(&self.operator).chain(signers.iter().copied()).collect();
        let transaction = Transaction::new_signed_with_payer(instructions, Some(&payer), &signers, blockhash);
        rpc.send_and_confirm_transaction(&transaction).unwrap_or_else(|error| panic!("{error}"));
    }
}
