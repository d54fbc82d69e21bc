//! What a person does on the screen, from the first key to the last.

use dashtam::testing::{
    config::{Config, Screen},
    domain::ChangeKind,
    sync::{EngineCommand, Event, Stage},
    tui::{Keymap, Settings, ThemeName},
};
use ratatui::style::Color;

use crate::support::harness::{Given, Harness, NOW, bank_statement, matches};

const ROWS: &[(&str, &str, &str)] = &[
    ("2026-11-02", "2000.00", "Payroll ACME"),
    ("2026-11-05", "-6.50", "Blue Bottle Coffee"),
    ("2026-11-05", "-6.50", "Blue Bottle Coffee"),
    ("2026-11-09", "-82.15", "Whole Foods"),
    ("2026-11-12", "-5.25", "Stumptown Coffee"),
];

fn statement() -> String {
    bank_statement("000123457890", ROWS, "5000.00")
}

/// With one statement imported by hand, on the screen of rows.
async fn imported(width: u16, height: u16) -> Harness {
    let mut h = Harness::new(width, height);
    h.write("chase.qfx", &statement());
    h.keys("i/chase<enter>").idle().await.keys("<enter>").idle().await;
    h.advance(60_000).keys("3").idle().await;
    h
}

fn rows(h: &Harness) -> u64 {
    h.store.read().unwrap().transaction_count().unwrap()
}

#[tokio::test]
async fn the_first_minute_needs_no_reading() {
    let mut h = Harness::new(80, 24);
    h.idle().await.shows(&["Nothing here yet", "i       import statement files", "--demo"]);
    h.write("chase.qfx", &statement());
    h.keys("i").idle().await.shows(&["Import statement files", "chase.qfx"]);
    h.keys("<down><enter>").idle().await;
    h.shows(&["Review · 1 file", "Enter imports 5 rows", "Blue Bottle Coffee", "5,000.00 USD"]);
    h.hides("··7890 ··");
    h.keys("<enter>").idle().await;
    h.shows(&["Activity", "5 rows imported from chase.qfx. u undoes it.", "import  chase.qfx"]);
    assert_eq!(rows(&h), 5);
    h.keys("2").shows(&["Chase", "5,000.00"]);
    h.keys("<enter>").idle().await.shows(&["Transactions · Chase", "Stumptown Coffee", "Balance"]);
    h.keys("6u").idle().await.shows(&["Undone: import of chase.qfx", "undone"]);
}

#[tokio::test]
async fn texts_of_empty_screens_fit_the_smallest_screen() {
    let mut h = Harness::new(60, 20);
    h.idle().await.shows(&["import statement files of your bank", "start dashtam with made-up data"]).hides("…");
}

#[tokio::test]
async fn the_chosen_currency_is_in_sight_on_the_smallest_screen() {
    let mut h = Harness::new(60, 20);
    for (account, currency, balance) in
        [("111111", "USD", "5000.00"), ("222222", "CAD", "400.00"), ("333333", "AUD", "30.00")]
    {
        let text = bank_statement(account, ROWS, balance).replace("<CURDEF>USD", &format!("<CURDEF>{currency}"));
        let path = h.write("chase.qfx", &text);
        h.keys("i").idle().await.paste(&path).keys("<enter>").idle().await.keys("<enter>").idle().await;
    }
    h.keys("1").shows(&["▸ 5,000.00 USD"]).hides("30.00 AUD");
    h.keys("l").shows(&["▸ 400.00 CAD"]).keys("l").shows(&["▸ 30.00 AUD"]);
    h.keys("l").shows(&["▸ 5,000.00 USD"]);
}

#[tokio::test]
async fn the_screen_of_the_settings_comes_first() {
    let titles = ["Nothing here yet", "┌ Accounts", "┌ Transactions", "┌ Holdings", "┌ Connect", "┌ Activity"];
    for (&start, title) in Screen::ALL.iter().zip(titles) {
        let mut h = Harness::with(80, 24, Settings { start, ..Settings::default() });
        h.idle().await.shows(&[title]);
    }
}

