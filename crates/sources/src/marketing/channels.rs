//! The channels and what each does. The module's documentation states the law in words.

use super::history::CHANNELS;

/// Who gets to see a channel.
pub(super) enum Audience {
    /// Whoever uses the medium, more on days with more spend: touches a day of a user of average activity.
    Medium(f64),
    /// Those in the market, now and then others: touches a day of the ones and of the others.
    Intent(f64, f64),
    /// Those who visited the site: impressions in the days after a visit.
    Visitors(f64),
    /// Subscribers, so many days apart.
    Subscribers(f64),
}

/// One channel's law.
pub(super) struct Channel {
    pub(super) name: &'static str,
    /// Campaigns and their share of the touches.
    pub(super) campaigns: &'static [(&'static str, f64)],
    pub(super) audience: Audience,
    /// By how much full exposure multiplies the rate of conversions: e to the power of this.
    pub(super) lift: f64,
    /// Conversions a day that full exposure creates in a user of average taste, whether in the market or not.
    pub(super) demand: f64,
    /// Days after which half of a touch's pressure is left.
    pub(super) half_life: f64,
    /// Share of touches that get a click, outside of the market.
    pub(super) clicks: f64,
    /// Price of an impression or, where clicks are paid for, of a click, at the usual spend; USD.
    pub(super) price: f64,
    pub(super) is_paid_per_click: bool,
    /// How far the usual spend has gone into saturation: reach is in proportion to 1 − e^(−saturation × spend / usual spend).
    pub(super) saturation: f64,
}

/// The last one costs nothing and does nothing.
pub(super) const LAWS: [Channel; CHANNELS + 1] = [
    Channel {
        name: "display",
        campaigns: &[("display_prospecting", 0.6), ("display_native", 0.3), ("display_takeover", 0.1)],
        audience: Audience::Medium(0.07),
        lift: 0.25,
        demand: 0.0006,
        half_life: 3.0,
        clicks: 0.006,
        price: 0.004,
        is_paid_per_click: false,
        saturation: 1.5,
    },
    Channel {
        name: "paid_social",
        campaigns: &[("social_lookalike", 0.5), ("social_interest", 0.3), ("social_video", 0.2)],
        audience: Audience::Medium(0.06),
        lift: 0.4,
        demand: 0.0008,
        half_life: 3.0,
        clicks: 0.012,
        price: 0.007,
        is_paid_per_click: false,
        saturation: 1.0,
    },
    Channel {
        name: "video",
        campaigns: &[("video_brand", 0.7), ("video_short", 0.3)],
        audience: Audience::Medium(0.035),
        lift: 0.3,
        demand: 0.0012,
        half_life: 7.0,
        clicks: 0.002,
        price: 0.015,
        is_paid_per_click: false,
        saturation: 0.7,
    },
    Channel {
        name: "search_generic",
        campaigns: &[("generic_category", 0.7), ("generic_competitor", 0.3)],
        audience: Audience::Intent(0.22, 0.003),
        lift: 0.6,
        demand: 0.0,
        half_life: 1.5,
        clicks: 0.25,
        price: 0.9,
        is_paid_per_click: true,
        saturation: 1.2,
    },
    Channel {
        name: "search_brand",
        campaigns: &[("brand_exact", 0.8), ("brand_broad", 0.2)],
        audience: Audience::Intent(0.16, 0.002),
        lift: 0.1,
        demand: 0.0,
        half_life: 0.5,
        clicks: 0.5,
        price: 0.25,
        is_paid_per_click: true,
        saturation: 3.0,
    },
    Channel {
        name: "retargeting",
        campaigns: &[("retargeting_basket", 0.5), ("retargeting_viewed", 0.5)],
        audience: Audience::Visitors(2.0),
        lift: 0.12,
        demand: 0.0,
        half_life: 1.0,
        clicks: 0.015,
        price: 0.006,
        is_paid_per_click: false,
        saturation: 2.0,
    },
    Channel {
        name: "email",
        campaigns: &[("newsletter", 0.75), ("offers", 0.25)],
        audience: Audience::Subscribers(7.0),
        lift: 0.3,
        demand: 0.0004,
        half_life: 2.0,
        clicks: 0.05,
        price: 0.001,
        is_paid_per_click: false,
        saturation: 0.0,
    },
    Channel {
        name: "direct",
        campaigns: &[("direct", 1.0)],
        audience: Audience::Intent(0.35, 0.008),
        lift: 0.0,
        demand: 0.0,
        half_life: 1.0,
        clicks: 1.0,
        price: 0.0,
        is_paid_per_click: false,
        saturation: 0.0,
    },
];

/// Conversions a day of a user of average taste who is in the market, before any advertising.
pub(super) const RATE_IN_MARKET: f64 = 0.03;
/// The same outside of the market.
pub(super) const RATE_OUTSIDE: f64 = 0.0008;
/// How often a user enters the market, per day.
pub(super) const ENTERS_MARKET: f64 = 0.01;
/// Fewest days in the market, and the mean of those beyond.
pub(super) const DAYS_IN_MARKET: (f64, f64) = (2.0, 7.0);
/// Standard deviation of the logarithm of taste.
pub(super) const TASTE_SPREAD: f64 = 0.7;
/// Standard deviation of the logarithm of a user's activity in a medium, and its correlation with that of taste.
pub(super) const ACTIVITY: (f64, f64) = (0.8, 0.5);
/// Days after a visit over which retargeting follows.
pub(super) const FOLLOWED: f64 = 5.0;

/// The exposure that the pressure of touches comes to, 0 to 1.
pub(super) fn exposure(pressure: f64) -> f64 {
    1.0 - (-pressure).exp()
}
