//! Currencies as cells and headers of tables name them: codes, signs and words.
//!
//! Used through the words of tables.

use crate::domain::AssetCode;

/// Names of currencies as cells and headers give them, beside ISO codes.
const CURRENCIES: &[(&str, &str)] = &[
    ("€", "EUR"),
    ("euro", "EUR"),
    ("euros", "EUR"),
    ("euroa", "EUR"),
    ("$", "USD"),
    ("us$", "USD"),
    ("usd$", "USD"),
    ("cad$", "CAD"),
    ("c$", "CAD"),
    ("a$", "AUD"),
    ("hk$", "HKD"),
    ("nt$", "TWD"),
    ("r$", "BRL"),
    ("mx$", "MXN"),
    ("s$", "SGD"),
    ("nz$", "NZD"),
    ("£", "GBP"),
    ("₪", "ILS"),
    ("₹", "INR"),
    ("inr", "INR"),
    ("₽", "RUB"),
    ("₴", "UAH"),
    ("₺", "TRY"),
    ("₩", "KRW"),
    ("₫", "VND"),
    ("₱", "PHP"),
    ("฿", "THB"),
    ("人民币", "CNY"),
    ("人民幣", "CNY"),
    ("rmb", "CNY"),
    ("cnh", "CNY"),
    ("美元", "USD"),
    ("港币", "HKD"),
    ("港幣", "HKD"),
    ("欧元", "EUR"),
    ("日元", "JPY"),
    ("英镑", "GBP"),
    ("新台币", "TWD"),
    ("新臺幣", "TWD"),
    ("台幣", "TWD"),
    ("円", "JPY"),
    ("日本円", "JPY"),
    ("元", "CNY"),
    ("원", "KRW"),
    ("zł", "PLN"),
    ("kč", "CZK"),
    ("kc", "CZK"),
    ("ft", "HUF"),
    ("lei", "RON"),
    ("лв", "BGN"),
    ("руб", "RUB"),
    ("грн", "UAH"),
    ("tl", "TRY"),
    ("שח", "ILS"),
    ("ש\"ח", "ILS"),
    ("שקל", "ILS"),
    ("שקל חדש", "ILS"),
    ("dollar", "USD"),
    ("us dollar", "USD"),
    ("pound", "GBP"),
    ("pounds sterling", "GBP"),
    ("pound sterling", "GBP"),
    ("rm", "MYR"),
    ("rp", "IDR"),
    ("人民币元", "CNY"),
    ("人民幣元", "CNY"),
    ("rs", "INR"),
    ("rs.", "INR"),
    ("rub", "RUB"),
    ("rur", "RUB"),
    ("fr.", "CHF"),
    ("sfr", "CHF"),
    ("xbt", "BTC"),
    // Kraken puts a letter for the kind of asset in front.
    ("zeur", "EUR"),
    ("zusd", "USD"),
    ("zgbp", "GBP"),
    ("zcad", "CAD"),
    ("zjpy", "JPY"),
    ("zaud", "AUD"),
    ("xxbt", "BTC"),
    ("xeth", "ETH"),
    ("xltc", "LTC"),
    ("xxrp", "XRP"),
    ("xxlm", "XLM"),
    ("xxmr", "XMR"),
    ("xxdg", "DOGE"),
    ("xetc", "ETC"),
    ("xzec", "ZEC"),
];

/// Whether amounts of a currency are written with a plain dollar sign.
pub(super) fn is_dollar(code: AssetCode) -> bool {
    matches!(
        code.as_str(),
        "AUD"
            | "CAD"
            | "NZD"
            | "SGD"
            | "HKD"
            | "TWD"
            | "MXN"
            | "ARS"
            | "CLP"
            | "COP"
            | "UYU"
            | "BMD"
            | "BBD"
            | "JMD"
            | "TTD"
            | "BSD"
            | "FJD"
            | "NAD"
            | "XCD"
            | "BND"
            | "DOP"
            | "BZD"
            | "KYD"
            | "GYD"
            | "LRD"
            | "SRD"
    )
}