#[tokio::test]
async fn an_import_is_undone_and_brought_back() {
    let mut h = imported(100, 30).await;
    assert_eq!(rows(&h), 5);
    h.keys("u").idle().await.shows(&["Undone: import of chase.qfx"]);
    assert_eq!(rows(&h), 0);
    h.keys("U").idle().await.shows(&["Redone", "Stumptown Coffee"]);
    assert_eq!(rows(&h), 5);
}

#[tokio::test]
async fn pasted_paths_are_imported() {
    let mut h = Harness::new(80, 24);
    let path = h.write("my bank.qfx", &statement());
    h.paste(&format!("'{path}'\n")).idle().await.shows(&["Path", "my bank.qfx"]);
    h.keys("<enter>").idle().await.shows(&["Enter imports 5 rows"]);
    h.keys("<esc><esc>").shows(&["▸ my bank.qfx"]).keys("<esc>").hides("Import statement files");
    h.keys("i").paste(&format!("file://{}", path.replace(' ', "%20"))).keys("<enter>").idle().await;
    h.shows(&["Enter imports 5 rows"]);
    assert_eq!(rows(&h), 0);
}

#[tokio::test]
async fn a_path_is_completed_however_fast_it_is_typed() {
    let mut h = Harness::new(80, 24);
    std::fs::create_dir(h.files().join("Downloads")).unwrap();
    std::fs::write(h.files().join("Downloads/november.qfx"), statement()).unwrap();
    h.keys("i/~/Dow<tab>nov<tab><enter>").idle().await.shows(&["Review · 1 file", "november.qfx"]);
    h.keys("<esc>").idle().await.shows(&["~/Downloads/november.qfx"]);
    // The folder is where the picker begins the next time.
    h.keys("<esc>i").idle().await.shows(&["Path ~/Downloads/"]);
}

#[tokio::test]
async fn several_files_are_imported_and_each_failure_is_named() {
    let mut h = Harness::new(100, 30);
    h.write("a.qfx", &statement());
    h.write("b.qfx", "not a statement");
    h.write("c.pdf", "not even named like one");
    h.write(".hidden.qfx", &statement());
    h.keys("i").idle().await.shows(&["a.qfx", "b.qfx"]).hides("c.pdf");
    h.hides(".hidden.qfx").keys(".").shows(&[".hidden.qfx"]).keys("a").shows(&["c.pdf"]);
    h.keys(".a<space><space>").shows(&["2 marked"]).keys("<enter>").idle().await;
    h.shows(&["Review · 2 files", "✗ b.qfx: this text is not a statement", "Enter imports 5 rows"]);
    h.keys("<enter>").idle().await.shows(&["1 of 2 files failed; the others are imported", "✗ b.qfx"]);
    h.keys("<esc>").shows(&["Activity", "a.qfx"]);
    assert_eq!(rows(&h), 5);
}

#[tokio::test]
async fn known_rows_are_counted_before_anything_is_written() {
    let mut h = imported(100, 30).await;
    h.keys("i/chase<enter>").idle().await.shows(&["already imported, nothing to do", "Enter close"]);
    h.keys("<enter>").idle().await.hides("Review").keys("<esc><esc>");
    let more = [ROWS, &[("2026-11-15", "-9.99", "New Place")]].concat();
    h.write("more.qfx", &bank_statement("000123457890", &more, "4990.01"));
    h.keys("i/more<enter>").idle().await.shows(&["Enter imports 1 row", "new 1", "already there 5"]);
    h.keys("l").shows(&["New Place"]).hides("Stumptown");
    h.keys("<enter>").idle().await;
    assert_eq!(rows(&h), 6);
}

