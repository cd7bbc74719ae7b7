//! Who buys, how often, and until when.

use crate::synthetic::draw::{Draws, Stream, Weighted};

/// Shape of the purchase rates' gamma distribution.
pub const RATE_SHAPE: f64 = 0.9;
/// The purchase rates' mean is [`RATE_SHAPE`] in so many days.
pub const RATE_SCALE_DAYS: f64 = 45.0;
/// First shape of the beta distribution of the chance to leave after a purchase.
pub const DROP_A: f64 = 0.6;
/// Its second shape.
pub const DROP_B: f64 = 3.0;

const HOME: &str = "United Kingdom";
const ABROAD: [(&str, f64); 12] = [
    ("Germany", 9.0),
    ("France", 8.5),
    ("EIRE", 8.0),
    ("Spain", 2.5),
    ("Netherlands", 2.3),
    ("Belgium", 2.0),
    ("Switzerland", 1.9),
    ("Portugal", 1.5),
    ("Australia", 1.2),
    ("Norway", 1.0),
    ("Italy", 0.8),
    ("Unspecified", 0.4),
];

/// A customer, as drawn.
pub(super) struct Customer {
    /// Purchases a day while active.
    pub(super) rate: f64,
    /// The chance to leave after a purchase.
    pub(super) drop_chance: f64,
    /// Lines of an invoice beyond the first, on average.
    pub(super) more_lines: f64,
    pub(super) is_wholesale: bool,
    pub(super) country: &'static str,
    /// Where the customer lives from the middle of the log on.
    pub(super) later_country: &'static str,
}

/// When a customer bought, in days from the log's beginning, and whether the last purchase was followed by leaving.
pub(super) struct Life {
    pub(super) purchases: Vec<f64>,
    pub(super) is_active: bool,
}

/// The customers, each a function of the seed and its number.
pub(super) struct Customers {
    seed: u64,
    countries: Weighted,
}

impl Customers {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, countries: Weighted::new(ABROAD.map(|(_, weight)| weight)) }
    }

    pub(super) fn customer(&self, number: u32) -> Customer {
        let mut draws = Draws::new(self.seed, Stream::Customer, u64::from(number));
        let rate = draws.gamma(RATE_SHAPE) / RATE_SCALE_DAYS;
        let drop_chance = draws.beta(DROP_A, DROP_B);
        let more_lines = 11.0 * draws.gamma(1.5) / 1.5;
        let is_wholesale = draws.chance(1.0 / 6.0);
        let mut country = || if draws.chance(0.9) { HOME } else { ABROAD[self.countries.pick(&mut draws)].0 };
        let (country, other) = (country(), country());
        let later_country = if draws.chance(0.01) { other } else { country };
        Customer { rate, drop_chance, more_lines, is_wholesale, country, later_country }
    }

    /// A guest: a customer with one invoice.
    pub(super) fn guest(&self, number: u32) -> Customer {
        let mut draws = Draws::new(self.seed, Stream::Guest, u64::from(number));
        let more_lines = 11.0 * draws.gamma(1.5) / 1.5;
        Customer { rate: 0.0, drop_chance: 1.0, more_lines, is_wholesale: false, country: HOME, later_country: HOME }
    }

    /// The purchases within so many days.
    pub(super) fn life(&self, number: u32, customer: &Customer, days: f64) -> Life {
        let mut draws = Draws::new(self.seed, Stream::Purchase, u64::from(number));
        let mut purchases = Vec::new();
        let mut at = days * draws.fraction();
        while at < days {
            purchases.push(at);
            // Nobody leaves after the first purchase, as in BG/NBD.
            if purchases.len() > 1 && draws.chance(customer.drop_chance) {
                return Life { purchases, is_active: false };
            }
            at += draws.exponential() / customer.rate;
        }
        Life { purchases, is_active: true }
    }
}
