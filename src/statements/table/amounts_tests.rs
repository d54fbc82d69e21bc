//! Tables with several columns that may be the amount, and lines that state balances.

use super::test_reading::{read_named, read_text};
use crate::statements::{Reading, Verdict};

fn reading(text: &str) -> Reading {
    read_text(text).unwrap()
}

/// Day, amount and currency of each row.
fn rows(text: &str) -> Vec<String> {
    let reading = reading(text);
    assert!(!matches!(reading.verdict, Verdict::Question(_)), "{:?}", reading.verdict);
    let drafts = reading.statements.iter().flat_map(|s| &s.accounts).flat_map(|page| &page.transactions);
    let row = |facts: &crate::domain::TransactionFacts| {
        format!("{} {} {}", facts.date.format("%m-%d"), facts.amount.normalize(), facts.currency)
    };
    drafts.map(|draft| row(&draft.facts)).collect()
}

fn balances(text: &str) -> Vec<String> {
    let reading = reading(text);
    let pages = reading.statements.iter().flat_map(|statement| &statement.accounts);
    let balance = |page: &crate::statements::StatementAccount| page.account.balance;
    pages.filter_map(balance).map(|balance| balance.current.normalize().to_string()).collect()
}

#[test]
fn an_amount_whose_currency_varies_is_that_of_the_shop() {
    let table = "Date,Text,Sum,Currency,Sum charged,Currency\n2024-03-13,Cafe,-0.50,USD,-45.00,RUB\n\
                 2024-03-14,Wages,2000.00,RUB,2000.00,RUB\n2024-03-15,Rent,-500.00,RUB,-500.00,RUB\n";
    assert_eq!(
        rows(&table.replace("Sum charged", "Amount").replace("Sum", "Amount")),
        ["03-13 -45 RUB", "03-14 2000 RUB", "03-15 -500 RUB"]
    );
}

#[test]
fn zeros_are_no_amounts_where_another_column_moves() {
    let table = "Date,Text,Amount,Amount(in Rs),Sign\n13/03/2024,Cafe,0,45,\n14/03/2024,PAYMENT RECEIVED,0,2000,CR\n\
                 15/03/2024,Hotel,0,500,\n16/03/2024,Hotel,0,600,\n";
    assert_eq!(rows(table), ["03-13 -45 INR", "03-14 2000 INR", "03-15 -500 INR", "03-16 -600 INR"]);
}

#[test]
fn parts_of_an_entry_under_their_own_header_are_no_rows() {
    let table = "Buchungsdatum;Belastung;Gutschrift;Einzelbetrag;Saldo;Nr.;Beschreibung\n\
                 2024-03-15;-500.00;;;2455.00;9901;Sammelauftrag\n2024-03-15;;;-300.00;;9901;Miete\n\
                 2024-03-15;;;-200.00;;9901;Strom\n2024-03-14;;2000.00;;2955.00;9902;Lohn\n\
                 2024-03-13;-45.00;;;955.00;9903;Cafe\n";
    assert_eq!(rows(table), ["03-15 -500 USD", "03-14 2000 USD", "03-13 -45 USD"]);
}

#[test]
fn a_fee_beside_two_columns_counts_where_the_balances_prove_it() {
    let table = "Date,Text,Money In,Money Out,Fee,Balance\n2024-03-13,Cafe,,-44.00,-1.00,955.00\n\
                 2024-03-14,Wages,2000.00,,,2955.00\n2024-03-15,Rent,,-498.00,-2.00,2455.00\n\
                 2024-03-16,Cash,,-100.00,,2355.00\n";
    assert_eq!(rows(table), ["03-13 -45 USD", "03-14 2000 USD", "03-15 -500 USD", "03-16 -100 USD"]);
    let without = table.replace("Fee", "Charge").replace("955.00\n", "956.00\n");
    assert_eq!(rows(&without)[0], "03-13 -44 USD");
}

#[test]
fn signs_beside_the_amounts_give_the_direction() {
    let table = "Fecha,Descripcion,Cargo/Abono,Importe\n13/03/2024,CAFE,'-',45.00\n14/03/2024,NOMINA,'+',2000.00\n\
                 15/03/2024,RENTA,'-',500.00\n";
    assert_eq!(rows(table), ["03-13 -45 USD", "03-14 2000 USD", "03-15 -500 USD"]);
}

