//! Progress on stderr: a spinner with the elapsed time on a terminal, one plain line per table elsewhere.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use lake::{Action, Progress, TableReport};
use spec::TableName;

use crate::note;
use crate::summary::thousands;

/// Shows what a run is at.
pub struct Bars {
    terminal: bool,
    shown: Mutex<Shown>,
}

#[derive(Default)]
struct Shown {
    /// What goes on.
    texts: Vec<String>,
    bar: Option<ProgressBar>,
}

impl Default for Bars {
    fn default() -> Self {
        Self { terminal: std::io::stderr().is_terminal(), shown: Mutex::default() }
    }
}

impl Bars {
    /// A line that stays while something goes on.
    pub fn begin(&self, text: &str) {
        self.show(|texts| texts.push(text.to_owned()));
    }

    /// Ends all that [`Bars::begin`] showed.
    pub fn clear(&self) {
        self.show(Vec::clear);
    }

    fn show(&self, change: impl FnOnce(&mut Vec<String>)) {
        if !self.terminal {
            return;
        }
        let Ok(mut shown) = self.shown.lock() else { return };
        change(&mut shown.texts);
        if shown.texts.is_empty() {
            if let Some(bar) = shown.bar.take() {
                bar.finish_and_clear();
            }
            return;
        }
        let text = shown.texts.join(", ");
        let bar = shown.bar.get_or_insert_with(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        bar.set_message(text);
    }

    /// Prints a line above what is shown.
    fn print(&self, line: &str) {
        match self.shown.lock().ok().and_then(|shown| shown.bar.clone()) {
            Some(bar) => bar.suspend(|| note!("{line}")),
            None => note!("{line}"),
        }
    }
}

impl Progress for Bars {
    fn started(&self, table: &TableName) {
        self.begin(&table.to_string());
    }

    fn finished(&self, report: &TableReport) {
        let name = report.table.to_string();
        self.show(|texts| texts.retain(|text| *text != name));
        if report.action == Action::UpToDate && report.notes.is_empty() {
            return;
        }
        let mut line =
            format!("{:<38} {:<10} {:>12} rows  {:>6.2} s", report.table, report.action, thousands(report.rows_written), report.seconds);
        if report.quarantined > 0 {
            line.push_str(&format!("  {} quarantined", thousands(report.quarantined)));
        }
        self.print(&line);
        for note in &report.notes {
            self.print(&format!("    {note}"));
        }
    }
}
