//! The program in a real terminal: what it draws, and that it gives the terminal back however it ends.

use std::process::Command;

use portable_pty::PtySize;

use crate::support::terminal::{Sent, Terminal, cells};

#[test]
fn keys_work_and_quitting_gives_the_terminal_back() {
    let mut terminal = Terminal::start(&["--demo"]);
    terminal.until_text("Net worth");
    terminal.press("3");
    terminal.until_text("Payee");
    terminal.press("/coffee");
    terminal.until_text("coffee");
    terminal.press("\r");
    terminal.press("\u{3}");
    assert_eq!(terminal.ended(), 0);
}

/// The index of the colour of a text on the screen.
fn colour_of(screen: &vt100::Screen, text: &str) -> Option<vt100::Color> {
    let columns = screen.size().1.into();
    let (line, column) = (0..).zip(screen.rows(0, columns)).find_map(|(row, line)| Some((row, line.find(text)?)))?;
    Some(screen.cell(line, u16::try_from(column).unwrap())?.fgcolor())
}

#[test]
fn keys_before_the_first_screen_are_kept_and_the_terminal_states_its_background() {
    let mut colours = Vec::new();
    for background in ["1e1e/1e1e/2e2e", "ffff/ffff/f0f0"] {
        let profile = tempfile::tempdir().unwrap();
        let mut terminal = Terminal::start_with_variables(profile.path(), &["--demo"], &[("COLORFGBG", "")]);
        // All are there before the program asks.
        terminal.press(&format!("3\u{1b}]11;rgb:{background}\u{1b}\\/cof\u{1b}[?62;22c"));
        terminal.until_text("/cof");
        terminal.until_text("Payee");
        colours.push(colour_of(terminal.screen.screen(), "Transactions").unwrap());
        terminal.press("\u{3}");
        assert_eq!(terminal.ended(), 0);
    }
    assert_ne!(colours[0], colours[1]);
}

#[test]
fn a_resize_is_followed() {
    let mut terminal = Terminal::start(&["--demo"]);
    terminal.until_text("Net worth");
    terminal.master.resize(PtySize { rows: 10, cols: 40, pixel_width: 0, pixel_height: 0 }).unwrap();
    terminal.screen.screen_mut().set_size(cells(10), cells(40));
    terminal.until_text("60x20");
    terminal.master.resize(PtySize { rows: 30, cols: 100, pixel_width: 0, pixel_height: 0 }).unwrap();
    terminal.screen.screen_mut().set_size(cells(30), cells(100));
    terminal.until_text("Net worth");
    terminal.press("\u{3}");
    assert_eq!(terminal.ended(), 0);
}

#[test]
fn a_signal_to_end_gives_the_terminal_back() {
    let mut terminal = Terminal::start(&["--demo"]);
    terminal.until_text("Net worth");
    assert!(Command::new("kill").args(["-TERM", &terminal.process()]).status().unwrap().success());
    terminal.ended();
}

#[test]
fn a_pasted_path_opens_the_import() {
    let mut terminal = Terminal::start(&[]);
    terminal.until_text("Nothing here yet");
    let file = terminal.profile.path().join("pasted.ofx");
    std::fs::write(
        &file,
        "<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD<BANKACCTFROM><BANKID>1<ACCTID>12345678<ACCTTYPE>CHECKING\
         </BANKACCTFROM><BANKTRANLIST><STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261003<TRNAMT>-4.50<FITID>1<NAME>Bakery\
         </STMTTRN></BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>",
    )
    .unwrap();
    terminal.press("i");
    terminal.until_text("Import");
    terminal.press(&format!("\u{1b}[200~{}\u{1b}[201~", file.display()));
    terminal.press("\r");
    terminal.until_text("Bakery");
    terminal.press("\r");
    terminal.until_text("1 row");
    terminal.press("\u{3}");
    assert_eq!(terminal.ended(), 0);
}

#[test]
fn a_database_whose_process_does_not_answer_is_reported() {
    let profile = tempfile::tempdir().unwrap();
    let _held = dashtam::testing::store::Store::open(&profile.path().join("dashtam.redb")).unwrap();
    let mut terminal = Terminal::start_in(profile, &[]);
    assert_eq!(terminal.ended(), 1);
    let shown = terminal.screen.screen().contents();
    assert!(shown.contains("error:") && shown.contains("does not answer"), "{shown}");
}

#[test]
fn late_replies_and_pasted_texts_are_no_keys() {
    const REPLIES: &[&str] = &[
        "\u{1b}]11;rgb:1e1e/1e1e/2e2e\u{7}",
        "\u{1b}]11;rgb:ffff/ffff/ffff\u{1b}\\",
        "\u{1b}]52;c;OnF1aXQNcnI=\u{7}",
        "\u{1b}P>|q:rR(3)\u{1b}\\",
        "\u{1b}P1+r544e=787465726d\u{1b}\\",
        "\u{1b}_Gi=31;q\u{1b}\\",
        "\u{1b}[?62;1;2;4;22c",
        "\u{1b}[>0;276;0c",
        "\u{1b}[?2026;2$y",
        "\u{1b}[12;40R",
        "\u{1b}[?997;1n",
        "\u{1b}[8;36;120t",
        "\u{1b}[200~:q\r3qcoffee\u{1b}[201~",
    ];
    let mut terminal = Terminal::start(&["--demo"]);
    terminal.until_text("Net worth");
    for (at, reply) in REPLIES.iter().enumerate() {
        // In two reads, if the program reads between.
        let (first, second) = reply.split_at(2 + at % (reply.len() - 2));
        terminal.press(first);
        terminal.press(second);
        // Whatever the reply had opened would take this key.
        let (key, title) = [("4", "Symbol"), ("2", "Accounts ·")][at % 2];
        terminal.press(key);
        terminal.until_text(title);
    }
    // Keys after a key that begins like a reply, and after a reply without an end.
    terminal.press("\u{1b}]:");
    terminal.until_text("Import statement files");
    terminal.press("\u{1b}]11;rgb:1e1e\u{3}");
    assert_eq!(terminal.ended(), 0);
}

