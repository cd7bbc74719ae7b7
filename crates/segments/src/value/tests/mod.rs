#![allow(clippy::unwrap_used)]

mod bad_input;
mod derivatives;
mod forecasts;
mod recovery;
mod simulated;
