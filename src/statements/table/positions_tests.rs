//! Lists as brokers write them.

use std::ops::ControlFlow;

use rust_decimal::Decimal;

use crate::{
    domain::AssetType,
    statements::{Limits, QuestionAnswers, Reading, StatementAccount, StatementError, StatementFile},
};

fn read_as(file_name: &str, text: &str, answers: &QuestionAnswers) -> Result<Reading, StatementError> {
    let limits = Limits::default();
    let input = StatementFile { bytes: text.as_bytes(), file_name, limits: &limits, layouts: &[], answers };
    crate::statements::read(&input, &mut |_| ControlFlow::Continue(()))
}

fn read_file(file_name: &str, text: &str) -> Reading {
    read_as(file_name, text, &QuestionAnswers::default()).unwrap()
}

fn pages(reading: &Reading) -> Vec<&StatementAccount> {
    reading.statements.iter().flat_map(|statement| &statement.accounts).collect()
}

/// Symbol, quantity, price, value, cost and currency of each position.
fn held(page: &StatementAccount) -> Vec<String> {
    let show = |amount: Option<Decimal>| amount.map_or_else(|| "-".to_owned(), |amount| amount.normalize().to_string());
    let of = |holding: &crate::domain::HoldingDraft| {
        let facts = &holding.facts;
        let (price, value, cost) = (show(facts.price), show(facts.market_value), show(facts.cost_basis));
        format!("{} {} {price} {value} {cost} {}", facts.symbol, facts.quantity.normalize(), facts.currency)
    };
    page.holdings.iter().map(of).collect()
}

fn balance(page: &StatementAccount) -> Option<(String, Decimal, Option<Decimal>)> {
    page.account.balance.map(|balance| (balance.date.to_string(), balance.current.normalize(), balance.cash_value))
}

const FIDELITY: &str = "Account Number,Account Name,Symbol,Description,Quantity,Last Price,Last Price Change,Current Value,\
    Today's Gain/Loss Dollar,Percent Of Account,Cost Basis Total,Average Cost Basis,Type\n\
    Z11112222,Rainy day,SPAXX**,HELD IN MONEY MARKET,,,,$1200.50,,5%,,,Cash\n\
    Z11112222,Rainy day,ABC,ALPHA BETA CO,100,$18.50,+$0.10,\"$1,850.00\",+$10.00,60%,\"$1,500.00\",$15.00,Cash\n\
    Z11112222,Rainy day,ABC,ALPHA BETA CO,2.5,$18.50,+$0.10,$46.25,+$0.25,1%,$40.00,$16.00,Margin\n\
    Z33334444,Later,-XYZ260116C50,XYZ JAN 16 2026 $50 CALL,-1,$1.20,$0.00,-$120.00,--,3%,--,--,Margin\n\
    \n\"Brokerage services are provided by others.\"\n\n\"Date downloaded Jan-04-2026 3:45 p.m ET\"\n";

#[test]
fn a_list_with_accounts_cash_lots_and_options() {
    let reading = read_file("positions.csv", FIDELITY);
    let pages = pages(&reading);
    assert_eq!(pages.len(), 2);
    assert_eq!(held(pages[0]), ["ABC 102.5 18.5 1896.25 1540 USD"]);
    assert_eq!(balance(pages[0]), Some(("2026-01-04".to_owned(), "3096.75".parse().unwrap(), "1200.50".parse().ok())));
    assert_eq!((pages[0].account.number.as_str(), pages[0].account.name.as_deref()), ("Z11112222", Some("Rainy day")));
    assert_eq!(held(pages[1]), ["XYZ260116C50 -1 1.2 -120 - USD"]);
    assert_eq!(pages[1].holdings[0].facts.multiplier, Decimal::ONE_HUNDRED);
    assert!(pages.iter().all(|page| page.holdings_complete && page.transactions.is_empty()));
    assert_eq!(reading.statements[0].institution.name.as_deref(), Some("Fidelity"));
    assert_eq!(reading.warnings, []);
}

