//! The project's own chores, run as `cargo x NAME`. No argument parser and no engine: they must build in seconds.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool: results on stdout, progress on stderr")]

mod bench;
mod check;
mod command;
mod docs;
mod gate;
mod services;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

const HELP: &str = "\
The project's own chores.

Usage: cargo x <CHORE>

  check                    before a commit: fmt --check, tidy, docs --check, clippy -D warnings
  tidy                     layers, pins, sizes, names, links, models without tests; compiles nothing
  ci                       all that .ci/run does, step by step, with the time of each
  docs [--check]           write docs/tables.md from the models; with --check, fail when it is stale
  services [--bench | --tracking]
                           install what the optional tests need into target/venv (with --bench, the
                           benchmark's peers into target/venv-bench; with --tracking, MLflow into
                           target/venv-tracking)
  bench NAME [ARGS…]       build the release binary and run bench/NAME.py with ARGS, such as
                           cargo x bench pipeline --requests 1000000 5000000

Exit status: 0 done, 1 a check failed, 2 wrong usage.
";

/// How a chore ended when nothing went wrong in running it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if matches!(arguments[..], [] | ["help" | "--help" | "-h", ..] | [.., "--help"]) && arguments.first() != Some(&"bench") {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match project_root().and_then(|root| dispatch(&root, &arguments)) {
        Ok(Some(Verdict::Passed)) => ExitCode::SUCCESS,
        Ok(Some(Verdict::Failed)) => ExitCode::from(1),
        Ok(None) => {
            eprintln!("no such chore: `cargo x {}`; `cargo x --help` lists them", arguments.join(" "));
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(1)
        }
    }
}

/// Runs the chore; `None` if there is none of that name.
fn dispatch(root: &Path, arguments: &[&str]) -> Result<Option<Verdict>> {
    Ok(Some(match arguments {
        ["check"] => check::check(root),
        ["tidy"] => check::tidy(root)?,
        ["ci"] => check::ci(root),
        ["docs"] => docs::write(root)?,
        ["docs", "--check"] => docs::check(root)?,
        ["services"] => services::install(root, services::Set::Readers)?,
        ["services", "--bench"] => services::install(root, services::Set::Bench)?,
        ["services", "--tracking"] => services::install(root, services::Set::Tracking)?,
        ["bench", name, rest @ ..] => bench::start(root, name, rest)?,
        _ => return Ok(None),
    }))
}

/// The folder with `layers.toml`, from here upwards.
fn project_root() -> Result<PathBuf> {
    let here = std::env::current_dir().context("cannot tell the current folder")?;
    here.ancestors()
        .find(|folder| folder.join("layers.toml").is_file())
        .map(Path::to_path_buf)
        .with_context(|| format!("no layers.toml in {} or above: run cargo x inside the project", here.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn help_names_every_chore() {
        for chore in ["check", "tidy", "ci", "docs", "services", "bench"] {
            assert!(HELP.lines().any(|line| line.starts_with(&format!("  {chore} "))), "{chore}");
        }
    }

    #[test]
    fn an_unknown_chore_is_wrong_usage() {
        assert_eq!(dispatch(Path::new("."), &["tidu"]).unwrap(), None);
        assert_eq!(dispatch(Path::new("."), &["tidy", "--fix"]).unwrap(), None);
    }
}
