use solana_keypair::Keypair;
use solana_message::{Message, VersionedMessage};
use solana_signer::Signer as _;

use super::*;

fn entry(purpose: &str) -> Entry {
    let payer = Keypair::new();
    let message = VersionedMessage::Legacy(Message::new(&[], Some(&payer.pubkey())));
    let transaction = VersionedTransaction::try_new(message, &[payer]).unwrap();
    Entry::new(purpose, &[1; 32], 7, &transaction).unwrap()
}

#[test]
fn an_entry_is_open_until_it_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::new(folder.path());
    assert_eq!(journal.entries().unwrap(), []);
    let (post, pause) = (entry("post epoch 1"), entry("pause"));
    journal.open(&post).unwrap();
    journal.open(&pause).unwrap();
    assert!(journal.open(&entry("post epoch 1")).is_err(), "one at a time for a purpose");
    assert_eq!(journal.entries().unwrap(), [pause, post.clone()]);
    assert_eq!(journal.find("post epoch 1").unwrap(), Some(post.clone()));
    let signature = post.signature().unwrap();
    assert_eq!(journal.end(&signature).unwrap(), None);
    journal.close(&post, End::Landed { slot: 9 }).unwrap();
    assert_eq!(journal.find("post epoch 1").unwrap(), None);
    assert_eq!(journal.end(&signature).unwrap(), Some(End::Landed { slot: 9 }));
    journal.open(&entry("post epoch 1")).unwrap();
}

#[test]
fn a_damaged_entry_stops_everything_for_its_purpose() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::new(folder.path());
    let mut damaged = entry("post epoch 1");
    damaged.transaction.replace_range(4..6, "00");
    assert!(damaged.transaction().is_err() || damaged.transaction().unwrap() != entry("x").transaction().unwrap());
    let path = journal.path("post epoch 1");
    std::fs::write(&path, "{").unwrap();
    assert!(journal.find("post epoch 1").is_err());
    assert!(journal.entries().is_err());
    assert!(journal.open(&entry("post epoch 1")).is_err());
    assert_eq!(journal.find("pause").unwrap(), None);
}

#[test]
fn the_bytes_kept_are_the_bytes_signed() {
    let kept = entry("post epoch 1");
    let transaction = kept.transaction().unwrap();
    assert_eq!(transaction.signatures[0], kept.signature().unwrap());
    assert_eq!(hex::encode(wincode::serialize(&transaction).unwrap()), kept.transaction);
}
