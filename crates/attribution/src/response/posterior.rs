//! How probable curves are, given the days.

use super::baseline::{Baseline, dot};
use super::curve::Curve;
use super::history::History;

/// Parameters of one channel: logarithms of most and half in units of the channel, logarithm of shape, log-odds of carry.
pub(super) const PER_CHANNEL: usize = 4;
/// Prior means and standard deviations of these. At the usual spend a channel is thought to bring a twentieth of the outcomes, give
/// or take a factor of 4; half saturation to lie near the usual spend, within a factor of 3; curves to bend like 1 − e^(−x), within
/// a third; a carry of a third, within 0.1 to 0.7.
const PRIOR: [(f64, f64); PER_CHANNEL] = [(-2.0, 1.0), (0.0, 0.8), (0.1, 0.3), (-0.7, 0.9)];

/// The posterior up to a constant. The noise's size is integrated out (Jeffreys' prior), the baseline too.
pub(super) struct Posterior<'a> {
    history: &'a History,
    baseline: Baseline,
    /// Usual spend of each channel; 0 where nothing was ever spent.
    units: Vec<f64>,
    /// Mean outcome of a day.
    level: f64,
}

/// Log-density, its gradient, and the Gauss-Newton approximation of minus its second derivatives.
pub(super) struct Local {
    pub(super) value: f64,
    pub(super) gradient: Vec<f64>,
    pub(super) information: Vec<f64>,
}

impl<'a> Posterior<'a> {
    pub(super) fn new(history: &'a History, baseline: Baseline) -> Self {
        let days = history.outcomes.len() as f64;
        let level = (history.outcomes.iter().sum::<f64>() / days).max(f64::MIN_POSITIVE);
        let units = history.channels.iter().map(|channel| usual(&channel.spend)).collect();
        Self { history, baseline, units, level }
    }

    pub(super) fn size(&self) -> usize {
        PER_CHANNEL * self.units.len()
    }

    pub(super) fn prior_mean(&self) -> Vec<f64> {
        self.units.iter().flat_map(|_| PRIOR.map(|(mean, _)| mean)).collect()
    }

    /// The curve of a channel in its own units.
    pub(super) fn curve(&self, channel: usize, parameters: &[f64]) -> Curve {
        let own = &parameters[channel * PER_CHANNEL..];
        let unit = if self.units[channel] > 0.0 { self.units[channel] } else { 1.0 };
        Curve { most: self.level * own[0].exp(), half: unit * own[1].exp(), shape: own[2].exp(), carry: 1.0 / (1.0 + (-own[3]).exp()) }
    }

    /// Standard deviation of a day's noise at these parameters.
    pub(super) fn noise(&self, parameters: &[f64]) -> f64 {
        let left = self.left(parameters, None);
        (left.sum_of_squares / left.residual.len() as f64).sqrt()
    }

    /// What curves leave of the outcomes; with `columns` also how the media part moves with each parameter.
    fn left(&self, parameters: &[f64], mut columns: Option<&mut Vec<Vec<f64>>>) -> Left {
        let mut without_media = self.history.outcomes.clone();
        for (channel, history) in self.history.channels.iter().enumerate() {
            let own = channel_columns(&self.curve(channel, parameters), &history.spend, columns.is_some());
            without_media.iter_mut().zip(&own[0]).for_each(|(left, outcome)| *left -= outcome);
            if let Some(columns) = columns.as_deref_mut() {
                columns.extend(own);
            }
        }
        let residual = self.baseline.remove(&without_media);
        // A fit better than a billionth of the level is rounding.
        let rounding = residual.len() as f64 * (1e-9 * self.level).powi(2);
        Left { sum_of_squares: dot(&without_media, &residual).max(0.0) + rounding, residual }
    }

    fn value(&self, parameters: &[f64], sum_of_squares: f64) -> f64 {
        let prior: f64 = parameters.iter().zip(PRIOR.iter().cycle()).map(|(p, (mean, sd))| ((p - mean) / sd).powi(2)).sum();
        -(self.history.outcomes.len() as f64) / 2.0 * sum_of_squares.max(f64::MIN_POSITIVE).ln() - prior / 2.0
    }

