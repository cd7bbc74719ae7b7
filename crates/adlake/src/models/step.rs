//! How far a training is.

/// What whoever waits for a training is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step<'s> {
    /// Something begins, such as `looking for leaks`.
    Begins(&'s str),
    /// Of what began last, so much is done.
    Done {
        /// So many,
        done: usize,
        /// of so many,
        of: usize,
        /// and what is known by now; may be empty.
        note: &'s str,
    },
}
