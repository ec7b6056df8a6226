use clap::Parser as _;

use super::*;
use crate::cli::Cli;

fn options(arguments: &[&str]) -> Global {
    let line = ["settler", "--config", "/etc/settler/settler.toml"].into_iter().chain(arguments.iter().copied());
    Cli::parse_from(line.chain(["completions", "bash"])).global
}

fn file(text: &str) -> Option<ConfigFile> {
    Some(ConfigFile::parse(text).unwrap())
}

fn solana() -> Option<SolanaCli> {
    Some(SolanaCli { url: "https://api.testnet.solana.com".into(), keypair: "/home/id.json".into() })
}

fn url(config: &Config) -> (String, Source) {
    let endpoint = config.endpoint.as_ref().unwrap();
    (endpoint.value.to_string(), endpoint.source)
}

#[test]
fn the_command_line_wins_over_the_file_and_that_over_solanas() {
    let text = "url = \"devnet\"\nkeypair = \"keys/a.json\"\ndata = \"store\"\nradio_payouts_demo = true";
    let given = options(&["-u", "localnet", "-k", "b.json", "--data", "here", "--radio-payouts-demo=false"]);
    let config = Config::resolve(&given, file(text), solana()).unwrap();
    assert_eq!(url(&config), ("http://localhost:8899".into(), Source::CommandLine));
    assert_eq!(config.keypair.unwrap().value, Path::new("b.json"));
    assert_eq!(config.data, Sourced { value: "here".into(), source: Source::CommandLine });
    assert_eq!(config.radio_payouts_demo, Sourced { value: false, source: Source::CommandLine });

    let config = Config::resolve(&options(&[]), file(text), solana()).unwrap();
    assert_eq!(url(&config), ("https://api.devnet.solana.com".into(), Source::File));
    assert_eq!(config.keypair.unwrap().value, Path::new("/etc/settler/keys/a.json"), "relative to the file");
    assert_eq!(config.data.value, Path::new("/etc/settler/store"));
    assert_eq!(config.radio_payouts_demo, Sourced { value: true, source: Source::File });

    let config = Config::resolve(&options(&[]), None, solana()).unwrap();
    assert_eq!(url(&config), ("https://api.testnet.solana.com".into(), Source::SolanaCli));
    assert_eq!(config.keypair.unwrap(), Sourced { value: "/home/id.json".into(), source: Source::SolanaCli });
    assert!(!config.found);
}

#[test]
fn without_anything_there_is_no_cluster_and_the_flag_is_off() {
    let config = Config::resolve(&options(&[]), None, None).unwrap();
    assert_eq!(config.require_endpoint().unwrap_err().exit, crate::outcome::Exit::Usage);
    assert_eq!(config.data, Sourced { value: "/etc/settler/data".into(), source: Source::Default });
    let failure = config.require_demo_flag().unwrap_err();
    assert_eq!(failure.exit, crate::outcome::Exit::NotPermitted);
    assert!(failure.error.to_string().contains("--radio-payouts-demo"));
    let config = Config::resolve(&options(&["--radio-payouts-demo"]), None, None).unwrap();
    config.require_demo_flag().unwrap();
}

#[test]
fn a_store_is_a_url_without_secrets_and_the_data_folder_if_there_is_none() {
    let store = |text: &str| Config::resolve(&options(&[]), file(text), None).map(|config| config.store);
    assert_eq!(store("").unwrap(), None);
    assert_eq!(store("store = \"file:///srv\"").unwrap().as_deref(), Some("file:///srv"));
    for url in ["/srv", "ftp://host/a", "s3://", "s3://key:SECRET@bucket/a", "file:///srv?key=SECRET"] {
        let refused = store(&format!("store = \"{url}\"")).unwrap_err();
        let text = format!("{:#}", refused.error);
        assert!(text.starts_with("store: ") && !text.contains("SECRET"), "{text}");
        assert_eq!(refused.exit, crate::outcome::Exit::Usage);
    }
}

#[test]
fn unknown_keys_and_wrong_values_are_refused() {
    for text in ["urll = \"devnet\"", "url = 3", "radio_payouts_demo = \"yes\"", "max_priority_fee = -1", "[cluster]"] {
        assert!(ConfigFile::parse(text).is_err(), "{text}");
    }
    for text in ["url = \"mainnet\"", "genesis_hash = \"abc\"", "domain = \"00\"", "lookup_table = \"0\""] {
        let failure = Config::resolve(&options(&[]), file(text), None).unwrap_err();
        assert_eq!(failure.exit, crate::outcome::Exit::Usage, "{text}");
    }
}

#[test]
fn domain_and_genesis_hash_belong_together() {
    let hash = [5; 32];
    let genesis = bs58::encode(hash).into_string();
    let domain = hex::encode(Domain::derive(&hash, &PROGRAM_ID.to_bytes()).as_bytes());
    let text = format!("genesis_hash = \"{genesis}\"\ndomain = \"{domain}\"");
    assert_eq!(Config::resolve(&options(&[]), file(&text), None).unwrap().genesis_hash, Some(hash));
    let text = format!("genesis_hash = \"{genesis}\"\ndomain = \"{}\"", "00".repeat(32));
    assert!(Config::resolve(&options(&[]), file(&text), None).is_err());
}

#[cfg(unix)]
#[test]
fn a_file_with_a_key_in_its_address_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settler.toml");
    for (url, mode) in [("devnet", 0o644), ("https://node.example/?key=abcdef", 0o600)] {
        ConfigFile { url: Some(url.into()), ..ConfigFile::default() }.write(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode, "{url}");
    }
}

#[test]
fn no_secret_is_printed() {
    let config = Config::resolve(&options(&["-u", "https://node.example/?key=abcdef"]), None, None).unwrap();
    assert!(!format!("{config:?}").contains("abcdef"));
}
