//! `cargo x bench NAME`: hands over to the driver that stands in `bench/`.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::Verdict;
use crate::command::{cargo, run, target_folder};
use crate::services::{Set, scripts_in};

/// Builds the release binary, then runs `bench/NAME.py ARGS…` with its path in `ADLAKE_BIN`.
pub fn start(root: &Path, name: &str, arguments: &[&str]) -> Result<Verdict> {
    let driver = root.join("bench").join(format!("{name}.py"));
    if !driver.is_file() {
        bail!("no bench/{name}.py; there is: {}", drivers(root)?);
    }
    let python = Set::Bench.python(root);
    if !python.is_file() {
        bail!("the peers are not installed: run `cargo x services --bench`");
    }
    // Not `--workspace`: the features, and so the binary, of `cargo run --release` at the root.
    run(&mut cargo(root, &["build", "--release"]))?;
    let binary = target_folder(root).join("release/adlake");
    run(Command::new(python).arg(driver).args(arguments).current_dir(root).env("ADLAKE_BIN", binary))?;
    Ok(Verdict::Passed)
}

/// The names of the benchmarks there are.
fn drivers(root: &Path) -> Result<String> {
    let scripts = scripts_in(&root.join("bench"))?;
    let names: Vec<_> = scripts.iter().filter_map(|path| path.file_stem()).map(|stem| stem.to_string_lossy()).collect();
    Ok(if names.is_empty() { "none".to_owned() } else { names.join(", ") })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use super::*;

    #[test]
    fn an_unknown_benchmark_lists_the_known_ones() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("bench")).unwrap();
        fs::write(root.path().join("bench/pipeline.py"), "").unwrap();
        let error = start(root.path(), "pipelin", &[]).unwrap_err().to_string();
        assert_eq!(error, "no bench/pipelin.py; there is: pipeline");
    }

    #[test]
    fn peers_not_installed_says_how() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("bench")).unwrap();
        fs::write(root.path().join("bench/pipeline.py"), "").unwrap();
        let error = start(root.path(), "pipeline", &[]).unwrap_err().to_string();
        assert!(error.contains("cargo x services --bench"), "{error}");
    }
}
