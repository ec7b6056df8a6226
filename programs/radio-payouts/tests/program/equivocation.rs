//! `prove_equivocation`: every forgery by its own error, then the proof.

use anchor_lang::error::ErrorCode;
use anchor_lang::prelude::Pubkey;
use ed25519_dalek::{Signer as _, SigningKey};
use radio_payouts::error::PayoutsError;
use radio_payouts::evidence::{EVIDENCE_LENGTH, SignedMessage};
use radio_payouts::state::Sfu;
use radio_payouts_client::event::{Event, events};
use radio_payouts_client::{address, instruction};
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::message::batch_message;
use solana_instruction::Instruction;
use solana_instruction::error::InstructionError;
use solana_signer::Signer as _;

use super::world::{World, sfu_terms};

pub const TO: u64 = 1_700_000_010_000;

pub fn sfu_key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

/// A message of the key's own for a batch, signed by it.
pub fn signed(domain: &Domain, key: &SigningKey, seq: u64, to: u64, hash: u8) -> SignedMessage {
    let message = batch_message(domain, &key.verifying_key().to_bytes(), seq, to, &[hash; 32]);
    (key.sign(&message).to_bytes(), message)
}

/// A running deployment with two SFUs that sign, 1 and 2.
pub fn world() -> World {
    let mut world = World::running(1, 1);
    for number in [1, 2] {
        world.register_sfu(sfu_terms(sfu_key(number).verifying_key().to_bytes())).unwrap();
    }
    world
}

/// The proof that SFU 1 signed two batches under `seq`.
pub fn proof(world: &World, seq: u64) -> [Instruction; 2] {
    let (domain, key) = (world.domain(), sfu_key(1));
    let both = [signed(&domain, &key, seq, TO, 1), signed(&domain, &key, seq, TO, 2)];
    let key = key.verifying_key().to_bytes();
    [instruction::check_signatures(&key, &both), instruction::prove_equivocation(&key)]
}

/// The proof with other messages, all signed by SFU 1's key.
fn proof_of(first: SignedMessage, second: SignedMessage) -> [Instruction; 2] {
    let key = sfu_key(1).verifying_key().to_bytes();
    [instruction::check_signatures(&key, &[first, second]), instruction::prove_equivocation(&key)]
}

pub fn sfu(world: &World, number: u8) -> Sfu {
    world.read(address::sfu_address(&sfu_key(number).verifying_key().to_bytes()))
}

/// Expects that the last instruction is refused with this error, and that nothing changes.
#[track_caller]
fn refuse(world: &mut World, instructions: &[Instruction], error: impl Into<u32>) {
    let (version, stop) = (world.config().registry_version, sfu(world, 1).stop_seq);
    let (index, found) = world.send_all(instructions, &[]).map(|_| ()).unwrap_err();
    assert_eq!((usize::from(index), found), (instructions.len() - 1, InstructionError::Custom(error.into())));
    assert_eq!((world.config().registry_version, sfu(world, 1).stop_seq), (version, stop));
}

/// Evidence with any number of signatures, in the manner of the one layout: offsets, key, then signatures and messages.
fn evidence_of(key: &[u8; 32], signed: &[SignedMessage]) -> Instruction {
    let count = u16::try_from(signed.len()).unwrap();
    let key_at = 2 + 14 * count;
    let mut data = count.to_le_bytes().to_vec();
    for number in 0..count {
        let at = key_at + 32 + 190 * number;
        let words = [at, u16::MAX, key_at, u16::MAX, at + 64, 126, u16::MAX];
        data.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    }
    data.extend_from_slice(key);
    data.extend(signed.iter().flat_map(|(signature, message)| signature.iter().chain(message)));
    Instruction { program_id: solana_sdk_ids::ed25519_program::ID, accounts: vec![], data }
}

