//! The keymap: the keys of the table, replaced where the user configured others.

use super::{Action, Chord, KeyMeaning, KeyPlace, KeyScope, Spec, TABLE, pretty};
use crate::config::{Binding, ConfigProblem, UserCommand};

/// The keys of every action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    /// Key sequences, by the index of their action in the table.
    keys: Vec<Vec<Vec<Chord>>>,
}

impl Default for Keymap {
    /// The table's keys.
    fn default() -> Self {
        let read = |spec: &Spec| spec.keys.iter().filter_map(|keys| Chord::parse_sequence(keys)).collect();
        Self { keys: TABLE.iter().map(read).collect() }
    }
}

impl Keymap {
    /// The keys of the table, replaced by the user's.
    ///
    /// # Errors
    /// All problems, by the line of the configuration: unknown names, unknown keys, letters that could not be typed
    /// any more, and keys with two meanings in one place.
    pub fn of(bindings: &[Binding]) -> Result<Self, Vec<ConfigProblem>> {
        let mut map = Self::default();
        let mut problems = Vec::new();
        let mut changed: Vec<(usize, &Binding)> = Vec::new();
        for binding in bindings {
            match sequences(binding) {
                Ok((at, keys)) => {
                    map.keys[at] = keys;
                    changed.push((at, binding));
                }
                Err(message) => problems.push(ConfigProblem { line: binding.line, message }),
            }
        }
        for (place, (at, binding)) in changed.iter().enumerate() {
            // Of two conflicting lines, the later one is reported.
            let skipped = |other: usize| changed[place + 1..].iter().any(|(later, _)| *later == other);
            let others = (0..TABLE.len()).filter(|other| other != at && !skipped(*other));
            problems.extend(others.filter_map(|other| map.conflict(*at, other)).map(|message| ConfigProblem {
                line: binding.line,
                message: format!("keys.{}: {message}", binding.action),
            }));
        }
        problems.sort_by_key(|problem| problem.line);
        if problems.is_empty() { Ok(map) } else { Err(problems) }
    }

    /// Keys of the user's commands that can't be used: unknown, or with a meaning on a screen.
    #[must_use]
    pub fn problems_of(&self, commands: &[UserCommand]) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        for (place, command) in commands.iter().enumerate().filter(|(_, command)| !command.key.is_empty()) {
            let message = match Chord::parse(&command.key) {
                None => Some(format!("`{}` is no key; write one such as \"alt-o\"", command.key)),
                Some(chord) => {
                    let known = self.each().find(|(spec, sequences)| {
                        spec.scope.meets(KeyScope::SCREENS) && sequences.iter().any(|keys| keys.first() == Some(&chord))
                    });
                    let earlier = commands[..place].iter().find(|other| Chord::parse(&other.key) == Some(chord));
                    let name = known.map(|(spec, _)| spec.name.to_owned()).or(earlier.map(|other| other.name.clone()));
                    name.map(|name| format!("`{}` is a key of {name} too; choose another key", command.key))
                }
            };
            let problem = |message| ConfigProblem {
                line: command.line,
                message: format!("commands.{}: {message}", command.name),
            };
            problems.extend(message.map(problem));
        }
        problems
    }

    /// The message about keys of one action that hide keys of another; `None` without a conflict.
    fn conflict(&self, at: usize, other: usize) -> Option<String> {
        if !TABLE[at].scope.meets(TABLE[other].scope) {
            return None;
        }
        let hides = |own: &&Vec<Chord>| {
            self.keys[other].iter().any(|keys| keys.starts_with(own.as_slice()) || own.starts_with(keys.as_slice()))
        };
        let own = self.keys[at].iter().find(hides)?;
        let name = TABLE[other].name;
        Some(format!("`{}` is a key of {name} too; choose another key, or rebind {name}", shown(own)))
    }

    /// Each action with its keys.
    pub(crate) fn each(&self) -> impl Iterator<Item = (&'static Spec, &[Vec<Chord>])> {
        TABLE.iter().zip(self.keys.iter().map(Vec::as_slice))
    }

    /// The meaning of `typed` in `place`.
    pub(crate) fn find(&self, place: KeyPlace, typed: &[Chord]) -> KeyMeaning {
        let mut prefix = false;
        for (spec, sequences) in self.each().filter(|(spec, _)| spec.scope.has(place)) {
            for keys in sequences.iter().filter(|keys| keys.starts_with(typed)) {
                if keys.len() == typed.len() {
                    return KeyMeaning::Action(spec.action);
                }
                prefix = true;
            }
        }
        if prefix { KeyMeaning::Prefix } else { KeyMeaning::Nothing }
    }

    /// The first key of an action in `place`, for people; `None` if it has none.
    pub(crate) fn key_of(&self, action: Action, place: KeyPlace) -> Option<String> {
        let own = self.each().find(|(spec, _)| spec.action == action && spec.scope.has(place));
        own.and_then(|(_, sequences)| sequences.first()).map(|keys| pretty(&shown(keys)))
    }

    /// The keys that may follow `typed` in `place`, each with its title.
    pub(crate) fn continuations(&self, place: KeyPlace, typed: &[Chord]) -> Vec<(String, &'static str)> {
        let longer = |keys: &&Vec<Chord>| keys.len() > typed.len() && keys.starts_with(typed);
        self.each()
            .filter(|(spec, _)| spec.scope.has(place))
            .flat_map(|(spec, sequences)| sequences.iter().filter(longer).map(|keys| (keys, spec.title)))
            .map(|(keys, title)| (shown(&keys[typed.len()..]), title))
            .collect()
    }

    /// The footer of `place`: key, word and action, most useful first.
    pub(crate) fn hints(&self, place: KeyPlace) -> impl Iterator<Item = (String, &'static str, Action)> {
        self.each()
            .filter(move |(spec, _)| spec.scope.has(place) && !spec.hint.is_empty())
            .filter_map(|(spec, sequences)| Some((pretty(&shown(sequences.first()?)), spec.hint, spec.action)))
    }
}

