//! From the text of the leading comment to a header.

use toml::de::DeValue;

use super::{Expectation, Header, Kind, OnFail, OptionalInput};
use crate::closest::did_you_mean;
use crate::error::Problem;
use crate::keys::{Entry, Reader, expected, text, texts};
use crate::parameters::{Allowed, Parameter, Sorted, Value};
use crate::table_name::{TableName, check_name};

const KINDS: &str = "append, merge, replace_partitions or full";
const KEYS: [&str; 9] = ["key", "first_by", "last_by", "kind", "partition_by", "columns", "expect", "parameters", "optional"];
const PARAMETER_KEYS: [&str; 8] = ["default", "description", "min", "max", "one_of", "count", "sorted", "same_as"];
const EXPECT_KEYS: [&str; 2] = ["that", "on_fail"];

/// A header as far as it could be read, the line of each column it names, and what is wrong.
pub(crate) struct ParsedHeader {
    /// `None` where something required is missing.
    pub(crate) header: Option<Header>,
    /// `(where it is named, column, line)`, to be compared with the query's output.
    pub(crate) named_columns: Vec<(&'static str, String, usize)>,
    pub(crate) problems: Vec<Problem>,
}

/// Reads the inside of the leading comment, which begins on `first_line` of `file`.
pub(crate) fn parse(file: &str, comment: &str, first_line: usize) -> ParsedHeader {
    let (description, toml, toml_line) = split_description(comment, first_line);
    let mut reader = Reader::new(file, toml, toml_line);
    let Some(table) = reader.table() else {
        return ParsedHeader { header: None, named_columns: Vec::new(), problems: reader.problems };
    };

    let mut kind = None;
    let mut kind_line = None;
    // `Some` where the header has the key at all: a wrong list is not reported as missing too.
    let mut key = None;
    let mut first_by = None;
    let mut last_by = None;
    let mut partition_by = None;
    let mut columns = Vec::new();
    let mut expect = Vec::new();
    let mut parameters = Vec::new();
    let mut optional = Vec::new();
    let mut named_columns = Vec::new();
    for entry in reader.entries(&table) {
        match entry.key {
            "kind" => {
                kind_line = Some(entry.line);
                kind = reader.read(&entry, kind_named);
            }
            "key" => key = Some(column_list(&mut reader, &entry, "key", &mut named_columns)),
            "first_by" => {
                first_by = Some(column_list(&mut reader, &entry, "first_by", &mut named_columns));
            }
            "last_by" => {
                last_by = Some(column_list(&mut reader, &entry, "last_by", &mut named_columns));
            }
            "partition_by" => {
                let list = column_list(&mut reader, &entry, "partition_by", &mut named_columns);
                partition_by = Some(list);
            }
            "columns" => {
                columns = described_columns(&mut reader, &entry, &mut named_columns);
            }
            "expect" => expect = expectations(&mut reader, &entry),
            "parameters" => parameters = described_parameters(&mut reader, &entry),
            "optional" => optional = optional_inputs(&mut reader, &entry),
            unknown => {
                let hint = did_you_mean(unknown, KEYS.into_iter());
                reader.problem(Some(entry.line), format!("unknown key \"{unknown}\"{hint}: a header has {}", KEYS.join(", ")));
            }
        }
    }

    let description = description.unwrap_or_else(|| {
        reader.problem(
            Some(first_line),
            "the description is missing: begin the comment with a sentence that says what one row is, \
             then a blank line"
                .to_string(),
        );
        String::new()
    });
    if kind_line.is_none() {
        let hint = if toml.trim().is_empty() { " (the header begins after the first blank line of the comment)" } else { "" };
        reader.problem(Some(first_line), format!("kind is missing{hint}: add kind = \"…\" with {KINDS}"));
    }
    if kind == Some(Kind::Merge) && key.is_none() {
        reader.problem(kind_line, "kind merge needs a key: add key = [\"…\"] with the columns that identify a row".to_string());
    }
    if kind == Some(Kind::ReplacePartitions) && partition_by.is_none() {
        reader.problem(
            kind_line,
            "kind replace_partitions needs partition_by: add partition_by = [\"…\"] with the columns \
             whose values are recomputed together"
                .to_string(),
        );
    }
    if let (Some(Kind::ReplacePartitions), Some(key), Some(partition_by)) = (kind, &key, &partition_by)
        && let Some(column) = partition_by.iter().find(|c| !key.contains(c))
    {
        let problem = format!("a key without \"{column}\" may repeat in another partition, which is not looked at: add it to key");
        reader.problem(kind_line, problem);
    }
    for (name, list) in [("first_by", &first_by), ("last_by", &last_by)] {
        if list.is_some() && key.is_none() {
            let problem = format!("{name} decides between rows of one key, but there is no key: add key or leave {name} out");
            reader.problem(kind_line, problem);
        }
    }
    if first_by.is_some() && last_by.is_some() {
        reader.problem(kind_line, "first_by and last_by contradict each other: leave one out".to_string());
    }
    let header = kind.map(|kind| Header {
        description,
        kind,
        key: key.unwrap_or_default(),
        first_by: first_by.unwrap_or_default(),
        last_by: last_by.unwrap_or_default(),
        partition_by: partition_by.unwrap_or_default(),
        columns,
        expect,
        parameters,
        optional,
    });
    ParsedHeader { header, named_columns, problems: reader.problems }
}

/// The description (the first paragraph, as one line), the TOML after it, and the TOML's first line.
///
/// A first paragraph that is TOML itself means that the description was forgotten.
fn split_description(comment: &str, first_line: usize) -> (Option<String>, &str, usize) {
    let mut description: Vec<&str> = Vec::new();
    let mut start = 0; // byte offset of the line after the ones seen
    let mut toml_line = first_line;
    for line in comment.split_inclusive('\n') {
        if line.trim().is_empty() && !description.is_empty() {
            break;
        }
        start += line.len();
        toml_line += usize::from(line.ends_with('\n'));
        if !line.trim().is_empty() {
            description.push(line.trim());
        }
    }
    let paragraph = &comment[..start];
    if toml::de::DeTable::parse(paragraph).is_ok() {
        return (None, comment, first_line);
    }
    (Some(description.join(" ")), &comment[start..], toml_line)
}

fn kind_named(value: &DeValue<'_>) -> Result<Kind, String> {
    let name = text(value)?;
    Kind::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or_else(|| {
        let hint = did_you_mean(&name, Kind::ALL.iter().map(|kind| kind.as_str()));
        format!("unknown kind \"{name}\"{hint}: use {KINDS}")
    })
}

fn on_fail_named(value: &DeValue<'_>) -> Result<OnFail, String> {
    let name = text(value)?;
    OnFail::ALL.into_iter().find(|on_fail| on_fail.as_str() == name).ok_or_else(|| {
        let hint = did_you_mean(&name, OnFail::ALL.iter().map(|on_fail| on_fail.as_str()));
        format!("unknown value \"{name}\"{hint}: use warn, drop, quarantine or fail")
    })
}

fn column_list(
    reader: &mut Reader<'_>,
    entry: &Entry<'_, '_>,
    list: &'static str,
    named_columns: &mut Vec<(&'static str, String, usize)>,
) -> Vec<String> {
    let names = match texts(entry.value) {
        Ok(names) if names.is_empty() => {
            reader.problem(Some(entry.line), format!("{list} is empty: name a column or leave it out"));
            return names;
        }
        Ok(names) => names,
        Err(why) => {
            reader.problem(Some(entry.line), format!("{list}: {why}"));
            return Vec::new();
        }
    };
    for (position, name) in names.iter().enumerate() {
        if names[..position].contains(name) {
            reader.problem(Some(entry.line), format!("{list} names \"{name}\" twice: name it once"));
        }
        named_columns.push((list, name.clone(), entry.line));
    }
    names
}

fn described_columns<'t>(
    reader: &mut Reader<'t>,
    entry: &Entry<'_, 't>,
    named_columns: &mut Vec<(&'static str, String, usize)>,
) -> Vec<(String, String)> {
    let Some(table) = entry.value.as_table() else {
        let why = expected("a table [columns] with name = \"description\"", entry.value);
        reader.problem(Some(entry.line), format!("columns: {why}"));
        return Vec::new();
    };
    let mut columns = Vec::new();
    for column in reader.entries(table) {
        named_columns.push(("[columns]", column.key.to_string(), column.line));
        if let Some(description) = reader.read(&column, text) {
            if description.trim().is_empty() {
                reader.problem(Some(column.line), format!("the description of {} is empty: say what it holds and its unit", column.key));
            }
            columns.push((column.key.to_string(), description));
        }
    }
    columns
}

fn optional_inputs<'t>(reader: &mut Reader<'t>, entry: &Entry<'_, 't>) -> Vec<OptionalInput> {
    let Some(table) = entry.value.as_table() else {
        let why = expected("a table [optional] with \"layer.table\" = { column = \"type\" }", entry.value);
        reader.problem(Some(entry.line), format!("optional: {why}"));
        return Vec::new();
    };
    let named = reader.entries(table);
    named.iter().filter_map(|named| optional_input(reader, named)).collect()
}

fn optional_input<'t>(reader: &mut Reader<'t>, named: &Entry<'_, 't>) -> Option<OptionalInput> {
    let table = named.key.parse::<TableName>();
    if let Err(error) = &table {
        reader.problem(Some(named.line), format!("optional: {error}"));
    }
    let Some(types) = named.value.as_table().filter(|types| types.iter().next().is_some()) else {
        let why = expected("the columns that are read, { column = \"type\" }", named.value);
        reader.problem(Some(named.line), format!("optional.{}: {why}", named.key));
        return None;
    };
    let mut columns = Vec::new();
    for column in reader.entries(types) {
        if let Err(error) = check_name(column.key) {
            reader.problem(Some(column.line), format!("optional.{}: column {error}", named.key));
        }
        let name = column.key.to_string();
        columns.extend(reader.read(&column, text).map(|data_type| (name, data_type)));
    }
    Some(OptionalInput { table: table.ok()?, columns, line: named.line })
}

