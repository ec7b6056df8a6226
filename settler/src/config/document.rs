//! The text of `settler.toml`: one list of keys with their explanations, from which both the file that `settler init`
//! writes and `settler.example.toml` are made.

use std::fmt::Write as _;

use super::file::ConfigFile;

const HEAD: &str = "\
# Configuration of the settler. Written by `settler init`; `settler config` shows what is in force and where it comes from.
# A command-line option wins over the environment, that over this file, that over Solana's own configuration
# (~/.config/solana/cli/config.yml, for url and keypair). Paths are relative to this file. Unknown keys are refused.
";

struct Key {
    name: &'static str,
    text: &'static str,
    example: &'static str,
    value: fn(&ConfigFile) -> Option<toml::Value>,
}

fn text(value: Option<&String>) -> Option<toml::Value> {
    value.cloned().map(toml::Value::String)
}

const KEYS: &[Key] = &[
    Key {
        name: "url",
        text: "Cluster: an RPC address, or localnet, devnet, testnet, mainnet-beta, or embedded[:FILE]. (--url, RADIO_PAYOUTS_URL)",
        example: "\"devnet\"",
        value: |file| text(file.url.as_ref()),
    },
    Key {
        name: "genesis_hash",
        text: "Genesis hash of that cluster: nothing is sent to any other.",
        example: "\"EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG\"",
        value: |file| text(file.genesis_hash.as_ref()),
    },
    Key {
        name: "domain",
        text: "Domain of the deployment (section 2 of the protocol page): nothing is signed or checked for any other.",
        example: "\"0000000000000000000000000000000000000000000000000000000000000000\"",
        value: |file| text(file.domain.as_ref()),
    },
    Key {
        name: "lookup_table",
        text: "The deployment's address lookup table, by which large proofs fit into a transaction.",
        example: "\"11111111111111111111111111111111\"",
        value: |file| text(file.lookup_table.as_ref()),
    },
    Key {
        name: "keypair",
        text: "Key file that pays and signs as the settler. (--keypair, RADIO_PAYOUTS_KEYPAIR)",
        example: "\"keys/settler.json\"",
        value: |file| text(file.keypair.as_ref()),
    },
    Key {
        name: "authority_keypair",
        text: "Key file of the deployment's authority, for `settler registry` and `settler admin`; by default the settler's own.",
        example: "\"keys/authority.json\"",
        value: |file| text(file.authority_keypair.as_ref()),
    },
    Key {
        name: "demo_sfu_keypair",
        text: "Key file of the demo SFU that signs bare receipts under the demo flag.",
        example: "\"keys/demo-sfu.json\"",
        value: |file| text(file.demo_sfu_keypair.as_ref()),
    },
    Key {
        name: "data",
        text: "Folder of held batches, sealed epochs and the journal. (--data, RADIO_PAYOUTS_DATA)",
        example: "\"data\"",
        value: |file| text(file.data.as_ref()),
    },
    Key {
        name: "radio_payouts_demo",
        text: "Allow provisional calculations and posts. (--radio-payouts-demo, RADIO_PAYOUTS_DEMO)",
        example: "false",
        value: |file| file.radio_payouts_demo.map(toml::Value::Boolean),
    },
    Key {
        name: "max_priority_fee",
        text: "Most to offer as priority fee, in micro-lamports per compute unit; what others lately paid is the rest of the rule.",
        example: "100000",
        value: |file| file.max_priority_fee.and_then(|fee| i64::try_from(fee).ok()).map(toml::Value::Integer),
    },
    Key {
        name: "rows",
        text: "Make rows of batches as they are taken in, for `settler settle --engine`: while they are ingested, and in the background of `settler serve`.",
        example: "true",
        value: |file| file.rows.map(toml::Value::Boolean),
    },
    Key {
        name: "store",
        text: "Where signed batches and their rows are kept for good: file:///folder, or, in a build with the feature `cloud`, s3://bucket/prefix or gs://bucket/prefix. Rows are then made and sent as with `rows`; `settler store push` and `pull` do the rest. Credentials come from the environment. Without it everything is in the data folder.",
        example: "\"file:///srv/radio-payouts\"",
        value: |file| text(file.store.as_ref()),
    },
];

/// The text of a file that says what `file` does.
#[must_use]
pub fn render(file: &ConfigFile) -> String {
    let mut out = HEAD.to_owned();
    for key in KEYS {
        // Writing to a string cannot fail.
        let _ = match (key.value)(file) {
            Some(value) => writeln!(out, "\n# {}\n{} = {value}", key.text, key.name),
            None => writeln!(out, "\n# {}\n# {} = {}", key.text, key.name, key.example),
        };
    }
    out
}

/// The text of `settler.example.toml`: every key with an example, as a comment.
#[must_use]
pub fn example() -> String {
    render(&ConfigFile::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let file = ConfigFile {
            url: Some("https://node.example/\"quoted\"\\".into()),
            genesis_hash: Some("a".into()),
            domain: Some("b".into()),
            lookup_table: Some("c".into()),
            keypair: Some("d".into()),
            authority_keypair: Some("e".into()),
            demo_sfu_keypair: Some("f".into()),
            data: Some("g".into()),
            radio_payouts_demo: Some(true),
            max_priority_fee: Some(7),
            rows: Some(true),
            store: Some("h".into()),
        };
        assert_eq!(ConfigFile::parse(&render(&file)).unwrap(), file);
    }

    #[test]
    fn the_example_is_valid_and_names_every_key() {
        let example = example();
        assert_eq!(ConfigFile::parse(&example).unwrap(), ConfigFile::default());
        let switched_on: String = example
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(rest) if KEYS.iter().any(|key| rest.starts_with(&format!("{} = ", key.name))) => {
                    format!("{rest}\n")
                }
                _ => format!("{line}\n"),
            })
            .collect();
        let all = ConfigFile::parse(&switched_on).unwrap();
        assert!(KEYS.iter().all(|key| (key.value)(&all).is_some()), "{switched_on}");
    }
}
