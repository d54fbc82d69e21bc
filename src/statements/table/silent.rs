//! Kinds of tables that were once misread without a word: each is now read right, or asked about.

use super::test_reading::read_text;
use crate::statements::{Reading, Verdict};

/// Line, day and amount of each row.
fn rows(reading: &Reading) -> Vec<(u32, String, String)> {
    let drafts = reading.statements.iter().flat_map(|s| &s.accounts).flat_map(|page| &page.transactions);
    drafts
        .map(|draft| {
            let facts = &draft.facts;
            (facts.origin.line, facts.date.to_string(), facts.amount.normalize().to_string())
        })
        .collect()
}

fn amounts(text: &str) -> Vec<String> {
    let reading = read_text(text).unwrap();
    assert!(!matches!(reading.verdict, Verdict::Question(_)), "{:?}", reading.verdict);
    rows(&reading).into_iter().map(|(_, _, amount)| amount).collect()
}

fn question(text: &str) -> Option<String> {
    match read_text(text).unwrap().verdict {
        Verdict::Question(question) => Some(question.id),
        _ => None,
    }
}

#[test]
fn two_words_are_read_as_a_pair() {
    let table = "Datum;Opis;Iznos;D/P\n3.4.2024;Kupnja;10,00;D\n14.4.2024;Plaća;900,00;P\n15.4.2024;Najam;300,00;D\n";
    assert_eq!(amounts(table), ["-10", "900", "-300"]);
    let spanish = "Fecha,Concepto,Monto,Cargo/Abono\n13-04-2024,Luz,10.00,C\n14-04-2024,Nomina,900.00,A\n";
    assert_eq!(amounts(spanish), ["-10", "900"]);
    let single = "Fecha,Concepto,Monto,Cargo/Abono\n13-04-2024,Luz,10.00,C\n";
    assert_eq!(amounts(single), ["-10"]);
}

#[test]
fn unknown_words_are_asked_about_or_taught_by_the_balance() {
    let table = "Datum;Opis;Iznos;D/X\n13.4.2024;Abc;10,00;Zu\n14.4.2024;Def;900,00;Ko\n15.4.2024;Ghi;300,00;Zu\n";
    assert!(question(table).is_none_or(|id| id == "sign"));
    assert!(!matches!(read_text(table).unwrap().verdict, Verdict::Proven { .. }));
    let with_balance = "Bo;Opis;Iznos;Ma;Stanje\n13.4.2024;Abc;10,00;Zu;990,00\n14.4.2024;Def;900,00;Ko;1890,00\n\
                        15.4.2024;Ghi;300,00;Zu;1590,00\n16.4.2024;Jkl;20,00;Ko;1610,00\n";
    assert_eq!(amounts(with_balance), ["-10", "900", "-300", "20"]);
}

#[test]
fn a_word_that_gives_no_direction_is_named_by_its_line() {
    let table = "Date,Text,Amount,DR/CR\n2024-04-13,Shop,10.00,DR\n2024-04-14,Pay,900.00,CR\n2024-04-15,Fee,3.00,DR\n\
                 2024-04-16,Odd,7.00,??\n2024-04-17,Shop,2.00,DR\n2024-04-18,Shop,4.00,DR\n";
    let reading = read_text(table).unwrap();
    assert_eq!(rows(&reading).len(), 5);
    assert!(reading.warnings.iter().any(|warning| warning.line == 5), "{:?}", reading.warnings);
}

#[test]
fn a_side_with_an_unknown_header_is_found_by_the_rows_that_the_other_leaves() {
    let table = "Datum;Text;Soll;Zudakiro\n13.04.2024;Miete;300,00;\n14.04.2024;Lohn;;900,00\n15.04.2024;Laden;3,00;\n";
    assert_eq!(amounts(table), ["-300", "900", "-3"]);
}

#[test]
fn a_column_that_numbers_the_rows_is_not_an_amount() {
    let table = "Datum;No.;Text;Soll;Haben\n13.04.2024;1;Miete;300,00;\n14.04.2024;2;Lohn;;900,00\n\
                 15.04.2024;3;Laden;3,00;\n";
    assert_eq!(amounts(table), ["-300", "900", "-3"]);
}

