//! `cargo xtask bench`: measures, and writes the tables of docs/benchmarks.md.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use clap::Args;

use crate::{build_program, process, selection::Selection, setup, workspace::Workspace};

const PAGE: &str = "docs/benchmarks.md";

/// What prints one section of the page as Markdown tables: its name, and the arguments for Cargo.
const MEASURERS: &[(&str, &str)] = &[
    ("protocol", "bench --quiet --package radio-payouts-protocol --features parallel --bench protocol"),
    ("program", "test --quiet --workspace --test program -- --nocapture --test-threads 1 compute_units layout"),
    ("settler", "bench --quiet --package radio-payouts-settler --bench settler"),
    ("forest", "bench --quiet --package radio-payouts-settler --bench forest"),
    ("http", "bench --quiet --package radio-payouts-settler --bench http"),
    (CLAIMS, "bench --quiet --profile dev --workspace --bench claims"),
];

/// The section that needs a validator, and the settler's binary beside it.
const CLAIMS: &str = "claims";

/// Measure, and refresh the tables in docs/benchmarks.md.
///
/// Runs the protocol's benchmarks, the tests that measure the program's compute units and accounts, the settler over
/// an epoch of ten million receipts (15 minutes more for its release build, 8 GB of disk), a forest of ten million leaves with its proofs, its service under load, then ten
/// thousand claims over the RPC of a validator (compiled for debugging, as by `cargo xtask test --all`). Each fills the section of
/// the page between `<!-- begin NAME -->` and `<!-- end NAME -->`; all else on the page is left alone.
#[derive(Debug, Args)]
pub struct Bench {
    /// Measure this section only: protocol, program, settler, forest, http or claims.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
}

impl Bench {
    /// Runs the command.
    pub fn run(&self) -> Result<()> {
        let workspace = Workspace::of_this_project()?;
        let page = workspace.root.join(PAGE);
        let wanted = |section: &str| self.only.as_deref().is_none_or(|only| only == section);
        let program = build_program::ensure_program(&workspace)?;
        if wanted(CLAIMS) {
            setup::ensure_validator_packages()?;
            Selection::All.binary(&workspace, "settler")?;
        }
        for (section, arguments) in MEASURERS.iter().filter(|(section, _)| wanted(section)) {
            let mut measurer = process::cargo();
            measurer.current_dir(&workspace.root).env(build_program::PROGRAM_FILE, &program);
            let printed = process::stdout_of(measurer.args(arguments.split(' ')))?;
            let command = format!("`cargo {arguments}`");
            put(&page, section, &format!("{command}\n\n{}", tables(&printed)))?;
        }
        let bytes = fs::metadata(&program)?.len();
        put(&page, "bytecode", &format!("The program's `.so` has {bytes} bytes."))?;
        println!("{}", page.display());
        Ok(())
    }
}

/// Puts `content` between a section's markers; a section that the page has not is added at its end.
fn put(page: &Path, section: &str, content: &str) -> Result<()> {
    let text = fs::read_to_string(page).unwrap_or_else(|_| "# Benchmarks\n".to_owned());
    fs::create_dir_all(page.parent().unwrap_or(Path::new(".")))?;
    fs::write(page, with_section(&text, section, content)).with_context(|| format!("cannot write {}", page.display()))
}

/// The tables of a program's output, with a blank line between two of them.
fn tables(printed: &str) -> String {
    let mut text = String::new();
    let mut before = false;
    for line in printed.lines() {
        let is_row = line.starts_with('|');
        if is_row {
            text.push_str(line);
            text.push('\n');
        } else if before {
            text.push('\n');
        }
        before = is_row;
    }
    text
}

fn with_section(text: &str, section: &str, content: &str) -> String {
    let (begin, end) = (format!("<!-- begin {section} -->"), format!("<!-- end {section} -->"));
    let block = format!("{begin}\n{}\n{end}", content.trim());
    let present = text.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    match present {
        Some((before, after)) => format!("{before}{block}{after}"),
        None => format!("{}\n\n## {section}\n\n{block}\n", text.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_replaced_and_the_rest_stays() {
        let page = "# B\n<!-- begin a -->\nold\n<!-- end a -->\ntail\n";
        assert_eq!(with_section(page, "a", "new\n"), "# B\n<!-- begin a -->\nnew\n<!-- end a -->\ntail\n");
    }

    #[test]
    fn a_missing_section_is_added() {
        assert_eq!(with_section("# B\n", "a", "x"), "# B\n\n## a\n\n<!-- begin a -->\nx\n<!-- end a -->\n");
    }
}
