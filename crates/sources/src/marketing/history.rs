//! What one user saw and did, with the truth about it.

/// Channels that cost money; the touches of one more, `direct`, cost nothing and do nothing.
pub const CHANNELS: usize = 7;
/// The number of the channel `direct`.
pub const DIRECT: usize = CHANNELS;

/// Whether a touch was seen or clicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TouchKind {
    /// The ad was shown.
    Impression,
    /// The ad was clicked, or the site visited.
    Click,
}

/// A contact of a user with a channel, or one that would have been.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Touch {
    /// Microseconds since the first day began.
    pub at: i64,
    /// The channel's number.
    pub channel: usize,
    /// The campaign's number within the channel.
    pub campaign: usize,
    /// Seen or clicked.
    pub kind: TouchKind,
    /// The user was in the channel's holdout: nothing was shown, only written down.
    pub is_ghost: bool,
}

/// What kind of conversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConversionKind {
    /// Bought something.
    Purchase,
    /// Made an account.
    SignUp,
    /// Installed the app.
    Install,
}

/// A conversion and what became of it in every other world.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversion {
    /// Microseconds since the first day began.
    pub at: i64,
    /// Its kind.
    pub kind: ConversionKind,
    /// Hundredths of the currency.
    pub value_cents: i64,
    /// The number of the currency.
    pub currency: usize,
    /// It would have come without any advertising.
    pub is_baseline: bool,
    /// The Shapley value of each channel in the game "does this conversion come with these channels alone": sums to 1 where
    /// advertising was needed, to 0 where not.
    pub caused_by: [f64; CHANNELS],
    /// It would not have come with this channel switched off and all others on.
    pub lost_without: [bool; CHANNELS],
}

/// All that is known of one user.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UserHistory {
    /// In the order of time.
    pub touches: Vec<Touch>,
    /// In the order of time.
    pub conversions: Vec<Conversion>,
}
