//! Tables whose layout misled the reader: registers, ledgers, exports of shops and cards, lists that are no statements.
//!
//! INVARIANT: what the file does not say is asked or refused, never assumed.

use super::test_reading::read_text;
use crate::{
    domain::TransactionStatus,
    statements::{Limits, QuestionAnswers, StatementFile, Verdict, read},
};

/// Rows as day, amount and currency, pending ones marked.
fn rows(table: &str) -> Vec<String> {
    let reading = read_text(table).unwrap();
    assert!(!matches!(reading.verdict, Verdict::Question(_)), "{:?}", reading.verdict);
    let drafts =
        reading.statements.iter().flat_map(|statement| &statement.accounts).flat_map(|page| &page.transactions);
    drafts
        .map(|draft| {
            let pending = if draft.facts.status == TransactionStatus::Pending { " pending" } else { "" };
            format!("{} {}{pending}", draft.facts.date.format("%m-%d"), draft.facts.amount)
        })
        .collect()
}

/// The question that a table leaves open.
fn question(table: &str) -> Option<String> {
    match read_text(table).unwrap().verdict {
        Verdict::Question(question) => Some(question.id),
        _ => None,
    }
}

fn is_refused(table: &str) -> bool {
    read_text(table).is_err()
}

#[test]
fn a_day_of_processing_that_few_rows_have_is_not_their_day() {
    let table = "Date,Amount,Account Number,,Transaction Type,Transaction Details,Balance,Category,Merchant Name,Processed On\n\
                 05 Mar 26,-12.50,123456789,,EFTPOS,SHOP,1987.50,Food,Shop,\n\
                 04 Mar 26,-100.00,123456789,,TRANSFER,SAVER,2000.00,Transfer,,06 Mar 26\n\
                 02 Mar 26,-20.00,123456789,,EFTPOS,COLES,2100.00,Food,Coles,\n";
    assert_eq!(rows(table), ["03-05 -12.50", "03-04 -100.00", "03-02 -20.00"]);
}

#[test]
fn rows_of_a_register_that_are_not_cleared_are_booked_and_its_opening_is_a_row() {
    let table = "Account,Flag,Date,Payee,Memo,Outflow,Inflow,Cleared\nGiro,,03/14/2026,Grocer,,$54.20,$0.00,Uncleared\n\
                 Giro,,03/13/2026,Employer,,$0.00,$2500.00,Cleared\nGiro,,03/01/2026,Starting Balance,,$0.00,$100.00,Reconciled\n";
    assert_eq!(rows(table), ["03-14 -54.20", "03-13 2500.00", "03-01 100.00"]);
    let bank = "Date,Text,Amount,Status\n2026-03-14,Shop,-5.00,Pending\n2026-03-13,Pay,50.00,Cleared\n";
    assert_eq!(rows(bank), ["03-14 -5.00 pending", "03-13 50.00"]);
}

#[test]
fn a_closed_trade_without_a_day_of_payment_was_not_booked_and_others_are_named() {
    let table = "交易创建时间,付款时间,交易对方,商品名称,金额（元）,收/支,交易状态\n\
                 2026-02-28 19:14:10,2026-02-28 19:14:11,超市,A,25.00,支出,交易成功\n\
                 2026-02-25 10:00:10,,商店,B,99.00,支出,交易关闭\n\
                 2026-02-24 10:00:10,2026-02-24 10:00:10,商店,C,9.00,支出,交易关闭\n\
                 2026-02-20 08:00:00,2026-02-20 08:00:01,张三,转账,500.00,收入,交易成功\n";
    assert_eq!(rows(table), ["02-28 -25.00", "02-24 -9.00", "02-20 500.00"]);
    let lines: Vec<u32> = read_text(table).unwrap().warnings.iter().map(|warning| warning.line).collect();
    assert_eq!(lines, [3, 4]);
}

