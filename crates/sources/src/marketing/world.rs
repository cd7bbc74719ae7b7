//! One world: the days' spend, and each user on their own.

use super::channels::{
    ACTIVITY, Audience, Channel, DAYS_IN_MARKET, ENTERS_MARKET, FOLLOWED, LAWS, RATE_IN_MARKET, RATE_OUTSIDE, TASTE_SPREAD, exposure,
};
use super::history::{CHANNELS, Conversion, ConversionKind, DIRECT, Touch, TouchKind, UserHistory};
use super::options::MarketingOptions;
use super::shapley;
use super::spend::Spend;
use super::{CURRENCIES, GenerateError};
use crate::synthetic::draw::{Draws, Stream};

/// Microseconds in a day.
pub(super) const DAY: f64 = 86_400_000_000.0;

/// A world in which every user can be asked for on their own: the same answer in any order and on any thread.
pub struct World {
    seed: u64,
    days: f64,
    holdout: f64,
    pub(super) spend: Spend,
}

/// The set of all channels.
const ALL: usize = (1 << CHANNELS) - 1;

/// What a user is like.
struct Person {
    taste: f64,
    activity: [f64; CHANNELS],
    is_subscriber: bool,
    is_held_out: [bool; CHANNELS],
    /// From and to, in days.
    in_market: Vec<(f64, f64)>,
}

impl Person {
    fn is_in_market(&self, at: f64) -> bool {
        self.in_market.iter().any(|(from, to)| *from <= at && at < *to)
    }
}

impl World {
    /// The world of these options.
    ///
    /// # Errors
    /// Options that make no sense.
    pub fn new(options: &MarketingOptions) -> Result<Self, GenerateError> {
        options.check()?;
        let spend = Spend::new(options.seed, options.days);
        Ok(Self { seed: options.seed, days: f64::from(options.days), holdout: options.holdout, spend })
    }

    /// What the user of this number saw and did.
    pub fn user(&self, number: u64) -> UserHistory {
        let person = self.person(number);
        let touches = self.touches(number, &person);
        let conversions = self.conversions(number, &person, &touches);
        UserHistory { touches, conversions }
    }

    fn person(&self, number: u64) -> Person {
        let draws = &mut Draws::new(self.seed, Stream::Shopper, number);
        let liking = draws.normal();
        let (spread, correlation) = ACTIVITY;
        let own = (1.0 - correlation * correlation).sqrt();
        let activity = std::array::from_fn(|_| (spread * (correlation * liking + own * draws.normal()) - spread * spread / 2.0).exp());
        let is_subscriber = draws.chance(1.0 / (1.0 + (1.0 - liking).exp()));
        let mut in_market = Vec::new();
        // Someone may have entered the market before the first day.
        let mut at = draws.gap() / ENTERS_MARKET - 20.0;
        while at < self.days {
            let until = at + DAYS_IN_MARKET.0 + DAYS_IN_MARKET.1 * draws.gap();
            in_market.push((at, until));
            at = until + draws.gap() / ENTERS_MARKET;
        }
        let holdout = &mut Draws::new(self.seed, Stream::Holdout, number);
        let is_held_out = std::array::from_fn(|_| holdout.chance(self.holdout));
        Person { taste: (TASTE_SPREAD * liking - TASTE_SPREAD * TASTE_SPREAD / 2.0).exp(), activity, is_subscriber, is_held_out, in_market }
    }

    fn touches(&self, number: u64, person: &Person) -> Vec<Touch> {
        let draws = &mut Draws::new(self.seed, Stream::Opportunity, number);
        let mut touches = Vec::new();
        let mut visits = Vec::new();
        for at in self.arrivals(draws, person, DIRECT) {
            visits.push(at);
            self.add(&mut touches, draws, person, DIRECT, at);
        }
        for (channel, law) in LAWS.iter().enumerate().take(CHANNELS) {
            let times = match law.audience {
                Audience::Visitors(mean) => self.following(draws, &visits, channel, mean),
                Audience::Subscribers(apart) => self.mailings(draws, person, apart),
                Audience::Medium(_) | Audience::Intent(..) => self.arrivals(draws, person, channel),
            };
            for at in times {
                self.add(&mut touches, draws, person, channel, at);
            }
        }
        touches.sort_by_key(|touch| (touch.at, touch.channel, touch.kind));
        touches
    }

    /// Times by a Poisson process whose rate follows intent or activity, and the day's spend.
    fn arrivals(&self, draws: &mut Draws, person: &Person, channel: usize) -> Vec<f64> {
        let (most, least) = match LAWS[channel].audience {
            Audience::Medium(rate) => (rate * person.activity[channel], rate * person.activity[channel]),
            Audience::Intent(inside, outside) => (inside, outside),
            Audience::Visitors(_) | Audience::Subscribers(_) => return Vec::new(),
        };
        let mut times = Vec::new();
        let quickest = most * self.spend.most_reach(channel);
        let mut at = draws.gap() / quickest;
        while at < self.days {
            let rate = if person.is_in_market(at) { most } else { least };
            if draws.chance(rate * self.spend.reach(channel, at) / quickest) {
                times.push(at);
            }
            at += draws.gap() / quickest;
        }
        times
    }

    fn following(&self, draws: &mut Draws, visits: &[f64], channel: usize, mean: f64) -> Vec<f64> {
        let mut times = Vec::new();
        for visit in visits {
            let mut after = draws.gap() * FOLLOWED / mean;
            while after < FOLLOWED {
                let at = visit + after;
                if at < self.days && draws.chance(self.spend.reach(channel, at) / self.spend.most_reach(channel)) {
                    times.push(at);
                }
                after += draws.gap() * FOLLOWED / mean;
            }
        }
        times
    }