#[tokio::test]
async fn warnings_name_their_lines() {
    let mut h = Harness::new(100, 30);
    let text = statement().replace("<TRNAMT>-82.15", "<TRNAMT>eighty-two");
    h.write("odd.qfx", &text);
    h.keys("i/odd<enter>").idle().await.shows(&["1 warning", "! line 15: "]);
    h.keys("<enter>").idle().await.shows(&["! 1 warning"]);
    h.keys("<enter>").idle().await.shows(&["! line 15: ", "Payroll ACME"]);
    h.keys("<esc>1").shows(&["odd.qfx: 1 warning"]);
}

#[tokio::test]
async fn escape_is_exactly_one_step_back() {
    let mut h = imported(120, 30).await;
    h.keys("2<enter>").idle().await.keys("/coffee<enter>").idle().await.keys("<space><enter>");
    h.shows(&["3 of 5", "1 marked"]);
    h.keys("<esc>").shows(&["1 marked", "3 of 5"]);
    h.keys("<esc>").hides("1 marked").shows(&["3 of 5"]);
    h.keys("<esc>").idle().await.hides("3 of 5").shows(&["Transactions · Chase"]);
    h.keys("<esc>").idle().await.shows(&["Accounts · 1"]);
    h.keys("<esc><esc><esc>").shows(&["Accounts · 1"]);
    assert!(!h.runtime.has_ended());
    assert!(h.keys("q").runtime.has_ended());
}

#[tokio::test]
async fn the_filter_counts_and_sums_while_one_types() {
    let mut h = imported(100, 30).await;
    h.keys("/coffee").idle().await.shows(&["3 of 5", "-18.25 USD"]).hides("Whole Foods");
    h.keys(" amt<-6").idle().await.shows(&["2 of 5", "-13.00 USD"]);
    h.keys("<esc>").idle().await.shows(&["Whole Foods"]).hides("2 of 5");
    h.keys("/nonsense:x").idle().await.shows(&["! there is no key nonsense:"]);
    h.keys("<esc>/coffee<enter><esc>").idle().await.shows(&["Whole Foods"]);
    // What the last filter found is found again among all rows: the newest is Stumptown, two more follow.
    h.keys("ggnn").shows(&["▸ 2026-11-05  Blue Bottle"]).keys("NN").shows(&["▸ 2026-11-12  Stumptown"]);
    h.keys("/pay<tab>").idle().await.shows(&["/payee:"]);
    // ctrl-p brings back the filter used before.
    h.keys("<ctrl-u><ctrl-p>").idle().await.shows(&["/coffee", "3 of 5"]);
}

#[tokio::test]
async fn rows_are_sorted_by_menu_key_and_header() {
    let mut h = imported(100, 30).await;
    h.keys("sa").idle().await.shows(&["Amount ▼"]);
    let screen = h.screen();
    assert!(screen.find("2026-11-02  Payroll").unwrap() < screen.find("2026-11-12  Stump").unwrap(), "{screen}");
    h.keys("S").idle().await.shows(&["Amount ▲"]);
    let screen = h.screen();
    assert!(screen.find("2026-11-09  Whole").unwrap() < screen.find("2026-11-02  Payroll").unwrap(), "{screen}");
    let header = screen.lines().position(|line| line.contains("Payee")).unwrap();
    h.click(16, u16::try_from(header).unwrap()).idle().await.shows(&["Payee ▲"]);
}

#[tokio::test]
async fn the_mouse_selects_opens_and_scrolls() {
    let mut h = imported(120, 30).await;
    let line = |h: &mut Harness, text: &str| {
        u16::try_from(h.screen().lines().position(|l| l.contains(text)).unwrap()).unwrap()
    };
    let row = line(&mut h, "Whole Foods");
    h.click(20, row).shows(&["▸ 2026-11-09  Whole Foods", "-82.15 USD"]);
    h.mouse(crossterm::event::MouseEventKind::ScrollUp, 20, row).shows(&["▸ 2026-11-12"]);
    h.click(36, 0).shows(&["Transactions · all"]).click(24, 0).shows(&["Accounts · 1"]);
    let foot = h.screen().lines().last().unwrap().find("? help").unwrap();
    h.click(u16::try_from(foot).unwrap(), 29).shows(&["Keys here"]);
    let settings = Settings { mouse: false, ..Settings::default() };
    let mut h = Harness::with(100, 30, settings);
    h.click(26, 0).shows(&["Nothing here yet"]).hides("Transactions ·");
}

