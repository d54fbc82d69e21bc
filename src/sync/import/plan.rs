//! The effect of a parsed file on the store: which connection, which accounts, which rows.

use super::{
    Importer, ParsedFile, Stage,
    doubt::Asking,
    layouts::ReadOptions,
    planned::{FilePlan, PartPlan, PlannedAccount, PlannedRows},
    read::InstitutionPart,
    target::{self, ImportTarget},
    world::World,
};
use crate::{
    domain::{
        Account, AccountCategory, AccountDraft, AccountId, AccountType, AssetCode, BalanceDraft, Connection,
        ConnectionId, Correction, FailureKind, Warning, figures::counted, text,
    },
    statements::{StatementAccount, ofx},
    store::Reader,
    sync::{
        JobFailure,
        account::{self, AccountNews, AccountPlan, DocumentRows, ListedPositions, Planned, RowRef, RowsPlan},
        reconcile::ListingFacts,
    },
};

/// Doubts of a file that are warned of one by one.
const MOST_DOUBTS: usize = 1_000;

/// Works out what `parsed` means. Writes nothing; rows whose currency the file leaves out take that of their account.
pub(super) fn plan(
    importer: &Importer<'_>,
    reader: &Reader,
    overlay: &PlannedRows,
    parsed: &mut ParsedFile,
    reading: &ReadOptions,
) -> Result<FilePlan, JobFailure> {
    let mut accounts = reader.source_accounts()?;
    accounts.extend(overlay.accounts.iter().cloned());
    let mut connections = reader.connections()?;
    connections.extend(overlay.connections.iter().cloned());
    let world = World { reader, overlay, accounts, connections };
    let forced = reading.options.account.map(|id| forced_account(&world.accounts, parsed, id)).transpose()?;
    let mut file = FilePlan { parts: Vec::new(), warnings: Vec::new() };
    let none = Planned::default();
    let (path, name) = (parsed.path.clone(), parsed.name());
    let has_several = identities(parsed).len() > 1;
    let mut pages_before = 0;
    for part_index in 0..parsed.parts.len() {
        let part = &parsed.parts[part_index];
        let targets = if let Some(account) = &forced {
            vec![forced_target(&world, part, account)?]
        } else {
            let (options, scope) = (&reading.options, reading.scope(&path));
            let asking = Asking { options, file: &name, scope, has_several, pages_before };
            target::targets(&world, part, &asking)?
        };
        pages_before += part.accounts.len();
        for target in targets {
            let currency = take_currency(&mut parsed.parts[part_index], &target);
            if currency == PageCurrency::Taken {
                parsed.warnings.retain(|warning| !warning.message.ends_with(ofx::CURRENCY_ASSUMED));
            }
            let part = &parsed.parts[part_index];
            file.warnings.extend(target.warnings.iter().cloned());
            let known = target.account.as_ref();
            let (connection, is_new) = connection_of(&world, &file, part, known)?;
            let pages: Vec<&StatementAccount> = target.pages.iter().map(|page| &part.accounts[*page]).collect();
            let rows: u64 = pages.iter().map(|page| page.transactions.len() as u64).sum();
            importer.report_progress(Stage::Comparing, &parsed.name(), 0, rows);
            let mut draft = united(&pages, known);
            let own = known.filter(|_| part.is_export());
            if let Some(known) = own {
                come_back(&mut draft, known);
            }
            let planned = known.and_then(|known| overlay.of(known.id)).unwrap_or(&none);
            let stored = known.filter(|known| !overlay.is_planned(known.id));
            if known.is_none() {
                draft.provider_account_id = free_identity(&world, &file, &connection, is_new, &draft);
            }
            let history = earlier_balances(&pages, draft.balance);
            let news = AccountNews {
                draft: &draft,
                currency_stated: own.is_none() && pages.iter().any(|page| page.currency_stated),
                pages: pages.iter().map(|page| page_of(page, part.is_export())).collect(),
                removed: &[],
                trust: part.id_trust,
                format: part.format,
                holdings: positions(&pages),
                history: &history,
                replaces_history: false,
            };
            let mut plan = account::plan(reader, &connection, stored, planned, &news)?;
            if let (None, Some(known)) = (stored, known) {
                // Planned by an earlier file of this review.
                plan.account = known.clone();
                plan.is_new = false;
            }
            name_apart(&world, &file, known, &mut plan);
            plan.new_names = target.new_names;
            file.warnings.extend(restated_warning(&plan, known));
            file.warnings.extend(early_warnings(&plan.rows, &pages));
            file.warnings.extend(doubt_warnings(&plan.rows, &pages));
            let pages = target.pages.iter().map(|page| (part_index, *page)).collect();
            let account = PlannedAccount { plan, pages };
            let same = |part: &&mut PartPlan| {
                part.connection_is_new == is_new
                    && part.connection.id == connection.id
                    && part.connection.provider == connection.provider
                    && part.connection.institution_key == connection.institution_key
            };
            match file.parts.iter_mut().find(same) {
                Some(part) => part.accounts.push(account),
                None => file.parts.push(PartPlan { connection, connection_is_new: is_new, accounts: vec![account] }),
            }
        }
    }
    file.warnings.extend(file.parts.iter().filter(|part| part.takes_up()).map(|part| {
        let text = format!("{} was disconnected; this import takes it up again", part.connection.display_name());
        Warning::new(0, text)
    }));
    file.warnings.sort_by_key(|warning| warning.line);
    file.warnings.dedup();
    Ok(file)
}

