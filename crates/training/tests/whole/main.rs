//! What must hold of all learners together, through the public interface alone.
#![allow(clippy::unwrap_used)]

mod audit;
mod honest;
mod odd_input;
mod synthetic;
