//! What the rows sum to.

use std::collections::BTreeMap;

use super::history::{CHANNELS, Conversion, ConversionKind, DIRECT, Touch, TouchKind, UserHistory};
use super::rows::cost_micros;
use super::world::{DAY, World};

/// Days for which the last click before an install counts.
const LOOK_BACK: f64 = 30.0;

/// A day's campaign.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Day {
    pub(super) spend_micros: i64,
    pub(super) impressions: u64,
    pub(super) clicks: u64,
    /// Installs whose last click before was this campaign's, as platforms report them.
    pub(super) installs: u64,
}

/// Sums over users; integers, or in the users' order.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    /// By day, channel and campaign.
    pub(super) days: BTreeMap<(u64, usize, usize), Day>,
    pub(super) conversions: u64,
    pub(super) baseline: u64,
    pub(super) caused_by: [f64; CHANNELS],
    pub(super) lost_without: [u64; CHANNELS],
}

impl Tally {
    pub(super) fn add(&mut self, world: &World, history: &UserHistory) {
        for touch in history.touches.iter().filter(|touch| !touch.is_ghost && touch.channel < DIRECT) {
            let day = self.days.entry(key(touch, touch.at)).or_default();
            day.spend_micros += cost_micros(world, touch);
            day.impressions += u64::from(touch.kind == TouchKind::Impression);
            day.clicks += u64::from(touch.kind == TouchKind::Click);
        }
        for conversion in &history.conversions {
            self.conversions += 1;
            self.baseline += u64::from(conversion.is_baseline);
            for channel in 0..CHANNELS {
                self.caused_by[channel] += conversion.caused_by[channel];
                self.lost_without[channel] += u64::from(conversion.lost_without[channel]);
            }
            if let Some(click) = clicked_before(&history.touches, conversion) {
                self.days.entry(key(click, conversion.at)).or_default().installs += 1;
            }
        }
    }

    /// Adds the sums of the users that follow.
    pub(super) fn merge(&mut self, other: &Self) {
        for (key, day) in &other.days {
            let own = self.days.entry(*key).or_default();
            own.spend_micros += day.spend_micros;
            own.impressions += day.impressions;
            own.clicks += day.clicks;
            own.installs += day.installs;
        }
        self.conversions += other.conversions;
        self.baseline += other.baseline;
        for channel in 0..CHANNELS {
            self.caused_by[channel] += other.caused_by[channel];
            self.lost_without[channel] += other.lost_without[channel];
        }
    }
}

fn key(touch: &Touch, at: i64) -> (u64, usize, usize) {
    ((at as f64 / DAY) as u64, touch.channel, touch.campaign)
}

fn clicked_before<'a>(touches: &'a [Touch], conversion: &Conversion) -> Option<&'a Touch> {
    let oldest = conversion.at - (LOOK_BACK * DAY) as i64;
    let counts = |touch: &&Touch| touch.kind == TouchKind::Click && touch.channel < DIRECT && (oldest..conversion.at).contains(&touch.at);
    touches.iter().rev().find(counts).filter(|_| conversion.kind == ConversionKind::Install)
}