/// The currency a cell names, as code, sign or word.
pub(super) fn currency(cell: &str) -> Option<AssetCode> {
    let trimmed = cell.trim();
    // Words such as `Pen` and `All` are spelled like codes, which are in capitals or in small letters.
    let is_even =
        trimmed.bytes().skip(1).all(|byte| byte.is_ascii_uppercase() == trimmed.as_bytes()[0].is_ascii_uppercase());
    let is_common = matches!(trimmed, "Eur" | "Usd" | "Gbp" | "Chf");
    if trimmed.len() == 3 && trimmed.bytes().all(|byte| byte.is_ascii_alphabetic()) && (is_even || is_common) {
        let code = AssetCode::new(trimmed).ok()?;
        if code.is_iso() {
            return Some(code);
        }
    }
    let lower = trimmed.to_lowercase();
    let code = CURRENCIES.iter().find(|(name, _)| *name == lower)?.1;
    AssetCode::new(code).ok()
}

/// A header without the currency in it, and that currency: `Amount (EUR)`, `Betrag in CHF`, `CAD$`.
pub(super) fn without_currency(header: &str) -> (String, Option<AssetCode>) {
    let is_break = |c: char| {
        c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '/' | ',' | ':' | '_' | '（' | '）' | '-' | '.')
    };
    // The preposition of `Betrag in EUR`; that of `Paid in (EUR)` belongs to the name.
    let is_bracketed = |part: &str| {
        let at = part.as_ptr().addr() - header.as_ptr().addr();
        header.get(..at).is_some_and(|before| before.trim_end().ends_with(['(', '[', '（']))
    };
    let mut kept: Vec<&str> = Vec::new();
    let mut found = None;
    for part in header.split(is_break).filter(|part| !part.is_empty()) {
        let is_code = part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_uppercase());
        let is_sign = !part.chars().any(char::is_alphanumeric)
            || part.contains('$')
            || matches!(
                part.to_lowercase().as_str(),
                "euro"
                    | "euros"
                    | "euroa"
                    | "eur"
                    | "chf"
                    | "rs"
                    | "rs."
                    | "rm"
                    | "rp"
                    | "円"
                    | "元"
                    | "kč"
                    | "zł"
                    | "tl"
                    | "lei"
                    | "грн"
                    | "руб"
                    | "лв"
            );
        match currency(part).filter(|_| found.is_none() && (is_code || is_sign)) {
            Some(code) => {
                found = Some(code);
                if !is_bracketed(part)
                    && kept
                        .last()
                        .is_some_and(|word| matches!(word.to_lowercase().as_str(), "in" | "en" | "w" | "i" | "em"))
                {
                    kept.pop();
                }
            }
            None => kept.push(part),
        }
    }
    if found.is_none()
        && let Some((name, code)) = [
            ("人民币", "CNY"),
            ("人民幣", "CNY"),
            ("港币", "HKD"),
            ("港幣", "HKD"),
            ("新臺幣", "TWD"),
            ("新台币", "TWD"),
            ("臺幣", "TWD"),
            ("台幣", "TWD"),
            ("美元", "USD"),
        ]
        .into_iter()
        .find(|(name, _)| header.contains(name))
    {
        return (header.replace(name, ""), AssetCode::new(code).ok());
    }
    if found.is_none() || kept.is_empty() {
        return (if found.is_some() { String::new() } else { header.to_owned() }, found);
    }
    (kept.join(" "), found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_in_headers_and_cells() {
        assert_eq!(without_currency("Amount (GBP)").1.unwrap().as_str(), "GBP");
        assert_eq!(without_currency("CAD$"), (String::new(), AssetCode::new("CAD").ok()));
        assert_eq!(without_currency("Umsatz in EUR").0, "Umsatz");
        assert_eq!(without_currency("Details").1, None);
        assert_eq!((currency("Pen"), currency("All")), (None, None));
        assert_eq!(currency("usd").unwrap().as_str(), "USD");
        assert_eq!(currency("₪").unwrap().as_str(), "ILS");
        assert_eq!(currency("人民币").unwrap().as_str(), "CNY");
    }
}
