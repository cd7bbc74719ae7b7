//! Customers from files, as JSON: the other half of `tests/segments` and `bench/customers.py`.
//!
//!     customers value FILE HORIZON PERIOD
//!
//! FILE is CSV with the columns frequency, recency, age, order_value and, if there is a fifth, weight. HORIZON and PERIOD are in the unit
//! of the ages: purchases are expected within HORIZON, values within 12 PERIODs at a discount of 1 % each.
//!
//!     customers time FILE HORIZON PERIOD
//!
//! The same, but says how many seconds each part takes.
//!
//!     customers rfm FILE AS_OF
//!
//! FILE is CSV with the columns line_id, invoice_no, customer_id, day, kind (sale or return), amount, and AS_OF a day. The answer has all
//! customers from all lines at once and from one line after the other, these in the file's order, with half of the lines told twice.
//!
//!     customers clusters FILE SEED
//!
//! FILE is CSV with the columns recency_days, order_count, net_amount.
//!
//!     customers partition FILE CENTRES
//!
//! FILE and CENTRES are CSV with one point per row, without names: k-means from these centres, and its silhouette.

mod clusters;
mod purchases;
mod rfm;

use std::env;
use std::error::Error;
use std::io::{self, Write};

use serde_json::Value;

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let found: Value = match arguments[..] {
        ["value", file, horizon, period] => purchases::value(file, horizon.parse()?, period.parse()?)?,
        ["time", file, horizon, period] => purchases::time(file, horizon.parse()?, period.parse()?)?,
        ["rfm", file, as_of] => rfm::rfm(file, as_of.parse()?)?,
        ["clusters", file, seed] => clusters::clusters(file, seed.parse()?)?,
        ["partition", file, centres] => clusters::partition(file, centres)?,
        _ => {
            return Err(
                "usage: customers value | time | rfm | clusters | partition FILE …, as the head of examples/customers/main.rs says".into(),
            );
        }
    };
    Ok(writeln!(io::stdout(), "{found}")?)
}
