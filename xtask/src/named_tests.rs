//! The tests that documentation names: each must exist, and each claim must name one.
//!
//! A name in backticks with four underscores or more is a test's: nothing else on these pages is that long. In a table with a
//! column "stopped by", "guard" or "test", every row that says something there names at least one test.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The pages whose claims are proven by tests.
const PAGES: [&str; 2] = ["docs/threat-model.md", "docs/governance.md"];
/// Heads of columns that claim something.
const CLAIMS: [&str; 3] = ["stopped by", "guard", "test"];

/// The names of all tests of the workspace.
fn tests_of(root: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders: Vec<PathBuf> =
        ["crates", "programs", "settler", "tests", "xtask"].map(|name| root.join(name)).into();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.extend(tests_in(&fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}

fn tests_in(source: &str) -> Vec<String> {
    let (mut found, mut is_test) = (Vec::new(), false);
    for line in source.lines().map(str::trim_start) {
        is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        let name = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        if let Some(name) = name.filter(|_| is_test) {
            found.push(name.chars().take_while(|letter| *letter == '_' || letter.is_ascii_alphanumeric()).collect());
            is_test = false;
        }
    }
    found
}

/// Whether a word in backticks can be nothing but a test's name.
fn is_test_name(word: &str) -> bool {
    let is_name = word.chars().all(|letter| letter == '_' || letter.is_ascii_lowercase() || letter.is_ascii_digit());
    is_name && word.matches('_').count() >= 4
}

fn in_backticks(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Rows that claim something and name no test.
fn unproven<'a>(text: &'a str, tests: &BTreeSet<String>) -> Vec<&'a str> {
    let mut rows = Vec::new();
    let mut column: Option<Option<usize>> = None;
    for line in text.lines() {
        let Some(row) = line.strip_prefix('|') else {
            column = None;
            continue;
        };
        let cells: Vec<&str> = row.trim_end_matches('|').split('|').map(str::trim).collect();
        let Some(claims) = column else {
            column = Some(cells.iter().position(|cell| CLAIMS.contains(cell)));
            continue;
        };
        let claim = claims.and_then(|place| cells.get(place)).copied().unwrap_or_default();
        let says_something = !claim.trim_matches('-').is_empty();
        if says_something && !in_backticks(claim).any(|word| tests.contains(word)) {
            rows.push(line);
        }
    }
    rows
}

#[test]
fn every_test_that_a_page_names_exists_and_every_claim_names_one() {
    // At run time, not at compile time: several clones may share a target folder.
    let package = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
    let root = package.parent().unwrap();
    let tests = tests_of(root);
    assert!(tests.len() > 200, "{}", tests.len());
    for page in PAGES {
        let text = fs::read_to_string(root.join(page)).unwrap();
        let named: Vec<&str> = in_backticks(&text).filter(|word| is_test_name(word)).collect();
        assert!(named.len() > 20, "{page} names {} tests", named.len());
        let missing: Vec<_> = named.into_iter().filter(|name| !tests.contains(*name)).collect();
        assert!(missing.is_empty(), "{page} names tests that do not exist: {missing:#?}");
        let unproven = unproven(&text, &tests);
        assert!(unproven.is_empty(), "{page} has claims without a test: {unproven:#?}");
    }
}

#[test]
fn a_row_without_a_test_is_found() {
    let source =
        "    #[test]\n    fn one_two_three_four_five() {\n#[test]\n#[should_panic]\nfn other() {}\nfn helper() {}\n";
    let tests = tests_in(source).into_iter().collect();
    assert_eq!(tests, BTreeSet::from(["one_two_three_four_five".to_owned(), "other".to_owned()]));
    let table =
        "| can try | stopped by | remains |\n| --- | --- | --- |\n| a | b (`other`) | |\n| a | | c |\n| x | y | |\n";
    assert_eq!(unproven(table, &tests), ["| x | y | |"]);
    assert_eq!(unproven("| claim | test |\n| --- | --- |\n| x | `none` |\n", &tests), ["| x | `none` |"]);
    assert_eq!(unproven("| a | b |\n| --- | --- |\n| x | y |\n", &tests), [""; 0]);
    assert!(is_test_name("one_two_three_four_five") && !is_test_name("max_kbps_per_recipient"));
}
