//! Logistic regression: what each feature adds to the log odds, side by side and summed.

use super::graph::Graph;
use crate::error::Result;
use crate::logistic::{Addend, Logistic};

/// The probabilities, N by 1.
pub(super) fn logistic(model: &Logistic) -> Result<(Graph, String)> {
    let mut graph = Graph::new(model.feature_names())?;
    let log_odds = log_odds(&mut graph, model);
    let probabilities = super::calibrated::logistic(&mut graph, &log_odds);
    Ok((graph, probabilities))
}

fn log_odds(graph: &mut Graph, model: &Logistic) -> String {
    let (mut numbers, mut addends) = (Numbers::default(), Vec::new());
    for (feature, addend) in model.addends() {
        match addend {
            Addend::Number { mean, deviation, weight, missing } => {
                numbers.columns.push(graph.numbers(feature));
                numbers.means.push(mean);
                numbers.deviations.push(deviation);
                numbers.weights.push(weight);
                numbers.missing.push(missing);
            }
            Addend::Category { levels, others } => {
                let (texts, weights): (Vec<_>, Vec<_>) = levels.into_iter().unzip();
                addends.push(graph.texts(feature, &texts, &weights, others));
            }
        }
    }
    addends.extend(numbers.addends(graph));
    let rows = graph.beside(&addends);
    let axes = graph.integers(&[1]);
    let sum = graph.op("ReduceSum", &[&rows, &axes]);
    let intercept = graph.number(model.intercept());
    graph.op("Add", &[&intercept, &sum])
}

/// All features that are numbers, as one matrix.
#[derive(Default)]
struct Numbers {
    columns: Vec<String>,
    means: Vec<f64>,
    deviations: Vec<f64>,
    weights: Vec<f64>,
    missing: Vec<f64>,
}

impl Numbers {
    fn addends(&self, graph: &mut Graph) -> Option<String> {
        if self.columns.is_empty() {
            return None;
        }
        let rows = graph.beside(&self.columns);
        let (means, deviations) = (graph.list(&self.means), graph.list(&self.deviations));
        let centred = graph.op("Sub", &[&rows, &means]);
        let standardised = graph.op("Div", &[&centred, &deviations]);
        let weights = graph.list(&self.weights);
        let known = graph.op("Mul", &[&weights, &standardised]);
        // Neither NaN nor infinite.
        let (size, largest) = (graph.op("Abs", &[&rows]), graph.number(f64::MAX));
        let is_known = graph.op("LessOrEqual", &[&size, &largest]);
        let missing = graph.list(&self.missing);
        Some(graph.op("Where", &[&is_known, &known, &missing]))
    }
}
