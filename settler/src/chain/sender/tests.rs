use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use solana_signature::Signature;

use super::*;
use crate::chain::embedded::{Embedded, Genesis};
use crate::chain::{Blockhash, ChainAccount};
use crate::crash;

const ONE: u64 = 1_000_000;
const ANYONE: Guard = Guard { genesis_hash: None, may_initialize: true };

fn payee() -> Pubkey {
    Pubkey::new_from_array([3; 32])
}

fn create(folder: &Path) -> Keypair {
    let payer = Keypair::new();
    let genesis = Genesis {
        program_id: radio_payouts_client::PROGRAM_ID,
        program: &crate::chain::embedded::tests::any_program(),
        upgrade_authority: payer.pubkey(),
        unix_timestamp: Some(1_760_000_000),
    };
    let mut chain = Embedded::create(&folder.join("chain"), &genesis).unwrap();
    chain.airdrop(&payer.pubkey(), 10_000_000_000).unwrap();
    payer
}

fn open(folder: &Path) -> Embedded {
    Embedded::open(&folder.join("chain")).unwrap()
}

fn paid(folder: &Path) -> u64 {
    open(folder).account(&payee()).unwrap().map_or(0, |account| account.lamports)
}

fn payment(payer: &Keypair) -> Outgoing<'_> {
    Outgoing {
        purpose: "pay one".into(),
        instructions: vec![solana_system_interface::instruction::transfer(&payer.pubkey(), &payee(), ONE)],
        payer,
        signers: vec![payer],
        lookup_tables: Vec::new(),
    }
}

fn sender(chain: impl Chain + 'static, folder: &Path) -> Sender {
    Sender::new(Box::new(chain), Journal::new(&folder.join("journal")), ANYONE, 1_000)
}

/// The largest post there is: twelve trees, a later version of the parameters, support moved from another candidate.
#[test]
fn a_post_of_twelve_trees_fits_a_transaction() {
    use radio_payouts_client::PostRootArgs;
    use radio_payouts_client::state::{EpochStatement, Support, TreeRoot};
    const MAX_TRANSACTION_BYTES: usize = 1_232;
    let payer = Keypair::new();
    let tree = TreeRoot { root: [9; 32], sum: 1, count: 1 << 20 };
    let statement = EpochStatement { params_version: 1, payouts: vec![tree; 12], ..EpochStatement::default() };
    let args = PostRootArgs { epoch: 41, commitment: [1; 32], statement };
    let previous = Some(Support { epoch: 41, attempt: 0, commitment: [2; 32] });
    let instruction = radio_payouts_client::instruction::post_root(payer.pubkey(), args, 2, previous);
    let outgoing = Outgoing { instructions: vec![instruction], ..payment(&payer) };
    let transaction = compile(&outgoing, MAX_COMPUTE_UNITS, u64::MAX, solana_hash::Hash::default()).unwrap();
    let bytes = wincode::serialize(&transaction).unwrap();
    assert!(bytes.len() <= MAX_TRANSACTION_BYTES, "{} bytes", bytes.len());
}

/// What a bad network does to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Nothing.
    None,
    /// The request does not arrive, and the node says so.
    Away,
    /// A transaction is accepted and lost.
    Lost,
    /// A transaction is carried out, but the answer is lost.
    AnswerLost,
    /// Two minutes pass: what has not landed never will.
    TimePasses,
}

/// An embedded chain behind a bad network.
struct Flaky {
    chain: Embedded,
    faults: Arc<Mutex<Vec<Fault>>>,
}

impl Flaky {
    fn next(&self) -> Fault {
        self.faults.lock().unwrap().pop().unwrap_or(Fault::None)
    }

    fn away() -> ChainError {
        ChainError::Unavailable("the network is down".into())
    }

    fn read<T>(&self, read: impl FnOnce(&Embedded) -> Result<T, ChainError>) -> Result<T, ChainError> {
        match self.next() {
            Fault::Away | Fault::AnswerLost => Err(Self::away()),
            _ => read(&self.chain),
        }
    }
}

