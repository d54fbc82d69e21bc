//! Tables that are no statements are refused by name, and statements that resemble them are read.

use super::test_reading::read_text;
use crate::statements::Verdict;

fn refused(text: &str) -> String {
    match read_text(text) {
        Ok(reading) => panic!("read as {:?}: {text}", reading.verdict),
        Err(error) => error.to_string(),
    }
}

fn amounts(text: &str) -> Vec<String> {
    let reading = read_text(text).unwrap();
    assert!(!matches!(reading.verdict, Verdict::Question(_)), "{:?}", reading.verdict);
    let drafts = reading.statements.iter().flat_map(|s| &s.accounts).flat_map(|page| &page.transactions);
    drafts.map(|draft| draft.facts.amount.normalize().to_string()).collect()
}

#[test]
fn measured_figures_are_no_amounts() {
    for table in [
        "date,km,minutes\n2024-03-13,5.2,31\n2024-03-14,10.1,62\n2024-03-15,7.5,44\n",
        "date,tmax,tmin,precipitation\n2024-03-13,15.25,-1.10,0.00\n2024-03-14,-10.10,2.20,3.40\n",
        "Datum;Ort;Temperatur\n13.3.2024;Bern;15,25\n14.3.2024;Bern;-10,10\n",
        "Name,Birthday,Age,Postcode\nA,1980-01-02,46,8001\nB,1981-03-14,45,3000\n",
        "Date,Project,Hours,Description\n2024-03-13,Acme,7.50,Code\n2024-03-14,Acme,8.00,Code\n",
    ] {
        assert!(refused(table).contains("no amounts of money"), "{table}");
    }
}

#[test]
fn figures_without_a_name_that_do_not_look_like_money_are_refused_with_the_columns() {
    let table = "Day,Team,Visitors\n2024-03-13,A,1200\n2024-03-14,B,900\n2024-03-15,C,4100\n";
    let error = refused(table);
    assert!(error.contains("\"Day\", \"Team\", \"Visitors\"") && error.contains("\"Amount\""), "{error}");
    let bare = "2024-03-13 10:00\t21.5\t45\n2024-03-13 11:00\t21.7\t44\n2024-03-13 12:00\t22.0\t44\n";
    assert!(refused(bare).contains("numbers beside its dates"));
    // Texts with cents, or with whole amounts of both signs, may be money.
    let named = "Day;Text;Xyz\n13.3.2024;Bread;-4,50\n14.3.2024;Wages;2000,00\n15.3.2024;Rent;-500,00\n";
    assert_eq!(amounts(named), ["-4.5", "2000", "-500"]);
    let whole = "Day;Text;Xyz\n13.3.2024;Bread;-450\n14.3.2024;Wages;20000\n15.3.2024;Rent;-5000\n";
    assert_eq!(amounts(whole), ["-450", "20000", "-5000"]);
}

#[test]
fn plans_prices_invoices_and_portfolios_are_refused_by_name() {
    for (name, table) in [
        (
            "budget",
            "Month,Category,Budgeted,Spent,Left\n2024-03-01,Rent,500.00,500.00,0.00\n2024-03-01,Food,300.00,310.00,-10.00\n",
        ),
        (
            "repayment plan",
            "Date,Payment,Principal,Interest,Balance\n2024-03-15,500.00,400.00,100.00,19600.00\n2024-04-15,500.00,402.00,98.00,19198.00\n2024-05-15,500.00,404.00,96.00,18794.00\n",
        ),
        ("prices", "Date,Close\n2024-03-13,100.50\n2024-03-14,101.50\n"),
        ("prices", "Datum;Schlusskurs;Tageshoch\n13.3.2024;100,50;101,00\n14.3.2024;101,50;102,00\n"),
        ("invoices", "Rechnungsnummer;Rechnungsdatum;Kunde;Brutto\n1;13.3.2024;Acme;119,00\n2;14.3.2024;Beta;238,00\n"),
        (
            "positions",
            "ISIN;Bezeichnung;Stück;Kurs;Wert;Stand\nUS0000000001;Acme;10;45,00;450,00;31.3.2024\nUS0000000002;Beta;5;20,00;100,00;31.3.2024\n",
        ),
        (
            "daily balances",
            "Date,Assets,Liabilities,Net Worth\n2024-03-31,10000.00,2000.00,8000.00\n2024-04-30,11000.00,1900.00,9100.00\n",
        ),
    ] {
        assert!(refused(table).contains(name), "{name}: {}", refused(table));
    }
    // The account of a loan has texts beside the parts of its payments.
    let loan = "Date,Description,Amount,Principal,Interest\n2024-03-13,Payment,500.00,400.00,100.00\n\
                2024-04-13,Payment,500.00,402.00,98.00\n2024-04-20,Fee,-20.00,0.00,0.00\n";
    assert_eq!(amounts(loan), ["500", "500", "-20"]);
}
