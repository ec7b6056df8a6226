//! `settler prove` from level files: made when they are missing, refused when they are wrong, never half written.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use radio_payouts_settler::artefact::proof::{self, ProofBundle};
use radio_payouts_settler::artefact::{Artefact, folder_name, levels, payout};

mod made;

const CONTRIBUTORS: u32 = 1_000;

/// A data folder in which epochs are sealed.
struct Data(tempfile::TempDir);

impl Data {
    fn new(epochs: u64) -> Self {
        let data = Self(tempfile::tempdir().unwrap());
        for epoch in 0..epochs {
            made::artefact(&data.epoch(epoch), epoch, CONTRIBUTORS, false);
        }
        data
    }

    fn epoch(&self, epoch: u64) -> PathBuf {
        self.0.path().join("epochs").join(folder_name(epoch))
    }

    fn artefact(&self, epoch: u64) -> Artefact {
        Artefact::open(&self.epoch(epoch)).unwrap()
    }

    fn trees(&self) -> PathBuf {
        levels::folder(self.0.path())
    }

    fn level_file(&self, epoch: u64) -> PathBuf {
        levels::file(&self.trees(), &self.artefact(epoch).manifest.commitment)
    }

    fn prove(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_settler"));
        command.env_clear().env("HOME", self.0.path()).envs(environment.iter().copied()).current_dir(self.0.path());
        command.arg("prove").args(arguments).arg("--data").arg(self.0.path()).output().unwrap()
    }

    #[track_caller]
    fn proven(&self, arguments: &[&str]) -> Vec<u8> {
        let ran = self.prove(arguments, &[]);
        assert!(ran.status.success(), "{ran:?}");
        ran.stdout
    }

