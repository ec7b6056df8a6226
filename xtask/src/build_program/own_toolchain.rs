//! The project's own way to a program: Debian's compiler, a patched standard library and `sbpf-linker`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{cache::Cache, digest::Digest, process, setup::OwnToolchain, workspace::Package};

const TARGET: &str = include_str!("sbpf-solana.json");
const TARGET_NAME: &str = "sbpf-solana";

/// The release profile of a program, whatever the workspace's own says.
const PROFILE: &[&str] = &[
    "profile.release.opt-level=3",
    "profile.release.lto=\"fat\"",
    "profile.release.codegen-units=1",
    "profile.release.overflow-checks=true",
    "profile.release.debug=false",
];

/// rustc's flags, the linker's path apart.
const FLAGS: &[&str] = &[
    // Ordinary panicking needs writable statics, which sBPF has not.
    "-Zunstable-options",
    "-Cpanic=immediate-abort",
    "-Crelocation-model=static",
    // The VM has no atomics.
    "-Cpasses=lower-atomic",
    "-Clink-arg=--export=entrypoint",
    // The inliner does not know of the VM's 4 KB frames: keep it modest, in rustc and in the linker.
    "-Clink-arg=--llvm-args=-bpf-stack-size=4096",
    "-Cllvm-args=-inline-threshold=10",
    "-Clink-arg=--llvm-args=-inline-threshold=10",
];

/// Changes whenever another compiler, library, linker, target, profile or flag would be used.
pub fn digest(toolchain: &OwnToolchain) -> String {
    let mut digest = Digest::default();
    digest.add("toolchain", toolchain.stamp.as_bytes()).add("target", TARGET.as_bytes());
    digest.add("profile", PROFILE.join(" ").as_bytes()).add("flags", FLAGS.join(" ").as_bytes());
    digest.finish()
}

/// Compiles the package and returns where its `.so` is.
pub fn build(toolchain: &OwnToolchain, cache: &Cache, package: &Package) -> Result<PathBuf> {
    let program = package.program_name()?;
    let target = cache.root().join(TARGET_NAME).with_extension("json");
    write_if_different(&target, TARGET)?;

    let mut cargo = process::cargo();
    cargo.args(["build", "--release", "--lib", "--package", &package.name, "--manifest-path"]).arg(package.manifest());
    cargo.args(["-Zjson-target-spec", "-Zbuild-std=core,alloc,std", "-Zbuild-std-features=compiler-builtins-mem"]);
    cargo.arg("--target").arg(&target);
    for setting in PROFILE {
        cargo.args(["--config", setting]);
    }
    let linker = format!("-Clinker={}", toolchain.linker.display());
    let flags: Vec<_> = std::iter::once(linker.as_str()).chain(FLAGS.iter().copied()).collect();
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}")).env_remove("RUSTFLAGS");
    cargo.env("CARGO_TARGET_DIR", cache.sbf_target());
    cargo.env("RUSTC", &toolchain.rustc).env("RUSTC_BOOTSTRAP", "1").env("RUSTC_BOOTSTRAP_SYNTHETIC_TARGET", "1");
    cargo.env_remove("RUSTC_WRAPPER").env("__CARGO_TESTS_ONLY_SRC_ROOT", &toolchain.library);
    process::run(&mut cargo).context(
        "the program does not build. If the linker said \"BPF stack limit is exceeded\", a function's frame is larger than \
         the VM's 4 KB: put its large values into a Box",
    )?;
    Ok(cache.sbf_target().join(TARGET_NAME).join("release").join(format!("lib{program}.so")))
}

fn write_if_different(path: &Path, content: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|present| present == content) {
        return Ok(());
    }
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}
