//! Tables of web pages, which many banks name `.xls`, as a table of cells.
//!
//! Used by the table reader. INVARIANT: every row of the page is a row at the line where it begins; linear.

use quick_xml::escape::resolve_html5_entity;

use super::{
    frame,
    grid::{Grid, Overflow},
    words::Words,
};
use crate::statements::decode::head;

/// Bytes in which the first row must begin.
const HEAD: usize = 64 << 10;
/// Most columns that one cell spans.
const MOST_SPANNED: usize = 60;

/// The rows of all tables of a page; `None` where no header above rows names their columns.
pub(super) fn read(text: &str, most_rows: usize, words: &Words) -> Option<Grid> {
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let head = head(start, HEAD);
    if !start.starts_with('<') || !head.to_ascii_lowercase().contains("<tr") {
        return None;
    }
    let grid = rows(text, most_rows).ok()?;
    frame::find(&grid, words).is_some_and(|frame| frame.header.is_some()).then_some(grid)
}

fn rows(text: &str, most_rows: usize) -> Result<Grid, Overflow> {
    let mut grid = Grid::default();
    // The text of the cell that is open, and the columns it spans.
    let mut cell: Option<(String, usize)> = None;
    let (mut line, mut rows, mut hidden) = (1u32, 0usize, false);
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        if let Some((content, _)) = cell.as_mut().filter(|_| !hidden) {
            content.push_str(before);
        }
        let end = tag.find('>').map_or(tag.len(), |end| end + 1);
        let (tag, after) = tag.split_at(end);
        line = line.saturating_add(breaks(before));
        let name: String = tag[1..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '/').collect();
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            "script" | "style" => hidden = true,
            "/script" | "/style" => hidden = false,
            "tr" | "/tr" | "/table" | "td" | "th" | "/td" | "/th" => {
                close(&mut grid, cell.take())?;
                if name == "tr" {
                    rows += 1;
                    if rows > most_rows {
                        break;
                    }
                    grid.start_row(line)?;
                } else if rows > 0 && matches!(name.as_str(), "td" | "th") {
                    cell = Some((String::new(), spanned(tag)));
                }
            }
            "br" | "br/" | "p" | "/p" | "div" | "/div" => {
                if let Some((content, _)) = cell.as_mut() {
                    content.push(' ');
                }
            }
            _ => {}
        }
        line = line.saturating_add(breaks(tag));
        rest = after;
    }
    close(&mut grid, cell)?;
    Ok(grid)
}

fn breaks(text: &str) -> u32 {
    u32::try_from(memchr::memchr_iter(b'\n', text.as_bytes()).count()).unwrap_or(u32::MAX)
}

fn close(grid: &mut Grid, cell: Option<(String, usize)>) -> Result<(), Overflow> {
    let Some((content, spanned)) = cell else { return Ok(()) };
    let plain = resolved(&content);
    grid.push(&plain.split_whitespace().collect::<Vec<_>>().join(" "))?;
    (1..spanned).try_for_each(|_| grid.push(""))
}

/// The number of columns of a cell.
fn spanned(tag: &str) -> usize {
    let lower = tag.to_ascii_lowercase();
    let stated = lower.split_once("colspan").map(|(_, after)| after.trim_start_matches([' ', '=', '"', '\'']));
    let digits = stated.map(|after| after.chars().take_while(char::is_ascii_digit).collect::<String>());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(1).clamp(1, MOST_SPANNED)
}

/// The text with its entities resolved; unknown ones stay.
fn resolved(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let entity = rest[at + 1..].split_once(';').filter(|(name, _)| name.len() <= 10);
        let found = entity.and_then(|(name, after)| Some((character(name)?, after)));
        if let Some((character, after)) = found {
            out.push_str(&character);
            rest = after;
        } else {
            out.push('&');
            rest = &rest[at + 1..];
        }
    }
    out.push_str(rest);
    out
}

fn character(name: &str) -> Option<String> {
    let number = name.strip_prefix('#').map(|number| match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    });
    match number {
        Some(number) => char::from_u32(number.ok()?).map(String::from),
        None => resolve_html5_entity(name).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statements::table::words::words;

    #[test]
    fn rows_of_a_page_are_rows_of_a_table() {
        let page = "<html><head><style>td { color: red }</style></head><body>\n<table><tr><td colspan=\"3\">Cuenta 1234</td></tr>\n\
                    <tr><th>Fecha</th><th>Descripci&oacute;n</th><th>Importe</th></tr>\n\
                    <tr><td>13/03/2024</td><td>Caf&eacute;<br>Bar &amp; Co</td><td align=right>-45,00&nbsp;&euro;</td></tr>\n\
                    <TR><TD>14/03/2024<TD>N&#243;mina<TD>2.000,00\n</TABLE></body></html>";
        let grid = read(page, 100, words()).unwrap();
        let cells = |row: usize| grid.cells(row).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(cells(0), ["Cuenta 1234", "", ""]);
        assert_eq!(cells(2), ["13/03/2024", "Café Bar & Co", "-45,00 €"]);
        assert_eq!((cells(3), grid.line(3)), (vec!["14/03/2024".into(), "Nómina".into(), "2.000,00".into()], 5));
    }

    #[test]
    fn pages_without_rows_of_money_are_no_tables() {
        let login = "<html><body><form><table><tr><td>Name</td><td><input></td></tr></table></form></body></html>";
        assert!(read(login, 100, words()).is_none());
        assert!(read("<OFX><STMTTRN>", 100, words()).is_none());
        assert!(read("<table><tr><td", 100, words()).is_none());
    }
}
