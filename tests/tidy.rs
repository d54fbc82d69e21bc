//! The rules of the house, kept by reading the source. Each failure states the rule and the correction.
#![cfg(test)]

#[path = "tidy/commands.rs"]
mod commands;
#[path = "tidy/cycles.rs"]
mod cycles;
#[path = "tidy/english.rs"]
mod english;
#[path = "tidy/names.rs"]
mod names;
#[path = "tidy/packages.rs"]
mod packages;
#[path = "tidy/source.rs"]
mod source;

use std::{collections::BTreeSet, fmt::Write as _, path::Path};

use source::{File, files_below, root, rust_files};

/// The rooms by floor, lowest first. A room imports only from floors below its own.
const FLOORS: [&[&str]; 6] = [
    &["domain"],
    &["ports", "files", "statements", "columns"],
    &["providers", "store", "vault", "config"],
    &["ledger", "sync", "demo"],
    &["tui"],
    &["cli"],
];

/// Who may name which crate. Crates not listed are free.
const OWNERS: &[(&str, &[&str])] = &[
    ("age", &["store"]),
    ("argon2", &["vault"]),
    ("aws_lc_rs", &["store"]),
    ("calamine", &["statements"]),
    ("chacha20poly1305", &["vault"]),
    ("chrono_tz", &["providers"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("crossterm", &["tui"]),
    ("etcetera", &["config"]),
    ("getrandom", &["ports"]),
    ("keyring", &["vault"]),
    ("keyring_core", &["vault"]),
    ("nucleo_matcher", &["tui"]),
    ("oauth2", &["providers"]),
    ("ofx_rs", &["statements"]),
    ("open", &["ports"]),
    ("pkcs8", &["providers"]),
    ("ratatui", &["tui"]),
    ("quick_xml", &["providers", "statements"]),
    ("rcgen", &["providers"]),
    ("redb", &["store"]),
    ("reqwest", &["providers"]),
    ("terminput", &["tui"]),
    ("terminput_crossterm", &["tui"]),
    ("tokio_rustls", &["providers"]),
    ("toml", &["config", "statements"]),
    ("tracing_appender", &["config"]),
    ("tracing_subscriber", &["config"]),
    ("tui_input", &["tui"]),
    ("x509_parser", &["providers"]),
    ("zbus_secret_service_keyring_store", &["vault"]),
];

/// Rooms in which money is counted.
const EXACT: &[&str] = &["domain", "statements", "columns", "providers", "store", "vault", "ledger", "sync", "demo"];

/// The one file that may put a number into binary floating point, for the height of a chart's bars.
const CHARTS: &str = "chart.rs";
/// The cells of a binary workbook are floats in the file; each becomes a decimal text at once.
const BINARY_CELLS: &str = "statements/table/sheet/xls.rs";

/// Lines of a file; `table.rs` files, which are data, may have more.
const MOST_LINES: usize = 600;

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

fn report(rule: &str, remedy: &str, broken: &[String]) {
    let list = broken.iter().fold(String::new(), |mut list, line| {
        let _ = write!(list, "\n  {line}");
        list
    });
    assert!(broken.is_empty(), "\nRULE: {rule}\nREMEDY: {remedy}{list}\n");
}

fn rooms() -> Vec<File> {
    rust_files("src").into_iter().filter(|file| file.room().is_some()).collect()
}

#[test]
fn every_room_stands_on_a_floor() {
    let unknown: BTreeSet<String> =
        rooms().iter().filter_map(|file| file.room().map(str::to_owned)).filter(|room| floor(room).is_none()).collect();
    report(
        "every folder in src is a room on a floor",
        "put the code into the room it belongs to, or enter a new room into FLOORS here and into docs/architecture.md",
        &unknown.into_iter().collect::<Vec<_>>(),
    );
}

#[test]
fn rooms_import_only_from_floors_below() {
    let mut broken = Vec::new();
    for file in rooms() {
        let Some(room) = file.room() else { continue };
        let Some(own) = floor(room) else { continue };
        for (line, target) in file.crate_paths() {
            if target != room && floor(&target).is_some_and(|other| other >= own) {
                broken.push(format!("{}:{line}: {room} (floor {own}) names crate::{target}", file.path));
            }
        }
    }
    report(
        "a room imports only from floors below it, and rooms of one floor never import each other",
        "move what both need to a lower floor, or hand it in from the floor above (a value, or a trait of ports)",
        &broken,
    );
}

/// Import cycles that are allowed: one file of each, and the reason. At most three.
const CYCLES: &[(&str, &str)] = &[
    (
        "src/providers/metadata.rs",
        "one recursive type: the metadata holds the builder of an adapter, and an adapter returns its metadata",
    ),
    (
        "src/ledger/view.rs",
        "a view computes balances, holdings and lists on first use, and each of them reads rows through the view",
    ),
    ("src/sync/import/mod.rs", "the steps of an import are methods of the importer, one file for each step"),
];

#[test]
fn files_of_a_room_import_each_other_in_one_direction() {
    assert!(CYCLES.len() <= 3, "at most three cycles are allowed");
    let allowed = |cycle: &Vec<String>| CYCLES.iter().any(|(file, _)| cycle.iter().any(|member| member == file));
    let found = cycles::cycles(&rooms());
    let broken: Vec<String> = found.iter().filter(|cycle| !allowed(cycle)).map(|cycle| cycle.join(" <-> ")).collect();
    report(
        "no import cycle between the files of a room",
        "move what both files need into a third one that imports neither",
        &broken,
    );
}

#[test]
fn every_file_belongs_to_a_module() {
    let files = rust_files("src");
    let is_declared = |file: &File| {
        let path = file.path.trim_end_matches("/mod.rs").trim_end_matches(".rs");
        let Some((folder, name)) = path.rsplit_once('/') else { return true };
        // The folders of providers are declared by the list of the registry.
        if ["src/lib", "src/main"].contains(&path) || folder == "src/providers" {
            return true;
        }
        let parents = [format!("{folder}/mod.rs"), format!("{folder}.rs"), format!("{folder}/lib.rs")];
        let declaration = format!("mod {name};");
        files.iter().any(|parent| parents.contains(&parent.path) && parent.text.contains(&declaration))
    };
    let broken: Vec<String> = files.iter().filter(|file| !is_declared(file)).map(|file| file.path.clone()).collect();
    report("every file belongs to a module", "declare it in its parent, or remove it", &broken);
}

/// Files of the screen room that may list screens: the table itself, and the keys and words that show them.
const SCREEN_TABLES: &[&str] = &["src/tui/screens/mod.rs", "src/tui/action/table.rs", "src/tui/action/aliases.rs"];

#[test]
fn screens_are_listed_in_one_table() {
    let listing = |file: &&File| {
        let names: BTreeSet<String> = file.variants("Screen").into_iter().filter(|name| name != "ALL").collect();
        names.len() > 4 && !SCREEN_TABLES.contains(&file.path.as_str())
    };
    let broken: Vec<String> = rooms()
        .iter()
        .filter(|file| file.room() == Some("tui"))
        .filter(listing)
        .map(|file| file.path.clone())
        .collect();
    report(
        "the screens are listed in one table, src/tui/screens/mod.rs",
        "iterate over SCREENS, or ask the pane of the current screen",
        &broken,
    );
}

#[test]
fn crates_are_named_only_by_their_rooms() {
    let mut broken = Vec::new();
    for file in rust_files("src") {
        // The entry point builds everything, on behalf of cli.
        let room = file.room().unwrap_or("cli");
        for (name, owners) in OWNERS {
            if !owners.contains(&room) && !has_module(room, name) {
                let lines = file.names(name);
                broken.extend(lines.iter().map(|line| format!("{}:{line}: {name} belongs to {owners:?}", file.path)));
            }
        }
    }
    report(
        "an outside crate is named only by the room that owns it",
        "ask the owner for what you need in our own types; a crate that changes hands changes OWNERS here",
        &broken,
    );
}

#[test]
fn tests_share_code_through_support_only() {
    let mut broken = Vec::new();
    for file in rust_files("tests/it").iter().filter(|file| !file.path.starts_with("tests/it/support/")) {
        let other = file.crate_paths().into_iter().filter(|(_, target)| target != "support");
        broken.extend(other.map(|(line, target)| format!("{}:{line}: names crate::{target}", file.path)));
        broken.extend(file.words("super").iter().map(|line| format!("{}:{line}: names super", file.path)));
    }
    report("no test imports another test", "move what both need into tests/it/support", &broken);
}

#[test]
fn comments_are_plain_english() {
    let broken: Vec<String> = rust_files("src").iter().flat_map(english::findings).collect();
    report("comments are plain technical English", "say what it is or does in the terms of the field", &broken);
}

#[test]
fn actions_of_the_screen_have_commands() {
    let arguments = rust_files("src/cli").into_iter().find(|file| file.path == "src/cli/args.rs");
    let broken = arguments.as_ref().map(commands::findings).unwrap_or_default();
    report(
        "everything the screen can do, the command line can do",
        "add a command, or an entry with the reason to tests/tidy/commands.rs",
        &broken,
    );
}

/// Whether a room has a module of its own by that name, which is meant then.
fn has_module(room: &str, name: &str) -> bool {
    let names = [format!("/{name}.rs"), format!("/{name}/mod.rs")];
    files_below(&root().join("src").join(room)).iter().any(|path| {
        let path = path.to_string_lossy().replace('\\', "/");
        names.iter().any(|name| path.ends_with(name))
    })
}

#[test]
fn money_is_never_a_float() {
    let mut broken = Vec::new();
    for file in rooms() {
        if !file.room().is_some_and(|room| EXACT.contains(&room))
            || file.path.ends_with(CHARTS)
            || file.path.ends_with(BINARY_CELLS)
        {
            continue;
        }
        for word in ["f32", "f64"] {
            broken.extend(file.words(word).iter().map(|line| format!("{}:{line}: {word}", file.path)));
        }
    }
    report(
        "rooms that count money use no f32 and no f64",
        "use rust_decimal::Decimal; JSON numbers are read as text; a chart converts in the last step, on the screen",
        &broken,
    );
}

#[test]
fn files_are_short() {
    let mut broken = Vec::new();
    for file in rust_files("src").into_iter().chain(rust_files("tests")) {
        let lines = file.text.lines().count();
        if lines > MOST_LINES && !file.path.ends_with("/table.rs") {
            broken.push(format!("{}: {lines} lines", file.path));
        }
    }
    report(
        "a file has at most 600 lines, better 300",
        "split it by what changes together; a file of pure data is named table.rs",
        &broken,
    );
}

#[test]
fn every_module_states_its_purpose() {
    let silent: Vec<String> = rust_files("src")
        .into_iter()
        .chain(rust_files("tests"))
        .filter(|file| !file.is_unit_test() && !file.text.starts_with("//! ") && !file.text.starts_with("#!["))
        .map(|file| file.path)
        .collect();
    report(
        "every file but unit tests opens with `//!`",
        "say what it is for, who uses it, and what it must never do",
        &silent,
    );
}

/// Built from parts, so that this file does not hold them.
fn local_words() -> Vec<String> {
    let parts =
        [["/wo", "rk/"], ["/ho", "me/"], ["/Us", "ers/"], ["C:", "\\Users"], ["shared", "/data"], ["/ro", "ot/"]];
    parts.map(|[head, tail]| format!("{head}{tail}")).to_vec()
}

#[test]
fn no_file_names_a_machine() {
    let mut broken = Vec::new();
    let folders = ["src", "tests", "docs", "fixtures", "assets", ".ci"];
    let single = ["README.md", "Cargo.toml", ".cargo/config.toml", ".gitignore"].map(|name| root().join(name));
    for path in folders.iter().flat_map(|folder| files_below(&root().join(folder))).chain(single) {
        let name = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        for word in local_words() {
            let excused = name == ".ci/run" && word.starts_with("shared");
            if !excused && let Some(line) = text.lines().position(|line| begins(line, &word)) {
                broken.push(format!("{name}:{}: {word}", line + 1));
            }
        }
    }
    report(
        "no file holds a path of somebody's machine",
        "use a relative path, a temporary folder, or CARGO_MANIFEST_DIR; samples are found through DASHTAM_SAMPLES",
        &broken,
    );
}

/// Whether a path begins here, rather than going on (`profiles/work/` of some folder). `me` means any user in examples.
fn begins(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let goes_on = line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '}');
        let is_example = word.ends_with("me/") && line[at + word.len()..].starts_with("me");
        !goes_on && !is_example
    })
}

