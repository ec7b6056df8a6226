//! `settler claim`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use radio_payouts_client::instruction::claim_share;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;

use super::Context;
use crate::chain::{ChainError, Landed, Outgoing, Sender, deployment};
use crate::outcome::{Exit, Failure, Outcome};
use crate::output::note;

mod accounts;
mod report;
mod source;
mod standing;

use report::{Line, State};
use source::Due;

/// A legacy transaction holds a proof of this depth; deeper ones need the lookup table.
const LEGACY_DEPTH: usize = 16;
/// Between two words on how far it is.
const WORD_EVERY: Duration = Duration::from_secs(5);

/// Have shares of ratified epochs paid to their payees.
///
/// Anyone may send a claim and pays its fee; the money goes to the payee's associated token account and nowhere else: the
/// payee in the share, or, for a DID that names none (did:web, did:mycelia, …), the payee that the DID is bound to at that
/// moment (`settler admin propose-binding`). Token accounts that are missing are created first, in transactions of their own.
///
/// Proofs are made from the epochs sealed here, or read from --file: what `settler prove -o json` printed, one or many.
/// What is claimed already is passed over, so a run that was interrupted is finished by the same command.
#[derive(clap::Args, Debug)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["did", "all", "file"]))]
#[command(after_long_help = "\
Examples:
  settler claim did:key:z6Mk… --epoch 42
      one share; without --epoch those of every ratified epoch that is sealed here
  settler claim --all --epoch 42 --under-way 1000
      everybody's; run it again until nothing is left
  settler prove did:key:z6Mk… --epoch 42 -o json > proof.json && settler claim --file proof.json
      a contributor who holds no epochs claims with a proof from who does")]
pub struct Args {
    /// The contributor whose shares are claimed.
    pub did: Option<String>,
    /// The epoch; without it, every ratified one that is sealed here.
    #[arg(long)]
    pub epoch: Option<u64>,
    /// Everybody's shares.
    #[arg(long)]
    pub all: bool,
    /// Proofs to claim with; `-` is stdin.
    #[arg(long, value_name = "FILE", conflicts_with = "epoch")]
    pub file: Option<PathBuf>,
    /// How many transactions may be under way at once.
    #[arg(long, default_value_t = 32, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=2_000))]
    pub under_way: u16,
}

/// Claims.
///
/// # Errors
/// Exit 75 if a named epoch is not ratified yet, 3 if the chain holds another root, 4 for a Demo epoch, 1 if a claim is
/// refused.
pub fn run(args: &Args, context: &Context) -> Outcome {
    let key = context.keypair()?;
    let mut sender = context.sender()?;
    // What an earlier run did not see the end of may have been paid.
    sender.resume_all()?;
    let config = deployment::require_config(sender.chain())?;
    let found = source::find(args, context, sender.chain(), &config)?;
    let standings = standing::of(sender.chain(), &config, &found.dues)?;
    let tables = context.lookup_tables(sender.chain())?;
    if let Some(deep) = found.dues.iter().find(|due| due.siblings.len() > LEGACY_DEPTH)
        && tables.is_empty()
    {
        return Err(Failure::usage(format!(
            "a proof of {} siblings fits a transaction only with the deployment's lookup table; `settler init` makes it and writes it into the configuration",
            deep.siblings.len()
        )));
    }
    let mut lines: Vec<Line> = found.dues.iter().zip(&standings).map(|(due, state)| Line::new(due, state)).collect();
    let payable: Vec<(usize, Pubkey)> =
        standings.iter().enumerate().filter_map(|(at, state)| state.payable(at)).collect();
    let payees = payable.iter().map(|(_, payee)| *payee);
    let opened = accounts::ensure(&mut sender, &key, &config, payees, args.under_way.into())?;
    let under_way = usize::from(args.under_way);
    let claims: Vec<(String, usize, Pubkey)> =
        payable.iter().map(|(at, payee)| (purpose(&found.dues[*at], payee), *at, *payee)).collect();
    let places: BTreeMap<String, usize> = claims.iter().map(|(purpose, at, _)| (purpose.clone(), *at)).collect();
    let outgoing = claims.iter().map(|(purpose, at, payee)| {
        let Due { share, siblings, .. } = &found.dues[*at];
        let claim = claim_share(key.pubkey(), share, payee, config.mint, config.token_program, siblings);
        Outgoing {
            purpose: purpose.clone(),
            instructions: vec![claim],
            payer: &key,
            signers: Vec::new(),
            lookup_tables: tables.clone(),
        }
    });
    send(&mut sender, outgoing, claims.len(), under_way, |purpose, end| {
        if let Some(line) = places.get(purpose).and_then(|at| lines.get_mut(*at)) {
            line.end(end);
        }
    })?;
    let refused = lines.iter().filter(|line| line.state == State::Refused).count();
    report::print(context, lines, found.waiting, opened)?;
    if refused > 0 {
        return Err(Failure::new(Exit::Failed, format!("{refused} claims were refused; each says why")));
    }
    Ok(())
}

/// What a claim is for.
fn purpose(due: &Due, payee: &Pubkey) -> String {
    let (epoch, index) = (due.share.epoch, due.share.index);
    format!("claim share {index} of epoch {epoch} commitment {} for {payee}", hex::encode(due.commitment))
}

/// Sends all, with a word now and then on how far it is.
fn send<'a>(
    sender: &mut Sender,
    outgoing: impl Iterator<Item = Outgoing<'a>>,
    count: usize,
    under_way: usize,
    mut ended: impl FnMut(&str, Result<Landed, ChainError>),
) -> Outcome {
    let (mut done, mut last) = (0_usize, Instant::now());
    sender.send_all(outgoing, under_way, |outgoing, end| {
        ended(&outgoing.purpose, end);
        done += 1;
        if last.elapsed() >= WORD_EVERY {
            note(format_args!("{done} of {count} claims are final"));
            last = Instant::now();
        }
    })?;
    Ok(())
}
