//! Making parts side by side and writing them in order.

use std::path::Path;

use super::files::Files;
use super::generated::Generated;
use super::law::World;
use super::options::CriteoOptions;
use super::parts::{self, Lines};
use crate::synthetic::{BestAuc, GenerateError, Progress, Step, in_order};

/// Writes the log into the folder `out`, which is made if need be, in constant memory and on all
/// threads of the current rayon pool. `progress` is told many times a second.
///
/// # Errors
/// A folder `criteo_events` or a truth that is there already, unless overwriting is allowed, and whatever
/// the file system refuses. Files written until then stay.
pub fn generate(options: &CriteoOptions, out: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Generated, GenerateError> {
    let mut files = Files::new(out, options.overwrite)?;
    let mut so_far = Progress { done: 0, total: options.rows, bytes: 0 };
    let mut tell = |step: Step| {
        so_far.done += step.made;
        so_far.bytes += step.bytes;
        progress(so_far);
    };
    tell(Step::default());
    let world = World::new(options.seed, options.rows);
    let mut best_auc = BestAuc::new();
    let write = |lines: Lines| {
        lines.probabilities.iter().for_each(|probability| best_auc.add(*probability));
        files.write(&lines)
    };
    in_order(parts::stretches(options.rows), |stretch| parts::make(&world, stretch), write, &mut tell)?;
    let (mean_click_probability, best_auc) = best_auc.finish();
    let bytes = files.log.bytes + files.truth_bytes;
    Ok(Generated { log: files.log, bytes, mean_click_probability, best_auc, click_law: world.click_law })
}
