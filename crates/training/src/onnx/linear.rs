//! Logistic regression: what each feature adds to the log odds, side by side and summed.

use super::graph::Graph;
use crate::logistic::{Addend, Logistic};

/// The probabilities, N by 1.
pub(super) fn logistic(graph: &mut Graph, model: &Logistic) -> String {
    let log_odds = log_odds(graph, model);
    super::calibrated::logistic(graph, &log_odds)
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
    addends.extend(numbers.addends(graph, model.settings().is_logarithmic));
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
    fn addends(&self, graph: &mut Graph, is_logarithmic: bool) -> Option<String> {
        if self.columns.is_empty() {
            return None;
        }
        let rows = graph.beside(&self.columns);
        let (means, deviations) = (graph.list(&self.means), graph.list(&self.deviations));
        let scaled = if is_logarithmic { logarithms(graph, &rows) } else { rows.clone() };
        let centred = graph.op("Sub", &[&scaled, &means]);
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

/// `sign(x) ln(1 + |x|)`.
fn logarithms(graph: &mut Graph, rows: &str) -> String {
    let one = graph.number(1.0);
    let size = graph.op("Abs", &[rows]);
    let more = graph.op("Add", &[&one, &size]);
    let logarithm = graph.op("Log", &[&more]);
    let sign = graph.op("Sign", &[rows]);
    graph.op("Mul", &[&sign, &logarithm])
}
