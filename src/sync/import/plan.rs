//! What a parsed file means for the store: which connection, which accounts, which rows.

use std::collections::HashMap;

use super::{Importer, ParsedFile, Stage, read::Part};
use crate::{
    domain::{
        Account, AccountId, ChangeCounts, ChangeId, Connection, ConnectionId, ConnectionStatus, FailureKind, IdTrust,
        Transaction, TransactionId, text,
    },
    statements::StatementAccount,
    store::Reader,
    sync::{
        Failure,
        account::{self, AccountPlan, News, Positions},
        reconcile::Outcome,
    },
};

/// What one file means.
pub(super) struct FilePlan {
    /// In the order of the file's parts.
    pub(super) parts: Vec<PartPlan>,
}

/// What the accounts of one institution in a file mean.
pub(super) struct PartPlan {
    /// The connection its accounts belong to; its id means nothing while `connection_is_new`.
    pub(super) connection: Connection,
    pub(super) connection_is_new: bool,
    /// In the order of the part's accounts.
    pub(super) accounts: Vec<AccountPlan>,
}

impl FilePlan {
    pub(super) fn accounts(&self) -> impl Iterator<Item = &AccountPlan> {
        self.parts.iter().flat_map(|part| &part.accounts)
    }

    /// Whether there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.accounts().all(AccountPlan::is_empty)
    }

    pub(super) fn counts(&self) -> ChangeCounts {
        let mut counts = ChangeCounts::default();
        for account in self.accounts() {
            account.add_to(&mut counts);
        }
        counts
    }

    /// The names of its institutions.
    pub(super) fn institutions(&self) -> String {
        let names: Vec<&str> = self.parts.iter().map(|part| part.connection.institution.as_str()).collect();
        names.join(", ")
    }
}

/// What earlier files of the same review will have written, so that later ones are compared with it too.
#[derive(Default)]
pub(super) struct Overlay {
    rows: HashMap<AccountKey, Vec<Transaction>>,
}

/// Provider, institution and account as the files name them.
type AccountKey = (String, String, String);

fn key(connection: &Connection, provider_account_id: &str) -> AccountKey {
    (connection.provider.clone(), connection.institution_key.clone(), provider_account_id.to_owned())
}

impl Overlay {
    pub(super) fn add(&mut self, parsed: &ParsedFile, plan: &FilePlan) {
        let planned = plan.parts.iter().flat_map(|part| part.accounts.iter().map(move |account| (part, account)));
        for ((part, account), said) in planned.zip(parsed.accounts()) {
            let rows = self.rows.entry(key(&part.connection, &account.account.provider_account_id)).or_default();
            for (draft, outcome) in said.transactions.iter().zip(&account.rows.outcomes) {
                if *outcome == Outcome::New {
                    rows.push(Transaction {
                        id: TransactionId(u64::MAX - rows.len() as u64),
                        account_id: account.account.id,
                        change_id: ChangeId(u64::MAX),
                        facts: draft.facts.clone(),
                    });
                }
            }
        }
    }
}

/// Works out what `parsed` means. Writes nothing.
pub(super) fn plan(
    importer: &Importer<'_>,
    reader: &Reader,
    overlay: &Overlay,
    parsed: &ParsedFile,
    into: Option<AccountId>,
) -> Result<FilePlan, Failure> {
    let accounts = reader.accounts()?;
    let connections = reader.connections()?;
    let forced = into.map(|id| forced_account(&accounts, parsed, id)).transpose()?;
    let parts = parsed.parts.iter().map(|part| {
        let (connection, is_new) = match &forced {
            Some(account) => {
                let connection = connections.iter().find(|connection| connection.id == account.connection_id);
                (
                    connection
                        .cloned()
                        .ok_or_else(|| Failure::new(FailureKind::Store, "the account has no connection"))?,
                    false,
                )
            }
            None => find_connection(part, &connections, &accounts),
        };
        let mut plan = PartPlan { connection, connection_is_new: is_new, accounts: Vec::new() };
        for said in &part.accounts {
            importer.report_progress(Stage::Comparing, &parsed.name(), 0, said.transactions.len() as u64);
            let is_same = |account: &&Account| {
                !is_new
                    && account.connection_id == plan.connection.id
                    && account.provider_account_id == said.account.provider_account_id
            };
            let known = forced.as_ref().or_else(|| accounts.iter().find(is_same));
            let id = known.map_or(&said.account.provider_account_id, |account| &account.provider_account_id);
            let planned = overlay.rows.get(&key(&plan.connection, id)).map_or(&[][..], Vec::as_slice);
            let news = news_of(said, part.id_trust);
            plan.accounts.push(account::plan(reader, &plan.connection, known, planned, &news)?);
        }
        Ok(plan)
    });
    Ok(FilePlan { parts: parts.collect::<Result<_, Failure>>()? })
}

