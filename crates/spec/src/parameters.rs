//! What a model leaves open: named values with a default, which settings may replace.

use std::collections::BTreeMap;
use std::fmt;

use toml::de::DeValue;

use crate::closest::did_you_mean;
use crate::keys::expected;
use crate::table_name::TableName;

mod allowed;
#[cfg(test)]
mod tests;

pub use allowed::{Allowed, Sorted};

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A whole number.
    Integer(i64),
    /// Another number, finite.
    Number(f64),
    /// A text.
    Text(String),
    /// True or false.
    Flag(bool),
    /// Values of one kind, at least one.
    List(Vec<Value>),
}

/// A value that a model's SQL names as `$name`.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// The name: lower-case letters, digits and `_`.
    pub name: String,
    /// What it decides, and its unit.
    pub description: String,
    /// The value: the model's own, or that of the settings.
    pub value: Value,
    /// Which values it may have.
    pub allowed: Allowed,
    /// The table whose parameter of the same name it follows: it is set there.
    pub same_as: Option<TableName>,
    /// The line of the file on which it stands, 1-based.
    pub line: usize,
}

/// `[parameters.LAYER.TABLE]` of the settings: values by table and name, which take the place of the models' own.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parameters {
    tables: BTreeMap<TableName, BTreeMap<String, Given>>,
}

/// A value as settings give it.
#[derive(Debug, Clone, PartialEq)]
enum Given {
    /// In a file, with a type.
    Typed(Value),
    /// In the environment, as text; its type is that of the model's own value.
    Plain(String),
}

impl Parameters {
    /// The tables that values are given for.
    pub fn tables(&self) -> impl Iterator<Item = &TableName> {
        self.tables.keys()
    }

    /// Keeps the value of a settings file for `layer.table.name`.
    pub(crate) fn set_typed(&mut self, path: &str, value: &DeValue<'_>) -> Result<(), String> {
        let value = Value::read(value)?;
        self.set(path, Given::Typed(value))
    }

    /// Keeps a value given as text for `layer.table.name`.
    pub(crate) fn set_plain(&mut self, path: &str, value: &str) -> Result<(), String> {
        self.set(path, Given::Plain(value.to_string()))
    }

    fn set(&mut self, path: &str, given: Given) -> Result<(), String> {
        let wanted = || format!("parameters.{path} names no parameter: write parameters.LAYER.TABLE.NAME");
        let (table, name) = path.rsplit_once('.').ok_or_else(wanted)?;
        let table: TableName = table.parse().map_err(|_| wanted())?;
        self.tables.entry(table).or_default().insert(name.to_string(), given);
        Ok(())
    }

    /// Puts the values given for `table` in the place of its parameters' own, and says what does not fit.
    pub(crate) fn apply(&self, table: &TableName, parameters: &mut [Parameter]) -> Vec<String> {
        let mut problems = Vec::new();
        for (name, given) in self.tables.get(table).into_iter().flatten() {
            let Some(parameter) = parameters.iter_mut().find(|parameter| &parameter.name == name) else {
                let hint = did_you_mean(name, parameters.iter().map(|parameter| parameter.name.as_str()));
                problems.push(format!("parameters.{table}.{name}: {table} has no such parameter{hint}: its header lists them"));
                continue;
            };
            let fit = given.like(&parameter.value).and_then(|value| match parameter.allowed.refuses(&value) {
                Some(why) => Err(why),
                None => Ok(value),
            });
            match (fit, &parameter.same_as) {
                (_, Some(other)) => problems.push(format!("parameters.{table}.{name}: it follows {other}: set parameters.{other}.{name}")),
                (Ok(value), None) => parameter.value = value,
                (Err(why), None) => problems.push(format!("parameters.{table}.{name}: {why}")),
            }
        }
        for parameter in parameters {
            let other = parameter.same_as.as_ref().and_then(|other| self.tables.get(other));
            // What does not fit is told where it is set.
            if let Some(Ok(value)) = other.and_then(|given| given.get(&parameter.name)).map(|given| given.like(&parameter.value)) {
                parameter.value = value;
            }
        }
        problems
    }
}

