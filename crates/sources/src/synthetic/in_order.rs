//! Parts made side by side and written in order.

use rayon::prelude::*;

use super::GenerateError;

/// What writing a part came to.
#[derive(Default)]
pub(crate) struct Step {
    /// How much further the work is, in the unit of [`super::Progress`].
    pub made: u64,
    /// Bytes written.
    pub bytes: u64,
}

/// Makes parts on all threads and writes them in order, each batch while the next is made. A few
/// parts at a time are in memory.
pub(crate) fn in_order<Job: Send + Sync, Part: Send>(
    mut jobs: impl Iterator<Item = Job> + Send,
    make: impl Fn(&Job) -> Part + Sync,
    mut write: impl FnMut(Part) -> Result<Step, GenerateError> + Send,
    tell: &mut dyn FnMut(Step),
) -> Result<(), GenerateError> {
    let batch_size = rayon::current_num_threads() * 8;
    let mut made: Vec<Part> = Vec::new();
    loop {
        let batch: Vec<Job> = jobs.by_ref().take(batch_size).collect();
        if batch.is_empty() && made.is_empty() {
            return Ok(());
        }
        let write_made = || {
            made.into_iter().try_fold(Step::default(), |sum, part| {
                let step = write(part)?;
                Ok(Step { made: sum.made + step.made, bytes: sum.bytes + step.bytes })
            })
        };
        let (written, next) = rayon::join(write_made, || batch.par_iter().map(&make).collect());
        tell(written?);
        made = next;
    }
}
