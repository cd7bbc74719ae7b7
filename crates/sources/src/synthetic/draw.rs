//! Chance without state: every draw is a function of (seed, stream, index).
//!
//! A row can be made by any thread, in any order, on its own, and comes out the same. That is what
//! gives the same bytes for any number of threads, and late rows of an earlier day without
//! generating that day again.

/// What a sequence of draws is for. Two streams with the same index are independent.
#[derive(Clone, Copy)]
pub(crate) enum Stream {
    Day = 1,
    User,
    UserApps,
    ProfileDirt,
    ProfileCopy,
    App,
    Campaign,
    Affinity,
    Arrival,
    Request,
    RequestId,
    RequestDirt,
    Impression,
    ImpressionId,
    Click,
    ClickId,
    Install,
    InstallId,
    BrokenProfile,
    BrokenApps,
    BrokenRequest,
    BrokenImpression,
    BrokenClick,
    BrokenInstall,
    Event,
    Effect,
    PairEffect,
    Values,
    Customer,
    Purchase,
    Guest,
    Order,
    Line,
    Product,
    Shopper,
    Holdout,
    Opportunity,
    Budget,
    Correction,
    Market,
    Rate,
}

const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014): a bijection, so different inputs
/// never collide.
pub(crate) fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// An opaque number that is unique per index within a stream.
pub(crate) fn unique(seed: u64, stream: Stream, index: u64) -> u64 {
    mix(index.wrapping_add(mix(seed ^ (stream as u64).wrapping_mul(GAMMA))))
}

/// A SplitMix64 sequence that starts at a place given by (seed, stream, index).
pub(crate) struct Draws(u64);

impl Draws {
    pub(crate) fn new(seed: u64, stream: Stream, index: u64) -> Self {
        Self(unique(seed, stream, index))
    }

    /// 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        mix(self.0)
    }

    /// Uniform in 0..1, 1 excluded.
    pub(crate) fn fraction(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// True with this probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.fraction() < probability
    }

    /// Uniform in 0..n; 0 for n = 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }

    /// Exponential with mean 1.
    pub(crate) fn gap(&mut self) -> f64 {
        -(1.0 - self.fraction()).ln()
    }

    /// About normal with mean 0 and standard deviation 1: the sum of four uniforms, so never beyond
    /// 3.5.
    pub(crate) fn normal(&mut self) -> f64 {
        let sum = self.fraction() + self.fraction() + self.fraction() + self.fraction();
        (sum - 2.0) * 3f64.sqrt()
    }
}

/// Distributions that a law names, drawn exactly.
impl Draws {
    /// Exponential with mean 1.
    pub(crate) fn exponential(&mut self) -> f64 {
        -(1.0 - self.fraction()).ln()
    }

    /// Standard normal (Box and Muller, 1958).
    fn gaussian(&mut self) -> f64 {
        (2.0 * self.exponential()).sqrt() * (std::f64::consts::TAU * self.fraction()).cos()
    }

    /// Gamma with this shape, above 0, and scale 1 (Marsaglia and Tsang, 2000).
    pub(crate) fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            // A draw of a shape above 1, brought down.
            return self.gamma(shape + 1.0) * (1.0 - self.fraction()).powf(1.0 / shape);
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.gaussian();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && -self.exponential() < 0.5 * x * x + d * (1.0 - v + v.ln()) {
                return d * v;
            }
        }
    }

    /// Beta with these shapes, above 0.
    pub(crate) fn beta(&mut self, a: f64, b: f64) -> f64 {
        let (x, y) = (self.gamma(a), self.gamma(b));
        x / (x + y)
    }
}

/// A choice between numbered things with given weights.
pub(crate) struct Weighted(Vec<u32>);

impl Weighted {
    pub(crate) fn new(weights: impl IntoIterator<Item = f64>) -> Self {
        let weights: Vec<f64> = weights.into_iter().collect();
        let total: f64 = weights.iter().sum();
        let mut sum = 0.0;
        let upper = weights.iter().map(|weight| {
            sum += weight;
            (sum / total * f64::from(u32::MAX)) as u32
        });
        Self(upper.collect())
    }

    pub(crate) fn pick(&self, draws: &mut Draws) -> usize {
        let at = (draws.bits() >> 32) as u32;
        self.0.partition_point(|upper| *upper <= at).min(self.0.len() - 1)
    }
}
