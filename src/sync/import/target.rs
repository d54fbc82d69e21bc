//! The accounts that the pages of a file mean.
//!
//! An account is known by a name under which an earlier file was put into it; by its identity; or by the evidence of
//! `candidate`. INVARIANT: plans only.

use std::collections::HashMap;

use super::{
    candidate,
    doubt::{self, Asking, Meant},
    evidence::RowAgreement,
    layouts::is_unnamed,
    number::Closeness,
    read::InstitutionPart,
    world::{PageGroup, World, same_type},
};
use crate::{
    domain::{Account, AccountId, AccountType, AssetCode, Warning, text},
    statements::StatementAccount,
    sync::{JobFailure, account},
};

/// An account that pages of a file mean.
pub(super) struct ImportTarget {
    /// `None`: a new one.
    pub(super) account: Option<Account>,
    /// Positions in [`InstitutionPart::accounts`].
    pub(super) pages: Vec<usize>,
    /// Names of the source that the account doesn't have yet.
    pub(super) new_names: Vec<String>,
    /// Reasons to look at the result.
    pub(super) warnings: Vec<Warning>,
}

/// The name of an account in a source.
pub(super) fn source_name(part: &InstitutionPart, page: &StatementAccount) -> String {
    let draft = &page.account;
    let currency = if page.currency_stated { draft.currency.to_string() } else { String::new() };
    [part.provider.slug, &part.identity.key, &draft.provider_account_id, &currency].join("\u{1f}")
}

/// Finds the account of every page.
pub(super) fn targets(
    world: &World<'_>,
    part: &InstitutionPart,
    asking: &Asking<'_>,
) -> Result<Vec<ImportTarget>, JobFailure> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut places: HashMap<(&str, Option<AssetCode>), usize> = HashMap::new();
    for (index, page) in part.accounts.iter().enumerate() {
        let currency = page.currency_stated.then_some(page.account.currency);
        let place = *places.entry((&page.account.provider_account_id, currency)).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[place].push(index);
    }
    groups.sort_by_key(|pages| pages.iter().filter_map(|page| part.accounts[*page].period).min());
    let names = source_names(world)?;
    let mut targets: Vec<ImportTarget> = Vec::new();
    for pages in groups {
        let group = PageGroup::of(part, &pages);
        if let Some(target) = same_in_file(part, &targets, &group) {
            targets[target].pages.extend(&pages);
            targets[target].new_names.push(source_name(part, group.page));
            continue;
        }
        let taken = taken(part, &targets, group.page);
        let others: Vec<AccountId> = targets.iter().filter_map(|target| Some(target.account.as_ref()?.id)).collect();
        targets.push(target(world, part, &names, &group, asking, &taken, &others)?);
    }
    Ok(targets)
}

/// Accounts that other pages of the file mean, which state another currency than this page.
fn taken(part: &InstitutionPart, targets: &[ImportTarget], page: &StatementAccount) -> Vec<AccountId> {
    let has_other = |target: &&ImportTarget| {
        target.pages.iter().map(|page| &part.accounts[*page]).any(|other| {
            page.currency_stated && other.currency_stated && other.account.currency != page.account.currency
        })
    };
    targets.iter().filter(has_other).filter_map(|target| Some(target.account.as_ref()?.id)).collect()
}

/// An account of the same file that the pages are about too: under its number in another form, or as a replaced card.
fn same_in_file(part: &InstitutionPart, targets: &[ImportTarget], group: &PageGroup<'_>) -> Option<usize> {
    targets.iter().position(|target| {
        if target.account.is_some() || target.pages.is_empty() {
            return false;
        }
        let other = PageGroup::of(part, &target.pages);
        let (page, first) = (group.page, other.page);
        let currencies =
            first.account.currency == page.account.currency || !page.currency_stated || !first.currency_stated;
        let agreement = RowAgreement::of(&group.rows(part), &other.rows(part));
        let close = group.number.closeness(&other.number);
        let is_card = [page, first].iter().all(|page| page.account.account_type == AccountType::CreditCard);
        currencies
            && match close {
                Closeness::Equal if same_type(&page.account, first.account.account_type) => !agreement.contradicts(1),
                Closeness::Equal | Closeness::Masked => agreement.agrees(),
                Closeness::Different => is_card && agreement.continues(),
            }
    })
}

/// The account of every name that a source has for it.
fn source_names(world: &World<'_>) -> Result<HashMap<String, usize>, JobFailure> {
    let mut names = HashMap::new();
    for (index, known) in world.accounts.iter().enumerate() {
        for name in account::source_names(world.reader, known)? {
            names.insert(name, index);
        }
    }
    Ok(names)
}

