//! Fills the profile of `--demo`, as a person would have filled it: statements imported quarter by quarter over two years, a
//! bank that is connected, and rows that were edited.
//!
//! Everything goes through the engine at the time at which it would have happened, so the journal looks lived in.

use std::{ops::ControlFlow, path::Path, sync::Arc};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;

use super::error::CliError;
use crate::{
    demo::{self, DemoBatch, DemoFile},
    domain::{AccountId, TransactionId, UserFields},
    ledger::Ledger,
    ports::{Clock, ShiftedClock},
    providers::{Secrets, demo_bank},
    store::Store,
    sync::{ConnectRequest, Handle, ImportOptions, ImportRequest, SyncRequest},
};

/// How long a login at the connected bank lasts.
const LOGIN: TimeDelta = demo_bank::LOGIN;
/// It ends this long after the start.
const LOGIN_LEFT: TimeDelta = TimeDelta::hours(26);

/// Categories by a word of the payee.
const CATEGORIES: &[(&str, &str)] = &[
    ("coffee", "Food:Coffee"),
    ("kaffeehaus", "Food:Coffee"),
    ("grocery", "Food:Groceries"),
    ("market", "Food:Groceries"),
    ("corner foods", "Food:Groceries"),
    ("noodle", "Food:Restaurants"),
    ("taqueria", "Food:Restaurants"),
    ("thai", "Food:Restaurants"),
    ("pasta", "Food:Restaurants"),
    ("brass spoon", "Food:Restaurants"),
    ("check 1", "Home:Rent"),
    ("city light", "Home:Utilities"),
    ("fiberline", "Home:Utilities"),
    ("stadtwerke", "Home:Utilities"),
    ("northwind", "Salary"),
    ("metro", "Transport"),
    ("summit fuel", "Transport"),
    ("parkmobile", "Transport"),
];

/// The parts of an open profile that filling it takes.
#[derive(Clone, Copy)]
pub struct DemoProfile<'a> {
    /// Its database.
    pub store: &'a Store,
    /// Its data.
    pub ledger: &'a Ledger,
    /// Its engine.
    pub handle: &'a Handle,
    /// Runs the engine.
    pub runtime: &'a tokio::runtime::Handle,
    /// The clock of the engine.
    pub clock: &'a dyn Clock,
    /// Sets that clock ahead of the present by a time.
    pub shift: &'a dyn Fn(TimeDelta),
}

/// Fills the throw-away profile in `folder`.
pub(super) fn fill(session: &DemoProfile<'_>, folder: &Path) -> Result<(), CliError> {
    let (now, today) = (session.clock.now(), session.clock.today());
    let statements = folder.join("statements");
    std::fs::create_dir_all(&statements)?;
    let mut batches = demo::batches(today);
    let import = |batch: DemoBatch, at: DateTime<Utc>| {
        (session.shift)(at - now);
        let paths = batch.files.iter().map(|file| write(&statements, file)).collect::<Result<Vec<_>, _>>()?;
        let mut options =
            ImportOptions { account_name: batch.account.map(ToOwned::to_owned), ..ImportOptions::default() };
        if batch.account.is_some() {
            options.answers.insert("institution", demo::PREPAID_ISSUER);
        }
        let request = ImportRequest { paths, options, dry_run: false };
        session.runtime.block_on(session.handle.import(request, |_| {}))?;
        Ok::<(), CliError>(())
    };
    let newest = batches.pop();
    for batch in batches {
        let at = evening(batch.taken, now + LOGIN_LEFT - LOGIN);
        import(batch, at)?;
    }
    // The login is counted from the day it was made.
    (session.shift)(LOGIN_LEFT - LOGIN);
    connect(session)?;
    if let Some(newest) = newest {
        import(newest, now - TimeDelta::hours(3))?;
    }
    (session.shift)(-TimeDelta::hours(2));
    edit(session)?;
    (session.shift)(-TimeDelta::minutes(40));
    session.runtime.block_on(session.handle.sync(SyncRequest { force: true, ..SyncRequest::default() }))?;
    (session.shift)(TimeDelta::zero());
    Ok(())
}

/// The evening of a day, but before `end`.
fn evening(day: NaiveDate, end: DateTime<Utc>) -> DateTime<Utc> {
    day.and_hms_opt(18, 40, 0).map_or(end, |at| at.and_utc()).min(end - TimeDelta::hours(1))
}

fn write(folder: &Path, file: &DemoFile) -> std::io::Result<std::path::PathBuf> {
    let path = folder.join(&file.name);
    std::fs::write(&path, &file.bytes)?;
    Ok(path)
}

fn connect(session: &DemoProfile<'_>) -> Result<(), CliError> {
    session.runtime.block_on(async {
        session.handle.unlock(Secrets::new()).await?;
        let job = session.handle.job();
        let request = ConnectRequest { provider: "demo_bank".to_owned(), connection: None, answers: Secrets::new() };
        session.handle.connect(job, request, |_| {}).await?;
        session.handle.confirm_connection(job, None).await
    })?;
    Ok(())
}

/// Categories for what recurs, a tag for the trips, a note; and a balance that the user stated.
fn edit(session: &DemoProfile<'_>) -> Result<(), CliError> {
    let mut edits: Vec<(TransactionId, UserFields)> = Vec::new();
    let mut noted = false;
    let mut by_hand: Option<(AccountId, NaiveDate, Decimal)> = None;
    let view = session.ledger.view()?;
    let prepaid =
        view.accounts().iter().find(|line| line.account.display_name() == demo::PREPAID).map(|it| it.account.id);
    session.store.read()?.scan(|row, _| {
        let payee = row.facts.payee().to_lowercase();
        let mut fields = UserFields::default();
        // "Market" is in the name of a fund too.
        let is_trade = row.facts.security.is_some();
        let category = CATEGORIES.iter().find(|(word, _)| !is_trade && payee.contains(word));
        fields.category = category.map(|(_, category)| (*category).to_owned());
        if row.facts.foreign.is_some() {
            fields.tags = vec!["paris".to_owned(), "trip".to_owned()];
        }
        if payee.contains("lindqvist") && !noted {
            noted = true;
            fields.note = Some("Lamp for the hall; receipt is in the blue folder".to_owned());
        }
        if Some(row.account_id) == prepaid {
            let (sum, day) = by_hand.map_or((Decimal::ZERO, row.facts.date), |(_, day, sum)| (sum, day));
            by_hand = Some((row.account_id, day.max(row.facts.date), sum + row.facts.amount));
        }
        if fields != UserFields::default() {
            edits.push((row.id, fields));
        }
        ControlFlow::Continue(())
    })?;
    session.runtime.block_on(async {
        session.handle.edit_transactions(edits).await?;
        if let Some((account, day, sum)) = by_hand {
            session.handle.state_balance(account, day, sum).await?;
        }
        Ok::<(), crate::sync::JobFailure>(())
    })?;
    Ok(())
}

/// As [`fill`], for tests.
///
/// # Errors
/// The message of the command line.
pub fn fill_profile(session: &DemoProfile<'_>, folder: &Path) -> Result<(), String> {
    fill(session, folder).map_err(|error| error.message)
}

/// The clock of a demo.
pub(super) fn clock() -> Arc<ShiftedClock> {
    Arc::new(ShiftedClock::default())
}