#[test]
fn a_title_names_account_and_day_and_a_total_is_the_balance() {
    let text = "\"Positions for account Individual ...123 as of 12:33 PM ET, 2025/05/04\",\"\",\"\"\n\n\
        \"Symbol\",\"Description\",\"Qty (Quantity)\",\"Price\",\"Mkt Val (Market Value)\",\"Cost Basis\",\"Security Type\"\n\
        \"ABCD\",\"ALPHA BROAD ETF\",\"1,010.5\",\"$20.00\",\"$20,210.00\",\"$18,000.00\",\"ETFs & Closed End Funds\"\n\
        \"Cash & Cash Investments\",\"--\",\"--\",\"--\",\"$90.00\",\"--\",\"Cash and Money Market\"\n\
        \"Account Total\",\"--\",\"--\",\"--\",\"$20,300.00\",\"$18,000.00\",\"--\"\n";
    let reading = read_file("Individual-Positions-2025-05-04-123300.csv", text);
    let pages = pages(&reading);
    assert_eq!(held(pages[0]), ["ABCD 1010.5 20 20210 18000 USD"]);
    assert_eq!(pages[0].holdings[0].facts.asset_type, AssetType::Etf);
    assert_eq!(balance(pages[0]), Some(("2025-05-04".to_owned(), "20300".parse().unwrap(), "90.00".parse().ok())));
    assert_eq!(pages[0].account.number, "***123");
}

#[test]
fn decimals_with_commas_and_currencies_beside_the_value() {
    let text = "Produkt,Symbol/ISIN,Anzahl,Schlußkurs,Wert,,Wert in EUR\n\
        CASH & CASH FUND (EUR),,,,EUR,\"12,34\",\"12,34\"\n\
        ALPHA AG,DE0001234567,10,\"45,10\",EUR,\"451,00\",\"451,00\"\n\
        BETA INC,US0001234567,3,\"20,00\",USD,\"60,00\",\"55,20\"\n";
    let reading = read_file("Portfolio_2026-02-01.csv", text);
    let pages = pages(&reading);
    assert_eq!(held(pages[0]), ["DE0001234567 10 45.1 451 - EUR", "US0001234567 3 20 60 - USD"]);
    assert_eq!(balance(pages[0]), None, "values in two currencies have no sum");
    assert_eq!(pages[0].holdings[0].as_of.to_string(), "2026-02-01");
}

#[test]
fn the_day_is_stated_named_or_that_of_the_file() {
    let text = "Account Number,Investment Name,Symbol,Shares,Share Price,Total Value,\n12345678,Alpha Index,ALPHX,10.5,20.00,210.00,\n";
    let mut answers = QuestionAnswers::default();
    let refused = read_as("download.csv", text, &answers).unwrap_err().to_string();
    assert!(refused.contains("names no day") && refused.contains("rename"), "{refused}");
    let reading = read_as("positions-2026-01-31.csv", text, &answers).unwrap();
    assert_eq!(pages(&reading)[0].holdings[0].as_of.to_string(), "2026-01-31");
    answers.insert("file-day", "2026-02-03");
    let reading = read_as("download.csv", text, &answers).unwrap();
    assert_eq!(pages(&reading)[0].holdings[0].as_of.to_string(), "2026-02-03");
    assert!(reading.warnings[0].message.contains("2026-02-03, the day of the file"));
}

#[test]
fn transactions_behind_the_list_are_read_as_a_statement() {
    let text = "Account Number,Investment Name,Symbol,Shares,Share Price,Total Value,\n12345678,Alpha Index,ALPHX,10.5,20.00,210.00,\n\n\n\
        Account Number,Trade Date,Settlement Date,Transaction Type,Transaction Description,Investment Name,Symbol,Shares,Share Price,Principal Amount,Commissions and Fees,Net Amount,Accrued Interest,Account Type,\n\
        12345678,01/13/2026,01/14/2026,Buy,Buy,Alpha Index,ALPHX,10.5,20.00,-210.00,0.0,-210.00,0.0,CASH,\n\
        12345678,01/15/2026,01/16/2026,Dividend,Dividend,Alpha Index,ALPHX,0,1.00,5.00,0.0,5.00,0.0,CASH,\n";
    let reading = read_file("OfxDownload.csv", text);
    let pages = pages(&reading);
    assert_eq!((pages.len(), pages[0].transactions.len()), (1, 2));
    assert_eq!(held(pages[0]), ["ALPHX 10.5 20 210 - USD"]);
    assert_eq!(balance(pages[0]).unwrap().0, "2026-01-15", "the list is not older than the newest row");
    assert!(
        pages[0].holdings_complete && reading.warnings.iter().any(|warning| warning.message.contains("names no day"))
    );
    let other = format!(
        "Account Number,Investment Name,Symbol,Shares,Share Price,Total Value,\n99990000,Beta,BETAX,1,2.00,2.00,\n{text}"
    );
    let reading = read_file("OfxDownload-2026-02-01.csv", &other);
    assert_eq!(reading.statements[0].accounts.len(), 2, "an account without rows has positions only");
}

