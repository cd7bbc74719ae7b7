//! `layer.name`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::NameError;
use crate::layer::Layer;

/// The name of a table, such as `silver.impressions`.
///
/// Ordered by layer, in the direction of data flow, then by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TableName {
    /// The layer, which is also the SQL schema.
    pub layer: Layer,
    /// The name within the layer: lower-case letters, digits and `_`, beginning with a letter.
    pub name: String,
}

impl TableName {
    /// The table `layer.name`.
    ///
    /// # Errors
    /// [`NameError::BadLetters`] if the name has other letters than a table name may have.
    pub fn new(layer: Layer, name: impl Into<String>) -> Result<TableName, NameError> {
        let name = name.into();
        check_name(&name)?;
        Ok(TableName { layer, name })
    }

    /// Where the table lies below the root of the lake: `silver/impressions`.
    pub fn path(&self) -> String {
        format!("{}/{}", self.layer, self.name)
    }
}

/// Passes a name of lower-case letters, digits and `_` that begins with a letter. Such a name needs
/// no quotes in SQL and no escapes in a path or URL.
pub(crate) fn check_name(name: &str) -> Result<(), NameError> {
    let valid = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if valid { Ok(()) } else { Err(NameError::BadLetters { given: name.to_string() }) }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Through `pad`, so that `{:<30}` lines up in listings.
        f.pad(&format!("{}.{}", self.layer, self.name))
    }
}

impl FromStr for TableName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<TableName, NameError> {
        match text.split_once('.') {
            Some((layer, name)) if !name.contains('.') => TableName::new(layer.parse()?, name),
            _ => {
                let last = text.rsplit('.').next().unwrap_or_default();
                let example = if check_name(last).is_ok() { last } else { "impressions" };
                Err(NameError::NotTwoParts { given: text.to_string(), example: example.to_string() })
            }
        }
    }
}

impl TryFrom<String> for TableName {
    type Error = NameError;

    fn try_from(text: String) -> Result<TableName, NameError> {
        text.parse()
    }
}

impl From<TableName> for String {
    fn from(table: TableName) -> String {
        table.to_string()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn errors_help() {
        for (given, expected) in [
            ("impressions", "write layer.name, such as silver.impressions"),
            ("lake.silver.clicks", "write layer.name, such as silver.clicks"),
            ("", "write layer.name, such as silver.impressions"),
            ("slver.clicks", "did you mean \"silver\"?"),
            ("silver.Clicks", "use lower-case letters, digits and _"),
            ("silver.", "use lower-case letters, digits and _"),
            ("silver.1st", "beginning with a letter"),
        ] {
            let error = given.parse::<TableName>().unwrap_err().to_string();
            assert!(error.contains(expected), "{given}: {error}");
            assert!(!error.contains('\n'), "{given}: {error}");
        }
    }

    #[test]
    fn orders_by_data_flow() {
        let mut names: Vec<TableName> = ["gold.a", "bronze.z", "silver.b", "silver.a"].map(|n| n.parse().unwrap()).into();
        names.sort();
        let names: Vec<String> = names.iter().map(TableName::to_string).collect();
        assert_eq!(names, ["bronze.z", "silver.a", "silver.b", "gold.a"]);
    }

    proptest! {
        #[test]
        fn names_round_trip(layer in 0..Layer::ALL.len(), name in "[a-z][a-z0-9_]{0,20}") {
            let table = TableName::new(Layer::ALL[layer], name).unwrap();
            prop_assert_eq!(&table.to_string().parse::<TableName>().unwrap(), &table);
            let json = serde_json::to_string(&table).unwrap();
            prop_assert_eq!(&serde_json::from_str::<TableName>(&json).unwrap(), &table);
            prop_assert_eq!(table.path(), table.to_string().replace('.', "/"));
        }

        #[test]
        fn what_parses_displays_as_it_was(text in "\\PC{0,30}|[a-z.]{0,20}") {
            if let Ok(table) = text.parse::<TableName>() {
                prop_assert_eq!(table.to_string(), text);
            }
        }
    }
}
