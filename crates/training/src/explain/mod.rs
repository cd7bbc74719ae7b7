//! What a model looks at.

mod gain;

pub use gain::{Contributions, Importance};
