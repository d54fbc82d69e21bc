//! Draws the review.

use std::path::Path;

use ratatui::layout::Rect;

use super::{Detail, Line, Review, SHOWS, Show, State, file_name};
use crate::{
    domain::figures::{counted, rounded},
    statements::Verdict,
    sync::{AccountReview, ImportReport, ImportReview, JobFailure, RowState},
    tui::{
        component::{
            hit::{ClickTarget, ListId},
            scene::Scene,
        },
        snapshot,
        view::progress_text,
        widget::{
            amount::{AmountHalves, HIDDEN, plain},
            chart::bar,
            paint::{below, centred, inset, padded, rows, top},
            table::{Cell, Size, TableColumn, TableRow, TableView},
            text::wrap,
        },
    },
};

pub(super) fn draw(review: &Review, scene: &mut Scene<'_>, area: Rect) {
    match &review.state {
        State::Reading => working(review, scene, area, "Reading"),
        State::Importing(found) => {
            ready(review, found, scene, area);
            working(review, scene, area, "Importing");
        }
        State::Ready(found) => ready(review, found, scene, area),
        State::Partly(report) => partly(review, report, scene, area),
        State::Failed(failure) => failed(failure, scene, area),
    }
}

fn working(review: &Review, scene: &mut Scene<'_>, area: Rect, what: &str) {
    let place = centred(area, 60, 6);
    let hint = if review.cancelling { "stopping…" } else { "Esc cancels" };
    let inner = padded(scene.overlay(place, what, hint));
    let theme = scene.paint.theme;
    let names: Vec<String> = review.paths.iter().map(|path| file_name(path)).collect();
    let subject = review.progress.as_ref().map_or_else(|| names.join(", "), progress_text);
    scene.paint.text(below(inner, 1), &subject, theme.text);
    if let Some(progress) = review.progress.as_ref().filter(|progress| progress.total > 0) {
        let line = bar(progress.done.into(), progress.total.into(), usize::from(inner.width));
        scene.paint.text(below(inner, 2), &line, theme.chart);
    }
}

fn ready(review: &Review, found: &ImportReview, scene: &mut Scene<'_>, area: Rect) {
    let (all, failed) = (found.files.len(), review.failed());
    let right = match found.writes() {
        _ if failed == all => "nothing can be imported: Esc back".to_owned(),
        0 if found.is_empty() && failed > 0 => "the others are already imported".to_owned(),
        0 if found.is_empty() => "already imported, nothing to do".to_owned(),
        0 => "Enter imports balances only".to_owned(),
        1 => "Enter imports 1 row".to_owned(),
        rows => format!("Enter imports {} rows", plain(rows.into())),
    };
    let asking = review.asking();
    let bad = match failed - asking {
        0 => String::new(),
        unread => format!(" · {unread} of {all} could not be read"),
    };
    let open = match asking {
        0 => String::new(),
        1 => " · 1 asks a question".to_owned(),
        several => format!(" · {several} ask a question"),
    };
    let title = format!("Review · {all} file{}{bad}{open}", if all == 1 { "" } else { "s" });
    let inner = scene.overlay(area, &title, &right);
    let lines = review.lines();
    // Each part gets the lines it needs; if both need more than there are, the lower one gets at least a third.
    let wanted = u16::try_from(lines.len() + 1).unwrap_or(u16::MAX);
    let below_it = u16::try_from(review.details().len() + 1).unwrap_or(u16::MAX).clamp(3, (inner.height / 3).max(3));
    let upper = top(inner, wanted.min(inner.height.saturating_sub(below_it).max(4)));
    files(review, &lines, scene, upper);
    let lower = below(inner, upper.height);
    shows(review, scene, top(lower, 1));
    details(review, scene, below(lower, 1));
}

