//! The beta-geometric / negative binomial model of repeat purchases.
//!
//! P. S. Fader, B. G. S. Hardie, K. L. Lee: "Counting your customers" the easy way: an alternative to the Pareto/NBD model. Marketing
//! Science 24 (2005) 275-284. A customer buys at random at a rate of its own, and after each purchase stays away for good with a
//! probability of its own; rates are Gamma(r, alpha) over customers, probabilities Beta(a, b).

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use statrs::function::gamma::{digamma, ln_gamma};

use super::fitted::{FitSettings, Fitted, Task, at_least, checked_weights};
use super::forecast::{Forecaster, Outlook};
use super::histories::{Histories, History};
use crate::error::{Result, SegmentsError};
use crate::numeric::{Point, Weighted, sum, trigamma};

/// The fitted model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parameters", into = "Parameters")]
pub struct BgNbd {
    parameters: Parameters,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Parameters {
    r: f64,
    alpha: f64,
    a: f64,
    b: f64,
}

/// Enough for the shape of any likelihood met so far; the best of their ends is taken.
const STARTS: [[f64; 4]; 4] = [[1.0, 1.0, 1.0, 1.0], [0.3, 0.3, 0.5, 2.5], [1.0, 0.5, 0.05, 1.0], [3.0, 5.0, 1.0, 10.0]];

impl BgNbd {
    /// The names of the parameters, in the order of standard errors.
    pub const PARAMETERS: [&'static str; 4] = ["r", "alpha", "a", "b"];

    /// The model with these parameters; `alpha` is in the unit of time.
    ///
    /// # Errors
    ///
    /// If one is not above zero and finite.
    pub fn new(r: f64, alpha: f64, a: f64, b: f64) -> Result<Self> {
        Self::try_from(Parameters { r, alpha, a, b })
    }

    /// The parameters r, alpha, a, b.
    pub fn parameters(&self) -> [f64; 4] {
        let Parameters { r, alpha, a, b } = self.parameters;
        [r, alpha, a, b]
    }

    /// The parameters that make the histories most likely. The order of the customers does not tell.
    ///
    /// # Errors
    ///
    /// If there are fewer than ten customers, none ever came back, or the data do not tell a parameter.
    pub fn fit(histories: &Histories, settings: &FitSettings) -> Result<Fitted<Self>> {
        Self::fit_rows(histories, |_| 1.0, settings)
    }

    /// The same where each history stands for a number of customers.
    ///
    /// # Errors
    ///
    /// As [`BgNbd::fit`]; also if there is not one weight above zero per history.
    pub fn fit_weighted(histories: &Histories, weights: &[f64], settings: &FitSettings) -> Result<Fitted<Self>> {
        checked_weights(weights, histories.len())?;
        Self::fit_rows(histories, |row| weights[row], settings)
    }

    fn fit_rows(histories: &Histories, weight: impl Fn(usize) -> f64, settings: &FitSettings) -> Result<Fitted<Self>> {
        let rows: Vec<_> = histories.rows().iter().enumerate().map(|(row, history)| key(history, weight(row))).collect();
        let rows = Weighted::grouped(rows);
        let count = |rows: &[Weighted]| rows.iter().map(|row| row.weight).sum::<f64>() as usize;
        at_least(count(&rows), "customers")?;
        // Sorted by frequency: those who never came back stand first.
        let returned = rows.partition_point(|row| row.key[0] == 0.0);
        at_least(count(&rows[returned..]), "customers with a repeat purchase")?;
        let customers: f64 = rows.iter().map(|row| row.weight).sum();
        let unit = rows.iter().map(|row| row.weight * row.key[2]).sum::<f64>() / customers;
        if unit <= 0.0 {
            return Err(SegmentsError::TooFew { what: "customers with an age above 0", found: 0, needed: 1 });
        }
        let scaled: Vec<_> = rows.iter().map(|row| Weighted { key: in_unit(row.key, unit), weight: row.weight }).collect();
        let task = Task { model: "BG/NBD", names: Self::PARAMETERS, starts: &STARTS, rows: &scaled };
        let found = task.fit(settings, log_likelihood)?;
        let [r, alpha, a, b] = found.parameters;
        let model = Self::new(r, alpha * unit, a, b)?;
        Ok(Fitted {
            standard_errors: task.standard_errors(&found, model.parameters()),
            log_likelihood: log_likelihood(&rows, model.parameters()).value,
            model,
            customers,
            steps: found.steps,
        })
    }

    /// The probability that each customer has not left for good: 1 for those without a repeat purchase, as leaving takes one.
    pub fn probability_alive(&self, histories: &Histories) -> Vec<f64> {
        histories.rows().par_iter().map(|history| self.alive(history)).collect()
    }

    /// Expected purchases of each customer within the horizon from now, in the unit of the ages (equation 10 of the paper).
    ///
    /// # Errors
    ///
    /// If the horizon is negative, not finite, or ten thousands of times as long as a customer's age and alpha.
    pub fn expected_purchases(&self, histories: &Histories, horizon: f64) -> Result<Vec<f64>> {
        self.each_outlook(histories, &[horizon], |_, expected| expected[0])
    }

    /// Expected repeat purchases of a random new customer within the horizon from the first purchase (equation 9).
    ///
    /// # Errors
    ///
    /// As [`BgNbd::expected_purchases`].
    pub fn expected_purchases_of_new(&self, horizon: f64) -> Result<f64> {
        let new = Histories::new(&[0], &[0.0], &[0.0])?;
        Ok(self.expected_purchases(&new, horizon)?.iter().sum())
    }

    /// For each customer what `of` makes of the row and its expected purchases within each of the horizons, which rise.
    pub(super) fn each_outlook(
        &self,
        histories: &Histories,
        horizons: &[f64],
        of: impl Fn(usize, &[f64]) -> f64 + Sync,
    ) -> Result<Vec<f64>> {
        if let Some(value) = horizons.iter().find(|horizon| !(horizon.is_finite() && **horizon >= 0.0)) {
            return Err(SegmentsError::Setting { setting: "horizon", value: value.to_string(), expected: "a time, 0 or more" });
        }
        let rows = histories.rows().par_iter().enumerate();
        rows.map_init(
            || Forecaster::new(horizons),
            |forecaster, (row, history)| {
                let expected = forecaster
                    .expected(self.outlook(history))
                    .ok_or_else(|| SegmentsError::Horizon { horizon: horizons.last().copied().unwrap_or_default(), row })?;
                let alive = self.alive(history);
                expected.iter_mut().for_each(|purchases| *purchases *= alive);
                Ok(of(row, expected))
            },
        )
        .collect()
    }

    fn alive(&self, history: &History) -> f64 {
        let Parameters { r, alpha, a, b } = self.parameters;
        let (x, t_x, age) = (history.frequency(), history.recency(), history.age());
        if x == 0.0 {
            return 1.0;
        }
        let log_odds_against = (a / (b + x - 1.0)).ln() + (r + x) * ((age - t_x) / (alpha + t_x)).ln_1p();
        1.0 / (1.0 + log_odds_against.exp())
    }

    /// What a customer who is still there will do: the rate is then Gamma(r + x, alpha + T), the probability to leave Beta(a, b + x).
    fn outlook(&self, history: &History) -> Outlook {
        let Parameters { r, alpha, a, b } = self.parameters;
        let x = history.frequency();
        Outlook { shape: r + x, elapsed: alpha + history.age(), leaving: a, staying: b + x }
    }
}

impl TryFrom<Parameters> for BgNbd {
    type Error = SegmentsError;

