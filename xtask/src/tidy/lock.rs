//! What Cargo.lock resolved to.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use toml::{Table, Value};

use super::Problem;

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// One version of each crate that `layers.toml` names under `[lock]`, and crates.io as the only source.
pub fn problems(lock: &Table, rules: &Table) -> Result<Vec<Problem>> {
    let mut problems = Vec::new();
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in lock.get("package").and_then(Value::as_array).into_iter().flatten() {
        let field = |name: &str| package.get(name).and_then(Value::as_str);
        let name = field("name").context("Cargo.lock holds a package without a name")?;
        versions.entry(name).or_default().insert(field("version").unwrap_or("?"));
        if let Some(source) = field("source").filter(|source| *source != CRATES_IO) {
            let message = format!("`{name}` comes from {source}: depend on a release on crates.io");
            problems.push(Problem::new("sources", "Cargo.lock", message));
        }
    }
    let wanted = rules.get("lock").and_then(|lock| lock.get("one_version")).and_then(Value::as_array);
    for name in wanted.context("layers.toml has no list `one_version` under [lock]")? {
        let name = name.as_str().context("layers.toml: lock.one_version holds more than strings")?;
        match versions.get(name) {
            Some(found) if found.len() == 1 => {}
            Some(found) => {
                let found = found.iter().copied().collect::<Vec<_>>().join(" and ");
                let message = format!("`{name}` is there in versions {found}: see `cargo tree -i {name}` and align the pins");
                problems.push(Problem::new("one-version", "Cargo.lock", message));
            }
            None => {
                let message = format!("lock.one_version names `{name}`, which Cargo.lock does not: mend the name or take it out");
                problems.push(Problem::new("one-version", "layers.toml", message));
            }
        }
    }
    Ok(problems)
}

#[cfg(test)]
mod tests {
    use super::super::tests::after;
    use super::*;

    fn locked(packages: &[(&str, &str, &str)]) -> String {
        let entry = |(name, version, source): &(&str, &str, &str)| {
            format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"{source}\"\n")
        };
        packages.iter().map(entry).collect()
    }

    #[test]
    fn two_versions_are_reported() {
        let lock = locked(&[("arrow", "58.1.0", CRATES_IO), ("arrow", "59.0.0", CRATES_IO)]);
        assert_eq!(after("Cargo.lock", &lock), ["one-version Cargo.lock"]);
    }

    #[test]
    fn two_versions_of_a_crate_nobody_listed_are_fine() {
        let lock = locked(&[("arrow", "59.0.0", CRATES_IO), ("rand", "0.8.0", CRATES_IO), ("rand", "0.9.0", CRATES_IO)]);
        assert!(after("Cargo.lock", &lock).is_empty());
    }

    #[test]
    fn a_listed_crate_that_is_gone_is_reported() {
        assert_eq!(after("Cargo.lock", "version = 4\n"), ["one-version layers.toml"]);
    }

    #[test]
    fn a_git_source_is_reported() {
        let lock = locked(&[("arrow", "59.0.0", "git+https://example.org/arrow#1")]);
        assert_eq!(after("Cargo.lock", &lock), ["sources Cargo.lock"]);
    }
}
