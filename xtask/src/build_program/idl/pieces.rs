//! From what the program's hidden tests print to one IDL file, in Anchor's way and order.

use std::collections::{BTreeMap, BTreeSet};

use anchor_lang_idl_spec::{Idl, IdlConst, IdlErrorCode, IdlEvent, IdlTypeDef};
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct EventPiece {
    event: IdlEvent,
    types: Vec<IdlTypeDef>,
}

/// The IDL as pretty JSON, from the output of the hidden tests.
pub fn assemble(printed: &str) -> Result<String> {
    let mut idl: Option<Idl> = None;
    let mut address = None;
    let mut constants: Vec<IdlConst> = Vec::new();
    let mut errors: Option<Vec<IdlErrorCode>> = None;
    let mut events = Vec::new();
    let mut types = BTreeMap::new();
    let pieces = pieces(printed)?;
    let tests = printed.lines().find_map(|line| line.strip_prefix("running ")?.split(' ').next()?.parse().ok());
    ensure!(
        tests == Some(pieces.len()),
        "{} pieces from {} hidden tests: Anchor cannot describe a type whose fields' types come through macro_rules as \
         `$x:ty`; write it out",
        pieces.len(),
        tests.unwrap_or_default()
    );
    for (kind, piece) in pieces {
        match kind {
            "address" => address = Some(piece.chars().filter(|c| c.is_alphanumeric()).collect::<String>()),
            "const" => constants.push(read(kind, &piece)?),
            "errors" if errors.is_some() => bail!("the program has more than one error enum"),
            "errors" => errors = Some(read(kind, &piece)?),
            "event" => {
                let piece: EventPiece = read(kind, &piece)?;
                events.push(piece.event);
                types.extend(piece.types.into_iter().map(|it| (it.name.clone(), it)));
            }
            "program" => idl = Some(read(kind, &piece)?),
            _ => bail!("unknown piece `{kind}`: revise xtask/src/build_program/idl/pieces.rs for this Anchor"),
        }
    }
    let mut idl = idl.context("no instruction was printed: has the package a feature `idl-build`?")?;
    types.extend(idl.types.into_iter().map(|it| (it.name.clone(), it)));
    idl.address = address.context("no program address was printed: `declare_id!` is missing")?;
    idl.types = types.into_values().collect();
    idl.constants = constants;
    idl.events = events;
    idl.errors = errors.unwrap_or_default();

    let mut value = serde_json::to_value(&idl)?;
    shorten_paths(&mut value);
    let mut idl: Idl = serde_json::from_value(value)?;
    idl.accounts.sort_by(|a, b| a.name.cmp(&b.name));
    idl.constants.sort_by(|a, b| a.name.cmp(&b.name));
    idl.events.sort_by(|a, b| a.name.cmp(&b.name));
    idl.instructions.sort_by(|a, b| a.name.cmp(&b.name));
    idl.types.sort_by(|a, b| a.name.cmp(&b.name));
    check_discriminators(&idl)?;
    Ok(serde_json::to_string_pretty(&idl)? + "\n")
}

fn read<'a, T: Deserialize<'a>>(kind: &str, piece: &'a str) -> Result<T> {
    serde_json::from_str(piece).with_context(|| format!("cannot read the piece `{kind}`"))
}

/// The text between `--- IDL begin x ---` and `--- IDL end x ---`, with its `x`.
fn pieces(printed: &str) -> Result<Vec<(&str, String)>> {
    let mut found = Vec::new();
    let mut lines = printed.lines();
    while let Some(line) = lines.next() {
        let Some(kind) = line.strip_prefix("--- IDL begin ").and_then(|rest| rest.strip_suffix(" ---")) else {
            continue;
        };
        let end = format!("--- IDL end {kind} ---");
        let mut piece = String::new();
        loop {
            let line = lines.next().with_context(|| format!("the piece `{kind}` does not end"))?;
            if line == end {
                break;
            }
            piece.push_str(line);
            piece.push('\n');
        }
        found.push((kind, piece));
    }
    Ok(found)
}

/// `module::path::Name` becomes `Name` wherever that is unambiguous.
fn shorten_paths(idl: &mut Value) {
    let mut paths: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    each_string(idl, &mut |text| {
        if let Some(name) = name_of_path(text) {
            paths.entry(name.to_owned()).or_default().insert(text.clone());
        }
    });
    each_string(idl, &mut |text| {
        if let Some(name) = name_of_path(text)
            && paths.get(name).is_some_and(|same_name| same_name.len() == 1)
        {
            *text = name.to_owned();
        }
    });
}

fn name_of_path(text: &str) -> Option<&str> {
    let is_word = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_');
    let (_, name) = text.rsplit_once("::")?;
    text.split("::").all(is_word).then_some(name)
}

fn each_string(value: &mut Value, action: &mut impl FnMut(&mut String)) {
    match value {
        Value::String(text) => action(text),
        Value::Array(items) => items.iter_mut().for_each(|item| each_string(item, action)),
        Value::Object(fields) => fields.iter_mut().for_each(|(_, field)| each_string(field, action)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// No discriminator is empty or begins another of its kind, and none of an account looks like fresh memory.
fn check_discriminators(idl: &Idl) -> Result<()> {
    let accounts: Vec<_> = idl.accounts.iter().map(|it| (&it.name, &it.discriminator)).collect();
    let events: Vec<_> = idl.events.iter().map(|it| (&it.name, &it.discriminator)).collect();
    let instructions: Vec<_> = idl.instructions.iter().map(|it| (&it.name, &it.discriminator)).collect();
    for (name, discriminator) in &accounts {
        ensure!(discriminator.iter().any(|byte| *byte != 0), "the account `{name}` has an all-zero discriminator");
    }
    for named in [&accounts, &events, &instructions] {
        for (name, discriminator) in named {
            ensure!(!discriminator.is_empty(), "`{name}` has an empty discriminator");
            let clash = named.iter().find(|(other, its)| other != name && discriminator.starts_with(its));
            if let Some((other, _)) = clash {
                bail!("the discriminators of `{name}` and `{other}` cannot be told apart");
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shortened_only_where_one_type_has_the_name() {
        let mut value = serde_json::json!(["a::Cell", "a::Cell", "b::Row", "c::Row", "plain", "see a::Cell"]);
        shorten_paths(&mut value);
        assert_eq!(value, serde_json::json!(["Cell", "Cell", "b::Row", "c::Row", "plain", "see a::Cell"]));
    }

    #[test]
    fn a_piece_without_its_end_is_refused() {
        assert!(pieces("--- IDL begin event ---\n{}\n").is_err());
        let found = pieces("x\n--- IDL begin event ---\n{}\n--- IDL end event ---\n").unwrap();
        assert_eq!(found, vec![("event", "{}\n".to_owned())]);
    }
}