    fn try_from(parameters: Parameters) -> Result<Self> {
        let Parameters { r, alpha, a, b } = parameters;
        for (setting, value) in Self::PARAMETERS.into_iter().zip([r, alpha, a, b]) {
            if !(value.is_finite() && value > 0.0) {
                return Err(SegmentsError::Setting { setting, value: value.to_string(), expected: "a number above 0" });
            }
        }
        Ok(Self { parameters })
    }
}

impl From<BgNbd> for Parameters {
    fn from(model: BgNbd) -> Self {
        model.parameters
    }
}

fn key(history: &History, weight: f64) -> Weighted {
    Weighted { key: [history.frequency(), history.recency(), history.age()], weight }
}

fn in_unit([frequency, recency, age]: [f64; 3], unit: f64) -> [f64; 3] {
    [frequency, recency / unit, age / unit]
}

/// The log-likelihood of rows sorted by frequency (equation 6), with its first and second derivatives by r, alpha, a and b.
pub(super) fn log_likelihood(rows: &[Weighted], parameters: [f64; 4]) -> Point<4> {
    let frequencies: Vec<_> = rows
        .chunk_by(|left, right| left.key[0] == right.key[0])
        .map(|same| Weighted { key: same[0].key, weight: same.iter().map(|row| row.weight).sum() })
        .collect();
    sum(&frequencies, |[x, ..]| counted(x, parameters)) + sum(rows, |key| timed(key, parameters))
}

/// What the number of purchases tells: ln of Gamma(r + x) / Gamma(r) alpha^r Gamma(a + b) Gamma(b + x) / (Gamma(b) Gamma(a + b + x)).
fn counted(x: f64, [r, alpha, a, b]: [f64; 4]) -> Point<4> {
    let ends = a + b;
    let by_both = digamma(ends) - digamma(ends + x);
    let by_both_twice = trigamma(ends) - trigamma(ends + x);
    Point {
        value: ln_gamma(r + x) - ln_gamma(r) + r * alpha.ln() + ln_gamma(ends) - ln_gamma(ends + x) + ln_gamma(b + x) - ln_gamma(b),
        gradient: [digamma(r + x) - digamma(r) + alpha.ln(), r / alpha, by_both, by_both + digamma(b + x) - digamma(b)],
        hessian: [
            [trigamma(r + x) - trigamma(r), 0.0, 0.0, 0.0],
            [1.0 / alpha, -r / (alpha * alpha), 0.0, 0.0],
            [0.0, 0.0, by_both_twice, 0.0],
            [0.0, 0.0, by_both_twice, by_both_twice + trigamma(b + x) - trigamma(b)],
        ],
    }
}

/// What the times tell: ln((alpha + T)^-(r + x) + [x > 0] a / (b + x - 1) (alpha + t_x)^-(r + x)), the two being "still there" and "left".
fn timed([x, t_x, age]: [f64; 3], [r, alpha, a, b]: [f64; 4]) -> Point<4> {
    let shape = r + x;
    let there = alpha + age;
    let ln_there = there.ln();
    let stayed = Point {
        value: -shape * ln_there,
        gradient: [-ln_there, -shape / there, 0.0, 0.0],
        hessian: [[0.0; 4], [-1.0 / there, shape / (there * there), 0.0, 0.0], [0.0; 4], [0.0; 4]],
    };
    if x == 0.0 {
        return stayed;
    }
    let (last, chances) = (alpha + t_x, b + x - 1.0);
    let ln_last = last.ln();
    let left = Point {
        value: (a / chances).ln() - shape * ln_last,
        gradient: [-ln_last, -shape / last, 1.0 / a, -1.0 / chances],
        hessian: [
            [0.0; 4],
            [-1.0 / last, shape / (last * last), 0.0, 0.0],
            [0.0, 0.0, -1.0 / (a * a), 0.0],
            [0.0, 0.0, 0.0, 1.0 / (chances * chances)],
        ],
    };
    either(stayed, left)
}

/// ln(e^left + e^right), with derivatives.
fn either(one: Point<4>, other: Point<4>) -> Point<4> {
    let difference = other.value - one.value;
    let share = 1.0 / (1.0 + (-difference).exp());
    let mut both = one * (1.0 - share) + other * share;
    both.value = one.value.max(other.value) + (-difference.abs()).exp().ln_1p();
    let apart: [f64; 4] = std::array::from_fn(|index| other.gradient[index] - one.gradient[index]);
    for row in 0..4 {
        for column in 0..=row {
            both.hessian[row][column] += share * (1.0 - share) * apart[row] * apart[column];
        }
    }
    both
}
