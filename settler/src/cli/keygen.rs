//! `settler keygen FILE`.

use std::path::PathBuf;

use radio_payouts_protocol::did::did_of_key;
use serde::Serialize;
use solana_signer::Signer as _;

use super::Context;
use crate::keyfile;
use crate::outcome::Outcome;

/// Arguments of `keygen`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  settler keygen sfu.json             a new key for an SFU; prints its DID, to be registered
  settler keygen settler.json         a new key for a settler; prints its address, to be registered
  settler keygen --show sfu.json      DID and address of a key that is there

The file has Solana's keypair format (a JSON array of 64 bytes), is readable by its owner only, and `solana-keygen` reads
it too. Whoever has it can sign receipts or posts: keep it off machines that do not sign. A file that is there is never
overwritten.")]
pub struct Args {
    /// The key file.
    pub file: PathBuf,
    /// Make nothing; print the public half of the key that is there.
    #[arg(long)]
    pub show: bool,
}

#[derive(Serialize)]
struct Key {
    did: String,
    address: String,
    file: String,
}

/// Makes or shows a key.
///
/// # Errors
/// Exit 2 if the key is not there to be shown, or one is there already.
pub fn run(args: &Args, context: &Context) -> Outcome {
    let keypair = if args.show { keyfile::load(&args.file)? } else { keyfile::create(&args.file)? };
    let key = Key {
        did: did_of_key(&keypair.pubkey().to_bytes()),
        address: keypair.pubkey().to_string(),
        file: args.file.display().to_string(),
    };
    context.output.emit(&key, |key| format!("did      {}\naddress  {}\nfile     {}", key.did, key.address, key.file))
}
