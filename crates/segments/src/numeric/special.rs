//! Special functions that statrs lacks.

/// Below this the recurrence is used, above it the asymptotic series, whose first term left out is then below 1e-16 of the value.
const ASYMPTOTIC_FROM: f64 = 12.0;

/// The second derivative of the logarithm of the gamma function, for arguments above zero.
///
/// psi'(z) = psi'(z + 1) + 1 / z^2, and for large z the series with Bernoulli numbers (Abramowitz and Stegun 6.4.6 and 6.4.12).
pub fn trigamma(argument: f64) -> f64 {
    let mut z = argument;
    let mut below = 0.0;
    while z < ASYMPTOTIC_FROM {
        below += 1.0 / (z * z);
        z += 1.0;
    }
    let inverse = 1.0 / z;
    let square = inverse * inverse;
    let bernoulli = [1.0 / 6.0, -1.0 / 30.0, 1.0 / 42.0, -1.0 / 30.0, 5.0 / 66.0, -691.0 / 2730.0, 7.0 / 6.0];
    let series = bernoulli.iter().rev().fold(0.0, |sum, number| (sum + number) * square);
    below + inverse + square / 2.0 + series * inverse
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        let pi_squared = std::f64::consts::PI.powi(2);
        // Catalan's constant makes the value at a quarter: pi^2 + 8 G.
        let known = [(1.0, pi_squared / 6.0), (0.5, pi_squared / 2.0), (0.25, pi_squared + 8.0 * 0.915_965_594_177_219)];
        for (argument, value) in known {
            assert!((trigamma(argument) / value - 1.0).abs() < 1e-14, "{argument}: {}", trigamma(argument));
        }
        for argument in [1e-6, 0.3, 5.0, 11.999, 12.001, 300.0] {
            let step = trigamma(argument) - trigamma(argument + 1.0);
            assert!((step * argument * argument - 1.0).abs() < 1e-9, "{argument}");
        }
    }
}
