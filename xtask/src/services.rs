//! Python environments: what the optional tests and the benchmark's peers need, under `target/`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::Verdict;
use crate::command::run;

/// A set of packages with an environment of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// Delta readers, an S3 server and an ONNX runtime, for tests.
    Readers,
    /// The engines that the benchmark compares with. Apart from the readers, because the newest
    /// DuckDB has no delta extension on PyPI.
    Bench,
    /// MLflow, for tests of training runs pushed to it.
    Tracking,
}

impl Set {
    /// Where it is installed: always under the project's own `target/`, so that tests find it.
    pub fn folder(self, root: &Path) -> PathBuf {
        root.join(match self {
            Set::Readers => "target/venv",
            Set::Bench => "target/venv-bench",
            Set::Tracking => "target/venv-tracking",
        })
    }

    /// Its Python interpreter.
    pub fn python(self, root: &Path) -> PathBuf {
        self.folder(root).join("bin/python")
    }

    fn requirements(self, root: &Path) -> PathBuf {
        root.join(match self {
            Set::Readers => "xtask/services/readers.txt",
            Set::Bench => "xtask/services/bench.txt",
            Set::Tracking => "xtask/services/tracking.txt",
        })
    }
}

/// Installs a set; does nothing when it stands as required.
pub fn install(root: &Path, set: Set) -> Result<Verdict> {
    let requirements = set.requirements(root);
    let wanted = std::fs::read_to_string(&requirements).with_context(|| format!("cannot read {}", requirements.display()))?;
    let folder = set.folder(root);
    if stands(&folder, &wanted) {
        println!("{}: as required", folder.display());
        return Ok(Verdict::Passed);
    }
    require_python()?;
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))
        .with_context(|| format!("cannot make {} (on Debian: apt-get install python3-venv)", folder.display()))?;
    run(Command::new(set.python(root))
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(&requirements))
    .context("pip could not install the packages: is PyPI (or its mirror) within reach?")?;
    // Written last: an interrupted install has no stamp and starts again.
    std::fs::write(stamp(&folder), &wanted).with_context(|| format!("cannot write into {}", folder.display()))?;
    println!("{}: installed", folder.display());
    Ok(Verdict::Passed)
}

/// The Python scripts right inside a folder, in name order; none if there is no such folder.
pub fn scripts_in(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut scripts = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "py") {
            scripts.push(path);
        }
    }
    scripts.sort();
    Ok(scripts)
}

/// What the environment was installed from lies in it, so a changed pin is noticed.
fn stamp(folder: &Path) -> PathBuf {
    folder.join("requirements.txt")
}

fn stands(folder: &Path, wanted: &str) -> bool {
    std::fs::read_to_string(stamp(folder)).is_ok_and(|installed| installed == wanted) && starts(&folder.join("bin/python"), "import sys")
}

fn require_python() -> Result<()> {
    if !starts(Path::new("python3"), "import sys") {
        bail!("no python3 on the PATH: install it (on Debian: apt-get install python3 python3-venv)");
    }
    if !starts(Path::new("python3"), "import sys; sys.exit(sys.version_info < (3, 11))") {
        bail!("python3 is older than 3.11, which the packages need: put a newer one first on the PATH");
    }
    Ok(())
}

/// Whether the interpreter runs this code and exits with 0.
fn starts(python: &Path, code: &str) -> bool {
    let mut command = Command::new(python);
    command.args(["-c", code]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use super::*;

    /// A stand-in for an installed environment: the stamp and something that starts.
    fn environment(root: &Path, requirements: &str) {
        let folder = Set::Readers.folder(root);
        fs::create_dir_all(folder.join("bin")).unwrap();
        fs::write(stamp(&folder), requirements).unwrap();
        std::os::unix::fs::symlink("/bin/true", folder.join("bin/python")).unwrap();
    }

    #[test]
    fn an_environment_stands_until_a_pin_changes() {
        let root = tempfile::tempdir().unwrap();
        environment(root.path(), "polars==1\n");
        assert!(stands(&Set::Readers.folder(root.path()), "polars==1\n"));
        assert!(!stands(&Set::Readers.folder(root.path()), "polars==2\n"));
        fs::remove_file(Set::Readers.python(root.path())).unwrap();
        assert!(!stands(&Set::Readers.folder(root.path()), "polars==1\n"), "no interpreter");
    }

    #[test]
    fn installing_what_stands_touches_nothing() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("xtask/services")).unwrap();
        fs::write(Set::Readers.requirements(root.path()), "polars==1\n").unwrap();
        environment(root.path(), "polars==1\n");
        assert_eq!(install(root.path(), Set::Readers).unwrap(), Verdict::Passed);
        assert!(!Set::Readers.folder(root.path()).join("pyvenv.cfg").exists());
    }

    #[test]
    fn every_set_pins_every_package() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for set in [Set::Readers, Set::Bench, Set::Tracking] {
            for line in fs::read_to_string(set.requirements(root)).unwrap().lines() {
                assert!(line.starts_with('#') || line.contains("=="), "not pinned: {line}");
            }
        }
    }

    #[test]
    fn the_delta_extension_is_that_of_the_pinned_duckdb() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let text = fs::read_to_string(Set::Readers.requirements(root)).unwrap();
        let version = |package: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(package)?.strip_prefix("=="));
            line.and_then(|rest| rest.split_whitespace().next()).map(str::to_owned).unwrap()
        };
        assert_eq!(version("duckdb"), version("duckdb-extension-delta"));
    }

    #[test]
    fn scripts_are_the_python_files_in_order() {
        let root = tempfile::tempdir().unwrap();
        for name in ["b.py", "a.py", "notes.md"] {
            fs::write(root.path().join(name), "").unwrap();
        }
        let names: Vec<_> = scripts_in(root.path()).unwrap();
        assert_eq!(names, [root.path().join("a.py"), root.path().join("b.py")]);
        assert!(scripts_in(&root.path().join("missing")).unwrap().is_empty());
    }
}
