//! The code of a currency or other asset that amounts are counted in.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest code accepted, in bytes. ISO 4217 has three letters; coins and broker sweep codes run longer.
const CAPACITY: usize = 12;

/// Codes that ISO 4217 has withdrawn and old statements still hold; all have hundredths.
const RETIRED: &[&str] = &[
    "ATS", "BEF", "BGN", "BYR", "CYP", "DEM", "EEK", "ESP", "FIM", "FRF", "GRD", "HRK", "IEP", "ITL", "LTL", "LUF",
    "LVL", "MTL", "NLG", "PLZ", "PTE", "ROL", "RUR", "SIT", "SKK", "TRL", "VEF", "ZWL",
];

/// A validated, upper-case asset code: `USD`, `EUR`, `BTC`, `USDC`, `ETH2.S`.
///
/// Any code of 1 to 12 ASCII letters, digits, `.`, `-`, `_` is accepted: an unknown coin is an asset too.
/// The ISO table is consulted only for how many digits to show.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AssetCode([u8; CAPACITY]);

/// The text is not an asset code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a currency or asset code: expected 1 to 12 letters, digits, dots or dashes, such as USD or BTC")]
pub struct AssetCodeError(String);

impl AssetCode {
    /// US dollar: the currency assumed where a source names none.
    pub const USD: Self = Self::of_ascii(b"USD");

    const fn of_ascii(code: &[u8]) -> Self {
        let mut bytes = [0; CAPACITY];
        let mut index = 0;
        while index < code.len() {
            bytes[index] = code[index];
            index += 1;
        }
        Self(bytes)
    }

    /// Reads a code, trimming blanks and raising case.
    ///
    /// # Errors
    /// When the text is empty, longer than 12 bytes or holds other characters.
    pub fn new(text: &str) -> Result<Self, AssetCodeError> {
        let trimmed = text.trim();
        let valid = !trimmed.is_empty()
            && trimmed.len() <= CAPACITY
            && trimmed.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
        if !valid {
            return Err(AssetCodeError(super::text::clean(text).into_owned()));
        }
        Ok(Self::of_ascii(trimmed.to_ascii_uppercase().as_bytes()))
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let length = self.0.iter().position(|byte| *byte == 0).unwrap_or(CAPACITY);
        std::str::from_utf8(&self.0[..length]).unwrap_or_default()
    }

    /// Digits shown after the decimal mark: the ISO 4217 minor unit, 8 for anything ISO does not list.
    #[must_use]
    pub fn display_digits(&self) -> u32 {
        let unlisted = if RETIRED.contains(&self.as_str()) { 2 } else { 8 };
        iso_currency::Currency::from_code(self.as_str())
            .map_or(unlisted, |currency| currency.exponent().map_or(2, u32::from))
    }

    /// Whether ISO 4217 lists the code or once listed it, as opposed to a coin or a private unit.
    #[must_use]
    pub fn is_iso(&self) -> bool {
        iso_currency::Currency::from_code(self.as_str()).is_some() || RETIRED.contains(&self.as_str())
    }
}

impl fmt::Display for AssetCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for AssetCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for AssetCode {
    type Err = AssetCodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

impl Serialize for AssetCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for AssetCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_normalised_and_bounded() {
        assert_eq!(AssetCode::new(" usd ").unwrap(), AssetCode::USD);
        assert_eq!(AssetCode::new("eth2.s").unwrap().as_str(), "ETH2.S");
        assert!(AssetCode::new("").is_err());
        assert!(AssetCode::new("MORETHANTWELVE").is_err());
        assert!(AssetCode::new("U\u{7}D").unwrap_err().to_string().starts_with("`UD`"));
    }

    #[test]
    fn digits_follow_iso_and_coins_show_eight() {
        let digits = |code: &str| AssetCode::new(code).unwrap().display_digits();
        assert_eq!((digits("USD"), digits("JPY"), digits("KWD"), digits("BTC")), (2, 0, 3, 8));
    }
}
