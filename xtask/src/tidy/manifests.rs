//! The manifests of our packages: what each depends on, and that pins and lints live at the root.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use toml::{Table, Value};

use super::{Problem, Tree};

/// One package of ours.
pub struct Manifest {
    /// The path of its Cargo.toml.
    pub file: String,
    /// The package name.
    pub name: String,
    pub dependencies: Vec<Dependency>,
    inherits_lints: bool,
}

/// One entry of a dependency table.
pub struct Dependency {
    /// The package depended on, not what the manifest may call it.
    pub package: String,
    /// Under `[dev-dependencies]`.
    pub dev: bool,
    /// Says `workspace = true`.
    inherited: bool,
}

/// Every package of ours. The root manifest resolves inherited names.
pub fn read(tree: &Tree) -> Result<Vec<Manifest>> {
    let root = tree.toml("Cargo.toml")?;
    let pins = root.get("workspace").and_then(|workspace| workspace.get("dependencies")).and_then(Value::as_table);
    let mut manifests = Vec::new();
    for file in tree.files.iter().filter(|file| *file == "Cargo.toml" || file.ends_with("/Cargo.toml")) {
        let manifest = tree.toml(file)?;
        if let Some(package) = manifest.get("package") {
            let name = package.get("name").and_then(Value::as_str);
            manifests.push(Manifest {
                file: file.clone(),
                name: name.with_context(|| format!("{file} has no package.name"))?.to_owned(),
                dependencies: dependencies(&manifest, pins),
                inherits_lints: inherits(manifest.get("lints")),
            });
        }
    }
    Ok(manifests)
}

/// Pins and lints live in the root manifest alone.
pub fn problems(manifests: &[Manifest]) -> Vec<Problem> {
    let ours: BTreeSet<_> = manifests.iter().map(|manifest| manifest.name.as_str()).collect();
    let mut problems = Vec::new();
    for Manifest { file, dependencies, inherits_lints, .. } in manifests {
        if !inherits_lints {
            let message = "the workspace's lints do not apply: add `[lints]` with `workspace = true`";
            problems.push(Problem::new("lints", file, message));
        }
        for Dependency { package, .. } in dependencies.iter().filter(|dependency| !dependency.inherited) {
            let message = if ours.contains(package.as_str()) {
                format!("name the crate `{package}` of ours as `{package}.workspace = true`")
            } else {
                format!("pin `{package}` in the root manifest and say `{package}.workspace = true` here")
            };
            problems.push(Problem::new("pins", file, message));
        }
    }
    problems
}

/// All dependency tables, those under `[target.…]` included.
fn dependencies(manifest: &Table, pins: Option<&Table>) -> Vec<Dependency> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let tables = targets.into_iter().flat_map(|targets| targets.values().filter_map(Value::as_table));
    let mut found = Vec::new();
    for table in std::iter::once(manifest).chain(tables) {
        for section in ["dependencies", "build-dependencies", "dev-dependencies"] {
            for (key, value) in table.get(section).and_then(Value::as_table).into_iter().flatten() {
                let inherited = inherits(Some(value));
                let said = if inherited { pins.and_then(|pins| pins.get(key)) } else { Some(value) };
                let renamed = said.and_then(|said| said.get("package")).and_then(Value::as_str);
                found.push(Dependency { package: renamed.unwrap_or(key).to_owned(), dev: section == "dev-dependencies", inherited });
            }
        }
    }
    found
}

fn inherits(value: Option<&Value>) -> bool {
    value.and_then(|value| value.get("workspace")).and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::tests::after;
    use super::*;

    const LINTS: &str = "[lints]\nworkspace = true\n";

    #[test]
    fn a_crate_that_escapes_the_lints_is_reported() {
        assert_eq!(after("spec/Cargo.toml", "[package]\nname = \"spec\"\n"), ["lints spec/Cargo.toml"]);
    }

    #[test]
    fn a_version_outside_the_root_is_reported_in_every_section() {
        for section in ["dependencies", "dev-dependencies", "build-dependencies", "target.'cfg(unix)'.dependencies"] {
            let manifest = format!("[package]\nname = \"spec\"\n{LINTS}[{section}]\nserde = \"1\"\n");
            assert_eq!(after("spec/Cargo.toml", &manifest), ["pins spec/Cargo.toml"], "{section}");
        }
    }

    #[test]
    fn a_renamed_dependency_is_known_by_its_package() {
        let pins: Table = "df = { package = \"datafusion\", version = \"55\" }".parse().unwrap();
        let manifest: Table = "[dependencies]\ndf.workspace = true\ndelta = { package = \"deltalake\" }".parse().unwrap();
        let mut names: Vec<_> = dependencies(&manifest, Some(&pins)).into_iter().map(|d| d.package).collect();
        names.sort();
        assert_eq!(names, ["datafusion", "deltalake"]);
    }
}