    /// What a command says that ends with `code`.
    #[track_caller]
    fn refused(&self, arguments: &[&str], code: i32) -> String {
        let ran = self.prove(arguments, &[]);
        assert_eq!((ran.status.code(), ran.stdout.len()), (Some(code), 0), "{ran:?}");
        String::from_utf8(ran.stderr).unwrap()
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

/// A contributor with a leaf, and one without.
fn some(artefact: &Artefact) -> (String, String) {
    let payouts = artefact.payouts().unwrap();
    let find = |paid: bool| payouts.iter().filter(|payout| payout.index.is_some() == paid).nth(50).unwrap().did.clone();
    (find(true), find(false))
}

#[test]
fn who_has_no_leaf_and_what_makes_no_sense_is_refused() {
    let data = Data::new(1);
    let (_, without) = some(&data.artefact(0));
    assert!(data.refused(&[&without, "--epoch", "0"], 1).contains("has no leaf in epoch 0: below_minimum"));
    assert!(data.refused(&["did:web:nobody", "--epoch", "0"], 2).contains("delivered nothing that counts"));
    assert!(data.refused(&["did:web:nobody"], 2).contains("is in no epoch sealed here"));
    assert!(data.refused(&["--all", "--epoch", "7"], 2).contains("epoch 7 is not sealed here"));
    for odd in [
        &[][..],
        &["did:web:a", "--all"],
        &["--all", "--on-chain"],
        &["--all", "--no-cache"],
        &["did:web:a", "--out", "x"],
    ] {
        data.refused(odd, 2);
    }
    assert!(names(&data.trees()).is_empty(), "nobody needed a tree");
}

#[test]
fn a_damaged_level_file_and_one_of_another_epoch_are_refused_until_they_are_deleted() {
    let data = Data::new(2);
    let (did, _) = some(&data.artefact(0));
    let expected = data.proven(&[&did, "--epoch", "0"]);
    let file = data.level_file(0);
    let whole = std::fs::read(&file).unwrap();

    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    data.proven(&[&did, "--epoch", "1"]);
    let of_another = std::fs::read(data.level_file(1)).unwrap();
    assert_eq!(of_another.len(), whole.len());
    for (wrong, fault) in [
        (&flipped[..], "a node of tree 0, level 7 does not lead to the committed root"),
        (&of_another, "another epoch's"),
        (&whole[..whole.len() - 1], "bytes where the committed trees take"),
        (b"", "no level file of this version"),
    ] {
        std::fs::write(&file, wrong).unwrap();
        for arguments in [&[&did[..], "--epoch", "0"][..], &["--all", "--epoch", "0", "--out", "all.jsonl"]] {
            let said = data.refused(arguments, 1);
            assert!(said.contains(fault) && said.contains("delete this file, it is made anew"), "{said}");
        }
        assert!(!data.0.path().join("all.jsonl").exists());
    }
    std::fs::remove_file(&file).unwrap();
    assert_eq!(data.proven(&[&did, "--epoch", "0"]), expected);
    assert_eq!(std::fs::read(&file).unwrap(), whole, "made anew");
}

#[test]
fn payouts_that_do_not_lead_to_the_statement_leave_no_level_file() {
    let data = Data::new(1);
    let artefact = data.artefact(0);
    let (did, _) = some(&artefact);
    let honest = artefact.payouts().unwrap();
    let alter = |alter: &dyn Fn(&mut Vec<payout::Payout>)| {
        let mut payouts = honest.clone();
        alter(&mut payouts);
        made::write_payouts(&artefact.folder, payouts);
        let said = data.refused(&[&did, "--epoch", "0"], 1);
        assert!(names(&data.trees()).is_empty(), "{said}");
        said
    };
    let altered = "does not lead to the committed trees";
    assert!(alter(&|payouts| payouts[5].amount += 1).contains(altered));
    assert!(alter(&|payouts| payouts.truncate(999)).contains(altered), "the last share is away");
    assert!(alter(&|payouts| drop(payouts.remove(0))).contains("leaf 1 where leaf 0 is due"));
    assert!(alter(&|payouts| payouts[0].payee = [8; 32]).contains(altered));
    let swapped = alter(&|payouts| {
        let (first, second) = (payouts[0].index, payouts[1].index);
        (payouts[0].index, payouts[1].index) = (second, first);
    });
    assert!(swapped.contains("leaf 1 where leaf 0 is due"), "{swapped}");
}

#[test]
fn a_share_altered_beside_a_good_level_file_is_found() {
    let data = Data::new(1);
    let artefact = data.artefact(0);
    let (did, _) = some(&artefact);
    data.proven(&[&did, "--epoch", "0"]);
    let mut payouts = artefact.payouts().unwrap();
    payouts.iter_mut().find(|payout| payout.did == did).unwrap().amount += 1;
    made::write_payouts(&artefact.folder, payouts.clone());
    assert!(data.refused(&[&did, "--epoch", "0"], 1).contains("do not add up to the committed total"));
    assert!(data.refused(&["--all"], 1).contains("not the share of leaf"));
    payouts.pop();
    payouts.pop();
    made::write_payouts(&artefact.folder, payouts);
    data.refused(&["--all", "--out", "all.jsonl"], 1);
    assert!(!data.0.path().join("all.jsonl").exists());
}

#[test]
fn a_kill_leaves_no_half_file_under_the_name() {
    let data = Data::new(1);
    let (did, _) = some(&data.artefact(0));
    for point in ["levels.level_written:1", "levels.level_written:2", "levels.before_rename"] {
        let killed = data.prove(&[&did], &[("RADIO_PAYOUTS_CRASH_AT", point)]);
        assert_eq!(killed.status.code(), None, "{point} was not reached: {killed:?}");
        assert!(!data.level_file(0).exists(), "{point}");
    }
    assert_eq!(names(&data.trees()).len(), 3, "temporary files, which do no harm");
    data.proven(&[&did]);
    assert!(data.level_file(0).exists());
    // What is old is nobody's work any more.
    for name in names(&data.trees()).iter().filter(|name| name.starts_with(".tmp")) {
        let left_over = std::fs::File::options().write(true).open(data.trees().join(name)).unwrap();
        left_over.set_modified(std::time::UNIX_EPOCH).unwrap();
    }
    std::fs::remove_file(data.level_file(0)).unwrap();
    data.proven(&[&did]);
    assert_eq!(names(&data.trees()).len(), 1);
}

#[test]
fn one_proof_is_the_same_from_the_level_file_and_from_memory() {
    let data = Data::new(2);
    let artefact = data.artefact(1);
    let (did, _) = some(&artefact);
    let from_memory = data.proven(&[&did, "--no-cache"]);
    assert!(names(&data.trees()).is_empty());
    assert_eq!(data.proven(&[&did]), from_memory);
    assert_eq!(names(&data.trees()).len(), 1);
    let bundle: ProofBundle = serde_json::from_slice(&from_memory).unwrap();
    bundle.check().unwrap();
    assert_eq!((bundle.statement.epoch, &bundle.share.did), (1, &did), "the last epoch that has it");
    let forest = artefact.forest(&artefact.payouts().unwrap()).unwrap();
    assert_eq!(Some(bundle.nodes()), forest.proof(bundle.share.index));
}

#[test]
fn all_proofs_are_those_that_are_found_one_by_one() {
    let data = Data::new(1);
    let artefact = data.artefact(0);
    let to_stdout = data.proven(&["--all"]);
    let ran = data.prove(&["--all", "--epoch", "0", "--out", "all.jsonl"], &[]);
    assert!(ran.status.success() && ran.stdout.is_empty(), "{ran:?}");
    assert!(String::from_utf8_lossy(&ran.stderr).contains("all.jsonl has 900 proofs of epoch 0"), "{ran:?}");
    assert_eq!(std::fs::read(data.0.path().join("all.jsonl")).unwrap(), to_stdout);
    data.refused(&["--all", "--out", "all.jsonl"], 2);

    let levels = levels::open(&artefact, &data.trees(), |_| ()).unwrap();
    let paid = artefact.payouts().unwrap().into_iter().filter(|payout| payout.index.is_some());
    let mut lines = to_stdout.split_inclusive(|byte| *byte == b'\n');
    for payout in paid {
        let one = proof::of(&artefact, &payout.did, |index| levels.proof(index)).unwrap().unwrap();
        let line = format!("{}\n", serde_json::to_string(&one).unwrap());
        assert_eq!(lines.next(), Some(line.as_bytes()), "{}", payout.did);
    }
    assert_eq!(lines.next(), None);
}

#[test]
fn all_proofs_of_several_groups_come_in_order_and_hold() {
    let folder = tempfile::tempdir().unwrap();
    let count = 5 * (1 << 14) + 77;
    let artefact = made::artefact(&folder.path().join("epoch"), 3, count, true);
    let mut told = 0;
    let levels = levels::open(&artefact, &folder.path().join("trees"), |more| told += more).unwrap();
    assert_eq!((told, levels.leaves()), (u64::from(count), count));
    let (mut text, mut told) = (Vec::new(), 0);
    assert_eq!(proof::write_all(&artefact, &levels, &mut text, |more| told += more).unwrap(), u64::from(count));
    assert_eq!(told, u64::from(count));
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    assert_eq!(lines.len(), count as usize + 1);
    for at in (0..count as usize).step_by(811).chain([count as usize - 1]) {
        let bundle: ProofBundle = serde_json::from_slice(lines[at]).unwrap();
        assert_eq!(bundle.share.index as usize, at);
        bundle.check().unwrap();
    }
    // A disk that is full stops it.
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    assert!(proof::write_all(&artefact, &levels, full, |_| ()).is_err());
}