/// Sets an account without a name and number apart from the others, those of the same file included.
fn name_apart(world: &World<'_>, file: &FilePlan, known: Option<&Account>, plan: &mut AccountPlan) {
    // Of two that are called alike already, the older one keeps its name.
    let is_other = |other: &&Account| {
        known.is_none_or(|known| other.id != known.id && (other.id < known.id || known.name != plan.account.name))
    };
    let planned = file.accounts().filter(|planned| planned.is_new).map(|planned| &planned.account);
    let others: Vec<&Account> = world.accounts.iter().filter(is_other).chain(planned).collect();
    let mut account = plan.account.clone();
    account::tell_apart(&mut account, &others);
    plan.account_changed |= account != plan.account;
    plan.account = account;
}

/// The connection of a known account, else that of the file's institution, which an earlier account of this file may have
/// begun.
fn connection_of(
    world: &World<'_>,
    file: &FilePlan,
    part: &InstitutionPart,
    known: Option<&Account>,
) -> Result<(Connection, bool), JobFailure> {
    let Some(known) = known else {
        let begun = file.parts.iter().find(|planned| {
            planned.connection_is_new
                && planned.connection.provider == part.provider.slug
                && planned.connection.institution_key == part.identity.key
        });
        return Ok(match begun {
            Some(planned) => (planned.connection.clone(), true),
            None => find_connection(part, &world.connections, &world.accounts),
        });
    };
    let connection = world.connections.iter().find(|connection| connection.id == known.connection_id);
    let connection = connection.ok_or_else(|| JobFailure::new(FailureKind::Store, "the account has no connection"))?;
    // The first file that names the institution of an unnamed connection names the connection, if it has this account only.
    let is_only = world.accounts.iter().all(|other| other.connection_id != connection.id || other.id == known.id);
    if connection.institution_key.is_empty() && !part.identity.key.is_empty() && is_only {
        let (institution, institution_key) = (part.identity.name.clone(), part.identity.key.clone());
        return Ok((Connection { institution, institution_key, ..connection.clone() }, false));
    }
    Ok((connection.clone(), false))
}

