//! Texts as logs write numbers and instants, brought to the form that a cast understands.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringViewBuilder};
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result as QueryResult;

use super::computed::{Arguments, Computed};

/// All of them.
pub(super) fn all() -> Vec<Computed> {
    vec![
        Computed::new("iso_timestamp", &["text", "order"], DataType::Utf8View, iso_timestamp),
        Computed::new("trim_zero_fraction", &["text"], DataType::Utf8View, trim_zero_fraction),
    ]
}

/// `iso_timestamp(text, order)`: `12/1/2010 8:26` as `2010-12-01 08:26:00`, where the order is `month_first`, and as `2010-01-12 08:26:00`,
/// where it is `day_first`. A text of ISO 8601 without seconds gets them; any other stays as it is.
fn iso_timestamp(arguments: &Arguments) -> QueryResult<ArrayRef> {
    let orders = arguments.texts(1)?;
    let orders = orders.as_string::<i32>();
    let order = Order::of((orders.is_valid(0)).then(|| orders.value(0)))
        .filter(|_| orders.iter().all(|order| order == Some(orders.value(0))))
        .ok_or_else(|| arguments.error("the order is to be 'month_first' or 'day_first'"))?;
    let texts = arguments.text_views(0)?;
    let texts = texts.as_string_view();
    let mut builder = StringViewBuilder::with_capacity(texts.len());
    for text in texts {
        let Some(text) = text else {
            builder.append_null();
            continue;
        };
        match with_slashes(text.as_bytes(), order) {
            Some(instant) => builder.append_value(String::from_utf8_lossy(&instant)),
            None if lacks_seconds(text.as_bytes()) => builder.append_value(format!("{text}:00")),
            None => builder.append_value(text),
        }
    }
    Ok(Arc::new(builder.finish()))
}

/// Which number of a date with slashes comes first.
#[derive(Clone, Copy)]
enum Order {
    Month,
    Day,
}

impl Order {
    fn of(name: Option<&str>) -> Option<Self> {
        match name {
            Some("month_first") => Some(Self::Month),
            Some("day_first") => Some(Self::Day),
            _ => None,
        }
    }
}

/// `M/D/YYYY[ h:mm[:ss]]` as `YYYY-MM-DD hh:mm:ss`; none where the text is something else or the month is none.
fn with_slashes(text: &[u8], order: Order) -> Option<[u8; 19]> {
    let (first, rest) = number(text, 1..=2)?;
    let (second, rest) = number(rest.strip_prefix(b"/")?, 1..=2)?;
    let (year, rest) = number(rest.strip_prefix(b"/")?, 4..=4)?;
    let (hour, minute, second_of_minute) = if rest.is_empty() { (0, 0, 0) } else { time_of_day(rest)? };
    let (month, day) = match order {
        Order::Month => (first, second),
        Order::Day => (second, first),
    };
    if !(1..=12).contains(&month) {
        return None;
    }
    let mut instant = *b"0000-00-00 00:00:00";
    put(&mut instant[..4], year);
    put(&mut instant[5..7], month);
    put(&mut instant[8..10], day);
    put(&mut instant[11..13], hour);
    put(&mut instant[14..16], minute);
    put(&mut instant[17..19], second_of_minute);
    Some(instant)
}

/// Hour, minute and second of ` h:mm[:ss]`, which is all that is left.
fn time_of_day(text: &[u8]) -> Option<(u16, u16, u16)> {
    let blanks = text.iter().position(|byte| !matches!(byte, b' ' | b'T')).filter(|blanks| *blanks > 0)?;
    let (hour, rest) = number(&text[blanks..], 1..=2)?;
    let (minute, rest) = number(rest.strip_prefix(b":")?, 2..=2)?;
    let (second, rest) = if rest.is_empty() { (0, rest) } else { number(rest.strip_prefix(b":")?, 2..=2)? };
    rest.is_empty().then_some((hour, minute, second))
}

/// The number that the text begins with, of so many digits, and what follows.
fn number(text: &[u8], digits: std::ops::RangeInclusive<usize>) -> Option<(u16, &[u8])> {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at(count);
    digits.contains(&count).then(|| (number.iter().fold(0, |all, digit| 10 * all + u16::from(digit - b'0')), rest))
}

fn put(digits: &mut [u8], number: u16) {
    let mut rest = number;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
}

/// Whether it has the form of `2010-12-01 08:26`.
fn lacks_seconds(text: &[u8]) -> bool {
    text.len() == 16 && text[4] == b'-'
}

/// `trim_zero_fraction(text)`: `13085.0` as `13085`, what a whole number becomes in a column of floating-point numbers. Any other text stays as it is.
fn trim_zero_fraction(arguments: &Arguments) -> QueryResult<ArrayRef> {
    let array = arguments.text_views(0)?;
    let texts = array.as_string_view();
    if texts.iter().flatten().all(|text| whole_part(text).is_none()) {
        return Ok(array);
    }
    let mut builder = StringViewBuilder::with_capacity(texts.len());
    for text in texts {
        builder.append_option(text.map(|text| whole_part(text).unwrap_or(text)));
    }
    Ok(Arc::new(builder.finish()))
}

/// What stands before the point, if that is a whole number and after it are zeros.
fn whole_part(text: &str) -> Option<&str> {
    let (whole, fraction) = text.strip_suffix('0').and_then(|_| text.split_once('.'))?;
    let digits = whole.strip_prefix(['+', '-']).unwrap_or(whole);
    let is_whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    (is_whole && fraction.bytes().all(|byte| byte == b'0')).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iso(text: &str, order: Order) -> Option<String> {
        with_slashes(text.as_bytes(), order).map(|instant| String::from_utf8_lossy(&instant).into_owned())
    }

    #[test]
    fn dates_with_slashes() {
        let wanted = |text: &str| Some(text.to_owned());
        assert_eq!(iso("12/1/2010 8:26", Order::Month), wanted("2010-12-01 08:26:00"));
        assert_eq!(iso("1/12/2010 08:26:59", Order::Day), wanted("2010-12-01 08:26:59"));
        assert_eq!(iso("02/29/2011  T8:26", Order::Month), wanted("2011-02-29 08:26:00"));
        assert_eq!(iso("3/4/2011", Order::Day), wanted("2011-04-03 00:00:00"));
        // A month that is none, too many digits, something behind it.
        for text in
            ["13/1/2010 8:26", "0/1/2010 8:26", "12/111/2010 8:26", "12/1/10 8:26", "12/1/2010 8:26 PM", "12/1/2010 8:2", "12/1/2010x", ""]
        {
            assert_eq!(iso(text, Order::Month), None, "{text}");
        }
    }

    #[test]
    fn fractions_of_zeros() {
        for (text, whole) in [("13085.0", "13085"), ("-6.00", "-6"), ("+1.0", "+1")] {
            assert_eq!(whole_part(text), Some(whole));
        }
        for text in ["13085", "1.50", "1.", ".0", "-.0", "1.0.0", "C1.0", "10", "1e3.0", "0"] {
            assert_eq!(whole_part(text), None, "{text}");
        }
    }
}
