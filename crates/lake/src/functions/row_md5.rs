//! `row_md5(value, …)`: one name for a row that has none of its own.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringViewBuilder};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use md5::{Digest, Md5};

/// The MD5, in hexadecimal, of all values one after the other, each as its length in bytes, a colon and its text; a null is `-`. So no two
/// different rows are written alike, whatever their texts hold. Text of values is as a cast of Arrow writes it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct RowMd5 {
    signature: Signature,
}

impl Default for RowMd5 {
    fn default() -> Self {
        Self { signature: Signature::variadic_any(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for RowMd5 {
    fn name(&self) -> &str {
        "row_md5"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = arguments.number_rows;
        let text = |value: &ColumnarValue| Ok(cast(&value.to_array(rows)?, &DataType::Utf8View)?);
        let columns = arguments.args.iter().map(text).collect::<Result<Vec<ArrayRef>>>()?;
        let columns: Vec<_> = columns.iter().map(|column| column.as_string_view()).collect();
        let mut digests = StringViewBuilder::with_capacity(rows);
        let (mut written, mut digits) = (Vec::new(), [0; 32]);
        for row in 0..rows {
            written.clear();
            for column in &columns {
                if column.is_null(row) {
                    written.push(b'-');
                    continue;
                }
                let text = column.value(row);
                append_number(&mut written, text.len());
                written.push(b':');
                written.extend_from_slice(text.as_bytes());
            }
            let digest = Md5::digest(&written);
            hex::encode_to_slice(digest, &mut digits).map_err(|error| DataFusionError::External(Box::new(error)))?;
            digests.append_value(String::from_utf8_lossy(&digits));
        }
        Ok(ColumnarValue::Array(Arc::new(digests.finish())))
    }
}

/// In decimal; formatting it would take longer than the digest.
fn append_number(out: &mut Vec<u8>, number: usize) {
    if number > 9 {
        append_number(out, number / 10);
    }
    out.push(b'0' + (number % 10) as u8);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use datafusion::prelude::SessionContext;

    use super::*;

    async fn row_md5(values: &str) -> String {
        let context = SessionContext::new();
        context.register_udf(RowMd5::default().into());
        let rows = context.sql(&format!("select row_md5({values}) as md5")).await.unwrap().collect().await.unwrap();
        rows[0].column(0).as_string_view().value(0).to_owned()
    }

    #[tokio::test]
    async fn it_is_the_md5_of_what_it_says() {
        // md5sum of 1:a-0:4:1.50 and of 12:aaaaaaaaaaaa
        assert_eq!(row_md5("'a', null, '', cast(1.5 as decimal(8, 2))").await, "8d24a174d8ba999988ddd16b79beb8a2");
        assert_eq!(row_md5("repeat('a', 12)").await, "ead5529f2ec6fd7bd7c951ba37c26828");
    }

    #[tokio::test]
    async fn no_two_rows_are_written_alike() {
        let rows =
            ["'a|', 'b'", "'a', '|b'", "'a', 'b', ''", "'a', 'b', null", "'ab', ''", "'', 'ab'", "'1:a', 'b'", "'-', 'b'", "null, 'b'"];
        let mut digests = std::collections::BTreeSet::new();
        for row in rows {
            assert!(digests.insert(row_md5(row).await), "{row}");
        }
    }
}