#[tokio::test]
async fn edits_are_kept_apart_and_can_be_undone() {
    let mut h = imported(120, 30).await;
    h.keys("e").shows(&["Replaces the bank's text"]);
    h.keys("Stump<tab>food:coffee<tab>trip, work<tab>with Ann<enter>").idle().await;
    h.shows(&["Stump", "food:coffee", "#trip #work", "with Ann", "Stumptown Coffee"]);
    h.keys("/cat:food").idle().await.shows(&["1 of 5"]).keys("<esc>").idle().await;
    h.keys("u").idle().await.shows(&["Undone: edit"]).hides("food:coffee");
}

#[tokio::test]
async fn accounts_are_renamed_and_retyped() {
    let mut h = imported(120, 30).await;
    h.keys("2eHousehold<tab>spaceship<enter>").shows(&["`spaceship` is not an account type"]);
    h.keys("<ctrl-u>sav<tab><enter>").idle().await.idle().await.shows(&["Household", "savings"]);
}

#[tokio::test]
async fn hidden_amounts_are_hidden_everywhere() {
    let mut h = imported(120, 36).await;
    for screen in ["1", "2", "3", "x", "<esc>y", "<esc>/coffee", "<esc>6", "<enter>", "<esc>i/chase<enter>"] {
        h.keys(if screen == "1" { "p1" } else { screen }).idle().await;
        for amount in ["5,000", "5000", "2,000", "6.50", "82.15", "5.25", "18.25"] {
            h.hides(amount);
        }
    }
}

#[tokio::test]
async fn actions_and_accounts_are_found_by_name() {
    let mut h = imported(100, 30).await;
    h.keys(":hidam").shows(&["Hide or show amounts"]).keys("<enter>").shows(&["amounts hidden"]);
    h.keys("<ctrl-p>rows chase<enter>").idle().await.shows(&["Transactions · Chase"]);
    h.keys(":xyzzy").shows(&["No matching command."]).keys("<esc>");
}

#[tokio::test]
async fn copies_go_to_the_clipboard() {
    let mut h = imported(100, 30).await;
    h.keys("ya").shows(&["Copied"]);
    assert_eq!(h.clipboard.text().as_deref(), Some("-5.25"));
    h.keys("yp");
    assert_eq!(h.clipboard.text().as_deref(), Some("Stumptown Coffee"));
}

#[tokio::test]
async fn a_prefix_shows_what_may_follow_and_timers_end() {
    let mut h = imported(100, 30).await;
    assert!(!h.runtime.is_waiting_for_time(), "nothing moves, so nothing runs");
    h.keys("jjg");
    assert!(h.runtime.is_waiting_for_time());
    h.hides("First row").advance(299).hides("First row").advance(1).shows(&["First row"]);
    assert!(!h.runtime.is_waiting_for_time());
    h.keys("g").hides("First row").shows(&["▸ 2026-11-12"]);
    h.keys("p").shows(&["Amounts are hidden"]);
    assert!(h.runtime.is_waiting_for_time());
    h.advance(5_000).hides("Amounts are hidden");
    assert!(!h.runtime.is_waiting_for_time());
}

