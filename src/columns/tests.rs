//! Blobs give back what was put in, and damaged ones are refused.

use chrono::NaiveDate;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::domain::{AccountId, ChangeId, Kind, Security, TransactionFacts, TransactionId};

fn row(id: u64, amount: Decimal, currency: &str, payee: &str) -> Transaction {
    let date = NaiveDate::from_num_days_from_ce_opt(739_000 + i32::try_from(id % 97).unwrap()).unwrap();
    let mut facts = TransactionFacts::new(date, amount, AssetCode::new(currency).unwrap());
    facts.payee = (!payee.is_empty()).then(|| payee.into());
    facts.provider_id = (!id.is_multiple_of(3)).then(|| format!("FIT{id}").into());
    Transaction { id: TransactionId(id), account_id: AccountId(id % 3), change_id: ChangeId(1), facts }
}

fn columns(rows: &[(Transaction, UserFields)]) -> Columns {
    Columns::from_rows(rows.iter().map(|(row, user)| (row, user))).unwrap()
}

fn assert_same(columns: &Columns, rows: &[(Transaction, UserFields)]) {
    assert_eq!(columns.len(), rows.len());
    for (place, (row, user)) in (0u32..).zip(rows) {
        assert_eq!(columns.id(place), Some(row.id));
        assert_eq!(columns.row_of(row.id), Some(place));
        assert_eq!(columns.date(place), Some(row.facts.date));
        assert_eq!(columns.amount(place), Some(row.facts.amount));
        assert_eq!(columns.unit(place).unwrap().currency, row.facts.currency);
        assert_eq!(columns.account(place), Some(row.account_id));
        assert_eq!(columns.subtypes()[place as usize], row.facts.kind.subtype());
        assert_eq!(columns.statuses()[place as usize], row.facts.status);
        let payee = user.payee.as_deref().filter(|payee| !searchable(payee).is_empty()).unwrap_or(row.facts.payee());
        assert_eq!(columns.payee_of(place), searchable(payee).as_bytes());
        let reference = row.facts.provider_id.as_deref().unwrap_or_default();
        assert_eq!(columns.reference_of(place), searchable(reference).as_bytes());
        let tags: Vec<_> = Fields::TAG.of(columns.tail(place)).collect();
        let expected: Vec<_> = user.tags.iter().map(|tag| searchable(tag).into_owned()).collect();
        assert!(tags.iter().copied().eq(expected.iter().filter(|tag| !tag.is_empty()).map(String::as_bytes)));
        let category = &columns.category_table()[columns.categories()[place as usize] as usize];
        assert_eq!(&**category, user.category.as_deref().unwrap_or_default());
        let symbol = &columns.symbol_table()[columns.symbols()[place as usize] as usize];
        let expected = row.facts.security.as_ref().and_then(|security| security.symbol.as_deref()).unwrap_or_default();
        assert_eq!(&**symbol, expected);
    }
}

#[test]
fn fills_of_one_order_have_one_number() {
    use TransactionStatus::{Cancelled, Settled};
    use TransactionSubtype::{Buy, Dividend, Sell};

    let fill = |id: u64, group: Option<&str>, subtype: TransactionSubtype, status: TransactionStatus| {
        let mut row = row(1, Decimal::ONE, "USD", "");
        row.id = TransactionId(id);
        row.facts.security = Some(Box::new(Security { group: group.map(Into::into), ..Security::default() }));
        (row.facts.kind, row.facts.status) = (Kind(subtype), status);
        (row, UserFields::default())
    };
    let rows = [
        fill(1, Some("a"), Buy, Settled),
        fill(2, Some("b"), Buy, Settled),
        fill(3, Some("a"), Buy, Settled),
        fill(4, None, Buy, Settled),
        fill(5, Some("b"), Buy, Settled),
        fill(6, Some("a"), Sell, Settled),
        fill(7, Some("a"), Buy, Cancelled),
        fill(8, Some("a"), Buy, Cancelled),
        fill(9, Some("c"), Dividend, Settled),
        fill(10, Some("c"), Dividend, Settled),
        fill(CHUNK_ROWS + 1, Some("a"), Buy, Settled),
        fill(CHUNK_ROWS + 2, Some("a"), Buy, Settled),
        fill(CHUNK_ROWS + 3, Some("d"), Buy, Settled),
    ];
    let columns = columns(&rows);
    let orders: Vec<_> = (0..13).map(|row| columns.order(row).unwrap_or(0)).collect();
    assert_eq!(orders, [1, 2, 1, 0, 2, 0, 0, 0, 0, 0, 3, 3, 0]);
    assert!(columns.has_orders() && !self::columns(&rows[3..5]).has_orders());
}

