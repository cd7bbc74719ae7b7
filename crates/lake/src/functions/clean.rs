//! `clean(text [, default])`: text as it was meant, whatever an exporter did to it.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringViewArray, StringViewBuilder};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, TypeSignature, Volatility};

/// Text without white space around it. Null, or the default where one is given, for what stands for a missing value: the
/// empty string and, in any letter case, `null`, `none`, `n/a`, `undefined`, `unknown` and `\N`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Clean {
    signature: Signature,
}

impl Default for Clean {
    fn default() -> Self {
        let text = DataType::Utf8View;
        let forms = vec![TypeSignature::Exact(vec![text.clone()]), TypeSignature::Exact(vec![text.clone(), text])];
        Self { signature: Signature::one_of(forms, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Clean {
    fn name(&self) -> &str {
        "clean"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let default = match arguments.args.get(1) {
            None => None,
            Some(ColumnarValue::Scalar(ScalarValue::Utf8View(default))) => default.as_deref(),
            Some(_) => return Err(DataFusionError::Plan("clean: the default must be a constant text".to_owned())),
        };
        match arguments.args.first() {
            Some(ColumnarValue::Array(array)) => Ok(ColumnarValue::Array(cleaned(array, default)?)),
            Some(ColumnarValue::Scalar(ScalarValue::Utf8View(text))) => {
                let text = text.as_deref().and_then(meant).or(default);
                Ok(ColumnarValue::Scalar(ScalarValue::Utf8View(text.map(str::to_owned))))
            }
            _ => Err(DataFusionError::Plan("clean takes a text and, if wanted, a default".to_owned())),
        }
    }
}

fn cleaned(array: &ArrayRef, default: Option<&str>) -> Result<ArrayRef> {
    let array = if array.data_type() == &DataType::Utf8View { Arc::clone(array) } else { cast(array, &DataType::Utf8View)? };
    let texts = array.as_string_view();
    if is_clean(texts, default.is_some()) {
        return Ok(array);
    }
    let mut builder = StringViewBuilder::with_capacity(texts.len());
    for text in texts {
        builder.append_option(text.and_then(meant).or(default));
    }
    Ok(Arc::new(builder.finish()))
}

/// Whether all is as it is meant already, which is usual and quick to see.
fn is_clean(texts: &StringViewArray, has_default: bool) -> bool {
    if has_default && texts.null_count() > 0 {
        return false;
    }
    texts.iter().flatten().all(|text| meant(text).is_some_and(|meant| meant.len() == text.len()))
}

/// The text that was meant, `None` where it stands for a missing value.
fn meant(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return None };
    let plain = |byte: &u8| byte.is_ascii_graphic();
    let text = if plain(first) && plain(last) { text } else { text.trim() };
    let missing = match text.len() {
        0 => true,
        2 => text.eq_ignore_ascii_case("\\n"),
        3 => text.eq_ignore_ascii_case("n/a"),
        4 => text.eq_ignore_ascii_case("null") || text.eq_ignore_ascii_case("none"),
        7 => text.eq_ignore_ascii_case("unknown"),
        9 => text.eq_ignore_ascii_case("undefined"),
        _ => false,
    };
    (!missing).then_some(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn array(texts: &[Option<&str>]) -> ArrayRef {
        Arc::new(texts.iter().copied().collect::<StringViewArray>())
    }

    #[test]
    fn white_space_goes_and_words_for_missing_become_null() {
        let long = "a text that is longer than a view holds in itself";
        let given = [
            Some(" a b\t"),
            Some(""),
            Some("  "),
            Some("NULL"),
            Some("null "),
            Some("None"),
            Some("N/A"),
            Some("\\N"),
            Some("undefined"),
            Some("UNKNOWN"),
            None,
            Some("nullify"),
            Some("\u{a0}é\u{a0}"),
            Some(long),
        ];
        let wanted = [Some("a b"), None, None, None, None, None, None, None, None, None, None, Some("nullify"), Some("é"), Some(long)];
        let found = cleaned(&array(&given), None).unwrap();
        assert_eq!(found.as_ref(), array(&wanted).as_ref());
        let found = cleaned(&array(&given), Some("Unknown")).unwrap();
        let wanted: Vec<_> = wanted.iter().map(|text| text.or(Some("Unknown"))).collect();
        assert_eq!(found.as_ref(), array(&wanted).as_ref());
    }

    #[test]
    fn what_is_clean_is_passed_on() {
        let given = array(&[Some("a"), Some("b c"), None]);
        assert!(Arc::ptr_eq(&given, &cleaned(&given, None).unwrap()));
        assert!(!Arc::ptr_eq(&given, &cleaned(&given, Some("x")).unwrap()));
    }
}
