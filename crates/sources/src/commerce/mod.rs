//! The synthetic transaction log of an online shop, in the form of UCI's Online Retail: a row per line of an invoice, cancellations,
//! guests and clerks' slips included. Who buys again follows a stated law, so that a churn model or a customer's value can be held to
//! what is true.
//!
//! [`generate`] writes `transactions/2010-12.csv` and so on, a file a month, and `truth/customers.csv`. The same options give the same bytes
//! on any number of threads.
//!
//! # Who buys
//! The law is that of BG/NBD (Fader, Hardie and Lee, 2005), with [`RATE_SHAPE`], [`RATE_SCALE_DAYS`], [`DROP_A`] and [`DROP_B`]:
//!
//! | | |
//! |---|---|
//! | first purchase | uniform over the log |
//! | purchases a day, while active | λ, gamma with shape 0.9 and mean 0.9 / 45 |
//! | chance to leave after a purchase but the first | p, beta with 0.6 and 3 |
//! | next purchase | after an exponential time of mean 1 / λ |
//!
//! # What is bought
//! | | |
//! |---|---|
//! | lines of an invoice | 1 + a geometric number; the mean is the customer's own, gamma with mean 12, and half as large again from September to November |
//! | products | [`PRODUCTS`], the k-th with a weight in proportion to 1 / (k + 20) |
//! | price | log-normal with median 2.10, ending in 5; wholesalers (a sixth of the customers) pay 15 % less |
//! | units | 1 to 12; wholesalers take twelve times as many |
//! | country | the United Kingdom for nine customers in ten; one in a hundred moves |
//!
//! # What else a log holds
//! One invoice in six is a guest's, at any time. Of one in eight a line is taken back within 30 days, in whole or in part (`C…`). Invoices to
//! other countries have postage. One line in a hundred is entered twice, one in 300 has no description, one in a hundred has it in small
//! letters; one invoice in a hundred corrects the stock (no customer, no price, units below zero), one in 5,000 adjusts the books (`A…`).

mod customers;
mod events;
mod files;
mod generate;
mod generated;
mod invoices;
mod options;
mod products;
#[cfg(test)]
mod tests;

pub use customers::{DROP_A, DROP_B, RATE_SCALE_DAYS, RATE_SHAPE};
pub use files::SETTINGS;
pub use generate::generate;
pub use generated::Generated;
pub use options::{CommerceOptions, Form};
pub use products::PRODUCTS;

pub use crate::synthetic::{GenerateError, Progress, TableFiles};
