//! Commands of the user: a key runs a program of the shell, which gets the row in its environment; and drawing in ASCII.

use dashtam::testing::{
    config::{Config, UserCommand},
    tui::{Keymap, Settings},
};

use crate::support::harness::{Given, Harness, bank_statement};

fn command(name: &str, key: &str) -> UserCommand {
    UserCommand { name: name.to_owned(), key: key.to_owned(), run: format!("echo {name}"), line: 3 }
}

#[tokio::test]
async fn a_key_and_the_palette_run_it_with_the_fields_of_the_row() {
    let commands = vec![command("note it", "alt-o"), command("look up", "")];
    let mut h = Harness::given(120, 36, Settings::default(), Given { commands, ..Given::default() });
    let rows = [("2026-10-05", "-6.50", "Blue $(rm -r) Coffee")];
    let path = h.write("a.qfx", &bank_statement("111100001111", &rows, "10.00"));
    h.keys("i").idle().await.paste(&path).keys("<enter>").idle().await.keys("<enter>").idle().await;
    h.advance(60_000);
    h.keys("3").idle().await.keys("<alt-o>").idle().await;
    h.keys("/").keys("<alt-o>").keys("<esc>");
    h.keys("2:look up<enter>").idle().await;
    let calls = h.shell.lock().unwrap().clone();
    assert_eq!(calls.iter().map(|(run, _)| run.as_str()).collect::<Vec<_>>(), ["echo note it", "echo look up"]);
    let of = |call: usize, name: &str| {
        calls[call].1.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    assert_eq!((of(0, "DASHTAM_PAYEE"), of(0, "DASHTAM_AMOUNT")), ("Blue $(rm -r) Coffee".into(), "-6.50".into()));
    assert_eq!((of(0, "DASHTAM_SCREEN"), of(1, "DASHTAM_BALANCE")), ("transactions".into(), "10.00".into()));
}

#[test]
fn commands_are_read_and_their_keys_verified() {
    let text = "[commands.open]\nkey = \"alt-o\"\nrun = \"xdg-open .\"\n[commands.quit]\nkey = \"q\"\nrun = \"true\"\n";
    let config = Config::parse(text).unwrap().config;
    assert_eq!((config.commands.len(), config.commands[0].line), (2, 1));
    let problems = Keymap::default().problems_of(&config.commands);
    assert!(problems.len() == 1 && problems[0].line == 4 && problems[0].message.contains('q'), "{problems:?}");
    assert_eq!(Config::parse(&config.show()).unwrap().config.commands.len(), 2);
    assert!(Config::parse("[commands.open]\nkey = \"x\"\n").is_err());
}

#[tokio::test]
async fn every_screen_can_be_drawn_in_ascii() {
    let mut h = Harness::given(120, 36, Settings { ascii: true, ..Settings::default() }, Given::default());
    let rows = [("2025-10-05", "-6.50", "Coffee"), ("2026-10-05", "900", "Payroll")];
    let path = h.write("a.qfx", &bank_statement("111100001111", &rows, "10.00"));
    h.keys("i").idle().await.paste(&path).keys("<enter>").idle().await.keys("<enter>").idle().await;
    h.advance(60_000);
    for keys in ["1", "2", "3", "4", "5", "6", "?", "<esc>:", "<esc>3/by:month<enter>"] {
        let screen = h.keys(keys).idle().await.screen();
        let odd: Vec<char> = screen.chars().filter(|c| !c.is_ascii()).collect();
        assert!(odd.is_empty(), "{keys}: {odd:?}\n{screen}");
    }
}
