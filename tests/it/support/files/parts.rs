//! A sample cut into its first and its last rows, in the way of a bank that lists two overlapping periods.

use dashtam::testing::{domain::TransactionStatus, statements::decode};
use rust_decimal::Decimal;

use super::samples::{Sample, ending, lines_of, pages};

/// The first and the last 60 % of the rows of a file. `None` where the file can't be cut by lines or has one row only.
pub(crate) fn in_two(sample: &Sample) -> Option<[Vec<u8>; 2]> {
    if sample.name.starts_with("xlsx/") {
        return None;
    }
    if sample.name.starts_with("camt/") {
        let text = decode(&sample.bytes);
        return Some([of_camt(&text, true)?.into_bytes(), of_camt(&text, false)?.into_bytes()]);
    }
    let wide = sample.bytes.windows(2).take(200).any(|pair| pair[1] == 0);
    let bytes = if wide { decode(&sample.bytes).into_owned().into_bytes() } else { sample.bytes.clone() };
    if sample.name.starts_with("mt940/") {
        return Some([of_mt940(sample, &bytes, true)?, of_mt940(sample, &bytes, false)?]);
    }
    Some([by_lines(sample, &bytes, true)?, by_lines(sample, &bytes, false)?])
}

/// The same file with another byte that states nothing.
pub(crate) fn with_other_bytes(sample: &Sample) -> Vec<u8> {
    let mut bytes = sample.bytes.clone();
    if ending(&sample.name) == "xlsx" {
        // Zip archives may be followed by a comment; its length is in the last two bytes.
        let length = bytes.len();
        if bytes.ends_with(&[0, 0]) {
            bytes[length - 2] = 1;
            bytes.push(b' ');
        }
    } else if bytes.windows(2).take(200).any(|pair| pair[1] == 0) {
        bytes.extend([b'\n', 0]);
    } else {
        bytes.push(b'\n');
    }
    bytes
}

/// How many of the rows are kept, and which come first.
fn kept(count: usize, first: bool) -> std::ops::Range<usize> {
    let part = (count * 3).div_ceil(5);
    if first { 0..part } else { count - part..count }
}

fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').collect()
}

fn by_lines(sample: &Sample, bytes: &[u8], first: bool) -> Option<Vec<u8>> {
    let mut starts: Vec<usize> = pages(&sample.reading).flat_map(lines_of).map(|line| line as usize - 1).collect();
    starts.sort_unstable();
    starts.dedup();
    if starts.len() < 2 {
        return None;
    }
    let lines = lines(bytes);
    let kept = kept(starts.len(), first);
    let mut out = lines.get(..starts[0])?.concat();
    for (index, start) in starts.iter().enumerate() {
        let end = starts.get(index + 1).copied().unwrap_or(lines.len());
        let segment = lines.get(*start..end)?;
        if kept.contains(&index) {
            out.extend(segment.concat());
        } else if let Some(switch) = segment.iter().position(|line| line.starts_with(b"!")) {
            out.extend(segment[switch..].concat());
        }
    }
    Some(out)
}

/// Entries of each statement cut, with the opening or closing balance that belongs to the part.
fn of_camt(text: &str, first: bool) -> Option<String> {
    let names: Vec<String> = ["Ntry", "Bal", "Stmt", "Rpt", "Ntfctn"].map(|name| tag_of(text, name)).into();
    let mut out = String::new();
    let mut rest = text;
    let body = names[2..].iter().find(|name| text.contains(&format!("<{name}>")))?;
    let mut cut = false;
    while let Some(start) = rest.find(&format!("<{body}>")) {
        let close = format!("</{body}>");
        let end = start + rest[start..].find(&close)? + close.len();
        out.push_str(&rest[..start]);
        let left_out = std::cell::Cell::new(Decimal::ZERO);
        let (statement, count) = changed(&rest[start..end], &names[0], |index, count, entry| {
            let keeps = kept(count, first).contains(&index);
            if !keeps {
                left_out.set(left_out.get() + signed(entry)?);
            }
            Some(if keeps { entry.to_owned() } else { String::new() })
        })?;
        cut |= count > 1;
        let (statement, _) = changed(&statement, &names[1], |_, _, balance| {
            let opens = balance.contains("OPBD") || balance.contains("PRCD");
            if opens == first {
                return Some(balance.to_owned());
            }
            let amount = signed(balance)? + if first { -left_out.get() } else { left_out.get() };
            with_amount(balance, amount)
        })?;
        out.push_str(&statement);
        rest = &rest[end..];
    }
    out.push_str(rest);
    cut.then_some(out)
}