impl Chain for Flaky {
    fn describe(&self) -> String {
        self.chain.describe()
    }
    fn genesis_hash(&self) -> Result<[u8; 32], ChainError> {
        self.chain.genesis_hash()
    }
    fn accounts(&self, addresses: &[Pubkey]) -> Result<Vec<Option<ChainAccount>>, ChainError> {
        self.chain.accounts(addresses)
    }
    fn program_accounts(&self, program: &Pubkey, first: [u8; 8]) -> Result<Vec<(Pubkey, ChainAccount)>, ChainError> {
        self.chain.program_accounts(program, first)
    }
    fn minimum_balance(&self, bytes: usize) -> Result<u64, ChainError> {
        self.chain.minimum_balance(bytes)
    }
    fn blockhash(&self) -> Result<Blockhash, ChainError> {
        self.read(Chain::blockhash)
    }
    fn block_height(&self) -> Result<u64, ChainError> {
        self.read(Chain::block_height)
    }
    fn priority_fee(&self, writable: &[Pubkey]) -> Result<u64, ChainError> {
        self.chain.priority_fee(writable)
    }
    fn simulate(&self, transaction: &VersionedTransaction) -> Result<Execution, ChainError> {
        self.read(|chain| chain.simulate(transaction))
    }
    fn submit(&mut self, transaction: &VersionedTransaction) -> Result<(), ChainError> {
        match self.next() {
            Fault::None => self.chain.submit(transaction),
            Fault::Away => Err(Self::away()),
            Fault::Lost => Ok(()),
            Fault::AnswerLost => self.chain.submit(transaction).and(Err(Self::away())),
            Fault::TimePasses => {
                let now = self.chain.clock()?.unix_timestamp;
                self.chain.set_time(now + 120)
            }
        }
    }
    fn status(&self, signature: &Signature) -> Result<SignatureStatus, ChainError> {
        self.read(|chain| chain.status(signature))
    }
    fn execution(&self, signature: &Signature) -> Result<Option<Execution>, ChainError> {
        self.read(|chain| chain.execution(signature))
    }
    fn airdrop(&mut self, to: &Pubkey, lamports: u64) -> Result<(), ChainError> {
        self.chain.airdrop(to, lamports)
    }
    fn pause(&self) -> Duration {
        Duration::from_millis(1)
    }
}

fn any_fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        3 => Just(Fault::None),
        1 => Just(Fault::Away),
        1 => Just(Fault::Lost),
        1 => Just(Fault::AnswerLost),
        1 => Just(Fault::TimePasses),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 40, ..ProptestConfig::default() })]

    /// Whatever the network does, and however often the process is started anew, a payment is made exactly once.
    #[test]
    fn a_bad_network_never_leads_to_a_second_transaction(faults in proptest::collection::vec(any_fault(), 0..40)) {
        let folder = tempfile::tempdir().unwrap();
        let payer = create(folder.path());
        let faults = Arc::new(Mutex::new(faults));
        let mut runs = 0;
        loop {
            let chain = Flaky { chain: open(folder.path()), faults: Arc::clone(&faults) };
            match sender(chain, folder.path()).send(&payment(&payer)) {
                Ok(_) => break,
                Err(ChainError::Unavailable(_) | ChainError::Expired(_)) => runs += 1,
                Err(error) => prop_assert!(false, "{error}"),
            }
            prop_assert!(runs < 60);
        }
        prop_assert_eq!(paid(folder.path()), ONE);
        let left = Journal::new(&folder.path().join("journal")).entries().unwrap();
        prop_assert_eq!(left, vec![]);
    }
}

