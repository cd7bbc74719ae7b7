//! `journey_credits(…) over (partition by … order by …)`: a conversion shared out among its touches by all models of the ledger at once.

use std::sync::Arc;

use attribution::ledger::{LedgerSettings, LedgerTouch, MODELS, WHOLE_CONVERSION, conversion_credits};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, StructArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, Float64Type, Int64Type};
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{PartitionEvaluator, Signature, Volatility, WindowUDFImpl};

/// The steps of a journey that are credited: the last ones.
const STEPS: usize = 500;

/// `journey_credits(touched_at, channel, is_direct, removal_effect, half_life_days, first_share, last_share)` over the touches of one conversion
/// in their order: for each of the last 500 its position, their number, micro-credits by each model, and whether each model's sum to
/// 1,000,000. Earlier touches have nulls. One pass per conversion in the place of a window for each of these.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct JourneyCredits {
    signature: Signature,
}

impl Default for JourneyCredits {
    fn default() -> Self {
        Self { signature: Signature::any(7, Volatility::Immutable) }
    }
}

fn fields() -> Fields {
    let whole = |name: &str| Field::new(name, DataType::Int64, true);
    let numbers = ["position", "touch_count"].into_iter().chain(MODELS).map(whole);
    numbers.chain([Field::new("is_whole", DataType::Boolean, true)]).collect()
}

impl WindowUDFImpl for JourneyCredits {
    fn name(&self) -> &str {
        "journey_credits"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn partition_evaluator(&self, _arguments: PartitionEvaluatorArgs) -> QueryResult<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(Conversion { fields: fields() }))
    }

    fn field(&self, arguments: WindowUDFFieldArgs) -> QueryResult<FieldRef> {
        Ok(Arc::new(Field::new(arguments.name(), DataType::Struct(fields()), true)))
    }
}

/// One conversion is one partition.
#[derive(Debug)]
struct Conversion {
    fields: Fields,
}

impl PartitionEvaluator for Conversion {
    fn evaluate_all(&mut self, values: &[ArrayRef], rows: usize) -> QueryResult<ArrayRef> {
        let [at, channel, is_direct, removal_effect, settings @ ..] = values else {
            return Err(DataFusionError::Plan(
                "journey_credits takes the touches' instant, channel, is_direct and removal effect".to_owned(),
            ));
        };
        let at = cast(at, &DataType::Int64)?;
        let channel = cast(channel, &DataType::Utf8)?;
        let is_direct = cast(is_direct, &DataType::Boolean)?;
        let removal_effect = cast(removal_effect, &DataType::Float64)?;
        let (at, channel) = (at.as_primitive::<Int64Type>(), channel.as_string::<i32>());
        let (is_direct, removal_effect) = (is_direct.as_boolean(), removal_effect.as_primitive::<Float64Type>());
        let setting = |place: usize| -> QueryResult<f64> {
            let numbers = settings.get(place).map(|column| cast(column, &DataType::Float64)).transpose()?;
            let numbers: Option<&Float64Array> = numbers.as_ref().map(|numbers| numbers.as_primitive());
            numbers
                .filter(|numbers| !numbers.is_empty() && numbers.is_valid(0))
                .map(|numbers| numbers.value(0))
                .ok_or_else(|| DataFusionError::Execution("journey_credits: half-life and shares are to be numbers".to_owned()))
        };
        let settings = LedgerSettings { half_life_days: setting(0)?, first_share: setting(1)?, last_share: setting(2)? };
        let left_out = rows.saturating_sub(STEPS);
        let touch = |row: usize| LedgerTouch {
            at: at.value(row),
            channel: channel.value(row),
            is_direct: is_direct.value(row),
            removal_effect: if removal_effect.is_null(row) { 0.0 } else { removal_effect.value(row) },
        };
        let touches: Vec<LedgerTouch<'_>> = (left_out..rows).map(touch).collect();
        let credits =
            conversion_credits(&touches, &settings).map_err(|error| DataFusionError::Execution(format!("journey_credits: {error}")))?;
        let is_whole = credits.iter().all(|credits| credits.iter().sum::<u64>() == WHOLE_CONVERSION);
        // Nothing here is above a million.
        let whole = |number: u64| i64::try_from(number).ok();
        let column = |numbers: &mut dyn Iterator<Item = u64>| -> ArrayRef {
            Arc::new(std::iter::repeat_n(None, left_out).chain(numbers.map(whole)).collect::<Int64Array>())
        };
        let count = touches.len() as u64;
        let mut columns = vec![column(&mut (1..=count)), column(&mut std::iter::repeat_n(count, touches.len()))];
        columns.extend(credits.iter().map(|credits| column(&mut credits.iter().copied())));
        let judged = std::iter::repeat_n(None, left_out).chain(std::iter::repeat_n(Some(is_whole), touches.len()));
        columns.push(Arc::new(judged.collect::<BooleanArray>()));
        Ok(Arc::new(StructArray::try_new(self.fields.clone(), columns, None)?))
    }
}
