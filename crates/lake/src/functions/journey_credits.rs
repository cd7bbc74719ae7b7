//! `journey_credits(…) over (partition by … order by …)`: a conversion shared out among its touches by all models of the ledger at once.

use std::sync::Arc;

use attribution::ledger::{LedgerSettings, LedgerTouch, MODELS, WHOLE_CONVERSION, conversion_credits};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, StructArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, Float64Type};
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{PartitionEvaluator, Signature, Volatility, WindowUDFImpl};

use super::computed::microseconds;

/// `journey_credits(touched_at, channel, is_direct, removal_effect, half_life_days, first_share, last_share, most_steps)` over the touches of
/// one conversion in their order: for each of the last most_steps its position, their number, micro-credits by each model, and whether each
/// model's sum to 1,000,000. Earlier touches have nulls. One pass per conversion in the place of a window for each of these.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct JourneyCredits {
    signature: Signature,
}

impl Default for JourneyCredits {
    fn default() -> Self {
        Self { signature: Signature::any(8, Volatility::Immutable) }
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
        let at = microseconds(at).map_err(|error| DataFusionError::Execution(format!("journey_credits: {error}")))?;
        let channel = cast(channel, &DataType::Utf8)?;
        let is_direct = cast(is_direct, &DataType::Boolean)?;
        let removal_effect = cast(removal_effect, &DataType::Float64)?;
        let channel = channel.as_string::<i32>();
        let (is_direct, removal_effect) = (is_direct.as_boolean(), removal_effect.as_primitive::<Float64Type>());
        let setting = |place: usize| -> QueryResult<f64> {
            let numbers = settings.get(place).map(|column| cast(column, &DataType::Float64)).transpose()?;
            let numbers: Option<&Float64Array> = numbers.as_ref().map(|numbers| numbers.as_primitive());
            numbers
                .filter(|numbers| !numbers.is_empty() && numbers.is_valid(0))
                .map(|numbers| numbers.value(0))
                .ok_or_else(|| DataFusionError::Execution("journey_credits: half-life, shares and steps are to be numbers".to_owned()))
        };
        let most_steps = setting(3)?;
        if most_steps < 1.0 {
            return Err(DataFusionError::Execution(format!("journey_credits: most_steps is {most_steps}: give 1 or more")));
        }
        let settings = LedgerSettings { half_life_days: setting(0)?, first_share: setting(1)?, last_share: setting(2)? };
        let left_out = rows.saturating_sub(most_steps as usize);
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::AsOf;
    use crate::testing::{lake, rows};

    /// A week apart: with a half-life of a week the earlier touch has a third.
    const CREDITED: &str = "
        with touches as (select column1 as at from (values (timestamp '2026-01-01 00:00:00'), (timestamp '2026-01-08 00:00:00')))
        select credits['position'], credits['time_decay'] from (
            select journey_credits(INSTANT, 'a', false, 0e0, 7.0, 0.4, 0.4, STEPS) over (order by at) as credits from touches
        ) as credited";

    #[tokio::test]
    async fn instants_may_have_any_unit() {
        let lake = lake();
        let credited = async |instant: &str| rows(&lake, &CREDITED.replace("INSTANT", instant).replace("STEPS", "500"), AsOf::Latest).await;
        for unit in ["Second", "Millisecond", "Microsecond", "Nanosecond"] {
            for zone in ["None", "Some(\"UTC\")"] {
                let instant = format!("arrow_cast(at, 'Timestamp({unit}, {zone})')");
                assert_eq!(credited(&instant).await, ["1|333333", "2|666667"], "{instant}");
            }
        }
        // The control: seconds taken for microseconds are a hair apart.
        assert_eq!(credited("cast(arrow_cast(at, 'Timestamp(Second, None)') as bigint)").await, ["1|500000", "2|500000"]);
    }

    #[tokio::test]
    async fn the_last_steps_count() {
        let lake = lake();
        let sql = |steps: &str| CREDITED.replace("INSTANT", "at").replace("STEPS", steps);
        assert_eq!(rows(&lake, &sql("1"), AsOf::Latest).await, ["1|1000000", "∅|∅"]);
        let error = crate::collect(lake.sql(&sql("0"), AsOf::Latest).await.unwrap()).await.unwrap_err().to_string();
        assert!(error.contains("most_steps is 0: give 1 or more"), "{error}");
        let error = crate::collect(lake.sql(&CREDITED.replace("INSTANT", "true").replace("STEPS", "1"), AsOf::Latest).await.unwrap()).await;
        assert!(error.unwrap_err().to_string().contains("Boolean is no instant"));
    }
}
