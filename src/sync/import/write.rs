//! A planned file into the store, in one commit.

use super::{Importer, ParsedFile, Stage, plan::FilePlan};
use crate::{
    domain::{Change, ChangeCounts, ChangeKind, Connection, ConnectionStatus, SnapshotSource, TransitionError},
    sync::{
        Failure,
        account::{self, Writing},
        reconcile::Outcome,
    },
};

/// Writes `plan`, or nothing.
pub(super) fn write(
    importer: &Importer<'_>,
    parsed: ParsedFile,
    plan: FilePlan,
    counts: ChangeCounts,
) -> Result<Change, Failure> {
    let name = parsed.name();
    let mut writer = importer.store.begin(ChangeKind::Import, &name, importer.now)?;
    let mut connection = plan.connection;
    if plan.connection_is_new {
        connection.id = writer.new_connection_id();
    }
    mark_imported(importer, &mut connection)?;
    writer.put_connection(&connection)?;
    let writing = Writing { connection: &connection, now: importer.now, source: SnapshotSource::AccountSync };
    let total = counts.transactions_imported;
    let mut accounts = Vec::with_capacity(plan.accounts.len());
    let mut done = 0;
    for (account, said) in plan.accounts.into_iter().zip(parsed.statement.accounts) {
        importer.report_progress(Stage::Writing, &name, done, total);
        importer.check_cancelled()?;
        done += account.count(|outcome| *outcome == Outcome::New) as u64;
        accounts.push(account::write(&writing, &mut writer, account, said.transactions)?);
    }
    writer.put_source(parsed.source)?;
    importer.check_cancelled()?;
    importer.report_progress(Stage::Writing, &name, total, total);
    Ok(writer.commit(counts, accounts, Some(connection.id), parsed.statement.warnings)?)
}

/// A file source is connected by its first file and stays so.
fn mark_imported(importer: &Importer<'_>, connection: &mut Connection) -> Result<(), Failure> {
    let wrong_state = |error: TransitionError| Failure::new("wrong_state", error.to_string());
    if connection.status != ConnectionStatus::Active {
        connection.mark_connected(importer.now).map_err(wrong_state)?;
    }
    connection.record_sync(importer.now).map_err(wrong_state)
}
