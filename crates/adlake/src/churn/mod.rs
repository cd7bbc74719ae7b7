//! Churn models: from `gold.customer_churn_features` to a model that states how likely a customer stays away, and whom an offer is worth.
//!
//! - [`Customers`] are the rows with a label, in the order of their cuts;
//! - [`train`] audits, walks forward over cuts, learns from all of them and calibrates, as [`TrainSettings`] say;
//! - a [`ChurnModel`] is a model and its [`Card`]: how it did on each cut ([`WalkForward`]), what drives it ([`Driver`]), what it earns
//!   ([`OfferReport`]);
//! - [`run_of`] tells of it in MLflow's words;
//! - [`score()`] writes `gold.churn_scores`.

mod card;
mod customers;
mod drivers;
mod evidence;
mod learner;
mod offer;
mod reasons;
mod run_of;
mod score;
mod settings;
mod train;
mod walk;
mod words;

pub use card::{Card, ChurnModel, Counts};
pub use customers::Customers;
pub use drivers::Driver;
pub use offer::{Offer, OfferReport};
pub use run_of::run_of;
pub use score::score;
pub use settings::{Learner, TrainSettings};
pub use train::{Outcome, Trained, learn, train};
pub use walk::{CutReport, Prediction, WalkForward, date};

use crate::models::learned;
