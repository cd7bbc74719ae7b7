//! Customers drawn from the models themselves.

use fastrand::Rng;

use crate::value::Histories;

/// Marsaglia and Tsang's method; shapes below 1 by a power of a uniform number.
fn gamma(shape: f64, dice: &mut Rng) -> f64 {
    if shape < 1.0 {
        return gamma(shape + 1.0, dice) * dice.f64().powf(1.0 / shape);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let bell = (-2.0 * (1.0 - dice.f64()).ln()).sqrt() * (std::f64::consts::TAU * dice.f64()).cos();
        let v = (1.0 + c * bell).powi(3);
        if v > 0.0 && (1.0 - dice.f64()).ln() < 0.5 * bell * bell + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}

pub struct Simulated {
    pub histories: Histories,
    pub order_values: Vec<f64>,
    /// Purchases within a year after the time observed.
    pub later: Vec<u64>,
}

pub const YEAR: f64 = 52.0;

/// Customers of 30 to 110 weeks by BG/NBD(r, alpha, a, b), spending by Gamma-Gamma(p, q, v).
pub fn customers(count: usize, [r, alpha, a, b]: [f64; 4], [p, q, v]: [f64; 3], seed: u64) -> Simulated {
    let mut dice = Rng::with_seed(seed);
    let (mut frequency, mut recency, mut ages, mut order_values, mut later) = (vec![], vec![], vec![], vec![], vec![]);
    for _ in 0..count {
        let rate = gamma(r, &mut dice) / alpha;
        let (one, other) = (gamma(a, &mut dice), gamma(b, &mut dice));
        let leaving = one / (one + other);
        let age = (30.0 + dice.f64() * 80.0).round();
        let (mut seen, mut last, mut after, mut now) = (0, 0.0, 0, 0.0);
        loop {
            now -= (1.0 - dice.f64()).ln() / rate;
            if now > age + YEAR || now.is_nan() {
                break;
            }
            if now <= age {
                (seen, last) = (seen + 1, now);
            } else {
                after += 1;
            }
            if dice.f64() < leaving {
                break;
            }
        }
        let scale = gamma(q, &mut dice) / v;
        frequency.push(seen);
        recency.push(last);
        ages.push(age);
        order_values.push(if seen == 0 { 0.0 } else { gamma(p * seen as f64, &mut dice) / scale / seen as f64 });
        later.push(after);
    }
    Simulated { histories: Histories::new(&frequency, &recency, &ages).unwrap(), order_values, later }
}
