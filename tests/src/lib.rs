//! A real Agave validator for stories over RPC: starts in the test's process, with the program deployed under the
//! upgradeable loader, and answers on a loopback port of its own.

use std::path::{Path, PathBuf};

use radio_payouts_client::PROGRAM_ID;
use solana_keypair::Keypair;
use solana_net_utils::SocketAddrSpace;
use solana_rpc::rpc::JsonRpcConfig;
use solana_signer::Signer as _;
use solana_test_validator::{TestValidator, TestValidatorGenesis, UpgradeableProgramInfo};

/// A running validator; it stops, and its ledger goes, when this is dropped.
pub struct Localnet {
    validator: TestValidator,
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
        let validator = TestValidatorGenesis::default()
            .rpc_config(rpc)
            // Slots of 100 ms: finality after four seconds, not thirteen.
            .ticks_per_slot(16)
            .add_upgradeable_programs_with_path(&[program])
            .start_with_mint_address(operator.pubkey(), SocketAddrSpace::Unspecified)
            .expect("the validator starts");
        Self { validator, operator }
    }

    /// The address of its RPC service.
    #[must_use]
    pub fn url(&self) -> String {
        self.validator.rpc_url()
    }
}

/// The folder in which Cargo puts binaries of this profile: `target/debug`.
fn profile_folder() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    test.ancestors().nth(2).map(Path::to_path_buf).expect("target/<profile>/deps/<test>")
}

/// The program's bytecode, as `cargo xtask build-program` leaves it.
///
/// # Panics
/// If it is not there.
#[must_use]
pub fn program_path() -> PathBuf {
    let path = std::env::var_os("RADIO_PAYOUTS_PROGRAM")
        .map_or_else(|| profile_folder().join("../deploy/radio_payouts.so"), PathBuf::from);
    assert!(path.exists(), "{} is missing: run `cargo xtask build-program`", path.display());
    path
}

/// The binary `settler`, built beside the tests.
///
/// # Panics
/// If it is not there.
#[must_use]
pub fn settler_path() -> PathBuf {
    let path = profile_folder().join("settler");
    assert!(path.exists(), "{} is missing: run `cargo build -p radio-payouts-settler`", path.display());
    path
}
