//! What the generators of synthetic logs have in common.

mod click_law;
pub(crate) mod draw;
mod error;
mod in_order;
mod output;
mod told;

pub(crate) use click_law::BestAuc;
pub use click_law::ClickLaw;
pub use error::GenerateError;
pub(crate) use error::failed;
pub(crate) use in_order::{Step, in_order};
pub(crate) use output::{Open, clear};
pub use told::{Progress, TableFiles};