/// An identity that no other account of the connection has: one number may be several accounts, in several currencies.
fn free_identity(
    world: &World<'_>,
    file: &FilePlan,
    connection: &Connection,
    is_new: bool,
    draft: &AccountDraft,
) -> String {
    let stored = world.accounts.iter().filter(|known| !is_new && known.connection_id == connection.id);
    let planned = file.parts.iter().filter(|part| {
        part.connection.id == connection.id && part.connection.institution_key == connection.institution_key
    });
    let planned = planned.flat_map(|part| &part.accounts).map(|account| &account.plan.account);
    let is_taken =
        |identity: &str| stored.clone().chain(planned.clone()).any(|known| known.provider_account_id == identity);
    let mut identity = draft.provider_account_id.clone();
    if is_taken(&identity) {
        identity = format!("{identity}/{}", draft.currency);
    }
    let plain = identity.clone();
    for number in 2.. {
        if !is_taken(&identity) {
            break;
        }
        identity = format!("{plain}/{number}");
    }
    identity
}

/// The source of the currency of pages that state none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PageCurrency {
    /// Every page states one, or nothing but the assumption is left.
    AsRead,
    /// Another page of the account, or the account.
    Taken,
}

/// Counts rows of pages that state no currency in that of another page of the account, else in that of the account.
fn take_currency(part: &mut InstitutionPart, target: &ImportTarget) -> PageCurrency {
    let mut stated = target.pages.iter().map(|page| &part.accounts[*page]).filter(|page| page.currency_stated);
    let stated = stated.next().map(|page| page.account.currency);
    let Some(currency) = stated.or(target.account.as_ref().map(|known| known.currency)) else {
        return PageCurrency::AsRead;
    };
    let mut result = PageCurrency::AsRead;
    for page in &target.pages {
        let page = &mut part.accounts[*page];
        if page.currency_stated {
            continue;
        }
        if target.account.as_ref().is_none_or(|known| stated.is_some() || !known.currency_assumed) {
            result = PageCurrency::Taken;
        }
        let assumed = std::mem::replace(&mut page.account.currency, currency);
        for draft in page.transactions.iter_mut().filter(|draft| draft.facts.currency == assumed) {
            draft.facts.currency = currency;
        }
        for holding in page.holdings.iter_mut().filter(|holding| holding.facts.currency == assumed) {
            holding.facts.currency = currency;
        }
    }
    result
}

/// The warning about rows that were counted in an assumed currency so far.
fn restated_warning(plan: &AccountPlan, known: Option<&Account>) -> Option<Warning> {
    let known = known.filter(|known| known.currency != plan.account.currency)?;
    Some(Warning::new(
        0,
        format!(
            "the currency of {} was assumed to be {}; this file states {}, in which all its rows are counted now",
            known.display_name(),
            known.currency,
            plan.account.currency
        ),
    ))
}

/// The account as its pages describe it together: the newest balance, the last name and type.
fn united(pages: &[&StatementAccount], known: Option<&Account>) -> AccountDraft {
    let mut draft = pages[0].account.clone();
    if let Some(stated) = pages.iter().find(|page| page.currency_stated) {
        draft.currency = stated.account.currency;
    }
    for page in &pages[1..] {
        let later = &page.account;
        if later.balance.is_some_and(|news| draft.balance.is_none_or(|known| known.date <= news.date)) {
            draft.balance = later.balance;
        }
        draft.name = later.name.clone().or(draft.name);
        if later.account_type != AccountType::Other {
            draft.account_type = later.account_type;
        }
    }
    // A missing type reads as checking; it does not overrule a type that was stated.
    if let Some(known) = known
        && known.provider_account_id != draft.provider_account_id
        && draft.account_type == AccountType::Checking
    {
        draft.account_type = known.account_type;
    }
    draft
}

/// An export states names and types as the user sees them, so the account keeps those of its source.
fn come_back(draft: &mut AccountDraft, known: &Account) {
    draft.name = None;
    draft.account_type = AccountType::Other;
    draft.is_active = known.is_active;
}

