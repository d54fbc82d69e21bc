//! Counters of providers whose requests carry ever larger numbers (nonces). They outlive the program.
//!
//! Kept beside the counters of the table `meta` as `counter.<provider>`: the smallest number that was never reserved. Outside
//! undo.

use redb::{ReadableTable, Table};

use crate::store::{error::Result, format::checksum, schema::ValueBytes};

const PREFIX: &str = "counter.";

/// Stores the smallest number of a provider that is not reserved.
pub(super) fn put(meta: &mut Table<'_, &'static str, ValueBytes>, provider: &str, next: u64) -> Result<()> {
    let name = format!("{PREFIX}{provider}");
    let value = checksum::add_u64(name.as_bytes(), next);
    meta.insert(name.as_str(), value.as_slice())?;
    Ok(())
}

/// The smallest number of a provider that is not reserved; 0 if none ever was.
pub(super) fn get(meta: &impl ReadableTable<&'static str, ValueBytes>, provider: &str) -> Result<u64> {
    let name = format!("{PREFIX}{provider}");
    match meta.get(name.as_str())? {
        Some(value) => checksum::check_u64(name.as_bytes(), value.value()),
        None => Ok(0),
    }
}

#[cfg(test)]
mod tests {
    use crate::{domain::ChangeKind, store::Store};

    #[test]
    fn each_provider_has_its_counter() {
        let store = Store::in_memory().unwrap();
        let put = |provider: &str, next| {
            let mut writer = store.begin(ChangeKind::Sync, "counter", chrono::Utc::now()).unwrap();
            writer.put_counter(provider, next).unwrap();
            writer.commit_unlisted().unwrap();
        };
        put("kraken", 7);
        put("kraken", u64::MAX);
        put("coinbase", 1);
        let reader = store.read().unwrap();
        let read = |provider| reader.counter(provider).unwrap();
        assert_eq!((read("kraken"), read("coinbase"), read("other")), (u64::MAX, 1, 0));
        store.verify().unwrap();
    }
}
