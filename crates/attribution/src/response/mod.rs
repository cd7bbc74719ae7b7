//! What spend brings: curves with saturation and carry-over, fitted jointly to the days of all channels, with how sure they are.
//!
//! ```text
//! outcomes of a day = baseline + Σ over channels most × c^shape / (half^shape + c^shape) + noise
//! c = carry × c of the day before + (1 − carry) × the day's spend
//! ```
//!
//! The baseline is a level, weekdays, and a line that may bend every eight weeks. It and the noise's size are integrated out exactly; the
//! curves' parameters have weak priors, and are drawn from their posterior by Hamiltonian Monte Carlo (Neal 2011), begun at the most
//! probable ones. Every draw is a set of curves that the days leave possible, and what is computed for each of them and compared has its
//! uncertainty with it.
//!
//! What makes this possible is that spend moved: a channel whose spend never changed has curves as wide as the prior. Spend that follows
//! demand within weeks counts as what it follows.

mod baseline;
mod curve;
mod fit;
mod history;
mod posterior;
mod sampling;
#[cfg(test)]
mod tests;

pub use curve::Curve;
pub use fit::{Response, ResponseSettings};
pub use history::{ChannelHistory, History};
