//! The file picker: what a newcomer presses first.

use std::fs;

use crate::support::harness::{Harness, bank_statement};

fn statement(account: &str) -> String {
    bank_statement(account, &[("2026-11-02", "-1.00", "Alpha")], "100.00")
}

/// Three statements, a text and a folder with a fourth statement.
async fn picker() -> Harness {
    let mut h = Harness::new(100, 30);
    for (name, account) in [("a.qfx", "111100001111"), ("b.qfx", "222200002222"), ("chase.ofx", "333300003333")] {
        h.write(name, &statement(account));
    }
    h.write("notes.pdf", "not a statement");
    fs::create_dir_all(h.files().join("years/2024")).unwrap();
    h.write("years/2024/old.qfx", &statement("444400004444"));
    h.keys("i").idle().await;
    h
}

#[tokio::test]
async fn it_opens_on_the_list() {
    let mut h = picker().await;
    h.shows(&["▸ a.qfx"]).keys("j").shows(&["▸ b.qfx"]).keys("kj<space>").shows(&["1 marked: Enter imports it"]);
    h.keys("c").shows(&["▸ chase.ofx"]).keys("b").shows(&["◉ b.qfx"]);
    // Esc goes back one step at a time: the marks, then the picker.
    h.keys("<esc>").hides("marked").keys("<esc>").hides("Import statement files");
}

#[tokio::test]
async fn marks_take_one_file_a_range_or_all() {
    let mut h = picker().await;
    h.keys("*").shows(&["3 marked: Enter imports them"]).keys("*").hides("marked");
    h.keys("a").shows(&["notes.pdf", "all files"]).keys("a").hides("notes.pdf");
    h.keys("vj").shows(&["● a.qfx"]).keys("<esc>").hides("● a.qfx");
    h.keys("gg<down>b").shows(&["▸ b.qfx"]).keys("vcv").shows(&["2 marked"]);
    h.keys("<enter>").idle().await.shows(&["Review · 2 files"]);
}

#[tokio::test]
async fn only_statements_are_marked_together_and_the_others_are_counted() {
    let mut h = Harness::new(100, 30);
    h.write("a.qfx", &statement("111100001111"));
    h.write("table.txt", "Date;Description;Amount;Currency\n2026-11-02;Alpha;-1.00;EUR\n2026-11-03;Beta;-2.00;EUR\n");
    h.write("notes.txt", "hello\n");
    h.write("page.xml", "<feed><title>news</title></feed>");
    h.keys("i").idle().await.keys("*");
    h.shows(&["2 marked: Enter imports them", "2 other files are not statements: left unmarked"]);
    for other in ["● notes.txt", "◉ notes.txt", "● page.xml", "◉ page.xml"] {
        h.hides(other);
    }
    h.keys("*").hides("marked");
    // One by one, every file can be marked.
    h.keys("n<space>").shows(&["1 marked: Enter imports it"]);
}

#[tokio::test]
async fn a_folder_is_opened_or_marked_and_imported_with_all_below_it() {
    let mut h = picker().await;
    h.keys("y").shows(&["▸ years/"]).keys("<space>").shows(&["1 marked"]).keys("y<enter>").idle().await;
    h.shows(&["Review · 1 file", "old.qfx"]).keys("<enter>").idle().await.shows(&["old.qfx"]);
    let rows = h.store.read().unwrap().transaction_count().unwrap();
    assert_eq!(rows, 1);
}

#[tokio::test]
async fn enter_imports_the_marks_whatever_is_selected_and_l_opens_a_folder() {
    let mut h = picker().await;
    h.keys("b<space>").shows(&["1 marked: Enter imports it"]).keys("y").shows(&["▸ years/"]);
    h.keys("l").idle().await.shows(&["years/", "2024/", "1 marked"]).keys("l").idle().await.shows(&["old.qfx"]);
    h.keys("h").idle().await.keys("h").idle().await.keys("gg").shows(&["▸ ../"]);
    h.keys("<enter>").idle().await.shows(&["Review · 1 file", "b.qfx"]);
}

#[tokio::test]
async fn a_path_is_typed_after_a_slash_or_tab() {
    let mut h = picker().await;
    h.keys("/cha").shows(&["› chase.ofx"]).hides("b.qfx").keys("<esc>").shows(&["▸ chase.ofx", "b.qfx"]);
    h.keys("<tab>cha<tab>").shows(&["~/chase.ofx"]).keys("<enter>").idle().await.shows(&["Review · 1 file"]);
}

#[tokio::test]
async fn the_footer_is_that_of_the_focus() {
    let mut h = picker().await;
    h.shows(&["Space mark", "* mark all", "Tab type a path"]).keys("/");
    h.shows(&["Enter accept", "Tab complete"]).hides("Space mark");
}
