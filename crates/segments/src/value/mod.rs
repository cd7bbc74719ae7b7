//! Customer value: how often customers will buy again, whether they are still there, and what they will spend.

mod bg_nbd;
mod fitted;
mod forecast;
mod gamma_gamma;
mod histories;
mod lifetime;
#[cfg(test)]
mod tests;

pub use bg_nbd::BgNbd;
pub use fitted::{FitSettings, Fitted};
pub use gamma_gamma::GammaGamma;
pub use histories::{Histories, History};
pub use lifetime::{Horizon, customer_values};
