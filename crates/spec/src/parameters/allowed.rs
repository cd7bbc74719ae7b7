//! Which values a parameter may have.

use std::fmt;

use toml::de::DeValue;

use super::Value;
use crate::keys::text;

/// What a value has to be within; of a list, each of its items. Without any of these every value of the kind will do.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Allowed {
    /// The least number.
    pub min: Option<f64>,
    /// The greatest number.
    pub max: Option<f64>,
    /// The only values; empty = any.
    pub one_of: Vec<Value>,
    /// How many items a list has.
    pub count: Option<usize>,
    /// How its numbers follow each other, equal ones apart.
    pub sorted: Option<Sorted>,
}

/// How the numbers of a list follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sorted {
    /// Each greater than the one before.
    Rising,
    /// Each less than the one before.
    Falling,
}

impl Allowed {
    /// Why a value may not be had.
    pub(super) fn refuses(&self, value: &Value) -> Option<String> {
        let items = value.items();
        let fits = items.iter().all(|item| self.holds(item)) && self.count.is_none_or(|count| items.len() == count);
        (!fits || !self.are_sorted(items)).then(|| format!("expected {self}, found {value}"))
    }

    fn holds(&self, item: &Value) -> bool {
        let is_within = |number| self.min.is_none_or(|least| number >= least) && self.max.is_none_or(|greatest| number <= greatest);
        item.number().is_none_or(is_within) && (self.one_of.is_empty() || self.one_of.contains(item))
    }

    fn are_sorted(&self, items: &[Value]) -> bool {
        let numbers: Vec<f64> = items.iter().filter_map(Value::number).collect();
        match self.sorted {
            None => true,
            Some(Sorted::Rising) => numbers.is_sorted_by(|a, b| a < b),
            Some(Sorted::Falling) => numbers.is_sorted_by(|a, b| a > b),
        }
    }

    /// Why this does not fit a default.
    pub(crate) fn misfit(&self, default: &Value) -> Option<String> {
        let of_numbers = self.min.is_some() || self.max.is_some() || self.sorted.is_some();
        let of_lists = self.count.is_some() || self.sorted.is_some();
        let first = default.items().first().unwrap_or(default);
        if of_numbers && first.number().is_none() {
            return Some("min, max and sorted are for numbers".to_string());
        }
        if of_lists && !matches!(default, Value::List(_)) {
            return Some("count and sorted are for lists".to_string());
        }
        if self.one_of.iter().any(|value| value.kind() != first.kind()) {
            return Some(format!("one_of is to hold values like {first}"));
        }
        self.refuses(default).map(|why| format!("the default does not fit: {why}"))
    }

    /// A bound in a header.
    pub(crate) fn bound(value: &DeValue<'_>) -> Result<f64, String> {
        let bound = Value::read(value)?;
        bound.number().ok_or_else(|| format!("expected a number, found {bound}"))
    }

    /// The values in a header.
    pub(crate) fn choices(value: &DeValue<'_>) -> Result<Vec<Value>, String> {
        match Value::read(value)? {
            Value::List(values) => Ok(values),
            other => Err(format!("expected a list of values, found {other}")),
        }
    }

    /// A number of items in a header.
    pub(crate) fn items(value: &DeValue<'_>) -> Result<usize, String> {
        match Value::read(value)? {
            Value::Integer(count) if count > 0 => usize::try_from(count).map_err(|error| error.to_string()),
            other => Err(format!("expected a whole number of at least 1, found {other}")),
        }
    }
}

impl Sorted {
    /// The word in a header.
    pub(crate) fn read(value: &DeValue<'_>) -> Result<Sorted, String> {
        match text(value)?.as_str() {
            "rising" => Ok(Sorted::Rising),
            "falling" => Ok(Sorted::Falling),
            other => Err(format!("expected \"rising\" or \"falling\", found \"{other}\"")),
        }
    }
}

/// `a number from 1 to 4`, `4 falling numbers`, `'a' or 'b'`; nothing where any value will do.
impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((last, others)) = self.one_of.split_last() {
            let others: Vec<String> = others.iter().map(ToString::to_string).collect();
            return if others.is_empty() { write!(f, "{last}") } else { write!(f, "{} or {last}", others.join(", ")) };
        }
        if *self == Allowed::default() {
            return Ok(());
        }
        match self.count {
            Some(count) => write!(f, "{count} ")?,
            None if self.sorted.is_none() => f.write_str("a number")?,
            None => {}
        }
        match self.sorted {
            Some(Sorted::Rising) => f.write_str("rising numbers")?,
            Some(Sorted::Falling) => f.write_str("falling numbers")?,
            None if self.count.is_some() => f.write_str("values")?,
            None => {}
        }
        match (self.min, self.max) {
            (Some(min), Some(max)) => write!(f, " from {min} to {max}"),
            (Some(min), None) => write!(f, " of at least {min}"),
            (None, Some(max)) => write!(f, " of at most {max}"),
            (None, None) => Ok(()),
        }
    }
}
