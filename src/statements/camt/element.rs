//! A small tree of XML elements: one balance, one account, one entry.
//!
//! Built by `document`, read by the mappings. INVARIANT: its depth is limited by the builder.

/// An element without its namespace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Element {
    /// The local name.
    pub(super) name: String,
    /// Value of the `Ccy` attribute.
    pub(super) currency: Option<String>,
    /// Its text, without that of its children.
    pub(super) text: String,
    pub(super) children: Vec<Self>,
    /// 1-based line of its start.
    pub(super) line: u32,
}

impl Element {
    /// The first child of that name.
    #[must_use]
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The children of that name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first element at that path, a name for each step.
    #[must_use]
    pub(super) fn at(&self, path: &str) -> Option<&Self> {
        path.split('/').try_fold(self, |element, name| element.child(name))
    }

    /// The trimmed text at that path; `None` when it is blank.
    #[must_use]
    pub(super) fn text_at(&self, path: &str) -> Option<&str> {
        self.at(path).map(|element| element.text.trim()).filter(|text| !text.is_empty())
    }
}
