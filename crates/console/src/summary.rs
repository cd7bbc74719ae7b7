//! A run's report as people read it.

use lake::{Action, RunReport};

/// Prints what a run did, table by table.
pub fn print_report(report: &RunReport) {
    let worked: Vec<_> = report.tables.iter().filter(|t| t.action != Action::UpToDate).collect();
    if worked.is_empty() {
        println!("Nothing new: every table is up to date ({:.2} s).", report.seconds);
        return;
    }
    println!(
        "{:<38} {:<10} {:>12} {:>12} {:>10} {:>10} {:>11} {:>8}",
        "table", "action", "rows read", "written", "duplicate", "filtered", "quarantined", "seconds"
    );
    for table in &worked {
        println!(
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
            println!("{}: {} row(s) break expectation '{rule}'", table.table, thousands(*rows));
        }
    }
    if let Some(first) = report.behind.first() {
        let who = match report.behind.len() {
            1 => format!("{first} has"),
            n => format!("{first} and {} more have", n - 1),
        };
        println!("{who} not read the new rows: queries see the last release until `adlake run` has brought all tables up to date.");
    }
    let same = report.tables.len() - worked.len();
    let release = report.release.map(|r| format!("release {r}")).unwrap_or_else(|| "no release".to_owned());
    println!("{} table(s) changed, {same} up to date, {release}, {:.2} s.", worked.len(), report.seconds);
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
