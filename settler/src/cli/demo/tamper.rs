//! A share proven on chain, and every way of changing it refused there.

use radio_payouts_client::address::epoch_address;
use radio_payouts_client::instruction::verify_share;
use radio_payouts_client::state::Share;
use radio_payouts_protocol::hash::sha256;
use serde::Serialize;
use solana_keypair::Keypair;

use super::super::prove::share;
use crate::artefact::proof::ProofBundle;
use crate::chain::{ChainError, Landed, Outgoing, Sender};
use crate::outcome::{Failure, Outcome};

/// A changed share and the program's error.
#[derive(Debug, Serialize)]
pub struct Refused {
    /// What was changed.
    pub changed: String,
    /// The program's error.
    pub error: String,
    /// What it says.
    pub message: String,
}

/// Sends the share as it is.
///
/// # Errors
/// If the program refuses it.
pub fn prove(sender: &mut Sender, key: &Keypair, bundle: &ProofBundle) -> Outcome<Landed> {
    send(sender, key, "verify_share".into(), bundle, share(bundle)).map_err(Failure::from)
}

/// Sends it with amount, index, epoch and DID changed, one at a time.
///
/// # Errors
/// If the program accepts one of them.
pub fn refuse_all(sender: &mut Sender, key: &Keypair, bundle: &ProofBundle) -> Outcome<Vec<Refused>> {
    let good = share(bundle);
    let changes: [(&str, Share); 4] = [
        ("amount + 1", Share { amount: good.amount.saturating_add(1), ..good }),
        ("index + 2^16", Share { index: good.index + (1 << 16), ..good }),
        ("epoch + 1", Share { epoch: good.epoch + 1, ..good }),
        ("another DID", Share { did_hash: sha256(&[b"did:key:zMallory"]), ..good }),
    ];
    let mut refused = Vec::new();
    for (changed, share) in changes {
        match send(sender, key, format!("verify_share with {changed}"), bundle, share) {
            Err(ChainError::Refused(refusal)) => refused.push(Refused {
                changed: changed.to_owned(),
                error: refusal.name.unwrap_or_else(|| refusal.code.map(|code| code.to_string()).unwrap_or_default()),
                message: refusal.message,
            }),
            Err(error) => return Err(error.into()),
            Ok(_) => return Err(Failure::difference(format!("the program accepted a share with {changed}"))),
        }
    }
    Ok(refused)
}

fn send(
    sender: &mut Sender,
    key: &Keypair,
    purpose: String,
    bundle: &ProofBundle,
    share: Share,
) -> Result<Landed, ChainError> {
    let mut instruction = verify_share(share, &bundle.nodes());
    // A changed epoch is held against the root that the proof is for, not against that epoch's own.
    for account in &mut instruction.accounts {
        if account.pubkey == epoch_address(share.epoch) {
            account.pubkey = epoch_address(bundle.statement.epoch);
        }
    }
    sender.send(&Outgoing {
        purpose,
        instructions: vec![instruction],
        payer: key,
        signers: vec![],
        lookup_tables: vec![],
    })
}
