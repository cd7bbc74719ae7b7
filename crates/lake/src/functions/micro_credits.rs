//! `micro_credits(weight) over (partition by … order by …)`: a conversion shared out in whole millionths.

use std::sync::Arc;

use attribution::ledger::{WHOLE_CONVERSION, whole_units};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{PartitionEvaluator, Signature, Volatility, WindowUDFImpl};

/// For the touches of one conversion, in their order: millionths in proportion to the weights, by largest remainder, of equal ones to the
/// earlier touch. They sum to exactly 1,000,000. Weights that are all 0 share evenly; a weight that is null is 0.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct MicroCredits {
    signature: Signature,
}

impl Default for MicroCredits {
    fn default() -> Self {
        Self { signature: Signature::exact(vec![DataType::Float64], Volatility::Immutable) }
    }
}

impl WindowUDFImpl for MicroCredits {
    fn name(&self) -> &str {
        "micro_credits"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn partition_evaluator(&self, _arguments: PartitionEvaluatorArgs) -> QueryResult<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(Conversion))
    }

    fn field(&self, arguments: WindowUDFFieldArgs) -> QueryResult<FieldRef> {
        Ok(Arc::new(Field::new(arguments.name(), DataType::Int64, false)))
    }
}

/// One conversion is one partition.
#[derive(Debug)]
struct Conversion;

impl PartitionEvaluator for Conversion {
    fn evaluate_all(&mut self, values: &[ArrayRef], rows: usize) -> QueryResult<ArrayRef> {
        let Some(weights) = values.first() else {
            return Err(DataFusionError::Plan("micro_credits takes a weight".to_owned()));
        };
        let weights = cast(weights, &DataType::Float64)?;
        let weights = weights.as_primitive::<Float64Type>();
        let weights: Vec<f64> = (0..rows).map(|row| if weights.is_null(row) { 0.0 } else { weights.value(row) }).collect();
        let credits =
            whole_units(&weights, WHOLE_CONVERSION).map_err(|error| DataFusionError::Execution(format!("micro_credits: {error}")))?;
        // Each is at most the whole.
        Ok(Arc::new(credits.into_iter().map(|credit| i64::try_from(credit).unwrap_or(i64::MAX)).collect::<Int64Array>()))
    }
}
