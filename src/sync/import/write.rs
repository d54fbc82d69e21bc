//! A planned file into the store, in one commit.

use std::cell::Cell;

use super::{
    Importer, ParsedFile, Stage,
    planned::{FilePlan, PlannedAccount},
};
use crate::{
    domain::{
        Change, ChangeCounts, ChangeKind, Connection, ConnectionStatus, FailureKind, SnapshotSource, TransitionError,
    },
    providers::is_file_source,
    sync::{
        JobFailure,
        account::{self, PageRows, Writing},
        ended,
        reconcile::Outcome,
    },
};

/// Writes `plan`, or nothing.
pub(super) fn write(
    importer: &Importer<'_>,
    mut parsed: ParsedFile,
    plan: FilePlan,
    counts: ChangeCounts,
) -> Result<Change, JobFailure> {
    let name = parsed.name();
    let large = parsed.large.take();
    let mut writer = importer.store.begin(ChangeKind::Import, &name, importer.now)?;
    let total = counts.transactions_imported;
    let mut accounts = Vec::new();
    let mut connections = Vec::with_capacity(plan.parts.len());
    let mut done = 0;
    for part in plan.parts {
        let mut connection = part.connection;
        if part.connection_is_new {
            // An undo may have taken it away; names given to it and to its accounts are kept under its id.
            let former = writer.undone_connections()?.into_iter().rev().find(|former| {
                former.provider == connection.provider && former.institution_key == connection.institution_key
            });
            if let Some(former) = former {
                connection.alias = former.alias.clone().or(connection.alias);
                connection.status = former.status;
                connection.id = former.id;
            } else {
                connection.id = writer.new_connection_id();
            }
        }
        // A file for an account of a live connection leaves its login and status as they are.
        if is_file_source(&connection) {
            if connection.status == ConnectionStatus::Disconnected {
                ended::put(&mut writer, connection.id, false)?;
            }
            mark_imported(importer, &mut connection)?;
        }
        writer.put_connection(&connection)?;
        let writing = Writing { connection: &connection, now: importer.now, source: SnapshotSource::Statement };
        for PlannedAccount { plan: account, pages } in part.accounts {
            importer.report_progress(Stage::Writing, &name, done, total);
            importer.check_cancelled()?;
            done += account.count(|outcome| *outcome == Outcome::New) as u64;
            let failure = Cell::new(None);
            let mut rows = Vec::with_capacity(pages.len());
            for (part, page) in pages {
                let page = &mut parsed.parts[part].accounts[page];
                rows.push(match (&large, &page.rows_in_file) {
                    (Some(large), Some(rows)) => PageRows::InFile(large.rows(importer, rows, &failure)),
                    _ => PageRows::Read(std::mem::take(&mut page.transactions)),
                });
            }
            let written = account::write(&writing, &mut writer, account, rows);
            if let Some(failure) = failure.take() {
                return Err(failure);
            }
            accounts.push(written?.id);
        }
        connections.push(connection.id);
    }
    writer.note_reading(parsed.format, parsed.basis.lines());
    writer.put_source(parsed.source)?;
    if let Some(large) = large {
        large.check_unchanged()?;
    }
    importer.check_cancelled()?;
    importer.report_progress(Stage::Writing, &name, total, total);
    Ok(writer.commit(counts, accounts, connections.first().copied(), parsed.warnings)?)
}

/// A file source is connected by its first file and stays so.
fn mark_imported(importer: &Importer<'_>, connection: &mut Connection) -> Result<(), JobFailure> {
    let wrong_state = |error: TransitionError| JobFailure::caused(FailureKind::WrongState, error);
    match connection.status {
        ConnectionStatus::Active => {}
        ConnectionStatus::Disconnected => connection.mark_reconnected(importer.now).map_err(wrong_state)?,
        _ => connection.mark_connected(importer.now).map_err(wrong_state)?,
    }
    connection.record_sync(importer.now).map_err(wrong_state)
}
