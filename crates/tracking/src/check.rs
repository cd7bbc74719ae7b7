//! Whether MLflow will take a run, told before anything is sent.

use std::collections::BTreeSet;

use crate::error::{Result, TrackingError};
use crate::names::{self, MAX_PARAM_LENGTH, MAX_TAG_LENGTH};
use crate::run::{DatasetInput, RUN_ID_TAG, Registration, Run};

impl Run {
    /// Whether MLflow takes every name and value of this record.
    ///
    /// # Errors
    /// The first thing that does not fit, with what would.
    pub fn check(&self) -> Result<()> {
        let wrong = |what: String, problem: String| TrackingError::Record { run: self.id.clone(), what, problem };
        match self.problem() {
            Some((what, problem)) => Err(wrong(what, problem)),
            None => Ok(()),
        }
    }

    fn problem(&self) -> Option<(String, String)> {
        let named = |what: &str, name: &str, problem: Option<String>| problem.map(|problem| (format!("{what} `{name}`"), problem));
        named("id", &self.id, names::id_problem(&self.id))
            .or_else(|| named("experiment", &self.experiment, required(&self.experiment, 500)))
            .or_else(|| named("name", &self.name, required(&self.name, 250)))
            .or_else(|| self.params.iter().find_map(|(key, value)| named("param", key, value_problem(key, value, MAX_PARAM_LENGTH))))
            .or_else(|| self.tags.iter().find_map(|(key, value)| named("tag", key, tag_problem(key, value))))
            .or_else(|| self.metrics.iter().find_map(|metric| named("metric", &metric.key, metric_problem(&metric.key, metric.timestamp))))
            .or_else(|| self.inputs.iter().find_map(|input| named("input", &input.name, input_problem(input))))
            .or_else(|| self.artifacts.iter().find_map(|artifact| named("artifact", &artifact.path, names::path_problem(&artifact.path))))
            .or_else(|| self.models.iter().find_map(|model| named("model", &model.name, self.model_problem(model))))
            .or_else(|| self.doubled())
    }

    /// What is there twice, of which MLflow would keep one.
    fn doubled(&self) -> Option<(String, String)> {
        if let Some((name, digest)) = twice(self.inputs.iter().map(|input| (&input.name, &input.digest))) {
            return Some((format!("input `{name}`"), format!("is there twice with the digest `{digest}`: name each for its use")));
        }
        if let Some(path) = twice(self.artifacts.iter().map(|artifact| &artifact.path)) {
            return Some((format!("artifact `{path}`"), "is there twice: one of the two would be lost".to_owned()));
        }
        let (name, path) = twice(self.models.iter().map(|model| (&model.name, &model.artifact_path)))?;
        Some((format!("model `{name}`"), format!("is registered twice from `{path}`: put the aliases together")))
    }

    fn model_problem(&self, model: &Registration) -> Option<String> {
        let descriptor = format!("{}/MLmodel", model.artifact_path);
        let missing = || {
            let there = self.artifacts.iter().any(|artifact| artifact.path == descriptor);
            (!there).then(|| format!("is in `{}`, but there is no artifact `{descriptor}`", model.artifact_path))
        };
        names::model_problem(&model.name)
            .or_else(|| names::path_problem(&model.artifact_path))
            .or_else(missing)
            .or_else(|| model.aliases.iter().find_map(|alias| Some(format!("alias `{alias}` {}", names::alias_problem(alias)?))))
            .or_else(|| model.tags.iter().find_map(|(key, value)| Some(format!("tag `{key}` {}", tag_problem(key, value)?))))
    }
}

fn twice<T: Ord + Copy>(mut things: impl Iterator<Item = T>) -> Option<T> {
    let mut seen = BTreeSet::new();
    things.find(|thing| !seen.insert(*thing))
}

fn required(text: &str, most: usize) -> Option<String> {
    if text.trim().is_empty() { Some("is empty: give it one".to_owned()) } else { names::too_long(text, most) }
}

fn value_problem(key: &str, value: &str, most: usize) -> Option<String> {
    let long = || names::too_long(value, most).map(|problem| format!("{problem}: shorten it, or keep it as an artifact"));
    names::key_problem(key).or_else(long)
}

