use super::simulated::{YEAR, customers};
use crate::value::{BgNbd, FitSettings, GammaGamma, Histories, History};

const PURCHASES: [f64; 4] = [0.6, 6.0, 0.9, 3.0];
const SPENDING: [f64; 3] = [5.0, 4.0, 20.0];

#[test]
fn parameters_come_back_within_their_errors() {
    let simulated = customers(40_000, PURCHASES, SPENDING, 7);
    let purchases = BgNbd::fit(&simulated.histories, &FitSettings::default()).unwrap();
    let spending = GammaGamma::fit(&simulated.histories, &simulated.order_values, &FitSettings::default()).unwrap();
    let found = purchases.model.parameters().into_iter().chain(spending.model.parameters());
    let errors = purchases.standard_errors.unwrap().into_iter().chain(spending.standard_errors.unwrap());
    for ((found, error), planted) in found.zip(errors).zip(PURCHASES.into_iter().chain(SPENDING)) {
        assert!((found - planted).abs() < 4.0 * error && error < 0.15 * planted, "{found} +- {error}, planted {planted}");
    }
}

#[test]
fn what_is_expected_comes_true_on_average() {
    let simulated = customers(40_000, PURCHASES, SPENDING, 8);
    let model = BgNbd::fit(&simulated.histories, &FitSettings::default()).unwrap().model;
    let expected = model.expected_purchases(&simulated.histories, YEAR).unwrap();
    // Customers who bought once, some, many times.
    for (from, to) in [(0.0, 0.0), (1.0, 3.0), (4.0, 1e9)] {
        let chosen = |history: &History| (from..=to).contains(&history.frequency());
        let rows: Vec<_> =
            simulated.histories.rows().iter().enumerate().filter(|(_, history)| chosen(history)).map(|(row, _)| row).collect();
        let came = rows.iter().map(|row| simulated.later[*row] as f64).sum::<f64>();
        let promised = rows.iter().map(|row| expected[*row]).sum::<f64>();
        assert!(rows.len() > 3000 && (promised / came - 1.0).abs() < 0.05, "{from}: promised {promised}, came {came}");
    }
}

#[test]
fn order_and_repeats_do_not_tell() {
    let simulated = customers(900, PURCHASES, SPENDING, 9);
    let rows = simulated.histories.rows();
    let columns = |rows: &[usize]| {
        let of = |row: &usize| simulated.histories.rows()[*row];
        let frequency: Vec<_> = rows.iter().map(|row| of(row).frequency() as u64).collect();
        let recency: Vec<_> = rows.iter().map(|row| of(row).recency()).collect();
        let age: Vec<_> = rows.iter().map(|row| of(row).age()).collect();
        let values: Vec<_> = rows.iter().map(|row| simulated.order_values[*row]).collect();
        (Histories::new(&frequency, &recency, &age).unwrap(), values)
    };
    let mut order: Vec<_> = (0..rows.len()).collect();
    fastrand::Rng::with_seed(1).shuffle(&mut order);
    let (shuffled, shuffled_values) = columns(&order);
    let settings = FitSettings::default();
    assert_eq!(BgNbd::fit(&shuffled, &settings).unwrap(), BgNbd::fit(&simulated.histories, &settings).unwrap());
    let spending = GammaGamma::fit(&simulated.histories, &simulated.order_values, &settings).unwrap();
    assert_eq!(GammaGamma::fit(&shuffled, &shuffled_values, &settings).unwrap(), spending);

    // Each customer three times is each with a weight of three.
    let thrice: Vec<_> = order.iter().flat_map(|row| [*row; 3]).collect();
    let (repeated, repeated_values) = columns(&thrice);
    let weights = vec![3.0; rows.len()];
    assert_eq!(BgNbd::fit(&repeated, &settings).unwrap(), BgNbd::fit_weighted(&shuffled, &weights, &settings).unwrap());
    let weighted = GammaGamma::fit_weighted(&shuffled, &shuffled_values, &weights, &settings).unwrap();
    assert_eq!(GammaGamma::fit(&repeated, &repeated_values, &settings).unwrap(), weighted);
}

#[test]
fn threads_do_not_tell() {
    let simulated = customers(30_000, PURCHASES, SPENDING, 10);
    let work = || {
        let fitted = BgNbd::fit(&simulated.histories, &FitSettings::default()).unwrap();
        (fitted.model.expected_purchases(&simulated.histories, 10.0).unwrap(), fitted)
    };
    let with = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work);
    assert_eq!(with(1), with(3));
}