/// The name of an element as the document writes it, with its prefix.
fn tag_of(text: &str, name: &str) -> String {
    let place = text.find(&format!(":{name}>"));
    let prefix = place.and_then(|place| Some(&text[text[..place].rfind(['<', '/'])? + 1..place]));
    match prefix.filter(|prefix| prefix.chars().all(char::is_alphanumeric)) {
        Some(prefix) => format!("{prefix}:{name}"),
        None => name.to_owned(),
    }
}

/// The first amount of an element with the sign of its indicator.
fn signed(element: &str) -> Option<Decimal> {
    let (start, end) = amount_in(element)?;
    let amount: Decimal = element[start..end].trim().parse().ok()?;
    Some(if element.contains(">DBIT<") { -amount } else { amount })
}

/// Where the digits of the first amount are.
fn amount_in(element: &str) -> Option<(usize, usize)> {
    let tag = element.find("Amt Ccy").or_else(|| element.find("Amt>"))?;
    let start = tag + element[tag..].find('>')? + 1;
    Some((start, start + element[start..].find('<')?))
}

/// A balance with another amount.
fn with_amount(element: &str, amount: Decimal) -> Option<String> {
    let (start, end) = amount_in(element)?;
    let text = format!("{}{}{}", &element[..start], amount.abs(), &element[end..]);
    let (from, to) = if amount.is_sign_negative() { (">CRDT<", ">DBIT<") } else { (">DBIT<", ">CRDT<") };
    Some(text.replacen(from, to, 1))
}

/// A text whose elements of a name are changed by position, number and content; and their number.
fn changed(text: &str, name: &str, change: impl Fn(usize, usize, &str) -> Option<String>) -> Option<(String, usize)> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let count = text.matches(&open).count();
    let mut out = String::new();
    let mut rest = text;
    for index in 0..count {
        let Some(start) = rest.find(&open) else { break };
        let Some(end) = rest[start..].find(&close) else { break };
        let end = start + end + close.len();
        out.push_str(&rest[..start]);
        out.push_str(&change(index, count, &rest[start..end])?);
        rest = &rest[end..];
    }
    out.push_str(rest);
    Some((out, count))
}

/// Entries of each message cut, with the opening or closing balance that belongs to the part.
fn of_mt940(sample: &Sample, bytes: &[u8], first: bool) -> Option<Vec<u8>> {
    let mut amounts: Vec<(usize, Decimal)> = pages(&sample.reading)
        .flat_map(|page| &page.transactions)
        .map(|draft| {
            let settled = draft.facts.status == TransactionStatus::Settled;
            (draft.facts.origin.line as usize - 1, if settled { draft.facts.amount } else { Decimal::ZERO })
        })
        .collect();
    amounts.sort_unstable();
    let lines = lines(bytes);
    let is = |line: &[u8], tag: &str| line.starts_with(tag.as_bytes());
    let mut out: Vec<u8> = Vec::new();
    let (mut at, mut any) = (0, false);
    while at < lines.len() {
        let opens = is(lines[at], ":60");
        if !opens {
            out.extend(lines[at]);
            at += 1;
            continue;
        }
        let end = (at + 1..lines.len()).find(|line| is(lines[*line], ":62") || is(lines[*line], ":60"));
        let end = end.filter(|end| is(lines[*end], ":62")).unwrap_or(lines.len());
        let own: Vec<(usize, Decimal)> = amounts.iter().copied().filter(|(line, _)| (at..end).contains(line)).collect();
        if own.len() < 2 || end == lines.len() {
            out.extend(lines[at..end].concat());
            at = end.max(at + 1);
            continue;
        }
        any = true;
        let kept = kept(own.len(), first);
        let left_out: Decimal =
            own.iter().enumerate().filter(|(index, _)| !kept.contains(index)).map(|(_, (_, amount))| *amount).sum();
        out.extend(if first { lines[at].to_vec() } else { shifted(lines[at], left_out)? });
        out.extend(lines[at + 1..own[0].0].concat());
        for (index, (start, _)) in own.iter().enumerate() {
            let until = own.get(index + 1).map_or(end, |(line, _)| *line);
            if kept.contains(&index) {
                out.extend(lines[*start..until].concat());
            }
        }
        out.extend(if first { shifted(lines[end], -left_out)? } else { lines[end].to_vec() });
        at = end + 1;
    }
    any.then_some(out)
}

/// A balance line with another amount.
fn shifted(line: &[u8], by: Decimal) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(line);
    let (tag, value) = text.split_at(5);
    let value = value.trim_end();
    let amount: Decimal = value.get(10..)?.trim_end_matches(',').replace(',', ".").parse().ok()?;
    let amount = if value.starts_with('D') { -amount } else { amount } + by;
    let mark = if amount.is_sign_negative() { 'D' } else { 'C' };
    let figure = amount.abs().to_string().replace('.', ",");
    let comma = if figure.contains(',') { "" } else { "," };
    Some(format!("{tag}{mark}{}{figure}{comma}\n", &value[1..10]).into_bytes())
}
