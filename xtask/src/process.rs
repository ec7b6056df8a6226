//! Starting other programs: each is shown on stderr before it runs, and a failure names it.

use std::{
    env,
    ffi::OsString,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

/// What Cargo tells the program it runs. Handed on, it would reach rustc (`LD_LIBRARY_PATH`) and build scripts.
const OF_THE_OUTER_CARGO: &[&str] = &[
    "LD_LIBRARY_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH",
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_PATH",
    "CARGO_BIN_NAME",
    "CARGO_CRATE_NAME",
    "CARGO_PRIMARY_PACKAGE",
    "OUT_DIR",
];

/// A command without the outer Cargo's variables.
pub fn command(program: impl Into<OsString>) -> Command {
    let mut command = Command::new(program.into());
    for name in OF_THE_OUTER_CARGO {
        command.env_remove(name);
    }
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_")) {
            command.env_remove(name);
        }
    }
    command
}

/// The Cargo that runs this program: the one that `rust-toolchain.toml` names.
pub fn cargo() -> Command {
    command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs to the end; an exit code other than 0 is an error.
pub fn run(command: &mut Command) -> Result<()> {
    let shown = show(command);
    eprintln!("xtask: $ {shown}");
    let status = command.status().with_context(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status}); its own message is above");
    }
    Ok(())
}

/// Runs to the end and returns what it wrote to stdout; stderr goes to the terminal.
pub fn stdout_of(command: &mut Command) -> Result<String> {
    let shown = show(command);
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot start `{shown}`"))?;
    if !output.status.success() {
        bail!("`{shown}` failed ({})\n{}", output.status, String::from_utf8_lossy(&output.stdout));
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{shown}` wrote something that is not UTF-8"))
}

/// What a question answers (`--version`), or nothing if the program is absent or fails.
pub fn answer_of(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
