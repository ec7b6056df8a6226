//! Bringing a deployment into being, step by step: funds, mint, `initialize`, registries, demo flag, lookup table.
//!
//! Each step looks at the chain first and does nothing if its result is there, so a set-up that was interrupted anywhere is
//! finished by running it again, and running it once more changes nothing.

use radio_payouts_client::state::{ConfigTimes, GovernanceSettings, ParamsDelta, SfuTerms};
use radio_payouts_client::{InitializeArgs, PROGRAM_ID, RegisterSettlerArgs, address, instruction};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;

use crate::chain::{Outgoing, Sender, deployment};
use crate::crash;
use crate::outcome::{Failure, Outcome};

mod lookup_table;
mod mint;

/// What is topped up by an airdrop where there are any.
const AIRDROP_LAMPORTS: u64 = 10_000_000_000;
/// What a set-up costs at most: rent of its accounts and fees.
const NEEDED_LAMPORTS: u64 = 100_000_000;

/// A deployment as it should be. What concerns only `initialize` is not looked at where there is one already.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The authority.
    pub authority: Pubkey,
    /// The pause key.
    pub pause_key: Pubkey,
    /// The BLOOM mint; a test mint is made if `None` and [`Plan::local`].
    pub mint: Option<Pubkey>,
    /// Whether this is a chain of one's own: airdrops, a test mint.
    pub local: bool,
    /// Unix seconds at which epoch 0 starts; the beginning of the running day (or shorter epoch) if `None`.
    pub genesis_unix: Option<i64>,
    /// Length of an epoch.
    pub epoch_seconds: u32,
    /// Times, thresholds, bonds.
    pub times: ConfigTimes,
    /// How votes are held.
    pub governance: GovernanceSettings,
    /// What differs from the demo values in version 1 of the parameters.
    pub params: ParamsDelta,
    /// Whether Demo epochs may be posted.
    pub demo: bool,
    /// Settlers to register.
    pub settlers: Vec<RegisterSettlerArgs>,
    /// SFUs to register.
    pub sfus: Vec<SfuTerms>,
    /// The lookup table, if one was made.
    pub lookup_table: Option<Pubkey>,
}

/// How a step went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Done {
    /// Its result was there.
    Already,
    /// It was carried out; the transaction's signature and compute units, if it took one.
    Now(Option<String>, Option<u64>),
    /// It would be carried out (dry run).
    Planned,
}

/// A step of the set-up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// What it is.
    pub what: String,
    /// What it makes or changes.
    pub subject: String,
    /// How it went.
    pub done: Done,
}

/// Carries out a [`Plan`].
pub struct Setup<'a> {
    /// Sends.
    pub sender: &'a mut Sender,
    /// Pays; signs `initialize` as upgrade authority.
    pub payer: &'a Keypair,
    /// Signs as authority.
    pub authority: &'a Keypair,
    /// Whether to change nothing.
    pub dry_run: bool,
    /// Told every step as it is done.
    pub on_step: &'a mut dyn FnMut(&Step),
    /// Told the address of a lookup table before it is made, to remember it durably.
    pub remember_table: &'a mut dyn FnMut(Pubkey) -> Outcome,
}

