//! Query results as text and numbers: tables of a page, points of a chart.

use anyhow::{Context, Result};
use lake::datafusion::arrow::array::AsArray;
use lake::datafusion::arrow::compute::cast;
use lake::datafusion::arrow::datatypes::{DataType, Float64Type};
use lake::datafusion::arrow::record_batch::RecordBatch;
use lake::datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};

/// The rows as a Markdown table that is also aligned as plain text.
pub fn markdown(batches: &[RecordBatch]) -> Result<String> {
    let first = batches.first().context("the query gave no rows; a page shows only queries that do")?;
    let schema = first.schema();
    let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    let is_number: Vec<bool> = schema.fields().iter().map(|f| f.data_type().is_numeric()).collect();
    let mut body = Vec::new();
    for batch in batches {
        let options = FormatOptions::default()
            .with_null("null")
            .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.f"))
            .with_timestamp_tz_format(Some("%Y-%m-%d %H:%M:%S%.f"));
        let columns = batch.columns().iter().map(|c| ArrayFormatter::try_new(c, &options));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            body.push(columns.iter().map(|c| cell(&c.value(row).to_string())).collect());
        }
    }
    Ok(aligned(&names, &is_number, &body))
}

/// A Markdown table whose columns are padded to one width.
pub fn aligned(head: &[&str], is_number: &[bool], body: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = body.iter().filter_map(|row| row.get(column)).map(|text| text.chars().count());
        cells.chain([head[column].chars().count(), 3]).max().unwrap_or(3)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = String>| format!("| {} |", cells.collect::<Vec<_>>().join(" | "));
    let padded = |column: usize, text: &str| match is_number[column] {
        true => format!("{text:>0$}", widths[column]),
        false => format!("{text:<0$}", widths[column]),
    };
    let rule = |column: usize| match is_number[column] {
        true => format!("{}:", "-".repeat(widths[column] - 1)),
        false => "-".repeat(widths[column]),
    };
    let mut lines = vec![line(&mut head.iter().enumerate().map(|(column, name)| padded(column, name)))];
    lines.push(line(&mut (0..head.len()).map(rule)));
    for row in body {
        lines.push(line(&mut row.iter().enumerate().map(|(column, text)| padded(column, text))));
    }
    lines.join("\n")
}

/// Text as it can stand in a cell. What would not be seen stands in quotes: the empty string, blanks at an end.
fn cell(text: &str) -> String {
    let text = text.replace('|', "\\|").replace('\n', "⏎");
    if text.is_empty() || text.trim() != text { format!("\"{text}\"") } else { text }
}

/// A column of a small result as text.
pub fn texts(batches: &[RecordBatch], column: &str) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    for batch in batches {
        let array = batch.column_by_name(column).with_context(|| format!("the query has no column {column}"))?;
        let array = cast(array, &DataType::Utf8)?;
        texts.extend(array.as_string::<i32>().iter().map(|text| text.unwrap_or_default().to_owned()));
    }
    Ok(texts)
}

/// A column of a small result as numbers.
pub fn numbers(batches: &[RecordBatch], column: &str) -> Result<Vec<f64>> {
    let mut numbers = Vec::new();
    for batch in batches {
        let array = batch.column_by_name(column).with_context(|| format!("the query has no column {column}"))?;
        let array = cast(array, &DataType::Float64)?;
        numbers.extend(array.as_primitive::<Float64Type>().iter().map(Option::unwrap_or_default));
    }
    Ok(numbers)
}
