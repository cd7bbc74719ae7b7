//! A market as a marketer sees it: what was spent each day, what came of it, and, hidden, the law that made it.

use crate::synthetic::draw::{Draws, Stream};

/// How a channel's spend becomes outcomes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Saturation {
    /// x^shape / (half^shape + x^shape) (Hill 1910): S-shaped above shape 1.
    Hill {
        /// The spend that brings half of the most.
        half: f64,
        /// How sharp the bend is.
        shape: f64,
    },
    /// 1 − e^(−x / scale)
    Exponential {
        /// The spend that brings 63 % of the most.
        scale: f64,
    },
}

/// The law of one channel: most × saturation(carried spend), where carried spend = carry × that of the day before +
/// (1 − carry) × the day's spend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ResponseLaw {
    /// Outcomes a day that no spend exceeds.
    pub most: f64,
    /// How much of it a spend brings.
    pub saturation: Saturation,
    /// Share of the carried spend that is left on the next day, 0 to 1.
    pub carry: f64,
}

impl ResponseLaw {
    /// Outcomes of a day with this carried spend.
    pub fn outcome(&self, carried: f64) -> f64 {
        self.most
            * match self.saturation {
                Saturation::Hill { half, shape } => 1.0 / (1.0 + (half / carried.max(1e-300)).powf(shape)),
                Saturation::Exponential { scale } => 1.0 - (-carried / scale).exp(),
            }
    }
}

/// One market.
#[derive(Debug, Clone, PartialEq)]
pub struct Market {
    /// Spend by channel and day.
    pub spend: Vec<Vec<f64>>,
    /// Outcomes by day.
    pub outcomes: Vec<f64>,
    /// What no data tell: each channel's law.
    pub laws: Vec<ResponseLaw>,
}

impl Market {
    /// A market of 3 to 7 channels over so many days, a function of its number alone.
    ///
    /// Half of the channels follow Hill curves with shapes from 0.7 to 1.8, half 1 − e^(−x); the usual spend lies between a
    /// quarter and three times the spend of half saturation; up to 0.8 of the pressure is carried to the next day. Spend moves by
    /// flights of one to four weeks, by weekday, by chance, and with the season; one channel in ten never changes its spend but by
    /// chance of a few per cent. Channels are switched off for a week or two now and then. Outcomes that need no advertising
    /// have a trend, weekdays and a season; the noise is a tenth of them.
    pub fn new(number: u64, days: usize) -> Self {
        let draws = &mut Draws::new(number, Stream::Market, 0);
        let channels = 3 + draws.below(5);
        let season_phase = draws.fraction() * std::f64::consts::TAU;
        let season = |day: usize| (std::f64::consts::TAU * day as f64 / 365.0 + season_phase).sin();
        let mut spend = Vec::new();
        let mut laws = Vec::new();
        for _ in 0..channels {
            let usual = 1000.0 * (0.6 * draws.normal()).exp();
            let ratio = 0.25 * (draws.fraction() * 12f64.ln()).exp();
            let scale = usual / ratio;
            let saturation = if draws.chance(0.5) {
                Saturation::Hill { half: scale, shape: 0.7 + 1.1 * draws.fraction() }
            } else {
                Saturation::Exponential { scale: scale * 1.44 }
            };
            let carry = 0.8 * draws.fraction();
            // Returns differ between channels by more than marketers' choices make up for.
            let unit = ResponseLaw { most: 1.0, saturation, carry };
            let worth = usual * 0.03 * (0.6 * draws.normal()).exp();
            laws.push(ResponseLaw { most: worth / unit.outcome(usual), ..unit });
            spend.push(history(draws, usual, days, season));
        }
        let media: Vec<f64> =
            (0..days).map(|day| laws.iter().zip(&spend).map(|(law, spend)| law.outcome(carried(law, spend, day))).sum()).collect();
        let level = media.iter().sum::<f64>() / days.max(1) as f64 * (0.7 + 1.3 * draws.fraction());
        let (trend, swing) = (0.2 * draws.normal(), 0.1 + 0.1 * draws.fraction());
        let week: [f64; 7] = std::array::from_fn(|_| 1.0 + 0.12 * draws.normal());
        let outcome = |day: usize| {
            let share = day as f64 / days as f64;
            let baseline = level * week[day % 7] * (1.0 + trend * (share - 0.5) + swing * season(day));
            baseline + media[day]
        };
        let outcomes = (0..days).map(|day| (outcome(day) + 0.1 * level * draws.normal()).max(0.0)).collect();
        Self { spend, outcomes, laws }
    }

    /// Outcomes that a constant daily spend on each channel brings over so many days, with what the past carries into them and what
    /// they carry on when nothing is spent after.
    pub fn expected(&self, daily: &[f64], days: usize) -> f64 {
        let of_channel = |(channel, daily): (usize, &f64)| {
            let law = &self.laws[channel];
            let past = self.spend[channel].len().checked_sub(1).map_or(0.0, |last| carried(law, &self.spend[channel], last));
            let mut now = past;
            let mut sum = 0.0;
            for day in 0..days + 120 {
                let spend = if day < days { *daily } else { 0.0 };
                now = law.carry * now + (1.0 - law.carry) * spend;
                sum += law.outcome(now);
            }
            sum
        };
        daily.iter().enumerate().map(of_channel).sum()
    }
}

fn history(draws: &mut Draws, usual: f64, days: usize, season: impl Fn(usize) -> f64) -> Vec<f64> {
    let is_steady = draws.chance(0.1);
    let follows_season = 0.2 * draws.fraction();
    let week: [f64; 7] = std::array::from_fn(|_| 1.0 + 0.15 * draws.normal());
    let mut spend = Vec::with_capacity(days);
    while spend.len() < days {
        let length = 7 + draws.below(22);
        let flight = (0.45 * draws.normal()).exp();
        let is_off = draws.chance(0.06);
        for _ in 0..length {
            let day = spend.len();
            let noise = draws.normal();
            let level = match (is_steady, is_off) {
                (true, _) => 1.0 + 0.03 * noise,
                (false, true) => 0.0,
                (false, false) => flight * week[day % 7] * (1.0 + follows_season * season(day)) * (0.2 * noise).exp(),
            };
            spend.push(usual * level);
        }
    }
    spend.truncate(days);
    spend
}

fn carried(law: &ResponseLaw, spend: &[f64], day: usize) -> f64 {
    // Before the first day spend is taken to have been as on the first.
    let first = spend.first().copied().unwrap_or(0.0);
    spend[..=day].iter().fold(first, |carried, spend| law.carry * carried + (1.0 - law.carry) * spend)
}
