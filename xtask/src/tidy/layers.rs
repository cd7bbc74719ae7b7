//! Who depends on whom, held against `layers.toml`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use toml::{Table, Value};

use super::Problem;
use super::manifests::Manifest;

/// Which crates of ours something is allowed for.
enum Allowed {
    All,
    These(BTreeSet<String>),
}

impl Allowed {
    /// Reads `"*"` or a list of names.
    fn parse(value: &Value, place: &str) -> Result<Self> {
        match value {
            Value::String(all) if all == "*" => Ok(Self::All),
            Value::Array(names) => {
                let names = names.iter().map(|name| name.as_str().map(str::to_owned));
                let names = names.collect::<Option<_>>();
                Ok(Self::These(names.with_context(|| format!("layers.toml: {place} holds more than strings"))?))
            }
            _ => bail!("layers.toml: {place} is neither \"*\" nor a list of crates"),
        }
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(names) => names.contains(name),
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::All => None,
            Self::These(names) => Some(names.iter().map(String::as_str)),
        }
        .into_iter()
        .flatten()
    }
}

/// What `layers.toml` says.
struct Layers {
    edges: BTreeMap<String, Allowed>,
    dev_edges: BTreeMap<String, Allowed>,
    /// Per reserved crate: who may depend on it, and who may under `[dev-dependencies]`.
    reserved: BTreeMap<String, (Allowed, Allowed)>,
}

impl Layers {
    fn parse(rules: &Table) -> Result<Self> {
        let section = |name: &'static str| rules.get(name).and_then(Value::as_table).into_iter().flatten();
        let edges = |name: &'static str| {
            let parse = |(krate, value): (&String, &Value)| Ok((krate.clone(), Allowed::parse(value, &format!("{name}.{krate}"))?));
            section(name).map(parse).collect::<Result<BTreeMap<_, _>>>()
        };
        let who = |krate: &str, value: &Value, key: &str| match value.get(key) {
            Some(names) => Allowed::parse(names, &format!("reserved.{krate}.{key}")),
            None => Ok(Allowed::These(BTreeSet::new())),
        };
        let mut reserved = BTreeMap::new();
        for (krate, value) in section("reserved") {
            reserved.insert(krate.clone(), (who(krate, value, "only")?, who(krate, value, "dev")?));
        }
        Ok(Self { edges: edges("edges")?, dev_edges: edges("dev_edges")?, reserved })
    }

    /// The entry for this third-party crate: its own, else that of the longest family name.
    fn reservation(&self, package: &str) -> Option<(&str, &(Allowed, Allowed))> {
        let covers = |key: &str| package.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
        let entries = self.reserved.iter().filter(|(key, _)| covers(key));
        entries.max_by_key(|(key, _)| key.len()).map(|(key, entry)| (key.as_str(), entry))
    }
}

/// Every edge that `layers.toml` does not allow, and every name in it that no package has.
pub fn problems(manifests: &[Manifest], rules: &Table) -> Result<Vec<Problem>> {
    let layers = Layers::parse(rules)?;
    let ours: BTreeSet<_> = manifests.iter().map(|manifest| manifest.name.as_str()).collect();
    let mut problems = Vec::new();
    for manifest in manifests {
        let Some(allowed) = layers.edges.get(&manifest.name) else {
            let message = format!("layers.toml has no line `{} = […]` under [edges]: add it", manifest.name);
            problems.push(Problem::new("edges", &manifest.file, message));
            continue;
        };
        for dependency in &manifest.dependencies {
            let package = dependency.package.as_str();
            let dev = dependency.dev && layers.dev_edges.get(&manifest.name).is_some_and(|dev| dev.has(package));
            if ours.contains(package) && !allowed.has(package) && !dev {
                let message = format!("`{}` may not depend on `{package}` (layers.toml [edges])", manifest.name);
                problems.push(Problem::new("edges", &manifest.file, message));
            }
            if let Some((key, (only, dev))) = layers.reservation(package)
                && !only.has(&manifest.name)
                && !(dependency.dev && dev.has(&manifest.name))
            {
                let message = format!(
                    "`{}` may not depend on `{package}` (layers.toml [reserved.{key}]): go through the crate that may",
                    manifest.name
                );
                problems.push(Problem::new("reserved", &manifest.file, message));
            }
        }
    }
    for name in layers.names().into_iter().filter(|name| !ours.contains(name)) {
        let message = format!("no package of the workspace is called `{name}`: mend the name or take it out");
        problems.push(Problem::new("edges", "layers.toml", message));
    }
    Ok(problems)
}

