//! `settler init`.

use std::path::{Path, PathBuf};

use radio_payouts_client::PROGRAM_ID;
use radio_payouts_client::RegisterSettlerArgs;
use radio_payouts_client::state::{ConfigTimes, GovernanceSettings, SfuTerms};
use radio_payouts_protocol::domain::Domain;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;

use super::Context;
use super::key_argument::{ed25519_key, solana_address};
use crate::chain::embedded::{self, Embedded, Genesis};
use crate::chain::sender::Guard;
use crate::chain::{Chain, Journal, Sender};
use crate::config::{Config, ConfigFile, Endpoint, Source};
use crate::keyfile;
use crate::outcome::{Failure, Outcome};
use crate::output::note;
use crate::setup::{Plan, Setup};
use crate::words::parameter::parameter;

mod report;

/// Capacity of an SFU unless told otherwise: 1 TiB an epoch.
const DEFAULT_CAPACITY: u64 = 1 << 40;

/// Arguments of `init`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  settler init --url embedded --radio-payouts-demo --demo-sfu
      a chain in a file, with a demo SFU: everything to try the rest
  settler init --url localnet --radio-payouts-demo --demo-sfu
      the same on a local validator that the program is deployed on
  settler init --url devnet --keypair upgrade-authority.json --mint MINT --sfu did:key:z6Mk… --dry-run
      shows what it would do on devnet

Every step looks at the cluster first. An interrupted run is finished by running it again; one more run changes nothing.
What is given here for an existing deployment and differs from it is not changed: see `settler registry` and
`settler admin`.")]
pub struct Args {
    /// Show what would be done; change and write nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// The BLOOM mint (9 decimals). On an embedded chain or a local validator a test mint is made if none is given.
    #[arg(long, value_name = "ADDRESS", value_parser = solana_address)]
    pub mint: Option<Pubkey>,
    /// The first authority [default: the payer].
    #[arg(long, value_name = "ADDRESS", value_parser = solana_address)]
    pub authority: Option<Pubkey>,
    /// Who may pause [default: the authority].
    #[arg(long, value_name = "ADDRESS", value_parser = solana_address)]
    pub pause_key: Option<Pubkey>,
    /// Length of an epoch in seconds, 300 to 604800; fixed for good.
    #[arg(long, default_value_t = 86_400)]
    pub epoch_seconds: u32,
    /// Unix seconds at which epoch 0 starts; fixed for good [default: the start of the running epoch length, UTC].
    #[arg(long, value_name = "UNIX")]
    pub genesis_unix: Option<i64>,
    /// Seconds after an epoch's end before it may be posted.
    #[arg(long, default_value_t = ConfigTimes::default().grace_seconds)]
    pub grace_seconds: u32,
    /// Seconds between a post and finality.
    #[arg(long, default_value_t = ConfigTimes::default().challenge_seconds)]
    pub challenge_seconds: u32,
    /// How many settlers must support one root.
    #[arg(long, default_value_t = ConfigTimes::default().attestation_threshold)]
    pub attestation_threshold: u8,
    /// A parameter that differs from the demo values, e.g. `rate=2000000000` or `epoch_cap=50000` (BLOOM); may be repeated
    /// (`settler params` lists them).
    #[arg(long = "param", value_name = "NAME=NUMBER", value_parser = parameter)]
    pub params: Vec<(String, u64)>,
    /// A settler to register; may be repeated [default: the payer].
    #[arg(long = "settler", value_name = "ADDRESS", value_parser = solana_address)]
    pub settlers: Vec<Pubkey>,
    /// An SFU to register (did:key, base58 or hex); may be repeated.
    #[arg(long = "sfu", value_name = "KEY", value_parser = ed25519_key)]
    pub sfus: Vec<[u8; 32]>,
    /// Make a key for a demo SFU and register it.
    #[arg(long)]
    pub demo_sfu: bool,
    /// Most bytes per epoch of each SFU.
    #[arg(long, default_value_t = DEFAULT_CAPACITY, value_name = "BYTES")]
    pub max_bytes_per_epoch: u64,
    /// First epoch of the registrations.
    #[arg(long, default_value_t = 0, value_name = "EPOCH")]
    pub valid_from: u64,
    /// Unix seconds at which the clock of a new embedded chain starts [default: now].
    #[arg(long, value_name = "UNIX")]
    pub clock: Option<i64>,
    /// Ask for an airdrop on a public test cluster too.
    #[arg(long)]
    pub airdrop: bool,
}

