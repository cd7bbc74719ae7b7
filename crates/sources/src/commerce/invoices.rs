//! The lines of an invoice.

use std::collections::HashSet;
use std::io::Write;

use chrono::{Datelike, Days, NaiveDate};

use super::customers::{Customer, Customers};
use super::events::{Event, Kind, MINUTES_OF_DAY, id, order};
use super::options::{CommerceOptions, Form};
use super::products::{Product, Products};
use crate::synthetic::draw::{Draws, Stream};

const FIRST_INVOICE: u64 = 536_365;

/// All that invoices are made from.
pub(super) struct Shop<'a> {
    pub(super) options: &'a CommerceOptions,
    pub(super) customers: Customers,
    pub(super) products: Products,
}

/// What was written of some invoices.
#[derive(Default)]
pub(super) struct Written {
    pub(super) bytes: Vec<u8>,
    pub(super) rows: u64,
    pub(super) cancellation_rows: u64,
    pub(super) guest_rows: u64,
    pub(super) duplicate_rows: u64,
    /// Sum of quantity × price over all rows, in hundredths.
    pub(super) amount: i64,
}

/// One line.
struct Line<'a> {
    code: &'a str,
    description: &'a str,
    quantity: i64,
    /// In hundredths.
    price: i64,
}

/// What the lines of an invoice have in common.
struct Head<'a> {
    number: String,
    at: String,
    customer: Option<u32>,
    country: &'a str,
}

