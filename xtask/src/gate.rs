//! A row of named steps with the time of each. A failed step does not stop the row: one run should tell everything.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::Verdict;

enum Outcome {
    Passed,
    Failed(String),
    Skipped(String),
}

/// The steps run so far.
#[derive(Default)]
pub struct Gate {
    steps: Vec<(&'static str, Outcome, Duration)>,
}

impl Gate {
    /// Runs a step and says at once how it went. True if it passed.
    pub fn step(&mut self, name: &'static str, work: impl FnOnce() -> Result<Verdict>) -> bool {
        eprintln!("=== {name}");
        let start = Instant::now();
        let outcome = match work() {
            Ok(Verdict::Passed) => Outcome::Passed,
            Ok(Verdict::Failed) => Outcome::Failed("see above".to_owned()),
            Err(error) => Outcome::Failed(format!("{error:#}")),
        };
        let passed = matches!(outcome, Outcome::Passed);
        self.steps.push((name, outcome, start.elapsed()));
        eprint!("{}", self.lines_from(self.steps.len() - 1));
        passed
    }

    /// Notes a step that was not run. Skipping is no failure of its own: what caused it has been counted.
    pub fn skip(&mut self, name: &'static str, reason: &str) {
        self.steps.push((name, Outcome::Skipped(reason.to_owned()), Duration::ZERO));
        eprint!("{}", self.lines_from(self.steps.len() - 1));
    }

    /// Prints the summary; failed if any step failed.
    pub fn finish(self) -> Verdict {
        let total: Duration = self.steps.iter().map(|(_, _, time)| *time).sum();
        eprintln!("=== summary");
        eprint!("{}", self.lines_from(0));
        eprintln!("{:<10} {:>8.1} s", "total", total.as_secs_f64());
        let failed = self.steps.iter().any(|(_, outcome, _)| matches!(outcome, Outcome::Failed(_)));
        if failed { Verdict::Failed } else { Verdict::Passed }
    }

    fn lines_from(&self, first: usize) -> String {
        let mut lines = String::new();
        for (name, outcome, time) in &self.steps[first..] {
            let outcome = match outcome {
                Outcome::Passed => "ok".to_owned(),
                Outcome::Failed(why) => format!("FAILED: {why}"),
                Outcome::Skipped(why) => format!("skipped: {why}"),
            };
            // Writing to a string cannot fail.
            let _ = writeln!(lines, "{name:<10} {:>8.1} s  {outcome}", time.as_secs_f64());
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_fails_the_gate_and_the_rest_still_runs() {
        let mut gate = Gate::default();
        assert!(!gate.step("first", || anyhow::bail!("broken")));
        assert!(!gate.step("second", || Ok(Verdict::Failed)));
        assert!(gate.step("third", || Ok(Verdict::Passed)));
        gate.skip("fourth", "second failed");
        let lines = gate.lines_from(0);
        assert!(lines.contains("FAILED: broken") && lines.contains("skipped: second failed"), "{lines}");
        assert_eq!(gate.finish(), Verdict::Failed);
    }

    #[test]
    fn skipping_alone_passes() {
        let mut gate = Gate::default();
        assert!(gate.step("only", || Ok(Verdict::Passed)));
        gate.skip("other", "nothing to run");
        assert_eq!(gate.finish(), Verdict::Passed);
    }
}
