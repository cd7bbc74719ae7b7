//! Where raw data comes from: files in many formats, and the synthetic generator.

pub mod adtech;
pub mod files;
