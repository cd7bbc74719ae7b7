//! The names of channels, and paths written as text.

use std::collections::BTreeSet;

use super::Paths;

/// Names of channels in order; a channel's number is its place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Channels {
    names: Vec<String>,
}

impl Channels {
    /// The distinct names, in order.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: BTreeSet<_> = names.into_iter().collect();
        Self { names: names.into_iter().map(str::to_owned).collect() }
    }

    /// Reads paths such as `search > mail > search`. Blanks around a step do not count, and steps without a name are left out, so that
    /// an empty text is a path without touches. `separator` is what stands between steps, such as `>`.
    pub fn parse<'a>(texts: &[&'a str], separator: &str) -> (Self, Paths) {
        let steps = |text: &'a str| -> Vec<&'a str> {
            let parts: Vec<_> = if separator.is_empty() { vec![text] } else { text.split(separator).collect() };
            parts.into_iter().map(str::trim).filter(|step| !step.is_empty()).collect()
        };
        let rows: Vec<_> = texts.iter().map(|text| steps(text)).collect();
        let channels = Self::new(rows.iter().flatten().copied());
        let mut paths = Paths::default();
        for row in rows {
            paths.push(row.into_iter().filter_map(|name| channels.number(name)));
        }
        (channels, paths)
    }

    /// The number of a name.
    pub fn number(&self, name: &str) -> Option<u32> {
        self.names.binary_search_by(|known| known.as_str().cmp(name)).ok().map(|place| place as u32)
    }

    /// All names; the place is the number.
    pub fn names(&self) -> &[String] {
        &self.names
    }
}