#[test]
fn years_of_two_digits_in_front_are_found_by_the_span_of_the_days() {
    let table = "A;B;Belopp\n23-01-19;Hyra;-10,00\n23-01-18;Lon;90,00\n23-01-16;Mat;-3,00\n";
    let days: Vec<String> = rows(&read_text(table).unwrap()).into_iter().map(|(_, day, _)| day).collect();
    assert_eq!(days, ["2023-01-19", "2023-01-18", "2023-01-16"]);
}

#[test]
fn three_digits_behind_a_mark_are_thousands_unless_the_currency_has_thousandths() {
    let forints = "Dátum;Leírás;Összeg;Devizanem\n2024.05.01;Lakbér;-150.000;HUF\n2024.05.02;Bér;412.345;HUF\n";
    assert_eq!(amounts(forints), ["-150000", "412345"]);
    let dinars = "Date,Details,Amount,Currency\n2024-05-01,Rent,-150.250,KWD\n2024-05-02,Pay,412.345,KWD\n";
    assert!(question(dinars).is_some_and(|id| id == "decimal") || amounts(dinars) == ["-150.25", "412.345"]);
    let padded = "Date,Details,Amount,Currency\n2024-05-01,Rent,-150.250,CHF\n2024-05-02,Pay,12.900,CHF\n";
    assert_eq!(question(padded).as_deref(), Some("decimal"), "hundredths with a zero are possible");
}

#[test]
fn positive_amounts_beside_falling_balances_are_money_out_whatever_order_the_days_have() {
    let table = "Day,Text,Sum,Balance\n2024-03-02,a,10.00,990.00\n2024-03-04,b,4.00,986.00\n2024-03-03,c,7.50,978.50\n\
                 2024-03-05,d,1.00,977.50\n2024-03-04,e,2.00,975.50\n";
    assert_eq!(amounts(table), ["-10", "-4", "-7.5", "-1", "-2"]);
}

#[test]
fn a_dollar_sign_beside_a_stated_currency_is_that_currency() {
    let table =
        "Cuenta;123456789\nMoneda;MXN\nFecha;Concepto;Monto\n13/04/2024;Luz;\"$-10.00\"\n14/04/2024;Pago;$20.00\n";
    let reading = read_text(table).unwrap();
    assert_eq!(reading.statements[0].accounts[0].account.currency.as_str(), "MXN");
}

/// A file of two columns whose headers are the wrong way round, with one cell garbled in every way.
#[test]
fn small_files_with_lying_headers_and_a_garbled_cell_are_never_misread_in_silence() {
    let truth = ["-12.50", "900", "-7.25", "-300.1"];
    for is_newest_first in [false, true] {
        for header in ["Date,Text,Debit,Credit,Balance", "Date,Text,Credit,Debit,Balance"] {
            let mut balance = rust_decimal::Decimal::from(1000);
            let mut lines: Vec<Vec<String>> = Vec::new();
            for (index, amount) in truth.iter().enumerate() {
                let amount: rust_decimal::Decimal = amount.parse().unwrap();
                balance += amount;
                // Money in is in the third column under either header.
                let (into, out) = if amount.is_sign_positive() {
                    (amount.to_string(), String::new())
                } else {
                    (String::new(), amount.abs().to_string())
                };
                lines.push(vec![
                    format!("2024-05-{:02}", 10 + index * 2),
                    format!("row {index}"),
                    into,
                    out,
                    balance.to_string(),
                ]);
            }
            let mut order = [0, 1, 2, 3];
            if is_newest_first {
                lines.reverse();
                order.reverse();
            }
            for at in 0..lines.len() {
                for column in [0, 2, 3, 4] {
                    for garbled in ["#?!x", "", "7", "1,2,3", "-5.00", "99999.99", "2024-13-45"] {
                        let mut changed = lines.clone();
                        garbled.clone_into(&mut changed[at][column]);
                        check(header, &changed, at, &truth, &order);
                    }
                }
            }
        }
    }
}

