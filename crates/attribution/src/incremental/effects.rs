//! From one factor per window to an effect that fades with a half-life.

use super::settings::IncrementalSettings;
use super::stretches::Layout;
use crate::cholesky::Cholesky;

/// What contacts do to the logarithm of the rate of conversions, by channel and window.
pub(super) struct Effects {
    /// By channel, then window.
    pub(super) values: Vec<f64>,
    /// How far each user moved them: one row per influence.
    pub(super) influences: Vec<Vec<f64>>,
    /// Variance from not knowing the half-life: per channel a matrix over its windows.
    pub(super) between: Vec<Vec<f64>>,
    /// Mean half-life of each channel, days.
    pub(super) half_lives: Vec<f64>,
}

impl Effects {
    /// Takes the factors of a channel's windows for one effect times its decay, by generalised least squares for every half-life,
    /// and averages over half-lives by how probable each is (Hoeting et al., Bayesian model averaging, 1999).
    pub(super) fn new(weights: &[f64], influences: &[Vec<f64>], layout: &Layout, settings: &IncrementalSettings) -> Self {
        let windows = layout.windows;
        let mut effects = Self {
            values: Vec::new(),
            influences: vec![Vec::with_capacity(layout.channels * windows); influences.len()],
            between: Vec::new(),
            half_lives: Vec::new(),
        };
        for channel in 0..layout.channels {
            let own = layout.contact(channel, 0)..layout.contact(channel, 0) + windows;
            let smooth = Smooth::new(&weights[own.clone()], influences.iter().map(|row| &row[own.clone()]), settings);
            effects.values.extend(&smooth.values);
            for (to, from) in effects.influences.iter_mut().zip(influences) {
                let from = &from[own.clone()];
                to.extend(smooth.map.chunks(windows).map(|row| row.iter().zip(from).map(|(a, b)| a * b).sum::<f64>()));
            }
            effects.between.push(smooth.between);
            effects.half_lives.push(smooth.half_life);
        }
        effects
    }
}

struct Smooth {
    values: Vec<f64>,
    /// The linear map from raw to smooth, row by row.
    map: Vec<f64>,
    between: Vec<f64>,
    half_life: f64,
}

impl Smooth {
    fn new<'a>(raw: &[f64], influences: impl Iterator<Item = &'a [f64]>, settings: &IncrementalSettings) -> Self {
        let size = raw.len();
        let mut variance = vec![0.0; size * size];
        for row in influences {
            for at in 0..size * size {
                variance[at] += row[at / size] * row[at % size];
            }
        }
        let plain = |half_life| Self {
            values: raw.to_vec(),
            map: (0..size * size).map(|at| f64::from(u8::from(at / size == at % size))).collect(),
            between: vec![0.0; size * size],
            half_life,
        };
        let Some(factor) = Cholesky::of(&variance, size) else { return plain(settings.half_lives[0]) };
        let solved = factor.solve(raw);
        let candidates: Vec<Candidate> = settings
            .half_lives
            .iter()
            .map(|half_life| {
                let decay = settings.decay(*half_life);
                let loading = factor.solve(&decay);
                let precision = dot(&decay, &loading) + settings.prior.powi(-2);
                let mean = dot(&decay, &solved) / precision;
                let evidence = (mean * mean * precision - precision.ln()) / 2.0;
                Candidate { half_life: *half_life, decay, loading, precision, mean, evidence }
            })
            .collect();
        let best = candidates.iter().map(|candidate| candidate.evidence).fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = candidates.iter().map(|candidate| (candidate.evidence - best).exp()).sum();
        let mut smooth = Self { values: vec![0.0; size], map: vec![0.0; size * size], between: vec![0.0; size * size], half_life: 0.0 };
        for candidate in &candidates {
            let share = (candidate.evidence - best).exp() / total;
            smooth.half_life += share * candidate.half_life;
            for row in 0..size {
                smooth.values[row] += share * candidate.mean * candidate.decay[row];
                for column in 0..size {
                    smooth.map[row * size + column] += share * candidate.decay[row] * candidate.loading[column] / candidate.precision;
                }
            }
        }
        for candidate in &candidates {
            let share = (candidate.evidence - best).exp() / total;
            let off: Vec<f64> = (0..size).map(|row| candidate.mean * candidate.decay[row] - smooth.values[row]).collect();
            (0..size * size).for_each(|at| smooth.between[at] += share * off[at / size] * off[at % size]);
        }
        smooth
    }
}

struct Candidate {
    half_life: f64,
    decay: Vec<f64>,
    /// Variance's inverse times the decay.
    loading: Vec<f64>,
    precision: f64,
    mean: f64,
    evidence: f64,
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
