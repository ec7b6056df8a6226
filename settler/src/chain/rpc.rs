//! A cluster over JSON RPC.

use std::time::Duration;

use base64::Engine as _;
use solana_account_decoder_client_types::UiAccountEncoding;
use solana_client::client_error::{ClientError, ClientErrorKind};
use solana_client::rpc_client::{GetConfirmedSignaturesForAddress2Config, RpcClient};
use solana_client::rpc_config::{
    RpcAccountInfoConfig, RpcProgramAccountsConfig, RpcSendTransactionConfig, RpcSimulateTransactionConfig,
    RpcTransactionConfig,
};
use solana_client::rpc_filter::{Memcmp, RpcFilterType};
use solana_client::rpc_request::{RpcError, RpcResponseErrorData};
use solana_commitment_config::{CommitmentConfig, CommitmentLevel};
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;
use solana_transaction_error::TransactionError;
use solana_transaction_status_client_types::{UiTransactionEncoding, UiTransactionReturnData};

use super::{Blockhash, Chain, ChainAccount, ChainError, Execution, SignatureStatus, Touch};

const TIMEOUT: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(500);
/// Addresses that `getRecentPrioritizationFees` takes.
const FEE_ADDRESSES: usize = 128;
/// Signatures that `getSignatureStatuses` takes.
const STATUSES_PER_REQUEST: usize = 256;
const FINALIZED: CommitmentConfig = CommitmentConfig::finalized();
const CONFIRMED: CommitmentConfig = CommitmentConfig::confirmed();
/// Errors by which a node says that it is behind, unhealthy or overrun, not that the request is wrong.
const TEMPORARY: [i64; 6] = [-32004, -32005, -32007, -32014, -32016, 429];

/// An RPC node.
pub struct Rpc {
    client: RpcClient,
    /// The address without what may be a secret (user, path, query).
    name: String,
}

impl Rpc {
    /// A client of the node at `url`; connects with the first request.
    #[must_use]
    pub fn new(url: &str) -> Self {
        let client = RpcClient::new_with_timeout_and_commitment(url.to_owned(), TIMEOUT, FINALIZED);
        Self { client, name: crate::config::secret::without_secrets(url) }
    }

    fn failed(&self, doing: &str, error: &ClientError) -> ChainError {
        let message = format!("{}: {doing}: {}", self.name, self.words(error));
        if is_temporary(error.kind()) { ChainError::Unavailable(message) } else { ChainError::Other(message) }
    }

    /// What went wrong; transport errors name the full address, which may hold a key.
    fn words(&self, error: &ClientError) -> String {
        match error.kind() {
            ClientErrorKind::Reqwest(error) if error.is_timeout() => "no answer in time".into(),
            ClientErrorKind::Reqwest(error) if error.is_connect() => "cannot connect".into(),
            ClientErrorKind::Reqwest(error) => match error.status() {
                Some(status) => format!("the node answered {status}"),
                None => "the connection failed".into(),
            },
            kind => kind.to_string().trim().replace(&self.client.url(), &self.name),
        }
    }
}

fn is_temporary(kind: &ClientErrorKind) -> bool {
    match kind {
        ClientErrorKind::Io(_) | ClientErrorKind::Middleware(_) => true,
        ClientErrorKind::Reqwest(error) => match error.status() {
            Some(status) => status.is_server_error() || status.as_u16() == 429,
            None => true,
        },
        ClientErrorKind::RpcError(RpcError::RpcRequestError(_)) => true,
        ClientErrorKind::RpcError(RpcError::RpcResponseError { code, data, .. }) => {
            TEMPORARY.contains(code) || matches!(data, RpcResponseErrorData::NodeUnhealthy { .. })
        }
        _ => false,
    }
}

fn return_data(data: &UiTransactionReturnData) -> Option<Vec<u8>> {
    base64::engine::general_purpose::STANDARD.decode(&data.data.0).ok()
}

impl Chain for Rpc {
    fn describe(&self) -> String {
        self.name.clone()
    }

    fn genesis_hash(&self) -> Result<[u8; 32], ChainError> {
        let hash = self.client.get_genesis_hash().map_err(|error| self.failed("genesis hash", &error))?;
        Ok(hash.to_bytes())
    }