fn check(header: &str, lines: &[Vec<String>], garbled: usize, truth: &[&str], order: &[usize]) {
    let body: Vec<String> = lines
        .iter()
        .map(|cells| cells.iter().map(|cell| format!("\"{cell}\"")).collect::<Vec<_>>().join(","))
        .collect();
    let text = format!("{header}\n{}\n", body.join("\n"));
    let Ok(found) = read_text(&text) else { return };
    if matches!(found.verdict, Verdict::Question(_)) {
        return;
    }
    for (line, _, amount) in rows(&found) {
        let at = line as usize - 2;
        if at != garbled {
            let right: rust_decimal::Decimal = truth[order[at]].parse().unwrap();
            assert_eq!(amount, right.normalize().to_string(), "line {line} of\n{text}{:?}", found.evidence);
        }
    }
}

#[test]
fn years_of_two_digits_on_one_row_need_a_language_that_has_one_habit() {
    let day = |table: &str| rows(&read_text(table).unwrap())[0].1.clone();
    let swedish = "Bokföringsdag;Transaktionstyp;Text;Mottagare;Belopp SEK\n25-05-29;Autogiro;Uttag;Ica;-18,85\n";
    assert_eq!((question(swedish), day(swedish).as_str()), (None, "2025-05-29"));
    let german = "Buchungstag;Verwendungszweck;Betrag\n29-05-25;Miete;-18,85\n";
    assert_eq!((question(german), day(german).as_str()), (None, "2025-05-29"));
    let english = "Date,Description,Amount\n25-05-29,Rent,-18.85\n";
    assert_eq!(question(english).as_deref(), Some("date"));
    let unnamed = "Qwe,Rty,Amount\n25-05-29,Rent,-18.85\n";
    assert_eq!(question(unnamed).as_deref(), Some("date"));
}

#[test]
fn a_card_with_one_positive_row_may_list_a_refund() {
    let single = "Date,Card Number,Merchant,Amount\n2024-01-11,4921 XXXX XXXX 1234,Abc,11.34\n";
    assert_eq!(question(single).as_deref(), Some("sign"));
    let purchases = "Date,Card Number,Merchant,Amount\n2024-01-11,4921 XXXX XXXX 1234,Abc,11.34\n\
                     2024-01-12,4921 XXXX XXXX 1234,Def,5.00\n2024-01-13,4921 XXXX XXXX 1234,Ghi,7.10\n";
    assert_eq!(amounts(purchases), ["-11.34", "-5", "-7.1"]);
}

#[test]
fn a_kind_beside_a_known_word_gives_no_direction() {
    let table = "Data;Tipo lançamento;Título;Valor\n26/04/2023;Pix;Abc;1640,41\n22/04/2023;Saída;Def;25,95\n";
    assert_eq!(question(table).as_deref(), Some("sign"));
    let kinds = "取引日;取引区分;摘要;金額\n2024/03/12;給振;abc;336,139\n2024/03/20;引出;def;190,646\n";
    assert_eq!(question(kinds).as_deref(), Some("sign"));
}

#[test]
fn headers_of_languages_without_thousandths_decide_the_mark() {
    let table = "取引日\t金額\t摘要\n2024-04-20\t-50,035\t家賃\n2024-04-19\t426,894\t給与\n";
    assert_eq!(amounts(table), ["-50035", "426894"]);
}

#[test]
fn an_account_number_that_reads_as_a_day_is_one_behind_its_name() {
    let table =
        "Číslo účtu;19651011;;\nDátum;Popis;Suma;Mena\n13.03.2023;Platba;-2,76;EUR\n14.03.2023;Mzda;900,00;EUR\n";
    let reading = read_text(table).unwrap();
    assert_eq!(reading.statements[0].accounts[0].account.number, "19651011");
}

#[test]
fn short_names_of_currencies_in_headers_count() {
    let table = "İşlem Tarihi;Açıklama;Tutar (TL)\n13.08.2023;Kira;-2.408,96\n14.08.2023;Maaş;99,90\n";
    let reading = read_text(table).unwrap();
    assert_eq!(reading.statements[0].accounts[0].account.currency.to_string(), "TRY");
}

