//! What a built program's ELF header says.

use anyhow::{Result, ensure};

/// The sBPF version an executable is for: `v0` to `v3`.
pub fn sbpf_version(program: &[u8]) -> Result<String> {
    ensure!(program.starts_with(b"\x7fELF\x02\x01"), "not a 64-bit little-endian ELF file");
    let flags = program.get(48..52).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    match flags {
        Some(version) => Ok(format!("v{version}")),
        None => anyhow::bail!("the ELF header is cut off"),
    }
}