    /// The log-density.
    pub(super) fn at(&self, parameters: &[f64]) -> f64 {
        self.value(parameters, self.left(parameters, None).sum_of_squares)
    }

    /// The log-density and its gradient.
    pub(super) fn slope(&self, parameters: &[f64]) -> (f64, Vec<f64>) {
        let mut columns = Vec::with_capacity(self.size());
        let left = self.left(parameters, Some(&mut columns));
        (self.value(parameters, left.sum_of_squares), self.gradient(parameters, &columns, &left))
    }

    fn gradient(&self, parameters: &[f64], columns: &[Vec<f64>], left: &Left) -> Vec<f64> {
        let precision = left.residual.len() as f64 / left.sum_of_squares;
        let of = |(at, parameter): (usize, &f64)| {
            let (mean, sd) = PRIOR[at % PER_CHANNEL];
            precision * dot(&columns[at], &left.residual) - (parameter - mean) / (sd * sd)
        };
        parameters.iter().enumerate().map(of).collect()
    }

    /// The log-density, its gradient and the information.
    pub(super) fn local(&self, parameters: &[f64]) -> Local {
        let mut columns = Vec::with_capacity(self.size());
        let left = self.left(parameters, Some(&mut columns));
        let precision = left.residual.len() as f64 / left.sum_of_squares;
        let size = self.size();
        let mut information = vec![0.0; size * size];
        for row in 0..size {
            let removed = self.baseline.remove(&columns[row]);
            for column in 0..=row {
                let value = precision * dot(&removed, &columns[column]);
                (information[row * size + column], information[column * size + row]) = (value, value);
            }
            information[row * size + row] += PRIOR[row % PER_CHANNEL].1.powi(-2);
        }
        let gradient = self.gradient(parameters, &columns, &left);
        Local { value: self.value(parameters, left.sum_of_squares), gradient, information }
    }
}

/// Outcomes that curves do not explain.
struct Left {
    /// Without the baseline either: M r.
    residual: Vec<f64>,
    /// rᵀ M r
    sum_of_squares: f64,
}

/// Mean spend of the days on which something was spent.
fn usual(spend: &[f64]) -> f64 {
    let (sum, days) = spend.iter().filter(|spend| **spend > 0.0).fold((0.0, 0.0), |(sum, days), spend| (sum + spend, days + 1.0));
    if days > 0.0 { sum / days } else { 0.0 }
}

/// Outcomes by day, which are also their derivative by the logarithm of most; with slopes also the derivatives by the logarithms of
/// half and shape and the log-odds of carry.
fn channel_columns(curve: &Curve, spend: &[f64], with_slopes: bool) -> Vec<Vec<f64>> {
    let days = spend.len();
    let mut columns = vec![Vec::with_capacity(days); if with_slopes { PER_CHANNEL } else { 1 }];
    let week = &spend[..days.min(7)];
    let mut carried = week.iter().sum::<f64>() / week.len().max(1) as f64;
    let mut carried_slope = 0.0;
    for spend in spend {
        carried_slope = carried - spend + curve.carry * carried_slope;
        carried = curve.carry * carried + (1.0 - curve.carry) * spend;
        if carried <= 0.0 {
            columns.iter_mut().for_each(|column| column.push(0.0));
            continue;
        }
        let distance = (carried / curve.half).ln();
        let share = 1.0 / (1.0 + (-curve.shape * distance).exp());
        columns[0].push(curve.most * share);
        if with_slopes {
            let steep = curve.most * share * (1.0 - share);
            columns[1].push(-steep * curve.shape);
            columns[2].push(steep * curve.shape * distance);
            columns[3].push(steep * curve.shape * carried_slope / carried * curve.carry * (1.0 - curve.carry));
        }
    }
    columns
}