#[test]
fn only_the_instruction_just_before_counts() {
    let mut world = world();
    let [check, prove] = proof(&world, 7);
    let payer = world.payer.pubkey();
    let transfer = || {
        let mut data = vec![2, 0, 0, 0];
        data.extend_from_slice(&1u64.to_le_bytes());
        let stranger = Pubkey::new_from_array([0x77; 32]);
        let accounts = vec![
            solana_instruction::AccountMeta::new(payer, true),
            solana_instruction::AccountMeta::new(stranger, false),
        ];
        Instruction { program_id: solana_sdk_ids::system_program::ID, accounts, data }
    };
    world.svm.airdrop(&Pubkey::new_from_array([0x77; 32]), 1_000_000_000).unwrap();
    refuse(&mut world, std::slice::from_ref(&prove), PayoutsError::EvidenceMissing);
    refuse(&mut world, &[check.clone(), transfer(), prove.clone()], PayoutsError::NotEd25519Program);
    refuse(&mut world, &[transfer(), prove.clone()], PayoutsError::NotEd25519Program);
    // The evidence after it.
    let (index, error) = world.send_all(&[prove.clone(), check.clone()], &[]).map(|_| ()).unwrap_err();
    assert_eq!((index, error), (0, InstructionError::Custom(PayoutsError::EvidenceMissing.into())));
    // Another account in the place of the instructions sysvar, with the very bytes that it would have.
    let mut substituted = prove.clone();
    substituted.accounts[2].pubkey = Pubkey::new_from_array([0x78; 32]);
    refuse(&mut world, &[check.clone(), substituted.clone()], PayoutsError::NotInstructionsSysvar);
    substituted.accounts[2].pubkey = solana_sdk_ids::sysvar::clock::ID;
    refuse(&mut world, &[check.clone(), substituted], PayoutsError::NotInstructionsSysvar);
    // What stands before and after the two is of no matter.
    world.send_all(&[transfer(), check, prove, transfer()], &[]).unwrap();
    assert_eq!(sfu(&world, 1).stop_seq, 7);
}

#[test]
fn only_one_layout_is_accepted() {
    let mut world = world();
    let [check, prove] = proof(&world, 7);
    let word = |check: &Instruction, at: usize, value: u16| {
        let mut altered = check.clone();
        altered.data[at..at + 2].copy_from_slice(&value.to_le_bytes());
        altered
    };
    // Each instruction index names the evidence's own instruction by its number: true for the precompile, refused here.
    for at in [4, 8, 14, 18, 22, 28] {
        let altered = word(&check, at, 0);
        refuse(&mut world, &[altered, prove.clone()], PayoutsError::EvidenceElsewhere);
    }
    // The message in another instruction: the classic substitution.
    let mut elsewhere = prove.clone();
    elsewhere.data.extend_from_slice(&check.data);
    let altered = word(&word(&check, 28, 1), 24, 8 + 316);
    refuse(&mut world, &[altered, elsewhere], PayoutsError::EvidenceElsewhere);
    // Both signatures are good, the first one's offsets name the second: one signature under two names.
    let (mut turned, second) = (check.clone(), check.data[16..30].to_vec());
    turned.data[2..16].copy_from_slice(&second);
    refuse(&mut world, &[turned, prove.clone()], PayoutsError::WrongEvidenceOffsets);
    let mut swapped = check.clone();
    swapped.data[16..30].copy_from_slice(&check.data[2..16]);
    swapped.data[2..16].copy_from_slice(&second);
    refuse(&mut world, &[swapped, prove.clone()], PayoutsError::WrongEvidenceOffsets);
    // The precompile does not look at the padding.
    let mut padded = check.clone();
    padded.data[1] = 1;
    refuse(&mut world, &[padded, prove.clone()], PayoutsError::WrongEvidenceOffsets);
    let mut trailing = check.clone();
    trailing.data.push(0);
    refuse(&mut world, &[trailing, prove.clone()], PayoutsError::WrongEvidenceLength);
    let domain = world.domain();
    let key = sfu_key(1);
    let messages: Vec<_> = (1..=3).map(|hash| signed(&domain, &key, 7, TO, hash)).collect();
    let bytes = key.verifying_key().to_bytes();
    for count in [0, 1, 3] {
        let evidence = evidence_of(&bytes, &messages[..count]);
        let evidence = if count == 0 { Instruction { data: vec![0, 0], ..evidence } } else { evidence };
        refuse(&mut world, &[evidence, prove.clone()], PayoutsError::WrongSignatureCount);
    }
    let two = evidence_of(&bytes, &messages[..2]);
    assert_eq!((two.data.len(), &two.data), (EVIDENCE_LENGTH, &proof(&world, 7)[0].data));

    // Two keys: the second one at the end.
    let other = signed(&domain, &sfu_key(2), 7, TO, 2);
    let mut two_keys = evidence_of(&bytes, &[messages[0], other]);
    two_keys.data.extend_from_slice(&sfu_key(2).verifying_key().to_bytes());
    two_keys.data[20..22].copy_from_slice(&442u16.to_le_bytes());
    refuse(&mut world, &[two_keys, prove], PayoutsError::WrongEvidenceLength);
}

