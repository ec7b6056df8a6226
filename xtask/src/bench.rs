//! `cargo xtask bench`: measures, and writes the tables of docs/benchmarks.md.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use clap::Args;

use crate::{build_program, process, workspace::Workspace};

const PAGE: &str = "docs/benchmarks.md";

/// Programs that print one section of the page as Markdown: its name, the package, the example.
const MEASURERS: &[(&str, &str, &str)] =
    &[("compute-units", "radio_payouts", "compute_units"), ("settler", "radio-payouts-settler", "benchmark")];

/// Measure, and refresh the tables in docs/benchmarks.md.
///
/// Runs the protocol's benchmarks, then the programs that measure compute units and the settler. Each fills the
/// section of the page between `<!-- begin NAME -->` and `<!-- end NAME -->`; all else on the page is left alone.
#[derive(Debug, Args)]
pub struct Bench {
    /// Measure this section only: protocol, compute-units or settler.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
}

impl Bench {
    /// Runs the command.
    pub fn run(&self) -> Result<()> {
        let workspace = Workspace::of_this_project()?;
        let page = workspace.root.join(PAGE);
        let wanted = |section: &str| self.only.as_deref().is_none_or(|only| only == section);
        if wanted("protocol") {
            let mut bench = process::cargo();
            bench.current_dir(&workspace.root).args(["bench", "--quiet", "--package", "radio-payouts-protocol"]);
            bench.args(["--features", "parallel", "--bench", "protocol"]);
            put(&page, "protocol", &process::stdout_of(&mut bench)?)?;
        }
        let program = build_program::ensure_program(&workspace)?;
        for (section, package, example) in MEASURERS {
            if !wanted(section) {
                continue;
            }
            if !workspace.package(package)?.has_example(example) {
                eprintln!("xtask: no example `{example}` in {package} yet: section {section} is left as it is");
                continue;
            }
            let mut measurer = process::cargo();
            measurer.current_dir(&workspace.root).env(build_program::PROGRAM_FILE, &program);
            measurer.args(["run", "--release", "--package", package, "--example", example]);
            put(&page, section, &process::stdout_of(&mut measurer)?)?;
        }
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
