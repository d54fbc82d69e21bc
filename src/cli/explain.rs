//! The commands that lead from a figure to the bytes it was read from: `explain` and `source`; and `cash-flow`.

use std::io::{self, Write};

use rust_decimal::Decimal;
use serde::Serialize;

use super::{
    args::{FlowBy, FlowEvery, OutputFormat},
    error::CliError,
    lists::money,
    output::{self, ListRecord, OutputColumn},
    session::Session,
};
use crate::{
    domain::{AssetCode, ChangeId, FailureKind, TransactionId, TransactionSubtype, figures::at_scale_of, text},
    ledger::{
        CashFlow, Explainer, FlowSplit, Period, View,
        explain::{Figure, Node, NodeKind, ParseFigureError, SourcePlace},
    },
};

/// The addresses of figures.
const FIGURES: &str =
    "write net-worth, account:ID:balance, holding:ID:gain, row:ID:amount, cash-flow:PERIOD or by:KEY:VALUE";
/// Inputs of one figure that are written out: a document, a page for people.
const MOST: usize = 1_000;
const MOST_FOR_PEOPLE: usize = 20;

#[derive(Serialize)]
struct NodeRecord {
    figure: String,
    value: Option<Decimal>,
    currency: Option<String>,
    kind: NodeKind,
    label: String,
    because: Vec<NodeRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<PlaceRecord>,
}

#[derive(Serialize)]
struct PlaceRecord {
    change_id: String,
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

impl PlaceRecord {
    fn new(place: SourcePlace, with_text: bool) -> Self {
        Self {
            change_id: place.change_id.to_string(),
            file: place.file,
            line: place.line,
            path: place.path,
            text: with_text.then_some(place.text),
        }
    }
}

/// A view in which every figure can be explained.
fn explainer(session: &Session) -> Result<Explainer, CliError> {
    let view = session.ledger.view()?;
    let columns = view.load_columns()?;
    let today = session.clock.today();
    Ok(Explainer::new(view.with_columns(columns).balances_on(today)?, today))
}

/// Explains a figure.
pub(super) fn explain(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    figure: &str,
    limit: Option<usize>,
) -> Result<(), CliError> {
    let figure: Figure =
        figure.parse().map_err(|error: ParseFigureError| CliError::usage(error.to_string()).hint(FIGURES))?;
    let explainer = explainer(session)?;
    let node = explainer.node(&figure)?.ok_or_else(|| {
        if matches!(figure, Figure::NetWorth(_))
            && explainer.view().accounts().iter().all(|line| line.balance.is_none())
        {
            return CliError::new(
                FailureKind::NotFound,
                format!("there is no figure `{figure}`: no balance is known yet"),
            )
            .hint("import a statement, or state a balance with `dashtam balance set`");
        }
        CliError::new(FailureKind::NotFound, format!("there is no figure `{figure}`"))
            .hint("the list commands show the ids; a group has the name that `dashtam transactions --by` shows")
    })?;
    let for_people = format == OutputFormat::Table;
    let limit = limit.unwrap_or(if for_people { MOST_FOR_PEOPLE } else { MOST });
    let tree = tree(&explainer, node, limit)?;
    if format == OutputFormat::Csv {
        let mut lines = Vec::new();
        flatten(&tree, 0, &mut lines);
        return output::list(out, format, lines.into_iter().map(Ok::<NodeLine, CliError>), &[], "");
    }
    output::record(out, format, &tree, |out| print(out, &tree, 0))
}

/// A figure of the tree as one line: its inputs follow it, one deeper.
#[derive(Serialize)]
struct NodeLine {
    depth: usize,
    figure: String,
    value: Option<Decimal>,
    currency: Option<String>,
    kind: NodeKind,
    label: String,
    change_id: Option<String>,
    file: Option<String>,
    line: Option<u32>,
    path: Option<String>,
}

impl ListRecord for NodeLine {
    const FIELDS: &'static [&'static str] =
        &["depth", "figure", "value", "currency", "kind", "label", "change_id", "file", "line", "path"];
}

fn flatten(node: &NodeRecord, depth: usize, lines: &mut Vec<NodeLine>) {
    let source = node.source.as_ref();
    lines.push(NodeLine {
        depth,
        figure: node.figure.clone(),
        value: node.value,
        currency: node.currency.clone(),
        kind: node.kind,
        label: node.label.clone(),
        change_id: source.map(|place| place.change_id.clone()),
        file: source.map(|place| place.file.clone()),
        line: source.and_then(|place| place.line),
        path: source.and_then(|place| place.path.clone()),
    });
    for input in &node.because {
        flatten(input, depth + 1, lines);
    }
}

