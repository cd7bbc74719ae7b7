//! RFM kept up to date event by event.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

use serde::{Deserialize, Serialize};

use super::line::{Line, Placed, Rfm};
use super::rules::SegmentRules;
use super::scores::{Scores, Scoring};
use super::tally::Tally;
use crate::error::Result;

/// Something that became known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Which of two events on one thing counts: the higher, whichever arrives first. Where lines never change, 0 will do.
    pub version: u64,
    /// What became known.
    pub change: Change,
}

/// What an event says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// A line as it is now: new or corrected.
    Line(Line),
    /// There is no such line.
    LineWithdrawn {
        /// The line's identifier.
        line_id: String,
    },
    /// Of an invoice no line counts whose version is not higher than this event's. (A cancellation that the shop books as an invoice of
    /// its own is made of [`Line`]s that take back.)
    InvoiceWithdrawn {
        /// The invoice's number.
        invoice_no: String,
    },
}

/// The measures, scores and segments of all customers, as of a day, from events in any order.
///
/// The state depends on the set of events alone: not on their order, nor on how often one arrives. It equals [`super::measure`] over the
/// lines that count. An event takes O(log n) steps, so do the scores of one customer; to look from another day takes that for each line
/// between the two.
#[derive(Debug, Clone)]
pub struct LiveRfm {
    as_of: i32,
    /// The latest version of each line; without a line where it was withdrawn.
    latest: HashMap<String, (u64, Option<Line>)>,
    /// The highest version at which an invoice was withdrawn.
    withdrawn: HashMap<String, u64>,
    /// Lines whose latest version is of the invoice.
    invoices: HashMap<String, BTreeSet<String>>,
    /// Lines that stand, by day, those after `as_of` included.
    days: BTreeMap<i32, BTreeSet<String>>,
    tally: Tally,
}

impl LiveRfm {
    /// Without any event, looking from a day.
    pub fn new(as_of: i32) -> Self {
        let (latest, withdrawn, invoices) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { as_of, latest, withdrawn, invoices, days: BTreeMap::new(), tally: Tally::default() }
    }

    /// The day looked from: later lines are known and do not count.
    pub fn as_of(&self) -> i32 {
        self.as_of
    }

    /// Number of customers with an order.
    pub fn len(&self) -> usize {
        self.tally.len()
    }

    /// Whether no customer has an order.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes an event in. Tells whether it was news.
    ///
    /// # Errors
    ///
    /// If an amount is absurd: see [`Line::amount`]. Then nothing has changed.
    pub fn apply(&mut self, event: Event) -> Result<bool> {
        let version = event.version;
        match event.change {
            Change::Line(line) => {
                line.checked_amount()?;
                Ok(self.replace(line.line_id.clone(), version, Some(line)))
            }
            Change::LineWithdrawn { line_id } => Ok(self.replace(line_id, version, None)),
            Change::InvoiceWithdrawn { invoice_no } => Ok(self.withdraw_invoice(invoice_no, version)),
        }
    }

    /// Looks from another day, later or earlier.
    pub fn look_from(&mut self, day: i32) {
        let (from, to) = (self.as_of.min(day), self.as_of.max(day));
        let between = self.days.range((Bound::Excluded(from), Bound::Included(to)));
        for line in between.flat_map(|(_, lines)| lines).filter_map(|line| self.latest.get(line)?.1.as_ref()) {
            if day > self.as_of { self.tally.add(line) } else { self.tally.take(line) }
        }
        self.as_of = day;
    }

    /// A customer's measures; none without an order.
    pub fn rfm(&self, customer_id: &str) -> Option<Rfm> {
        self.tally.rfm(customer_id, self.as_of)
    }

    /// A customer's measures, scores and segment; none without an order.
    pub fn placed(&self, customer_id: &str, scoring: &Scoring, rules: &SegmentRules) -> Option<Placed> {
        let rfm = self.rfm(customer_id)?;
        let scores = self.scores(&rfm, scoring)?;
        Some(Placed { segment: rules.segment(scores).to_owned(), rfm, scores })
    }

    /// Everyone with an order, sorted by customer.
    pub fn everyone(&self, scoring: &Scoring, rules: &SegmentRules) -> Vec<Placed> {
        self.tally.customers().filter_map(|customer_id| self.placed(customer_id, scoring, rules)).collect()
    }

    fn scores(&self, rfm: &Rfm, scoring: &Scoring) -> Option<Scores> {
        match scoring {
            Scoring::Quantiles => self.tally.quantile_scores(&rfm.customer_id),
            Scoring::Thresholds(cuts) => Some(cuts.scores(rfm)),
        }
    }

    fn replace(&mut self, line_id: String, version: u64, line: Option<Line>) -> bool {
        if let Some((known, old)) = self.latest.get(&line_id) {
            // At one version a withdrawal counts, then the greater line: an arbitrary choice that no order of arrival changes.
            if (*known, old.is_none(), old) >= (version, line.is_none(), &line) {
                return false;
            }
        }
        self.hide(&line_id);
        if let Some((_, Some(old))) = self.latest.get(&line_id)
            && let Entry::Occupied(mut lines) = self.invoices.entry(old.invoice_no.clone())
        {
            lines.get_mut().remove(&line_id);
            if lines.get().is_empty() {
                lines.remove();
            }
        }
        if let Some(line) = &line {
            self.invoices.entry(line.invoice_no.clone()).or_default().insert(line_id.clone());
        }
        self.latest.insert(line_id.clone(), (version, line));
        self.show(&line_id);
        true
    }

    fn withdraw_invoice(&mut self, invoice_no: String, version: u64) -> bool {
        if self.withdrawn.get(&invoice_no).is_some_and(|known| *known >= version) {
            return false;
        }
        let lines = self.invoices.get(&invoice_no).cloned().unwrap_or_default();
        lines.iter().for_each(|line_id| self.hide(line_id));
        self.withdrawn.insert(invoice_no, version);
        lines.iter().for_each(|line_id| self.show(line_id));
        true
    }

    /// The line, if its latest version stands.
    fn standing(&self, line_id: &str) -> Option<Line> {
        let (version, line) = self.latest.get(line_id)?;
        let line = line.as_ref()?;
        let is_withdrawn = self.withdrawn.get(&line.invoice_no).is_some_and(|withdrawn| withdrawn >= version);
        (!is_withdrawn).then(|| line.clone())
    }

    fn show(&mut self, line_id: &str) {
        if let Some(line) = self.standing(line_id) {
            if line.day <= self.as_of {
                self.tally.add(&line);
            }
            self.days.entry(line.day).or_default().insert(line.line_id);
        }
    }

    fn hide(&mut self, line_id: &str) {
        if let Some(line) = self.standing(line_id) {
            if line.day <= self.as_of {
                self.tally.take(&line);
            }
            if let Some(lines) = self.days.get_mut(&line.day) {
                lines.remove(line_id);
                if lines.is_empty() {
                    self.days.remove(&line.day);
                }
            }
        }
    }
}
