//! Reports: refusals, the audit's end, figures that are those of the folders, and text of others that stays text.

use radio_payouts_settler::artefact::Artefact;
use radio_payouts_settler::epoch::standing::NOTICE;
use radio_payouts_settler::words::amount::bloom;

use crate::export::{HOSTILE, settled};
use crate::world::{World, copy_folder, did};

#[test]
fn a_contributor_is_asked_about_only_where_there_is_one() {
    let world = settled();
    for subject in ["audit", "performance"] {
        let refused = world.run(0, &["report", subject, "--did", &did(0)]).expect(2);
        assert!(refused.stderr.contains("--did is for"), "{refused:?}");
    }
    for (subject, words) in [("contribution", "delivered nothing"), ("payout", "is in none of these epochs")] {
        let refused = world.run(0, &["report", subject, "--did", &did(9)]).expect(2);
        assert!(refused.stderr.contains(words), "{refused:?}");
        let refused = world.run(0, &["report", subject, "--did", &did(2), "--epochs", "0"]).expect(2);
        assert!(refused.stderr.contains(words), "{refused:?}");
    }
}

#[test]
fn an_audit_of_a_tampered_folder_is_written_names_the_difference_and_ends_with_3() {
    let world = settled();
    let copy = world.folder.path().join("copy");
    copy_folder(&world.settlers[0].data.join("epochs"), &copy);
    let out = world.folder.path().join("audit.html");
    let audit = |more: &[&str]| {
        let place = ["report", "audit", "--from", copy.to_str().unwrap()];
        world.run(0, &[&place[..], more].concat())
    };
    let good = audit(&[]).expect(0).stdout;
    assert!(good.contains("✓ equal") && !good.contains("DIFFERS") && !good.contains("not checked"), "{good}");

    let csv = std::fs::read_to_string(copy.join("epoch-000001/payouts.csv")).unwrap();
    let line = csv.lines().nth(2).unwrap();
    let (head, tail) = line.rsplit_once(',').unwrap();
    std::fs::write(copy.join("epoch-000001/payouts.csv"), csv.replace(line, &format!("{head}9,{tail}"))).unwrap();
    let ran = audit(&["--format", "html", "--out", out.to_str().unwrap()]).expect(3);
    assert!(ran.stderr.contains("payouts.csv") && ran.stderr.contains("epoch 1"), "{ran:?}");
    let page = std::fs::read_to_string(&out).unwrap();
    assert!(
        page.contains("✗ DIFFERS") && page.contains("payouts.csv: differs from byte"),
        "the report is written all the same"
    );
    let text = audit(&[]).expect(3).stdout;
    assert_eq!(text.matches("✗ DIFFERS").count(), 3, "at the top, of epoch 1's files, and the file: {text}");

    // What `verify` says of it is the same.
    let folder = copy.join("epoch-000001");
    let verified = world.run(0, &["verify", folder.to_str().unwrap()]).expect(3);
    let difference = verified.stderr.trim().strip_prefix("error: ").unwrap();
    assert!(ran.stderr.contains(difference), "{difference}: {ran:?}");
    assert!(
        page.contains(
            &difference.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
        )
    );

    // A manifest that cannot be read, and a batch that is missing, are differences too; the other epoch is still verified.
    let name = format!("batches/{}.ndjson", hex::encode(world.sfus[0].key.verifying_key().to_bytes()));
    for (file, change, words) in [
        (name.as_str(), "", "is listed in batches/verdicts.csv and missing"),
        ("manifest.json", "{}", "manifest.json: not a manifest"),
    ] {
        std::fs::write(copy.join("epoch-000000").join(file), change).unwrap();
        let ran = audit(&[]).expect(3);
        assert!(ran.stderr.contains("epoch 0") && ran.stderr.contains(words), "{file}: {ran:?}");
        assert!(ran.stdout.contains("not reached") && ran.stdout.contains("## Epoch 1"), "{file}: {}", ran.stdout);
    }
}

