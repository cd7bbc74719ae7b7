//! One value for a setting, from a file or from plain text.

use toml::de::DeValue;

use crate::keys::{expected, text, texts};

/// A value as it was given.
pub(super) enum Given<'a, 't> {
    /// In a TOML file, with a type.
    Toml(&'a DeValue<'t>),
    /// In the environment or a flag, as text.
    Plain(&'a str),
}

impl Given<'_, '_> {
    pub(super) fn text(&self) -> Result<String, String> {
        match self {
            Given::Toml(value) => text(value),
            Given::Plain(value) => Ok((*value).to_string()),
        }
    }

    /// A text where an empty one makes no sense.
    pub(super) fn filled_text(&self) -> Result<String, String> {
        let text = self.text()?;
        if text.trim().is_empty() {
            return Err("is empty: give a value or leave the key out".to_string());
        }
        Ok(text)
    }

    /// A text where an empty one means "not set".
    pub(super) fn text_or_none(&self) -> Result<Option<String>, String> {
        Ok(Some(self.text()?).filter(|text| !text.is_empty()))
    }

    /// A whole number, at least `least`.
    pub(super) fn number<N: TryFrom<u64>>(&self, least: u64) -> Result<N, String> {
        let wanted = format!("a whole number of at least {least}");
        let number = match self {
            Given::Toml(value) => {
                let integer = value.as_integer().ok_or_else(|| expected(&wanted, value))?;
                // Underscores are already gone; the sign is not.
                u64::from_str_radix(integer.as_str(), integer.radix()).map_err(|_| format!("expected {wanted}, found {integer}"))?
            }
            Given::Plain(value) => value.trim().parse::<u64>().map_err(|_| format!("expected {wanted}, found \"{value}\""))?,
        };
        if number < least {
            return Err(format!("expected {wanted}, found {number}"));
        }
        N::try_from(number).map_err(|_| format!("expected {wanted}, found {number}, which is too large"))
    }

    /// A whole number, at least `least` and at most `most`.
    pub(super) fn number_within<N: TryFrom<u64>>(&self, least: u64, most: u64) -> Result<N, String> {
        let number: u64 = self.number(least)?;
        if number > most {
            return Err(format!("expected a whole number of at most {most}, found {number}"));
        }
        N::try_from(number).map_err(|_| format!("{number} is too large"))
    }

    /// A number, at least `least` and at most `most`; the smallest positive one means above 0.
    pub(super) fn amount(&self, least: f64, most: f64) -> Result<f64, String> {
        let wanted = match (least == f64::MIN_POSITIVE, most == f64::MAX) {
            (true, true) => "a number above 0".to_string(),
            (true, false) => format!("a number above 0 and at most {most}"),
            (false, true) => format!("a number of at least {least}"),
            (false, false) => format!("a number from {least} to {most}"),
        };
        let text = match self {
            Given::Toml(DeValue::Float(number)) => number.as_str(),
            Given::Toml(DeValue::Integer(number)) if number.radix() == 10 => number.as_str(),
            Given::Toml(value) => return Err(expected(&wanted, value)),
            Given::Plain(value) => value.trim(),
        };
        let number = text.parse().ok().filter(|number: &f64| (least..=most).contains(number));
        number.ok_or_else(|| format!("expected {wanted}, found {text}"))
    }

    pub(super) fn flag(&self) -> Result<bool, String> {
        match self {
            Given::Toml(value) => value.as_bool().ok_or_else(|| expected("true or false", value)),
            Given::Plain("true") => Ok(true),
            Given::Plain("false") => Ok(false),
            Given::Plain(value) => Err(format!("expected true or false, found \"{value}\"")),
        }
    }

    pub(super) fn list(&self) -> Result<Vec<String>, String> {
        match self {
            Given::Toml(value) => texts(value),
            Given::Plain(value) => Ok(value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_string).collect()),
        }
    }
}
