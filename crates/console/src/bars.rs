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
    bar: Mutex<Option<ProgressBar>>,
}

impl Default for Bars {
    fn default() -> Self {
        Self { terminal: std::io::stderr().is_terminal(), bar: Mutex::new(None) }
    }
}

impl Bars {
    /// A line that stays while something goes on.
    pub fn begin(&self, text: &str) {
        if !self.terminal {
            return;
        }
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(text.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        if let Ok(mut slot) = self.bar.lock() {
            *slot = Some(bar);
        }
    }

    /// Ends what [`Bars::begin`] showed.
    pub fn clear(&self) {
        if let Ok(mut slot) = self.bar.lock()
            && let Some(bar) = slot.take()
        {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Bars {
    fn started(&self, table: &TableName) {
        self.begin(&table.to_string());
    }

    fn finished(&self, report: &TableReport) {
        self.clear();
        if report.action == Action::UpToDate && report.notes.is_empty() {
            return;
        }
        let mut line =
            format!("{:<38} {:<10} {:>12} rows  {:>6.2} s", report.table, report.action, thousands(report.rows_written), report.seconds);
        if report.quarantined > 0 {
            line.push_str(&format!("  {} quarantined", thousands(report.quarantined)));
        }
        note!("{line}");
        for note in &report.notes {
            note!("    {note}");
        }
    }
}
