//! `settler dispute prove-equivocation`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use radio_payouts_protocol::domain::Domain;

use super::super::Context;
use super::super::act::act_all;
use crate::artefact::sfu_name;
use crate::chain::deployment;
use crate::fraud::Equivocation;
use crate::outcome::{Failure, Outcome};
use crate::store::Store;

/// Checks both signatures here, then has the chain do it.
pub fn run(context: &Context, batches: &[PathBuf], sfu: Option<&[u8; 32]>) -> Outcome {
    let domain = Domain::from_bytes(deployment::require_config(context.chain()?.as_ref())?.domain);
    let equivocation = match (sfu, batches) {
        (Some(key), _) => {
            let store = Store::open_read_only(&context.data()?)?;
            Equivocation::held(&store, key, &domain)?.ok_or_else(|| {
                Failure::usage(format!("the store holds no two batches of SFU {} under one number", sfu_name(key)))
            })?
        }
        (None, [first, second]) => {
            let (first, second) = (read(first)?, read(second)?);
            Equivocation::of([&first, &second], &domain).map_err(|error| Failure::usage(format!("{error:#}")))?
        }
        _ => return Err(Failure::usage("give two files with a signed batch each, or --sfu")),
    };
    let signer = context.keypair()?;
    act_all(context, equivocation.purpose(), equivocation.instructions(), &signer, Vec::new())
}

/// One envelope, with or without the line end that files of lines have.
fn read(path: &Path) -> Outcome<Vec<u8>> {
    let mut bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    if bytes.ends_with(b"\n") {
        bytes.pop();
    }
    Ok(bytes)
}
