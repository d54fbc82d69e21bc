//! The built-in layouts: one line a file of `assets/layouts`.
//!
//! Used by the list of layouts. A test compares the lines with the folder.

/// The texts of the built-in layouts.
pub(super) const TEXTS: &[&str] = &[
    include_str!("../../../assets/layouts/freetrade.toml"),
    include_str!("../../../assets/layouts/mint-headerless.toml"),
    include_str!("../../../assets/layouts/mint.toml"),
    include_str!("../../../assets/layouts/trading-212.toml"),
    include_str!("../../../assets/layouts/twint-de.toml"),
    include_str!("../../../assets/layouts/twint-en.toml"),
    include_str!("../../../assets/layouts/viseca.toml"),
];
