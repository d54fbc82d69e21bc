//! Where copied text goes. The system implementation belongs to the screen, which owns the terminal (OSC 52).

/// The user's clipboard.
pub trait Clipboard: Send + Sync {
    /// Replaces what it holds.
    fn copy(&self, text: &str) -> Result<(), ClipboardError>;
}

/// The text was not copied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("nothing was copied: {0}")]
pub struct ClipboardError(pub String);