impl Given {
    /// The value, if it is of the same kind as another.
    fn like(&self, other: &Value) -> Result<Value, String> {
        match self {
            Given::Typed(value) => value.like(other).ok_or_else(|| format!("expected {}, found {value}", other.kind())),
            Given::Plain(text) => other.from_text(text).ok_or_else(|| format!("expected {}, found \"{text}\"", other.kind())),
        }
    }
}

impl Value {
    /// The value in a header or settings.
    pub(crate) fn read(value: &DeValue<'_>) -> Result<Value, String> {
        const WANTED: &str = "a number, a text, true or false, or a list of one of these";
        match value {
            DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
                .map(Value::Integer)
                .map_err(|_| format!("expected a whole number within 64 bits, found {integer}")),
            DeValue::Float(float) => {
                let number = float.as_str().parse::<f64>().ok().filter(|number| number.is_finite());
                number.map(Value::Number).ok_or_else(|| format!("expected a finite number, found {float}"))
            }
            DeValue::String(text) => Ok(Value::Text(text.to_string())),
            DeValue::Boolean(flag) => Ok(Value::Flag(*flag)),
            DeValue::Array(items) => {
                let items = items.iter().map(|item| Value::read(item.get_ref())).collect::<Result<Vec<_>, _>>()?;
                let Some(first) = items.first() else { return Err(format!("expected {WANTED}, found an empty list")) };
                if matches!(first, Value::List(_)) || items.iter().any(|item| item.kind() != first.kind()) {
                    return Err(format!("expected {WANTED}, found a list of several kinds"));
                }
                Ok(Value::List(items))
            }
            DeValue::Datetime(_) | DeValue::Table(_) => Err(expected(WANTED, value)),
        }
    }

    /// The same value, as one of the kind of `other`: a whole number is a number too.
    fn like(&self, other: &Value) -> Option<Value> {
        match (self, other) {
            (Value::Integer(_), Value::Number(_)) => self.number().map(Value::Number),
            (Value::List(items), Value::List(others)) => {
                let model = others.first()?;
                items.iter().map(|item| item.like(model)).collect::<Option<_>>().map(Value::List)
            }
            _ => (self.kind() == other.kind()).then(|| self.clone()),
        }
    }

    /// A text read as a value of this one's kind; items of a list are separated by commas.
    #[allow(clippy::wrong_self_convention)] // self only tells the kind
    fn from_text(&self, text: &str) -> Option<Value> {
        match self {
            Value::Integer(_) => text.trim().parse().ok().map(Value::Integer),
            Value::Number(_) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Number),
            Value::Text(_) => Some(Value::Text(text.to_string())),
            Value::Flag(_) => text.trim().parse().ok().map(Value::Flag),
            Value::List(items) => {
                let model = items.first()?;
                text.split(',').map(|item| model.from_text(item.trim())).collect::<Option<_>>().map(Value::List)
            }
        }
    }

    /// The number that it is, if it is one.
    #[allow(clippy::cast_precision_loss)] // what a person writes is far below 2^53
    fn number(&self) -> Option<f64> {
        match self {
            Value::Integer(integer) => Some(*integer as f64),
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The items of a list, else the value itself.
    fn items(&self) -> &[Value] {
        match self {
            Value::List(items) => items,
            _ => std::slice::from_ref(self),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Value::Integer(_) => "a whole number",
            Value::Number(_) => "a number",
            Value::Text(_) => "a text",
            Value::Flag(_) => "true or false",
            Value::List(items) => match items.first() {
                Some(Value::Integer(_)) => "a list of whole numbers",
                Some(Value::Number(_)) => "a list of numbers",
                Some(Value::Flag(_)) => "a list of true and false",
                _ => "a list of texts",
            },
        }
    }
}

/// As SQL writes it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // A minus before it would else begin a comment.
            Value::Integer(integer) if *integer < 0 => write!(f, "({integer})"),
            Value::Integer(integer) => write!(f, "{integer}"),
            Value::Number(number) if *number < 0.0 => write!(f, "({number:?})"),
            // With its point or exponent, so that it stays a double.
            Value::Number(number) => write!(f, "{number:?}"),
            Value::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
            Value::Flag(flag) => write!(f, "{flag}"),
            Value::List(items) => {
                f.write_str("[")?;
                for (position, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if position > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
        }
    }
}
