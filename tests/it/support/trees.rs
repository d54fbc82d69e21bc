//! Checks of whole trees: every figure follows from its inputs, and every leaf is at the line or path that it names.

use std::collections::{BTreeMap, HashSet};

use chrono::NaiveDate;
use dashtam::testing::{
    domain::ChangeKind,
    ledger::{
        Explainer, Ledger, View,
        explain::{Figure, Node, NodeKind, SourcePlace},
    },
};
use rust_decimal::Decimal;
use serde_json::Value;

/// Whether one of the numbers in a text is `amount`, whichever marks group its digits.
fn has_amount(text: &str, amount: Decimal) -> bool {
    text.split(|c: char| !c.is_ascii_digit() && c != '.' && c != ',').any(|word| {
        let plain = word.trim_matches(['.', ',']).replace(',', "");
        plain.parse::<Decimal>().is_ok_and(|number| number == amount.abs())
    })
}

/// Checks trees, each once.
pub(crate) struct Trees {
    explainer: Explainer,
    pub(crate) seen: HashSet<String>,
    /// Leaves by the kind of their place.
    pub(crate) leaves: BTreeMap<&'static str, usize>,
}

impl Trees {
    /// Over a ledger at the end of a day.
    pub(crate) fn of(ledger: &Ledger, today: NaiveDate) -> Self {
        let view = ledger.view().unwrap();
        let view = view.with_columns(view.load_columns().unwrap()).balances_on(today).unwrap();
        Self { explainer: Explainer::new(view, today), seen: HashSet::new(), leaves: BTreeMap::new() }
    }

    pub(crate) fn view(&self) -> &View {
        self.explainer.view()
    }

    /// A figure, if it is known.
    pub(crate) fn node(&self, address: &str) -> Option<Node> {
        let figure: Figure = address.parse().unwrap_or_else(|error| panic!("{error}"));
        self.explainer.node(&figure).unwrap()
    }

    /// The value of a figure and the number of its inputs, after its whole tree was checked.
    pub(crate) fn explained(&mut self, address: &str) -> (Option<Decimal>, usize) {
        let figure: Figure = address.parse().unwrap_or_else(|error| panic!("{error}"));
        let node = self.explainer.node(&figure).unwrap().unwrap_or_else(|| panic!("{address} is unknown"));
        if self.seen.insert(address.to_owned()) {
            let inputs = self.explainer.inputs(&figure, 0..usize::MAX).unwrap();
            assert_eq!(inputs.len(), node.inputs, "{address}");
            let values = || inputs.iter().filter_map(|input| input.value);
            match node.kind {
                NodeKind::Sum => {
                    let known = inputs.iter().all(|input| input.value.is_some());
                    let currencies = inputs.iter().filter(|input| input.currency != node.currency).count();
                    assert!(node.value.is_none() || known && currencies == 0, "{address}: {inputs:?}");
                    assert!(node.value.is_none_or(|value| value == values().sum()), "{address}: {inputs:?}");
                }
                NodeKind::Product => assert_eq!(node.value, Some(values().product()), "{address}: {inputs:?}"),
                NodeKind::Quotient => {
                    let parts: Vec<Decimal> = values().collect();
                    let quotient = (parts[0] / parts[1].abs() * Decimal::ONE_HUNDRED).round_dp(2);
                    assert_eq!(node.value.map(|value| value.round_dp(2)), Some(quotient), "{address}: {inputs:?}");
                }
                NodeKind::Ratio => {
                    let parts: Vec<Decimal> = values().collect();
                    let quotient = (parts[0] / parts[1..].iter().product::<Decimal>()).round_dp(6);
                    assert_eq!(node.value.map(|value| value.round_dp(6)), Some(quotient), "{address}: {inputs:?}");
                }
                NodeKind::Opposite => {
                    assert_eq!(node.value, values().next().map(|value| -value), "{address}: {inputs:?}");
                }
                _ => {}
            }
            for input in &inputs {
                self.explained(&input.figure.to_string());
            }
            if inputs.is_empty() {
                self.leaf(address, &figure, node.kind, node.value);
            }
        }
        (node.value, node.inputs)
    }

    /// A leaf is at its place.
    fn leaf(&mut self, address: &str, figure: &Figure, kind: NodeKind, value: Option<Decimal>) {
        let Some(value) = value.filter(|_| matches!(kind, NodeKind::Row | NodeKind::Stated)) else {
            *self.leaves.entry("count").or_default() += 1;
            return;
        };
        let kind = match self.explainer.place(figure).unwrap() {
            Some(SourcePlace { path: Some(path), change_id, file, .. }) => {
                let pointer = path.trim_start_matches('$').replace('[', "/").replace(']', "").replace('.', "/");
                let texts = self.explainer.view().source_texts(change_id).unwrap().unwrap();
                let found = texts.iter().filter(|(name, _)| *name == file).any(|(_, text)| {
                    let reply: Value = serde_json::from_str(text).unwrap_or_default();
                    reply.pointer(&pointer).is_some_and(|leaf| has_amount(&leaf.to_string(), value))
                });
                assert!(found, "{address}: {value} is not at {path}");
                "path"
            }
            Some(SourcePlace { line: Some(line), first_line: Some(first), text, .. }) => {
                let own = text.lines().nth((line - first) as usize).unwrap_or_default();
                assert!(has_amount(own, value), "{address}: {value} is not in `{own}`");
                "line"
            }
            // A balance stated by hand has no source beside its change.
            Some(SourcePlace { change_id, .. }) => {
                let source = self.explainer.view().source_texts(change_id).unwrap();
                let change = self.explainer.view().change(change_id).unwrap().unwrap();
                assert!(
                    source.is_none() && change.kind == ChangeKind::Edit,
                    "{address}: {value} has no place in the source of change {change_id}"
                );
                "edit"
            }
            None => "rest",
        };
        *self.leaves.entry(kind).or_default() += 1;
        if kind == "rest" {
            // The units of a contract follow from the kind of security.
            let is_difference = address.ends_with(":rest") || address.ends_with(":multiplier");
            assert!(is_difference, "{address} = {value} has no place");
        }
    }
}
