//! The sums of what channels caused, with how sure they are.

use super::effects::Effects;
use super::joint::{self, shares_and_slopes};
use super::stretches::{Layout, Stretch, Stretches};
use crate::interval::Estimate;

/// Shares of all conversions, or of their value.
pub(super) struct Totals {
    /// What is shared out.
    pub(super) whole: f64,
    /// What the channels' credits sum to, per unit of the whole.
    pub(super) credited: Vec<f64>,
    /// The same by effects as measured, which is what intervals are around.
    pub(super) shares: Vec<f64>,
    pub(super) standard_errors: Vec<f64>,
    /// What the channels caused if their effects added up in place of multiplying: what goes if one of them goes.
    pub(super) added: Vec<f64>,
    /// The standard error of the sum of all channels' shares.
    pub(super) standard_error_of_all: f64,
}

impl Totals {
    /// `worth` is what is shared out of a stretch, such as the number of its conversions.
    pub(super) fn new(parts: &[Stretches], layout: &Layout, effects: &Effects, worth: fn(&Stretch) -> f64) -> Self {
        let (channels, windows) = (layout.channels, layout.windows);
        let size = channels * windows;
        let (mut sums, mut credited, mut slopes) = (vec![0.0; channels], vec![0.0; channels], vec![0.0; channels * size]);
        let (mut whole, mut added) = (0.0, vec![0.0; channels]);
        // What each user adds beyond the effects: their conversions' shares, and what these are shares of.
        let mut own: Vec<(Vec<f64>, f64)> = Vec::new();
        for part in parts {
            for user in 0..part.users.len() {
                let (mut of_user, mut count) = (Vec::new(), 0.0);
                for (stretch, columns) in part.of_user(user).filter(|(stretch, _)| stretch.conversions > 0) {
                    let many = worth(stretch);
                    count += many;
                    of_user.resize(channels, 0.0);
                    let contacts = contacts(columns, size);
                    let values: Vec<f64> = contacts.iter().map(|at| effects.measured[*at]).collect();
                    let (shares, own_slopes) = shares_and_slopes(&values);
                    let alone: Vec<f64> = values.iter().map(|effect| -(-effect).exp_m1()).collect();
                    // Together no more than all of it.
                    let scale = many / alone.iter().map(|share| share.max(0.0)).sum::<f64>().max(1.0);
                    let cut = joint::shares(&contacts.iter().map(|at| effects.credited[*at]).collect::<Vec<_>>());
                    for (row, contact) in contacts.iter().enumerate() {
                        let channel = contact / windows;
                        added[channel] += scale * alone[row];
                        sums[channel] += many * shares[row];
                        of_user[channel] += many * shares[row];
                        credited[channel] += many * cut[row];
                        for (column, other) in contacts.iter().enumerate() {
                            slopes[channel * size + other] += many * own_slopes[row * contacts.len() + column];
                        }
                    }
                }
                whole += count;
                own.push((of_user, count));
            }
        }
        let per = |sum: f64| if whole > 0.0 { sum / whole } else { 0.0 };
        let totals: Vec<f64> = sums.iter().map(|sum| per(*sum)).collect();
        slopes.iter_mut().for_each(|slope| *slope = per(*slope));
        let mut variances = vec![0.0; channels];
        let mut variance_of_all = 0.0;
        for (number, influence) in effects.influences.iter().enumerate() {
            let mut all = 0.0;
            for channel in 0..channels {
                let by_effects: f64 = slopes[channel * size..(channel + 1) * size].iter().zip(influence).map(|(a, b)| a * b).sum();
                let by_user = own
                    .get(number)
                    .map_or(0.0, |(shares, count)| per(shares.get(channel).copied().unwrap_or(0.0) - count * totals[channel]));
                variances[channel] += (by_effects + by_user).powi(2);
                all += by_effects + by_user;
            }
            variance_of_all += all * all;
        }
        Self {
            whole,
            credited: credited.into_iter().map(per).collect(),
            shares: totals,
            added: added.into_iter().map(per).collect(),
            standard_errors: variances.into_iter().map(f64::sqrt).collect(),
            standard_error_of_all: variance_of_all.sqrt(),
        }
    }

    /// A channel's share, its interval `z` standard errors to both sides. Whether effects multiply or add up is not looked at; if they add
    /// up, it is more as a rule, so the interval reaches further up, by chance and by that difference as errors go that do not know each
    /// other.
    pub(super) fn share(&self, channel: usize, z: f64) -> Estimate {
        let (centre, chance) = (self.shares[channel], z * self.standard_errors[channel]);
        let mut share = around(self.credited[channel], centre, chance);
        share.high = share.high.max(centre + chance.hypot((self.added[channel] - centre).max(0.0))).min(1.0);
        share
    }

    /// The share of what would have come anyway.
    pub(super) fn baseline(&self, z: f64) -> Estimate {
        let (value, centre) = (1.0 - self.credited.iter().sum::<f64>(), 1.0 - self.shares.iter().sum::<f64>());
        let mut share = around(value.clamp(0.0, 1.0), centre, z * self.standard_error_of_all);
        // The same for all channels at once, whose errors of this kind go together.
        share.low = share.low.min((1.0 - self.added.iter().sum::<f64>() - z * self.standard_error_of_all).max(0.0));
        share
    }
}

/// A share from 0 to 1 with an interval around what was measured.
fn around(value: f64, centre: f64, reach: f64) -> Estimate {
    Estimate { value, low: (centre - reach).clamp(0.0, value), high: (centre + reach).clamp(value, 1.0) }
}

/// The contacts among a stretch's columns, numbered by channel and window.
fn contacts(columns: &[u16], size: usize) -> Vec<usize> {
    columns.iter().map(|column| usize::from(*column)).filter(|column| (1..=size).contains(column)).map(|column| column - 1).collect()
}
