//! A run's report as people read it.

use lake::{Action, RunReport};

use crate::out;

/// Tables that a run does not make, and who does.
const COMMANDS: [(&str, &str); 3] = [
    ("gold.churn_scores", "adlake score churn --model NAME"),
    ("gold.click_scores", "adlake score click --model NAME"),
    ("gold.budget_advice", "adlake advise"),
];

/// Prints what a run did, table by table, and how many files of the source it did not read.
pub fn print_report(report: &RunReport, unread: usize) {
    let worked: Vec<_> = report.tables.iter().filter(|t| t.action != Action::UpToDate).collect();
    if worked.is_empty() {
        match unread {
            0 => out!("Nothing new: every table is up to date ({:.2} s).", report.seconds),
            _ => out!("Nothing new in what could be read; {} ({:.2} s).", not_read(unread), report.seconds),
        }
        return;
    }
    out!(
        "{:<38} {:<10} {:>12} {:>12} {:>10} {:>10} {:>11} {:>8}",
        "table",
        "action",
        "rows read",
        "written",
        "duplicate",
        "filtered",
        "quarantined",
        "seconds"
    );
    for table in &worked {
        out!(
            "{:<38} {:<10} {:>12} {:>12} {:>10} {:>10} {:>11} {:>8.2}",
            table.table,
            table.action,
            thousands(table.rows_read),
            thousands(table.rows_written),
            thousands(table.deduplicated),
            thousands(table.filtered),
            thousands(table.quarantined),
            table.seconds
        );
    }
    for table in &worked {
        for (rule, rows) in &table.broken {
            out!("{}: {} row(s) break expectation '{rule}'", table.table, thousands(*rows));
        }
    }
    for table in &report.orphans {
        match COMMANDS.iter().find(|(name, _)| *name == table.to_string()) {
            Some((_, command)) => out!("{table} is older than what it was made from: `{command}` brings it up to date."),
            None => {
                out!(
                    "{table} is older than what it was made from, and no model here makes it; run the models that do, or remove its folder."
                );
            }
        }
    }
    if let Some(first) = report.behind.first() {
        let who = match report.behind.len() {
            1 => format!("{first} has"),
            n => format!("{first} and {} more have", n - 1),
        };
        out!("{who} not read the new rows: queries see the last release until `adlake run` has brought all tables up to date.");
    }
    if unread > 0 {
        out!("{}.", not_read(unread));
    }
    let same = report.tables.len() - worked.len();
    let release = report.release.map(|r| format!("release {r}")).unwrap_or_else(|| "no release".to_owned());
    out!("{} table(s) changed, {same} up to date, {release}, {:.2} s.", worked.len(), report.seconds);
}

fn not_read(files: usize) -> String {
    format!("{} file(s) or folder(s) of the source were not read, the reasons are on stderr", thousands(files as u64))
}

/// A number with spaces between its thousands.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}
