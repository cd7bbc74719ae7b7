//! Expected purchases of a customer who is still there, as a sum whose terms are all positive.
//!
//! Equation 10 of the BG/NBD paper has the factor
//! (a + b + x - 1) / (a - 1) [1 - (1 - z)^(r + x) 2F1(r + x, b + x; a + b + x - 1; z)], z = t / (alpha + T + t),
//! which is 0 / 0 at a = 1 and loses digits around it. The same number is a sum over N, the purchases that would come if nobody ever
//! left, which is negative binomial with shape r + x and probability z: of them the first counts, the second if the customer stayed
//! after the first, and so on, so that
//!
//! ```text
//! E = sum over n >= 1 of P(N = n) H(n),   H(n) = sum over j < n of h(j),   h(j) = product over i < j of (b + x + i) / (a + b + x + i).
//! ```
//!
//! (Expand (1 - z q)^-(r + x) in the integral over the probability q of staying.) H serves all horizons of a customer.

/// What is expected of a customer who is still there.
#[derive(Debug, Clone, Copy)]
pub struct Outlook {
    /// Shape of the purchase rate's gamma distribution, r + x.
    pub shape: f64,
    /// Its rate, alpha + T.
    pub elapsed: f64,
    /// First parameter of the beta distribution of leaving after a purchase, a.
    pub leaving: f64,
    /// Its second parameter, b + x.
    pub staying: f64,
}

/// More terms than this are not summed.
const MOST_TERMS: f64 = 2e6;
/// Terms left out are together below this share of the sum.
const LEFT_OUT: f64 = 1e-16;
/// Below this logarithm, probabilities are carried with a factor taken out.
const SMALLEST_LOG: f64 = -600.0;

/// Sums for several horizons at once, its room reused from customer to customer.
pub struct Forecaster<'a> {
    horizons: &'a [f64],
    chances: Vec<f64>,
    weights: Vec<f64>,
    sums: Vec<f64>,
}

impl<'a> Forecaster<'a> {
    /// For horizons that rise, each 0 or more.
    pub fn new(horizons: &'a [f64]) -> Self {
        let zeros = vec![0.0; horizons.len()];
        Self { horizons, chances: zeros.clone(), weights: zeros.clone(), sums: zeros }
    }

    /// Expected purchases within each horizon; none if that would take too many terms.
    pub fn expected(&mut self, outlook: Outlook) -> Option<&mut [f64]> {
        let Outlook { shape, elapsed, .. } = outlook;
        let furthest = self.horizons.last().copied().unwrap_or_default() / elapsed;
        let mean = shape * furthest;
        if mean + 40.0 * (mean * (1.0 + furthest)).sqrt() + 40.0 * furthest > MOST_TERMS {
            return None;
        }
        for (chance, horizon) in self.chances.iter_mut().zip(self.horizons) {
            *chance = horizon / (elapsed + horizon);
        }
        // The probability of no purchase, (1 - z)^shape.
        if -shape * furthest.ln_1p() < SMALLEST_LOG {
            for ((sum, horizon), chance) in self.sums.iter_mut().zip(self.horizons).zip(&self.chances) {
                *sum = with_factor(outlook, -shape * (horizon / elapsed).ln_1p(), *chance);
            }
            return Some(&mut self.sums);
        }
        for (weight, horizon) in self.weights.iter_mut().zip(self.horizons) {
            *weight = (-shape * (horizon / elapsed).ln_1p()).exp();
        }
        self.sums.fill(0.0);
        let mut terms = Terms::new(outlook);
        // The furthest horizon has the heaviest tail.
        let largest = self.chances.last().copied().unwrap_or_default();
        loop {
            let (ratio, purchases) = terms.next();
            for ((weight, chance), sum) in self.weights.iter_mut().zip(&self.chances).zip(&mut self.sums) {
                *weight *= ratio * chance;
                *sum += *weight * purchases;
            }
            let (weight, sum) = (self.weights.last().copied().unwrap_or_default(), self.sums.last().copied().unwrap_or_default());
            if terms.is_rest_negligible(largest, weight * purchases, sum) {
                return Some(&mut self.sums);
            }
        }
    }
}

/// One horizon where the probability of no purchase is too small a number: its logarithm is carried.
fn with_factor(outlook: Outlook, mut log_factor: f64, chance: f64) -> f64 {
    const STEP: f64 = 1e200;
    let (mut weight, mut sum) = (1.0, 0.0);
    let mut terms = Terms::new(outlook);
    loop {
        let (ratio, purchases) = terms.next();
        weight *= ratio * chance;
        sum += weight * purchases;
        if sum > STEP {
            (weight, sum) = (weight / STEP, sum / STEP);
            log_factor += STEP.ln();
        }
        if terms.is_rest_negligible(chance, weight * purchases, sum) {
            return sum * log_factor.exp();
        }
    }
}

/// What is the same for all horizons, from one number of purchases to the next.
struct Terms {
    outlook: Outlook,
    /// The number of purchases n.
    number: f64,
    /// h(n).
    stays: f64,
    /// H(n).
    purchases: f64,
}

impl Terms {
    fn new(outlook: Outlook) -> Self {
        Self { outlook, number: 0.0, stays: 1.0, purchases: 0.0 }
    }

    /// For the next n: P(N = n) / P(N = n - 1) without its factor z, and H(n).
    fn next(&mut self) -> (f64, f64) {
        let Outlook { shape, leaving, staying, .. } = self.outlook;
        let before = self.number;
        self.purchases += self.stays;
        self.stays *= (staying + before) / (leaving + staying + before);
        self.number = before + 1.0;
        ((shape + before) / self.number, self.purchases)
    }

    /// Later terms fall at least by the ratio z (shape + n) / n, as H(n + 1) / H(n) is at most (n + 1) / n.
    fn is_rest_negligible(&self, chance: f64, term: f64, sum: f64) -> bool {
        let ratio = chance * (self.outlook.shape + self.number) / self.number;
        ratio < 1.0 && term * ratio <= LEFT_OUT * (1.0 - ratio) * sum
    }
}
