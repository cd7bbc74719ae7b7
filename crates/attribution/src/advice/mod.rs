//! Where the next unit of budget should go.
mod allocate;

pub use allocate::*;