/// As written in the table and the configuration: `g g`.
pub(crate) fn shown(keys: &[Chord]) -> String {
    keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// The index of a binding's action in the table, and its keys.
fn sequences(binding: &Binding) -> Result<(usize, Vec<Vec<Chord>>), String> {
    let name = &binding.action;
    let Some(at) = TABLE.iter().position(|spec| spec.name == name) else {
        return Err(format!("keys.{name}: unknown action; `dashtam keys` lists them"));
    };
    let spec = &TABLE[at];
    if spec.action == Action::Quit && binding.keys.is_empty() {
        return Err(format!("keys.{name}: some key must end the program"));
    }
    let mut all = Vec::new();
    for text in &binding.keys {
        let keys = Chord::parse_sequence(text).ok_or_else(|| {
            format!("keys.{name}: `{text}` is not a key; write \"x\", \"X\", \"ctrl-x\", \"f5\", \"space\", or keys in a row, \"g x\"")
        })?;
        if spec.scope.meets(FIELDS) && keys.iter().any(|chord| chord.is_text()) {
            return Err(format!(
                "keys.{name}: `{text}` could no longer be typed into fields; choose one with ctrl or alt"
            ));
        }
        all.push(keys);
    }
    Ok((at, all))
}

/// Places in which text is typed.
const FIELDS: KeyScope = super::table::FIELDS;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bindings: &[(&str, &[&str])]) -> Result<Keymap, Vec<String>> {
        let bindings: Vec<Binding> = (1..)
            .zip(bindings)
            .map(|(line, (action, keys))| Binding {
                action: (*action).to_owned(),
                keys: keys.iter().map(|key| (*key).to_owned()).collect(),
                line,
            })
            .collect();
        Keymap::of(&bindings).map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    fn find(map: &Keymap, place: KeyPlace, keys: &str) -> KeyMeaning {
        map.find(place, &Chord::parse_sequence(keys).unwrap())
    }

    #[test]
    fn g_waits_for_a_second_key() {
        let map = Keymap::default();
        assert_eq!(find(&map, KeyPlace::Accounts, "g"), KeyMeaning::Prefix);
        assert_eq!(find(&map, KeyPlace::Accounts, "g g"), KeyMeaning::Action(Action::First));
        assert_eq!(find(&map, KeyPlace::Filter, "g"), KeyMeaning::Nothing);
        assert!(!map.continuations(KeyPlace::Accounts, &Chord::parse_sequence("g").unwrap()).is_empty());
    }

    #[test]
    fn own_keys_take_the_place_of_the_tables() {
        let map = of(&[("sync-all", &["f5", "g s"]), ("explain", &[]), ("undo", &["x"])]).unwrap();
        assert_eq!(find(&map, KeyPlace::Accounts, "f5"), KeyMeaning::Action(Action::SyncAll));
        assert_eq!(find(&map, KeyPlace::Accounts, "g s"), KeyMeaning::Action(Action::SyncAll));
        assert_eq!(find(&map, KeyPlace::Accounts, "R"), KeyMeaning::Nothing);
        assert_eq!(find(&map, KeyPlace::Accounts, "x"), KeyMeaning::Action(Action::Undo));
        assert!(map.hints(KeyPlace::Accounts).any(|(key, _, action)| key == "f5" && action == Action::SyncAll));
    }

    #[test]
    fn two_lines_can_swap_keys() {
        let map = of(&[("sync", &["R"]), ("sync-all", &["r"])]).unwrap();
        assert_eq!(find(&map, KeyPlace::Accounts, "r"), KeyMeaning::Action(Action::SyncAll));
    }

    #[test]
    fn every_fault_names_key_action_and_line() {
        let faults = of(&[
            ("undo", &["w"]),
            ("refresh", &["f5"]),
            ("redo", &["hyper-x"]),
            ("copy", &["i"]),
            ("edit", &["g"]),
            ("accept", &["a"]),
            ("quit", &[]),
            ("explain", &["w"]),
        ])
        .unwrap_err();
        let begin = |line: usize, text: &str| {
            assert!(faults.iter().any(|fault| fault.starts_with(text)), "{line} {text}: {faults:?}");
        };
        begin(2, "line 2: keys.refresh: unknown action");
        begin(3, "line 3: keys.redo: `hyper-x` is not a key");
        begin(4, "line 4: keys.copy: `i` is a key of import too");
        begin(5, "line 5: keys.edit: `g` is a key of first too");
        begin(6, "line 6: keys.accept: `a` could no longer be typed");
        begin(7, "line 7: keys.quit: some key must");
        begin(8, "line 8: keys.explain: `w` is a key of undo too");
        assert_eq!(faults.len(), 7, "{faults:?}");
    }
}
