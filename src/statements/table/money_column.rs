//! Sentences about the columns that were chosen.
//!
//! Used by the inference for `--explain`.

use super::{candidates::Candidate, column::Column, grid::Grid, model::Model};
use crate::statements::Evidence;

pub(super) fn explain(_grid: &Grid, columns: &[Column], candidate: &Candidate, evidence: &mut Vec<Evidence>) {
    let title = |index: usize| columns.get(index).map(Column::title).unwrap_or_default();
    let text = match &candidate.model {
        Model::Signed { column, fee: None, .. } => format!("amounts are in {}", title(*column)),
        Model::Signed { column, fee: Some(fee), .. } => {
            format!("amounts are in {}, less {}", title(*column), title(*fee))
        }
        Model::Split { debit: Some(debit), credit: Some(credit), fee: Some(fee), .. } => {
            format!("money out is in {}, money in is in {}, less {}", title(*debit), title(*credit), title(*fee))
        }
        Model::Split { debit: Some(debit), credit: Some(credit), .. } => {
            format!("money out is in {}, money in is in {}", title(*debit), title(*credit))
        }
        Model::Split { debit: Some(column), .. } => format!("money out is in {}", title(*column)),
        Model::Split { credit: Some(column), .. } => format!("money in is in {}", title(*column)),
        Model::Split { .. } => return,
        Model::Worded { column, signs } => {
            format!(
                "amounts are in {}, their direction in {}",
                title(*column),
                signs.columns.iter().map(|column| title(*column)).collect::<Vec<_>>().join(" and ")
            )
        }
        Model::Marked { column, .. } => {
            format!("amounts are in {}; marked ones are money in, all others money out", title(*column))
        }
        Model::Currencies(pairs) => {
            format!(
                "amounts are in {}",
                pairs.iter().map(|(column, _)| title(*column)).collect::<Vec<_>>().join(" and ")
            )
        }
    };
    evidence.push(Evidence::supporting(text));
    if let Some(beside) = candidate.balance.filter(|beside| beside.chain.agree > 0) {
        evidence.push(Evidence::supporting(format!("balances are in {}", title(beside.column))));
    }
}