fn files(review: &Review, lines: &[Line<'_>], scene: &mut Scene<'_>, area: Rect) {
    let columns = [
        TableColumn::new("File and account", Size::Flex(22)),
        TableColumn::new("New", Size::Fit(4, 11)).right(),
        TableColumn::new("Amended", Size::Fit(4, 9)).right().rank(1),
        TableColumn::new("Already there", Size::Fit(4, 13)).right(),
        TableColumn::new("Balance", Size::Fit(8, 20)).right().rank(2),
        TableColumn::new("As of", Size::Fixed(10)).rank(3),
    ];
    let theme = scene.paint.theme;
    let masked = scene.paint.masked;
    let table = TableView {
        list: ListId::ReviewFiles,
        columns: &columns,
        len: lines.len(),
        selected: Some(review.files.at),
        focused: !review.in_rows && scene.top,
        headers: true,
        sorted: None,
    };
    let count = |count: usize, style| {
        if count == 0 { Cell::text("·", theme.muted) } else { Cell::text(plain(count.into()), style) }
    };
    table.draw(&mut scene.paint, scene.lists, area, |index| match lines[index] {
        Line::File(file) => {
            let name = file_name(&file.path);
            if let Err(failure) = &file.outcome {
                let message = failure.message.strip_prefix(&format!("{name}: ")).unwrap_or(&failure.message);
                return TableRow::Note(format!("✗ {name}: {message}"), theme.error);
            }
            let note = match (file.already_imported, file.warnings.len()) {
                (true, _) => " · already imported".to_owned(),
                (false, 0) => String::new(),
                (false, 1) => " · 1 warning".to_owned(),
                (false, count) => format!(" · {count} warnings"),
            };
            let style = if file.warnings.is_empty() { theme.heading } else { theme.warning };
            let sure = match &file.basis.verdict {
                Verdict::Proven { agree, of } if !file.already_imported => format!(" · proven {agree} of {of}"),
                _ => String::new(),
            };
            let title = format!("{name} · {}{sure}{note}", file.institution);
            if !review.is_folded(file) || file.already_imported {
                return TableRow::Note(title, style);
            }
            let sum = |of: fn(&AccountReview) -> usize| file.accounts.iter().map(of).sum::<usize>();
            let accounts = match file.accounts.len() {
                1 => String::new(),
                accounts => format!("  ({accounts} accounts)"),
            };
            TableRow::cells(vec![
                Cell::text(format!("+ {title}{accounts}"), style),
                count(sum(|account| account.new), theme.good),
                count(sum(|account| account.amended), theme.warning),
                count(sum(|account| account.known), theme.muted),
            ])
        }
        Line::Account(file, account) => {
            let known = if account.account.is_some() { "" } else { " (new)" };
            let tail = account.number_masked.trim_start_matches('*');
            let number = if account.name.ends_with(tail) { String::new() } else { format!(" ··{tail}") };
            // The institution is in the line above.
            let own = account.name.strip_prefix(file.institution.as_str()).map(str::trim_start);
            let own = own.filter(|own| !own.is_empty()).unwrap_or(&account.name);
            let name = format!("  {own}{number}{known}");
            let (balance, day) = match account.balance {
                Some((money, day)) => {
                    let shown = if masked { HIDDEN.to_owned() } else { rounded(money.amount, money.currency) };
                    (Cell::text(format!("{shown} {}", money.currency), theme.amount(money.amount)), day.to_string())
                }
                None => (Cell::text("—", theme.muted), String::new()),
            };
            TableRow::cells(vec![
                Cell::text(name, theme.text),
                count(account.new, theme.good),
                count(account.amended, theme.warning),
                count(account.known, theme.muted),
                balance,
                Cell::text(day, theme.muted),
            ])
        }
    });
}

fn shows(review: &Review, scene: &mut Scene<'_>, line: Rect) {
    let theme = scene.paint.theme;
    let mut at = padded(line);
    for (place, ((_, name), count)) in SHOWS.iter().zip(review.counts()).enumerate() {
        let text = format!("{name} {}", plain(count.into()));
        let style = if place == review.show { theme.tab_active } else { theme.tab };
        let used = scene.paint.text(at, &text, style);
        scene.paint.target(Rect { width: used, ..at }, ClickTarget::Column(place));
        let step = (used + 3).min(at.width);
        at.x += step;
        at.width -= step;
    }
    scene.paint.right(at, if at.width >= 10 { "h l choose" } else { "h l" }, theme.key);
}

fn details(review: &Review, scene: &mut Scene<'_>, area: Rect) {
    let theme = scene.paint.theme;
    let details = review.details();
    if details.is_empty() {
        let text = match (review.lines().get(review.files.at), SHOWS[review.show].0) {
            (Some(Line::File(file)), _) if file.outcome.is_err() => {
                let failure = file.outcome.as_ref().err();
                failure.map_or_else(String::new, |failure| {
                    failure_text(failure, &file.path, "e opens the question; Enter imports the other files")
                })
            }
            (Some(Line::File(file) | Line::Account(file, _)), Show::All) if file.already_imported => {
                "This exact file is already imported. Nothing to do.".to_owned()
            }
            (_, Show::Warnings) => "No warnings.".to_owned(),
            (Some(Line::File(file) | Line::Account(file, _)), Show::Reasons) => file.basis.verdict.to_string(),
            _ => "No rows of this kind.".to_owned(),
        };
        scene.paint.paragraph(padded(below(area, 1)), &text, theme.muted);
        return;
    }
    let columns = [
        TableColumn::new("", Size::Fixed(1)),
        TableColumn::new("Date", Size::Fixed(10)),
        TableColumn::new("Payee", Size::Flex(16)),
        TableColumn::new("Amount", Size::Fit(10, 22)).right(),
        TableColumn::new("Line", Size::Fit(4, 8)).right().rank(1),
    ];
    let table = TableView {
        list: ListId::ReviewRows,
        columns: &columns,
        len: details.len(),
        selected: Some(review.rows.at),
        focused: review.in_rows && scene.top,
        headers: false,
        sorted: None,
    };
    let masked = scene.paint.masked;
    table.draw(&mut scene.paint, scene.lists, area, |index| match details[index] {
        Detail::Warning(warning) => {
            let place = if warning.line > 0 { format!("line {}: ", warning.line) } else { String::new() };
            TableRow::Note(format!("! {place}{}", warning.message), theme.warning)
        }
        Detail::Further(count) => TableRow::Note(
            format!("{} of this large file are not listed here", counted(count, "further row")),
            theme.muted,
        ),
        Detail::Reason(reason) => {
            let (mark, style) = if reason.supports { ('+', theme.text) } else { ('-', theme.warning) };
            TableRow::Note(format!("{mark} {}", reason.text), style)
        }
        Detail::Row(row) => {
            let (mark, style) = match row.state {
                RowState::New => ("+", theme.good),
                RowState::Doubtful => ("?", theme.warning),
                RowState::Amended => ("~", theme.warning),
                RowState::Known => ("=", theme.muted),
            };
            let facts = &row.facts;
            let text = if row.state == RowState::Known { theme.muted } else { theme.text };
            TableRow::cells(vec![
                Cell::text(mark, style),
                Cell::text(facts.date.to_string(), text),
                Cell::text(snapshot::payee(facts, None, masked), text),
                Cell::Figure(AmountHalves::money(facts.amount, facts.currency, masked), theme.amount(facts.amount)),
                if facts.origin.line > 0 {
                    Cell::text(facts.origin.line.to_string(), theme.muted)
                } else {
                    Cell::Empty
                },
            ])
        }
    });
}

/// The reason without the name of the file, which is beside it; `answering` states how a question is answered here.
fn failure_text(failure: &JobFailure, path: &Path, answering: &str) -> String {
    let name = format!("{}: ", file_name(path));
    let message = failure.message.strip_prefix(&name).unwrap_or(&failure.message);
    match &failure.hint {
        _ if failure.question.is_some() => format!("{message}\n{answering}"),
        Some(hint) => format!("{message}\n{hint}"),
        None => message.to_owned(),
    }
}

/// The result when some files failed: these first, each with its reason, then the others.
fn partly(review: &Review, report: &ImportReport, scene: &mut Scene<'_>, area: Rect) {
    let failed = report.files.iter().filter(|file| file.outcome.is_err()).count();
    let title = format!("{failed} of {} files failed; the others are imported", report.files.len());
    let inner = padded(scene.overlay(area, &title, "Esc closes"));
    let theme = scene.paint.theme;
    let mut files: Vec<_> = report.files.iter().collect();
    files.sort_by_key(|file| file.outcome.is_ok());
    let mut lines = Vec::new();
    for file in files {
        let (mark, text, style) = match &file.outcome {
            Ok(_) => ("✓", file.message.clone(), theme.good),
            Err(failure) => ("✗", failure_text(failure, &file.path, "import it again to answer"), theme.error),
        };
        lines.push((format!("{mark} {}", file_name(&file.path)), style));
        for line in wrap(&text, usize::from(inner.width.saturating_sub(2))) {
            lines.push((format!("  {line}"), theme.text));
        }
    }
    let fits = usize::from(inner.height);
    review.report_lines.set(lines.len().saturating_sub(fits) + 1);
    let offset = review.rows.at.min(lines.len().saturating_sub(fits));
    for ((line, style), row) in lines.iter().skip(offset).zip(rows(inner)) {
        scene.paint.text(row, line, *style);
    }
    scene.paint.scrollbar(inner, offset, lines.len());
}

fn failed(failure: &JobFailure, scene: &mut Scene<'_>, area: Rect) {
    let place = centred(area, area.width.saturating_sub(4).min(70), 9);
    scene.overlay(place, "Nothing was imported", "Esc back");
    let inner = padded(inset(place));
    let theme = scene.paint.theme;
    let used = scene.paint.paragraph(inner, &failure.message, theme.error);
    if let Some(hint) = &failure.hint {
        scene.paint.paragraph(below(inner, used + 1), hint, theme.text);
    }
}
