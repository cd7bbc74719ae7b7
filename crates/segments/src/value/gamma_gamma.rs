//! The gamma-gamma model of order values.
//!
//! P. S. Fader, B. G. S. Hardie: The Gamma-Gamma model of monetary value (2013, brucehardie.com/notes/025). The values of a customer's
//! orders are Gamma(p, nu) with a nu of its own, and nu is Gamma(q, v) over customers; values do not depend on how often one buys.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use statrs::function::gamma::{digamma, ln_gamma};

use super::fitted::{FitSettings, Fitted, Task, at_least, checked_weights};
use super::histories::Histories;
use crate::error::{Result, SegmentsError};
use crate::numeric::{Point, Weighted, sum, trigamma};

/// The fitted model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parameters", into = "Parameters")]
pub struct GammaGamma {
    parameters: Parameters,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Parameters {
    p: f64,
    q: f64,
    v: f64,
}

const STARTS: [[f64; 3]; 3] = [[1.0, 1.0, 1.0], [6.0, 4.0, 0.5], [2.0, 10.0, 5.0]];

impl GammaGamma {
    /// The names of the parameters, in the order of standard errors.
    pub const PARAMETERS: [&'static str; 3] = ["p", "q", "v"];

    /// The model with these parameters; `v` is in the unit of money.
    ///
    /// # Errors
    ///
    /// If one is not above zero and finite.
    pub fn new(p: f64, q: f64, v: f64) -> Result<Self> {
        Self::try_from(Parameters { p, q, v })
    }

    /// The parameters p, q, v.
    pub fn parameters(&self) -> [f64; 3] {
        let Parameters { p, q, v } = self.parameters;
        [p, q, v]
    }

    /// The parameters that make the average values of repeat orders most likely, from the customers who have a repeat purchase and an
    /// average above zero; `Fitted::customers` says how many these are. The order of the customers does not tell.
    ///
    /// # Errors
    ///
    /// If the columns differ in length, an average is infinite or NaN where there is a repeat purchase, fewer than ten customers remain,
    /// or the data do not tell a parameter.
    pub fn fit(histories: &Histories, order_values: &[f64], settings: &FitSettings) -> Result<Fitted<Self>> {
        Self::fit_rows(histories, order_values, |_| 1.0, settings)
    }

    /// The same where each row stands for a number of customers.
    ///
    /// # Errors
    ///
    /// As [`GammaGamma::fit`]; also if there is not one weight above zero per row.
    pub fn fit_weighted(histories: &Histories, order_values: &[f64], weights: &[f64], settings: &FitSettings) -> Result<Fitted<Self>> {
        checked_weights(weights, histories.len())?;
        Self::fit_rows(histories, order_values, |row| weights[row], settings)
    }

    fn fit_rows(
        histories: &Histories,
        order_values: &[f64],
        weight: impl Fn(usize) -> f64,
        settings: &FitSettings,
    ) -> Result<Fitted<Self>> {
        checked_values(histories, order_values)?;
        let both = histories.rows().iter().zip(order_values).enumerate();
        let usable = both.filter(|(_, (history, value))| history.frequency() > 0.0 && **value > 0.0);
        let rows = usable.map(|(row, (history, value))| Weighted { key: [history.frequency(), *value, 0.0], weight: weight(row) });
        let rows = Weighted::grouped(rows.collect());
        let customers: f64 = rows.iter().map(|row| row.weight).sum();
        at_least(customers as usize, "customers with a repeat purchase of positive value")?;
        let unit = rows.iter().map(|row| row.weight * row.key[1]).sum::<f64>() / customers;
        let scaled: Vec<_> = rows.iter().map(|row| Weighted { key: [row.key[0], row.key[1] / unit, 0.0], weight: row.weight }).collect();
        let task = Task { model: "Gamma-Gamma", names: Self::PARAMETERS, starts: &STARTS, rows: &scaled };
        let found = task.fit(settings, log_likelihood)?;
        let [p, q, v] = found.parameters;
        let model = Self::new(p, q, v * unit)?;
        Ok(Fitted {
            standard_errors: task.standard_errors(&found, model.parameters()),
            log_likelihood: log_likelihood(&rows, model.parameters()).value,
            model,
            customers,
            steps: found.steps,
        })
    }

    /// Each customer's expected order value: a mean of the customer's own average and that of all, the former weighing more the more
    /// orders there are (equation 5). A customer without a repeat purchase has the mean of all, an average below zero counts as 0.
    ///
    /// # Errors
    ///
    /// If the columns differ in length, an average is infinite or NaN where there is a repeat purchase, or an expectation is infinite.
    pub fn expected_order_values(&self, histories: &Histories, order_values: &[f64]) -> Result<Vec<f64>> {
        checked_values(histories, order_values)?;
        let Parameters { p, q, v } = self.parameters;
        let rows = histories.rows().par_iter().zip(order_values).enumerate();
        rows.map(|(row, (history, value))| {
            let x = history.frequency();
            let spent = if x > 0.0 { x * value.max(0.0) } else { 0.0 };
            let orders = p * x + q - 1.0;
            if orders > 0.0 { Ok(p * (v + spent) / orders) } else { Err(SegmentsError::InfiniteOrderValue { row, q }) }
        })
        .collect()
    }
}

impl TryFrom<Parameters> for GammaGamma {
    type Error = SegmentsError;

