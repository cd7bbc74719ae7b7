//! What the generator wrote, and the truth about it.

use std::fmt;

use serde::Serialize;

use crate::synthetic::TableFiles;

/// What one channel did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChannelTruth {
    /// The channel.
    pub channel: &'static str,
    /// Conversions that it caused; where several channels were needed, its Shapley value.
    pub incremental_conversions: f64,
    /// The same as a share of all conversions.
    pub incremental_share: f64,
    /// Conversions that would be missing had this channel alone been switched off.
    pub lost_without: u64,
    /// The true law: full exposure multiplies the rate of conversions by e^lift.
    pub lift: f64,
    /// The true law: conversions a day that full exposure creates in a user of average taste.
    pub demand: f64,
    /// The true law: days after which half of a touch's pressure is left.
    pub half_life_days: f64,
}

/// What was generated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Generated {
    /// The files of each table.
    pub tables: Vec<TableFiles>,
    /// All conversions.
    pub conversions: u64,
    /// Those that would have come without any advertising.
    pub baseline_conversions: u64,
    /// Each channel that costs money.
    pub channels: Vec<ChannelTruth>,
}

impl fmt::Display for Generated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for TableFiles { table, files, rows, bytes } in &self.tables {
            let plural = if *files == 1 { "" } else { "s" };
            writeln!(f, "{table:<20} {rows:>10} rows  {:>8.1} MB  {files} file{plural}", *bytes as f64 / 1e6)?;
        }
        let share = |part: f64| 100.0 * part / (self.conversions as f64).max(1.0);
        writeln!(f, "\nof {} conversions came", self.conversions)?;
        writeln!(f, "{:<20} {:>10}  {:>5.1} %", "anyway", self.baseline_conversions, share(self.baseline_conversions as f64))?;
        for truth in &self.channels {
            let caused = truth.incremental_conversions;
            writeln!(f, "{:<20} {caused:>10.1}  {:>5.1} %", format!("by {}", truth.channel), share(caused))?;
        }
        Ok(())
    }
}
