//! A question of a file on the screen: answers with what each gives, Esc writes nothing, an answer reads the file again.

use dashtam::testing::tui::Settings;

use crate::support::harness::{Given, Harness, bank_statement};

/// Both orders of the dates keep these lines in order.
const OPEN: &str = "Date,Details,Amount\n01/02/2026,Corner Bakery,-7.45\n02/02/2026,Green Grocer,-86.20\n03/02/2026,Lakeside Works,2481.37\n";

#[tokio::test]
async fn a_question_is_answered_on_the_screen_and_esc_writes_nothing() {
    let mut h = Harness::new(120, 40);
    let path = h.write("open.csv", OPEN);
    h.keys("i").idle().await.paste(&path).keys("<enter>").idle().await;
    h.shows(&["Which reading is right?", " open.csv ─┐", "day first", "month first"]);
    h.shows(&[
        "2  01/02/2026,Corner Bakery,-7.45",
        "2026-02-01",
        "2026-01-02",
        "[x] r  remember for files with this header",
    ]);
    h.keys("r").idle().await.shows(&["[ ] r  remember"]);
    h.keys("r").keys("e").idle().await.hides("01/02/2026,Corner").shows(&["+ negative amounts are money out"]);
    h.keys("<esc>").idle().await.keys("<esc>").idle().await.keys("<esc>").idle().await;
    h.keys("3").idle().await.hides("Corner Bakery");
    h.keys("i").idle().await.paste(&path).keys("<enter>").idle().await.keys("2").idle().await;
    h.shows(&["2026-01-02", "Corner Bakery"]);
    h.keys("<enter>").idle().await.keys("3").idle().await;
    h.shows(&["2026-03-02", "Lakeside Works"]);
    // The journal keeps how the file was read.
    h.keys("6").idle().await;
    h.shows(&["Reading", "certain: one reading is possible"]);
}

#[tokio::test]
async fn a_question_that_was_left_is_opened_again_from_the_review() {
    let mut h = Harness::new(120, 40);
    h.write("left.csv", "Date,Description,Amount\n03/04/2026,Bakery,-5.00\n05/06/2026,Cinema,-9.00\n");
    h.write("other.ofx", &bank_statement("11112222", &[("2026-10-01", "-1.50", "Garage")], "10.00"));
    h.keys("i").idle().await.keys("*<enter>").idle().await.shows(&["In which order are the dates written?"]);
    h.shows(&["sum -14.00 USD"]).keys("<esc>").shows(&["Review · 2 files · 1 asks a question", "e opens the question"]);
    h.hides("could not be read").hides("--answer").keys("e").shows(&["sum -14.00 USD"]).keys("1").idle().await;
    h.shows(&["Review · 2 files", "Enter imports 3 rows"]).hides("asks a question");
}

#[tokio::test]
async fn a_file_that_changes_during_the_review_is_refused_and_the_others_are_imported() {
    let given = Given { kept_rows: 0, ..Given::default() };
    let mut h = Harness::given(120, 40, Settings::default(), given);
    let text = |account: &str, payee: &str| bank_statement(account, &[("2026-10-01", "-1.50", payee)], "10.00");
    h.write("one.ofx", &text("11112222", "Bakery"));
    let changing = h.write("two.ofx", &text("33334444", "Cinema"));
    h.keys("i").idle().await.keys("*<enter>").idle().await.shows(&["one.ofx", "two.ofx"]);
    std::fs::write(&changing, text("33334444", "Garage")).unwrap();
    h.keys("<enter>").idle().await.shows(&["✗ two.ofx", "the file changed while it was imported"]);
    h.keys("<esc>").idle().await.keys("<esc>").idle().await.keys("3").idle().await;
    h.shows(&["Bakery"]).hides("Cinema").hides("Garage");
}

#[tokio::test]
async fn of_a_large_file_the_first_rows_are_listed_and_the_others_counted() {
    let mut h = Harness::given(120, 40, Settings::default(), Given { kept_rows: 0, ..Given::default() });
    let names: Vec<String> = (1..=520).map(|number| format!("Shop {number}")).collect();
    let rows: Vec<_> = names.iter().map(|name| ("2026-10-01", "-1.50", name.as_str())).collect();
    let path = h.write("large.ofx", &bank_statement("11112222", &rows, "10.00"));
    h.keys("i").idle().await.paste(&path).keys("<enter>").idle().await;
    h.shows(&["Enter imports 520 rows", "all 520", "new 520", "Shop 1 "]);
    h.keys("<tab>G").idle().await.shows(&["Shop 500", "20 further rows of this large file are not listed here"]);
    h.hides("Shop 501").keys("<tab><enter>").idle().await.shows(&["520 rows imported from large.ofx"]);
    h.keys("<esc>").idle().await.keys("3").idle().await.shows(&["Shop 520"]);
}

#[tokio::test]
async fn files_that_name_no_institution_get_the_one_that_is_typed_in_the_review() {
    let mut h = Harness::new(120, 40);
    let path =
        h.write("plain.csv", "Date,Details,Amount\n13/02/2026,Corner Bakery,-7.45\n14/02/2026,Green Grocer,-86.20\n");
    h.keys("i").idle().await.paste(&path).keys("<enter>").idle().await;
    h.shows(&["Unnamed institution", "Corner Bakery"]);
    h.keys("e").idle().await.shows(&["Which institution are these files of?"]);
    h.keys("<enter>").idle().await.shows(&["Type the name of the institution."]);
    h.paste("Harbour Bank").keys("<enter>").idle().await;
    h.shows(&["Harbour Bank", "Corner Bakery"]).hides("Unnamed institution").hides("Which institution");
    h.keys("<enter>").idle().await.keys("2").idle().await;
    h.shows(&["Harbour Bank"]);
}

#[tokio::test]
async fn a_list_of_positions_is_imported_once_its_broker_is_typed() {
    let mut h = Harness::new(120, 40);
    let path = h.write(
        "held-2026-01-31.csv",
        "Name,Ticker,Quantity,Average Price,Value,Currency\nAlpha,ABC,10,4.00,50.00,GBP\n",
    );
    h.keys("i").idle().await.paste(&path).keys("<enter>").idle().await;
    h.shows(&["list of positions"]);
    h.keys("e").idle().await.paste("Corner Broker").keys("<enter>").idle().await;
    h.shows(&["Corner Broker"]).hides("names no broker");
    h.keys("<enter>").idle().await.keys("4").idle().await;
    h.shows(&["ABC"]);
}
