//! Customer value of the customers in a file, as JSON: the other half of `tests/commerce/segments.py`.
//!
//!     value FILE HORIZON PERIOD PENALTY
//!
//! FILE is CSV with the columns frequency, recency, age, order_value and, optionally, weight. HORIZON and PERIOD are times in the unit of
//! the ages: purchases are expected within HORIZON, values within 12 PERIODs at a discount of 1 % each. PENALTY is that of the fits.

use std::env;
use std::error::Error;
use std::io::{self, Write};

use segments::value::{BgNbd, FitSettings, GammaGamma, Histories, Horizon, customer_values};
use serde_json::json;

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [file, numbers @ ..] = arguments.as_slice() else { return Err("usage: value FILE HORIZON PERIOD PENALTY".into()) };
    let numbers: Vec<f64> = numbers.iter().map(|number| number.parse()).collect::<Result<_, _>>()?;
    let [horizon, period, penalty] = numbers[..] else { return Err("usage: value FILE HORIZON PERIOD PENALTY".into()) };

    let mut reader = csv::Reader::from_path(file)?;
    let has_weights = reader.headers()?.iter().any(|name| name == "weight");
    let (mut frequency, mut columns) = (Vec::new(), [const { Vec::new() }; 4]);
    for record in reader.records() {
        let record = record?;
        frequency.push(record[0].parse::<u64>()?);
        for (column, text) in columns.iter_mut().zip(record.iter().skip(1)) {
            column.push(text.parse::<f64>()?);
        }
    }
    let [recency, age, order_values, weights] = columns;
    let histories = Histories::new(&frequency, &recency, &age)?;
    let settings = FitSettings { penalty };
    let (purchases, spending) = if has_weights {
        (BgNbd::fit_weighted(&histories, &weights, &settings)?, GammaGamma::fit_weighted(&histories, &order_values, &weights, &settings)?)
    } else {
        (BgNbd::fit(&histories, &settings)?, GammaGamma::fit(&histories, &order_values, &settings)?)
    };
    let twelve = Horizon { periods: 12, period, discount_rate: 0.01 };
    let found = json!({
        "alive": purchases.model.probability_alive(&histories),
        "expected_purchases": purchases.model.expected_purchases(&histories, horizon)?,
        "expected_purchases_of_new": purchases.model.expected_purchases_of_new(horizon)?,
        "order_value": spending.model.expected_order_values(&histories, &order_values)?,
        "value": customer_values(&purchases.model, &spending.model, &histories, &order_values, &twelve)?,
        "bg_nbd": purchases,
        "gamma_gamma": spending,
    });
    Ok(writeln!(io::stdout(), "{found}")?)
}
