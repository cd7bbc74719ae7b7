//! `gold.churn_scores`: every customer with the probability that a model gives it, whether an offer is worth it, and why.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use lake::datafusion::arrow::array::{ArrayRef, Float64Array, StringArray};
use lake::datafusion::arrow::datatypes::DataType;
use lake::datafusion::error::{DataFusionError, Result as QueryResult};
use lake::datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use lake::{Lake, LakeError, Progress, Result, RunReport, Running};
use spec::{Layer, Model};
use training::{Frame, Predict};

use super::card::ChurnModel;
use super::offer::Offer;
use super::reasons::reasons;
use crate::models::{ArgumentNames, KnownModel, columns_of_call};

const FILE: &str = "crates/adlake/sql/churn_scores.sql";
const TEXT: &str = include_str!("../../sql/churn_scores.sql");

/// Brings `gold.churn_scores` up to date with the customers of the lake, by one model and one offer: another model or offer is another
/// definition, and all customers are scored anew.
///
/// # Errors
/// A model with features that the feature table does not have; what happens while reading or writing.
pub async fn score(lake: &Lake, known: &KnownModel, model: Arc<ChurnModel>, offer: &Offer, progress: &dyn Progress) -> Result<RunReport> {
    let named = format!("'{}/{}'", known.name, known.version);
    let mut text = TEXT.replace("'{model}'", &named);
    let amounts = [("{cost}", offer.cost), ("{customer_value}", offer.customer_value), ("{success_rate}", offer.success_rate)];
    for (place, amount) in amounts {
        text = text.replace(place, &format!("{amount:e}"));
    }
    let scores = Model::parse(Layer::Gold, "commerce", FILE, &text).map_err(LakeError::Problems)?;
    let functions = [Answer::Probability, Answer::Drivers].map(|answer| {
        let columns = columns_of_call(&text, answer.name());
        ScalarUDF::from(AskChurn::new(Arc::clone(&model), columns, answer))
    });
    let lake = lake.with_functions(functions.into());
    let pipeline = lake.pipeline(&crate::shipped_models())?;
    let mut running = Running::begin(&lake, lake::now());
    let all: Vec<&Model> = pipeline.in_order().iter().chain([&scores]).collect();
    running.know(&all);
    running.refresh(&[&scores], false, progress).await?;
    running.publish(&all, progress).await
}

/// What a function answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Answer {
    Probability,
    Drivers,
}

impl Answer {
    fn name(self) -> &'static str {
        match self {
            Self::Probability => "churn_probability",
            Self::Drivers => "churn_drivers",
        }
    }

    fn of(self, model: &ChurnModel, frame: &Frame) -> training::Result<ArrayRef> {
        Ok(match self {
            Self::Probability => Arc::new(Float64Array::from(model.model.predict(frame)?)),
            Self::Drivers => Arc::new(StringArray::from(reasons(model, frame)?)),
        })
    }
}

/// `churn_probability(model, feature, …)` and `churn_drivers(model, feature, …)`: what the model makes of the features.
#[derive(Debug)]
struct AskChurn {
    model: Arc<ChurnModel>,
    columns: ArgumentNames,
    answer: Answer,
    signature: Signature,
}

impl AskChurn {
    fn new(model: Arc<ChurnModel>, columns: ArgumentNames, answer: Answer) -> Self {
        Self { model, columns, answer, signature: Signature::variadic_any(Volatility::Immutable) }
    }
}

// One function of each name is in a session.
impl PartialEq for AskChurn {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.model, &other.model) && self.answer == other.answer
    }
}

impl Eq for AskChurn {}

impl Hash for AskChurn {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (Arc::as_ptr(&self.model), self.answer).hash(state);
    }
}

impl ScalarUDFImpl for AskChurn {
    fn name(&self) -> &str {
        self.answer.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> QueryResult<DataType> {
        Ok(match self.answer {
            Answer::Probability => DataType::Float64,
            Answer::Drivers => DataType::Utf8,
        })
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> QueryResult<ColumnarValue> {
        let answer = self.columns.frame(&arguments.args, arguments.number_rows).and_then(|frame| self.answer.of(&self.model, &frame));
        answer.map(ColumnarValue::Array).map_err(|error| DataFusionError::Execution(error.to_string()))
    }
}