/// Payments of 1, 2, 3, … units: none like another.
fn payments(payer: &Keypair, count: u64) -> Vec<Outgoing<'_>> {
    let pay = |number| Outgoing {
        purpose: format!("payment {number}"),
        instructions: vec![solana_system_interface::instruction::transfer(&payer.pubkey(), &payee(), number * ONE)],
        ..payment(payer)
    };
    (1..=count).map(pay).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 40, ..ProptestConfig::default() })]

    /// The same of many at once: each payment is made exactly once, however few are under way together.
    #[test]
    fn many_over_a_bad_network_are_each_sent_once(
        faults in proptest::collection::vec(any_fault(), 0..60),
        under_way in 1..6usize,
    ) {
        const COUNT: u64 = 7;
        let folder = tempfile::tempdir().unwrap();
        let payer = create(folder.path());
        let faults = Arc::new(Mutex::new(faults));
        let mut paid_for = std::collections::BTreeSet::new();
        let mut runs = 0;
        while paid_for.len() < COUNT as usize {
            let chain = Flaky { chain: open(folder.path()), faults: Arc::clone(&faults) };
            let left: Vec<_> =
                payments(&payer, COUNT).into_iter().filter(|one| !paid_for.contains(&one.purpose)).collect();
            let sent = sender(chain, folder.path()).send_all(left, under_way, |one, end| {
                if end.is_ok() {
                    assert!(paid_for.insert(one.purpose.clone()));
                }
            });
            prop_assert!(matches!(sent, Ok(()) | Err(ChainError::Unavailable(_))), "{:?}", sent);
            runs += 1;
            prop_assert!(runs < 100);
        }
        prop_assert_eq!(paid(folder.path()), (1..=COUNT).sum::<u64>() * ONE);
        prop_assert_eq!(Journal::new(&folder.path().join("journal")).entries().unwrap(), vec![]);
    }
}

#[test]
fn what_was_left_open_is_ended_all_together() {
    let folder = tempfile::tempdir().unwrap();
    let payer = create(folder.path());
    // One blockhash; each is simulated, accepted and lost; then the node goes away.
    let each = [Fault::None, Fault::Lost].repeat(3);
    let in_order = [vec![Fault::None], each, vec![Fault::Away]].concat();
    let faults = Arc::new(Mutex::new(in_order.into_iter().rev().collect()));
    let chain = Flaky { chain: open(folder.path()), faults };
    let sent = sender(chain, folder.path()).send_all(payments(&payer, 3), 3, |_, _| {});
    assert!(matches!(sent, Err(ChainError::Unavailable(_))), "{sent:?}");
    let journal = Journal::new(&folder.path().join("journal"));
    assert_eq!((journal.entries().unwrap().len(), paid(folder.path())), (3, 0));
    sender(open(folder.path()), folder.path()).resume_all().unwrap();
    assert_eq!(journal.entries().unwrap(), []);
    assert_eq!(paid(folder.path()), (1 + 2 + 3) * ONE);
}

#[test]
fn of_many_one_that_is_refused_does_not_stop_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let payer = create(folder.path());
    let mut many = payments(&payer, 3);
    many[1].instructions =
        vec![solana_system_interface::instruction::transfer(&payer.pubkey(), &payee(), 99_000_000_000)];
    let mut ends = Vec::new();
    let report = |one: &Outgoing<'_>, end: Result<Landed, ChainError>| ends.push((one.purpose.clone(), end.is_ok()));
    sender(open(folder.path()), folder.path()).send_all(many, 8, report).unwrap();
    ends.sort();
    assert_eq!(ends, [("payment 1".into(), true), ("payment 2".into(), false), ("payment 3".into(), true)]);
    assert_eq!(paid(folder.path()), 4 * ONE);
}

#[test]
fn a_refusal_is_told_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let payer = create(folder.path());
    let mut too_much = payment(&payer);
    too_much.instructions =
        vec![solana_system_interface::instruction::transfer(&payer.pubkey(), &payee(), 99_000_000_000)];
    let error = sender(open(folder.path()), folder.path()).send(&too_much).unwrap_err();
    let ChainError::Refused(refusal) = error else { panic!("{error}") };
    assert_eq!((refusal.instruction, refusal.code), (Some(0), Some(1)));
    assert!(!folder.path().join("journal").exists());
}

#[test]
fn the_limit_is_what_was_simulated_and_the_fee_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let payer = create(folder.path());
    let landed = sender(open(folder.path()), folder.path()).send(&payment(&payer)).unwrap();
    let execution = landed.execution.unwrap();
    assert!(!landed.resumed && execution.error.is_none());
    assert!(execution.compute_units < 1_000 && execution.fee >= Some(5_000));
    assert!(compute_unit_limit(1_000) == 6_100 && compute_unit_limit(u64::MAX) == MAX_COMPUTE_UNITS);
}