fn news_of(said: &StatementAccount, trust: IdTrust) -> News<'_> {
    let as_of = said.holdings.iter().map(|holding| holding.as_of).max();
    News {
        draft: &said.account,
        rows: &said.transactions,
        removed: &[],
        trust,
        complete: None,
        holdings: Some(Positions {
            items: &said.holdings,
            complete: said.holdings_complete,
            as_of: as_of.or(said.account.balance.map(|balance| balance.date)),
            is_live: false,
        }),
        history: &[],
        replaces_history: false,
    }
}

/// The account that the user wants every row in.
fn forced_account(accounts: &[Account], parsed: &ParsedFile, id: AccountId) -> Result<Account, Failure> {
    let found = accounts.iter().find(|account| account.id == id);
    let account = found.ok_or_else(|| {
        Failure::new(FailureKind::NotFound, format!("there is no account {id}"))
            .with_hint("`dashtam accounts` lists them")
    })?;
    let count = parsed.accounts().count();
    if count > 1 {
        let message = format!("{}: the file holds {count} accounts, so its rows can't all go into one", parsed.name());
        return Err(
            Failure::new(FailureKind::SeveralAccounts, message).with_hint("import it without naming an account")
        );
    }
    Ok(account.clone())
}

/// The connection that stands for the file's institution; where several do, the one that knows its first account. A file
/// that says less of where it comes from than an earlier one did belongs to the file connection that knows its first
/// account; a disconnected one is never taken up again.
fn find_connection(part: &Part, connections: &[Connection], accounts: &[Account]) -> (Connection, bool) {
    let said = &part.institution;
    let identity = &part.identity;
    let is_file = |connection: &Connection| crate::providers::is_file_source(connection);
    let usable = || connections.iter().filter(|connection| connection.counts() && is_file(connection));
    let first = part.accounts.first().map(|account| &account.account.provider_account_id);
    let knows_it = |connection: &&Connection| {
        accounts
            .iter()
            .any(|account| account.connection_id == connection.id && Some(&account.provider_account_id) == first)
    };
    // A well-known institution's key is its name, also for connections made under another key of it.
    let is_same = |connection: &&Connection| {
        connection.provider == part.provider.slug
            && (connection.institution_key == identity.key
                || connection.institution.to_ascii_lowercase() == identity.key)
    };
    let is_anonymous = said.name.is_none() && said.number.is_none() && said.register_number.is_none();
    let by_account = || {
        let may_be = |connection: &&Connection| is_anonymous || connection.institution == identity.name;
        let mut owners = usable().filter(may_be).filter(knows_it);
        owners.next().filter(|_| owners.next().is_none())
    };
    let same = || usable().filter(is_same);
    if let Some(connection) = same().find(knows_it).or_else(|| same().next()).or_else(by_account) {
        return (connection.clone(), false);
    }
    let is_taken = usable().any(|connection| connection.display_name() == identity.name);
    let number =
        said.number.as_deref().or(said.register_number.as_deref()).or(said.bank_code.as_deref()).filter(|_| is_taken);
    let alias = number.and_then(text::clean_line).map(|number| format!("{} ({number})", identity.name));
    let connection = Connection {
        id: ConnectionId(0),
        provider: part.provider.slug.to_owned(),
        institution: identity.name.clone(),
        institution_key: identity.key.clone(),
        alias,
        status: ConnectionStatus::Pending,
        environment: None,
        excluded_accounts: Vec::new(),
        connected_at: None,
        last_sync_at: None,
        next_sync_at: None,
        login_expires_at: None,
        error: None,
    };
    (connection, true)
}