/// The account that an export of this program states, whatever source it has. Of several with one identity it is the one of the
/// name.
fn exported<'w>(
    world: &'w World<'_>,
    part: &InstitutionPart,
    group: &PageGroup<'_>,
    excluded: &[AccountId],
) -> Option<&'w Account> {
    let draft = &group.page.account;
    let is_counter = |rest: &str| rest.strip_prefix('/').is_some_and(|number| number.parse::<u32>().is_ok());
    let may_be = |known: &&Account| {
        let rest = draft.provider_account_id.strip_prefix(known.provider_account_id.as_str());
        rest.is_some_and(|rest| rest.is_empty() || is_counter(rest))
            && Some(known.institution.as_str()) == part.institution.name.as_deref()
            && known.currency == draft.currency
            && !excluded.contains(&known.id)
    };
    let is_named = |known: &&&Account| draft.name.as_deref() == Some(known.display_name());
    let is_same = |known: &&&Account| known.provider_account_id == draft.provider_account_id;
    let all: Vec<&Account> = world.accounts.iter().filter(|_| part.is_export()).filter(may_be).collect();
    only(all.iter().filter(is_named)).or_else(|| only(all.iter().filter(is_same))).copied()
}

/// The item of an iterator that has exactly one.
fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    items.next().filter(|_| items.next().is_none())
}

fn target(
    world: &World<'_>,
    part: &InstitutionPart,
    names: &HashMap<String, usize>,
    group: &PageGroup<'_>,
    asking: &Asking<'_>,
    taken: &[AccountId],
    others: &[AccountId],
) -> Result<ImportTarget, JobFailure> {
    let found = |account: &Account| ImportTarget {
        account: Some(account.clone()),
        pages: group.pages.to_vec(),
        new_names: vec![],
        warnings: vec![],
    };
    if let Some(known) = exported(world, part, group, &[taken, others].concat()) {
        return Ok(found(known));
    }
    let name = source_name(part, group.page);
    let by_name = names.get(&name).map(|index| &world.accounts[*index]);
    // Tables of several accounts share the name that their layout gives, so their rows count before it.
    let is_named = !is_unnamed(&group.page.account.provider_account_id);
    if let Some(known) = by_name.filter(|_| is_named) {
        return Ok(found(known));
    }
    let chosen = |account: &Account| {
        let mut target = found(account);
        // A choice for these files only is no name of the account for later ones.
        let is_kept = is_named || !asking.options.once;
        target.new_names.extend(Some(name.clone()).filter(|_| is_kept && by_name.is_none_or(|by| by.id != account.id)));
        target
    };
    let is_bare = !is_named || group.number.is_bare();
    if is_bare && let Some(Meant::Chosen(known)) = asking.chosen(world, group)? {
        return Ok(chosen(known));
    }
    let candidates = candidate::candidates(world, part, group, taken);
    let exact = candidate::exact(group, &candidates);
    if let Some(known) = exact.filter(|_| is_named) {
        let mut target = found(known);
        target.warnings.extend(candidate::in_other_card(world, part, group, known, &candidates)?);
        return Ok(target);
    }
    let compared = candidate::compare(world, part, group, candidates)?;
    if let Some(known) = candidate::by_rows(group, &compared, others) {
        let mut target = found(known);
        if by_name.is_none_or(|named| named.id != known.id) {
            target.new_names.push(name);
            let text =
                format!("the rows are those of {}, so the file was taken for that account", known.display_name());
            target.warnings.push(Warning::new(0, text));
        }
        return Ok(target);
    }
    if let Some(known) = by_name.or(exact) {
        return Ok(found(known));
    }
    if let Some((known, evidence)) = candidate::best(group, &compared) {
        let mut target = found(known);
        target.new_names.push(name);
        if !evidence.agreement.agrees() {
            target.warnings.push(Warning::new(
                0,
                format!(
                    "account {} was taken for {} because the number differs only in its form and no row contradicts",
                    text::mask_number(&group.page.account.number),
                    known.display_name()
                ),
            ));
        }
        return Ok(target);
    }
    let excluded = [taken, others].concat();
    match doubt::resolve(world, part, group, asking, &excluded)? {
        Meant::Chosen(known) => return Ok(chosen(known)),
        Meant::Same(known) => {
            let mut target = found(known);
            target.new_names.push(name);
            let text =
                format!("the rows are those of {}, so the file was taken for that account", known.display_name());
            target.warnings.push(Warning::new(0, text));
            return Ok(target);
        }
        Meant::New => {}
    }
    let warnings = candidate::looks_like(world, group, &compared)?.into_iter().collect();
    Ok(ImportTarget { account: None, pages: group.pages.to_vec(), new_names: vec![], warnings })
}
