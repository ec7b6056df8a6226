use solana_keypair::Keypair;
use solana_message::{Message, VersionedMessage};
use solana_signer::Signer as _;

use super::*;

/// A program that loads: SPL's memo, as LiteSVM carries it, stands in for ours.
pub(crate) fn any_program() -> Vec<u8> {
    let svm = litesvm::LiteSVM::new();
    let memo = Pubkey::from_str_const("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr");
    svm.accounts_db().try_program_elf_bytes(&memo).unwrap().to_vec()
}

fn create(path: &Path) -> Embedded {
    let genesis = Genesis {
        program_id: radio_payouts_client::PROGRAM_ID,
        program: &any_program(),
        upgrade_authority: Pubkey::new_from_array([7; 32]),
        unix_timestamp: Some(1_760_000_000),
    };
    Embedded::create(path, &genesis).unwrap()
}

fn transfer(chain: &Embedded, from: &Keypair, to: &Pubkey, lamports: u64) -> VersionedTransaction {
    let instruction = solana_system_interface::instruction::transfer(&from.pubkey(), to, lamports);
    let hash = chain.blockhash().unwrap().hash;
    let message = Message::new_with_blockhash(&[instruction], Some(&from.pubkey()), &hash);
    VersionedTransaction::try_new(VersionedMessage::Legacy(message), &[from]).unwrap()
}

fn balance(chain: &Embedded, address: &Pubkey) -> u64 {
    chain.account(address).unwrap().map_or(0, |account| account.lamports)
}

#[test]
fn two_commands_see_one_chain() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/chain");
    let mut first = create(&path);
    let mut second = Embedded::open(&path).unwrap();
    assert_eq!(first.genesis_hash().unwrap(), second.genesis_hash().unwrap());
    let (from, to) = (Keypair::new(), Pubkey::new_from_array([3; 32]));
    first.airdrop(&from.pubkey(), 5_000_000_000).unwrap();
    assert_eq!(balance(&second, &from.pubkey()), 5_000_000_000);
    let transaction = transfer(&second, &from, &to, 1_000_000_000);
    second.submit(&transaction).unwrap();
    let signature = transaction.signatures[0];
    assert!(matches!(first.status(&signature).unwrap(), SignatureStatus::Landed { error: None, .. }));
    assert_eq!(balance(&first, &to), 1_000_000_000);
    // Handed over again, by whomever: it counts once.
    first.submit(&transaction).unwrap();
    second.submit(&transaction).unwrap();
    assert_eq!(balance(&Embedded::open(&path).unwrap(), &to), 1_000_000_000);
    assert_eq!(first.execution(&signature).unwrap().unwrap().fee, Some(5_000));
}

#[test]
fn the_program_is_upgradeable_by_whom_genesis_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain");
    create(&path);
    let chain = Embedded::open(&path).unwrap();
    let program = chain.account(&radio_payouts_client::PROGRAM_ID).unwrap().unwrap();
    assert!(program.executable);
    let data = chain.account(&radio_payouts_client::address::program_data_address()).unwrap().unwrap().data;
    assert_eq!(data[..4], [3, 0, 0, 0]);
    assert_eq!(data[12..45], [&[1][..], &[7; 32]].concat());
    assert!(
        Embedded::create(
            &path,
            &Genesis {
                program_id: radio_payouts_client::PROGRAM_ID,
                program: &any_program(),
                upgrade_authority: Pubkey::default(),
                unix_timestamp: None,
            }
        )
        .is_err()
    );
}

#[test]
fn the_clock_goes_on_and_never_back_and_blockhashes_expire() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain");
    let mut chain = create(&path);
    let begun = chain.clock().unwrap();
    assert!((1_760_000_000..1_760_000_060).contains(&begun.unix_timestamp));
    let (from, to) = (Keypair::new(), Pubkey::new_from_array([3; 32]));
    chain.airdrop(&from.pubkey(), 5_000_000_000).unwrap();
    let stale = transfer(&chain, &from, &to, 1_000_000_000);
    let last = chain.blockhash().unwrap().last_valid_block_height;
    chain.set_time(1_760_086_400).unwrap();
    let now = Embedded::open(&path).unwrap().clock().unwrap();
    assert!((1_760_086_400..1_760_086_460).contains(&now.unix_timestamp));
    assert!(now.slot > last && chain.block_height().unwrap() > last);
    chain.submit(&stale).unwrap();
    assert_eq!(chain.status(&stale.signatures[0]).unwrap(), SignatureStatus::Unknown);
    assert_eq!(balance(&chain, &to), 0);
    assert!(chain.set_time(1_760_000_000).is_err());
}

#[test]
fn a_failure_on_chain_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain");
    let mut chain = create(&path);
    let from = Keypair::new();
    chain.airdrop(&from.pubkey(), 1_000_000_000).unwrap();
    let too_much = transfer(&chain, &from, &Pubkey::new_from_array([3; 32]), 2_000_000_000);
    assert!(chain.simulate(&too_much).unwrap().error.is_some());
    chain.submit(&too_much).unwrap();
    let chain = Embedded::open(&path).unwrap();
    let status = chain.status(&too_much.signatures[0]).unwrap();
    assert!(matches!(status, SignatureStatus::Landed { error: Some(_), .. }), "{status:?}");
    assert!(chain.execution(&too_much.signatures[0]).unwrap().unwrap().error.is_some());
}

#[test]
fn what_is_no_chain_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain");
    assert!(Embedded::open(&path).err().unwrap().to_string().contains("settler init"));
    for bytes in [&b""[..], b"radio-payouts/e1", b"radio-payouts/e0aaaaaaaaaaaaaaaaa", &[0; 4_000]] {
        std::fs::write(&path, bytes).unwrap();
        assert!(Embedded::open(&path).is_err());
    }
}

#[test]
fn another_process_waits_for_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain");
    let mut chain = create(&path);
    let address = Pubkey::new_from_array([3; 32]);
    let lock = Lock::take(&path).unwrap();
    let waiting = std::thread::spawn({
        let path = path.clone();
        move || Embedded::open(&path).unwrap().airdrop(&address, 9_000_000).unwrap()
    });
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(balance(&chain, &address), 0);
    drop(lock);
    waiting.join().unwrap();
    chain.airdrop(&address, 1_000_000).unwrap();
    assert_eq!(balance(&chain, &address), 10_000_000);
}