    fn mailings(&self, draws: &mut Draws, person: &Person, apart: f64) -> Vec<f64> {
        let mut times = Vec::new();
        // Read some hours after it was sent.
        let mut at = draws.fraction() * apart;
        while person.is_subscriber && at < self.days {
            times.push(at);
            at += apart * (0.8 + 0.4 * draws.fraction());
        }
        times
    }

    /// Adds a touch and perhaps its click, or what would have been.
    fn add(&self, touches: &mut Vec<Touch>, draws: &mut Draws, person: &Person, channel: usize, at: f64) {
        let law: &Channel = &LAWS[channel];
        let campaign = pick(law.campaigns, draws.fraction());
        let (is_click, delay) = (draws.fraction(), draws.fraction());
        let is_ghost = channel < CHANNELS && person.is_held_out[channel];
        let at = (at * DAY) as i64;
        if channel == DIRECT {
            touches.push(Touch { at, channel, campaign, kind: TouchKind::Click, is_ghost });
            return;
        }
        touches.push(Touch { at, channel, campaign, kind: TouchKind::Impression, is_ghost });
        let probability = law.clicks * if person.is_in_market(at as f64 / DAY) { 2.0 } else { 1.0 };
        if !is_ghost && is_click < probability.min(0.9) {
            // Within a minute.
            touches.push(Touch { at: at + 2_000_000 + (delay * 58e6) as i64, channel, campaign, kind: TouchKind::Click, is_ghost });
        }
    }

    /// Conversions by thinning: what may come comes at a rate that all exposure at its fullest would give, with a mark each; it
    /// comes if the mark lies below the rate there is. So every world with other channels sees the same chances.
    fn conversions(&self, number: u64, person: &Person, touches: &[Touch]) -> Vec<Conversion> {
        let draws = &mut Draws::new(self.seed, Stream::Purchase, number);
        let full_lift: f64 = LAWS.iter().map(|law| law.lift).sum();
        let full_demand: f64 = LAWS.iter().map(|law| law.demand).sum();
        let bound = |base: f64| base * full_lift.exp() + full_demand;
        let (inside, outside) = (bound(RATE_IN_MARKET), bound(RATE_OUTSIDE));
        let mut found = Vec::new();
        let mut at = 0.0;
        loop {
            // Rates change when the user enters or leaves the market; the next change bounds the stretch.
            let is_in_market = person.is_in_market(at);
            let changes = person.in_market.iter().flat_map(|(from, to)| [*from, *to]);
            let end = changes.filter(|change| *change > at).fold(self.days, f64::min);
            let most = if is_in_market { inside } else { outside };
            let next = at + draws.gap() / (most * person.taste);
            if next >= end {
                if end >= self.days {
                    return found;
                }
                at = end;
                continue;
            }
            at = next;
            let mark = draws.fraction() * most;
            let details = (draws.fraction(), draws.normal(), draws.fraction());
            let rates = Rates::new(if is_in_market { RATE_IN_MARKET } else { RATE_OUTSIDE }, touches, (at * DAY) as i64);
            if mark < rates.with(ALL) {
                found.push(conversion((at * DAY) as i64, mark, &rates, details));
            }
        }
    }
}

fn pick(campaigns: &[(&str, f64)], at: f64) -> usize {
    let mut sum = 0.0;
    let upper = campaigns.iter().position(|(_, share)| {
        sum += share;
        at < sum
    });
    upper.unwrap_or(campaigns.len() - 1)
}

fn conversion(at: i64, mark: f64, rates: &Rates, (kind, size, currency): (f64, f64, f64)) -> Conversion {
    let comes = |set: usize| mark < rates.with(set);
    let (kind, value_cents) = match kind {
        kind if kind < 0.7 => (ConversionKind::Purchase, ((4.0 + 0.6 * size).exp() * 100.0) as i64),
        kind if kind < 0.9 => (ConversionKind::SignUp, 0),
        _ => (ConversionKind::Install, 0),
    };
    let mut sum = 0.0;
    let currency = CURRENCIES.iter().position(|(_, share, _)| {
        sum += share;
        currency < sum
    });
    Conversion {
        at,
        kind,
        value_cents,
        currency: currency.unwrap_or(0),
        is_baseline: comes(0),
        caused_by: shapley::values(&rates.active(), comes),
        lost_without: std::array::from_fn(|channel| !comes(ALL & !(1 << channel))),
    }
}

/// The rate of conversions of one user at one instant, as a function of the channels that are on; per unit of taste.
struct Rates {
    base: f64,
    exposure: [f64; CHANNELS],
}

impl Rates {
    fn new(base: f64, touches: &[Touch], at: i64) -> Self {
        let mut pressure = [0.0; CHANNELS];
        for touch in touches.iter().filter(|touch| touch.at < at && !touch.is_ghost && touch.channel < CHANNELS) {
            pressure[touch.channel] += (-((at - touch.at) as f64 / DAY) / LAWS[touch.channel].half_life).exp2();
        }
        Self { base, exposure: pressure.map(exposure) }
    }

    /// The rate with a set of channels, a bit each.
    fn with(&self, set: usize) -> f64 {
        let on = || (0..CHANNELS).filter(|channel| set >> channel & 1 == 1);
        let lift: f64 = on().map(|channel| LAWS[channel].lift * self.exposure[channel]).sum();
        let demand: f64 = on().map(|channel| LAWS[channel].demand * self.exposure[channel]).sum();
        self.base * lift.exp() + demand
    }

    fn active(&self) -> Vec<usize> {
        (0..CHANNELS).filter(|channel| self.exposure[*channel] > 0.0).collect()
    }
}