#[test]
fn an_audit_lists_every_check_of_the_verification() {
    let world = settled();
    let checks = world.run(0, &["verify", "1", "-o", "json"]).expect(0).json()["checks"].clone();
    let checks = checks.as_array().unwrap();
    let groups: std::collections::BTreeSet<_> = checks.iter().map(|check| check["group"].as_str().unwrap()).collect();
    assert_eq!(groups.len(), 10, "{groups:?}");
    assert!(checks.iter().all(|check| check["ending"] == "equal"), "{checks:?}");
    let text = world.run(0, &["report", "audit", "--epochs", "1"]).expect(0).stdout;
    assert!(text.contains(&format!("All {} checks hold", checks.len())), "{text}");
    let plain = text.replace('\\', "");
    for check in checks {
        let (what, detail) = (check["what"].as_str().unwrap(), check["detail"].as_str().unwrap());
        assert!(plain.contains(what) && plain.contains(detail), "{check}");
    }
    for field in ["statement", "pool", "payouts[0].root", "params.rate", "max_bytes_per_epoch", "receipts.parquet"] {
        assert!(plain.contains(field), "{field}");
    }
    let offline = world.run(0, &["report", "audit", "--epochs", "1", "--offline"]).expect(0).stdout;
    assert!(offline.contains("the chain was not asked"), "{offline}");

    // What is not posted yet cannot be audited against the chain, and that is said.
    let mut alone = World::new(2, 2);
    let envelopes = alone.batches(0, 3);
    alone.pass(0);
    alone.ingest(0, &envelopes);
    alone.run(0, &["settle", "--due"]).expect(0);
    let ran = alone.run(0, &["report", "audit"]).expect(1);
    assert!(ran.stderr.contains("no root of epoch 0 is in force"), "{ran:?}");
    assert!(ran.stdout.contains("– not checked") && ran.stdout.contains("no root in force"), "{}", ran.stdout);
}

/// The cells of a Markdown table's row that begins with these.
fn row(text: &str, begins: &[&str]) -> Vec<String> {
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split(" | ").map(|cell| cell.trim().replace(['\\', '`'], "")).collect()
    };
    let found = text
        .lines()
        .filter(|line| line.starts_with("| "))
        .map(cells)
        .find(|row| row.iter().zip(begins).all(|(cell, begins)| cell == begins));
    found.unwrap_or_else(|| panic!("no row {begins:?} in {text}"))
}

#[test]
fn the_figures_are_those_of_the_folders() {
    let world = settled();
    let artefact = Artefact::open(&world.epoch_folder(0, 1)).unwrap();
    let (totals, statement) = (&artefact.manifest.totals, &artefact.manifest.statement);
    let payouts = artefact.payouts().unwrap();

    let payout = world.run(0, &["report", "payout", "--epochs", "1"]).expect(0).stdout;
    assert!(payout.contains(NOTICE), "{payout}");
    let pool = row(&payout, &["1", "provisional (posted)"]);
    assert_eq!(pool[2..4], [totals.bytes.to_string(), totals.paid_bytes.to_string()]);
    assert_eq!(pool[7], bloom(statement.pool));
    let parts = row(&payout, &["1", &payouts.iter().filter(|payout| payout.index.is_some()).count().to_string()]);
    assert_eq!(parts[3..5], [bloom(totals.allocated_base_units), bloom(totals.unallocated_base_units)]);
    for one in payouts.iter().filter(|payout| payout.index.is_some()) {
        assert_eq!(row(&payout, &[&one.did, "1"])[2], bloom(one.amount));
    }

    let mine = payouts.iter().max_by_key(|payout| payout.amount).unwrap();
    let arithmetic = world.run(0, &["report", "payout", "--epochs", "1", "--did", &mine.did]).expect(0).stdout;
    assert_eq!(row(&arithmetic, &["effective bytes = floor(that / 10^12)"])[1], mine.effective_bytes.to_string());
    let part = format!("floor({} × {} / {})", statement.pool, mine.effective_bytes, totals.effective_bytes);
    assert_eq!(row(&arithmetic, &["part of the pool", &part]).len(), 3);
    assert_eq!(row(&arithmetic, &["that is, BLOOM"])[1], bloom(mine.amount));

    let contribution = world.run(0, &["report", "contribution", "--epochs", "1"]).expect(0).stdout;
    assert_eq!(row(&contribution, &["accepted bytes"])[1], totals.bytes.to_string());
    assert_eq!(row(&contribution, &["seeder"])[1], totals.bytes.to_string());
    assert_eq!(row(&contribution, &["track", &world.sfus[0].did()])[2], totals.bytes.to_string());
    for one in &payouts {
        assert_eq!(row(&contribution, &[&one.did])[1], one.bytes.to_string());
    }

    let performance = world.run(0, &["report", "performance"]).expect(0).stdout;
    let sfu = row(&performance, &[&world.sfus[0].did(), "12"]);
    // 8 windows of ten seconds in epoch 0, 4 in epoch 1, of 600 s.
    assert_eq!(sfu[1..], ["12", "0", "0", "0", "0", "120", "20.00 %"]);
    assert_eq!(row(&performance, &["receipt", "no_contributors"])[2], HOSTILE.len().to_string());
    let confirmed = row(&performance, &["1", "provisional (posted)"]);
    assert_eq!(confirmed[3], "60", "the grace: {confirmed:?}");
    let posted = performance.lines().filter(|line| line.contains("| landed |")).count();
    assert_eq!(posted, 2, "{performance}");
    let is_run = |line: &&str| (line.starts_with("| 0 | 2") || line.starts_with("| 1 | 2")) && line.contains(" UTC |");
    let stages = performance.lines().filter(is_run).count();
    assert_eq!(stages, 2, "both settlements were timed: {performance}");
}

