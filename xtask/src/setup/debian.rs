//! Debian packages.

use std::path::Path;

use anyhow::{Result, bail};

use crate::process;

/// The compiler for the program, and what C and C++ libraries in the dependency tree are built with.
const FOR_ALL: &[&str] = &["rustc-web", "rust-web-src", "zlib1g-dev", "libzstd-dev", "g++", "make", "pkg-config"];

/// The Python that unpacks LLVM's libraries and Node.js; needed only until the linker is built and Node.js is there.
const PYTHON: &[&str] = &["python3", "python3-venv"];

/// RocksDB's bindings, protocol buffers, and OpenSSL from source.
const FOR_THE_VALIDATOR: &[&str] = &["libclang-dev", "clang", "protobuf-compiler", "perl"];

/// The browser that looks at the dashboard in tests, and letters for it to write.
const CHROMIUM: &[&str] = &["chromium", "fonts-dejavu-core"];

/// The virtual machine that Spark runs on.
const JAVA: &[&str] = &["openjdk-17-jre-headless"];

/// What to install packages for, besides the program itself.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// The linker has still to be built.
    pub linker: bool,
    /// The validator in the test process is wanted.
    pub validator: bool,
}

/// Installs what is missing; does nothing, and needs no rights, when nothing is.
pub fn ensure_packages(wanted: Wanted) -> Result<()> {
    let mut packages = FOR_ALL.to_vec();
    if wanted.linker {
        packages.extend(PYTHON);
    }
    if wanted.validator {
        packages.extend(FOR_THE_VALIDATOR);
    }
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!(
            "this system has no apt-get. Do one of these and run the command again:\n\
             \x20 - install the Solana tools (`cargo build-sbf` with its platform tools): they are used when present;\n\
             \x20 - use Debian 12 or a container of it, with: {}",
            packages.join(" ")
        );
    }
    install_missing(&packages)
}

/// Installs the Python that unpacks wheels.
pub fn ensure_python() -> Result<()> {
    ensure_alone(PYTHON)
}

/// Installs the browser.
pub fn ensure_chromium() -> Result<()> {
    ensure_alone(CHROMIUM)
}

/// Installs Java.
pub fn ensure_java() -> Result<()> {
    ensure_alone(JAVA)
}

fn ensure_alone(packages: &[&str]) -> Result<()> {
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!("this system has no apt-get: install {} in its own way", packages.join(" and "));
    }
    install_missing(packages)
}

fn install_missing(packages: &[&str]) -> Result<()> {
    let missing: Vec<_> = packages.iter().copied().filter(|package| !is_installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("xtask: installing Debian packages: {}", missing.join(" "));
    // One unreachable source among many is no reason to stop; a package that then cannot be had is.
    if let Err(error) = process::run(apt_get()?.arg("update")) {
        eprintln!("xtask: {error:#}; going on with the package lists as they are");
    }
    let unknown: Vec<_> = missing.iter().copied().filter(|package| !is_known(package)).collect();
    if !unknown.is_empty() {
        bail!(
            "apt knows no package {}. The toolchain is that of Debian 12 (bookworm) with its security updates; elsewhere, \
             install the Solana tools, whose `cargo build-sbf` is used when present",
            unknown.join(" ")
        );
    }
    process::run(apt_get()?.args(["install", "--yes", "--no-install-recommends"]).args(missing))
}

fn is_installed(package: &str) -> bool {
    let mut query = process::command("dpkg-query");
    query.args(["--show", "--showformat", "${db:Status-Abbrev}", package]);
    process::answer_of(&mut query).is_some_and(|status| status.starts_with("ii"))
}

fn is_known(package: &str) -> bool {
    let policy = process::answer_of(process::command("apt-cache").args(["policy", package]));
    policy.is_some_and(|policy| policy.lines().any(|line| line.contains("Candidate:") && !line.contains("(none)")))
}

fn apt_get() -> Result<std::process::Command> {
    let is_root = process::answer_of(process::command("id").arg("-u")).is_some_and(|id| id.trim() == "0");
    let mut command = if is_root {
        process::command("apt-get")
    } else if process::answer_of(process::command("sudo").arg("--version")).is_some() {
        let mut sudo = process::command("sudo");
        sudo.arg("apt-get");
        sudo
    } else {
        bail!(
            "packages are missing, this user is not root, and there is no sudo: run `cargo xtask setup` as root once"
        );
    };
    command.env("DEBIAN_FRONTEND", "noninteractive");
    Ok(command)
}
