//! Texts that list each transaction as a few lines `Date: …`, `Description: …`, `Amount: …`, as a table.
//!
//! Used by the table reader before a delimiter is looked for. INVARIANT: each line of the file is a cell, a part of one, or a
//! row above the table; rows keep the line at which their record begins.

use super::{
    date,
    frame::money,
    grid::{Grid, Overflow},
};

/// Longest name of a field.
const LONGEST: usize = 32;
/// Fields of a record.
const MOST: usize = 24;
/// Lines before the first record.
const SEARCHED: usize = 30;

/// A line `Name: value`. Other lines have no name.
struct Line<'t> {
    number: u32,
    name: Option<&'t str>,
    text: &'t str,
}

fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let text = text.trim_start_matches('\u{feff}');
    (1u32..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()).map(|(number, line)| {
        let named = line.split_once(':').map(|(name, value)| (name.trim(), value.trim()));
        let is_name = |name: &str| {
            !name.is_empty()
                && name.chars().count() <= LONGEST
                && name.chars().all(|letter| letter.is_alphabetic() || matches!(letter, ' ' | '/' | '.' | '-'))
        };
        match named.filter(|(name, _)| is_name(name)) {
            Some((name, value)) => Line { number, name: Some(name), text: value },
            None => Line { number, name: None, text: line.trim() },
        }
    })
}

/// The names of the fields of a record: those from the first line with a day to the next line of that name.
fn fields(text: &str) -> Option<Vec<&str>> {
    let mut lines = lines(text);
    let (mut searched, mut names): (usize, Vec<&str>) = (0, Vec::new());
    let (mut amounts, mut others) = (0usize, 0usize);
    let first = loop {
        let line = lines.next().filter(|_| searched < SEARCHED)?;
        searched += 1;
        if line.name.is_some() && date::parse(line.text).is_some() {
            break line;
        }
    };
    names.extend(first.name);
    for line in lines.take(MOST) {
        match line.name {
            Some(name) if names.first() == Some(&name) => break,
            Some(name) if !names.contains(&name) => {
                names.push(name);
                amounts += usize::from(money(line.text).is_some());
            }
            _ => others += 1,
        }
    }
    (names.len() >= 3 && amounts >= 1 && others <= 2).then_some(names)
}

/// Whether a text is such a list.
pub(super) fn fits(text: &str) -> bool {
    fields(text).is_some()
}

/// The list as a table; `None` for other texts and for more than a table can hold.
pub(super) fn read(text: &str, rows: usize) -> Option<Grid> {
    let names = fields(text)?;
    build(text, &names, rows).ok()
}

fn build(text: &str, names: &[&str], rows: usize) -> Result<Grid, Overflow> {
    let mut grid = Grid::with_capacity(text.len());
    let mut open: Option<(u32, Vec<String>, usize)> = None;
    let mut count = 0usize;
    let write = |grid: &mut Grid, line: u32, cells: &[String]| -> Result<(), Overflow> {
        grid.start_row(line)?;
        cells.iter().try_for_each(|cell| grid.push(cell))
    };
    for line in lines(text) {
        let place = line.name.and_then(|name| names.iter().position(|known| *known == name));
        let begins = place == Some(0) && date::parse(line.text).is_some();
        if begins {
            if let Some((at, cells, _)) = open.take() {
                write(&mut grid, at, &cells)?;
            } else {
                grid.start_row(line.number)?;
                names.iter().try_for_each(|name| grid.push(name))?;
            }
            count += 1;
            if count > rows {
                return Err(Overflow);
            }
            let mut cells = vec![String::new(); names.len()];
            line.text.clone_into(&mut cells[0]);
            open = Some((line.number, cells, 0));
            continue;
        }
        match (&mut open, place) {
            (None, _) => {
                grid.start_row(line.number)?;
                line.name.into_iter().try_for_each(|name| grid.push(name))?;
                grid.push(line.text)?;
            }
            (Some((_, cells, last)), Some(place)) if cells[place].is_empty() => {
                line.text.clone_into(&mut cells[place]);
                *last = place;
            }
            // A value that goes on in the next line.
            (Some((_, cells, last)), _) => {
                let cell = &mut cells[*last];
                cell.push(' ');
                if let Some(name) = line.name {
                    cell.push_str(name);
                    cell.push_str(": ");
                }
                cell.push_str(line.text);
            }
        }
    }
    if let Some((at, cells, _)) = open {
        write(&mut grid, at, &cells)?;
    }
    Ok(grid)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "From: 01/01/2026 to 31/01/2026\r\n\r\nAccount: XXXX XXXX XXXX 1234\r\n\r\nDate:\u{a0}28/01/2026\r\n\
        Description:\u{a0}CARD PAYMENT TO SHOP\r\nNOTE: 2 ITEMS\r\nAmount:\u{a0}-23.45\u{a0}\r\nBalance:\u{a0}976.55\u{a0}\r\n\r\n\
        Date: 15/01/2026\r\nDescription: SALARY\r\nAmount: 1000.00\r\nBalance: 1000.00\r\n";

    #[test]
    fn records_become_rows_of_a_table() {
        let grid = read(TEXT, 10).unwrap();
        let rows: Vec<Vec<&str>> = (0..grid.len()).map(|row| grid.cells(row).collect()).collect();
        assert_eq!(rows[1], ["Account", "XXXX XXXX XXXX 1234"]);
        assert_eq!(rows[2], ["Date", "Description", "NOTE", "Amount", "Balance"]);
        assert_eq!(rows[3], ["28/01/2026", "CARD PAYMENT TO SHOP", "2 ITEMS", "-23.45", "976.55"]);
        assert_eq!(rows[4], ["15/01/2026", "SALARY", "", "1000.00", "1000.00"]);
        assert_eq!((grid.line(3), grid.line(4)), (5, 11));
        assert!(read(TEXT, 1).is_none(), "more rows than allowed");
    }

    #[test]
    fn letters_and_lists_are_no_records() {
        for text in ["Dear customer: hello\nDate: 28/01/2026\n", "Date,Amount\n28/01/2026,5.00\n", "Note: x\nFrom: y\n"]
        {
            assert!(!fits(text), "{text}");
        }
    }
}
