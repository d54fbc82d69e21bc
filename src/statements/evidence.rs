//! Reasons for and against a reading.
//!
//! Filled by the readers, shown with the verdict and with questions. INVARIANT: plain sentences without personal data beyond
//! figures of the file.

/// One reason for or against a reading, as a plain sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Whether it supports the reading that was chosen.
    pub supports: bool,
    /// The sentence.
    pub text: String,
}

impl Evidence {
    /// A reason for the reading.
    #[must_use]
    pub fn supporting(text: impl Into<String>) -> Self {
        Self { supports: true, text: text.into() }
    }

    /// A reason against the reading.
    #[must_use]
    pub fn against(text: impl Into<String>) -> Self {
        Self { supports: false, text: text.into() }
    }
}