#[test]
fn rows_come_back_over_chunk_borders_and_gaps() {
    let ids = [1, 2, 3, 9, 10, CHUNK_ROWS - 1, CHUNK_ROWS, CHUNK_ROWS + 1, 5 * CHUNK_ROWS + 7];
    let rows: Vec<_> = ids
        .into_iter()
        .map(|id| {
            let mut row = row(id, Decimal::new(-i64::try_from(id).unwrap(), 2), "USD", "Café Zoë");
            if id % 2 == 0 {
                row.facts.security = Some(Box::new(Security { symbol: Some("AAPL".into()), ..Security::default() }));
                row.facts.kind = Kind(TransactionSubtype::Buy);
            }
            (row, UserFields::default())
        })
        .collect();
    let columns = columns(&rows);
    assert_same(&columns, &rows);
    assert_eq!(columns.row_of(TransactionId(4)), None);
    assert_eq!(columns.row_of(TransactionId(0)), None);
    assert_eq!(columns.id(99), None);
    assert_eq!(columns.amount(99), None);
    assert!(columns.tail(99).is_empty() && columns.payee_of(99).is_empty());
}

#[test]
fn amounts_of_any_size_are_exact() {
    let amounts =
        ["1234567890.123456789012345678", "-79228162514264337593543950335", "0.01", "0", "-0.000000000000000001"];
    let rows: Vec<_> = (1..)
        .zip(amounts)
        .map(|(id, amount)| (row(id, amount.parse().unwrap(), "ETH", "swap"), UserFields::default()))
        .collect();
    assert_same(&columns(&rows), &rows);
}

