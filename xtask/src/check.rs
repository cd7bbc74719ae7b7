//! The gates: `cargo x check` before a commit, `cargo x ci` on a new machine.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::command::{cargo, run, target_folder};
use crate::gate::Gate;
use crate::services::Set;
use crate::{Verdict, docs, services, tidy};

/// The profile of the build that is tested, and its folder below target.
const PROFILE: &str = "ci";

/// Before a commit. The quick ones first.
pub fn check(root: &Path) -> Verdict {
    let mut gate = Gate::default();
    gate.step("fmt", || fmt(root));
    gate.step("tidy", || tidy(root));
    gate.step("docs", || docs::check(root));
    gate.step("clippy", || clippy(root, &[]));
    gate.finish()
}

/// All that `.ci/run` asks for.
///
/// One target folder and the profile `ci` throughout. `build --all-targets` and `test` share every
/// artifact, so the two steps tell compile time from test time at no cost. Clippy checks the
/// dependencies once more (metadata only) and shares what build scripts and macros need.
/// Python packages are installed while cargo builds; their steps wait for what is left of that.
pub fn ci(root: &Path) -> Verdict {
    let mut gate = Gate::default();
    gate.step("fmt", || fmt(root));
    gate.step("tidy", || tidy(root));
    gate.step("docs", || docs::check(root));
    let installing = [("services", Set::Readers), ("mlflow", Set::Tracking)].map(|(name, set)| {
        let root = root.to_path_buf();
        (name, set, std::thread::spawn(move || services::install(&root, set)))
    });
    let built = gate.step("build", || cargo_step(root, &["build", "--workspace", "--all-targets", "--locked", "--profile", PROFILE]));
    let installed = installing.map(|(name, set, thread)| {
        let done = || thread.join().unwrap_or_else(|_| bail!("the installation panicked"));
        gate.step(name, done).then_some(set)
    });
    if built {
        gate.step("test", || cargo_step(root, &["test", "--workspace", "--profile", PROFILE]));
        gate.step("notebooks", || notebooks(root));
        gate.step("clippy", || clippy(root, &["--profile", PROFILE]));
    } else {
        gate.skip("test", "the build failed");
        gate.skip("notebooks", "the build failed");
        gate.skip("clippy", "the build failed");
    }
    for test in DRIVEN {
        match (built, test.needs.is_none_or(|set| installed.contains(&Some(set)))) {
            (true, true) => {
                gate.step(test.name, || driven(root, test));
            }
            (true, false) => gate.skip(test.name, "NOT TESTED: the services are not installed, see above"),
            (false, _) => gate.skip(test.name, "NOT TESTED: the build failed"),
        }
    }
    gate.finish()
}

/// Prints every problem that tidy finds.
pub fn tidy(root: &Path) -> Result<Verdict> {
    let problems = tidy::problems(root)?;
    for problem in &problems {
        println!("{problem}");
    }
    if problems.is_empty() {
        return Ok(Verdict::Passed);
    }
    println!("tidy: {} to mend", problems.len());
    Ok(Verdict::Failed)
}

fn fmt(root: &Path) -> Result<Verdict> {
    cargo_step(root, &["fmt", "--all", "--check"])
}

fn clippy(root: &Path, profile: &[&str]) -> Result<Verdict> {
    cargo_step(root, &[&["clippy", "--workspace", "--all-targets"], profile, &["--", "-D", "warnings"]].concat())
}

fn cargo_step(root: &Path, arguments: &[&str]) -> Result<Verdict> {
    run(&mut cargo(root, arguments))?;
    Ok(Verdict::Passed)
}

/// The chapters under examples/ run, and the pages under docs/notebooks are what they say.
fn notebooks(root: &Path) -> Result<Verdict> {
    let binary = target_folder(root).join(PROFILE).join("chapters");
    let mut chapters = Command::new(binary);
    run(chapters.args(["render", "--check"]).current_dir(root))?;
    Ok(Verdict::Passed)
}

/// A test that drives a binary as another process: tests/NAME/NAME.py, called with the path of the binary. Its own `--help`
/// tells of longer ways to run it.
struct Driven {
    name: &'static str,
    /// Below the profile's folder.
    binary: &'static str,
    needs: Option<Set>,
    arguments: &'static [&'static str],
}

/// Other people's readers on our tables; kills and two writers at once; all of that on S3; training runs pushed to MLflow; another
/// runtime on our models; other libraries on customers; another engine on the shop's tables; the
/// marketing tables worked out once more in Python.
const DRIVEN: [Driven; 8] = [
    Driven { name: "readers", binary: "adlake", needs: Some(Set::Readers), arguments: &[] },
    Driven { name: "crash", binary: "adlake", needs: None, arguments: &[] },
    Driven { name: "s3", binary: "adlake", needs: Some(Set::Readers), arguments: &[] },
    Driven { name: "tracking", binary: "examples/push", needs: Some(Set::Tracking), arguments: &[] },
    Driven { name: "onnx_check", binary: "examples/onnx", needs: Some(Set::Readers), arguments: &[] },
    Driven { name: "segments", binary: "examples/customers", needs: Some(Set::Readers), arguments: &[] },
    Driven { name: "commerce", binary: "adlake", needs: Some(Set::Readers), arguments: &["--months", "2"] },
    Driven { name: "marketing", binary: "adlake", needs: Some(Set::Readers), arguments: &[] },
];

fn driven(root: &Path, test: Driven) -> Result<Verdict> {
    let python = test.needs.map_or_else(|| PathBuf::from("python3"), |set| set.python(root));
    let script = root.join("tests").join(test.name).join(test.name).with_extension("py");
    // No bytecode beside the sources.
    run(Command::new(python)
        .arg("-B")
        .arg(script)
        .arg(target_folder(root).join(PROFILE).join(test.binary))
        .args(test.arguments)
        .current_dir(root))?;
    Ok(Verdict::Passed)
}