    fn accounts(&self, addresses: &[Pubkey]) -> Result<Vec<Option<ChainAccount>>, ChainError> {
        let response = self
            .client
            .get_multiple_accounts_with_commitment(addresses, FINALIZED)
            .map_err(|error| self.failed("accounts", &error))?;
        let slot = response.context.slot;
        let found = response.value.into_iter().map(|account| {
            account.map(|account| ChainAccount {
                lamports: account.lamports,
                owner: account.owner,
                data: account.data,
                executable: account.executable,
                slot,
            })
        });
        Ok(found.collect())
    }

    fn program_accounts(
        &self,
        program: &Pubkey,
        discriminator: [u8; 8],
    ) -> Result<Vec<(Pubkey, ChainAccount)>, ChainError> {
        let slot = self.client.get_slot_with_commitment(FINALIZED).map_err(|error| self.failed("slot", &error))?;
        let config = RpcProgramAccountsConfig {
            filters: Some(vec![RpcFilterType::Memcmp(Memcmp::new_base58_encoded(0, &discriminator))]),
            account_config: RpcAccountInfoConfig {
                encoding: Some(UiAccountEncoding::Base64),
                commitment: Some(FINALIZED),
                ..RpcAccountInfoConfig::default()
            },
            ..RpcProgramAccountsConfig::default()
        };
        let found = self
            .client
            .get_program_ui_accounts_with_config(program, config)
            .map_err(|error| self.failed("program accounts", &error))?;
        let mut accounts = Vec::with_capacity(found.len());
        for (address, account) in found {
            let account = account
                .to_account()
                .ok_or_else(|| ChainError::Other(format!("{}: account {address} does not decode", self.name)))?;
            let (lamports, owner, executable) = (account.lamports, account.owner, account.executable);
            accounts.push((address, ChainAccount { lamports, owner, data: account.data, executable, slot }));
        }
        accounts.sort_by_key(|(address, _)| *address);
        Ok(accounts)
    }

    fn minimum_balance(&self, bytes: usize) -> Result<u64, ChainError> {
        self.client.get_minimum_balance_for_rent_exemption(bytes).map_err(|error| self.failed("rent", &error))
    }

    fn blockhash(&self) -> Result<Blockhash, ChainError> {
        let (hash, last_valid_block_height) = self
            .client
            .get_latest_blockhash_with_commitment(CONFIRMED)
            .map_err(|error| self.failed("blockhash", &error))?;
        Ok(Blockhash { hash, last_valid_block_height })
    }

    fn block_height(&self) -> Result<u64, ChainError> {
        self.client.get_block_height_with_commitment(FINALIZED).map_err(|error| self.failed("block height", &error))
    }

    /// The 75th percentile of the last blocks: what most of those who write to the same accounts offered.
    fn priority_fee(&self, writable: &[Pubkey]) -> Result<u64, ChainError> {
        let addresses = writable.get(..FEE_ADDRESSES).unwrap_or(writable);
        let recent = self
            .client
            .get_recent_prioritization_fees(addresses)
            .map_err(|error| self.failed("recent fees", &error))?;
        let mut fees: Vec<u64> = recent.into_iter().map(|fee| fee.prioritization_fee).collect();
        fees.sort_unstable();
        Ok(fees.get(fees.len() * 3 / 4).copied().unwrap_or_default())
    }

    fn simulate(&self, transaction: &VersionedTransaction) -> Result<Execution, ChainError> {
        let config = RpcSimulateTransactionConfig {
            sig_verify: true,
            commitment: Some(CONFIRMED),
            ..RpcSimulateTransactionConfig::default()
        };
        let result = self
            .client
            .simulate_transaction_with_config(transaction, config)
            .map_err(|error| self.failed("simulation", &error))?
            .value;
        Ok(Execution {
            error: result.err.map(TransactionError::from),
            compute_units: result.units_consumed.unwrap_or_default(),
            logs: result.logs.unwrap_or_default(),
            return_data: result.return_data.as_ref().and_then(return_data),
            fee: result.fee,
        })
    }

