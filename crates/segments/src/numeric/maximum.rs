//! The maximum of a function of a few positive parameters, by damped Newton steps in their logarithms.

use super::sums::Point;

/// Newton's method takes ten to thirty steps here.
const MAX_STEPS: usize = 300;
/// The largest slope left, of a mean log-likelihood against the logarithm of a parameter.
const SLOPE: f64 = 1e-10;
/// What rounding may leave where damping no longer helps.
const ROUNDING_SLOPE: f64 = 1e-7;
/// No step changes a parameter by more than this factor's logarithm.
const LONGEST: f64 = 2.0;
/// Damping beyond which steps no longer change anything.
const STUCK: f64 = 1e14;

/// Where a search starts, and when it ends.
#[derive(Debug, Clone, Copy)]
pub struct Search<const N: usize> {
    /// Parameters to start from, above zero.
    pub start: [f64; N],
    /// Taken off the function: this times the sum of the squared logarithms of the parameters.
    pub penalty: f64,
}

/// What a search found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Maximum<const N: usize> {
    /// The parameters.
    pub parameters: [f64; N],
    /// The function there, the penalty taken off.
    pub value: f64,
    /// Steps taken.
    pub steps: usize,
    /// Whether no slope is left.
    pub has_converged: bool,
    /// The inverse of the negative Hessian with respect to the logarithms, its diagonal; absent where the function is flat.
    pub log_variances: Option<[f64; N]>,
}

/// Climbs to a maximum: (-H + damping I) step = gradient, with the damping raised until the step leads up (Levenberg-Marquardt).
///
/// `function` gives value, gradient and Hessian with respect to the parameters themselves.
pub fn maximise<const N: usize>(search: Search<N>, function: impl Fn([f64; N]) -> Point<N>) -> Maximum<N> {
    let at = |logarithms: [f64; N]| in_logarithms(function(logarithms.map(f64::exp)), logarithms, search.penalty);
    let mut place = search.start.map(f64::ln);
    let mut here = at(place);
    let mut damping = 0.0_f64;
    let mut steps = 0;
    while steps < MAX_STEPS && steepest(&here) > SLOPE && damping < STUCK {
        steps += 1;
        let next = damped_step(&here, damping).map(|step| {
            let place: [f64; N] = std::array::from_fn(|index| place[index] + step[index]);
            (place, at(place))
        });
        match next {
            Some((there, point)) if is_better(&point, &here) => {
                (place, here) = (there, point);
                damping = if damping < 1e-6 { 0.0 } else { damping / 8.0 };
            }
            _ => damping = (damping * 4.0).max(1e-4),
        }
    }
    let slope = steepest(&here);
    Maximum {
        parameters: place.map(f64::exp),
        value: here.value,
        steps,
        has_converged: slope <= SLOPE || (damping >= STUCK && slope <= ROUNDING_SLOPE),
        log_variances: inverse_diagonal(&here),
    }
}

/// Derivatives with respect to the logarithms of the parameters, the penalty taken off.
fn in_logarithms<const N: usize>(mut point: Point<N>, logarithms: [f64; N], penalty: f64) -> Point<N> {
    let parameters = logarithms.map(f64::exp);
    for row in 0..N {
        point.gradient[row] *= parameters[row];
        for column in 0..=row {
            point.hessian[row][column] *= parameters[row] * parameters[column];
        }
        point.hessian[row][row] += point.gradient[row] - 2.0 * penalty;
        point.gradient[row] -= 2.0 * penalty * logarithms[row];
        point.value -= penalty * logarithms[row] * logarithms[row];
    }
    point
}

/// Near the top the value no longer tells for rounding, but the slope does.
fn is_better<const N: usize>(there: &Point<N>, here: &Point<N>) -> bool {
    let rounding = 1e-13 * here.value.abs().max(1.0);
    there.value > here.value + rounding || (there.value >= here.value - rounding && steepest(there) < steepest(here))
}

fn steepest<const N: usize>(point: &Point<N>) -> f64 {
    point.gradient.iter().fold(0.0, |most: f64, slope| if slope.is_nan() { f64::INFINITY } else { most.max(slope.abs()) })
}