/// Balances of the pages beside the newest.
fn earlier_balances(pages: &[&StatementAccount], newest: Option<BalanceDraft>) -> Vec<BalanceDraft> {
    let mut balances: Vec<BalanceDraft> = pages.iter().filter_map(|page| page.account.balance).collect();
    balances.retain(|balance| newest.is_none_or(|newest| newest.date != balance.date));
    balances.reverse();
    balances.sort_by_key(|balance| balance.date);
    balances.dedup_by_key(|balance| balance.date);
    balances
}

fn page_of(page: &StatementAccount, is_export: bool) -> DocumentRows<'_> {
    let stated = page.closing.map(|closing| (closing.date, closing.amount));
    let is_money = |balance: &BalanceDraft| balance.holdings_value.is_none() && page.holdings.is_empty();
    let newest = page.account.balance.filter(is_money).map(|balance| (balance.date, balance.current));
    let listing = ListingFacts {
        period: page.period,
        closing: stated.or(newest).filter(|_| page.account.account_type.category() != AccountCategory::Investment),
        pending_as_of: page.pending_as_of,
        complete: None,
        is_export,
    };
    DocumentRows { drafts: &page.transactions, in_file: page.rows_in_file.as_deref(), listing }
}

/// The positions of the newest day listed.
fn positions<'a>(pages: &[&'a StatementAccount]) -> Option<ListedPositions<'a>> {
    let day = |page: &StatementAccount| {
        let held = page.holdings.iter().map(|holding| holding.as_of).max();
        held.or(page.account.balance.map(|balance| balance.date))
    };
    let listing = pages.iter().filter(|page| page.holdings_complete || !page.holdings.is_empty());
    let page = listing.max_by_key(|page| day(page))?;
    Some(ListedPositions { items: &page.holdings, complete: page.holdings_complete, as_of: day(page), is_live: false })
}

/// One warning for each correction of a row that is not there.
fn early_warnings(rows: &RowsPlan, pages: &[&StatementAccount]) -> Vec<Warning> {
    let warning = |(page, draft): &(usize, usize)| {
        let draft = &pages[*page].transactions[*draft];
        let (Correction::Replaces(id) | Correction::Deletes(id)) = draft.correction.as_deref()?;
        let message =
            format!("corrects the row with the id {id}, which is not there; applied when that row is imported");
        Some(Warning::new(draft.facts.origin.line, message))
    };
    rows.early_corrections.iter().filter_map(warning).collect()
}

/// One warning for each new row that may be a stored one, up to [`MOST_DOUBTS`], and one for all others.
fn doubt_warnings(rows: &RowsPlan, pages: &[&StatementAccount]) -> Vec<Warning> {
    let facts_of = |(page, draft): (usize, usize)| &pages[page].transactions[draft].facts;
    let doubts = rows.doubts.iter().take(MOST_DOUBTS).map(|(new, other)| {
        let facts = facts_of(*new);
        let (id, other) = match other {
            RowRef::Stored(id) => (format!("row {id} "), rows.doubted.get(id)),
            RowRef::New(page, draft) => (String::new(), Some(facts_of((*page, *draft)))),
        };
        let what = other.map_or_else(String::new, |other| {
            format!("{}of {}: {} {} {}", id, other.date, other.amount, other.currency, other.description())
        });
        let message = format!(
            "{} {} {} may be the same as {what}; both count until you decide (dashtam duplicates)",
            facts.date,
            facts.amount,
            facts.description()
        );
        Warning::new(facts.origin.line, message)
    });
    let further = rows.doubts.len().saturating_sub(MOST_DOUBTS);
    let further = (further > 0).then(|| {
        let rows = counted(further, "further row");
        Warning::new(0, format!("{rows} may be the same as others; all count until you decide (dashtam duplicates)"))
    });
    doubts.chain(further).collect()
}

