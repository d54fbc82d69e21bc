//! Provider fixtures, and failures planned path by path.

use std::{
    collections::{HashMap, VecDeque},
    path::Path,
    sync::Mutex,
};

use super::server::Answer;

pub(crate) fn fixture(provider: &str, name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/providers").join(provider);
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// Answers with failures first, path by path.
#[derive(Default)]
pub(crate) struct Troubles(Mutex<HashMap<String, VecDeque<Answer>>>);

impl Troubles {
    /// The next questions under `path` are answered like this.
    pub(crate) fn plan(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        self.0.lock().unwrap().insert(path.into(), answers.into_iter().collect());
    }

    pub(crate) fn take(&self, path: &str) -> Option<Answer> {
        self.0.lock().unwrap().get_mut(path)?.pop_front()
    }
}