fn damped_step<const N: usize>(point: &Point<N>, damping: f64) -> Option<[f64; N]> {
    let factor = cholesky(&point.hessian, damping)?;
    let step = solved(&factor, point.gradient);
    let longest = step.iter().fold(0.0, |most: f64, part| most.max(part.abs()));
    let shorten = if longest > LONGEST { LONGEST / longest } else { 1.0 };
    longest.is_finite().then(|| step.map(|part| part * shorten))
}

/// The lower factor of damping I - hessian; absent unless that is positive definite.
fn cholesky<const N: usize>(hessian: &[[f64; N]; N], damping: f64) -> Option<[[f64; N]; N]> {
    let mut factor = [[0.0; N]; N];
    for row in 0..N {
        for column in 0..=row {
            let known: f64 = (0..column).map(|index| factor[row][index] * factor[column][index]).sum();
            let rest = -hessian[row][column] - known;
            if row != column {
                factor[row][column] = rest / factor[column][column];
                continue;
            }
            let pivot = rest + damping;
            if pivot.is_nan() || pivot <= 1e-14 * hessian[row][row].abs() {
                return None;
            }
            factor[row][row] = pivot.sqrt();
        }
    }
    Some(factor)
}

fn solved<const N: usize>(factor: &[[f64; N]; N], mut right: [f64; N]) -> [f64; N] {
    for row in 0..N {
        let known: f64 = (0..row).map(|index| factor[row][index] * right[index]).sum();
        right[row] = (right[row] - known) / factor[row][row];
    }
    for row in (0..N).rev() {
        let known: f64 = (row + 1..N).map(|index| factor[index][row] * right[index]).sum();
        right[row] = (right[row] - known) / factor[row][row];
    }
    right
}

fn inverse_diagonal<const N: usize>(point: &Point<N>) -> Option<[f64; N]> {
    let factor = cholesky(&point.hessian, 0.0)?;
    Some(std::array::from_fn(|index| {
        let unit = std::array::from_fn(|row| if row == index { 1.0 } else { 0.0 });
        solved(&factor, unit)[index]
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// -(x y - 6)^2 - (x - 2)^2, whose maximum 0 lies at (2, 3).
    fn hill([x, y]: [f64; 2]) -> Point<2> {
        let off = x * y - 6.0;
        Point {
            value: -off * off - (x - 2.0).powi(2),
            gradient: [-2.0 * off * y - 2.0 * (x - 2.0), -2.0 * off * x],
            hessian: [[-2.0 * y * y - 2.0, 0.0], [-2.0 * (2.0 * x * y - 6.0), -2.0 * x * x]],
        }
    }

    #[test]
    fn finds_the_top_from_afar() {
        for start in [[0.001, 1000.0], [500.0, 0.01], [1.0, 1.0]] {
            let found = maximise(Search { start, penalty: 0.0 }, hill);
            assert!(found.has_converged, "{start:?}: {found:?}");
            assert!((found.parameters[0] - 2.0).abs() < 1e-9 && (found.parameters[1] - 3.0).abs() < 1e-9, "{found:?}");
        }
    }

    #[test]
    fn a_penalty_pulls_towards_one() {
        let found = maximise(Search { start: [1.0, 1.0], penalty: 0.1 }, hill);
        assert!(found.has_converged && found.parameters[1] < 2.99, "{found:?}");
        let slopes = in_logarithms(hill(found.parameters), found.parameters.map(f64::ln), 0.1).gradient;
        assert!(slopes.iter().all(|slope| slope.abs() < 1e-9), "{slopes:?}");
    }

    #[test]
    fn no_top_is_no_convergence() {
        let rising = |[x]: [f64; 1]| Point { value: x.ln(), gradient: [1.0 / x], hessian: [[-1.0 / (x * x)]] };
        assert!(!maximise(Search { start: [1.0], penalty: 0.0 }, rising).has_converged);
        // ln x - 0.1 (ln x)^2 has one, at ln x = 5.
        let held = maximise(Search { start: [1.0], penalty: 0.1 }, rising);
        assert!(held.has_converged && (held.parameters[0].ln() - 5.0).abs() < 1e-9, "{held:?}");
    }
}