fn described_parameters<'t>(reader: &mut Reader<'t>, entry: &Entry<'_, 't>) -> Vec<Parameter> {
    let Some(table) = entry.value.as_table() else {
        let why = expected("a table [parameters] with name = { default = …, description = \"…\" }", entry.value);
        reader.problem(Some(entry.line), format!("parameters: {why}"));
        return Vec::new();
    };
    let named = reader.entries(table);
    named.iter().filter_map(|named| parameter(reader, named)).collect()
}

fn parameter<'t>(reader: &mut Reader<'t>, named: &Entry<'_, 't>) -> Option<Parameter> {
    let name = named.key;
    if let Err(error) = check_name(name) {
        reader.problem(Some(named.line), format!("parameter {error}"));
    }
    let Some(table) = named.value.as_table() else {
        let why = expected("{ default = …, description = \"…\" }", named.value);
        reader.problem(Some(named.line), format!("parameters.{name}: {why}"));
        return None;
    };
    let (mut value, mut description, mut allowed, mut same_as) = (None, None, Allowed::default(), None);
    for entry in reader.entries(table) {
        match entry.key {
            "default" => value = Some(reader.read(&entry, Value::read)),
            "description" => description = Some(reader.read(&entry, text)),
            "min" => allowed.min = reader.read(&entry, Allowed::bound),
            "max" => allowed.max = reader.read(&entry, Allowed::bound),
            "one_of" => allowed.one_of = reader.read(&entry, Allowed::choices).unwrap_or_default(),
            "count" => allowed.count = reader.read(&entry, Allowed::items),
            "sorted" => allowed.sorted = reader.read(&entry, Sorted::read),
            "same_as" => same_as = reader.read(&entry, |value| text(value)?.parse::<TableName>().map_err(|error| error.to_string())),
            unknown => {
                let hint = did_you_mean(unknown, PARAMETER_KEYS.into_iter());
                reader.problem(Some(entry.line), format!("unknown key \"{unknown}\"{hint}: a parameter has {}", PARAMETER_KEYS.join(", ")));
            }
        }
    }
    if value.is_none() {
        reader.problem(Some(named.line), format!("parameters.{name} has no default: add default = … with the value it has unless set"));
    }
    if description.as_ref().is_none_or(|text| text.as_ref().is_some_and(|text| text.trim().is_empty())) {
        let problem = format!("parameters.{name} has no description: add description = \"…\" with what it decides and its unit");
        reader.problem(Some(named.line), problem);
    }
    let value = value??;
    if let Some(why) = allowed.misfit(&value) {
        reader.problem(Some(named.line), format!("parameters.{name}: {why}"));
    }
    Some(Parameter { name: name.to_string(), description: description??, value, allowed, same_as, line: named.line })
}