#[tokio::test]
async fn the_end_of_the_log_stands_beside_the_journal() {
    let mut h = imported(120, 40).await;
    h.keys("6").idle().await.hides("newest first").keys("1");
    let lines: String = (0..5_000)
        .fold(String::new(), |text, n| text + &format!("2026-11-20T14:00:00Z  INFO dashtam::sync: line {n}\n"));
    let tail = "2026-11-20T14:59:58.123456Z  WARN dashtam::sync::live: Alpaca is slow\nnot of this form\n";
    std::fs::write(h.folder.path().join("log"), lines + tail).unwrap();
    h.keys("6").idle().await.shows(&["Log, newest first", "not of this form", "14:59:58 Alpaca is slow", "line 4999"]);
    matches("log_120x40", &mut h);
    h.resize(80, 24).keys("<tab>").shows(&["Log, newest first"]).keys("<esc>");
    std::fs::remove_file(h.folder.path().join("log")).unwrap();
    h.keys("1").keys("6").idle().await.keys("<tab>").hides("newest first");
}

#[tokio::test]
async fn the_palette_opens_over_a_change_and_leads_away_from_it() {
    let mut h = imported(100, 30).await;
    h.keys("6<enter>").idle().await.shows(&["Payroll ACME"]).keys(":").shows(&["Command", "Last row"]);
    h.keys("<esc>").shows(&["Payroll ACME"]).hides("Command ");
    h.keys("<ctrl-p>last row<enter>").shows(&["▸ 2026-11-02"]);
    h.keys(":rows chase<enter>").idle().await.shows(&["Transactions · Chase"]).hides("Command ");
    h.keys("<esc>").idle().await.shows(&["┌ Activity"]);
}

#[tokio::test]
async fn a_cancelled_import_leaves_nothing_and_is_reported() {
    let mut h = Harness::new(80, 24);
    h.write("a.qfx", &statement());
    h.write("b.qfx", &bank_statement("000999", ROWS, "1.00"));
    h.keys("i").idle().await.keys("gg<down><space><space><enter>").idle().await.shows(&["Enter imports 10 rows"]);
    let before = h.store.read().unwrap().changes(None, 9).unwrap().len();
    // Writes wait until this one is dropped, so that the import is under way when it is cancelled.
    let gate = h.store.begin(ChangeKind::Edit, "gate", NOW.parse().unwrap()).unwrap();
    let mut events = h.engine.subscribe();
    h.keys("<enter>");
    while !matches!(events.next().await, Some(Event::Progress { progress, .. }) if progress.stage == Stage::Comparing) {
    }
    h.keys("<esc>").shows(&["stopping"]);
    // Commands are taken in order: with the answer to this one the cancel has been taken too.
    h.engine.run(|job| EngineCommand::SyncDue { job }, |_| {}).await.unwrap();
    drop(gate);
    h.idle().await.shows(&["Cancelled: nothing was written.", "Import statement files", "a.qfx"]);
    let store = h.store.read().unwrap();
    assert_eq!((store.transaction_count().unwrap(), store.accounts().unwrap().len()), (0, 0));
    assert_eq!((store.changes(None, 9).unwrap().len(), store.connections().unwrap().len()), (before, 0));
    // The same files are imported when they are asked for again.
    h.keys("<enter>").idle().await.shows(&["Enter imports 10 rows"]).keys("<enter>").idle().await;
    assert_eq!(rows(&h), 10);
}

#[tokio::test]
async fn keys_of_the_users_own_are_used_and_shown() {
    let text = "[keys]\nimport = \"f5\"\nactivity = [\"g a\", \"f6\"]\nexplain = []\n";
    let keymap = Keymap::of(&Config::parse(text).unwrap().config.keys).unwrap();
    let mut h = Harness::keyed(120, 60, keymap);
    h.shows(&["f5 import"]).hides("i import ").keys("i").hides("Import statement files");
    h.keys("<f5>").idle().await.shows(&["Import statement files"]).keys("<esc>");
    h.keys("6")
        .shows(&["1 Overview"])
        .hides("Activity ·")
        .keys("g")
        .advance(300)
        .shows(&["a  Activity", "g  First row"]);
    h.keys("a?").shows(&["f5", "Import statement files"]).hides("Explain where").keys("<esc>");
    h.keys(":import").shows(&["Import statement files", "f5"]);
}