#[test]
fn every_provider_is_whole() {
    let Ok(registry) = std::fs::read_to_string(root().join("src/providers/registry.rs")) else { return };
    let list = registry.split_once("$call! {").and_then(|(_, rest)| rest.split_once('}')).map_or("", |(list, _)| list);
    let registered: BTreeSet<&str> = list.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    assert!(!registered.is_empty(), "registry.rs has no list that this test can read");
    let mut broken = Vec::new();
    for slug in &registered {
        for needed in [format!("src/providers/{slug}/mod.rs"), format!("docs/providers/{slug}.md")] {
            if !root().join(&needed).is_file() {
                broken.push(format!("{slug}: {needed} is missing"));
            }
        }
        let wire = root().join(format!("src/providers/{slug}/wire.rs"));
        if wire.is_file() && !root().join(format!("fixtures/providers/{slug}")).is_dir() {
            broken.push(format!("{slug}: fixtures/providers/{slug} is missing"));
        }
    }
    for folder in folders_in(&root().join("src/providers")) {
        if folder != "kit" && !registered.contains(folder.as_str()) {
            broken.push(format!("{folder}: its folder is there, its line in registry.rs is not"));
        }
    }
    report(
        "a provider is a folder, a line in the registry, fixtures (unless it reads files only) and a page",
        "see docs/adding-a-provider.md",
        &broken,
    );
}

/// `cargo fmt` does not see modules that a macro declares, as the folders of providers are.
#[test]
fn folders_of_providers_are_formatted() {
    let files: Vec<String> = folders_in(&root().join("src/providers"))
        .into_iter()
        .map(|folder| format!("src/providers/{folder}/mod.rs"))
        .filter(|file| root().join(file).is_file())
        .collect();
    let mut rustfmt = std::process::Command::new("rustfmt");
    rustfmt.current_dir(root()).args(["--edition", "2024", "--check", "--files-with-diff"]).args(&files);
    let Ok(output) = rustfmt.output() else {
        eprintln!("SKIPPED: rustfmt is missing");
        return;
    };
    let broken: Vec<String> = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
    report("folders of providers are formatted", "rustfmt --edition 2024 src/providers/*/mod.rs", &broken);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn folders_in(path: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(path) else { return Vec::new() };
    entries
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}
