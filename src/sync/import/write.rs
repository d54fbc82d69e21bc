//! A planned file into the store, in one commit.

use super::{
    Importer, ParsedFile, Stage,
    planned::{FilePlan, PlannedAccount},
};
use crate::{
    domain::{
        Change, ChangeCounts, ChangeKind, Connection, ConnectionStatus, FailureKind, SnapshotSource, TransitionError,
    },
    sync::{
        JobFailure,
        account::{self, Writing},
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
        if connection.status == ConnectionStatus::Disconnected {
            ended::put(&mut writer, connection.id, false)?;
        }
        mark_imported(importer, &mut connection)?;
        writer.put_connection(&connection)?;
        let writing = Writing { connection: &connection, now: importer.now, source: SnapshotSource::Statement };
        for PlannedAccount { plan: account, pages } in part.accounts {
            importer.report_progress(Stage::Writing, &name, done, total);
            importer.check_cancelled()?;
            done += account.count(|outcome| *outcome == Outcome::New) as u64;
            let rows = pages
                .into_iter()
                .map(|(part, page)| std::mem::take(&mut parsed.parts[part].accounts[page].transactions));
            accounts.push(account::write(&writing, &mut writer, account, rows.collect())?.id);
        }
        connections.push(connection.id);
    }
    writer.note_reading(parsed.format, parsed.basis.lines());
    writer.put_source(parsed.source)?;
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
