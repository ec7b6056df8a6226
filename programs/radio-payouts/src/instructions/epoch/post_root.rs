//! Posts a statement, or attests to one: the same instruction, since both say "this is what the batches add up to".
//!
//! The program computes the commitment from the fields and refuses every statement that cannot be true. Each settler
//! supports one candidate and may move its support while the epoch is open; at the threshold the candidate becomes the
//! epoch's root and the head of the chain.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::{CandidateSupported, RootPosted};
use crate::seeds;
use crate::state::{
    Candidate, Config, Epoch, EpochStatement, EpochStatus, Mode, ParamsVersion, PostedRoot, Settler, Start, Support,
};

/// A statement and what its sender takes to be its commitment.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct PostRootArgs {
    /// The epoch.
    pub epoch: u64,
    /// The commitment; the program computes it again and refuses another.
    pub commitment: [u8; 32],
    /// The statement.
    pub statement: EpochStatement,
}

#[derive(Accounts)]
#[instruction(args: PostRootArgs)]
pub struct PostRoot<'info> {
    /// The settler; pays for the accounts that it is first to need.
    #[account(mut)]
    pub settler_key: Signer<'info>,
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, seeds = [seeds::SETTLER, settler_key.key.as_ref()], bump = settler.bump)]
    pub settler: Box<Account<'info, Settler>>,
    #[account(seeds = [seeds::PARAMS, &args.statement.params_version.to_le_bytes()], bump = params.bump)]
    pub params: Box<Account<'info, ParamsVersion>>,
    /// The version after `params`, unless that is the last one.
    pub params_successor: Option<Box<Account<'info, ParamsVersion>>>,
    // Accounts already there are never reset: `version` tells them from those just created.
    #[account(
        init_if_needed,
        payer = settler_key,
        space = 8 + Epoch::INIT_SPACE,
        seeds = [seeds::EPOCH, &args.epoch.to_le_bytes()],
        bump
    )]
    pub epoch: Box<Account<'info, Epoch>>,
    #[account(
        init_if_needed,
        payer = settler_key,
        space = 8 + Candidate::INIT_SPACE,
        seeds = [seeds::CANDIDATE, &args.epoch.to_le_bytes(), &args.commitment],
        bump
    )]
    pub candidate: Box<Account<'info, Candidate>>,
    /// The candidate that the settler supports now, if that support still stands and moves.
    #[account(mut)]
    pub previous_candidate: Option<Box<Account<'info, Candidate>>>,
    pub system_program: Program<'info, System>,
}

impl PostRoot<'_> {
    /// Creates what is not there yet.
    fn open(&mut self, args: &PostRootArgs, bumps: &PostRootBumps) {
        let (payer, config) = (self.settler_key.key(), &self.config);
        if self.epoch.version == 0 {
            self.epoch.set_inner(Epoch::open(bumps.epoch, args.epoch, config.domain, payer, config.times));
        }
        if self.candidate.version == 0 {
            let attempt = self.epoch.attempt;
            self.candidate.set_inner(Candidate::open(bumps.candidate, args.epoch, args.commitment, attempt, payer));
        }
    }

    /// Whether this settler may post this statement for this epoch now.
    fn validate(&self, args: &PostRootArgs, now: i64) -> Result<()> {
        let (config, statement) = (&self.config, &args.statement);
        config.pause.require_running(now)?;
        let calendar = config.calendar()?;
        self.settler.check_valid(calendar.epoch_at_unix(now))?;
        config.chain.check_next(args.epoch, &calendar, config.times.grace_seconds, now)?;
        require!(self.epoch.status == EpochStatus::Open, PayoutsError::EpochNotOpen);
        require!(statement.parent == config.chain.parent(), PayoutsError::WrongParent);
        require!(statement.registry_version == config.registry_version, PayoutsError::StaleRegistryVersion);
        let successor = self.params_successor.as_ref().map(|account| &***account);
        self.params.check_in_force(args.epoch, config.params_version, successor)?;
        require!(self.params.mode == Mode::Live || config.radio_payouts_demo, PayoutsError::DemoFlagOff);
        let values = &self.params.values;
        let statement = statement.to_protocol(args.epoch);
        statement.check(values.rate, values.epoch_cap).map_err(PayoutsError::from)?;
        require!(statement.commitment(&config.domain()) == args.commitment, PayoutsError::WrongCommitment);
        Ok(())
    }

    /// Moves the settler's support to the candidate. Returns the supporters and what was supported before.
    fn support(&mut self) -> Result<(u8, Option<Support>)> {
        let (epoch, attempt, commitment) = (self.epoch.epoch, self.epoch.attempt, self.candidate.commitment);
        let support = Support { epoch, attempt, commitment };
        let previous = self.settler.standing_support(&self.config.chain);
        require!(previous != Some(support), PayoutsError::AlreadySupported);
        // Support of the same commitment in an earlier attempt lapsed with the attempt.
        let moved = previous.filter(|previous| (previous.epoch, previous.commitment) != (epoch, commitment));
        if let Some(previous) = moved {
            let candidate = self.previous_candidate.as_mut().ok_or(PayoutsError::PreviousCandidateMissing)?;
            let is_it = (candidate.epoch, candidate.commitment) == (previous.epoch, previous.commitment);
            require!(is_it, PayoutsError::WrongPreviousCandidate);
            candidate.remove_support(previous.attempt)?;
        } else {
            require!(self.previous_candidate.is_none(), PayoutsError::WrongPreviousCandidate);
        }
        self.settler.support = Some(support);
        Ok((self.candidate.add_support(attempt)?, moved))
    }

    /// Puts the statement in force.
    fn post(&mut self, args: PostRootArgs, now: i64) -> Result<()> {
        let config = &mut self.config;
        let old_head = config.chain.head;
        let root = PostedRoot {
            statement: args.statement.clone(),
            commitment: args.commitment,
            params: &self.params,
            times: config.times,
        };
        self.epoch.post(root, old_head, Start::now(now, &config.pause))?;
        config.chain.advance(args.epoch, args.commitment);
        emit!(RootPosted {
            epoch: args.epoch,
            attempt: self.epoch.attempt,
            commitment: args.commitment,
            old_head,
            mode: self.epoch.mode,
            statement: args.statement,
            skipped_through: config.chain.skipped_through,
        });
        Ok(())
    }

    pub fn handle(ctx: Context<Self>, args: PostRootArgs) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        accounts.open(&args, &ctx.bumps);
        accounts.validate(&args, now)?;
        let (support, moved_from) = accounts.support()?;
        let threshold = accounts.config.times.attestation_threshold;
        emit!(CandidateSupported {
            epoch: args.epoch,
            attempt: accounts.epoch.attempt,
            commitment: args.commitment,
            settler: accounts.settler_key.key(),
            moved_from,
            support,
            threshold,
        });
        if support >= threshold { accounts.post(args, now) } else { Ok(()) }
    }
}
