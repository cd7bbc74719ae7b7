//! What calibrators do, and the logistic function, step by step as the learners compute them: ONNX Runtime's own operator for the
//! logistic function loses the digits of small probabilities.

use super::ensemble::{Ensemble, Place, Question};
use super::graph::Graph;
use super::proto::{AttributeProto, element};
use crate::blend::SUREST;
use crate::calibrate::{Calibrator, Isotonic, MARGIN};

/// Calibrated probabilities for a model's, both N by 1.
pub(super) fn calibrated(graph: &mut Graph, probabilities: String, calibrator: &Calibrator) -> String {
    match calibrator {
        Calibrator::Identity => probabilities,
        // At 0 and 1 the log odds are infinite, and come back as 0 and 1.
        Calibrator::Prior { log_odds_shift } => linear(graph, &probabilities, 1.0, *log_odds_shift),
        Calibrator::Platt { slope, intercept } => {
            let (least, most) = (graph.number(MARGIN), graph.number(1.0 - MARGIN));
            let bounded = graph.op("Clip", &[&probabilities, &least, &most]);
            linear(graph, &bounded, *slope, *intercept)
        }
        Calibrator::Isotonic(curve) => isotonic(graph, &probabilities, curve),
    }
}

/// The probabilities of log odds.
pub(super) fn logistic(graph: &mut Graph, log_odds: &str) -> String {
    let one = graph.number(1.0);
    let negated = graph.op("Neg", &[log_odds]);
    let odds_against = graph.op("Exp", &[&negated]);
    let all = graph.op("Add", &[&one, &odds_against]);
    graph.op("Div", &[&one, &all])
}

/// The probabilities of the mean of the members' log odds, as a blend has it.
pub(super) fn blended(graph: &mut Graph, members: &[String]) -> String {
    let one = graph.number(1.0);
    let (least, most) = (graph.number(SUREST), graph.number(1.0 - SUREST));
    let of_member = |graph: &mut Graph, member: &String| {
        let bounded = graph.op("Clip", &[member, &least, &most]);
        let against = graph.op("Sub", &[&one, &bounded]);
        let odds = graph.op("Div", &[&bounded, &against]);
        graph.op("Log", &[&odds])
    };
    let log_odds: Vec<_> = members.iter().map(|member| of_member(graph, member)).collect();
    let rows = graph.beside(&log_odds);
    let axes = graph.integers(&[1]);
    let sum = graph.op("ReduceSum", &[&rows, &axes]);
    let count = graph.number(members.len() as f64);
    let mean = graph.op("Div", &[&sum, &count]);
    logistic(graph, &mean)
}

/// A line through the log odds.
fn linear(graph: &mut Graph, probabilities: &str, slope: f64, intercept: f64) -> String {
    let one = graph.number(1.0);
    let against = graph.op("Sub", &[&one, probabilities]);
    let odds = graph.op("Div", &[probabilities, &against]);
    let log_odds = graph.op("Log", &[&odds]);
    let (slope, intercept) = (graph.number(slope), graph.number(intercept));
    let turned = graph.op("Mul", &[&slope, &log_odds]);
    let moved = graph.op("Add", &[&turned, &intercept]);
    logistic(graph, &moved)
}

/// A straight piece between two knots, and flat ones before the first and after the last.
fn isotonic(graph: &mut Graph, probabilities: &str, curve: &Isotonic) -> String {
    let knots: Vec<_> = curve.knots().collect();
    let flat = |(_, height): &(f64, f64)| [(0.0, *height), (1.0, *height)];
    let first = knots.first().map(flat).into_iter();
    let pieces: Vec<[(f64, f64); 2]> = first.chain(knots.array_windows().copied()).chain(knots.last().map(flat)).collect();
    let piece = piece(graph, probabilities, &knots);
    let mut each = |number: fn([(f64, f64); 2]) -> f64| {
        let list = graph.list(&pieces.iter().copied().map(number).collect::<Vec<_>>());
        graph.op("Gather", &[&list, &piece])
    };
    let begin = each(|[(x, _), _]| x);
    let length = each(|[(begin, _), (end, _)]| end - begin);
    let low = each(|[(_, y), _]| y);
    let high = each(|[_, (_, y)]| y);
    let rise = each(|[(_, low), (_, high)]| high - low);
    let beyond = graph.op("Sub", &[probabilities, &begin]);
    let part = graph.op("Div", &[&beyond, &length]);
    let gained = graph.op("Mul", &[&rise, &part]);
    let height = graph.op("Add", &[&low, &gained]);
    let height = graph.op("Max", &[&height, &low]);
    graph.op("Min", &[&height, &high])
}

/// How many knots are below each probability: a balanced tree finds out in few steps.
fn piece(graph: &mut Graph, probabilities: &str, knots: &[(f64, f64)]) -> String {
    let mut ensemble = Ensemble::default();
    let mut children = vec![(Place::Leaf(0), Place::Leaf(0)); knots.len()];
    if let Place::Node(root) = halve(0, knots.len(), &mut children) {
        ensemble.root(root);
    }
    for ((knot, _), (yes, no)) in knots.iter().zip(children) {
        ensemble.node(0, &Question::AtMost { threshold: *knot, or_missing: false }, yes, no);
    }
    (0..=knots.len()).for_each(|below| ensemble.leaf(below as f64));
    let below = ensemble.sums(graph, probabilities);
    graph.op_with("Cast", &[&below], vec![AttributeProto::int("to", i64::from(element::INT64))])
}

/// The node or leaf that tells so many knots apart; notes the children of all nodes below it.
fn halve(begin: usize, end: usize, children: &mut [(Place, Place)]) -> Place {
    if begin == end {
        return Place::Leaf(begin);
    }
    let middle = begin.midpoint(end);
    children[middle] = (halve(begin, middle, children), halve(middle + 1, end, children));
    Place::Node(middle)
}
