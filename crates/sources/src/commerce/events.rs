//! All invoices in the order of time, before they are written.

use rayon::prelude::*;

use super::customers::{Customers, Life};
use super::options::CommerceOptions;
use crate::synthetic::BestAuc;
use crate::synthetic::draw::{Draws, Stream};

/// Hours of the day at which invoices are made, and how often.
const FIRST_HOUR: u32 = 8;
const HOURS: usize = 11;
/// How far ahead a customer is said to be lost or kept, in days.
pub(super) const HORIZON_DAYS: f64 = 90.0;

/// What an invoice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A purchase of a customer, the n-th.
    Purchase { customer: u32, nth: u32 },
    /// A guest's purchase.
    Guest { guest: u32 },
    /// A line of a purchase is taken back.
    Cancellation { customer: u32, nth: u32 },
    /// Units that are not there any more.
    Correction { number: u32 },
    /// The books are adjusted.
    Adjustment { number: u32 },
}

/// An invoice to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Event {
    /// From the log's beginning.
    pub(super) minute: u32,
    pub(super) kind: Kind,
}

/// All invoices, and what is true of the customers.
pub(super) struct Events {
    pub(super) events: Vec<Event>,
    /// Lines of the truth, in the customers' order.
    pub(super) truth: Vec<String>,
    /// ROC-AUC of the true chance of no purchase within the horizon.
    pub(super) best_auc: Option<f64>,
    /// The mean of that chance.
    pub(super) churn: f64,
}

impl Events {
    pub(super) fn draw(options: &CommerceOptions, customers: &Customers) -> Self {
        let days = f64::from(options.days);
        let lives: Vec<_> = (0..options.customers)
            .into_par_iter()
            .map(|number| {
                let customer = customers.customer(number);
                let Life { purchases, is_active } = customers.life(number, &customer, days);
                let churn = if is_active { (-HORIZON_DAYS * customer.rate).exp() } else { 1.0 };
                let truth = format!(
                    "{},{:.6},{:.4},{},{},{:.6}\n",
                    id(number),
                    customer.rate,
                    customer.drop_chance,
                    purchases.len(),
                    u8::from(is_active),
                    churn
                );
                (purchases, churn, truth)
            })
            .collect();
        let mut best_auc = BestAuc::new();
        lives.iter().for_each(|(_, churn, _)| best_auc.add(*churn));
        let (churn, best_auc) = best_auc.finish();
        let mut events = Vec::new();
        for (number, (purchases, _, _)) in lives.iter().enumerate() {
            let customer = number as u32;
            for (nth, at) in purchases.iter().enumerate() {
                let nth = nth as u32;
                let mut draws = Draws::new(options.seed, Stream::Order, order(customer, nth));
                let minute = minute_of(*at as u32, &mut draws);
                events.push(Event { minute, kind: Kind::Purchase { customer, nth } });
                if draws.chance(0.125) {
                    let later = minute + 60 + draws.below(30 * 24 * 60) as u32;
                    let minute = minute_of(later / MINUTES_OF_DAY, &mut draws).max(minute + 1);
                    events.push(Event { minute, kind: Kind::Cancellation { customer, nth } });
                }
            }
        }
        let purchases = events.len() as u32;
        let mut others = Draws::new(options.seed, Stream::Event, 0);
        let mut any_time = |kind: &dyn Fn(u32) -> Kind, count: u32| {
            for number in 0..count {
                let day = others.below(options.days as usize) as u32;
                let minute = minute_of(day, &mut others);
                events.push(Event { minute, kind: kind(number) });
            }
        };
        any_time(&|guest| Kind::Guest { guest }, purchases / 5);
        any_time(&|number| Kind::Correction { number }, purchases / 100);
        any_time(&|number| Kind::Adjustment { number }, purchases / 5000);
        events.retain(|event| event.minute < options.days * MINUTES_OF_DAY);
        events.par_sort_unstable();
        Self { events, truth: lives.into_iter().map(|(_, _, truth)| truth).collect(), best_auc, churn }
    }
}

pub(super) const MINUTES_OF_DAY: u32 = 24 * 60;

/// A minute of a day at which the shop works.
fn minute_of(day: u32, draws: &mut Draws) -> u32 {
    // Two draws: most invoices are made around noon.
    let hour = (draws.below(HOURS) + draws.below(HOURS)) / 2;
    day * MINUTES_OF_DAY + (FIRST_HOUR + hour as u32) * 60 + draws.below(60) as u32
}

/// The number that an order's draws come from.
pub(super) fn order(customer: u32, nth: u32) -> u64 {
    u64::from(customer) << 32 | u64::from(nth)
}

/// How a customer is called.
pub(super) fn id(customer: u32) -> u32 {
    12_346 + customer
}
