//! Accounts that came back under new ids, as they do when a bank is linked again at the Bridge.
//!
//! A new account goes on as a stored one that is no longer listed if institution, name and currency are the same and its
//! rows contain those that the stored one had last. Where only the names agree, the user is asked. INVARIANT: an account is
//! recognised on the evidence of rows only, and by one stored account at most.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::Value;

use super::{map, signs::SignSwitches, wire};
use crate::{
    domain::text,
    providers::{FetchPlan, KnownAccount, kit::rows},
};

/// The cursor that holds the names of relinked accounts.
pub(super) const CURSOR: &str = "relinked";

/// Ids of the Bridge with the ids under which their accounts are stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Relinked(BTreeMap<String, String>);

/// A listed account, as far as it matters here.
pub(super) struct ListedAccount<'a> {
    pub(super) account: &'a wire::Account,
    pub(super) institution: Option<&'a str>,
}

/// The outcome of a comparison.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Comparison {
    /// Recognised now: the new id, and the stored one.
    pub(super) found: Vec<(String, String)>,
    /// Accounts of the same name without evidence: the name, and the stored id.
    pub(super) unsure: Vec<(String, String)>,
}

impl Relinked {
    /// Those that were recognised before.
    pub(super) fn stored(plan: &FetchPlan<'_>) -> Self {
        Self(plan.cursor(CURSOR).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default())
    }

    /// The value of the cursor.
    pub(super) fn cursor(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    /// The stored id of an account.
    pub(super) fn stored_id(&self, id: &str) -> Option<&String> {
        self.0.get(id)
    }

    /// The id under which the Bridge lists a stored account.
    pub(super) fn listed_id(&self, stored: &str) -> Option<&String> {
        self.0.iter().find(|(_, id)| *id == stored).map(|(listed, _)| listed)
    }

    /// Adds recognised accounts. An account that is relinked once more has its newest id only.
    pub(super) fn extend(&mut self, found: &[(String, String)]) {
        for (listed, stored) in found {
            self.0.retain(|_, known| known != stored);
            self.0.insert(listed.clone(), stored.clone());
        }
    }
}

/// Compares listed accounts that are not stored with stored ones that are not listed. `delivered` are the rows of a listed
/// account.
pub(super) fn compare(
    plan: &FetchPlan<'_>,
    listed: &[ListedAccount<'_>],
    delivered: impl Fn(&str) -> Vec<(NaiveDate, Decimal)>,
) -> Comparison {
    let ids: BTreeSet<&str> = listed.iter().map(|it| it.account.id.0.as_str()).collect();
    let missing: Vec<&KnownAccount> =
        plan.known.iter().filter(|known| !ids.contains(known.provider_account_id.as_str())).collect();
    let mut comparison = Comparison::default();
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    for it in listed.iter().filter(|it| plan.known(&it.account.id.0).is_none()) {
        let alike: Vec<&KnownAccount> = missing
            .iter()
            .copied()
            .filter(|known| !taken.contains(known.provider_account_id.as_str()) && is_alike(known, it))
            .collect();
        let proven: Vec<&KnownAccount> = alike
            .iter()
            .copied()
            .filter(|known| {
                let stored = plan.cursor(&format!("signs/{}", known.provider_account_id));
                let stored: SignSwitches = stored.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
                contains(&delivered(&it.account.id.0), stored.remembered())
            })
            .collect();
        if let [one] = proven[..] {
            taken.insert(one.provider_account_id.as_str());
            comparison.found.push((it.account.id.0.clone(), one.provider_account_id.clone()));
        } else if let Some(one) = alike.first() {
            comparison.unsure.push((one.name.clone(), one.provider_account_id.clone()));
        }
    }
    comparison
}

fn is_alike(known: &KnownAccount, it: &ListedAccount<'_>) -> bool {
    let name = it.account.name.as_deref().unwrap_or_default();
    let is_same = |left: &str, right: &str| text::fold(left) == text::fold(right);
    is_same(&known.name, name)
        && known.currency == map::currency(it.account)
        && it.institution.is_none_or(|institution| is_same(&known.institution, institution))
}

/// Whether all remembered rows of days that were delivered are there, and at least one is.
fn contains(delivered: &[(NaiveDate, Decimal)], remembered: &[(NaiveDate, Decimal)]) -> bool {
    let Some(first) = delivered.iter().map(|(day, _)| *day).min() else { return false };
    let mut left: HashMap<(NaiveDate, Decimal), usize> = HashMap::new();
    for (day, amount) in delivered {
        *left.entry((*day, amount.normalize())).or_default() += 1;
    }
    let mut common = 0_usize;
    for (day, amount) in remembered.iter().filter(|(day, _)| *day >= first) {
        match left.get_mut(&(*day, amount.normalize())) {
            Some(count) if *count > 0 => *count -= 1,
            Some(_) | None => return false,
        }
        common += 1;
    }
    common > 0
}

/// Settled rows of an account, as delivered.
pub(super) fn settled(items: impl Iterator<Item = Value>) -> Vec<(NaiveDate, Decimal)> {
    rows::<wire::Transaction>(items.collect(), "transaction", &mut Vec::new())
        .iter()
        .filter_map(|(_, row)| map::delivered(row).map(|row| (row.day, row.amount)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(list: &[(u32, &str)]) -> Vec<(NaiveDate, Decimal)> {
        list.iter()
            .map(|(day, amount)| (NaiveDate::from_ymd_opt(2026, 11, *day).unwrap(), amount.parse().unwrap()))
            .collect()
    }

    #[test]
    fn rows_prove_an_account_only_if_none_is_missing() {
        let remembered = days(&[(3, "-5"), (4, "-5.0"), (4, "-5"), (9, "100")]);
        assert!(contains(&days(&[(3, "-5.00"), (4, "-5"), (4, "-5"), (9, "100"), (12, "7")]), &remembered));
        assert!(contains(&days(&[(4, "-5"), (4, "-5"), (9, "100")]), &remembered), "earlier days were not asked for");
        assert!(!contains(&days(&[(3, "-5"), (4, "-5"), (9, "100")]), &remembered), "twins are counted");
        assert!(!contains(&days(&[(10, "1")]), &remembered), "nothing in common");
        assert!(!contains(&[], &remembered) && !contains(&days(&[(3, "-5")]), &[]));
    }

    #[test]
    fn an_account_that_is_relinked_twice_has_its_newest_id() {
        let mut relinked = Relinked::default();
        relinked.extend(&[("B".to_owned(), "A".to_owned())]);
        relinked.extend(&[("C".to_owned(), "A".to_owned())]);
        assert_eq!((relinked.stored_id("B"), relinked.stored_id("C")), (None, Some(&"A".to_owned())));
        assert_eq!(relinked.listed_id("A"), Some(&"C".to_owned()));
        assert_eq!(relinked.cursor(), r#"{"C":"A"}"#);
    }
}