fn tree(explainer: &Explainer, node: Node, limit: usize) -> Result<NodeRecord, CliError> {
    let mut because = Vec::new();
    let mut rest = node.value;
    // Rows only: there are few inputs of any other kind.
    let most = if matches!(node.figure, Figure::Rows { .. }) { limit.min(node.inputs) } else { node.inputs };
    for input in explainer.inputs(&node.figure, 0..most)? {
        rest = rest.zip(input.value).and_then(|(rest, value)| rest.checked_sub(value));
        because.push(tree(explainer, input, limit)?);
    }
    if because.len() < node.inputs && node.kind == NodeKind::Sum {
        because.push(NodeRecord {
            figure: node.figure.to_string(),
            value: scaled(rest, node.currency),
            currency: node.currency.map(|currency| currency.to_string()),
            kind: NodeKind::Sum,
            label: format!("{} more; --limit shows them", node.inputs - because.len()),
            because: Vec::new(),
            source: None,
        });
    }
    let place = if node.inputs == 0 { explainer.place(&node.figure)? } else { None };
    Ok(NodeRecord {
        figure: node.figure.to_string(),
        value: scaled(node.value, node.currency),
        currency: node.currency.map(|currency| currency.to_string()),
        kind: node.kind,
        label: node.label,
        because,
        source: place.map(|place| PlaceRecord::new(place, false)),
    })
}

/// An amount with the digits of its currency; a number without one as it is.
fn scaled(value: Option<Decimal>, currency: Option<AssetCode>) -> Option<Decimal> {
    value.map(|value| currency.map_or(value, |currency| at_scale_of(value, currency)))
}

fn print(out: &mut dyn Write, node: &NodeRecord, depth: usize) -> io::Result<()> {
    let value = match (node.value, &node.currency) {
        (Some(value), Some(currency)) => format!("{} {currency}", money(value, currency)),
        (Some(value), None) => value.normalize().to_string(),
        (None, _) => "—".to_owned(),
    };
    let source = node.source.as_ref().map(|place| {
        let line = place.line.map(|line| format!(":{line}")).unwrap_or_default();
        let path = place.path.as_ref().map(|path| format!(" {path}")).unwrap_or_default();
        let place = format!("{}{line}{path}", place.file);
        // The label of a reply names its connection already.
        if node.label.contains(&place) { String::new() } else { format!("  [{}]", text::clean(&place)) }
    });
    writeln!(
        out,
        "{:indent$}{value}  {}{}",
        "",
        text::clean(&node.label),
        source.unwrap_or_default(),
        indent = depth * 2
    )?;
    node.because.iter().try_for_each(|input| print(out, input, depth + 1))
}

/// Writes the source of a row or of a change.
pub(super) fn source(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    of: &str,
    raw: bool,
) -> Result<(), CliError> {
    let explainer = explainer(session)?;
    let view = explainer.view();
    let missing = |what: String| {
        CliError::new(FailureKind::NotFound, what)
            .hint("edits have no source; `dashtam changes` lists the imports and syncs")
    };
    let (row, change) = named(view, of)?;
    let place = match row {
        Some(row) => {
            let place = explainer.place(&Figure::Row(row))?;
            Some(place.ok_or_else(|| missing(format!("the source of row {row} is not kept")))?)
        }
        None => None,
    };
    let change = place.as_ref().map(|place| place.change_id).or(change).unwrap_or(ChangeId(0));
    if raw {
        let sources = view.raw_sources(change)?;
        if sources.is_empty() {
            return Err(missing(format!("the source of change {change} is not kept")));
        }
        for (place, source) in sources.iter().enumerate() {
            if place > 0 {
                out.write_all(b"\n")?;
            }
            out.write_all(&source.bytes)?;
        }
        return Ok(());
    }
    let record = if let Some(place) = place {
        PlaceRecord::new(place, true)
    } else {
        let texts = view.source_texts(change)?;
        let texts = texts.ok_or_else(|| missing(format!("the source of change {change} is not kept")))?;
        let files: Vec<&str> = texts.iter().map(|(name, _)| name.as_str()).collect();
        let parts: Vec<&str> = texts.iter().map(|(_, text)| text.as_str()).collect();
        PlaceRecord {
            change_id: change.to_string(),
            file: files.join(", "),
            line: None,
            path: None,
            text: Some(parts.join("\n")),
        }
    };
    output::record(out, format, &record, |out| {
        let place = record
            .line
            .map(|line| format!(", line {line}"))
            .or_else(|| record.path.clone().map(|path| format!(", {path}")));
        writeln!(out, "change {}: {}{}", record.change_id, text::clean(&record.file), place.unwrap_or_default())?;
        for line in record.text.iter().flat_map(|text| text.lines()) {
            writeln!(out, "{}", text::clean(line))?;
        }
        Ok(())
    })
}