impl Setup<'_> {
    /// Does what is left to do.
    ///
    /// # Errors
    /// The first step that fails; those before it stand.
    pub fn run(&mut self, plan: &Plan) -> Outcome {
        if !self.dry_run {
            self.sender.resume()?;
        }
        self.fund(plan)?;
        self.initialize(plan)?;
        for settler in &plan.settlers {
            self.register_settler(settler)?;
        }
        for sfu in &plan.sfus {
            self.register_sfu(sfu)?;
        }
        if plan.demo {
            self.switch_demo_on()?;
        }
        lookup_table::ensure(self, plan.lookup_table)
    }

    fn step(&mut self, what: &str, subject: impl ToString, done: Done) {
        (self.on_step)(&Step { what: what.to_owned(), subject: subject.to_string(), done });
        crash::point("setup.after_step");
    }

    /// Sends instructions of a step, unless this is a dry run.
    fn send(&mut self, what: &str, subject: impl ToString, instructions: Vec<Instruction>, authority: bool) -> Outcome {
        let subject = subject.to_string();
        if self.dry_run {
            self.step(what, subject, Done::Planned);
            return Ok(());
        }
        let signers = if authority { vec![self.authority] } else { Vec::new() };
        let purpose = format!("{what} {subject}");
        let landed = self.sender.send(&Outgoing {
            purpose,
            instructions,
            payer: self.payer,
            signers,
            lookup_tables: Vec::new(),
        })?;
        let units = landed.execution.map(|execution| execution.compute_units);
        self.step(what, subject, Done::Now(Some(landed.signature.to_string()), units));
        Ok(())
    }

    fn fund(&mut self, plan: &Plan) -> Outcome {
        let payer = self.payer.pubkey();
        let balance = self.sender.chain().account(&payer)?.map_or(0, |account| account.lamports);
        if balance >= NEEDED_LAMPORTS {
            self.step("fund", payer, Done::Already);
        } else if self.dry_run {
            self.step("fund", payer, Done::Planned);
        } else if plan.local {
            self.sender.chain_mut().airdrop(&payer, AIRDROP_LAMPORTS)?;
            self.step("fund", payer, Done::Now(None, None));
        } else {
            return Err(Failure::new(
                crate::outcome::Exit::Failed,
                format!(
                    "{payer} has {balance} lamports and needs {NEEDED_LAMPORTS}; fund it (on devnet: `solana airdrop 1 {payer} --url devnet`) and run this again"
                ),
            ));
        }
        Ok(())
    }

    fn initialize(&mut self, plan: &Plan) -> Outcome {
        const WHAT: &str = "initialize";
        let chain = self.sender.chain();
        if let Some(config) = deployment::config(chain)? {
            if plan.mint.is_some_and(|mint| mint != config.mint) {
                return Err(Failure::usage(format!("the deployment's mint is {}, and cannot be changed", config.mint)));
            }
            self.step(WHAT, address::config_address(), Done::Already);
            return Ok(());
        }
        match deployment::upgrade_authority(chain)? {
            Some(Some(authority)) if authority == self.payer.pubkey() => {}
            Some(authority) => {
                let who = authority.map_or("nobody any more".into(), |authority| authority.to_string());
                return Err(Failure::not_permitted(format!(
                    "`initialize` must be signed by the program's upgrade authority, which is {who}, not {}; give its key with --keypair",
                    self.payer.pubkey()
                )));
            }
            None => {
                return Err(Failure::new(
                    crate::outcome::Exit::Failed,
                    format!(
                        "program {PROGRAM_ID} is not deployed on {}; build it with `cargo xtask build-program`, deploy it with `solana program deploy --program-id KEY radio_payouts.so`, and run this again",
                        chain.describe()
                    ),
                ));
            }
        }
        let (genesis_hash, now) = (chain.genesis_hash()?, chain.clock()?.unix_timestamp);
        let mint = match plan.mint {
            Some(mint) => mint,
            None if plan.local => mint::ensure_test_mint(self)?,
            None => {
                return Err(Failure::usage(
                    "name the BLOOM mint with --mint (test mints are made on chains of one's own only)",
                ));
            }
        };
        let token_program = match self.sender.chain().account(&mint)? {
            Some(account) => account.owner,
            None if self.dry_run => anchor_spl::token::ID,
            None => return Err(Failure::usage(format!("there is no mint {mint}"))),
        };
        let epoch_seconds = i64::from(plan.epoch_seconds.max(1));
        let args = InitializeArgs {
            genesis_hash,
            genesis_unix: plan.genesis_unix.unwrap_or_else(|| now.div_euclid(epoch_seconds) * epoch_seconds),
            epoch_seconds: plan.epoch_seconds,
            authority: plan.authority,
            pause_key: plan.pause_key,
            times: plan.times,
            governance: plan.governance,
            params: plan.params,
            radio_payouts_demo: plan.demo,
        };
        let initialize = instruction::initialize(self.payer.pubkey(), mint, token_program, args);
        self.send(WHAT, address::config_address(), vec![initialize], false)
    }

    fn register_settler(&mut self, settler: &RegisterSettlerArgs) -> Outcome {
        const WHAT: &str = "register settler";
        if self.is_there(&address::settler_address(&settler.key))? {
            self.step(WHAT, settler.key, Done::Already);
            return Ok(());
        }
        let register = instruction::register_settler(self.payer.pubkey(), self.authority.pubkey(), *settler);
        self.send(WHAT, settler.key, vec![register], true)
    }

    fn register_sfu(&mut self, terms: &SfuTerms) -> Outcome {
        const WHAT: &str = "register SFU";
        let did = radio_payouts_protocol::did::did_of_key(&terms.key);
        if self.is_there(&address::sfu_address(&terms.key))? {
            self.step(WHAT, did, Done::Already);
            return Ok(());
        }
        let register = instruction::register_sfu(self.payer.pubkey(), self.authority.pubkey(), *terms);
        self.send(WHAT, did, vec![register], true)
    }

    fn switch_demo_on(&mut self) -> Outcome {
        const WHAT: &str = "switch on radio_payouts_demo of";
        let config = deployment::config(self.sender.chain())?;
        if config.as_ref().is_none_or(|config| config.radio_payouts_demo) {
            // In a dry run without a deployment, `initialize` would have done it.
            self.step(WHAT, address::config_address(), if config.is_some() { Done::Already } else { Done::Planned });
            return Ok(());
        }
        let switch = instruction::set_demo_flag(self.authority.pubkey(), true);
        self.send(WHAT, address::config_address(), vec![switch], true)
    }

    fn is_there(&self, address: &Pubkey) -> Outcome<bool> {
        Ok(self.sender.chain().account(address)?.is_some_and(|account| account.owner == PROGRAM_ID))
    }
}
