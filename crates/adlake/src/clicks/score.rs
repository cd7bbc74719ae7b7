//! `gold.click_scores`: every impression with the probability that a model gives it, and the revenue to expect.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use lake::datafusion::arrow::array::Float64Array;
use lake::datafusion::arrow::datatypes::DataType;
use lake::datafusion::error::{DataFusionError, Result as QueryResult};
use lake::datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use lake::{Lake, LakeError, Progress, Result, RunReport, Running};
use spec::{Layer, Model};
use training::Predict;

use super::card::ClickModel;
use crate::models::{ArgumentNames, KnownModel, columns_of_call};

const FILE: &str = "crates/adlake/sql/click_scores.sql";
const TEXT: &str = include_str!("../../sql/click_scores.sql");
/// Where the model's name and version stand in the text: another model is another definition, and all rows are scored anew.
const PLACE: &str = "'{model}'";

/// Brings `gold.click_scores` up to date with the impressions of the lake, by one model. Impressions that were scored by it before, and
/// whose features stayed as they were, are left alone.
///
/// # Errors
/// A model of another population, or with features that the feature tables do not have; what happens while reading or writing.
pub async fn score(lake: &Lake, known: &KnownModel, model: Arc<ClickModel>, progress: &dyn Progress) -> Result<RunReport> {
    model.card.is_of_impressions(&format!("{}/{}", known.name, known.version))?;
    let text = TEXT.replace(PLACE, &format!("'{}/{}'", known.name, known.version));
    let scores = Model::parse(Layer::Gold, "adtech", FILE, &text).map_err(LakeError::Problems)?;
    let columns = columns_of_call(&text, "click_probability");
    let function = ScalarUDF::from(ClickProbability::new(model, columns));
    let lake = lake.with_functions(vec![function]);
    let pipeline = lake.pipeline(&crate::shipped_models())?;
    let mut running = Running::begin(&lake, lake::now());
    let all: Vec<&Model> = pipeline.in_order().iter().chain([&scores]).collect();
    running.know(&all);
    running.refresh(&[&scores], false, progress).await?;
    running.publish(&all, progress).await
}

/// `click_probability(model, feature, …)`: what the model makes of the features.
#[derive(Debug)]
struct ClickProbability {
    model: Arc<ClickModel>,
    columns: ArgumentNames,
    signature: Signature,
}

impl ClickProbability {
    fn new(model: Arc<ClickModel>, columns: ArgumentNames) -> Self {
        Self { model, columns, signature: Signature::variadic_any(Volatility::Immutable) }
    }

    fn probabilities(&self, arguments: &[ColumnarValue], rows: usize) -> training::Result<Vec<f64>> {
        self.model.model.predict(&self.columns.frame(arguments, rows)?)
    }
}

// One function of that name is in a session.
impl PartialEq for ClickProbability {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.model, &other.model)
    }
}

impl Eq for ClickProbability {}

impl Hash for ClickProbability {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.model).hash(state);
    }
}

impl ScalarUDFImpl for ClickProbability {
    fn name(&self) -> &str {
        "click_probability"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> QueryResult<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> QueryResult<ColumnarValue> {
        let probabilities = self.probabilities(&arguments.args, arguments.number_rows);
        let probabilities = probabilities.map_err(|error| DataFusionError::Execution(error.to_string()))?;
        Ok(ColumnarValue::Array(Arc::new(Float64Array::from(probabilities))))
    }
}