/// The row or the change that a text names: `row:17`, `change:3`; a bare number is a row if there is one.
fn named(view: &View, of: &str) -> Result<(Option<TransactionId>, Option<ChangeId>), CliError> {
    let wrong = |error: crate::domain::ParseIdError| CliError::usage(error.to_string());
    if let Some(id) = of.strip_prefix("change:") {
        return Ok((None, Some(id.parse().map_err(wrong)?)));
    }
    let id = of.strip_prefix("row:").unwrap_or(of);
    let row: TransactionId = id.strip_suffix(":amount").unwrap_or(id).parse().map_err(wrong)?;
    let change = ChangeId(row.0);
    if of.starts_with("row:") || view.entry(row)?.is_some() {
        Ok((Some(row), None))
    } else if view.change(change)?.is_some() {
        Ok((None, Some(change)))
    } else {
        Err(CliError::new(FailureKind::NotFound, format!("there is no row {row} and no change {change}"))
            .hint("`dashtam transactions --format json` and `dashtam changes` list the ids"))
    }
}

impl ListRecord for FlowRecord {
    const FIELDS: &'static [&'static str] =
        &["period", "currency", "category", "kind", "in", "out", "net", "transfers"];
}

#[derive(Serialize)]
struct FlowRecord {
    period: String,
    currency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<TransactionSubtype>,
    r#in: Decimal,
    out: Decimal,
    net: Option<Decimal>,
    transfers: Decimal,
}

impl From<CashFlow> for FlowRecord {
    fn from(flow: CashFlow) -> Self {
        let scaled = |amount| at_scale_of(amount, flow.currency);
        Self {
            net: flow.net().map(scaled),
            r#in: scaled(flow.income),
            out: scaled(flow.spending),
            transfers: scaled(flow.transfers),
            currency: flow.currency.to_string(),
            period: flow.period,
            category: flow.category,
            kind: flow.kind,
        }
    }
}

/// Money in and out by period.
pub(super) fn cash_flow(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    every: FlowEvery,
    by: Option<FlowBy>,
) -> Result<(), CliError> {
    const COLUMNS: &[OutputColumn<FlowRecord>] = &[
        OutputColumn::left("Period", |row| row.period.clone()),
        OutputColumn::left("Category", |row| row.category.clone().unwrap_or_default()),
        OutputColumn::left("Kind", |row| row.kind.map(|kind| kind.to_string().replace('_', " ")).unwrap_or_default()),
        OutputColumn::right("In", |row| money(row.r#in, &row.currency)),
        OutputColumn::right("Out", |row| money(row.out, &row.currency)),
        OutputColumn::right("Net", |row| row.net.map(|net| money(net, &row.currency)).unwrap_or_default()),
        OutputColumn::right("Transfers", |row| money(row.transfers, &row.currency)),
        OutputColumn::left("", |row| row.currency.clone()),
    ];
    let view = session.ledger.view()?;
    let view = view.with_columns(view.load_columns()?);
    let period = match every {
        FlowEvery::Month => Period::Month,
        FlowEvery::Quarter => Period::Quarter,
        FlowEvery::Year => Period::Year,
    };
    let (split, left_out) = match by {
        None => (FlowSplit::Whole, &["category", "kind"][..]),
        Some(FlowBy::Category) => (FlowSplit::Category, &["kind"][..]),
        Some(FlowBy::Kind) => (FlowSplit::Kind, &["category"][..]),
    };
    let is_left_out = |name: &str| left_out.iter().any(|other| other.eq_ignore_ascii_case(name));
    let columns: Vec<_> = COLUMNS.iter().filter(|column| !is_left_out(column.title)).copied().collect();
    let fields: Vec<&str> = FlowRecord::FIELDS.iter().copied().filter(|name| !is_left_out(name)).collect();
    let rows = view.cash_flow(period, split)?.into_iter().map(|flow| Ok(FlowRecord::from(flow)));
    output::list_with(out, format, rows, &columns, "no transactions yet", &fields)
}