#[test]
fn refusals_offer_the_formats_of_the_country_first() {
    let message = |text: &str| read_text(text).unwrap_err().to_string();
    let german = message("Kontonummer;Kontoname;Saldo;Währung\n123456;Giro;10,00;EUR\n234567;Sparen;20,00;EUR\n");
    assert!(german.contains("as CAMT (camt.053) or MT940"), "{german}");
    let english = message("Account,Name,Balance,Currency\n123456,Current,10.00,USD\n234567,Savings,20.00,USD\n");
    assert!(english.contains("as OFX or QFX"), "{english}");
}

#[test]
fn a_preposition_beside_a_currency_belongs_to_the_name_of_the_column() {
    let table = "Date,Details,Money In (€),Money Out (€)\n29/09/2026,Grocer,,45.00\n28/09/2026,Baker,,5.00\n\
                 27/09/2026,Wages,1500.00,\n";
    assert_eq!(amounts(table), ["-45", "-5", "1500"]);
    let padded = "Completed Date ; Description ; Paid Out (EUR) ; Paid In (EUR) ; Exchange Out; Exchange In; Balance (EUR)\n\
                  2 Mar 2026 ; Grocer ; 12.99 ;  ;  ;  ; 37.01\n1 Mar 2026 ; Top-up ;  ; 50.00 ;  ;  ; 50.00\n";
    assert_eq!(amounts(padded), ["-12.99", "50"]);
}

#[test]
fn zeros_in_front_of_a_decimal_number_do_not_make_it_a_code() {
    let table = "TRANSACTION DATE,POST DATE,DESCRIPTION,REFERENCE,AMOUNT\n\
                 05/27/26,05/27/26, PAYMENT - THANK YOU , F34620,-0000000000080.69\n\
                 06/05/26,06/06/26, PARK TICKETS , 244450,00000000000040.00\n\
                 06/13/26,06/14/26, FUEL STOP , 244451,00000000000012.50\n";
    assert_eq!(amounts(table), ["80.69", "-40", "-12.5"]);
}

#[test]
fn dated_lines_of_opening_turnover_and_closing_are_no_movements() {
    let table = "\"Kuupäev\";\"Saaja/Maksja\";\"Selgitus\";\"Summa\";\"Valuuta\";\"Deebet/Kreedit\"\n\
                 \"01.03.2026\";\"\";\"Algsaldo\";\"255,00\";\"EUR\";\"K\"\n\
                 \"10.03.2026\";\"Töö OÜ\";\"palk\";\"1000,00\";\"EUR\";\"K\"\n\
                 \"15.03.2026\";\"Pood\";\"kaart\";\"20,50\";\"EUR\";\"D\"\n\
                 \"16.03.2026\";\"\";\"Käive\";\"20,50\";\"EUR\";\"D\"\n\
                 \"16.03.2026\";\"\";\"lõppsaldo\";\"1234,50\";\"EUR\";\"K\"\n";
    let read = read_text(table).unwrap();
    assert_eq!(amounts(table), ["1000", "-20.5"]);
    assert_eq!(read.warnings.iter().map(|warning| warning.line).collect::<Vec<_>>(), [2, 5, 6]);
    let shop = "Date,Description,Amount\n2026-03-01,Turnover,-5.00\n2026-03-02,Total,-7.00\n2026-03-03,Rent,-9.00\n";
    assert_eq!(amounts(shop), ["-5", "-7", "-9"]);
}

