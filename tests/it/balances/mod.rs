//! Balances by day and explanations over whole households, imported as files.

mod households;