    fn submit(&mut self, transaction: &VersionedTransaction) -> Result<(), ChainError> {
        let config = RpcSendTransactionConfig {
            skip_preflight: false,
            preflight_commitment: Some(CommitmentLevel::Confirmed),
            // The sender hands it over again itself, while it can land.
            max_retries: Some(0),
            ..RpcSendTransactionConfig::default()
        };
        let Err(error) = self.client.send_transaction_with_config(transaction, config) else { return Ok(()) };
        match error.kind().get_transaction_error() {
            // Refused before it was forwarded, or already known: its status will tell. A refusal at preflight may pass
            // once a fork is left, and else ends with the blockhash.
            Some(error) => {
                tracing::debug!(%error, "not forwarded");
                Ok(())
            }
            None => Err(self.failed("sending", &error)),
        }
    }

    fn status(&self, signature: &Signature) -> Result<SignatureStatus, ChainError> {
        let statuses = self.statuses(std::slice::from_ref(signature))?;
        Ok(statuses.into_iter().next().unwrap_or(SignatureStatus::Unknown))
    }

    fn statuses(&self, signatures: &[Signature]) -> Result<Vec<SignatureStatus>, ChainError> {
        let mut statuses = Vec::with_capacity(signatures.len());
        for signatures in signatures.chunks(STATUSES_PER_REQUEST) {
            let found = self
                .client
                .get_signature_statuses_with_history(signatures)
                .map_err(|error| self.failed("signature status", &error))?
                .value;
            statuses.extend(found.into_iter().map(|status| match status {
                None => SignatureStatus::Unknown,
                Some(status) if status.satisfies_commitment(FINALIZED) => {
                    SignatureStatus::Landed { slot: status.slot, error: status.err }
                }
                Some(_) => SignatureStatus::Processing,
            }));
        }
        Ok(statuses)
    }

    fn execution(&self, signature: &Signature) -> Result<Option<Execution>, ChainError> {
        let config = RpcTransactionConfig {
            encoding: Some(UiTransactionEncoding::Base64),
            commitment: Some(FINALIZED),
            max_supported_transaction_version: Some(0),
        };
        // It is known to have landed; a node without history answers with an error of its own making.
        let transaction = match self.client.get_transaction_with_config(signature, config) {
            Ok(transaction) => transaction,
            Err(error) => {
                tracing::debug!(%signature, error = self.words(&error), "no record of the transaction");
                return Ok(None);
            }
        };
        Ok(transaction.transaction.meta.map(|meta| Execution {
            error: meta.err.map(TransactionError::from),
            compute_units: Option::from(meta.compute_units_consumed).unwrap_or_default(),
            logs: Option::from(meta.log_messages).unwrap_or_default(),
            return_data: Option::<UiTransactionReturnData>::from(meta.return_data).as_ref().and_then(return_data),
            fee: Some(meta.fee),
        }))
    }

    fn touches(&self, address: &Pubkey, until: Option<&Signature>, most: usize) -> Result<Vec<Touch>, ChainError> {
        let config = GetConfirmedSignaturesForAddress2Config {
            before: None,
            until: until.copied(),
            limit: Some(most),
            commitment: Some(FINALIZED),
        };
        let found = self
            .client
            .get_signatures_for_address_with_config(address, config)
            .map_err(|error| self.failed("signatures of an account", &error))?;
        let touches = found.into_iter().map(|found| {
            let signature = found.signature.parse();
            let signature = signature.map_err(|_| ChainError::Other(format!("{}: a signature is none", self.name)))?;
            let failed = found.err.is_some();
            Ok(Touch { signature, slot: found.slot, unix_timestamp: found.block_time, failed })
        });
        touches.collect()
    }

    fn airdrop(&mut self, to: &Pubkey, lamports: u64) -> Result<(), ChainError> {
        let signature = self.client.request_airdrop(to, lamports).map_err(|error| self.failed("airdrop", &error))?;
        for _ in 0..120 {
            match self.status(&signature)? {
                SignatureStatus::Landed { error: None, .. } => return Ok(()),
                SignatureStatus::Landed { error: Some(error), .. } => {
                    return Err(ChainError::Other(format!("{}: airdrop: {error}", self.name)));
                }
                _ => std::thread::sleep(PAUSE),
            }
        }
        Err(ChainError::Unavailable(format!("{}: the airdrop did not arrive", self.name)))
    }

    fn pause(&self) -> Duration {
        PAUSE
    }
}
