//! `radio-payouts-bindgen MODULE FOLDER`: writes a WebAssembly module's JavaScript side and its types.

use std::path::PathBuf;

use anyhow::Context as _;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (module, folder) =
        arguments.next().zip(arguments.next()).context("usage: radio-payouts-bindgen MODULE FOLDER")?;
    let mut bindgen = Bindgen::new();
    bindgen.input_path(module).web(true)?.out_name("radio_payouts_sdk").typescript(true);
    bindgen.remove_name_section(true).remove_producers_section(true).generate(&folder)?;
    // These types are of the module alone, which is bundled as text.
    Ok(std::fs::remove_file(folder.join("radio_payouts_sdk_bg.wasm.d.ts"))?)
}
