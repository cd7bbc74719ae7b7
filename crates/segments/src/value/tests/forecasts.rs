use proptest::prelude::*;
use statrs::function::beta::ln_beta;

use crate::value::forecast::{Forecaster, Outlook};
use crate::value::{BgNbd, GammaGamma, Histories, Horizon, customer_values};

/// The integral that the sum stands for, over the logarithm of the odds of leaving, by the trapezoidal rule.
fn integrated(outlook: Outlook, horizon: f64) -> f64 {
    let Outlook { shape, elapsed, leaving, staying } = outlook;
    let ratio = horizon / elapsed;
    let step = 0.01;
    let log_beta = ln_beta(leaving, staying);
    let at = |log_odds: f64| {
        // ln p and ln(1 - p).
        let (log_p, log_q) = (-(-log_odds).exp().ln_1p(), -log_odds.exp().ln_1p());
        let p = log_p.exp();
        let purchases = -(-shape * (p * ratio).ln_1p()).exp_m1() / p;
        (leaving * log_p + staying * log_q - log_beta).exp() * purchases
    };
    let far = (45.0 / leaving.min(1.0)).min(700.0);
    let steps = ((far + 45.0 / staying.min(1.0)) / step) as i64;
    (0..steps).map(|number| at(-far + number as f64 * step)).sum::<f64>() * step
}

fn summed(outlook: Outlook, horizon: f64) -> f64 {
    Forecaster::new(&[horizon]).expected(outlook).unwrap()[0]
}

proptest! {
    #[test]
    fn the_sum_is_the_integral(
        r in (-2.0..2.0_f64).prop_map(f64::exp), elapsed in 0.1..100.0_f64, a in prop_oneof![0.1..3.0_f64, Just(1.0)], b in 0.3..20.0_f64,
        x in prop_oneof![Just(0.0), (1..50_u32).prop_map(f64::from)], horizon in 0.01..400.0_f64,
    ) {
        let outlook = Outlook { shape: r + x, elapsed, leaving: a, staying: b + x };
        let (found, expected) = (summed(outlook, horizon), integrated(outlook, horizon));
        prop_assert!((found / expected - 1.0).abs() < 1e-9, "{outlook:?} {horizon}: {found} {expected}");
    }

    #[test]
    fn horizons_together_are_horizons_alone(elapsed in 10.0..100.0_f64, x in 0..3000_u32, period in 0.01..20.0_f64) {
        let outlook = Outlook { shape: 0.3 + f64::from(x), elapsed, leaving: 0.8, staying: 2.4 + f64::from(x) };
        let horizons: Vec<_> = (0..12).map(|number| f64::from(number) * period).collect();
        let mut forecaster = Forecaster::new(&horizons);
        let together = forecaster.expected(outlook).unwrap();
        for (horizon, found) in horizons.iter().zip(together) {
            let alone = summed(outlook, *horizon);
            prop_assert!((*found - alone).abs() <= 1e-12 * alone, "{horizon}: {found} {alone}");
        }
    }
}

#[test]
fn many_purchases_do_not_underflow() {
    // (1 - z)^shape is e^-13863 here.
    let outlook = Outlook { shape: 20_000.0, elapsed: 10.0, leaving: 0.8, staying: 20_002.0 };
    let (found, expected) = (summed(outlook, 10.0), integrated(outlook, 10.0));
    assert!((found / expected - 1.0).abs() < 1e-9, "{found} {expected}");
}

#[test]
fn nothing_is_expected_within_no_time() {
    let outlook = Outlook { shape: 2.0, elapsed: 1.0, leaving: 0.8, staying: 3.0 };
    assert_eq!(summed(outlook, 0.0), 0.0);
    // Short horizons keep their digits: shape x horizon / elapsed.
    assert!((summed(outlook, 1e-12) / 2e-12 - 1.0).abs() < 1e-11);
}

#[test]
fn values_are_discounted_period_by_period() {
    let purchases = BgNbd::new(0.3, 4.0, 0.8, 2.4).unwrap();
    let spending = GammaGamma::new(6.0, 4.0, 15.0).unwrap();
    let histories = Histories::new(&[0, 3, 12], &[0.0, 10.0, 30.0], &[20.0, 30.0, 30.0]).unwrap();
    let (values, horizon) = ([0.0, 12.0, 40.0], Horizon { periods: 7, period: 4.0, discount_rate: 0.02 });
    let found = customer_values(&purchases, &spending, &histories, &values, &horizon).unwrap();
    let each = spending.expected_order_values(&histories, &values).unwrap();
    let mut expected = [0.0; 3];
    let mut before = vec![0.0; 3];
    for period in 1..=7 {
        let until = purchases.expected_purchases(&histories, 4.0 * f64::from(period)).unwrap();
        for row in 0..3 {
            expected[row] += each[row] * (until[row] - before[row]) / 1.02_f64.powi(period);
        }
        before = until;
    }
    for row in 0..3 {
        assert!((found[row] / expected[row] - 1.0).abs() < 1e-12, "{row}: {} {}", found[row], expected[row]);
    }
    // A customer without a repeat purchase has the mean of all, p v / (q - 1).
    assert!((each[0] - 30.0).abs() < 1e-12);
}
