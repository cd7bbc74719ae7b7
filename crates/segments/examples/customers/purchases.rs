use std::time::Instant;

use segments::value::{BgNbd, FitSettings, GammaGamma, Histories, Horizon, customer_values};
use serde_json::{Value, json};

use crate::Failure;

struct Customers {
    histories: Histories,
    order_values: Vec<f64>,
    weights: Vec<f64>,
}

fn read(file: &str) -> Result<Customers, Failure> {
    let mut reader = csv::Reader::from_path(file)?;
    let (mut frequency, mut columns) = (Vec::new(), [const { Vec::new() }; 4]);
    for record in reader.records() {
        let record = record?;
        frequency.push(record[0].parse::<u64>()?);
        for (column, text) in columns.iter_mut().zip(record.iter().skip(1)) {
            column.push(text.parse::<f64>()?);
        }
    }
    let [recency, age, order_values, weights] = columns;
    Ok(Customers { histories: Histories::new(&frequency, &recency, &age)?, order_values, weights })
}

fn twelve(period: f64) -> Horizon {
    Horizon { periods: 12, period, discount_rate: 0.01 }
}

pub fn value(file: &str, horizon: f64, period: f64) -> Result<Value, Failure> {
    let Customers { histories, order_values, weights } = read(file)?;
    let settings = FitSettings::default();
    let (purchases, spending) = if weights.is_empty() {
        (BgNbd::fit(&histories, &settings)?, GammaGamma::fit(&histories, &order_values, &settings)?)
    } else {
        (BgNbd::fit_weighted(&histories, &weights, &settings)?, GammaGamma::fit_weighted(&histories, &order_values, &weights, &settings)?)
    };
    Ok(json!({
        "alive": purchases.model.probability_alive(&histories),
        "expected_purchases": purchases.model.expected_purchases(&histories, horizon)?,
        "expected_purchases_of_new": purchases.model.expected_purchases_of_new(horizon)?,
        "order_value": spending.model.expected_order_values(&histories, &order_values)?,
        "value": customer_values(&purchases.model, &spending.model, &histories, &order_values, &twelve(period))?,
        "bg_nbd": purchases,
        "gamma_gamma": spending,
    }))
}

pub fn time(file: &str, horizon: f64, period: f64) -> Result<Value, Failure> {
    let Customers { histories, order_values, .. } = read(file)?;
    let settings = FitSettings::default();
    let (purchases, bg_nbd) = timed(|| BgNbd::fit(&histories, &settings));
    let (spending, gamma_gamma) = timed(|| GammaGamma::fit(&histories, &order_values, &settings));
    let (purchases, spending) = (purchases?, spending?);
    let (_, alive) = timed(|| purchases.model.probability_alive(&histories));
    let (expected, expected_purchases) = timed(|| purchases.model.expected_purchases(&histories, horizon));
    let (values, value) = timed(|| customer_values(&purchases.model, &spending.model, &histories, &order_values, &twelve(period)));
    let total = |values: Vec<f64>| values.iter().sum::<f64>();
    Ok(json!({
        "customers": histories.len(),
        "seconds": {"bg_nbd": bg_nbd, "gamma_gamma": gamma_gamma, "alive": alive, "expected_purchases": expected_purchases, "value": value},
        "bg_nbd": purchases,
        "gamma_gamma": spending,
        "expected_purchases": total(expected?),
        "value": total(values?),
    }))
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let begin = Instant::now();
    let result = work();
    (result, begin.elapsed().as_secs_f64())
}
