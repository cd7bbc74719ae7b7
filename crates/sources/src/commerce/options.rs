//! What to generate.

use chrono::NaiveDate;

use super::GenerateError;

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As UCI has it: ISO-8859-1, lines ending in CR LF, `12/1/2010 8:26`, `InvoiceNo`, `UnitPrice`, `CustomerID`.
    Uci,
    /// Its other common form: UTF-8, `2010-12-01 08:26:00`, `Invoice`, `Price`, `Customer ID`, customers written `13085.0`.
    Iso,
}

/// What to generate.
#[derive(Debug, Clone)]
pub struct CommerceOptions {
    /// Customers, at most [`CommerceOptions::MOST_CUSTOMERS`].
    pub customers: u32,
    /// The first day.
    pub start_on: NaiveDate,
    /// Days of the log, at least 1.
    pub days: u32,
    /// The same seed gives the same bytes.
    pub seed: u64,
    /// How the log is written.
    pub form: Form,
    /// Replace what an earlier run left in the folder.
    pub overwrite: bool,
}

impl CommerceOptions {
    /// More customers are not numbered.
    pub const MOST_CUSTOMERS: u32 = 50_000_000;
    /// Days beyond which minutes are not counted.
    pub const MOST_DAYS: u32 = 36_525;

    pub(super) fn check(&self) -> Result<(), GenerateError> {
        if self.customers > Self::MOST_CUSTOMERS {
            return Err(GenerateError::TooManyCustomers { customers: self.customers });
        }
        if self.days == 0 {
            return Err(GenerateError::NoDays { first: 0, end: 0 });
        }
        if self.days > Self::MOST_DAYS {
            return Err(GenerateError::TooManyDays { days: self.days });
        }
        match self.start_on.checked_add_days(chrono::Days::new(u64::from(self.days))) {
            Some(day) if chrono::Datelike::year(&day) <= 9999 => Ok(()),
            _ => Err(GenerateError::TooLate { end: self.days }),
        }
    }
}

impl Default for CommerceOptions {
    /// A thousand customers over the 374 days of UCI's log.
    fn default() -> Self {
        let start_on = NaiveDate::from_ymd_opt(2010, 12, 1).unwrap_or_default();
        Self { customers: 1000, start_on, days: 374, seed: 42, form: Form::Uci, overwrite: false }
    }
}
