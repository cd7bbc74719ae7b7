//! What a model looks at.

mod dependence;
mod gain;
mod permutation;

pub use dependence::{Dependence, DependencePoint, DependenceValue, partial_dependence};
pub use gain::{Contributions, Importance};
pub use permutation::{PermutationImportance, permutation_importance};

#[cfg(test)]
mod tests;
