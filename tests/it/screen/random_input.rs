//! Whatever is pressed, at whatever size: nothing panics and the screen can always be left.

use proptest::prelude::*;

use crate::support::harness::{Harness, bank_statement};

#[derive(Debug, Clone)]
enum Step {
    Keys(&'static str),
    Type(char),
    Resize(u16, u16),
    Click(u16, u16),
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    let keys = prop::sample::select(vec![
        "j",
        "k",
        "g",
        "G",
        "h",
        "l",
        "<ctrl-d>",
        "<ctrl-u>",
        "<tab>",
        "<shift-tab>",
        "<enter>",
        "<esc>",
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "/",
        "n",
        "N",
        "s",
        "S",
        "<space>",
        "i",
        "c",
        "r",
        "R",
        "e",
        "u",
        "U",
        "y",
        "p",
        "x",
        ":",
        "?",
        "m",
        "<ctrl-l>",
        "<home>",
        "<end>",
        "<up>",
        "<down>",
        "<left>",
        "<right>",
        "<backspace>",
        ".",
        "a",
        "~",
    ]);
    prop_oneof![
        12 => keys.prop_map(Step::Keys),
        2 => any::<char>().prop_map(Step::Type),
        2 => (1_u16..=200, 1_u16..=60).prop_map(|(width, height)| Step::Resize(width, height)),
        2 => (0_u16..200, 0_u16..60).prop_map(|(x, y)| Step::Click(x, y)),
        3 => Just(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_is_pressed_panics(steps in prop::collection::vec(step(), 1..120)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut h = Harness::new(80, 24);
            let rows = [("2026-11-02", "2000.00", "Payroll"), ("2026-11-05", "-6.50", "日本語カフェ"), ("2026-11-05", "-6.50", "Zoë's")];
            h.write("one.qfx", &bank_statement("1234567890", &rows, "5000.00"));
            h.keys("i/one<enter>").idle().await.keys("<enter>").idle().await;
            for step in &steps {
                match step {
                    Step::Keys(keys) => { h.keys(keys); }
                    Step::Type(character) => { h.keys(&character.to_string()); }
                    Step::Resize(width, height) => { h.resize(*width, *height); }
                    Step::Click(x, y) => { h.click(*x, *y); }
                    Step::Wait => { h.idle().await.advance(400); }
                }
                if h.runtime.has_ended() {
                    return;
                }
            }
            h.idle().await;
            h.resize(80, 24).keys("<ctrl-c>");
            assert!(h.runtime.has_ended());
        });
    }
}
