use proptest::prelude::*;

use crate::numeric::{Point, Weighted};
use crate::value::{bg_nbd, gamma_gamma};

/// Central differences of values are the gradient, those of gradients the Hessian.
fn check<const N: usize>(parameters: [f64; N], function: impl Fn([f64; N]) -> Point<N>) -> Result<(), TestCaseError> {
    let here = function(parameters);
    for index in 0..N {
        let step = parameters[index] * 1e-5;
        let moved = |by: f64| {
            let mut parameters = parameters;
            parameters[index] += by;
            function(parameters)
        };
        let (above, below) = (moved(step), moved(-step));
        let slope = (above.value - below.value) / (2.0 * step);
        let near = |found: f64, expected: f64, size: f64| (found - expected).abs() <= 1e-5 * (size / parameters[index] + expected.abs());
        prop_assert!(near(here.gradient[index], slope, 1.0 + here.value.abs() * 1e-4), "{index}: {} {slope}", here.gradient[index]);
        for row in index..N {
            let slope = (above.gradient[row] - below.gradient[row]) / (2.0 * step);
            let size = here.gradient[row].abs() + 1e-3;
            prop_assert!(near(here.hessian[row][index], slope, size), "{row} {index}: {} {slope}", here.hessian[row][index]);
        }
    }
    Ok(())
}

fn parameter() -> impl Strategy<Value = f64> {
    (-3.0..3.0_f64).prop_map(f64::exp)
}

proptest! {
    #[test]
    fn of_bg_nbd(r in parameter(), alpha in parameter(), a in parameter(), b in parameter(), x in 0..60_u32, t_x in 0.0..1.0_f64, age in 0.01..9.0_f64) {
        let key = [f64::from(x), if x == 0 { 0.0 } else { t_x * age }, age];
        check([r, alpha, a, b], |parameters| bg_nbd::log_likelihood(&[Weighted { key, weight: 1.0 }], parameters))?;
    }

    #[test]
    fn of_gamma_gamma(p in parameter(), q in parameter(), v in parameter(), x in 1..60_u32, value in parameter()) {
        let key = [f64::from(x), value, 0.0];
        check([p, q, v], |parameters| gamma_gamma::log_likelihood(&[Weighted { key, weight: 1.0 }], parameters))?;
    }
}

#[test]
fn the_check_sees_a_wrong_gradient() {
    let rows = [Weighted { key: [3.0, 2.0, 5.0], weight: 1.0 }];
    let wrong = |parameters| {
        let mut point = bg_nbd::log_likelihood(&rows, parameters);
        point.gradient[2] *= 1.001;
        point
    };
    assert!(check([0.5, 2.0, 0.7, 2.5], wrong).is_err());
    assert!(check([0.5, 2.0, 0.7, 2.5], |parameters| bg_nbd::log_likelihood(&rows, parameters)).is_ok());
}