/// Every text file below a folder.
fn texts(folder: &std::path::Path) -> String {
    let Ok(entries) = std::fs::read_dir(folder) else { return String::new() };
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    paths
        .map(|path| if path.is_dir() { texts(&path) } else { std::fs::read_to_string(&path).unwrap_or_default() })
        .collect()
}

#[test]
fn a_window_that_is_closed_ends_the_program_cleanly() {
    let mut terminal = Terminal::start(&[]);
    terminal.until_text("Nothing here yet");
    let (code, profile) = terminal.hang_up();
    assert_eq!(code, 0);
    let log = texts(profile.path());
    assert!(!log.contains("panicked") && !log.contains("internal error") && !log.contains("ERROR"), "{log}");
}

#[test]
fn a_terminal_that_takes_no_more_cannot_keep_the_program() {
    let mut terminal = Terminal::start(&["--demo"]);
    terminal.until_text("Net worth");
    assert_eq!(terminal.end_unread(), 0);
}

#[test]
fn a_terminal_that_cannot_place_its_cursor_gets_lines() {
    let profile = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start_with_variables(profile.path(), &["--demo"], &[("TERM", "dumb")]);
    // The help at the start has scrolled away below 40 lines.
    terminal.until_text("? help");
    terminal.press("q\n");
    assert_eq!(terminal.ended(), 0);
}

/// The bytes of keys on the list that is shown: of moves in view, of moves that scroll, of pages, and of letters of the filter.
fn sent(terminal: &mut Terminal, moves: usize) -> [Vec<Sent>; 4] {
    terminal.press("gg");
    terminal.bytes_until_quiet();
    let mut of = |keys: &[&str]| keys.iter().map(|key| terminal.bytes_of_key(key)).collect::<Vec<_>>();
    let near = of(&[vec!["j"; moves], vec!["k"; 2]].concat());
    let pages = of(&["\u{1b}[6~"; 2]);
    let scrolled = of(&["j"; 2]);
    of(&["/"]);
    let letters = of(&["c", "o", "f"]);
    terminal.press("\u{1b}");
    terminal.press("\u{1b}");
    terminal.bytes_until_quiet();
    [near, scrolled, pages, letters]
}

/// Whether a frame is small: at most `bar`, or two bytes for each character that changed, with the marks of two frames. How
/// much changes depends on the rows, and those of the demo on the day.
fn is_little(bytes: usize, sent: &Sent, bar: usize) -> bool {
    bytes <= bar.max(2 * sent.changed + 64)
}

/// Lists of the demo: their keys, a text of theirs, and how often the cursor moves.
const LISTS: [(&str, &str, usize); 5] =
    [("3", "Payee", 12), ("2", "Accounts ·", 6), ("4", "Symbol", 4), ("5", "Last update", 10), ("6", "changes", 6)];

/// The most bytes of a frame: for a move in view, for a list that scrolls, for a page, for a letter.
const BARS: [usize; 4] = [400, 800, 3_000, 1_500];

/// Walks all lists, each between two presses of a key that enlarges it, until what is sent meets `is_met`.
fn walk_lists(enlarge: &str, is_met: impl Fn(&[Vec<Sent>; 4]) -> bool) {
    const KINDS: [&str; 4] = ["moves", "moves that scroll", "pages", "letters"];
    let mut terminal = Terminal::start_sized(36, 120, &["--demo"]);
    terminal.until_text("Net worth");
    for (key, title, moves) in LISTS {
        // On a machine that is busy the detail of a key may come after the next key, and count as its frame.
        let is_met = (0..3).any(|_| {
            terminal.press(key);
            terminal.until_text(title);
            terminal.press(enlarge);
            let kinds = sent(&mut terminal, moves);
            terminal.press(enlarge);
            for (kind, name) in kinds.iter().zip(KINDS) {
                let mut settled: Vec<usize> = kind.iter().map(|sent| sent.settled).collect();
                settled.sort_unstable();
                let most = kind.iter().map(|sent| sent.first).max();
                let (middle, last) = (settled[settled.len() / 2], settled.last());
                println!("{title} {name}: first frame at most {most:?}, all frames {middle} (median), {last:?} (most)");
            }
            is_met(&kinds)
        });
        assert!(is_met, "{title}: more bytes than {BARS:?} in every run");
    }
    terminal.bytes_until_quiet();
    assert_eq!(terminal.bytes_until_quiet(), 0, "an idle program sends nothing");
    terminal.press("\u{3}");
    assert_eq!(terminal.ended(), 0);
}

#[test]
fn little_is_sent_over_a_slow_line() {
    let is_met = |(kind, bar): (&Vec<Sent>, usize)| {
        kind.iter().all(|sent| is_little(sent.first, sent, bar) && is_little(sent.settled, sent, bar))
    };
    walk_lists("", |kinds| kinds[0].iter().all(|sent| sent.first <= BARS[0]) && kinds.iter().zip(BARS).all(is_met));
}

#[test]
fn all_bytes_of_a_move_are_few_in_a_list_alone() {
    walk_lists("z", |[moves, scrolled, pages, letters]| {
        let mut others = [scrolled, pages, letters].into_iter().zip(&BARS[1..]);
        moves.iter().all(|sent| sent.settled <= BARS[0])
            && others.all(|(kind, bar)| kind.iter().all(|sent| is_little(sent.first, sent, *bar)))
    });
}