/// Sets a deployment up, or finishes doing so.
///
/// # Errors
/// The first step that fails.
pub fn run(args: &Args, context: &Context) -> Outcome {
    let config = context.config()?;
    let endpoint = config.require_endpoint()?.clone();
    let mut files = Files::prepare(context, config, &endpoint, args)?;
    let payer = files.payer()?;
    let authority = match &config.authority_keypair {
        Some(path) => keyfile::load(path)?,
        None => payer.insecure_clone(),
    };
    let plan = plan(args, config, &endpoint, &payer.pubkey(), files.demo_sfu.as_ref())?;
    let mut report = report::Report::new(&endpoint, args.dry_run);
    let Some(chain) = open(config, &endpoint, args, &payer.pubkey())? else {
        report.all_planned(&plan);
        return report.emit(context);
    };
    if !args.dry_run {
        files.write()?;
    }
    let guard = Guard { genesis_hash: config.genesis_hash, may_initialize: true };
    guard.check(chain.as_ref())?;
    let genesis_hash = chain.genesis_hash()?;
    let mut sender = Sender::new(chain, Journal::new(&config.journal_folder()), guard, config.max_priority_fee.value);
    files.file.genesis_hash = Some(bs58::encode(genesis_hash).into_string());
    files.file.domain = Some(hex::encode(Domain::derive(&genesis_hash, &PROGRAM_ID.to_bytes()).as_bytes()));
    Setup {
        sender: &mut sender,
        payer: &payer,
        authority: &authority,
        dry_run: args.dry_run,
        on_step: &mut |step| report.step(step),
        remember_table: &mut |table| {
            files.file.lookup_table = Some(table.to_string());
            files.write()
        },
    }
    .run(&plan)?;
    if !args.dry_run {
        files.write()?;
    }
    report.deployment(sender.chain(), &files)?;
    report.emit(context)
}

fn is_local(endpoint: &Endpoint) -> bool {
    match endpoint {
        Endpoint::Embedded(_) => true,
        Endpoint::Rpc(url) => {
            let host = url.expose().split_once("://").map_or("", |(_, rest)| rest);
            ["localhost", "127.0.0.1", "[::1]"].iter().any(|local| {
                host.strip_prefix(local).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
            })
        }
    }
}

/// Opens the chain; makes an embedded one. `None` in a dry run on an embedded chain that is not there.
fn open(
    config: &Config,
    endpoint: &Endpoint,
    args: &Args,
    upgrade_authority: &Pubkey,
) -> Outcome<Option<Box<dyn Chain>>> {
    let file = match endpoint {
        Endpoint::Rpc(url) => return Ok(Some(Box::new(crate::chain::rpc::Rpc::new(url.expose())))),
        Endpoint::Embedded(file) => file.clone().unwrap_or_else(|| config.embedded_file()),
    };
    if file.exists() {
        return Ok(Some(Box::new(Embedded::open(&file)?)));
    }
    if args.dry_run {
        return Ok(None);
    }
    let program = embedded::program::load()?;
    let (program_id, upgrade_authority) = (PROGRAM_ID, *upgrade_authority);
    let genesis = Genesis { program_id, program: &program, upgrade_authority, unix_timestamp: args.clock };
    note(format_args!("making an embedded chain in {}", file.display()));
    Ok(Some(Box::new(Embedded::create(&file, &genesis)?)))
}

