//! `settler config`: what is in force and where it comes from.

use serde::Serialize;

use super::Context;
use crate::config::Source;
use crate::outcome::Outcome;
use crate::output::Table;

/// Arguments of `config`.
#[derive(clap::Args, Debug)]
pub struct Args {}

#[derive(Serialize)]
struct Setting {
    name: &'static str,
    value: Option<String>,
    source: Option<Source>,
}

/// Prints every setting; secrets in addresses as ***.
///
/// # Errors
/// If the configuration says something wrong.
pub fn run(_args: &Args, context: &Context) -> Outcome {
    let config = context.config()?;
    let mut settings = Vec::new();
    let mut add = |name, value: Option<String>, source| {
        let source = value.as_ref().map(|_| source);
        settings.push(Setting { name, value, source });
    };
    let shown = |path: &std::path::PathBuf| path.display().to_string();
    let path_source =
        if context.global.from_environment.contains("config") { Source::Environment } else { Source::CommandLine };
    let path_source = if config.path == std::path::Path::new("settler.toml") { Source::Default } else { path_source };
    let found = if config.found { "" } else { " (not there)" };
    add("config", Some(format!("{}{found}", config.path.display())), path_source);
    let endpoint = config.endpoint.as_ref();
    add("url", endpoint.map(|url| url.value.to_string()), endpoint.map_or(Source::Default, |url| url.source));
    add("genesis_hash", config.genesis_hash.map(|hash| bs58::encode(hash).into_string()), Source::File);
    add("domain", config.domain.map(hex::encode), Source::File);
    add("lookup_table", config.lookup_table.map(|table| table.to_string()), Source::File);
    let keypair = config.keypair.as_ref();
    add("keypair", keypair.map(|key| shown(&key.value)), keypair.map_or(Source::Default, |key| key.source));
    add("authority_keypair", config.authority_keypair.as_ref().map(shown), Source::File);
    add("demo_sfu_keypair", config.demo_sfu_keypair.as_ref().map(shown), Source::File);
    add("data", Some(shown(&config.data.value)), config.data.source);
    add("radio_payouts_demo", Some(config.radio_payouts_demo.value.to_string()), config.radio_payouts_demo.source);
    add("max_priority_fee", Some(config.max_priority_fee.value.to_string()), config.max_priority_fee.source);
    add("rows", Some(config.rows.value.to_string()), config.rows.source);
    add("store", config.store.clone(), Source::File);
    context.output.emit(&settings, |settings| {
        let mut table = Table::new(&["setting", "value", "from"]);
        for setting in settings {
            let source = setting.source.map(|source| source.to_string()).unwrap_or_default();
            table.row([setting.name.to_owned(), setting.value.clone().unwrap_or_else(|| "-".to_owned()), source]);
        }
        table.to_string()
    })
}
