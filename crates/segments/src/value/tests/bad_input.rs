use super::simulated::customers;
use crate::SegmentsError;
use crate::value::{BgNbd, FitSettings, GammaGamma, Histories, Horizon, customer_values};

fn told(frequency: &[u64], recency: &[f64], age: &[f64]) -> String {
    Histories::new(frequency, recency, age).unwrap_err().to_string()
}

fn plain() -> FitSettings {
    FitSettings::default()
}

#[test]
fn histories_that_cannot_be() {
    assert_eq!(told(&[1], &[5.0], &[4.0]), "recency is 5 in row 0, expected a time from 0 to the customer's age");
    assert_eq!(told(&[1, 0], &[1.0, 1.0], &[4.0, 4.0]), "recency is 1 in row 1, expected 0 for a customer without a repeat purchase");
    assert!(told(&[1], &[-1.0], &[4.0]).starts_with("recency is -1"));
    assert!(told(&[1], &[f64::NAN], &[4.0]).starts_with("recency is NaN"));
    assert!(told(&[0], &[0.0], &[-4.0]).starts_with("age is -4"));
    assert!(told(&[0], &[0.0], &[f64::INFINITY]).starts_with("age is inf"));
    assert!(told(&[0], &[0.0], &[]).starts_with("age has 0 entries, expected 1"));
}

#[test]
fn too_little_to_learn_from() {
    let few = Histories::new(&[1; 9], &[1.0; 9], &[2.0; 9]).unwrap();
    assert_eq!(BgNbd::fit(&few, &plain()), Err(SegmentsError::TooFew { what: "customers", found: 9, needed: 10 }));
    let once = Histories::new(&[0; 90], &[0.0; 90], &[2.0; 90]).unwrap();
    let expected = SegmentsError::TooFew { what: "customers with a repeat purchase", found: 0, needed: 10 };
    assert_eq!(BgNbd::fit(&once, &plain()), Err(expected));
    assert!(matches!(GammaGamma::fit(&once, &[1.0; 90], &plain()), Err(SegmentsError::TooFew { .. })));
    let ageless = Histories::new(&[1; 90], &[0.0; 90], &[0.0; 90]).unwrap();
    assert!(matches!(BgNbd::fit(&ageless, &plain()), Err(SegmentsError::TooFew { .. })));
    let none = Histories::new(&[], &[], &[]).unwrap();
    assert!(BgNbd::fit(&none, &plain()).is_err());
}

#[test]
fn what_the_data_do_not_tell_is_named_and_a_penalty_helps() {
    // All customers alike: neither rates nor chances of leaving spread.
    let alike = Histories::new(&[4; 200], &[30.0; 200], &[31.0; 200]).unwrap();
    let error = BgNbd::fit(&alike, &plain()).unwrap_err();
    assert!(matches!(error, SegmentsError::Undetermined { .. } | SegmentsError::NotConverged { .. }), "{error:?}");
    assert!(error.to_string().contains("raise the penalty (0): 0.1 is a little, 20 is much"), "{error}");
    let held = BgNbd::fit(&alike, &FitSettings { penalty: 0.1 }).unwrap();
    let expected = held.model.expected_purchases(&alike, 31.0).unwrap()[0];
    assert!((2.0..6.0).contains(&expected), "{expected}");
    let error = GammaGamma::fit(&alike, &[20.0; 200], &plain()).unwrap_err();
    assert!(error.to_string().contains("raise the penalty (0): 0.1 is a little, 20 is much"), "{error}");
    // Values without any spread are the more likely the larger p: a little does not hold that.
    assert!(GammaGamma::fit(&alike, &[20.0; 200], &FitSettings { penalty: 0.1 }).is_err());
    assert!(GammaGamma::fit(&alike, &[20.0; 200], &FitSettings { penalty: 20.0 }).is_ok());
    for penalty in [-1.0, f64::NAN] {
        assert!(matches!(BgNbd::fit(&alike, &FitSettings { penalty }), Err(SegmentsError::Setting { .. })));
    }
}

#[test]
fn order_values_and_weights_that_cannot_be() {
    let simulated = customers(100, [0.6, 6.0, 0.9, 3.0], [5.0, 4.0, 20.0], 3);
    let histories = &simulated.histories;
    let row = histories.rows().iter().position(|history| history.frequency() > 0.0).unwrap();
    let mut values = simulated.order_values.clone();
    values[row] = f64::NAN;
    assert!(matches!(GammaGamma::fit(histories, &values, &plain()), Err(SegmentsError::Value { row: found, .. }) if found == row));
    assert!(matches!(GammaGamma::fit(histories, &values[1..], &plain()), Err(SegmentsError::Lengths { .. })));
    for weight in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let mut weights = vec![1.0; 100];
        weights[5] = weight;
        assert!(matches!(BgNbd::fit_weighted(histories, &weights, &plain()), Err(SegmentsError::Value { row: 5, .. })));
    }
    // Without a value above zero a customer is left out of the fit.
    let fitted = |values: &[f64]| GammaGamma::fit(histories, values, &plain()).unwrap().customers;
    values[row] = -3.0;
    assert_eq!(fitted(&values) + 1.0, fitted(&simulated.order_values));
}

#[test]
fn horizons_that_cannot_be() {
    let model = BgNbd::new(0.3, 4.0, 0.8, 2.4).unwrap();
    let spending = GammaGamma::new(6.0, 4.0, 15.0).unwrap();
    let histories = Histories::new(&[0, 3], &[0.0, 10.0], &[0.0, 30.0]).unwrap();
    for horizon in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(model.expected_purchases(&histories, horizon), Err(SegmentsError::Setting { .. })));
    }
    assert_eq!(model.expected_purchases(&histories, 1e9), Err(SegmentsError::Horizon { horizon: 1e9, row: 0 }));
    assert!(model.expected_purchases(&histories, 4e4).is_ok());
    let good = Horizon { periods: 12, period: 4.0, discount_rate: 0.01 };
    for wrong in [
        Horizon { periods: 0, ..good },
        Horizon { periods: 9999, ..good },
        Horizon { period: 0.0, ..good },
        Horizon { discount_rate: -0.1, ..good },
        Horizon { discount_rate: f64::NAN, ..good },
    ] {
        let found = customer_values(&model, &spending, &histories, &[0.0, 9.0], &wrong);
        assert!(matches!(found, Err(SegmentsError::Setting { .. })), "{wrong:?}");
    }
    let spread_out = GammaGamma::new(6.0, 0.9, 15.0).unwrap();
    let expected = SegmentsError::InfiniteOrderValue { row: 0, q: 0.9 };
    assert_eq!(spread_out.expected_order_values(&histories, &[0.0, 9.0]), Err(expected));
}

#[test]
fn parameters_that_cannot_be() {
    for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(BgNbd::new(1.0, wrong, 1.0, 1.0).is_err() && GammaGamma::new(1.0, 1.0, wrong).is_err());
    }
    let model = BgNbd::new(0.1, 0.2, 0.3, 0.4).unwrap();
    let stored = serde_json::to_string(&model).unwrap();
    assert_eq!(stored, r#"{"r":0.1,"alpha":0.2,"a":0.3,"b":0.4}"#);
    assert_eq!(serde_json::from_str::<BgNbd>(&stored).unwrap(), model);
    assert!(serde_json::from_str::<BgNbd>(&stored.replace("0.3", "-0.3")).is_err());
}
