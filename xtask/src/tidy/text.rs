//! Rules about single files: their size, their names, and words that have no place in them.

use anyhow::Result;

use super::{Problem, Tree};

const LONGEST_RUST_FILE: usize = 600;
const LARGEST_FILE: u64 = 1_000_000;

/// Names that say nothing about what a module holds.
const EMPTY_NAMES: [&str; 8] = ["utils", "util", "common", "helpers", "helper", "manager", "managers", "misc"];

/// Paths of some machine. In two parts, so that this file does not hold what it forbids.
const MACHINE_PATHS: [&str; 6] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("bash_", "jobs"),
    concat!("/opt/", "wheels"),
];

/// Checks each file by itself.
pub fn problems(tree: &Tree) -> Result<Vec<Problem>> {
    let mut problems = Vec::new();
    for file in &tree.files {
        let size = tree.size(file)?;
        if size > LARGEST_FILE {
            let message = format!("{size} bytes, over {LARGEST_FILE}: generate or download it where it is needed");
            problems.push(Problem::new("large", file, message));
            continue;
        }
        let Some(text) = tree.text(file)? else {
            continue;
        };
        problems.extend(machine_paths(file, &text));
        if file.ends_with(".rs") {
            problems.extend(length(file, &text));
            problems.extend(module_names(file, &text));
            problems.extend(ignored_tests(file, &text));
        }
    }
    Ok(problems)
}

fn machine_paths(file: &str, text: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for path in MACHINE_PATHS.into_iter().filter(|path| names_path(line, path)) {
            let message = format!("`{path}` is a path of one machine: make it relative or a setting");
            problems.push(Problem::new("paths", place(file, number), message));
        }
    }
    problems
}

/// Whether the line holds the path as such, not as the end of a longer one, a relative path or an address.
fn names_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|before| before.is_alphanumeric() || "._-~}".contains(before))
    })
}

fn length(file: &str, text: &str) -> Option<Problem> {
    let lines = text.lines().count();
    let message = format!("{lines} lines, over {LONGEST_RUST_FILE}: split it along what it does");
    (lines > LONGEST_RUST_FILE).then(|| Problem::new("length", file, message))
}

fn module_names(file: &str, text: &str) -> Vec<Problem> {
    let message = |name: &str| format!("`{name}` says nothing about what the module holds: name it after that");
    let mut problems = Vec::new();
    for part in file.trim_end_matches(".rs").split('/').filter(|part| EMPTY_NAMES.contains(part)) {
        problems.push(Problem::new("names", file, message(part)));
    }
    for (number, line) in text.lines().enumerate() {
        if let Some(name) = inline_module(line).filter(|name| EMPTY_NAMES.contains(name)) {
            problems.push(Problem::new("names", place(file, number), message(name)));
        }
    }
    problems
}

/// The name in `mod NAME {`; a `mod NAME;` is found by its file.
fn inline_module(line: &str) -> Option<&str> {
    let (before, name) = line.trim().strip_suffix('{')?.trim_end().rsplit_once("mod ")?;
    let visibility = before.trim_end();
    (visibility.is_empty() || visibility.starts_with("pub")).then_some(name.trim())
}

fn ignored_tests(file: &str, text: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        let bare = line.starts_with(concat!("#[ig", "nore]"))
            || line.starts_with(concat!("#[ig", "nore = \"\"]"))
            || (line.starts_with("#[cfg_attr(") && line.ends_with(", ignore)]"));
        if bare {
            let message = "an ignored test without a reason: write `ignore = \"why, and how to run it\"`";
            problems.push(Problem::new("ignore", place(file, number), message));
        }
    }
    problems
}

/// `file:line`, the first line being 1.
fn place(file: &str, index: usize) -> String {
    format!("{file}:{}", index + 1)
}

#[cfg(test)]
mod tests {
    use super::super::tests::after;
    use super::*;

    #[test]
    fn a_long_rust_file_is_reported_and_one_line_less_is_not() {
        let long = "//\n".repeat(LONGEST_RUST_FILE + 1);
        assert_eq!(after("gold/src/long.rs", &long), ["length gold/src/long.rs"]);
        assert!(after("gold/src/long.rs", &long[3..]).is_empty());
        assert!(after("docs/long.md", &long).is_empty(), "a rule for Rust alone");
    }

    #[test]
    fn a_large_file_is_reported() {
        assert_eq!(after("docs/big.csv", &"x".repeat(1_000_001)), ["large docs/big.csv"]);
        assert!(after("docs/big.csv", &"x".repeat(1_000_000)).is_empty());
    }

    #[test]
    fn every_machine_path_is_reported_with_its_line() {
        for path in MACHINE_PATHS {
            let text = format!("first\nsee {path}here\n");
            assert_eq!(after("docs/notes.md", &text), ["paths docs/notes.md:2"], "{path}");
        }
        assert_eq!(after("docs/n.md", concat!("(`/ro", "ot/x`)\n")), ["paths docs/n.md:1"]);
    }

    #[test]
    fn the_end_of_another_path_is_no_machine_path() {
        for text in [concat!("a/wo", "rk/b"), concat!("../wo", "rk/b"), concat!("https://example.org/ho", "me/")] {
            assert!(after("docs/notes.md", text).is_empty(), "{text}");
        }
    }

    #[test]
    fn empty_module_names_are_reported() {
        for name in EMPTY_NAMES {
            let file = format!("gold/src/{name}.rs");
            assert_eq!(after(&file, ""), [format!("names {file}")]);
            let file = format!("gold/src/{name}/mod.rs");
            assert_eq!(after(&file, ""), [format!("names {file}")]);
            assert_eq!(after("gold/src/a.rs", &format!("pub(crate) mod {name} {{\n")), ["names gold/src/a.rs:1"]);
        }
        assert!(after("gold/src/commons.rs", "mod tests {\n// the mod utils {\n").is_empty());
    }

    #[test]
    fn an_ignored_test_needs_a_reason() {
        let attribute = |inside: &str| format!("    #[{inside}]\n    fn t() {{}}\n");
        for inside in ["ignore", "ignore = \"\"", "cfg_attr(windows, ignore)"] {
            assert_eq!(after("gold/src/a.rs", &attribute(inside)), ["ignore gold/src/a.rs:1"], "{inside}");
        }
        assert!(after("gold/src/a.rs", &attribute("ignore = \"needs a cluster\"")).is_empty());
    }
}