#[test]
fn lists_of_one_broker_are_known_by_their_columns() {
    let slices = "Slice,Name,Invested value,Value,Result,Owned quantity\nABC,Alpha,100.00,120.50,20.50,1.25\nTotal,,100.00,120.50,20.50,\n";
    let reading = read_file("pie-2026-01-31.csv", slices);
    assert_eq!(held(pages(&reading)[0]), ["ABC 1.25 - 120.5 100 GBP"]);
    assert_eq!(reading.statements[0].institution.name.as_deref(), Some("Trading 212"));
    let canadian = "Equity Symbol,Equity Description,Account Number,Currency,Quantity,Cost Per Share,Position Cost,Market Price,Market Value\n\
        ABC.TO,Alpha,12345678,CAD,10,5.00,50.00,6.00,60.00\nXYZ,Beta,12345678,USD,2,7.00,14.00,8.00,16.00\n";
    let reading = read_file("InvestmentSummary-2026-01-31.csv", canadian);
    assert_eq!(held(pages(&reading)[0]), ["ABC.TO 10 6 60 50 CAD", "XYZ 2 8 16 14 USD"]);
    assert_eq!(pages(&reading)[0].account.number, "12345678");
    let american = "Name,Symbol,Shares,Price,Average cost,Total return,Equity\nAlpha,ABC,2,$10.00,$8.00,$4.00,$20.00\n";
    let reading = read_file("2026-01-31.csv", american);
    assert_eq!(held(pages(&reading)[0]), ["ABC 2 10 20 16 USD"]);
    assert_eq!(reading.statements[0].institution.name.as_deref(), Some("Robinhood"));
}

#[test]
fn a_list_of_common_columns_is_read_where_its_broker_is_named() {
    let text = "Title,Ticker,ISIN,Quantity,Average Price,Value,Currency\nAlpha,ABC,GB0000000001,10,4.00,50.00,GBP\n";
    let refused = read_as("positions-2026-01-31.csv", text, &QuestionAnswers::default()).unwrap_err();
    let StatementError::NotAStatement { found, hint } = refused else { panic!("{refused}") };
    assert!(found.contains("list of positions") && hint.contains("--institution"), "{found} {hint}");
    let reading = read_file("Freetrade_portfolio_2026-01-31.csv", text);
    assert_eq!(held(pages(&reading)[0]), ["ABC 10 - 50 40 GBP"]);
    assert_eq!(pages(&reading)[0].account.provider_account_id, "table-freetrade");
    let mut answers = QuestionAnswers::default();
    answers.insert("institution", "Corner Broker");
    let reading = read_as("positions-2026-01-31.csv", text, &answers).unwrap();
    assert_eq!(reading.statements[0].institution.name.as_deref(), Some("Corner Broker"));
    let watched = "Symbol,Last Price,Change,Volume\nABC,5.00,0.10,1000\n";
    assert!(read_as("freetrade-2026-01-31.csv", watched, &answers).is_err(), "quotes are no positions");
}

#[test]
fn other_lists_and_statements_in_sections_are_refused_by_name() {
    let other = "Symbol,Quantity,Last Price,Market Value,Cost Basis\nACME,10,5.00,50.00,40.00\n";
    let message = read_as("a.csv", other, &QuestionAnswers::default()).unwrap_err().to_string();
    assert!(message.contains("list of positions"), "{message}");
    let sections = "Statement,Header,Field Name,Field Value\nStatement,Data,BrokerName,Interactive Brokers LLC\n\
        Statement,Data,Period,\"January 1, 2026 - January 31, 2026\"\n\
        Trades,Header,DataDiscriminator,Asset Category,Currency,Symbol,Date/Time,Quantity,T. Price,Proceeds\n\
        Trades,Data,Order,Stocks,USD,ABC,\"2026-01-13, 10:00:00\",10,15.00,-150.00\n\
        Trades,Data,Order,Stocks,USD,ABC,\"2026-01-14, 10:00:00\",10,15.00,-150.00\n";
    let message = read_as("U123.csv", sections, &QuestionAnswers::default()).unwrap_err().to_string();
    assert!(message.contains("Interactive Brokers") && message.contains("QFX"), "{message}");
}
