//! One JSON object: its keys, and its values as received.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Key<'t>(#[serde(borrow)] Cow<'t, str>);

/// Calls `member` with each key and value of the object that `text` is; an error it returns is passed on.
/// Returns in plain words what is wrong with the object.
pub(super) fn each_member<'t>(text: &'t str, member: impl FnMut(&str, &'t str) -> Result<(), String>) -> Result<(), String> {
    let mut json = serde_json::Deserializer::from_str(text);
    let parsed = Members(member).deserialize(&mut json).and_then(|()| json.end());
    parsed.map_err(|error| format!("not a JSON object: {error}"))
}

struct Members<F>(F);

impl<'t, F: FnMut(&str, &'t str) -> Result<(), String>> DeserializeSeed<'t> for Members<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'t, F: FnMut(&str, &'t str) -> Result<(), String>> Visitor<'t> for Members<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object in braces")
    }

    fn visit_map<M: MapAccess<'t>>(mut self, mut members: M) -> Result<(), M::Error> {
        while let Some((key, value)) = members.next_entry::<Key<'t>, &'t RawValue>()? {
            (self.0)(&key.0, value.get()).map_err(M::Error::custom)?;
        }
        Ok(())
    }
}

/// The value as a string: a JSON string without its quotes and escapes, `null` as none, and anything
/// else as it is written.
pub(super) fn as_received(value: &str) -> Result<Option<Cow<'_, str>>, String> {
    match value.strip_prefix('"') {
        None if value == "null" => Ok(None),
        None => Ok(Some(Cow::Borrowed(value))),
        Some(rest) => match rest.strip_suffix('"') {
            Some(inner) if !inner.contains('\\') => Ok(Some(Cow::Borrowed(inner))),
            _ => serde_json::from_str(value).map(|text: String| Some(Cow::Owned(text))).map_err(|error| error.to_string()),
        },
    }
}