#[test]
fn a_comma_inside_apostrophes_divides_nothing() {
    let table = "'Date','Description','Amount','Balance'\n'2026-03-01','Shop, Main Street','-12.50','987.50'\n\
                 '2026-03-02','Salary, March','2,000.00','2987.50'\n'2026-03-03','Tom''s Diner','-7.25','2980.25'\n";
    assert_eq!(rows(table), ["03-01 -12.50", "03-02 2000.00", "03-03 -7.25"]);
}

#[test]
fn the_debit_of_a_ledger_is_asked_about_unless_balances_decide() {
    let table = "General Ledger\nDate,Journal,Account,Description,Debit,Credit\n2026-02-13,SJ,1200,Receipt,500.00,\n\
                 2026-02-14,PJ,1200,Rent,,300.00\n2026-02-16,PJ,1200,Supplies,,45.60\n";
    assert_eq!(question(table).as_deref(), Some("sign"));
    let (limits, mut answers) = (Limits::default(), QuestionAnswers::default());
    answers.insert("sign", "invert");
    let input = StatementFile {
        bytes: table.as_bytes(),
        file_name: "gl.csv",
        limits: &limits,
        layouts: &[],
        answers: &answers,
    };
    let reading = read(&input, &mut |_| std::ops::ControlFlow::Continue(())).unwrap();
    assert_eq!(reading.statements[0].accounts[0].transactions[0].facts.amount.to_string(), "500.00");
    let proven = "General Ledger\nDate,Details,Debit,Credit,Balance\n2026-02-13,Receipt,500.00,,1500.00\n\
                  2026-02-14,Rent,,300.00,1200.00\n2026-02-16,Supplies,,45.60,1154.40\n2026-02-20,Receipt,250.00,,1404.40\n";
    assert_eq!(rows(proven)[..2], ["02-13 500.00", "02-14 -300.00"]);
}

#[test]
fn a_yes_below_pending_is_pending() {
    let table = "Date,Description,Amount,Pending\n2026-02-03,Shop,-9.25,false\n2026-02-04,Cafe,-4.00,true\n";
    assert_eq!(rows(table), ["02-03 -9.25", "02-04 -4.00 pending"]);
}

#[test]
fn one_step_of_rows_of_one_moment_does_not_contradict_signs_and_headers() {
    let table = "Receipt No.,Completion Time,Details,Paid In,Withdrawn,Balance\n\
                 A1,2026-02-26 18:22:10,To John,,-500.00,1480.00\nA1,2026-02-26 18:22:10,Charge,,-7.00,1473.00\n\
                 A2,2026-02-25 09:00:01,From Mary,2000.00,,1980.00\n";
    assert_eq!(rows(table), ["02-26 -500.00", "02-26 -7.00", "02-25 2000.00"]);
}

#[test]
fn a_line_about_the_account_below_a_bare_table_is_no_row() {
    let last = "27/02/2026;-14,50;Carte;;BOULANGERIE;;0;Repas\n26/02/2026;1750,00;Virement;;ACME;;0;Salaire\n\
                25/02/2026;-35,00;Carte;;SFR;;0;Telecom\n28/02/2026;3210,11;;;01234 567890A\n";
    assert_eq!(rows(last), ["02-27 -14.50", "02-26 1750.00", "02-25 -35.00"]);
}

#[test]
fn a_first_row_with_a_cell_less_is_a_row() {
    let table = "27/02/2026|COMPRA DIA|27/02/2026|-15,20|484,80||4106XX|\n26/02/2026|ACME|26/02/2026|500,00|500,00||||\n\
                 25/02/2026|ENDESA|25/02/2026|-70,00|0,00||||\n";
    assert_eq!(rows(table), ["02-27 -15.20", "02-26 500.00", "02-25 -70.00"]);
}

#[test]
fn what_is_left_after_the_fee_is_the_amount() {
    let table = "Date,Type,Amount,Fee,Payout\n2026-02-03,charge,50.00,1.70,48.30\n2026-02-04,refund,-20.00,0.00,-20.00\n\
                 2026-02-05,charge,100.00,3.10,96.90\n";
    assert_eq!(rows(table), ["02-03 48.30", "02-04 -20.00", "02-05 96.90"]);
}

