//! How far a training is, for people: a line per step, a bar where a step has parts.

use std::io::IsTerminal;
use std::sync::Mutex;

use adlake::models::Step;
use console::note;
use indicatif::{ProgressBar, ProgressStyle};

/// Tells it on stderr.
#[derive(Default)]
pub struct Steps {
    bar: Mutex<Option<ProgressBar>>,
}

/// Without a terminal a line comes for each of so many parts of a step.
const LINES: usize = 10;

impl Steps {
    /// Shows a step.
    pub fn show(&self, step: Step<'_>) {
        let Ok(mut bar) = self.bar.lock() else { return };
        match step {
            Step::Begins(what) => {
                if let Some(bar) = bar.take() {
                    bar.finish_and_clear();
                }
                note!("{what} …");
            }
            Step::Done { done, of, note } if std::io::stderr().is_terminal() => {
                let bar = bar.get_or_insert_with(|| {
                    let bar = ProgressBar::new(of as u64);
                    if let Ok(style) = ProgressStyle::with_template("{bar:32} {percent:>3} % {elapsed} (left {eta}) {msg}") {
                        bar.set_style(style);
                    }
                    bar
                });
                bar.set_position(done as u64);
                bar.set_message(note.to_owned());
                if done >= of {
                    bar.finish_and_clear();
                }
            }
            Step::Done { done, of, note } => {
                let line = |done: usize| done * LINES / of.max(1);
                if line(done) > line(done.saturating_sub(1)) {
                    note!("  {} %{}{note}", done * 100 / of.max(1), if note.is_empty() { "" } else { "  " });
                }
            }
        }
    }
}
