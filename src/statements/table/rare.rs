//! Texts with rare delimiters, or with columns of fixed width, as a table.
//!
//! Used where the usual delimiters make no rows. INVARIANT: every line of a table is cut in the same way, and a table counts
//! only if its header names columns; linear.

use super::{date, frame, grid::Grid, words::Words};

/// Delimiters that are also marks of texts, so that every line must hold as many.
const DELIMITERS: [&str; 12] = ["^", "~", "\u{1f}", "\u{1e}", "||", "|;", "::", "¦", "§", "#", "@", "!"];
/// Lines by which the form of a text is judged.
const JUDGED: usize = 300;
/// Longest line of a table of fixed width.
const LONGEST: usize = 400;

/// The table in a text; `None` where it has none, or one of more than `most_rows` lines.
pub(super) fn read(text: &str, most_rows: usize, words: &Words) -> Option<Grid> {
    let text = text.trim_start_matches('\u{feff}');
    let lines: Vec<(u32, &str)> = (1u32..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim_matches([' ', '\t', '\r']).is_empty())
        .take(most_rows.saturating_add(1))
        .collect();
    if lines.len() < 2 || lines.len() > most_rows {
        return None;
    }
    let is_table = |grid: &Grid| frame::find(grid, words).is_some_and(|frame| frame.header.is_some());
    let by_delimiter = DELIMITERS.iter().filter(|delimiter| divides(&lines, delimiter));
    let mut found = by_delimiter.filter_map(|delimiter| {
        let cells = |line: &str| line.split(delimiter).map(|cell| unquoted(cell).to_owned()).collect();
        grid(&lines, cells)
    });
    found.find(is_table).or_else(|| fixed(&lines).filter(is_table))
}

/// Whether nearly all lines hold the same number of delimiters, two at least.
fn divides(lines: &[(u32, &str)], delimiter: &str) -> bool {
    let counts: Vec<usize> = lines.iter().take(JUDGED).map(|(_, line)| line.matches(delimiter).count()).collect();
    let most = counts.iter().copied().max().unwrap_or(0);
    most >= 2 && counts.iter().filter(|count| **count == most).count() * 10 >= counts.len() * 8
}

fn unquoted(cell: &str) -> &str {
    let cell = cell.trim();
    cell.strip_prefix('"').and_then(|cell| cell.strip_suffix('"')).unwrap_or(cell)
}

fn grid(lines: &[(u32, &str)], cells: impl Fn(&str) -> Vec<String>) -> Option<Grid> {
    let mut grid = Grid::default();
    for (number, line) in lines {
        grid.start_row(*number).ok()?;
        for cell in cells(line) {
            grid.push(&cell).ok()?;
        }
    }
    Some(grid)
}

/// A table whose columns lie below each other: lines that begin with a date below a line of names, cut where all of them
/// have blanks.
fn fixed(lines: &[(u32, &str)]) -> Option<Grid> {
    let has_day = |line: &str| line.split_whitespace().next().is_some_and(|word| date::parse(word).is_some());
    let first = lines.iter().position(|(_, line)| has_day(line))?;
    let header = first.checked_sub(1)?;
    let body: Vec<&str> = lines[first..].iter().map(|(_, line)| *line).filter(|line| has_day(line)).collect();
    let is_fit = |line: &&str| line.len() <= LONGEST && !line.contains('\t');
    if body.len() < 3 || body.len() * 10 < (lines.len() - first) * 8 || !body.iter().all(is_fit) {
        return None;
    }
    let mut filled = vec![false; LONGEST];
    let mut named = vec![false; LONGEST];
    for (line, is_name) in body.iter().map(|line| (*line, false)).chain([(lines[header].1, true)]) {
        for (at, _) in line.chars().take(LONGEST).enumerate().filter(|(_, letter)| !letter.is_whitespace()) {
            filled[at] = true;
            named[at] |= is_name;
        }
    }
    // A column begins behind a blank; one that the header does not name belongs to the one before.
    let mut starts: Vec<usize> = Vec::new();
    for at in (0..LONGEST).filter(|at| filled[*at] && (*at == 0 || !filled[*at - 1])) {
        let end = (at..LONGEST).find(|end| !filled[*end]).unwrap_or(LONGEST);
        if starts.is_empty() || named[at..end].contains(&true) {
            starts.push(at);
        }
    }
    (starts.len() >= 3).then(|| {
        let cells = |line: &str| {
            let letters: Vec<char> = line.chars().collect();
            let part = |(place, start): (usize, &usize)| {
                let end = starts.get(place + 1).copied().unwrap_or(letters.len()).min(letters.len());
                letters.get(*start..end).unwrap_or_default().iter().collect::<String>().trim().to_owned()
            };
            if has_day(line) || line == lines[header].1 {
                starts.iter().enumerate().map(part).collect()
            } else {
                vec![line.trim().to_owned()]
            }
        };
        grid(lines, cells)
    })?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statements::table::words::words;

    fn cells(text: &str) -> Option<Vec<Vec<String>>> {
        let grid = read(text, 100, words())?;
        Some((0..grid.len()).map(|row| grid.cells(row).map(str::to_owned).collect()).collect())
    }

    #[test]
    fn every_line_holds_as_many_delimiters() {
        for delimiter in ["^", "~", "\u{1f}", "|;", "::", "#"] {
            let text = "Date^Description^Amount\n2024-03-13^\"COFFEE\"^-45.00\n2024-03-14^SALARY^2000.00\n"
                .replace('^', delimiter);
            let table = cells(&text).unwrap();
            assert_eq!(table[1], ["2024-03-13", "COFFEE", "-45.00"], "{delimiter}");
        }
        assert_eq!(cells("Dear customer!\nthis is! a letter! with marks\nfrom 2024-03-13! and 45.00!\n"), None);
    }

    #[test]
    fn columns_of_fixed_width_are_cut_where_all_lines_have_blanks() {
        let text = "Account 12345\nDatum      Text                    Betrag\n13.03.2024 Kaffee Haus             -45,00\n\
                    14.03.2024 Lohn Oktober          2.000,00\n15.03.2024 Miete                  -500,00\n";
        let table = cells(text).unwrap();
        assert_eq!(table[0], ["Account 12345"]);
        assert_eq!(table[3], ["14.03.2024", "Lohn Oktober", "2.000,00"]);
        let split = "Date        Text          Paid out    Paid in\n13/03/2024  Coffee one       45.00\n\
                     14/03/2024  Salary one                2000.00\n15/03/2024  Rent             500.00\n";
        let table = cells(split).unwrap();
        assert_eq!(table[2], ["14/03/2024", "Salary one", "", "2000.00"]);
        assert_eq!(cells("2024-03-13 INFO started 12\n2024-03-14 WARN slow 14\n2024-03-15 INFO ended 1\n"), None);
    }
}