impl Shop<'_> {
    /// Appends the invoice with this place in the log.
    pub(super) fn write(&self, place: u64, event: Event, written: &mut Written) {
        let number = FIRST_INVOICE + place;
        let at = self.instant(event.minute);
        let head = |prefix: &str, customer: Option<u32>, country: &'static str| Head {
            number: format!("{prefix}{number}"),
            at: at.clone(),
            customer: customer.map(id),
            country,
        };
        match event.kind {
            Kind::Purchase { customer, nth } => {
                let person = self.customers.customer(customer);
                let head = head("", Some(customer), self.country_of(&person, event.minute));
                self.purchase(&person, order(customer, nth), &head, event.minute, written);
            }
            Kind::Guest { guest } => {
                let person = self.customers.guest(guest);
                // Beyond the orders of all customers.
                let order = order(u32::MAX, guest);
                self.purchase(&person, order, &head("", None, person.country), event.minute, written);
            }
            Kind::Cancellation { customer, nth } => {
                let person = self.customers.customer(customer);
                let mut draws = Draws::new(self.options.seed, Stream::Line, order(customer, nth));
                let Item { product, quantity, price } = self.item(&person, &mut draws);
                let back = if draws.chance(0.6) { quantity } else { 1 + draws.below(quantity as usize) as i64 };
                let line = Line { code: &product.code, description: &product.description, quantity: -back, price };
                self.line(&head("C", Some(customer), self.country_of(&person, event.minute)), &line, written);
                written.cancellation_rows += 1;
            }
            Kind::Correction { number } => {
                let mut draws = Draws::new(self.options.seed, Stream::Line, order(u32::MAX - 1, number));
                let product = self.products.pick(&mut draws);
                let description = ["", "damaged", "check", "lost", "thrown away"][draws.below(5)];
                let line = Line { code: &product.code, description, quantity: -1 - draws.below(200) as i64, price: 0 };
                self.line(&head("", None, "United Kingdom"), &line, written);
            }
            Kind::Adjustment { number } => {
                let mut draws = Draws::new(self.options.seed, Stream::Line, order(u32::MAX - 2, number));
                let price = -100 * (1000 + draws.below(10_000) as i64);
                self.line(
                    &head("A", None, "United Kingdom"),
                    &Line { code: "B", description: "Adjust bad debt", quantity: 1, price },
                    written,
                );
            }
        }
    }

    fn purchase(&self, person: &Customer, order: u64, head: &Head<'_>, minute: u32, written: &mut Written) {
        // The first line is drawn alone, so that a cancellation can draw it again.
        let mut first = Draws::new(self.options.seed, Stream::Line, order);
        let mut draws = Draws::new(self.options.seed, Stream::Values, order);
        let season = if (9..=11).contains(&self.day(minute).month()) { 1.5 } else { 1.0 };
        let more = (draws.exponential() * person.more_lines * season) as usize;
        // The same product may be drawn twice; white space around a description is none of it.
        let mut seen = HashSet::new();
        let mut is_repeated = |line: &Line<'_>| !seen.insert((line.code.to_owned(), line.description.trim_end().to_owned(), line.quantity));
        for nth in 0..=more.min(2000) {
            let item = self.item(person, if nth == 0 { &mut first } else { &mut draws });
            let description = match draws.below(300) {
                0 => String::new(),
                1..=3 => item.product.description.to_lowercase(),
                4..=6 => format!("{}  ", item.product.description),
                _ => item.product.description.clone(),
            };
            let line = Line { code: &item.product.code, description: &description, quantity: item.quantity, price: item.price };
            for _ in 0..1 + usize::from(draws.chance(0.01)) {
                self.line(head, &line, written);
                written.duplicate_rows += u64::from(is_repeated(&line));
            }
        }
        if head.country != "United Kingdom" {
            self.line(head, &Line { code: "POST", description: "POSTAGE", quantity: 1 + (more / 40) as i64, price: 1800 }, written);
        }
    }

    fn item(&self, person: &Customer, draws: &mut Draws) -> Item<'_> {
        let product = self.products.pick(draws);
        let units = [1, 1, 1, 2, 2, 3, 4, 6, 6, 8, 10, 12][draws.below(12)];
        if person.is_wholesale {
            return Item { product, quantity: 12 * units, price: product.price * 85 / 100 };
        }
        Item { product, quantity: units, price: product.price }
    }

    fn line(&self, head: &Head<'_>, line: &Line<'_>, written: &mut Written) {
        let Head { number, at, customer, country } = head;
        let Line { code, description, quantity, price } = line;
        let mut text = Vec::with_capacity(96);
        let customer = match (customer, self.options.form) {
            (None, _) => String::new(),
            (Some(customer), Form::Uci) => customer.to_string(),
            (Some(customer), Form::Iso) => format!("{customer}.0"),
        };
        let (sign, whole, cents) = (if *price < 0 { "-" } else { "" }, price.abs() / 100, price.abs() % 100);
        let end = if self.options.form == Form::Uci { "\r\n" } else { "\n" };
        // Writing to memory does not fail.
        let _ = write!(text, "{number},{code},{description},{quantity},{at},{sign}{whole}.{cents:02},{customer},{country}{end}");
        match self.options.form {
            Form::Iso => written.bytes.extend_from_slice(&text),
            // All letters of the shop are within ISO-8859-1, where a letter's number is its byte.
            Form::Uci => written.bytes.extend(String::from_utf8_lossy(&text).chars().map(|letter| letter as u32 as u8)),
        }
        written.rows += 1;
        written.guest_rows += u64::from(customer.is_empty());
        written.amount += quantity * price;
    }

    fn country_of(&self, person: &Customer, minute: u32) -> &'static str {
        if minute > self.options.days * MINUTES_OF_DAY / 2 { person.later_country } else { person.country }
    }

    pub(super) fn day(&self, minute: u32) -> NaiveDate {
        // The options were checked: the last day can be written.
        self.options.start_on.checked_add_days(Days::new(u64::from(minute / MINUTES_OF_DAY))).unwrap_or(self.options.start_on)
    }

    fn instant(&self, minute: u32) -> String {
        let day = self.day(minute);
        let (hour, minute) = (minute % MINUTES_OF_DAY / 60, minute % 60);
        match self.options.form {
            Form::Uci => format!("{}/{}/{} {hour}:{minute:02}", day.month(), day.day(), day.year()),
            Form::Iso => format!("{day} {hour:02}:{minute:02}:00"),
        }
    }
}

/// What a line is about.
struct Item<'a> {
    product: &'a Product,
    quantity: i64,
    /// In hundredths.
    price: i64,
}
