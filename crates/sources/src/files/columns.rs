//! Names of columns: from the file to the table.

use std::collections::HashSet;

use super::delimited::Dialect;

/// Names that the engine adds to every bronze table or uses on the way there, so no source column may have them.
pub const RESERVED: [&str; 6] = ["_source", "_line", "_ingested_at", "_batch_id", "__reject", "__raw"];

/// What the columns of a file are and how its fields are told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Names in the table, in the order of the file: without the characters that Delta tables refuse,
    /// and unique whatever the case.
    pub columns: Vec<String>,
    /// What was changed or guessed on the way, each one line that names it.
    pub warnings: Vec<String>,
    /// Names in the file, one per column.
    pub(crate) keys: Vec<String>,
    pub(crate) shape: Shape,
}

/// How the fields of a record are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Delimited(Dialect),
    Object,
}

impl Layout {
    pub(crate) fn new(keys: Vec<String>, shape: Shape) -> Layout {
        let mut warnings = Vec::new();
        let columns = table_names(&keys, &mut warnings);
        Layout { columns, warnings, keys, shape }
    }
}

/// A name for each column of the file, in order; what is not taken over as it is, is warned of.
pub(crate) fn table_names(keys: &[String], warnings: &mut Vec<String>) -> Vec<String> {
    let wished: Vec<String> = keys.iter().enumerate().map(|(position, key)| plain_name(key, position)).collect();
    // A number is appended that no name of the file has, so that `a, a, a_2` leaves `a_2` alone.
    let in_file: HashSet<String> = wished.iter().map(|name| name.to_lowercase()).collect();
    let mut taken: HashSet<String> = RESERVED.into_iter().map(String::from).collect();
    let mut names = Vec::with_capacity(keys.len());
    for (position, (key, wish)) in keys.iter().zip(wished).enumerate() {
        let mut name = wish.clone();
        let mut number = 2;
        while !taken.insert(name.to_lowercase()) {
            name = format!("{wish}_{number}");
            while in_file.contains(&name.to_lowercase()) {
                number += 1;
                name = format!("{wish}_{number}");
            }
            number += 1;
        }
        if name != *key {
            let why = why_renamed(key, &wish);
            let position = position + 1;
            warnings.push(format!("column {position} {key:?} is named \"{name}\": {why}"));
        }
        names.push(name);
    }
    names
}

fn why_renamed(key: &str, wish: &str) -> &'static str {
    if key.trim().is_empty() {
        "its name is empty"
    } else if wish != key {
        "a Delta table refuses some of its characters"
    } else if RESERVED.contains(&key.to_lowercase().as_str()) {
        "the name is reserved"
    } else {
        "an earlier column has its name"
    }
}

/// The name without outer blanks and the characters that Parquet and Delta refuse in names.
fn plain_name(key: &str, position: usize) -> String {
    let name: String = key
        .trim()
        .chars()
        .map(|letter| match letter {
            ' ' | ',' | ';' | '{' | '}' | '(' | ')' | '=' => '_',
            control if control.is_control() => '_',
            kept => kept,
        })
        .collect();
    if name.is_empty() { format!("column_{}", position + 1) } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(header: &str) -> (String, usize) {
        let keys: Vec<String> = header.split(',').map(String::from).collect();
        let mut warnings = Vec::new();
        let names = table_names(&keys, &mut warnings);
        (names.join(","), warnings.len())
    }

    #[test]
    fn names_are_plain_and_unique() {
        let cases = [
            ("a,b", "a,b", 0),
            ("a,a,a", "a,a_2,a_3", 2),
            ("a,a,a_2", "a,a_3,a_2", 1),
            ("a,A", "a,A_2", 1),
            ("a,,", "a,column_2,column_3", 2),
            ("column_2,", "column_2,column_2_2", 1),
            ("_line,_SOURCE,_line_2", "_line_3,_SOURCE_2,_line_2", 2),
            ("__reject,__RAW", "__reject_2,__RAW_2", 2),
            ("Customer ID, x ,größe", "Customer_ID,x,größe", 2),
        ];
        for (header, expected, warnings) in cases {
            assert_eq!(named(header), (expected.to_string(), warnings), "{header}");
        }
    }
}
