//! What a person does on the screen, from the first key to the last.

use crate::harness::{Harness, bank_statement};

#[tokio::test]
async fn look() {
    let Ok(script) = std::env::var("LOOK") else { return };
    for part in script.split(';') {
        let (size, keys) = part.split_once(':').unwrap();
        let (w, h) = size.split_once('x').unwrap();
        let mut h = Harness::demo(w.parse().unwrap(), h.parse().unwrap()).await;
        let text = bank_statement(
            "000123457890",
            &[
                ("2026-11-18", "-6.50", "Blue Bottle"),
                ("2026-11-19", "12x", "Broken"),
                ("2026-11-19", "1200.00", "Payroll"),
            ],
            "5000.00",
        );
        h.write("new.qfx", &text);
        h.write("bad.qfx", "hello");
        for key in dashtam::tui::parse_keys(keys) {
            h.feed(crossterm::event::Event::Key(key));
            h.idle().await;
        }
        println!("=== {part}\n{}", h.screen());
    }
}
