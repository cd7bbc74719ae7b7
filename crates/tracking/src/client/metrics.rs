//! Metrics: many values, and a server that must not be sent the same one twice.
//!
//! MLflow's SQL stores take a repeated value for the same row, but a repeated batch with NaN in it, or with more than a hundred values, can
//! fail for good; its file store appends it again. So what may have arrived is looked up before it is sent again.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::Client;
use super::batch::{self, MAX_METRICS};
use crate::error::Result;
use crate::run::Metric;

#[derive(Deserialize)]
struct History {
    #[serde(default)]
    metrics: Vec<Metric>,
    #[serde(default)]
    next_page_token: String,
}

/// What makes two values the same one for MLflow.
type Identity = (String, i64, i64, u64);

fn identity(metric: &Metric) -> Identity {
    let value = match metric.value {
        value if value.is_nan() => f64::NAN,
        // SQL has no infinity, so MLflow stores the largest number.
        value if value.is_infinite() => f64::MAX.copysign(value),
        0.0 => 0.0,
        value => value,
    };
    (metric.key.clone(), metric.timestamp, metric.step, value.to_bits())
}

impl Client {
    /// Logs metrics, in as many requests as MLflow's limits ask for. What the server has already must not be among them, see
    /// [`Client::missing_metrics`].
    ///
    /// # Errors
    /// The server cannot be asked; some of the values may have arrived.
    pub async fn log_metrics(&self, run_id: &str, metrics: &[Metric]) -> Result<()> {
        for metrics in batch::split(metrics, MAX_METRICS) {
            self.persist(|attempt| async move {
                let left = match attempt {
                    1 => Cow::Borrowed(metrics),
                    _ => Cow::Owned(self.missing_metrics(run_id, metrics).await?),
                };
                if !left.is_empty() {
                    self.post_once::<Value>("runs/log-batch", &json!({ "run_id": run_id, "metrics": left })).await?;
                }
                Ok(())
            })
            .await?;
        }
        Ok(())
    }

    /// Those of the metrics that the server does not have, each once.
    ///
    /// # Errors
    /// The server cannot be asked.
    pub async fn missing_metrics(&self, run_id: &str, metrics: &[Metric]) -> Result<Vec<Metric>> {
        let mut known = HashSet::new();
        for key in metrics.iter().map(|metric| &metric.key).collect::<BTreeSet<_>>() {
            known.extend(self.metric_history(run_id, key).await?.iter().map(identity));
        }
        Ok(without(metrics, known))
    }

    /// All values of a metric.
    ///
    /// # Errors
    /// The server cannot be asked.
    pub async fn metric_history(&self, run_id: &str, key: &str) -> Result<Vec<Metric>> {
        let (mut metrics, mut token) = (Vec::new(), String::new());
        loop {
            let mut query = vec![("run_id", run_id), ("metric_key", key)];
            if !token.is_empty() {
                query.push(("page_token", &token));
            }
            let page: History = self.get("metrics/get-history", &query).await?;
            metrics.extend(page.metrics);
            if page.next_page_token.is_empty() || page.next_page_token == token {
                return Ok(metrics);
            }
            token = page.next_page_token;
        }
    }
}

/// The metrics that are not known, each once, in their order.
pub(crate) fn without(metrics: &[Metric], mut known: HashSet<Identity>) -> Vec<Metric> {
    metrics.iter().filter(|metric| known.insert(identity(metric))).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(step: i64, value: f64) -> Metric {
        Metric { key: "loss".to_owned(), value, timestamp: 1, step }
    }

    #[test]
    fn what_the_server_has_is_not_sent_again_whatever_the_number() {
        let ours = [metric(0, 0.1), metric(1, f64::NAN), metric(2, f64::INFINITY), metric(3, -0.0), metric(4, f64::NEG_INFINITY)];
        let theirs = [metric(0, 0.1), metric(1, -f64::NAN), metric(2, f64::MAX), metric(3, 0.0), metric(4, f64::MIN)];
        assert!(without(&ours, theirs.iter().map(identity).collect()).is_empty());
    }

    #[test]
    fn another_value_step_or_instant_is_another_metric_and_a_repeated_one_is_not() {
        let known = [metric(0, 0.1)].iter().map(identity).collect();
        let later = Metric { timestamp: 2, ..metric(0, 0.1) };
        let ours = [metric(0, 0.1), metric(0, 0.2), metric(1, 0.1), later.clone(), metric(1, 0.1)];
        assert_eq!(without(&ours, known), [metric(0, 0.2), metric(1, 0.1), later]);
    }
}