#[test]
fn another_clusters_journal_or_configuration_sends_nothing() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let payer = create(here.path());
    create(there.path());
    let guard = Guard { genesis_hash: Some(open(there.path()).genesis_hash().unwrap()), may_initialize: true };
    let journal = Journal::new(&here.path().join("journal"));
    let mut wrong = Sender::new(Box::new(open(here.path())), journal.clone(), guard, 0);
    let error = wrong.send(&payment(&payer)).unwrap_err();
    assert!(matches!(error, ChainError::NotPermitted(_)) && error.exit() == crate::outcome::Exit::NotPermitted);

    let blockhash = open(there.path()).blockhash().unwrap();
    let transaction = compile(&payment(&payer), 1_000, 0, blockhash.hash).unwrap();
    journal.open(&Entry::new("pay one", &[9; 32], 7, &transaction).unwrap()).unwrap();
    let error = sender(open(here.path()), here.path()).send(&payment(&payer)).unwrap_err();
    assert!(matches!(error, ChainError::NotPermitted(_)), "{error}");
    assert!(sender(open(here.path()), here.path()).resume().is_err());

    let strict = Guard { genesis_hash: None, may_initialize: false };
    let mut strict = Sender::new(Box::new(open(there.path())), Journal::new(&there.path().join("journal")), strict, 0);
    assert!(strict.send(&payment(&payer)).unwrap_err().to_string().contains("settler init"));
    assert_eq!((paid(here.path()), paid(there.path())), (0, 0));
}

/// A chain that says it is mainnet-beta.
struct Mainnet(Embedded);

impl Chain for Mainnet {
    fn describe(&self) -> String {
        "https://api.mainnet-beta.solana.com".into()
    }
    fn genesis_hash(&self) -> Result<[u8; 32], ChainError> {
        let hash = bs58::decode("5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d").into_vec().unwrap();
        Ok(hash.try_into().unwrap())
    }
    fn accounts(&self, addresses: &[Pubkey]) -> Result<Vec<Option<ChainAccount>>, ChainError> {
        self.0.accounts(addresses)
    }
    fn program_accounts(&self, program: &Pubkey, first: [u8; 8]) -> Result<Vec<(Pubkey, ChainAccount)>, ChainError> {
        self.0.program_accounts(program, first)
    }
    fn minimum_balance(&self, bytes: usize) -> Result<u64, ChainError> {
        self.0.minimum_balance(bytes)
    }
    fn blockhash(&self) -> Result<Blockhash, ChainError> {
        self.0.blockhash()
    }
    fn block_height(&self) -> Result<u64, ChainError> {
        self.0.block_height()
    }
    fn priority_fee(&self, _writable: &[Pubkey]) -> Result<u64, ChainError> {
        Ok(u64::MAX)
    }
    fn simulate(&self, transaction: &VersionedTransaction) -> Result<Execution, ChainError> {
        self.0.simulate(transaction)
    }
    fn submit(&mut self, _transaction: &VersionedTransaction) -> Result<(), ChainError> {
        panic!("something was sent to mainnet-beta")
    }
    fn status(&self, signature: &Signature) -> Result<SignatureStatus, ChainError> {
        self.0.status(signature)
    }
    fn execution(&self, signature: &Signature) -> Result<Option<Execution>, ChainError> {
        self.0.execution(signature)
    }
    fn airdrop(&mut self, _to: &Pubkey, _lamports: u64) -> Result<(), ChainError> {
        panic!("an airdrop was asked for on mainnet-beta")
    }
    fn pause(&self) -> Duration {
        Duration::ZERO
    }
}

#[test]
fn mainnet_beta_is_refused_unless_live() {
    let folder = tempfile::tempdir().unwrap();
    let payer = create(folder.path());
    let error = sender(Mainnet(open(folder.path())), folder.path()).send(&payment(&payer)).unwrap_err();
    assert_eq!(error.exit(), crate::outcome::Exit::NotPermitted);
    assert!(error.to_string().contains("mainnet-beta") && error.to_string().contains("governance"), "{error}");
}

/// Names the folder of the process that [`killed_anywhere_it_goes_on_where_it_was`] starts and kills: itself.
const CHILD_FOLDER: &str = "CHAIN_TEST_FOLDER";