fn tag_problem(key: &str, value: &str) -> Option<String> {
    let ours = || (key == RUN_ID_TAG).then(|| "is set by the push itself: take it out".to_owned());
    ours().or_else(|| value_problem(key, value, MAX_TAG_LENGTH))
}

fn metric_problem(key: &str, timestamp: i64) -> Option<String> {
    let early = || (timestamp < 0).then(|| format!("has the timestamp {timestamp}: MLflow takes instants from 1970 on"));
    names::key_problem(key).or_else(early)
}

fn input_problem(input: &DatasetInput) -> Option<String> {
    let limits = [("digest", &input.digest, 36), ("source type", &input.source_type, 36), ("source", &input.source, 65_535)];
    let part = |(what, text, most): (&str, &String, usize)| required(text, most).map(|problem| format!("its {what} {problem}"));
    required(&input.name, 500).or_else(|| limits.into_iter().find_map(part))
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::run::{Artifact, Content, Metric, RunStatus};

    /// A run with one of everything.
    pub(crate) fn run() -> Run {
        let artifact = |path: &str| Artifact { path: path.to_owned(), content: Content::Text("text".to_owned()) };
        Run {
            id: "run-1".to_owned(),
            experiment: "click".to_owned(),
            name: "forest".to_owned(),
            status: RunStatus::Finished,
            started_at: 1_700_000_000_000,
            ended_at: Some(1_700_000_060_000),
            params: [("max_depth".to_owned(), "3".to_owned())].into(),
            metrics: vec![Metric { key: "loss".to_owned(), value: 0.5, timestamp: 1_700_000_000_000, step: 1 }],
            tags: [("team".to_owned(), "ads".to_owned())].into(),
            inputs: vec![DatasetInput::delta("features.click_features", "lake/features/click_features", 7, "training")],
            artifacts: vec![artifact("report.md"), artifact("model/MLmodel")],
            models: vec![Registration {
                name: "click".to_owned(),
                artifact_path: "model".to_owned(),
                aliases: vec!["champion".to_owned()],
                tags: [].into(),
                description: String::new(),
            }],
        }
    }

    #[test]
    fn a_plain_run_is_taken_and_comes_back_from_json() {
        run().check().unwrap();
        let text = serde_json::to_string(&run()).unwrap();
        assert_eq!(serde_json::from_str::<Run>(&text).unwrap(), run());
        assert!(serde_json::from_str::<Run>(&text.replace("\"params\"", "\"parameters\"")).is_err());
    }

    type Spoil<'a> = &'a dyn Fn(&mut Run);

    #[test]
    fn what_does_not_fit_is_named_with_what_would() {
        let long = "x".repeat(6001);
        let cases: [(Spoil<'_>, &str); 11] = [
            (&|run| run.id = "a'b".to_owned(), "run `a'b`: id `a'b` is no run id"),
            (&|run| run.experiment.clear(), "run `run-1`: experiment `` is empty"),
            (&|run| drop(run.params.insert("a@b".to_owned(), String::new())), "run `run-1`: param `a@b` has the character '@'"),
            (&|run| drop(run.params.insert("a".to_owned(), long.clone())), "run `run-1`: param `a` has 6001 characters, MLflow takes 6000"),
            (&|run| drop(run.tags.insert(RUN_ID_TAG.to_owned(), String::new())), "run `run-1`: tag `adlake.run_id` is set by the push"),
            (&|run| run.metrics[0].timestamp = -1, "run `run-1`: metric `loss` has the timestamp -1"),
            (&|run| run.inputs[0].digest = "d".repeat(37), "run `run-1`: input `features.click_features` its digest has 37 characters"),
            (&|run| run.artifacts[0].path = "model/MLmodel".to_owned(), "run `run-1`: artifact `model/MLmodel` is there twice"),
            (
                &|run| run.inputs.push(run.inputs[0].clone()),
                "run `run-1`: input `features.click_features` is there twice with the digest `version 7`",
            ),
            (&|run| run.models.push(run.models[0].clone()), "run `run-1`: model `click` is registered twice from `model`"),
            (&|run| run.models[0].artifact_path = "other".to_owned(), "run `run-1`: model `click` is in `other`, but there is no artifact"),
        ];
        for (spoil, message) in cases {
            let mut spoilt = run();
            spoil(&mut spoilt);
            let found = spoilt.check().unwrap_err().to_string();
            assert!(found.starts_with(message), "{found}");
        }
    }
}
