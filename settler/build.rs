//! Puts the dashboard's built files into the settler, if there are any.
//!
//! They are taken from the folder that `RADIO_PAYOUTS_DASHBOARD` names, or else from `app/dist` of the workspace. Without either
//! the settler is built all the same, and says at `/` how to build the page.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-env-changed=RADIO_PAYOUTS_DASHBOARD");
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let named = env::var_os("RADIO_PAYOUTS_DASHBOARD").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    // Cargo looks at a folder that is not there with every build; its parent tells when it appears.
    let folder = named.clone().unwrap_or_else(|| manifest.join("../app/dist"));
    if folder.is_dir() {
        println!("cargo::rerun-if-changed={}", folder.display());
    } else if named.is_some() {
        return Err(io::Error::other(format!("RADIO_PAYOUTS_DASHBOARD: there is no folder {}", folder.display())));
    } else {
        println!("cargo::rerun-if-changed={}", nearest(&folder).display());
    }
    let mut files = Vec::new();
    if folder.is_dir() {
        collect(&folder.canonicalize()?, "", &mut files)?;
    }
    files.sort();
    let mut source = String::from("/// Name and content of every file of the dashboard, by name.\n");
    source.push_str("pub static FILES: &[(&str, &[u8])] = &[\n");
    for (name, path) in files {
        // Writing to a string cannot fail.
        let _ = writeln!(source, "    ({name:?}, include_bytes!({path:?})),");
    }
    source.push_str("];\n");
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("dashboard_files.rs"), source)
}

/// The nearest folder above that is there.
fn nearest(folder: &Path) -> &Path {
    folder.ancestors().skip(1).find(|above| above.is_dir()).unwrap_or(folder)
}

/// Every file below `folder`, by its path with slashes.
fn collect(folder: &Path, before: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|name| io::Error::other(format!("{name:?} is no UTF-8")))?;
        let name = if before.is_empty() { name } else { format!("{before}/{name}") };
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &name, files)?;
        } else {
            println!("cargo::rerun-if-changed={}", entry.path().display());
            files.push((name, entry.path()));
        }
    }
    Ok(())
}