#[test]
fn a_first_or_last_line_of_another_shape_is_a_balance() {
    let last = "15/03/2026;-20,50;Carte;;CB MARCHE;;0;Divers\n10/03/2026;1000;Virement;;VIREMENT PAIE;;0;Divers\n\
                16/03/2026;1234,56;;01234 012345A;;;;\n";
    assert_eq!(amounts(last), ["-20.5", "1000"]);
    assert_eq!(read_text(last).unwrap().warnings.iter().map(|warning| warning.line).collect::<Vec<_>>(), [3]);
    let first = "2026-03-16,01-03-2026,'12 1090 0000,A B,PLN,\"255,00\",\"1234,50\",2,\n\
                 15-03-2026,14-03-2026,zakupy SKLEP,,,\"-20,50\",\"1234,50\",2,\n\
                 10-03-2026,10-03-2026,wynagrodzenie,PRACA,12,\"1000,00\",\"1255,00\",1,\n";
    assert_eq!(amounts(first), ["-20.5", "1000"]);
}

#[test]
fn one_cell_may_hold_the_name_the_day_and_the_balance() {
    let table = "Compte n° 12345678901;\nSolde au 16/03/2026 1 234,56 €\n\nDate;Libellé;Débit euros;Crédit euros;\n\
                 15/03/2026;CARTE MARCHE;20,50;;\n10/03/2026;PAIE;;1 000,00;\n";
    let reading = read_text(table).unwrap();
    let balance = reading.statements[0].accounts[0].account.balance.unwrap();
    assert_eq!((balance.current.to_string().as_str(), balance.date.to_string().as_str()), ("1234.56", "2026-03-16"));
}

#[test]
fn a_layout_may_have_the_amount_in_one_column_or_in_a_pair() {
    let header = "Buchungstag;Wert;Umsatzart;Begünstigter / Auftraggeber;Verwendungszweck;IBAN / Kontonummer;BIC;Kundenreferenz;\
                  Mandatsreferenz;Gläubiger ID;Fremde Gebühren;Betrag;Abweichender Empfänger;Anzahl der Aufträge;\
                  Anzahl der Schecks;Soll;Haben;Währung";
    let table = format!(
        "{header}\n15.03.2026;15.03.2026;SEPA;Markt;Einkauf;;;;;;;;;;;-20,50;;EUR\n\
         10.03.2026;10.03.2026;SEPA;Werk;Lohn;;;;;;;;;;;;1.000,00;EUR\n"
    );
    assert_eq!(amounts(&table), ["-20.5", "1000"]);
}

#[test]
fn a_plus_sign_beside_minus_signs_is_money_in() {
    let table = "交易日期,交易摘要,交易金额,对手信息\n20240101,转存,+10000.00,Wang\n20240102,正常还款,-12.00,Bank\n\
                 20240103,正常还款,-13.00,Bank\n";
    assert_eq!(amounts(table), ["10000", "-12", "-13"]);
}

#[test]
fn dates_without_a_year_lie_in_the_month_of_the_title() {
    let days =
        |table: &str| -> Vec<String> { rows(&read_text(table).unwrap()).into_iter().map(|(_, day, _)| day).collect() };
    let title = "Card statement (2024年01月)\nPosted,Text,Amount\n";
    let table = format!("{title}01/02,Shop,-5.00\n01/03,Shop,-6.00\n01/03,Refund,7.00\n");
    assert_eq!(days(&table), ["2024-01-02", "2024-01-03", "2024-01-03"]);
    let turned = "Statement January 2024\nPosted,Text,Amount\n02/01,Shop,-5.00\n03/01,Shop,-6.00\n03/01,Refund,7.00\n";
    assert_eq!(days(turned), ["2024-01-02", "2024-01-03", "2024-01-03"]);
}

/// Day and amount of each row of a table that asks nothing.
fn days_and_amounts(text: &str) -> Vec<String> {
    let reading = read_text(text).unwrap();
    assert!(!matches!(reading.verdict, Verdict::Question(_)), "{:?}", reading.verdict);
    rows(&reading).into_iter().map(|(_, day, amount)| format!("{day} {amount}")).collect()
}

