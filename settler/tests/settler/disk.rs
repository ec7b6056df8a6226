//! A file system of a few kilobytes in memory, that gets full or read-only as real ones do.

use std::path::Path;
use std::process::Command;

/// A mounted file system; unmounted when it goes.
pub struct Disk(tempfile::TempDir);

impl Disk {
    /// Mounts one of this size; `None`, with a message, where this process may not mount: only root may.
    pub fn mount(size: &str) -> Option<Self> {
        let disk = Self(tempfile::tempdir().unwrap());
        let options = format!("size={size}");
        if run("mount", &["-t", "tmpfs", "-o", &options, "none", disk.name()]) {
            return Some(disk);
        }
        eprintln!("skipped: this process may not mount a file system");
        None
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    fn name(&self) -> &str {
        self.path().to_str().unwrap()
    }

    /// Mounts it anew with another option, such as `ro`.
    pub fn remount(&self, option: &str) {
        assert!(run("mount", &["-o", &format!("remount,{option}"), self.name()]), "{option}");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = run("umount", &[self.name()]);
    }
}

fn run(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}
