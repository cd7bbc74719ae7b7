//! What the command lines share: arguments, settings, progress, reports, exit codes.
//!
//! Results go to stdout, everything else to stderr.

mod args;
mod bars;
mod layer;
mod print;
mod summary;

use std::future::Future;
use std::process::ExitCode;

pub use args::{LakeArgs, load_settings};
pub use bars::Bars;
pub use layer::{LayerArgs, run_layer};
pub use print::{Stdout, print_note, print_result};
pub use summary::{print_report, thousands};

/// Runs a command to its end: 0 done, 1 a check of the data failed, 2 usage, settings or surroundings.
pub fn run<F: Future<Output = lake::Result<ExitCode>>>(threads: usize, command: F) -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_env("ADLAKE_LOG").unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("off"));
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false).try_init();
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if threads > 0 {
        builder.worker_threads(threads);
    }
    // Plans of many joins recurse deeply in debug builds.
    let runtime = match builder.enable_all().thread_stack_size(8 << 20).build() {
        Ok(runtime) => runtime,
        Err(error) => {
            note!("error: no threads could be started: {error}");
            return ExitCode::from(2);
        }
    };
    let done = runtime.block_on(command);
    // What a failed run left behind ends with the process: taken down task by task, libraries panic for want of each other.
    std::mem::forget(runtime);
    match done {
        Ok(code) => code,
        Err(error) => {
            for line in error.to_string().lines() {
                note!("error: {line}");
            }
            ExitCode::from(if error.is_check() { 1 } else { 2 })
        }
    }
}