/// The accounts of a file, by number and currency.
fn identities(parsed: &ParsedFile) -> Vec<(&str, AssetCode)> {
    let mut identities: Vec<(&str, AssetCode)> =
        parsed.accounts().map(|page| (&*page.account.provider_account_id, page.account.currency)).collect();
    identities.sort_unstable();
    identities.dedup();
    identities
}

/// The account that the user named for every row.
fn forced_account(accounts: &[Account], parsed: &ParsedFile, id: AccountId) -> Result<Account, JobFailure> {
    let found = accounts.iter().find(|account| account.id == id);
    let account = found.ok_or_else(|| {
        JobFailure::new(FailureKind::NotFound, format!("there is no account {id}"))
            .with_hint("`dashtam accounts` lists them")
    })?;
    let count = identities(parsed).len();
    if count > 1 {
        let message = format!("{}: the file holds {count} accounts, so its rows can't all go into one", parsed.name());
        return Err(
            JobFailure::new(FailureKind::SeveralAccounts, message).with_hint("import it without naming an account")
        );
    }
    let mut stated = parsed.accounts().filter(|page| page.currency_stated).map(|page| page.account.currency);
    if let Some(other) = stated.find(|currency| *currency != account.currency && !account.currency_assumed) {
        let message = format!(
            "{}: its rows are in {other}, but account {} is in {}",
            parsed.name(),
            account.display_name(),
            account.currency
        );
        return Err(JobFailure::new(FailureKind::Validation, message)
            .with_hint("import it without naming an account, or name one in that currency"));
    }
    Ok(account.clone())
}

/// The account that the user named, with the names of the source that it doesn't have yet.
fn forced_target(world: &World<'_>, part: &InstitutionPart, account: &Account) -> Result<ImportTarget, JobFailure> {
    let known = account::source_names(world.reader, account)?;
    let mut new_names: Vec<String> = part.accounts.iter().map(|page| target::source_name(part, page)).collect();
    new_names.sort_unstable();
    new_names.dedup();
    new_names.retain(|name| !known.contains(name));
    Ok(ImportTarget {
        account: Some(account.clone()),
        pages: (0..part.accounts.len()).collect(),
        new_names,
        warnings: Vec::new(),
    })
}

/// The connection of the file's institution; among several, the one that has its first account. A file
/// that names its institution less precisely than an earlier one belongs to the file connection that has its first
/// account; a disconnected one is taken up again where no other is left.
fn find_connection(part: &InstitutionPart, connections: &[Connection], accounts: &[Account]) -> (Connection, bool) {
    let institution = &part.institution;
    let identity = &part.identity;
    let is_file = |connection: &Connection| crate::providers::is_file_source(connection);
    let usable = || connections.iter().filter(|connection| connection.counts() && is_file(connection));
    let ended = || connections.iter().filter(|connection| !connection.counts() && is_file(connection));
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
    let is_anonymous =
        institution.name.is_none() && institution.number.is_none() && institution.register_number.is_none();
    let by_account = || {
        let may_be = |connection: &&Connection| is_anonymous || connection.institution == identity.name;
        let mut owners = usable().filter(may_be).filter(knows_it);
        owners.next().filter(|_| owners.next().is_none())
    };
    let same = || usable().filter(is_same);
    let again = || ended().filter(is_same).find(knows_it).or_else(|| ended().find(is_same));
    if let Some(connection) = same().find(knows_it).or_else(|| same().next()).or_else(by_account).or_else(again) {
        return (connection.clone(), false);
    }
    let is_taken = usable().any(|connection| connection.display_name() == identity.name);
    let number = institution
        .number
        .as_deref()
        .or(institution.register_number.as_deref())
        .or(institution.bank_code.as_deref())
        .filter(|_| is_taken);
    let alias = number.and_then(text::clean_line).map(|number| format!("{} ({number})", identity.name));
    let connection = Connection {
        institution_key: identity.key.clone(),
        alias,
        ..Connection::new(ConnectionId(0), part.provider.slug, identity.name.clone())
    };
    (connection, true)
}
