//! Numbers to pixels, and the interval around a rate.

/// A vertical axis from 0.
pub struct Scale {
    /// The number at the upper end.
    pub top: f64,
    /// Between two ticks: 1, 2 or 5 times a power of ten.
    pub step: f64,
}

impl Scale {
    /// From 0 to the first tick at or above the largest number.
    pub fn from_zero_to(largest: f64) -> Self {
        let largest = if largest > 0.0 { largest } else { 1.0 };
        let rough = largest / 5.0;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|n| n * power).into_iter().find(|s| *s >= rough).unwrap_or(power);
        Self { top: (largest / step - 1e-9).ceil() * step, step }
    }

    /// The numbers that get a line across the chart.
    pub fn ticks(&self) -> impl Iterator<Item = f64> + '_ {
        let count = (self.top / self.step).round() as u32;
        (0..=count).map(|n| f64::from(n) * self.step)
    }
}

/// The 95 % interval of a rate seen as `hits` of `cases`, after Wilson (1927), which stays within 0 and 1 for few cases.
pub fn wilson(hits: f64, cases: f64) -> (f64, f64) {
    const Z: f64 = 1.96;
    if cases <= 0.0 {
        return (0.0, 1.0);
    }
    let rate = hits / cases;
    let center = (rate + Z * Z / (2.0 * cases)) / (1.0 + Z * Z / cases);
    let spread = Z / (1.0 + Z * Z / cases) * (rate * (1.0 - rate) / cases + Z * Z / (4.0 * cases * cases)).sqrt();
    ((center - spread).max(0.0), (center + spread).min(1.0))
}