#[test]
fn messages_that_prove_nothing_are_refused() {
    let mut world = world();
    let (domain, key, other) = (world.domain(), sfu_key(1), sfu_key(2));
    let honest = signed(&domain, &key, 7, TO, 1);
    let by_key = |message: [u8; 126]| (key.sign(&message).to_bytes(), message);
    refuse(&mut world, &proof_of(honest, honest), PayoutsError::SameMessage);
    refuse(&mut world, &proof_of(honest, signed(&domain, &key, 8, TO, 2)), PayoutsError::SeqsDiffer);
    let elsewhere = Domain::derive(&[1; 32], &radio_payouts::ID.to_bytes());
    refuse(&mut world, &proof_of(honest, signed(&elsewhere, &key, 7, TO, 2)), PayoutsError::MessageOfAnotherDomain);
    // The SFU's key signs a message that names another SFU.
    let foreign = batch_message(&domain, &other.verifying_key().to_bytes(), 7, TO, &[2; 32]);
    refuse(&mut world, &proof_of(honest, by_key(foreign)), PayoutsError::MessageOfAnotherKey);
    let mut not_a_batch = signed(&domain, &key, 7, TO, 2).1;
    not_a_batch[13] = b'2';
    refuse(&mut world, &proof_of(by_key(not_a_batch), honest), PayoutsError::NotABatchMessage);

    // Another SFU's account; a key that is not registered.
    let [check, _] = proof(&world, 7);
    let anothers = instruction::prove_equivocation(&other.verifying_key().to_bytes());
    refuse(&mut world, &[check, anothers], PayoutsError::WrongSfu);
    let unknown = sfu_key(3);
    let both = [signed(&domain, &unknown, 7, TO, 1), signed(&domain, &unknown, 7, TO, 2)];
    let bytes = unknown.verifying_key().to_bytes();
    let unregistered = [instruction::check_signatures(&bytes, &both), instruction::prove_equivocation(&bytes)];
    refuse(&mut world, &unregistered, ErrorCode::AccountNotInitialized);

    // A signature over other bytes, or by another key: the precompile refuses, and with it the transaction.
    let mut false_signature = signed(&domain, &key, 7, TO, 2);
    false_signature.0 = honest.0;
    let by_another = (other.sign(&signed(&domain, &key, 7, TO, 2).1).to_bytes(), signed(&domain, &key, 7, TO, 2).1);
    for forged in [false_signature, by_another] {
        let (index, error) = world.send_all(&proof_of(honest, forged), &[]).map(|_| ()).unwrap_err();
        assert_eq!(index, 0, "{error:?}");
    }
    assert_eq!(sfu(&world, 1).stop_seq, u64::MAX);
}

#[test]
fn an_equivocation_stops_the_sfu_at_once_and_once() {
    let mut world = world();
    let pauser = world.pause_key.insecure_clone();
    world.accept(instruction::pause(pauser.pubkey()), &[&pauser]);
    let version = world.config().registry_version;
    let meta = world.send_all(&proof(&world, 1_000), &[]).unwrap();
    println!("prove_equivocation: {} compute units", meta.compute_units_consumed);
    let found = events(&meta.logs);
    let [Event::EquivocationProven(event)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((event.seq, event.old_stop_seq, event.new_stop_seq), (1_000, u64::MAX, 1_000));
    assert_eq!((event.first.batch_hash, event.second.batch_hash), ([1; 32], [2; 32]));
    assert_eq!((event.registry_version, world.config().registry_version), (version + 1, version + 1));
    assert_eq!((sfu(&world, 1).stop_seq, sfu(&world, 1).valid_until), (1_000, u64::MAX));
    assert_eq!(sfu(&world, 2).stop_seq, u64::MAX);

    // Again, in another order, with another `to`, higher up: nothing changes, so nothing is accepted.
    let again = proof(&world, 1_000);
    refuse(&mut world, &again, PayoutsError::EquivocationKnown);
    let (domain, key) = (world.domain(), sfu_key(1));
    let other = [signed(&domain, &key, 1_000, TO, 1), signed(&domain, &key, 1_000, TO + 1, 1)];
    refuse(&mut world, &proof_of(other[1], other[0]), PayoutsError::EquivocationKnown);
    let higher = proof(&world, 1_001);
    refuse(&mut world, &higher, PayoutsError::EquivocationKnown);
    // Small steps hold nobody up: within the epoch the next one must halve, in the next epoch it is free again.
    let small = proof(&world, 999);
    refuse(&mut world, &small, PayoutsError::StopSeqFallsTooLittle);
    world.send_all(&proof(&world, 500), &[]).unwrap();
    world.go_past(10, 1);
    world.send_all(&proof(&world, 499), &[]).unwrap();
    assert_eq!(sfu(&world, 1).stop_seq, 499);
}

#[test]
fn one_hash_with_two_ends_of_its_window_is_an_equivocation() {
    let mut world = world();
    let (domain, key) = (world.domain(), sfu_key(1));
    world.send_all(&proof_of(signed(&domain, &key, 0, TO, 1), signed(&domain, &key, 0, TO + 1, 1)), &[]).unwrap();
    assert_eq!(sfu(&world, 1).stop_seq, 0);
}
