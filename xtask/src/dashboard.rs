//! `cargo xtask dashboard`: the page over the demonstration's epochs.

use std::{fs, net::SocketAddr};

use anyhow::{Context, Result};
use clap::Args;

use crate::{build_app, build_program, process, selection::Selection, setup::node, workspace::Workspace};

/// Show the dashboard over the demonstration's epochs.
///
/// Sets up what is missing, builds program, SDK, dashboard and settler, runs `settler demo` into a folder below Cargo's target
/// folder, and serves it with `settler serve` until Ctrl-C. The chain is in a file of that folder, so a page cannot read it over RPC:
/// "Verify in this browser" compares the epoch with its own signed batches.
#[derive(Debug, Args)]
pub struct Dashboard {
    /// Address to serve at.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
}

impl Dashboard {
    /// Runs the command.
    pub fn run(&self) -> Result<()> {
        let workspace = Workspace::of_this_project()?;
        node::ensure()?;
        let program = build_program::ensure_program(&workspace)?;
        let page = build_app::ensure_built(&workspace, false)?;
        let settler = Selection::All.binary(&workspace, "settler")?;
        let folder = workspace.target.join("dashboard-demo");
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let mut demo = process::command(&settler);
        demo.args(["demo", "--output", "json", "--folder"]).arg(&folder).env(build_program::PROGRAM_FILE, &program);
        drop(process::stdout_of(&mut demo)?);
        eprintln!("xtask: the dashboard is at http://{}; Ctrl-C ends it", self.listen);
        let mut serve = process::command(settler);
        serve
            .args(["serve", "--internal", "127.0.0.1:0", "--listen", &self.listen.to_string(), "--dashboard"])
            .arg(page);
        serve.env("RADIO_PAYOUTS_URL", format!("embedded:{}", folder.join("chain").display()));
        serve.env("RADIO_PAYOUTS_DATA", folder.join("data")).env("RADIO_PAYOUTS_DEMO", "true");
        process::run(serve.env(build_program::PROGRAM_FILE, program).current_dir(&folder))
    }
}
