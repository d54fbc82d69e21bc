//! Whether one query finds only rows that another finds too: typing on makes queries narrower.

use super::{
    Expr,
    term::{Pattern, Term},
};

/// Whether `narrow` is known to imply `wide`. Sound, not complete: `false` may also mean undecided.
pub(super) fn implies(narrow: &Expr, wide: &Expr) -> bool {
    if narrow == wide {
        return true;
    }
    match (narrow, wide) {
        (_, Expr::All) => true,
        (_, Expr::And(parts)) => parts.iter().all(|part| implies(narrow, part)),
        (Expr::Or(sides), _) => sides.iter().all(|side| implies(side, wide)),
        (Expr::And(parts), Expr::Or(sides)) => {
            sides.iter().any(|side| implies(narrow, side)) || parts.iter().any(|part| implies(part, wide))
        }
        (Expr::And(parts), _) => parts.iter().any(|part| implies(part, wide)),
        (_, Expr::Or(sides)) => sides.iter().any(|side| implies(narrow, side)),
        (Expr::Not(narrow), Expr::Not(wide)) => implies(wide, narrow),
        (Expr::Term(narrow), Expr::Term(wide)) => term_implies(narrow, wide),
        (Expr::All | Expr::Not(_) | Expr::Term(_), Expr::Not(_) | Expr::Term(_)) => false,
    }
}

fn term_implies(narrow: &Term, wide: &Term) -> bool {
    match (narrow, wide) {
        (Term::Text(inner, narrow), Term::Text(outer, wide)) => {
            // No text at all (`memo:=`) in more fields means none in fewer.
            if narrow.whole && narrow.text.is_empty() || wide.whole && wide.text.is_empty() {
                return narrow == wide && inner.contains(*outer);
            }
            outer.contains(*inner) && contains(narrow, wide)
        }
        (Term::Category(narrow), Term::Category(wide)) => contains(narrow, wide),
        (Term::Currency(narrow), Term::Currency(wide)) | (Term::Symbol(narrow), Term::Symbol(wide)) => {
            !wide.whole && narrow.text.starts_with(&wide.text)
        }
        (Term::Amount(narrow), Term::Amount(wide)) | (Term::Magnitude(narrow), Term::Magnitude(wide)) => {
            narrow.within(wide)
        }
        (Term::Date(narrow, _), Term::Date(wide, _)) => narrow.within(*wide),
        (Term::Type(narrow), Term::Type(wide)) => narrow.iter().all(|member| wide.contains(member)),
        (Term::Subtype(narrow), Term::Subtype(wide)) => narrow.iter().all(|member| wide.contains(member)),
        (Term::Subtype(narrow), Term::Type(wide)) => narrow.iter().all(|member| wide.contains(&member.parent())),
        (Term::Status(narrow), Term::Status(wide)) => narrow.iter().all(|member| wide.contains(member)),
        // Ids and accounts also match by number, where a longer text is another number.
        _ => false,
    }
}

fn contains(narrow: &Pattern, wide: &Pattern) -> bool {
    if wide.whole { narrow.whole && narrow.text == wide.text } else { narrow.text.contains(&wide.text) }
}