fn expectations<'t>(reader: &mut Reader<'t>, entry: &Entry<'_, 't>) -> Vec<Expectation> {
    let Some(table) = entry.value.as_table() else {
        let why = expected("tables [expect.NAME]", entry.value);
        reader.problem(Some(entry.line), format!("expect: {why}"));
        return Vec::new();
    };
    let mut found = Vec::new();
    for named in reader.entries(table) {
        if let Some(table) = named.value.as_table() {
            let entries = reader.entries(table);
            found.extend(expectation(reader, &named, &entries));
        } else if EXPECT_KEYS.contains(&named.key) {
            reader.problem(Some(named.line), "an expectation needs a name: write [expect.NAME] above it".to_string());
        } else {
            let why = expected("a table with `that` and `on_fail`", named.value);
            reader.problem(Some(named.line), format!("expect.{}: {why}", named.key));
        }
    }
    found
}

fn expectation<'t>(reader: &mut Reader<'t>, named: &Entry<'_, 't>, entries: &[Entry<'_, 't>]) -> Option<Expectation> {
    let name = named.key;
    if let Err(error) = check_name(name) {
        reader.problem(Some(named.line), format!("expectation {error}"));
    }
    let mut that = None;
    let mut on_fail = None;
    let mut missing = EXPECT_KEYS.to_vec();
    for entry in entries {
        missing.retain(|key| *key != entry.key);
        match entry.key {
            "that" => that = reader.read(entry, text),
            "on_fail" => on_fail = reader.read(entry, on_fail_named),
            unknown => {
                let hint = did_you_mean(unknown, EXPECT_KEYS.into_iter());
                reader.problem(Some(entry.line), format!("unknown key \"{unknown}\"{hint}: an expectation has that and on_fail"));
            }
        }
    }
    for key in missing {
        let remedy = match key {
            "that" => "add that = \"…\" with a SQL condition over the output columns",
            _ => "add on_fail = \"…\" with warn, drop, quarantine or fail",
        };
        reader.problem(Some(named.line), format!("expect.{name} has no {key}: {remedy}"));
    }
    let that = that?;
    if that.trim().is_empty() {
        reader.problem(Some(named.line), format!("expect.{name}: that is empty: write a SQL condition over the output columns"));
    }
    Some(Expectation { name: name.to_string(), that, on_fail: on_fail?, line: named.line })
}