    fn try_from(parameters: Parameters) -> Result<Self> {
        let Parameters { p, q, v } = parameters;
        for (setting, value) in Self::PARAMETERS.into_iter().zip([p, q, v]) {
            if !(value.is_finite() && value > 0.0) {
                return Err(SegmentsError::Setting { setting, value: value.to_string(), expected: "a number above 0" });
            }
        }
        Ok(Self { parameters })
    }
}

impl From<GammaGamma> for Parameters {
    fn from(model: GammaGamma) -> Self {
        model.parameters
    }
}

fn checked_values(histories: &Histories, order_values: &[f64]) -> Result<()> {
    if order_values.len() != histories.len() {
        let what = "average order value".to_owned();
        return Err(SegmentsError::Lengths { what, expected: histories.len(), found: order_values.len() });
    }
    let both = histories.rows().iter().zip(order_values);
    match both.enumerate().find(|(_, (history, value))| history.frequency() > 0.0 && !value.is_finite()) {
        Some((row, (_, value))) => {
            let (what, expected) = ("average order value".to_owned(), "a number for a customer with a repeat purchase");
            Err(SegmentsError::Value { what, row, value: *value, expected })
        }
        None => Ok(()),
    }
}

/// The log-likelihood of rows (frequency, average value) sorted by frequency (equation 1a), with derivatives by p, q and v.
pub(super) fn log_likelihood(rows: &[Weighted], parameters: [f64; 3]) -> Point<3> {
    let frequencies: Vec<_> = rows
        .chunk_by(|left, right| left.key[0] == right.key[0])
        .map(|same| Weighted { key: same[0].key, weight: same.iter().map(|row| row.weight).sum() })
        .collect();
    sum(&frequencies, |[x, ..]| counted(x, parameters)) + sum(rows, |key| valued(key, parameters))
}

/// The part that depends on the number of orders alone: ln of Gamma(px + q) / (Gamma(px) Gamma(q)) v^q.
fn counted(x: f64, [p, q, v]: [f64; 3]) -> Point<3> {
    let (orders, all) = (p * x, p * x + q);
    let by_all = trigamma(all);
    Point {
        value: ln_gamma(all) - ln_gamma(orders) - ln_gamma(q) + q * v.ln(),
        gradient: [x * (digamma(all) - digamma(orders)), digamma(all) - digamma(q) + v.ln(), q / v],
        hessian: [[x * x * (by_all - trigamma(orders)), 0.0, 0.0], [x * by_all, by_all - trigamma(q), 0.0], [0.0, 1.0 / v, -q / (v * v)]],
    }
}

/// The part with the average value m: ln of m^(px - 1) x^(px) (xm + v)^-(px + q).
fn valued([x, m, _]: [f64; 3], [p, q, v]: [f64; 3]) -> Point<3> {
    let (all, total) = (p * x + q, x * m + v);
    let ln_total = total.ln();
    Point {
        value: p * x * (m * x).ln() - m.ln() - all * ln_total,
        gradient: [x * ((m * x).ln() - ln_total), -ln_total, -all / total],
        hessian: [[0.0; 3], [0.0; 3], [-x / total, -1.0 / total, all / (total * total)]],
    }
}