#[test]
fn days_take_times_behind_a_hyphen_and_may_lie_in_three_columns() {
    let table =
        "Tarih/Saat;Açıklama;Tutar\n15/03/2024-10:11:12;KİRA;-500,00 TL\n14/03/2024-09:00:00;MAAŞ;2.000,00 TL\n";
    assert_eq!(rows(table), ["03-15 -500 TRY", "03-14 2000 TRY"]);
    let parts = "年,月,日,お取引内容,お引出し(円),お預入れ(円),残高(円)\n2024,3,13,コーヒー,450,,9550\n\
                 2024,3,14,キユウヨ,,20000,29550\n2024,3,15,ヤチン,5000,,24550\n";
    assert_eq!(rows(parts), ["03-13 -450 JPY", "03-14 20000 JPY", "03-15 -5000 JPY"]);
}

#[test]
fn the_day_of_a_trade_is_not_that_of_its_settlement() {
    let table = "Trade date,Settle date,Description,Quantity,Value (£)\n13/03/2024,15/03/2024,Acme Buy,10,-45.00\n\
                 14/03/2024,14/03/2024,Deposit,n/a,2000.00\n";
    assert_eq!(rows(table), ["03-13 -45 GBP", "03-14 2000 GBP"]);
}

#[test]
fn lines_of_the_table_state_the_closing_balance() {
    let table = "Konto;Datum;Text;Betrag;Währung;D/K\nEE382200221020145685;01.03.2024;Anfangssaldo;1000,00;EUR;K\n\
                 EE382200221020145685;13.03.2024;Kaffee;45,00;EUR;D\nEE382200221020145685;14.03.2024;Lohn;2000,00;EUR;K\n\
                 EE382200221020145685;31.03.2024;Endsaldo;2955,00;EUR;K\n";
    assert_eq!(balances(table), ["2955"]);
    assert!(matches!(reading(table).verdict, Verdict::Proven { agree: 1, of: 1 }));
    let wrong = table.replace("2955,00", "2900,00");
    assert!(reading(&wrong).evidence.iter().any(|evidence| !evidence.supports));
}

#[test]
fn numbers_around_the_table_may_be_cut_at_their_groups() {
    let table = "Tanggal,Keterangan,Jumlah,Saldo\n13/03/2024,KOPI,\"45,000.00 DB\",\"955,000.00\"\n\
                 14/03/2024,GAJI,\"2,000,000.00 CR\",\"2,955,000.00\"\n\nSaldo Awal : 1,000,000.00\nSaldo Akhir : 2,955,000.00\n";
    let reading = reading(table);
    assert!(reading.evidence.iter().all(|evidence| evidence.supports), "{:?}", reading.evidence);
    assert!(matches!(reading.verdict, Verdict::Proven { .. }));
}

#[test]
fn a_day_behind_the_name_of_a_balance_is_no_part_of_the_name() {
    let table = "Description,,Summary Amt.\nBeginning balance as of 03/01/2024,,\"1,000.00\"\n\
                 Ending balance as of 03/31/2024,,\"2,955.00\"\n\nDate,Description,Amount,Running Bal.\n\
                 03/13/2024,CAFE,-45.00,955.00\n03/14/2024,PAYROLL,\"2,000.00\",\"2,955.00\"\n";
    assert!(reading(table).warnings.is_empty(), "{:?}", reading(table).warnings);
    assert_eq!(balances(table), ["2955"]);
}

#[test]
fn a_card_in_the_layout_of_an_account_is_asked_about() {
    let table = "Date, Type, Description, Value, Balance, Account Name, Account Number\n\n\
                 15 Mar 2024,Purchase,HOTEL,500.00,,A PERSON,543210******1234\n\
                 14 Mar 2024,Payment,PAYMENT - THANK YOU,-2000.00,,A PERSON,543210******1234\n\
                 13 Mar 2024,Purchase,CAFE,45.00,,A PERSON,543210******1234\n";
    assert!(matches!(reading(table).verdict, Verdict::Question(question) if question.id == "sign"));
}