impl Layers {
    /// Every crate of ours that the file names, once.
    fn names(&self) -> BTreeSet<&str> {
        let edges = self.edges.iter().chain(&self.dev_edges);
        let edges = edges.flat_map(|(krate, allowed)| std::iter::once(krate.as_str()).chain(allowed.names()));
        let reserved = self.reserved.values().flat_map(|(only, dev)| only.names().chain(dev.names()));
        edges.chain(reserved).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::problems;
    use super::super::tests::{after, clean_project, plant};

    /// A member's manifest.
    fn manifest(name: &str, dependencies: &str) -> String {
        format!("[package]\nname = \"{name}\"\n[lints]\nworkspace = true\n{dependencies}")
    }

    const LOCK: &str = "[lock]\none_version = [\"arrow\"]\n";

    #[test]
    fn an_edge_upwards_is_reported() {
        let upwards = manifest("spec", "[dependencies]\ngold.workspace = true\n");
        assert_eq!(after("spec/Cargo.toml", &upwards), ["edges spec/Cargo.toml"]);
        let in_tests = manifest("spec", "[dev-dependencies]\ngold.workspace = true\n");
        assert_eq!(after("spec/Cargo.toml", &in_tests), ["edges spec/Cargo.toml"]);
    }

    #[test]
    fn a_dev_edge_is_allowed_for_tests_alone() {
        let rules = format!("[edges]\nspec = []\ngold = [\"spec\"]\n[dev_edges]\nspec = [\"gold\"]\n{LOCK}");
        for (section, expected) in [("dependencies", 1), ("dev-dependencies", 0)] {
            let root = clean_project();
            plant(root.path(), "layers.toml", &rules);
            plant(root.path(), "spec/Cargo.toml", &manifest("spec", &format!("[{section}]\ngold.workspace = true\n")));
            assert_eq!(problems(root.path()).unwrap().len(), expected, "{section}");
        }
    }

    #[test]
    fn a_star_allows_every_crate() {
        let rules = format!("[edges]\nspec = []\ngold = \"*\"\n{LOCK}");
        assert!(after("layers.toml", &rules).is_empty());
    }

    #[test]
    fn a_crate_without_a_line_is_reported() {
        assert_eq!(after("serve/Cargo.toml", &manifest("serve", "")), ["edges serve/Cargo.toml"]);
    }

    #[test]
    fn a_name_that_no_package_has_is_reported() {
        let rules = format!("[edges]\nspec = []\ngold = [\"spec\", \"silver\"]\n{LOCK}");
        assert_eq!(after("layers.toml", &rules), ["edges layers.toml"]);
    }

    #[test]
    fn a_reserved_crate_and_its_family_are_reported() {
        for package in ["datafusion", "datafusion-common"] {
            let text = manifest("spec", &format!("[dependencies]\n{package}.workspace = true\n"));
            assert_eq!(after("spec/Cargo.toml", &text), ["reserved spec/Cargo.toml"], "{package}");
        }
        let other = manifest("spec", "[dependencies]\ndatafusionist.workspace = true\n");
        assert!(after("spec/Cargo.toml", &other).is_empty(), "not of the family");
    }

    #[test]
    fn a_reservation_names_who_may_and_who_may_in_tests() {
        let rules = |reserved: &str| format!("[edges]\nspec = []\ngold = [\"spec\"]\n[reserved.datafusion]\n{reserved}\n{LOCK}");
        let cases = [
            ("only = [\"spec\"]", "dependencies", 0),
            ("only = [\"gold\"]", "dependencies", 1),
            ("only = []\ndev = [\"spec\"]", "dependencies", 1),
            ("only = []\ndev = [\"spec\"]", "dev-dependencies", 0),
            ("only = []\n[reserved.datafusion-common]\nonly = [\"spec\"]", "dependencies", 1),
        ];
        for (reserved, section, expected) in cases {
            let root = clean_project();
            plant(root.path(), "layers.toml", &rules(reserved));
            let text = manifest("spec", &format!("[{section}]\ndatafusion.workspace = true\n"));
            plant(root.path(), "spec/Cargo.toml", &text);
            assert_eq!(problems(root.path()).unwrap().len(), expected, "{reserved} {section}");
        }
    }

    #[test]
    fn a_member_with_an_entry_of_its_own_leaves_the_family() {
        let rules = format!(
            "[edges]\nspec = []\ngold = [\"spec\"]\n[reserved.datafusion]\nonly = []\n\
             [reserved.datafusion-postgres]\nonly = [\"gold\"]\n{LOCK}"
        );
        let root = clean_project();
        plant(root.path(), "layers.toml", &rules);
        plant(root.path(), "gold/Cargo.toml", &manifest("gold", "[dependencies]\ndatafusion-postgres.workspace = true\n"));
        assert_eq!(problems(root.path()).unwrap(), []);
    }
}
