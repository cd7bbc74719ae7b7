//! What spend brings: curves with saturation and carry-over, fitted jointly to the days of all channels, with how sure they are.
mod baseline;
mod curve;
mod fit;
mod history;
mod posterior;
mod sampling;

pub use curve::Curve;
pub use fit::{Response, ResponseSettings};
pub use history::{ChannelHistory, History};