#[tokio::test]
async fn an_error_stays_until_a_key() {
    let mut h = Harness::new(80, 24);
    h.keys("U").shows(&["Nothing to redo"]).advance(6_000).hides("Nothing to redo");
    h.keys("i//nowhere/at/all/").idle().await.shows(&["/nowhere/at/all/ cannot be read"]);
}

#[tokio::test]
async fn suspending_gives_the_terminal_back_once() {
    let mut h = imported(80, 24).await;
    h.keys("<ctrl-z>").shows(&["Transactions"]);
    assert_eq!(h.suspended.load(std::sync::atomic::Ordering::Relaxed), 1);
    assert!(h.keys("<ctrl-c>").runtime.has_ended());
}

#[tokio::test]
async fn without_colour_signs_and_selection_stay() {
    let mut h = Harness::with(80, 24, Settings { theme: ThemeName::Plain, ..Settings::default() });
    h.write("chase.qfx", &statement());
    h.keys("i/chase<enter>").idle().await.keys("<enter>").idle().await.keys("3").idle().await;
    h.shows(&["▸ 2026-11-12", "-5.25"]);
    let buffer = h.runtime.backend_mut().buffer().clone();
    assert!(buffer.content().iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
}

#[tokio::test]
async fn every_screen_at_every_size() {
    let mut h = Harness::demo(120, 40).await;
    for (name, keys) in [
        ("overview", "1"),
        ("accounts", "2"),
        ("transactions", "3"),
        ("one_account", "2j<enter>"),
        ("holdings", "<esc>4"),
        ("connections", "5"),
        ("activity", "6"),
        ("change", "6<enter>"),
        ("help", "<esc>3?"),
        ("palette", "<esc>:s"),
        ("edit", "<esc><esc>e"),
        ("filter", "<esc>/payee:coffee amt<lt>-6 2026"),
        ("explain", "<esc>x"),
        ("undo", "<esc>6jju"),
    ] {
        h.keys(keys).idle().await;
        // On a wide screen the lists, whose columns and details use the room.
        let has_wide = !matches!(name, "one_account" | "change" | "help" | "palette" | "edit" | "filter" | "undo");
        let wide: &[(u16, u16)] = if has_wide { &[(200, 60)] } else { &[] };
        for (width, height) in [(60, 20), (80, 24), (120, 40)].iter().chain(wide) {
            h.resize(*width, *height).idle().await;
            matches(&format!("{name}_{width}x{height}"), &mut h);
        }
    }
}

#[tokio::test]
async fn the_name_of_the_profile_is_always_on_screen() {
    let given = Given { profile: Some("holiday-flat".to_owned()), ..Given::default() };
    let mut h = Harness::given(120, 40, Settings::default(), given);
    h.shows(&[" dashtam holiday-flat "])
        .resize(60, 20)
        .shows(&["holiday-flat"])
        .resize(80, 24)
        .shows(&["holiday-flat"]);
}

#[tokio::test]
async fn importing_at_every_size() {
    let mut h = imported(80, 24).await;
    std::fs::create_dir(h.files().join("Old statements")).unwrap();
    let more = [ROWS, &[("2026-11-15", "-9.99", "New Place"), ("2026-11-16", "x", "Broken")]].concat();
    h.write("november.qfx", &bank_statement("000123457890", &more, "4990.01"));
    h.write("broken.ofx", "<html>Please log in</html>");
    for (name, keys) in [("picker", "i"), ("marked", "G<space>"), ("review", "gg<down><down><space><space><enter>")] {
        h.keys(keys).idle().await;
        for (width, height) in [(60, 20), (80, 24), (120, 40)] {
            h.resize(width, height).idle().await;
            matches(&format!("{name}_{width}x{height}"), &mut h);
        }
    }
    h.resize(59, 30).shows(&["dashtam needs at least 60x20; this is 59x30"]);
    h.resize(1, 1).resize(60, 20).shows(&["Review"]);
}
