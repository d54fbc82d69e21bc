//! `dashtam layouts`: what is known about the tables of institutions, built in and learned from answers.
//!
//! INVARIANT: only learned layouts are written and removed.

use std::{
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::{
    args::Strictness,
    args::{Global, OutputFormat},
    console::Console,
    error::CliError,
    import_args::LayoutsCommand,
    output::{self, ListRecord, OutputColumn},
    session::Setup,
};
use crate::{
    domain::FailureKind,
    files,
    statements::table::{Layout, built_in},
};

/// The largest layout that is read.
const MOST_BYTES: usize = 256 << 10;

impl ListRecord for LayoutRecord {
    const FIELDS: &'static [&'static str] = &["name", "institution", "kind", "source", "columns"];
}

#[derive(Serialize)]
struct LayoutRecord {
    name: String,
    institution: Option<String>,
    kind: Option<String>,
    /// `built-in` or `learned`.
    source: &'static str,
    columns: usize,
}

const COLUMNS: &[OutputColumn<LayoutRecord>] = &[
    OutputColumn::left("Name", |layout| layout.name.clone()),
    OutputColumn::left("Institution", |layout| layout.institution.clone().unwrap_or_else(|| "—".to_owned())),
    OutputColumn::left("Kind", |layout| layout.kind.clone().unwrap_or_else(|| "—".to_owned())),
    OutputColumn::left("Source", |layout| layout.source.to_owned()),
    OutputColumn::right("Columns", |layout| layout.columns.to_string()),
];

pub(super) fn run(
    global: &Global,
    console: &Console,
    out: &mut dyn Write,
    format: OutputFormat,
    action: LayoutsCommand,
) -> Result<(), CliError> {
    let setup = Setup::new(global, console, Strictness::Lenient)?;
    let folder = setup.paths.database().with_file_name("layouts");
    match action {
        LayoutsCommand::List => {
            let learned = learned(&folder)?;
            let named = |name: &str| learned.iter().any(|layout| layout.name == name);
            let own = learned.iter().map(|layout| record(layout, "learned"));
            let ours = built_in().iter().filter(|layout| !named(&layout.name)).map(|layout| record(layout, "built-in"));
            let all: Vec<LayoutRecord> = own.chain(ours).collect();
            output::list(out, format, all.iter().map(Ok), COLUMNS, "no layouts")
        }
        LayoutsCommand::Show { name } => {
            let layout = find(&folder, &name)?;
            output::record(out, format, &layout, |out| out.write_all(layout.to_toml().as_bytes()))
        }
        LayoutsCommand::Export { name, output } => export(console, out, &find(&folder, &name)?, output.as_deref()),
        LayoutsCommand::Import { file } => {
            let layout = read(&console.path(&file))?;
            let path = folder.join(format!("{}.toml", layout.name));
            files::create_folders(&folder).and_then(|()| files::replace(&path, layout.to_toml().as_bytes()))?;
            output::record(out, format, &record(&layout, "learned"), |_| {
                writeln!(console.err(), "added the layout {}", layout.name)
            })
        }
        LayoutsCommand::Forget { name } => {
            let path = learned_path(&folder, &name)?;
            let layout = find(&folder, &name)?;
            files::remove_if_there(&path)?;
            output::record(out, format, &record(&layout, "learned"), |_| {
                writeln!(console.err(), "forgot the layout {name}")
            })
        }
    }
}

fn record(layout: &Layout, source: &'static str) -> LayoutRecord {
    LayoutRecord {
        name: layout.name.clone(),
        institution: layout.institution.clone(),
        kind: layout.kind.clone(),
        source,
        columns: layout.header.len(),
    }
}

fn export(console: &Console, out: &mut dyn Write, layout: &Layout, file: Option<&Path>) -> Result<(), CliError> {
    let named = file.filter(|file| *file != Path::new("-"));
    let Some(file) = named.map(|file| console.path(file)) else {
        return Ok(out.write_all(layout.to_toml().as_bytes())?);
    };
    files::write_new(&file, layout.to_toml().as_bytes()).map_err(|error| {
        CliError::new(FailureKind::Io, format!("{}: {error}", file.display()))
            .hint("name a file that does not exist yet")
    })
}

/// The learned layouts, by name.
fn learned(folder: &Path) -> Result<Vec<Layout>, CliError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?.into_iter().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    paths.sort();
    Ok(paths.iter().filter_map(|path| read(path).ok()).collect())
}

/// A layout from a file.
pub(super) fn read(path: &Path) -> Result<Layout, CliError> {
    let wrong = |text: String| CliError::usage(format!("{}: {text}", path.display()));
    let text = files::read_text(path, MOST_BYTES).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            CliError::new(FailureKind::NotFound, format!("{}: there is no such file", path.display()))
                .hint("name a TOML file as `dashtam layouts export` writes one")
        }
        _ => wrong(error.to_string()),
    })?;
    Layout::parse(&text).map_err(|error| wrong(error.to_string()))
}

fn find(folder: &Path, name: &str) -> Result<Layout, CliError> {
    let learned = learned(folder)?.into_iter().find(|layout| layout.name == name);
    learned.or_else(|| built_in().iter().find(|layout| layout.name == name).cloned()).ok_or_else(|| {
        CliError::new(FailureKind::NotFound, format!("there is no layout {name}"))
            .hint("`dashtam layouts list` lists them")
    })
}

/// The file of a learned layout. `None` for a name that can't be a file name.
fn learned_path(folder: &Path, name: &str) -> Result<PathBuf, CliError> {
    let known = learned(folder)?.into_iter().find(|layout| layout.name == name);
    if let Some(layout) = known {
        return Ok(folder.join(format!("{}.toml", layout.name)));
    }
    if built_in().iter().any(|layout| layout.name == name) {
        return Err(CliError::new(FailureKind::WrongState, format!("the layout {name} is built in"))
            .hint("only learned layouts can be forgotten"));
    }
    Err(CliError::new(FailureKind::NotFound, format!("there is no layout {name}"))
        .hint("`dashtam layouts list` lists them"))
}