#[test]
fn years_of_other_eras_and_digits_of_other_scripts_are_read() {
    let wanted = ["2024-01-15 -500", "2024-01-16 1000"];
    for table in [
        "帳務日期,摘要,支出,存入,餘額\n113/01/15,提款,500,,9500\n113/01/16,薪資,,1000,10500\n",
        "วันที่,รายการ,ถอน,ฝาก,คงเหลือ\n15/01/2567,ถอนเงิน,500.00,,9500.00\n16/01/2567,เงินเดือน,,1000.00,10500.00\n",
        "التاريخ,الوصف,مدين,دائن,الرصيد\n١٥/٠١/٢٠٢٤,شراء,٥٠٠٫٠٠,,٩٥٠٠٫٠٠\n١٦/٠١/٢٠٢٤,راتب,,١٠٠٠٫٠٠,١٠٥٠٠٫٠٠\n",
        "تاریخ,شرح,بدهکار,بستانکار,مانده\n۲۰۲۴/۰۱/۱۵,خرید,۵۰۰,,۹۵۰۰\n۲۰۲۴/۰۱/۱۶,حقوق,,۱۰۰۰,۱۰۵۰۰\n",
        "日付,摘要,出金,入金,残高\nR06.01.15,カード,500,,9500\n令和6年1月16日,給与,,1000,10500\n",
        "Date,Description,Amount,Balance\n45306,Shop,-500,9500\n45307.375,Salary,1000,10500\n",
    ] {
        assert_eq!(days_and_amounts(table), wanted, "{table}");
    }
    assert!(
        read_text("Number,Name,Amount\n45306,Shop,-500\n45307,Pay,1000\n").is_err(),
        "numbers without a word for a day"
    );
}

#[test]
fn lines_of_balances_name_themselves_in_any_column_of_texts() {
    let german = "Buchungstag;Valuta;Auftraggeber/Zahlungsempfänger;Verwendungszweck;Kundenreferenz;Währung;Umsatz; \n\
                  16.01.2024;16.01.2024;FIRMA;GEHALT;;EUR;1.000,00;H\n15.01.2024;15.01.2024;REWE;EINKAUF;;EUR;500,00;S\n\n\
                  01.01.2024;;;;Anfangssaldo;EUR;10.000,00;H\n31.01.2024;;;;Endsaldo;EUR;10.500,00;H\n";
    assert_eq!(days_and_amounts(german), ["2024-01-16 1000", "2024-01-15 -500"]);
    let coded = "0,20240101,OPEN,10000.00,OPEN BALANCE,,9999,0\nHIST,20240115,##,-500.00,CARD PURCHASE,SHOP,9999,0\n\
                 HIST,20240116,,1000.00,CREDIT TRANSFER,SALARY,9999,0\n0,20240131,CLOSE,10500.00,CLOSE BALANCE,,9999,0\n";
    assert_eq!(days_and_amounts(coded), ["2024-01-15 -500", "2024-01-16 1000"]);
    assert_eq!(read_text(coded).unwrap().warnings.len(), 2);
}

#[test]
fn a_title_with_a_day_and_a_balance_is_no_row() {
    let table = "Compte de chèques;Compte de chèques;****1234;16/03/2024;;1 234,56\n\
                 15/03/2024;Paiement carte;FACTURE CARTE;CARREFOUR;;-20,50\n10/03/2024;Virement;VIREMENT RECU;SALAIRE;;1 000,00\n";
    assert_eq!(days_and_amounts(table), ["2024-03-15 -20.5", "2024-03-10 1000"]);
}

#[test]
fn thanks_for_a_payment_show_the_side_of_a_card_without_a_header() {
    let owed = "01/20/2024,PAYMENT - THANK YOU,,100.00,37.50\n01/16/2024,TIM HORTONS,12.50,,137.50\n\
                01/15/2024,LOBLAWS,50.00,,125.00\n";
    assert_eq!(days_and_amounts(owed), ["2024-01-20 100", "2024-01-16 -12.5", "2024-01-15 -50"]);
    let masked = "2024-01-20,PAYMENT THANK YOU,,100.00,4500********1234\n2024-01-16,TIM HORTONS,12.50,,4500********1234\n\
                  2024-01-15,LOBLAWS,50.00,,4500********1234\n";
    assert_eq!(days_and_amounts(masked), ["2024-01-20 100", "2024-01-16 -12.5", "2024-01-15 -50"]);
}
