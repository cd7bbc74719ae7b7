//! The value of a cell as text.

use std::fmt::Write;

use calamine::{DataRef, ExcelDateTime, ExcelDateTimeType};

/// The day after the last that Excel knows, 9999-12-31, in days from either epoch.
const DAYS_FROM_1900: f64 = 2_958_466.0;
const DAYS_FROM_1904: f64 = 2_957_004.0;

/// Appends the value as text; nothing where the cell is empty.
pub(super) fn write(value: &DataRef<'_>, into: &mut String) {
    // Writing to a string never fails.
    let _ = match value {
        DataRef::Empty => Ok(()),
        DataRef::SharedString(text) => into.write_str(text),
        DataRef::String(text) | DataRef::DurationIso(text) => into.write_str(text),
        DataRef::DateTimeIso(text) => into.write_str(&text.replacen('T', " ", 1)),
        DataRef::Float(number) => write_number(*number, into),
        DataRef::Int(number) => write!(into, "{number}"),
        DataRef::Bool(flag) => write!(into, "{flag}"),
        DataRef::Error(error) => write!(into, "{error}"),
        DataRef::DateTime(instant) => write_instant(instant, into),
    };
}

/// The bytes of the value, roughly, without writing it.
pub(super) fn size(value: &DataRef<'_>) -> usize {
    match value {
        DataRef::Empty => 0,
        DataRef::SharedString(text) => text.len(),
        DataRef::String(text) | DataRef::DurationIso(text) | DataRef::DateTimeIso(text) => text.len(),
        _ => size_of::<f64>(),
    }
}

/// Whole numbers without decimals, others with as many as tell them from their neighbours; powers of ten for what is
/// very large or very small.
fn write_number(number: f64, into: &mut String) -> std::fmt::Result {
    match number.abs() {
        0.0 => into.write_str("0"),
        1e-7..1e21 => write!(into, "{number}"),
        _ => write!(into, "{number:e}"),
    }
}

fn write_instant(instant: &ExcelDateTime, into: &mut String) -> std::fmt::Result {
    let days = instant.as_f64();
    if instant.is_duration() {
        return write_duration(days, into);
    }
    let is_1904 = *instant == ExcelDateTime::new(days, ExcelDateTimeType::DateTime, true);
    let end = if is_1904 { DAYS_FROM_1904 } else { DAYS_FROM_1900 };
    if !(0.0..end).contains(&days) {
        return write_number(days, into);
    }
    let (year, month, day, hour, minute, second, milli) = instant.to_ymd_hms_milli();
    if days >= 1.0 {
        write!(into, "{year:04}-{month:02}-{day:02} ")?;
    }
    write!(into, "{hour:02}:{minute:02}:{second:02}")?;
    write_milli(milli.into(), into)
}

/// Hours, minutes and seconds of a number of days.
fn write_duration(days: f64, into: &mut String) -> std::fmt::Result {
    const MILLIS_OF_A_DAY: f64 = 86_400_000.0;
    let millis = (days * MILLIS_OF_A_DAY).round();
    // Beyond it not every millisecond is a number.
    if millis.is_nan() || millis.abs() > 9e15 {
        return write_number(days, into);
    }
    let millis = millis as i64;
    if millis < 0 {
        into.push('-');
    }
    let millis = millis.unsigned_abs();
    let seconds = millis / 1000;
    write!(into, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)?;
    write_milli(millis % 1000, into)
}

fn write_milli(milli: u64, into: &mut String) -> std::fmt::Result {
    if milli > 0 { write!(into, ".{milli:03}") } else { Ok(()) }
}
