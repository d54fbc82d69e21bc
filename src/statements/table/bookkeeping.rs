//! Whether a table is a ledger of a program for bookkeeping, in which the debit of a bank account is money in.
//!
//! Used by the inference. INVARIANT: such words only raise a question, and only where no balance decides.

use super::{column::Column, facts::Facts, words::key};

/// Titles of ledgers, as keys.
const TITLES: &[&str] = &[
    "general ledger",
    "nominal ledger",
    "nominal activity",
    "ledger account",
    "account transactions",
    "trial balance",
    "journal entries",
    "journal report",
    "hauptbuch",
    "kontenblatt",
    "kontoblatt",
    "sachkonto",
    "grand livre",
    "journal comptable",
    "libro mayor",
    "libro diario",
    "libro mastro",
    "mastrino",
    "scheda contabile",
    "razao",
    "grootboek",
    "dagboek",
    "huvudbok",
    "hovedbok",
    "hovedbog",
    "kontokort",
    "paakirja",
    "ksiega glowna",
    "hlavni kniha",
    "fokonyv",
];

/// Headers that only ledgers have, as keys.
const HEADERS: &[&str] = &[
    "journal",
    "journal code",
    "journalcode",
    "journal no",
    "journal number",
    "journal type",
    "gl account",
    "gl code",
    "account code",
    "nominal code",
    "nominal account",
    "voucher no",
    "voucher type",
    "vch type",
    "contra account",
    "compte num",
    "comptenum",
    "ecriture lib",
    "num piece",
    "belegnummer",
    "belegnr",
    "gegenkonto nr",
    "bilagsnr",
    "bilagsnummer",
    "verifikationsnr",
    "ver nr",
];

/// Whether the title, the file's name or a header states that.
pub(super) fn is_ledger(columns: &[Column], facts: &Facts, file_name: &str) -> bool {
    let around = format!(" {} {} ", facts.text, key(file_name));
    TITLES.iter().any(|title| around.contains(&format!(" {title} ")))
        || columns.iter().any(|column| HEADERS.contains(&key(&column.header).as_str()))
}
