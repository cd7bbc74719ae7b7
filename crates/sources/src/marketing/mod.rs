//! Synthetic marketing data.
mod channels;
mod history;
mod market;
mod options;
mod shapley;
mod spend;
mod world;

pub use history::{CHANNELS, Conversion, ConversionKind, DIRECT, Touch, TouchKind, UserHistory};
pub use market::{Market, ResponseLaw, Saturation};
pub use options::MarketingOptions;
pub use world::World;

pub use crate::synthetic::GenerateError;

/// Currencies: code, share of the conversions, dollars for one at the start.
pub(crate) const CURRENCIES: [(&str, f64, f64); 3] = [("USD", 0.7, 1.0), ("EUR", 0.2, 1.08), ("GBP", 0.1, 1.27)];

/// Name of a channel by its number.
pub fn channel_name(channel: usize) -> &'static str {
    channels::LAWS.get(channel).map_or("", |law| law.name)
}
