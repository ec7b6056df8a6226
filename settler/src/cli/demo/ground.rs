//! A deployment on an embedded chain, with everything that a demonstration needs: mint, program, SFUs, settlers.

use std::path::Path;

use radio_payouts_client::state::{ConfigTimes, GovernanceSettings, ParamsDelta, SfuTerms};
use radio_payouts_client::{InitializeArgs, PROGRAM_ID, RegisterSettlerArgs, instruction};
use solana_instruction::{AccountMeta, Instruction};
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;

use crate::chain::embedded::{Embedded, Genesis, program};
use crate::chain::sender::Guard;
use crate::chain::{Chain as _, Journal, Landed, Outgoing, Sender};
use crate::outcome::Outcome;

/// SPL Token.
const TOKEN_PROGRAM: Pubkey = Pubkey::from_str_const("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
/// Bytes of a mint account.
const MINT_LENGTH: u64 = 82;
/// Decimals of BLOOM.
const DECIMALS: u8 = 9;

/// What a demonstration begins with.
pub struct Plan<'a> {
    /// Unix seconds at which epoch 0 starts.
    pub genesis_unix: i64,
    /// Length of every epoch.
    pub epoch_seconds: u32,
    /// The chain's clock at the start, in Unix seconds.
    pub now: i64,
    /// Seconds after an epoch's end before it may be posted.
    pub grace_seconds: u32,
    /// Seconds between a post and finality.
    pub challenge_seconds: u32,
    /// How many settlers must agree.
    pub threshold: u8,
    /// What differs from the demo values.
    pub params: ParamsDelta,
    /// Keys of the SFUs, with their capacity.
    pub sfus: &'a [([u8; 32], u64)],
    /// Addresses of the settlers; each gets lamports.
    pub settlers: &'a [Pubkey],
}

/// Makes the chain in `path` and the deployment on it; returns a sender for `authority` with what landed.
///
/// # Errors
/// If the program is not built, or the chain refuses.
pub fn deploy(
    path: &Path,
    journal: &Path,
    authority: &Keypair,
    plan: &Plan<'_>,
) -> Outcome<(Sender, Vec<(String, Landed)>)> {
    let bytes = program::load()?;
    let address = authority.pubkey();
    let genesis =
        Genesis { program_id: PROGRAM_ID, program: &bytes, upgrade_authority: address, unix_timestamp: Some(plan.now) };
    let mut chain = Embedded::create(path, &genesis)?;
    for lucky in plan.settlers.iter().chain([&address]) {
        chain.airdrop(lucky, 100_000_000_000)?;
    }
    let genesis_hash = chain.genesis_hash()?;
    let rent = chain.minimum_balance(82)?;
    let guard = Guard { genesis_hash: None, may_initialize: true };
    let mut sender = Sender::new(Box::new(chain), Journal::new(journal), guard, 0);
    let mint = Keypair::new();
    let times = ConfigTimes {
        grace_seconds: plan.grace_seconds,
        challenge_seconds: plan.challenge_seconds,
        ..ConfigTimes::default()
    };
    let args = InitializeArgs {
        genesis_hash,
        genesis_unix: plan.genesis_unix,
        epoch_seconds: plan.epoch_seconds,
        authority: address,
        pause_key: address,
        times,
        governance: GovernanceSettings::default(),
        params: plan.params,
        radio_payouts_demo: true,
    };
    let initialize = instruction::initialize(address, mint.pubkey(), TOKEN_PROGRAM, args);
    let mut landed = Vec::new();
    let mut send = |what: String, instructions: Vec<Instruction>, signers: Vec<&Keypair>| -> Outcome {
        let purpose = what.clone();
        let outgoing = Outgoing { purpose, instructions, payer: authority, signers, lookup_tables: Vec::new() };
        landed.push((what, sender.send(&outgoing)?));
        Ok(())
    };
    send("create the mint of BLOOM".into(), create_mint(&address, &mint.pubkey(), rent).into(), vec![&mint])?;
    send("initialize".into(), vec![initialize], vec![])?;
    for (number, (key, max_bytes_per_epoch)) in plan.sfus.iter().enumerate() {
        let terms = SfuTerms {
            key: *key,
            operator: address,
            demo: true,
            valid_from: 0,
            max_bytes_per_epoch: *max_bytes_per_epoch,
        };
        send(format!("register SFU {}", number + 1), vec![instruction::register_sfu(address, address, terms)], vec![])?;
    }
    for (number, key) in plan.settlers.iter().enumerate() {
        let args = RegisterSettlerArgs { key: *key, operator: address, valid_from: 0 };
        let register = instruction::register_settler(address, address, args);
        send(format!("register settler {}", number + 1), vec![register], vec![])?;
    }
    if plan.threshold > 1 {
        let args = radio_payouts_client::SetConfigTimesArgs {
            times: radio_payouts_client::state::ConfigTimesDelta {
                attestation_threshold: Some(plan.threshold),
                ..Default::default()
            },
            governance: Default::default(),
        };
        send("set the threshold".into(), vec![instruction::set_config_times(address, args)], vec![])?;
    }
    Ok((sender, landed))
}

fn create_mint(payer: &Pubkey, mint: &Pubkey, rent: u64) -> [Instruction; 2] {
    // InitializeMint2: tag 20, decimals, mint authority, no freeze authority.
    let mut data = vec![20, DECIMALS];
    data.extend_from_slice(payer.as_ref());
    data.push(0);
    [
        solana_system_interface::instruction::create_account(payer, mint, rent, MINT_LENGTH, &TOKEN_PROGRAM),
        Instruction { program_id: TOKEN_PROGRAM, accounts: vec![AccountMeta::new(*mint, false)], data },
    ]
}
