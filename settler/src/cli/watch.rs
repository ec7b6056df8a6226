//! `settler watch`.

use std::path::PathBuf;
use std::time::Duration;

use solana_signer::Signer as _;

use super::Context;
use crate::epoch::post;
use crate::epoch::view::View;
use crate::outcome::{Exit, Outcome};
use crate::watch::act::Disputes;
use crate::watch::stop::Stop;
use crate::watch::webhook::Webhook;
use crate::watch::{Actor, Request, Watch};

/// Recompute every posted root from the published batches, and tell of every change.
///
/// Looks at every root in force, from the head back to what it has seen before, and recomputes it from the folders in --from and
/// this host's own. Each of these is an alert: a root that is not what its batches lead to (the first difference is
/// named); a root for which nothing was published; a change of parameters, times or thresholds, of the registry, of a role or a flag;
/// a pause; an offer or move of the role of authority; a dispute, a contested epoch, a withdrawn root.
///
/// An alert is a line on stderr, a JSON line on stdout and, with --webhook, a POST request. Each is told once, and again after a
/// crash or while the receiver is away. What was seen is kept in DATA/watch/state.json. The first look takes the deployment as
/// it stands. No key is needed to watch; no demo flag either.
///
/// With --once it ends with 3 while any root is wrong or unknown or a candidate does not hold, and with 75 if a node is away. Otherwise it
/// looks again and again until SIGINT or SIGTERM, and a node that is away does not end it.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  settler watch --from /srv/settler-a/epochs --from /srv/settler-b/epochs --webhook https://alerts.example/hook
      looks every minute and tells of everything; needs no key
  settler watch --once --from /srv/settler-a/epochs
      for cron: 0 all is right, 3 a root is wrong or unknown (stderr names the first difference), 75 try again
  settler watch --from /srv/settler-a/epochs --dispute --fraud-proofs --keypair watcher.json
      also disputes wrong roots and proves what can be proven; the key pays the fees and gives the bond of 100 BLOOM or 1 % of
      the pool. The evidence is in DATA/watch/evidence: publish it where the authority looks. `settler dispute list` shows how
      it stands, `settler dispute release EPOCH` brings the bond back.

Each alert has a kind: difference, unknown_root, cleared, damaged_files, candidate, parameters, registry, pause, authority, roles,
flag, dispute, contested, revoked, attested, equivocation, fraud_proof.")]
pub struct Args {
    /// Folder of a settler's sealed epochs (its DATA/epochs as published); give every settler's.
    #[arg(long, value_name = "DIR")]
    pub from: Vec<PathBuf>,
    /// Look once and end.
    #[arg(long, conflicts_with = "every")]
    pub once: bool,
    /// Seconds between two looks.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub every: u64,
    /// Do not look at epochs before this one.
    #[arg(long, value_name = "EPOCH", default_value_t = 0)]
    pub since: u64,
    /// Attest to candidates that hold, as `settler attest --all` does (needs a settler's key and the demo flag).
    #[arg(long)]
    pub attest: bool,
    /// Dispute roots that are wrong: at once if their own inputs lead to another result, otherwise when half of the challenge window is
    /// over. Needs a key whose associated token account covers the bond.
    #[arg(long)]
    pub dispute: bool,
    /// Dispute roots for which nothing was published when half of the challenge window is over, too.
    #[arg(long, requires = "dispute")]
    pub dispute_unknown: bool,
    /// Prove on chain what can be proven: SFUs that signed two batches under one number, roots with two leaves for one DID.
    #[arg(long)]
    pub fraud_proofs: bool,
    /// Where to POST alerts as JSON; shown without what may be a secret.
    #[arg(long, value_name = "URL", env = "RADIO_PAYOUTS_WEBHOOK", hide_env_values = true)]
    pub webhook: Option<String>,
}

/// Watches.
///
/// # Errors
/// Exit 3 (with --once) by what was found; exit 4 if it may not send what it was told to; exit 75 (with --once) if a node is
/// away, and if another watch is at work.
pub fn run(args: &Args, context: &Context) -> Outcome {
    let stop = Stop::on_signals()?;
    let webhook = args.webhook.as_deref().map(Webhook::new).transpose()?;
    let request = Request {
        from: args.from.clone(),
        since: args.since,
        attest: args.attest,
        disputes: Disputes { wrong: args.dispute, unknown: args.dispute_unknown },
        fraud_proofs: args.fraud_proofs,
    };
    let mut watch = Watch {
        actor: actor(args, context)?,
        request,
        chain: context.chain()?,
        webhook,
        output: context.output,
        data: context.data()?,
        kept_at: context.config()?.kept_at()?,
    };
    if args.once { watch.once(&stop) } else { watch.every(Duration::from_secs(args.every), &stop) }
}

/// Who sends, if anything is to be sent; one that may not is refused before the first look.
fn actor(args: &Args, context: &Context) -> Outcome<Option<Actor>> {
    if !(args.attest || args.dispute || args.fraud_proofs) {
        return Ok(None);
    }
    let (sender, key, lookup_table) = (context.sender()?, context.keypair()?, context.config()?.lookup_table);
    let actor = Actor { sender, key, lookup_table };
    if !args.attest {
        return Ok(Some(actor));
    }
    context.config()?.require_demo_flag()?;
    match check_settler(&actor) {
        // A node that is away does not keep a watch from beginning; every round asks again.
        Err(failure) if failure.exit == Exit::Temporary && !args.once => Ok(Some(actor)),
        other => other.map(|()| Some(actor)),
    }
}

fn check_settler(actor: &Actor) -> Outcome {
    let chain = actor.sender.chain();
    let view = View::read(chain)?;
    let next = view.config.chain.head.map_or(0, |head| head.epoch.saturating_add(1));
    post::check_permitted(chain, &view, &actor.key.pubkey(), next).map(|_| ())
}
