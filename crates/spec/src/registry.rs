//! The registry of features: what learners may use of the feature tables, and from when a value is known.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use crate::Model;
use crate::closest::did_you_mean;

/// All feature tables by name, such as `click_features`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Registry {
    tables: BTreeMap<String, FeatureTable>,
}

/// What the columns of a feature table are for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureTable {
    /// What is to be predicted: a column of booleans.
    pub label: String,
    /// The event time: splits by time go by it, and no feature knows what came later. Logs without one are in the order of `order`.
    pub time: Option<String>,
    /// Columns that put the rows in the order of their events, no two in one place.
    pub order: Vec<String>,
    /// Whom a row belongs to, where that is known; splits by group keep them together.
    pub group: Option<String>,
    /// Other columns that nothing is to be learned from.
    #[serde(default)]
    pub identity: Vec<String>,
    /// The features by name. Their order is that of the table's columns.
    pub features: BTreeMap<String, Feature>,
}

/// A feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// How a learner takes its values.
    pub kind: FeatureKind,
    /// From when a value is known.
    pub known_from: KnownFrom,
}

/// How a learner takes a feature's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeatureKind {
    /// As a quantity: what lies between two values means something.
    Number,
    /// As a name: values are equal or different.
    Category,
}

/// From when a feature's value is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KnownFrom {
    /// When the request arrives: it says so itself.
    Request,
    /// When an ad is chosen for the request.
    Ad,
    /// Since the UTC midnight before the request: made from earlier days alone.
    Midnight,
    /// Just before the request: made from strictly earlier events.
    Event,
    /// With the label: nothing to learn from. It is named so that audits tell who learns from it.
    Label,
}

const DAY_MICROS: i64 = 86_400_000_000;

impl KnownFrom {
    /// The last instant that a value knows of, for a row of the given event time, both in microseconds since 1970, UTC; `None` where it is
    /// the row's own word.
    pub fn last_known(self, event: i64) -> Option<i64> {
        match self {
            Self::Request | Self::Ad => None,
            Self::Midnight => Some(event.div_euclid(DAY_MICROS) * DAY_MICROS - 1),
            Self::Event => Some(event.saturating_sub(1)),
            Self::Label => Some(event),
        }
    }
}

impl Registry {
    /// Reads a registry.
    ///
    /// # Errors
    /// Where and why the text is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string().trim_end().replace('\n', " "))
    }

    /// The feature table of that name.
    ///
    /// # Errors
    /// There is none; the nearest name is told.
    pub fn table(&self, name: &str) -> Result<&FeatureTable, String> {
        let known = || self.tables.keys().map(String::as_str);
        let hint = || did_you_mean(name, known());
        self.tables.get(name).ok_or_else(|| format!("there is no feature table '{name}'{}", hint()))
    }

    /// All feature tables.
    pub fn tables(&self) -> impl Iterator<Item = (&str, &FeatureTable)> {
        self.tables.iter().map(|(name, table)| (name.as_str(), table))
    }
}

impl FeatureTable {
    /// Columns that the model describes and the registry does not name, and the other way round: none where both fit.
    pub fn unfit(&self, model: &Model) -> Vec<String> {
        let columns: Vec<&String> = model.header.columns.iter().map(|(column, _)| column).collect();
        let roles = self.identity.iter().chain(&self.order).chain([&self.label]).chain(&self.time).chain(&self.group);
        let named: Vec<&String> = roles.chain(self.features.keys()).collect();
        let one_way = columns.iter().filter(|c| !named.contains(c)).chain(named.iter().filter(|c| !columns.contains(c)));
        let mut unfit: Vec<String> = one_way.map(|column| (*column).clone()).collect();
        unfit.sort();
        unfit
    }
}

impl fmt::Display for FeatureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Number => "number",
            Self::Category => "category",
        })
    }
}

impl fmt::Display for KnownFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Request => "the request itself",
            Self::Ad => "the choice of the ad",
            Self::Midnight => "the midnight before, UTC",
            Self::Event => "just before the request",
            Self::Label => "the label",
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Layer;

    const TEXT: &str = "[clicks]\nlabel = 'is_click'\ntime = 'at'\norder = ['at', 'id']\ngroup = 'user_id'\n[clicks.features]\n\
        hour = { kind = 'number', known_from = 'request' }\nrate = { kind = 'number', known_from = 'midnight' }\n";

    #[test]
    fn a_registry_names_each_column_and_from_when_it_is_known() {
        let registry = Registry::parse(TEXT).unwrap();
        let table = registry.table("clicks").unwrap();
        assert_eq!(table.features["rate"], Feature { kind: FeatureKind::Number, known_from: KnownFrom::Midnight });
        assert_eq!(registry.table("click").unwrap_err(), "there is no feature table 'click' (did you mean \"clicks\"?)");
        assert!(Registry::parse(&TEXT.replace("midnight", "tomorrow")).unwrap_err().contains("tomorrow"));
        assert!(Registry::parse(&TEXT.replace("group", "grop")).unwrap_err().contains("grop"));
    }

    #[test]
    fn what_is_known_before_the_event_is_told_from_what_is_not() {
        let midnight = 20_000 * DAY_MICROS;
        for event in [midnight, midnight + 1, midnight + DAY_MICROS - 1] {
            assert_eq!(KnownFrom::Midnight.last_known(event), Some(midnight - 1));
        }
        assert_eq!((KnownFrom::Event.last_known(7), KnownFrom::Label.last_known(7)), (Some(6), Some(7)));
        assert!(KnownFrom::Midnight.last_known(-1).is_some_and(|known| known < -1) && KnownFrom::Ad.last_known(7).is_none());
    }

    #[test]
    fn a_column_that_one_of_both_lacks_is_told() {
        let model = |columns: &str| {
            let described: String = columns.split(' ').map(|c| format!("{c} = \"Text\"\n")).collect();
            let selected: Vec<String> = columns.split(' ').map(|c| format!("1 as {c}")).collect();
            let selected = selected.join(", ");
            let text = format!("/*\nA table.\n\nkind = \"full\"\n\n[columns]\n{described}*/\nselect {selected} from gold.x");
            Model::parse(Layer::Features, "adtech", "features/models/adtech/clicks.sql", &text).unwrap()
        };
        let registry = Registry::parse(TEXT).unwrap();
        let table = registry.table("clicks").unwrap();
        assert!(table.unfit(&model("id at user_id hour rate is_click")).is_empty());
        assert_eq!(table.unfit(&model("id at user_id hour age is_click")), ["age", "rate"]);
    }
}
