//! Import cycles between the files of one room.
//!
//! A file imports another one by a `use`, or by an inline path that starts with `crate::` or `super::`. A name that a
//! module re-exports counts for the file that defines it. A module that calls its own child (`view::draw`) imports nothing:
//! the child is a part of it.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{File, use_paths};

/// Module path of a file below `src`: `src/tui/view.rs` is `["tui", "view"]`.
fn module(file: &File) -> Vec<String> {
    let inside = file.path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    inside.split('/').map(str::to_owned).collect()
}

/// The modules of the crate, and what each re-exports under which name.
struct Modules<'a> {
    files: BTreeMap<Vec<String>, &'a File>,
    exports: BTreeMap<Vec<String>, BTreeMap<String, Vec<String>>>,
}

impl<'a> Modules<'a> {
    fn new(files: &'a [File]) -> Self {
        let files: BTreeMap<_, _> = files.iter().map(|file| (module(file), file)).collect();
        let mut modules = Self { files, exports: BTreeMap::new() };
        for (own, file) in &modules.files {
            let mut exports = BTreeMap::new();
            for path in use_paths(file).into_iter().filter(|path| path.public) {
                if let (Some(target), Some(name)) = (modules.absolute(own, &path.segments), path.segments.last()) {
                    exports.insert(path.alias.unwrap_or_else(|| name.clone()), target);
                }
            }
            modules.exports.insert(own.clone(), exports);
        }
        modules
    }

    /// A path from the root of the crate; `None` for other crates.
    fn absolute(&self, own: &[String], path: &[String]) -> Option<Vec<String>> {
        let first = path.first()?;
        let (mut base, mut rest) = match first.as_str() {
            "crate" => (Vec::new(), &path[1..]),
            "self" => (own.to_vec(), &path[1..]),
            "super" => (own.to_vec(), path),
            child => {
                let mut module = own.to_vec();
                module.push(child.to_owned());
                if !self.files.contains_key(&module) {
                    return None;
                }
                (own.to_vec(), path)
            }
        };
        while rest.first().is_some_and(|name| name == "super") {
            base.pop();
            rest = &rest[1..];
        }
        base.extend(rest.iter().cloned());
        Some(base)
    }

    /// The file that defines the name at an absolute path.
    fn defined_in(&self, path: &[String], depth: usize) -> Option<Vec<String>> {
        let known = (0..=path.len()).rev().find(|length| self.files.contains_key(&path[..*length]))?;
        let module = path[..known].to_vec();
        let next = path.get(known).filter(|_| depth < 8);
        match next.and_then(|name| self.exports.get(&module)?.get(name)) {
            Some(target) if *target != path => {
                let rest = path[known + 1..].iter().cloned();
                let target: Vec<String> = target.iter().cloned().chain(rest).collect();
                self.defined_in(&target, depth + 1).or(Some(module))
            }
            _ => Some(module),
        }
    }

    /// Modules of the same room that a module imports from.
    fn imports(&self, own: &[String]) -> BTreeSet<Vec<String>> {
        let Some(file) = self.files.get(own) else { return BTreeSet::new() };
        let inline = file.inline_paths();
        use_paths(file)
            .into_iter()
            .filter(|path| !path.public)
            .map(|path| path.segments)
            .chain(inline)
            .filter_map(|path| self.defined_in(&self.absolute(own, &path)?, 0))
            .filter(|target| target.first() == own.first() && target != own)
            .collect()
    }
}

/// Groups of files that import each other in a circle, each in order of path.
pub(crate) fn cycles(files: &[File]) -> Vec<Vec<String>> {
    let modules = Modules::new(files);
    let imports: BTreeMap<&Vec<String>, BTreeSet<Vec<String>>> =
        modules.files.keys().map(|own| (own, modules.imports(own))).collect();
    let reached = |start: &Vec<String>| {
        let mut seen: BTreeSet<&Vec<String>> = BTreeSet::new();
        let mut open: Vec<&Vec<String>> = imports[start].iter().collect();
        while let Some(next) = open.pop() {
            if seen.insert(next) {
                open.extend(imports[next].iter());
            }
        }
        seen
    };
    let reach: BTreeMap<&Vec<String>, BTreeSet<&Vec<String>>> =
        imports.keys().map(|own| (*own, reached(own))).collect();
    let mut groups: BTreeSet<Vec<String>> = BTreeSet::new();
    for (own, seen) in &reach {
        if seen.contains(*own) {
            let members = seen.iter().filter(|other| reach[**other].contains(*own));
            let mut paths: Vec<String> = members.map(|member| modules.files[*member].path.clone()).collect();
            paths.sort();
            groups.insert(paths);
        }
    }
    groups.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(sources: &[(&str, &str)]) -> Vec<Vec<String>> {
        let files: Vec<File> = sources.iter().map(|(path, text)| File::of(path, text)).collect();
        cycles(&files)
    }

    #[test]
    fn a_circle_of_uses_is_found_also_through_a_re_export() {
        let circle = [
            ("src/a/mod.rs", "mod b; mod c; pub use b::B;"),
            ("src/a/b.rs", "use super::c::{C, D as E};"),
            ("src/a/c.rs", "use crate::a::B;"),
        ];
        assert_eq!(found(&circle), [["src/a/b.rs", "src/a/c.rs"]]);
        let inline = [("src/a/mod.rs", "mod b;"), ("src/a/b.rs", "use super::c;"), ("src/a/c.rs", "super::b::f()")];
        assert_eq!(found(&inline), [["src/a/b.rs", "src/a/c.rs"]]);
    }

    #[test]
    fn a_child_that_uses_its_parent_is_a_cycle_only_if_the_parent_uses_it() {
        let part = [("src/a/mod.rs", "mod b; fn f() { b::g() }"), ("src/a/b.rs", "use super::A;")];
        assert!(found(&part).is_empty());
        let circle = [("src/a/mod.rs", "mod b; use b::B;"), ("src/a/b.rs", "use super::A;")];
        assert_eq!(found(&circle), [["src/a/b.rs", "src/a/mod.rs"]]);
        let rooms = [("src/a.rs", "use crate::b::B;"), ("src/b.rs", "use crate::a::A;")];
        assert!(found(&rooms).is_empty(), "rooms have floors, not this rule");
    }
}