#[test]
fn signs_in_headers_name_the_sides() {
    let table =
        "Date,Text,[-] USD,[+] USD,Balance,Amount Sent\n2026-02-26,To Bob,25,,75,25\n2026-02-25,Bank,,100,100,\n";
    assert_eq!(rows(table), ["02-26 -25", "02-25 100"]);
}

#[test]
fn a_charge_beside_a_credit_is_money_out() {
    let table = "Date,Journey,Charge,Credit,Balance\n2026-02-14,Bus,2.80,,17.20\n2026-02-13,Top-up,,20.00,20.00\n";
    assert_eq!(rows(table), ["02-14 -2.80", "02-13 20.00"]);
}

#[test]
fn counters_do_not_beat_the_column_that_is_named() {
    let table = "Nummer;Buchtag;Valuta;Text;TA-Nr.;Betrag;\n1;03.02.2026;03.02.2026;Einlage;111;500,00;EUR\n\
                 1;04.02.2026;06.02.2026;Kauf;112;-480,90;EUR\n";
    assert_eq!(rows(table), ["02-03 500.00", "02-04 -480.90"]);
}

#[test]
fn kinds_of_a_card_give_the_direction_of_bare_amounts() {
    let table = "Date,Description,Transaction Type,Amount\n2026-02-24,FOODS,Purchase,45.10\n2026-02-20,ONLINE,Payment,300.00\n\
                 2026-02-14,LATE,Fee,29.00\n2026-02-10,TARGET,Return,12.00\n";
    assert_eq!(rows(table), ["02-24 -45.10", "02-20 300.00", "02-14 -29.00", "02-10 12.00"]);
}

#[test]
fn the_day_of_a_note_is_not_that_of_the_row() {
    let table = "created_at,updated_at,amount,description,date\n2026-02-14,2026-02-14,-10.00,Shop,2026-02-13\n\
                 2026-02-15,2026-02-15,500.00,Pay,2026-02-14\n";
    assert_eq!(rows(table), ["02-13 -10.00", "02-14 500.00"]);
}

#[test]
fn income_that_is_negative_among_positive_rows_is_asked_about() {
    let table = "date,name,amount,category\n2026-02-13,Shop,10.00,Food\n2026-02-14,ACME,-500.00,Income\n2026-02-15,Cafe,5.00,Food\n";
    assert_eq!(question(table).as_deref(), Some("sign"));
}

#[test]
fn two_amounts_in_two_currencies_are_asked_about() {
    let table = "Date,Description,Amount USD,Amount EUR\n2026-02-13,Shop,-10.80,-10.00\n2026-02-14,Pay,54.00,50.00\n";
    assert_eq!(question(table).as_deref(), Some("amount-column"));
}

#[test]
fn a_word_of_failure_behind_a_symbol_counts() {
    let table = "date,name,state,amount\n2026-02-13,Bar,✅ Approved,-4.50\n2026-02-14,Shop,❌ Declined,-9.00\n";
    assert_eq!(rows(table), ["02-13 -4.50"]);
}

#[test]
fn days_without_marks_between_their_parts() {
    let table = "Date,Description,Amount\n03FEB2026,Shop,-10.00\n04FEB2026,Pay,50.00\n";
    assert_eq!(rows(table), ["02-03 -10.00", "02-04 50.00"]);
    let swedish = "Datum;Beskrivning;Belopp;Saldo\n260203;ICA;-100,00;900,00\n260214;Lön;5000,00;5900,00\n";
    assert_eq!(rows(swedish), ["02-03 -100.00", "02-14 5000.00"]);
}

