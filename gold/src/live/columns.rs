//! Between Arrow and what RFM is made of.

use std::sync::Arc;

use lake::datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Decimal128Array, Int32Array, Int64Array, RecordBatch, StringArray, StringViewArray,
};
use lake::datafusion::arrow::compute::cast;
use lake::datafusion::arrow::datatypes::{DataType, Date32Type, Decimal128Type, Field, Schema, SchemaRef};
use lake::{LakeError, Result};
use segments::rfm::{Change, Line, LineKind, Placed};

/// Amounts have four digits behind the point.
pub const DIGITS: i64 = 10_000;
const AMOUNT: DataType = DataType::Decimal128(28, 4);

/// The columns of `gold.customer_rfm`.
pub fn schema() -> SchemaRef {
    let text = || DataType::Utf8View;
    let columns = [
        ("customer_id", text()),
        ("as_of_on", DataType::Date32),
        ("recency_days", DataType::Int32),
        ("order_count", DataType::Int64),
        ("net_amount", AMOUNT),
        ("recency_score", DataType::Int32),
        ("frequency_score", DataType::Int32),
        ("monetary_score", DataType::Int32),
        ("rfm_cell", text()),
        ("segment", text()),
    ];
    Arc::new(Schema::new(columns.map(|(name, data_type)| Field::new(name, data_type, true)).to_vec()))
}

/// Rows of it.
pub fn of_placed(schema: &SchemaRef, as_of: i32, customers: &[Placed]) -> Result<RecordBatch> {
    let texts = |of: &dyn Fn(&Placed) -> String| Arc::new(customers.iter().map(|c| Some(of(c))).collect::<StringViewArray>()) as ArrayRef;
    let scores = |of: &dyn Fn(&Placed) -> u8| Arc::new(customers.iter().map(|c| i32::from(of(c))).collect::<Int32Array>()) as ArrayRef;
    let amounts = customers.iter().map(|c| Some(c.rfm.monetary)).collect::<Decimal128Array>();
    let columns: Vec<ArrayRef> = vec![
        texts(&|c| c.rfm.customer_id.clone()),
        Arc::new(Date32Array::from_value(as_of, customers.len())),
        Arc::new(customers.iter().map(|c| i32::try_from(c.rfm.recency_days).ok()).collect::<Int32Array>()),
        Arc::new(customers.iter().map(|c| i64::try_from(c.rfm.frequency).ok()).collect::<Int64Array>()),
        Arc::new(amounts.with_data_type(AMOUNT)),
        scores(&|c| c.scores.recency),
        scores(&|c| c.scores.frequency),
        scores(&|c| c.scores.monetary),
        texts(&|c| format!("{}{}{}", c.scores.recency, c.scores.frequency, c.scores.monetary)),
        texts(&|c| c.segment.clone()),
    ];
    RecordBatch::try_new(Arc::clone(schema), columns).map_err(LakeError::invalid)
}

/// What lines of `silver.invoice_lines` say, and the last day of those that sales count. A line that sells or takes back no product of a
/// known customer withdraws what stood under its identifier.
pub fn changes(lines: &RecordBatch) -> Result<(Vec<Change>, Option<i32>)> {
    let (ids, invoices) = (column(lines, "line_id", &DataType::Utf8)?, column(lines, "invoice_no", &DataType::Utf8)?);
    let (customers, kinds) = (column(lines, "customer_id", &DataType::Utf8)?, column(lines, "line_type", &DataType::Utf8)?);
    let days = column(lines, "invoiced_on", &DataType::Date32)?;
    let (products, amounts) = (column(lines, "is_product", &DataType::Boolean)?, column(lines, "line_amount", &AMOUNT)?);
    let text = |of: &ArrayRef, row: usize| {
        let texts: &StringArray = of.as_string();
        texts.is_valid(row).then(|| texts.value(row).to_owned())
    };
    let days = days.as_primitive::<Date32Type>();
    let mut changes = Vec::with_capacity(lines.num_rows());
    let mut last_day = None;
    for row in 0..lines.num_rows() {
        let line_type = text(&kinds, row).unwrap_or_default();
        if matches!(line_type.as_str(), "sale" | "cancellation" | "adjustment") && days.is_valid(row) {
            last_day = last_day.max(Some(days.value(row)));
        }
        let Some(line_id) = text(&ids, row) else { continue };
        let kind = match line_type.as_str() {
            "sale" => Some(LineKind::Sale),
            "cancellation" => Some(LineKind::Return),
            _ => None,
        };
        let is_product = products.as_boolean().is_valid(row) && products.as_boolean().value(row);
        let line = (|| {
            Some(Line {
                line_id: line_id.clone(),
                invoice_no: text(&invoices, row)?,
                customer_id: text(&customers, row)?,
                day: days.is_valid(row).then(|| days.value(row))?,
                kind: kind.filter(|_| is_product)?,
                amount: amounts.is_valid(row).then(|| amounts.as_primitive::<Decimal128Type>().value(row))?,
            })
        })();
        changes.push(line.map_or(Change::LineWithdrawn { line_id }, Change::Line));
    }
    Ok((changes, last_day))
}

fn column(lines: &RecordBatch, name: &str, data_type: &DataType) -> Result<ArrayRef> {
    let unfit = || LakeError::invalid(format!("the lines have no column {name} as in silver.invoice_lines"));
    cast(lines.column_by_name(name).ok_or_else(unfit)?, data_type).map_err(|_| unfit())
}
