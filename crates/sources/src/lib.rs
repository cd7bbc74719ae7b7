//! Where raw data comes from: files in many formats, and the synthetic generators.

pub mod adtech;
pub mod commerce;
pub mod criteo;
pub mod files;
pub mod marketing;
mod synthetic;