fn plan(
    args: &Args,
    config: &Config,
    endpoint: &Endpoint,
    payer: &Pubkey,
    demo_sfu: Option<&Keypair>,
) -> Outcome<Plan> {
    let mut params = radio_payouts_protocol::params::ParamsDelta::default();
    for (name, value) in &args.params {
        params.set(name, *value).map_err(|error| Failure::usage(format!("--param {name}={value}: {error}")))?;
    }
    let authority = args.authority.unwrap_or(*payer);
    let times = ConfigTimes {
        grace_seconds: args.grace_seconds,
        challenge_seconds: args.challenge_seconds,
        attestation_threshold: args.attestation_threshold,
        ..ConfigTimes::default()
    };
    let settlers = if args.settlers.is_empty() { vec![*payer] } else { args.settlers.clone() };
    let terms = |key: [u8; 32], demo: bool| SfuTerms {
        key,
        operator: authority,
        demo,
        valid_from: args.valid_from,
        max_bytes_per_epoch: args.max_bytes_per_epoch,
    };
    let demo_sfu = demo_sfu.map(|keypair| terms(keypair.pubkey().to_bytes(), true));
    Ok(Plan {
        authority,
        pause_key: args.pause_key.unwrap_or(authority),
        mint: args.mint,
        local: is_local(endpoint) || args.airdrop,
        genesis_unix: args.genesis_unix,
        epoch_seconds: args.epoch_seconds,
        times,
        governance: GovernanceSettings::default(),
        params: params.into(),
        demo: config.radio_payouts_demo.value,
        settlers: settlers
            .into_iter()
            .map(|key| RegisterSettlerArgs { key, operator: authority, valid_from: args.valid_from })
            .collect(),
        sfus: args.sfus.iter().map(|key| terms(*key, false)).chain(demo_sfu).collect(),
        lookup_table: config.lookup_table,
    })
}

/// The configuration file and the key files.
struct Files {
    path: PathBuf,
    file: ConfigFile,
    keypair: PathBuf,
    demo_sfu: Option<Keypair>,
    dry_run: bool,
}

impl Files {
    /// What is there, completed; makes key files unless this is a dry run.
    fn prepare(context: &Context, config: &Config, endpoint: &Endpoint, args: &Args) -> Outcome<Self> {
        let folder = config.path.parent().unwrap_or(Path::new(""));
        let mut file = ConfigFile::read(&config.path)?.unwrap_or_default();
        if file.url.is_none() || context.global.url.is_some() {
            file.url = Some(match endpoint {
                Endpoint::Rpc(url) => url.expose().to_owned(),
                Endpoint::Embedded(None) => "embedded".to_owned(),
                Endpoint::Embedded(Some(path)) => format!("embedded:{}", std::path::absolute(path)?.display()),
            });
        }
        if let Some(data) = &context.global.data {
            file.data = Some(std::path::absolute(data)?.display().to_string());
        }
        if context.global.radio_payouts_demo.is_some() || file.radio_payouts_demo.is_none() {
            file.radio_payouts_demo = Some(config.radio_payouts_demo.value);
        }
        let keypair = match &config.keypair {
            Some(known) if known.source == Source::SolanaCli && (is_local(endpoint) || !known.value.exists()) => None,
            Some(known) if known.source == Source::File => Some(known.value.clone()),
            Some(known) => {
                file.keypair = Some(std::path::absolute(&known.value)?.display().to_string());
                Some(known.value.clone())
            }
            None => None,
        };
        let keypair = match keypair {
            Some(keypair) => keypair,
            None => {
                file.keypair = Some("keys/settler.json".to_owned());
                folder.join("keys/settler.json")
            }
        };
        let demo_sfu = match (&config.demo_sfu_keypair, args.demo_sfu) {
            (Some(path), _) => Some(key(path, args.dry_run)?),
            (None, true) => {
                file.demo_sfu_keypair = Some("keys/demo-sfu.json".to_owned());
                Some(key(&folder.join("keys/demo-sfu.json"), args.dry_run)?)
            }
            (None, false) => None,
        };
        Ok(Self { path: config.path.clone(), file, keypair, demo_sfu, dry_run: args.dry_run })
    }

    fn payer(&self) -> Outcome<Keypair> {
        key(&self.keypair, self.dry_run)
    }

    fn write(&self) -> Outcome {
        self.file.write(&self.path)
    }
}

/// Reads a key file, or makes it; a dry run goes on with a key that is kept nowhere.
fn key(path: &Path, dry_run: bool) -> Outcome<Keypair> {
    match (path.exists(), dry_run) {
        (false, true) => Ok(Keypair::new()),
        _ => keyfile::load_or_create(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::secret::SecretUrl;

    #[test]
    fn only_ones_own_machine_is_local() {
        let local = |url: &str| is_local(&Endpoint::Rpc(SecretUrl::new(url)));
        assert!(local("http://localhost:8899") && local("http://127.0.0.1") && local("http://[::1]:8899/"));
        assert!(!local("http://localhost.example") && !local("https://api.devnet.solana.com"));
        assert!(is_local(&Endpoint::Embedded(None)));
    }
}
