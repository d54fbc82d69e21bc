//! `dashtam dev`: helps people who work on the program itself.
//!
//! INVARIANT: works inside a checkout of the source only; never replaces a file, and adds one line to the list of providers.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use serde::Serialize;

use super::{
    args::OutputFormat,
    console::Console,
    error::CliError,
    scaffold::{self, AuthKind, DevCommand, ProviderNames, REGISTRY},
};
use crate::{domain::FailureKind, providers};

/// The result of `new-provider`.
#[derive(Debug, Serialize)]
struct Written {
    slug: String,
    /// From the folder of the project.
    files: Vec<String>,
    /// The file that got a line.
    registry: &'static str,
}

pub(super) fn run(
    console: &Console,
    out: &mut dyn Write,
    format: OutputFormat,
    command: DevCommand,
) -> Result<(), CliError> {
    let DevCommand::NewProvider { slug, auth, name } = command;
    let names = ProviderNames::new(&slug, name.as_deref()).map_err(CliError::usage)?;
    let root = checkout(console.folder())?;
    let written = new_provider(&root, &names, auth)?;
    format_code(console, &root, &written)?;
    if matches!(format, OutputFormat::Json | OutputFormat::Jsonl) {
        return Ok(writeln!(out, "{}", serde_json::json!(written))?);
    }
    for file in &written.files {
        writeln!(out, "{file}")?;
    }
    writeln!(out, "{REGISTRY}: one line")?;
    Ok(writeln!(console.err(), "next: fill in every FILL IN; `cargo test {slug}` lists them", slug = written.slug)?)
}

/// The folder of the source that holds `from`.
fn checkout(from: &Path) -> Result<PathBuf, CliError> {
    let is_source = |folder: &&Path| folder.join(REGISTRY).is_file() && folder.join("Cargo.toml").is_file();
    from.ancestors().find(is_source).map(Path::to_path_buf).ok_or_else(|| {
        CliError::new(FailureKind::NotFound, format!("{} is not in a checkout of dashtam's source", from.display()))
            .hint("clone the repository, and run this command in its folder")
    })
}

fn new_provider(root: &Path, names: &ProviderNames, auth: AuthKind) -> Result<Written, CliError> {
    let taken = |what: String| {
        CliError::new(FailureKind::WrongState, format!("{what} is there already"))
            .hint("choose another slug, or remove it first")
    };
    if providers::find(&names.slug).is_ok() {
        return Err(taken(format!("the provider {}", names.slug)));
    }
    let registry = std::fs::read_to_string(root.join(REGISTRY))?;
    let registered = scaffold::registered(&registry, names, auth).ok_or_else(|| {
        CliError::new(FailureKind::WrongState, format!("{REGISTRY} has another form than this program"))
            .hint("run the command of this checkout: cargo run -- dev new-provider")
    })?;
    let files = scaffold::files(names, auth);
    if let Some(file) = files.iter().find(|file| root.join(&file.path).exists()) {
        return Err(taken(file.path.clone()));
    }
    for file in &files {
        let path = root.join(&file.path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&path, &file.text)?;
    }
    // Last, so that an interruption leaves a folder that nothing refers to.
    std::fs::write(root.join(REGISTRY), registered)?;
    let paths = files.into_iter().map(|file| file.path).collect();
    Ok(Written { slug: names.slug.clone(), files: paths, registry: REGISTRY })
}

/// Formats the new Rust files; names have other lengths than the places in the templates.
fn format_code(console: &Console, root: &Path, written: &Written) -> Result<(), CliError> {
    let code = written.files.iter().filter(|file| file.ends_with("/mod.rs"));
    let formatted = Command::new("rustfmt").current_dir(root).args(["--edition", "2024"]).args(code).output();
    if !formatted.is_ok_and(|output| output.status.success()) {
        writeln!(
            console.err(),
            "warning: rustfmt did not run; format the files with: rustfmt --edition 2024 src/providers/{}/mod.rs",
            written.slug
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_folder_and_one_line_of_the_source_change_and_nothing_is_replaced() {
        for (auth, slug) in [(AuthKind::ApiKey, "first_bank"), (AuthKind::File, "second_bank")] {
            let root = tempfile::tempdir().unwrap();
            let registry = include_str!("../providers/registry.rs");
            std::fs::create_dir_all(root.path().join("src/providers")).unwrap();
            std::fs::write(root.path().join(REGISTRY), registry).unwrap();
            let names = ProviderNames::new(slug, None).unwrap();
            let written = new_provider(root.path(), &names, auth).unwrap();
            let own = [
                format!("src/providers/{slug}/"),
                format!("fixtures/providers/{slug}/"),
                format!("docs/providers/{slug}.md"),
            ];
            assert!(written.files.iter().all(|file| own.iter().any(|place| file.starts_with(place.as_str()))));
            let after = std::fs::read_to_string(root.path().join(REGISTRY)).unwrap();
            assert_eq!(after.lines().count(), registry.lines().count() + 1);
            std::fs::write(root.path().join(REGISTRY), registry).unwrap();
            let again = new_provider(root.path(), &names, auth).unwrap_err();
            assert!(again.message.contains("is there already"), "{}", again.message);
        }
    }

    #[test]
    fn a_known_slug_and_another_folder_are_refused() {
        let root = tempfile::tempdir().unwrap();
        let names = ProviderNames::new("plaid", None).unwrap();
        assert!(new_provider(root.path(), &names, AuthKind::Link).unwrap_err().message.contains("plaid"));
        assert!(checkout(root.path()).unwrap_err().message.contains("checkout"));
    }
}
