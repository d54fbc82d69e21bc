//! The one way out to the network.

/// The HTTP client of the program: limits, pace and rules are shared by everything that uses it.
#[derive(Debug, Clone)]
pub struct Http;