#[test]
fn hostile_text_is_nothing_but_text() {
    let world = settled();
    for subject in ["contribution", "payout", "audit", "performance"] {
        let page = world.run(0, &["report", subject, "--format", "html"]).expect(0).stdout;
        assert!(page.starts_with("<!DOCTYPE html>") && page.contains(NOTICE));
        for bad in
            ["<script", "<img", "<iframe", "<link", "@import", "url(", "src=\"", "onerror=e>", "\u{202e}", "\u{2028}"]
        {
            assert!(!page.contains(bad), "{subject}: {bad:?}");
        }
        let addresses: Vec<&str> = page.match_indices("href=\"").map(|(at, _)| &page[at + 6..at + 7]).collect();
        assert!(addresses.iter().all(|first| *first == "#"), "{subject}: only links into the page itself");
        if subject == "contribution" {
            for shown in ["&lt;/td&gt;&lt;script&gt;alert(1)&lt;/script&gt;", "\\u{202e}gnp.exe", "=HYPERLINK(&quot;"] {
                assert!(page.contains(shown), "{shown}");
            }
        }
        let text = world.run(0, &["report", subject]).expect(0).stdout;
        let unescaped = without_escaped(&text);
        for bad in ["<script", "<img", "](javascript", "://", "www.", "\u{202e}", "\u{2028}"] {
            assert!(!unescaped.contains(bad), "{subject}: {bad:?}");
        }
        let widths: Vec<(usize, usize)> = tables(&text);
        assert!(!widths.is_empty() && widths.iter().all(|(head, row)| head == row), "{subject}: {text}");
    }
}

/// Markdown without the characters that a backslash makes plain text of.
fn without_escaped(text: &str) -> String {
    let mut characters = text.chars();
    let mut rest = String::new();
    while let Some(character) = characters.next() {
        if character == '\\' {
            characters.next();
            rest.push(' ');
        } else {
            rest.push(character);
        }
    }
    rest
}

/// Columns of each table's head and of each of its rows: a pipe in a text must not make one more.
fn tables(text: &str) -> Vec<(usize, usize)> {
    let count = |line: &str| without_escaped(line).matches('|').count();
    let (mut found, mut head) = (Vec::new(), None);
    for line in text.lines() {
        if !line.starts_with('|') {
            head = None;
            continue;
        }
        let head = *head.get_or_insert_with(|| count(line));
        found.push((head, count(line)));
    }
    found
}

/// Hashes and DIDs of this run's deployment, which is another in each.
fn masked(text: &str) -> String {
    let mut masked = String::new();
    let mut word = String::new();
    for character in text.chars().chain(['\n']) {
        if character.is_ascii_hexdigit() {
            word.push(character);
            continue;
        }
        masked.push_str(if word.len() == 64 { "HASH" } else { &word });
        word.clear();
        masked.push(character);
    }
    masked.pop();
    masked
}

#[test]
fn the_reports_of_the_demos_first_epoch_are_the_ones_that_are_kept() {
    let world = World::new(1, 1);
    let folder = world.folder.path().join("demo");
    world.run(0, &["demo", "--folder", folder.to_str().unwrap()]).expect(0);
    let data = folder.join("data");
    let kept = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for subject in ["contribution", "payout"] {
        let place = ["--data", data.to_str().unwrap(), "--epochs", "0", "--offline"];
        let report = world.run(0, &[&["report", subject][..], &place].concat()).expect(0).stdout;
        let path = kept.join(format!("{subject}-of-demo-epoch-0.md"));
        if std::env::var_os("RADIO_PAYOUTS_KEEP_GOLDEN").is_some() {
            std::fs::write(&path, masked(&report)).unwrap();
        }
        assert_eq!(masked(&report), std::fs::read_to_string(&path).unwrap(), "{}", path.display());
    }
    // All epochs of the demo, whole, against its chain.
    let chain = format!("embedded:{}", folder.join("chain").display());
    let all = ["report", "audit", "--data", data.to_str().unwrap(), "--url", &chain];
    let audit = world.run(0, &all).expect(0).stdout;
    assert!(audit.contains("for each of 3 epochs"), "{audit}");
}
