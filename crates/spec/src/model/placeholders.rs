//! `$name` in a model's SQL: the values of its parameters.

use sqlparser::tokenizer::{Location, Token, Tokenizer};

use crate::closest::did_you_mean;
use crate::error::Problem;
use crate::model::Parts;
use crate::parameters::Parameter;
use crate::query::DIALECT;

/// The SQL with values in the place of names; what is named and not there, or there and not named, is a problem.
pub(super) fn fill(file: &str, parts: &Parts<'_>, parameters: &[Parameter], problems: &mut Vec<Problem>) -> String {
    let Ok(tokens) = Tokenizer::new(&DIALECT, parts.sql).tokenize_with_location() else {
        // The parser says why, and where.
        return parts.sql.to_string();
    };
    let mut filled = String::with_capacity(parts.sql.len());
    let mut taken = 0;
    let mut named = vec![false; parameters.len()];
    for token in tokens {
        let Token::Placeholder(placeholder) = &token.token else { continue };
        let name = placeholder.trim_start_matches('$');
        let Some(position) = parameters.iter().position(|parameter| parameter.name == name) else {
            let hint = did_you_mean(name, parameters.iter().map(|parameter| parameter.name.as_str()));
            let line = parts.sql_line + usize::try_from(token.span.start.line).unwrap_or(1).saturating_sub(1);
            let message =
                format!("{placeholder} is no parameter{hint}: add {name} = {{ default = …, description = \"…\" }} to [parameters]");
            problems.push(Problem::new(file, Some(line), message));
            continue;
        };
        let Some(offset) = offset_of(parts.sql, token.span.start) else { continue };
        named[position] = true;
        filled.push_str(&parts.sql[taken..offset]);
        filled.push_str(&parameters[position].value.to_string());
        taken = offset + placeholder.len();
    }
    filled.push_str(&parts.sql[taken..]);
    for (parameter, _) in parameters.iter().zip(named).filter(|(_, named)| !named) {
        let message = format!("parameter {} is not used: name it as ${0} in the SQL, or take it out", parameter.name);
        problems.push(Problem::new(file, Some(parameter.line), message));
    }
    filled
}

/// The byte at a location; the tokenizer counts lines and letters from 1.
pub(super) fn offset_of(sql: &str, location: Location) -> Option<usize> {
    let (line, column) = (usize::try_from(location.line).ok()?, usize::try_from(location.column).ok()?);
    let line_start: usize = sql.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let (offset, _) = sql[line_start..].char_indices().nth(column.saturating_sub(1))?;
    Some(line_start + offset)
}
