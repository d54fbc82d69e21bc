//! Licences and bans of everything that is linked, read offline from `cargo tree` against `docs/dev/deny.toml`
//! (the file of cargo-deny, which can be run on it too).

use std::{collections::BTreeSet, process::Command};

use super::source::root;

/// Name, version and licence of a crate that is linked or that builds one.
type Package = (String, String, String);

/// What is built for this machine, with the features as they are (`cargo metadata` lists more than is built).
fn packages() -> BTreeSet<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--edges", "normal,build", "--prefix", "none", "--format", "{p}|{l}|"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo tree failed: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .filter(|line| !line.is_empty())
        .map(|line| {
            let (package, licence) = line.split_once('|').unwrap();
            let mut words = package.split(' ');
            let name = words.next().unwrap().to_owned();
            let version = words.next().unwrap().to_owned();
            (name, version, licence.split('|').next().unwrap().to_owned())
        })
        .collect()
}

fn rules() -> toml::Table {
    std::fs::read_to_string(root().join("docs/dev/deny.toml")).unwrap().parse().unwrap()
}

fn texts(value: &toml::Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

/// Whether an SPDX expression can be satisfied with the licences allowed. AND binds tighter than OR.
fn is_allowed(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let allowed = any(&tokens, &mut at, allowed);
    allowed && at == tokens.len()
}

fn any(tokens: &[&str], at: &mut usize, allowed: &[&str]) -> bool {
    let mut holds = all(tokens, at, allowed);
    while tokens.get(*at) == Some(&"OR") {
        *at += 1;
        holds |= all(tokens, at, allowed);
    }
    holds
}

fn all(tokens: &[&str], at: &mut usize, allowed: &[&str]) -> bool {
    let mut holds = one(tokens, at, allowed);
    while tokens.get(*at) == Some(&"AND") {
        *at += 1;
        holds &= one(tokens, at, allowed);
    }
    holds
}

fn one(tokens: &[&str], at: &mut usize, allowed: &[&str]) -> bool {
    let Some(token) = tokens.get(*at) else { return false };
    *at += 1;
    if *token == "(" {
        let holds = any(tokens, at, allowed);
        *at += 1;
        return holds;
    }
    let mut name = (*token).to_owned();
    if tokens.get(*at) == Some(&"WITH") {
        name = format!("{name} WITH {}", tokens.get(*at + 1).unwrap_or(&""));
        *at += 2;
    }
    allowed.contains(&name.as_str())
}

#[test]
fn every_licence_is_allowed() {
    let rules = rules();
    let allowed = texts(&rules["licenses"]["allow"]);
    let exceptions = rules["licenses"]["exceptions"].as_array().unwrap();
    let excused = |name: &str, licence: &str| {
        exceptions
            .iter()
            .any(|rule| rule["crate"].as_str() == Some(name) && is_allowed(licence, &texts(&rule["allow"])))
    };
    let broken: Vec<String> = packages()
        .iter()
        .filter(|(name, _, licence)| !is_allowed(licence, &allowed) && !excused(name, licence))
        .map(|(name, version, licence)| format!("{name} {version}: {licence}"))
        .collect();
    super::report(
        "everything that is linked has a licence of docs/dev/deny.toml",
        "leave the crate out, or read its licence and enter it there with the reason",
        &broken,
    );
}

#[test]
fn banned_crates_and_second_copies_stay_out() {
    let rules = rules();
    let packages = packages();
    let mut broken = Vec::new();
    for rule in rules["bans"]["deny"].as_array().unwrap() {
        let name = rule["crate"].as_str().unwrap();
        let found: Vec<&str> =
            packages.iter().filter(|package| package.0 == name).map(|package| package.1.as_str()).collect();
        let once = rule.get("deny-multiple-versions").and_then(toml::Value::as_bool).unwrap_or_default();
        if found.len() > usize::from(once) {
            broken.push(format!("{name} {}", found.join(" and ")));
        }
    }
    super::report(
        "no crate of docs/dev/deny.toml's bans is linked, and those said to be single are there once",
        "`cargo tree -i NAME` shows who brings it; choose other features or another crate",
        &broken,
    );
}

/// `1.2.3` as numbers.
fn version(text: &str) -> Vec<u64> {
    let numbers = text.trim_start_matches('v').split(['+', '-']).next().unwrap_or_default().split('.');
    numbers.map(|number| number.parse().unwrap_or_else(|_| panic!("`{text}` is not a version"))).collect()
}

#[test]
fn no_linked_version_has_a_known_advisory() {
    let known: toml::Table = std::fs::read_to_string(root().join("docs/dev/advisories.toml")).unwrap().parse().unwrap();
    let packages = packages();
    let mut broken = Vec::new();
    for advisory in known["advisory"].as_array().unwrap() {
        let field = |name: &str| advisory.get(name).and_then(toml::Value::as_str);
        let (id, name) = (field("id").unwrap(), field("crate").unwrap());
        let affected = |found: &str| field("patched").is_none_or(|patched| version(found) < version(patched));
        let linked: Vec<&str> = packages
            .iter()
            .filter(|(linked, found, _)| linked == name && affected(found))
            .map(|(_, found, _)| found.as_str())
            .collect();
        match (linked.is_empty(), field("accepted")) {
            (false, None) => broken.push(format!("{id}: {name} {}", linked.join(" and "))),
            (true, Some(_)) => broken.push(format!("{id}: {name} is not affected any more: remove `accepted`")),
            _ => {}
        }
    }
    super::report(
        "no linked crate has an advisory of docs/dev/advisories.toml, unless the reason is stated there",
        "update the crate, or enter why the advisory does not matter here",
        &broken,
    );
}

#[test]
fn every_crate_comes_from_the_registry() {
    let lock: toml::Table = std::fs::read_to_string(root().join("Cargo.lock")).unwrap().parse().unwrap();
    let foreign: Vec<String> = lock["package"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|package| Some((package["name"].as_str()?, package.get("source")?.as_str()?)))
        .filter(|(_, source)| !source.starts_with("registry+"))
        .map(|(name, source)| format!("{name}: {source}"))
        .collect();
    super::report(
        "dependencies come from the registry, with a checksum in Cargo.lock",
        "use a released version in place of a git address",
        &foreign,
    );
}

#[test]
fn expressions_are_understood() {
    let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"];
    for good in
        ["MIT", "GPL-3.0 OR MIT", "MIT/GPL-3.0", "(GPL-3.0 OR ISC) AND MIT", "Apache-2.0 WITH LLVM-exception OR X"]
    {
        assert!(is_allowed(good, &allowed), "{good}");
    }
    for bad in ["GPL-3.0", "MIT AND GPL-3.0", "Apache-2.0", "", "MIT OR ISC AND GPL-3.0 )", "(MIT OR ISC) AND GPL-3.0"]
    {
        assert!(!is_allowed(bad, &allowed), "{bad}");
    }
}