/// What the killed process does.
fn pay_once(folder: &Path) {
    let payer = crate::keyfile::load(&folder.join("payer.json")).unwrap();
    let mut sender = sender(open(folder), folder);
    sender.resume().unwrap();
    // As every caller does: what is on the chain already is not sent again.
    if paid(folder) == 0 {
        sender.send(&payment(&payer)).unwrap();
    }
}

fn run_child(folder: &Path, variable: &str, value: &str) -> bool {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "chain::sender::tests::killed_anywhere_it_goes_on_where_it_was", "--quiet"])
        .env(CHILD_FOLDER, folder)
        .env(variable, value)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status();
    status.unwrap().success()
}

fn prepare(folder: &Path) {
    let payer = create(folder);
    let bytes = serde_json::to_vec(&payer.to_bytes().as_slice()).unwrap();
    std::fs::write(folder.join("payer.json"), bytes).unwrap();
}

#[test]
fn killed_anywhere_it_goes_on_where_it_was() {
    if let Some(folder) = std::env::var_os(CHILD_FOLDER) {
        return pay_once(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    let trace = folder.path().join("trace");
    assert!(run_child(folder.path(), crash::CRASH_TRACE, trace.to_str().unwrap()));
    let passed = std::fs::read_to_string(&trace).unwrap();
    let points: std::collections::BTreeSet<&str> = passed.lines().collect();
    assert!(points.len() >= 8 && points.contains("journal.after_open"), "{points:?}");
    for point in points {
        let folder = tempfile::tempdir().unwrap();
        prepare(folder.path());
        assert!(!run_child(folder.path(), crash::CRASH_AT, point), "{point} did not kill");
        assert!(run_child(folder.path(), "CHAIN_TEST", "again"), "{point}");
        assert_eq!(paid(folder.path()), ONE, "{point}");
        assert_eq!(Journal::new(&folder.path().join("journal")).entries().unwrap(), [], "{point}");
    }
}

/// The most that a transaction may have.
const PACKET: usize = 1_232;

/// Bytes of a transaction with these instructions, limit and price written out in full.
fn bytes(instructions: Vec<Instruction>, payer: &Keypair, tables: &[AddressLookupTableAccount]) -> usize {
    let outgoing = Outgoing { instructions, lookup_tables: tables.to_vec(), ..payment(payer) };
    let transaction = compile(&outgoing, MAX_COMPUTE_UNITS, u64::MAX, solana_hash::Hash::new_unique()).unwrap();
    wincode::serialize(&transaction).unwrap().len()
}

#[test]
fn claims_of_every_depth_fit_a_transaction() {
    use radio_payouts_client::state::Share;
    use radio_payouts_client::{address, instruction};
    let (payer, payee, mint) = (Keypair::new(), Pubkey::new_unique(), Pubkey::new_unique());
    let program = anchor_spl::token_2022::ID;
    let table = AddressLookupTableAccount {
        key: Pubkey::new_unique(),
        addresses: vec![
            address::config_address(),
            address::vault_address(),
            mint,
            program,
            solana_sdk_ids::system_program::ID,
        ],
    };
    let sibling = radio_payouts_protocol::tree::Node { hash: [9; 32], sum: u64::MAX };
    let claim = |leaf_payee: Pubkey, depth: usize| {
        let share = Share { epoch: u64::MAX, index: u32::MAX, did_hash: [1; 32], payee: leaf_payee, amount: u64::MAX };
        vec![instruction::claim_share(payer.pubkey(), &share, &payee, mint, program, &vec![sibling; depth])]
    };
    // Through a binding: the binding's address in the place of the DID's hash.
    for leaf_payee in [payee, Pubkey::default()] {
        assert_eq!(bytes(claim(leaf_payee, 20), &payer, std::slice::from_ref(&table)), 1_226);
        assert!(bytes(claim(leaf_payee, 21), &payer, std::slice::from_ref(&table)) > PACKET);
        assert!(bytes(claim(leaf_payee, 16), &payer, &[]) <= PACKET);
    }
    let accounts =
        (0..10).map(|_| instruction::create_token_account(payer.pubkey(), &Pubkey::new_unique(), mint, program));
    assert!(bytes(accounts.collect(), &payer, &[]) <= PACKET);
}