#[test]
fn a_missing_payee_is_the_description_and_fields_stay_apart() {
    let mut row = row(1, Decimal::ONE, "USD", "");
    row.facts.description = Some("Full Text".into());
    row.facts.memo = Some("Remark\u{2}x".into());
    let user = UserFields {
        payee: Some("Mine".into()),
        note: Some("Note".into()),
        tags: vec!["Trip".into(), String::new()],
        ..UserFields::default()
    };
    let columns = columns(&[(row, user)]);
    let texts = |fields: Fields| {
        let (head, tail) = (columns.head(columns.heads_of()[0]), columns.tail(0));
        fields
            .of(head)
            .chain(fields.of(tail))
            .map(|text| String::from_utf8_lossy(text).into_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(texts(Fields::PAYEE), ["mine", "full text"]);
    assert_eq!(texts(Fields::MEMO), ["remark x"]);
    assert_eq!(texts(Fields::ANY), ["mine", "full text", "remark x", "trip", "note"]);
    let hit = memchr::memmem::find(columns.tail(0), b"remark").unwrap();
    assert!(Fields::MEMO.hold(&columns.tail(0)[..hit]));
    assert!(!Fields::NOTE.hold(&columns.tail(0)[..hit]));
}

#[test]
fn a_payee_is_kept_once() {
    let rows: Vec<_> = (0..3 * CHUNK_ROWS)
        .map(|id| (row(id, Decimal::ONE, "USD", if id % 2 == 0 { "even" } else { "odd" }), UserFields::default()))
        .collect();
    let columns = columns(&rows);
    assert_eq!((columns.heads().len(), columns.head_ends()), (27, &[5, 9, 14, 18, 23, 27][..]), "for each chunk");
    assert_same(&columns, &rows);
    let payees = columns.payees();
    assert_eq!((payees.len(), payees.rank(1), payees.example(1)), (2, 1, Some(1)));
}

#[test]
fn rows_out_of_place_are_refused() {
    let mut builder = ChunkBuilder::new(0);
    let user = UserFields::default();
    builder.push(&row(5, Decimal::ONE, "USD", "a"), &user).unwrap();
    assert!(matches!(builder.push(&row(5, Decimal::ONE, "USD", "a"), &user), Err(ColumnsError::Misplaced { .. })));
    let far = row(CHUNK_ROWS, Decimal::ONE, "USD", "a");
    assert!(matches!(builder.push(&far, &user), Err(ColumnsError::Misplaced { .. })));
    let blob = builder.finish();
    assert!(matches!(Columns::from_chunks([&blob, &blob]), Err(ColumnsError::Damaged { what: "ids" })));
    assert!(Columns::from_chunks::<Vec<u8>>([]).unwrap().is_empty());
}

#[test]
fn newest_comes_first_also_with_stray_dates() {
    let mut rows: Vec<_> = (1..200).map(|id| (row(id, Decimal::ONE, "USD", "x"), UserFields::default())).collect();
    let check = |rows: &[(Transaction, UserFields)]| {
        let columns = columns(rows);
        let mut expected: Vec<_> = rows.iter().map(|(row, _)| (row.facts.date, row.id)).collect();
        expected.sort_unstable_by(|left, right| right.cmp(left));
        let found: Vec<_> = columns
            .newest_first()
            .iter()
            .map(|&place| (columns.date(place).unwrap(), columns.id(place).unwrap()))
            .collect();
        assert_eq!(found, expected);
    };
    check(&rows);
    rows[7].0.facts.date = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap();
    check(&rows);
}

fn any_rows() -> impl Strategy<Value = Vec<(Transaction, UserFields)>> {
    let text = prop_oneof![Just(String::new()), "[a-zA-Z é\u{1}]{0,12}", "\\PC{0,8}"];
    let user = (
        proptest::option::of(text.clone()),
        proptest::option::of("[a-c]{1,2}"),
        proptest::collection::vec("\\PC{0,6}", 0..3),
    )
        .prop_map(|(payee, category, tags)| UserFields { payee, category, tags, note: None });
    let one = (1u64..40_000, any::<i64>(), 0u32..=18, 0usize..3, text, user);
    proptest::collection::vec(one, 0..40).prop_map(|rows| {
        let mut id = 0;
        rows.into_iter()
            .map(|(gap, mantissa, scale, currency, payee, user)| {
                id += gap;
                (row(id, Decimal::new(mantissa, scale), ["USD", "EUR", "ETH"][currency], &payee), user)
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn any_rows_come_back(rows in any_rows()) {
        assert_same(&columns(&rows), &rows);
    }

    #[test]
    fn a_damaged_blob_is_never_a_panic(mut rows in any_rows(), at in any::<prop::sample::Index>(), flip in 1u8..=255, cut in any::<prop::sample::Index>()) {
        let mut builder = ChunkBuilder::new(0);
        for (id, (row, user)) in (0..).zip(&mut rows) {
            row.id = TransactionId(id);
            builder.push(row, user).unwrap();
        }
        let blob = builder.finish();
        prop_assert!(Columns::from_chunks([&blob[..cut.index(blob.len())]]).is_err());
        let mut flipped = blob;
        let at = at.index(flipped.len());
        flipped[at] ^= flip;
        if let Ok(columns) = Columns::from_chunks([&flipped]) {
            for place in 0..u32::try_from(columns.len()).unwrap() {
                let _ = (columns.amount(place), columns.date(place), columns.tail(place), columns.payee_of(place), columns.id(place));
            }
            let _ = (columns.newest_first(), columns.payees());
        }
    }
}
