//! The tests of all layers together: the shipped models over small raw files, in lakes held in memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr, reason = "tests")]

mod ad_touches;
mod broken_input;
mod churn;
mod clicks;
mod commerce;
mod criteo;
mod features;
mod incremental;
mod lakes;
mod live_rfm;
mod marketing;
mod odd_sources;
mod other_types;
mod pipeline;
mod raw;
mod replay;
mod slt;
mod workbooks;