#[test]
fn of_two_columns_of_states_the_one_that_states_a_failure_counts() {
    let table = "交易时间,交易对方,金额（元）,收/支,资金状态,交易状态\n2024-03-15 10:11:12,房东,500.00,支出,已支出,交易成功\n\
                 2024-03-14 10:11:12,公司,2000.00,收入,已收入,交易成功\n2024-03-12 10:11:12,书店,99.00,支出,,支付失败\n";
    assert_eq!(rows(table), ["03-15 -500 CNY", "03-14 2000 CNY"]);
}

/// Number of the account and its rows, of every account.
fn accounts(text: &str) -> Vec<(String, usize)> {
    let reading = reading(text);
    let pages = reading.statements.iter().flat_map(|statement| &statement.accounts);
    pages.map(|page| (page.account.number.clone(), page.transactions.len())).collect()
}

#[test]
fn parts_below_a_repeated_header_are_of_the_account_that_is_named_above_it() {
    let table = "Account: 111222333\nDate,Description,Amount,Balance\n13/03/2024,COFFEE,-45.00,955.00\n\
                 14/03/2024,SALARY,2000.00,2955.00\n\nAccount: 444555666\nDate,Description,Amount,Balance\n\
                 13/03/2024,INTEREST,1.25,101.25\n15/03/2024,TRANSFER,-50.00,51.25\n16/03/2024,FEE,-1.00,50.25\n";
    assert_eq!(accounts(table), [("111222333".to_owned(), 2), ("444555666".to_owned(), 3)]);
    assert_eq!(balances(table), ["2955", "50.25"]);
    // A header that a page repeats begins no part.
    let pages = table.replace("Account: 444555666", "Page 2");
    assert_eq!(accounts(&pages), [("111222333".to_owned(), 5)]);
}

#[test]
fn rows_below_a_title_of_pending_rows_are_pending() {
    let table = "Pending Transactions\nDate,Description,Amount\n03/16/2024,SHELL,-60.10\n\nPosted Transactions\n\
                 Date,Description,Amount\n03/15/2024,RENT,-500.00\n03/14/2024,SALARY,2000.00\n";
    let reading = reading(table);
    let drafts = reading.statements.iter().flat_map(|s| &s.accounts).flat_map(|page| &page.transactions);
    let pending: Vec<bool> =
        drafts.map(|draft| draft.facts.status == crate::domain::TransactionStatus::Pending).collect();
    assert_eq!(pending, [true, false, false]);
}

#[test]
fn days_without_a_year_take_that_of_the_period_the_file_name_or_a_balance() {
    let table = "Date,Description,Amount\n13 Dec,COFFEE,-45.00\n31 Dec,SALARY,2000.00\n";
    let days = |text: &str, name: &str| -> Vec<String> {
        let reading = read_named(text, name).unwrap();
        let drafts = reading.statements.iter().flat_map(|s| &s.accounts).flat_map(|page| &page.transactions);
        drafts.map(|draft| draft.facts.date.to_string()).collect()
    };
    for name in ["statement 2023-12.csv", "Statement December 2023.csv", "card_202312.csv", "12-2023.csv"] {
        assert_eq!(days(table, name), ["2023-12-13", "2023-12-31"], "{name}");
    }
    let balance = format!("Balance as of 05 Jan 2024,2455.00\n\n{table}");
    assert_eq!(days(&balance, "download.csv"), ["2023-12-13", "2023-12-31"]);
    let turn = format!("Period: 15 Dec 2023 to 14 Jan 2024\n\n{table}02 Jan,RENT,-500.00\n");
    assert_eq!(days(&turn, "download.csv"), ["2023-12-13", "2023-12-31", "2024-01-02"]);
    let beside = "Buchung;Valuta;Text;Betrag\n30.12.;02.01.2024;Kaffee;-45,00\n02.01.;03.01.2024;Lohn;2.000,00\n";
    assert_eq!(days(beside, "download.csv"), ["2023-12-30", "2024-01-02"]);
    let error = read_named(table, "download.csv").unwrap_err().to_string();
    assert!(error.contains("have no year") && error.contains("statement 2026-10.csv"), "{error}");
}
