//! `cargo x tidy`: rules about the tree itself, read from files without compiling anything.
//!
//! A rule is a function from the [`Tree`] to problems. To add one, write the function, its test with a
//! planted violation, and its line in [`problems`].

mod layers;
mod links;
mod lock;
mod manifests;
mod models;
mod text;
mod tree;

use std::fmt;
use std::path::Path;

use anyhow::Result;

pub use tree::Tree;

#[cfg(test)]
pub use tests::plant;

/// One violation.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    /// The rule that was broken, one word.
    pub rule: &'static str,
    /// The file, with `:line` where there is one.
    pub place: String,
    /// What is wrong and what to do about it.
    pub message: String,
}

impl Problem {
    fn new(rule: &'static str, place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { rule, place: place.into(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} [{}]", self.place, self.message, self.rule)
    }
}

/// All violations in the project at `root`, in order of place.
pub fn problems(root: &Path) -> Result<Vec<Problem>> {
    let tree = Tree::read(root)?;
    let manifests = manifests::read(&tree)?;
    let rules = tree.toml("layers.toml")?;
    let mut problems = manifests::problems(&manifests);
    problems.extend(layers::problems(&manifests, &rules)?);
    problems.extend(lock::problems(&tree.toml("Cargo.lock")?, &rules)?);
    problems.extend(models::problems(&tree));
    problems.extend(links::problems(&tree)?);
    problems.extend(text::problems(&tree)?);
    problems.sort_by(|a, b| (&a.place, a.rule, &a.message).cmp(&(&b.place, b.rule, &b.message)));
    Ok(problems)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use super::*;

    /// Writes a file into the project.
    pub fn plant(root: &Path, file: &str, text: &str) {
        let path = root.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A small project in which every rule is kept.
    pub fn clean_project() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let root_manifest = "[workspace]\nmembers = [\"spec\", \"gold\"]\n\n[workspace.dependencies]\n\
                             spec = { path = \"spec\" }\narrow = \"59\"\n";
        let member = |name: &str, dependencies: &str| {
            format!("[package]\nname = \"{name}\"\n\n[lints]\nworkspace = true\n\n[dependencies]\n{dependencies}")
        };
        let files = [
            ("Cargo.toml", root_manifest.to_owned()),
            ("spec/Cargo.toml", member("spec", "")),
            ("spec/src/lib.rs", "//! Plain data.\n".to_owned()),
            ("gold/Cargo.toml", member("gold", "spec.workspace = true\narrow.workspace = true\n")),
            ("gold/src/lib.rs", "//! Answers.\n".to_owned()),
            ("gold/models/adtech/clicks.sql", "select 1\n".to_owned()),
            ("gold/models/adtech/clicks.slt", "query I\n".to_owned()),
            (
                "layers.toml",
                "[edges]\nspec = []\ngold = [\"spec\"]\n[reserved.datafusion]\nonly = []\n\
                 [lock]\none_version = [\"arrow\"]\n"
                    .to_owned(),
            ),
            (
                "Cargo.lock",
                "[[package]]\nname = \"arrow\"\nversion = \"59.0.0\"\n\
                 source = \"registry+https://github.com/rust-lang/crates.io-index\"\n"
                    .to_owned(),
            ),
        ];
        for (file, text) in files {
            plant(root.path(), file, &text);
        }
        root
    }

    /// The problems after planting one file, as `rule place`.
    pub fn after(file: &str, text: &str) -> Vec<String> {
        let root = clean_project();
        plant(root.path(), file, text);
        problems(root.path()).unwrap().iter().map(|p| format!("{} {}", p.rule, p.place)).collect()
    }

    #[test]
    fn a_clean_project_has_no_problems() {
        let root = clean_project();
        assert_eq!(problems(root.path()).unwrap(), []);
    }

    #[test]
    fn a_missing_layers_file_is_named() {
        let root = clean_project();
        fs::remove_file(root.path().join("layers.toml")).unwrap();
        let error = format!("{:#}", problems(root.path()).unwrap_err());
        assert!(error.contains("layers.toml"), "{error}");
    }

    #[test]
    fn several_problems_are_reported_at_once() {
        let root = clean_project();
        plant(root.path(), "gold/src/utils.rs", "");
        plant(root.path(), "gold/models/adtech/lonely.sql", "select 1\n");
        assert_eq!(problems(root.path()).unwrap().len(), 2);
    }

    #[test]
    fn what_git_ignores_is_not_looked_at() {
        let root = clean_project();
        let git = std::process::Command::new("git").args(["init", "--quiet"]).current_dir(root.path()).status();
        assert!(git.unwrap().success());
        plant(root.path(), ".gitignore", "/scratch\n");
        plant(root.path(), "scratch/utils.rs", "");
        assert_eq!(problems(root.path()).unwrap(), []);
        plant(root.path(), "gold/src/utils.rs", "");
        assert_eq!(problems(root.path()).unwrap().len(), 1, "not yet added to git, but it would be");
    }
}