#[test]
fn texts_of_old_programs_keep_their_letters() {
    for (encoding, bytes) in [("DOS", b"B\x84ckerei M\x81ller".as_slice()), ("Macintosh", b"B\x8ackerei M\x9fller")] {
        let file =
            [b"Buchungstag;Name;Text;Betrag\n03.02.2026;".as_slice(), bytes, b";Br;-3,40\n14.02.2026;Amt;x;20,00\n"]
                .concat();
        let (limits, answers) = (Limits::default(), QuestionAnswers::default());
        let input =
            StatementFile { bytes: &file, file_name: "a.csv", limits: &limits, layouts: &[], answers: &answers };
        let reading = read(&input, &mut |_| std::ops::ControlFlow::Continue(())).unwrap();
        let payee = reading.statements[0].accounts[0].transactions[0].facts.payee.clone();
        assert_eq!(payee.as_deref(), Some("Bäckerei Müller"), "{encoding}");
    }
}

#[test]
fn the_currency_of_the_operation_is_that_of_the_account_where_the_amounts_are_the_same() {
    let table = "Дата операции,Описание,Валюта операции,Сумма в валюте операции,Сумма в валюте счета\n\
                 13.02.2026,МАГАЗИН,RUB,-540.20,-540.20\n14.02.2026,ЗАРПЛАТА,RUB,50000.00,50000.00\n";
    let reading = read_text(table).unwrap();
    assert_eq!(reading.statements[0].accounts[0].transactions[0].facts.currency.as_str(), "RUB");
    let ringgit = "Date,Text,Cash Out (RM),Cash In (RM)\n2026-02-13,Shop,8.50,\n2026-02-14,Pay,,300.00\n";
    let reading = read_text(ringgit).unwrap();
    assert_eq!(reading.statements[0].accounts[0].transactions[0].facts.currency.as_str(), "MYR");
}

#[test]
fn lists_of_goods_wages_assets_offers_and_answers_are_refused() {
    for table in [
        "SKU,Name,Qty,Cost,Last counted\nA1,Lamp,12,9.50,2026-02-01\nA2,Chair,4,22.00,2026-02-02\n",
        "Employee,Pay Date,Gross Pay,Federal Tax,Net Pay\nAnn,2026-02-15,2500.00,300.00,2200.00\nBob,2026-02-15,3000.00,400.00,2600.00\n",
        "Asset,Purchase date,Purchase price,Depreciation,Book value\nLaptop,2024-01-01,1500.00,500.00,1000.00\nDesk,2023-05-01,400.00,160.00,240.00\n",
        "Quote No;Date;Customer;Amount;Valid until\nQ1;2026-02-01;ACME;1200.00;2026-03-01\nQ2;2026-02-02;Foo;800.00;2026-03-02\n",
        "Date,Q1,Q2,Q3,Comment\n2026-02-01,4,5,3,ok\n2026-02-02,2,4,5,good\n",
        "Date,Planned income,Planned expenses,Planned balance\n2026-03-01,2000.00,1500.00,500.00\n2026-04-01,2000.00,1600.00,900.00\n",
    ] {
        assert!(is_refused(table), "{table}");
    }
}

#[test]
fn an_account_of_one_country_is_in_its_currency_unless_the_file_states_another() {
    let of = |head: &str, header: &str| {
        let reading =
            read_text(&format!("{head}\n\n{header}\n2024-05-02,Shop,-4.20\n2024-05-13,Pay,250.00\n")).unwrap();
        reading.statements[0].accounts[0].account.currency.to_string()
    };
    assert_eq!(of("Account,DE21301204000000015228", "Date,Text,Amount"), "EUR");
    assert_eq!(of("Account,CH93 0076 2011 6238 5295 7", "Date,Text,Amount"), "CHF");
    assert_eq!(of("Account,DE21301204000000015228", "Date,Text,Amount (USD)"), "USD");
}

#[test]
fn a_layout_known_by_its_columns_alone_needs_their_marks() {
    let table = |mark: &str| {
        format!("03/04/2024,-31.20,{mark},,Bakery\n03/05/2024,-7.45,{mark},,Market\n03/25/2024,1150.00,{mark},,Works\n")
    };
    let institution = |text: &str| format!("{:?}", read_text(text).unwrap().statements[0].institution.name);
    assert!(institution(&table("*")).contains("Wells Fargo"));
    assert!(!institution(&table("Carte")).contains("Wells Fargo"));
}
