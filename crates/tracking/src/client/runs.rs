//! Runs, their params, tags and inputs.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Client;
use super::batch::{self, MAX_PARAMS};
use crate::error::Result;
use crate::number;
use crate::run::{DatasetInput, Metric, RUN_ID_TAG, Run, RunStatus};

/// A run as the server has it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RemoteRun {
    /// What it is.
    pub info: RunInfo,
    /// What was logged.
    #[serde(default)]
    pub data: RunData,
    #[serde(default)]
    inputs: Inputs,
}

/// What a server's run is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RunInfo {
    /// The server's id of it.
    pub run_id: String,
    /// The experiment's id.
    pub experiment_id: String,
    /// The name for people.
    #[serde(default)]
    pub run_name: String,
    /// Where it stands.
    pub status: RunStatus,
    /// When it began, in milliseconds since 1970, UTC.
    #[serde(default, deserialize_with = "number::integer::maybe")]
    pub start_time: Option<i64>,
    /// When it ended.
    #[serde(default, deserialize_with = "number::integer::maybe")]
    pub end_time: Option<i64>,
    /// Where its artifacts lie, such as `mlflow-artifacts:/1/…/artifacts`.
    #[serde(default)]
    pub artifact_uri: String,
}

/// What was logged to a server's run.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct RunData {
    /// Of each metric the latest value.
    #[serde(default)]
    pub metrics: Vec<Metric>,
    /// Settings.
    #[serde(default)]
    pub params: Vec<Pair>,
    /// Notes.
    #[serde(default)]
    pub tags: Vec<Pair>,
}

/// A name and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// The name.
    pub key: String,
    /// What it stands for.
    #[serde(default)]
    pub value: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
struct Inputs {
    #[serde(default)]
    dataset_inputs: Vec<Input>,
}

/// A data set with its context, which MLflow keeps as a tag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Input {
    #[serde(default)]
    tags: Vec<Pair>,
    dataset: DatasetInput,
}

const CONTEXT_TAG: &str = "mlflow.data.context";

#[derive(Deserialize)]
struct One {
    run: RemoteRun,
}

#[derive(Default, Deserialize)]
struct Page {
    #[serde(default)]
    runs: Vec<RemoteRun>,
    #[serde(default)]
    next_page_token: String,
}

/// Which runs a search sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    Active,
    Deleted,
}

impl RemoteRun {
    /// The data sets it read.
    pub fn inputs(&self) -> Vec<DatasetInput> {
        let context = |input: &Input| input.tags.iter().find(|tag| tag.key == CONTEXT_TAG).map(|tag| tag.value.clone());
        self.inputs.dataset_inputs.iter().map(|input| DatasetInput { context: context(input), ..input.dataset.clone() }).collect()
    }

    /// How much was logged to it.
    pub(crate) fn fullness(&self) -> usize {
        let RunData { metrics, params, tags } = &self.data;
        metrics.len() + params.len() + tags.len() + self.inputs.dataset_inputs.len() + usize::from(self.info.status.is_terminal())
    }
}

impl Client {
    /// Makes the server's run for a record; where an answer was lost, the one that stands by now is taken. It has nothing but its name,
    /// its start and the tag [`RUN_ID_TAG`].
    ///
    /// # Errors
    /// The server cannot be asked.
    pub async fn create_run(&self, experiment_id: &str, run: &Run) -> Result<RemoteRun> {
        let tags = [Pair { key: RUN_ID_TAG.to_owned(), value: run.id.clone() }];
        let body = json!({ "experiment_id": experiment_id, "run_name": run.name, "start_time": run.started_at, "tags": tags });
        let body = &body;
        self.persist(|attempt| async move {
            if attempt > 1
                && let Some(run) = self.runs_with(experiment_id, &run.id, Seen::Active).await?.into_iter().next()
            {
                return Ok(run);
            }
            Ok(self.post_once::<One>("runs/create", body).await?.run)
        })
        .await
    }

    /// The active run of a record, if it was pushed before.
    ///
    /// # Errors
    /// The server cannot be asked.
    pub async fn find_run(&self, experiment_id: &str, id: &str) -> Result<Option<RemoteRun>> {
        Ok(self.runs_with(experiment_id, id, Seen::Active).await?.into_iter().next())
    }

    /// The runs that carry our own id, the fullest first. More than one is there where a server carried out what it did not confirm.
    pub(crate) async fn runs_with(&self, experiment_id: &str, id: &str, seen: Seen) -> Result<Vec<RemoteRun>> {
        let view = if seen == Seen::Active { "ACTIVE_ONLY" } else { "DELETED_ONLY" };
        let mut runs = self.search_runs_in_view(experiment_id, &format!("tags.`{RUN_ID_TAG}` = '{id}'"), view).await?;
        runs.sort_by(|a, b| b.fullness().cmp(&a.fullness()).then_with(|| a.info.run_id.cmp(&b.info.run_id)));
        Ok(runs)
    }

    /// The active runs of an experiment that a filter in MLflow's language lets through, such as `metrics.roc_auc > 0.7`.
    ///
    /// # Errors
    /// The server does not understand the filter, or cannot be asked.
    pub async fn search_runs(&self, experiment_id: &str, filter: &str) -> Result<Vec<RemoteRun>> {
        self.search_runs_in_view(experiment_id, filter, "ACTIVE_ONLY").await
    }

    async fn search_runs_in_view(&self, experiment_id: &str, filter: &str, view: &str) -> Result<Vec<RemoteRun>> {
        let (mut runs, mut token) = (Vec::new(), String::new());
        loop {
            let mut body = json!({ "experiment_ids": [experiment_id], "filter": filter, "run_view_type": view, "max_results": 1000 });
            if !token.is_empty() {
                body["page_token"] = json!(token);
            }
            let page: Page = self.post("runs/search", &body).await?;
            runs.extend(page.runs);
            if page.next_page_token.is_empty() || page.next_page_token == token {
                return Ok(runs);
            }
            token = page.next_page_token;
        }
    }

    /// A run by the server's id of it.
    ///
    /// # Errors
    /// There is none, or the server cannot be asked.
    pub async fn run(&self, run_id: &str) -> Result<RemoteRun> {
        Ok(self.get::<One>("runs/get", &[("run_id", run_id)]).await?.run)
    }

    /// Says where a run stands, when it ended and what it is called.
    ///
    /// # Errors
    /// The server cannot be asked.
    pub async fn update_run(&self, run_id: &str, status: RunStatus, ended_at: Option<i64>, name: &str) -> Result<()> {
        let mut body = json!({ "run_id": run_id, "status": status, "run_name": name });
        if let Some(ended_at) = ended_at {
            body["end_time"] = json!(ended_at);
        }
        self.post::<Value>("runs/update", &body).await.map(drop)
    }

    /// Deletes a run; it can be restored at the server.
    ///
    /// # Errors
    /// The server cannot be asked.
    pub async fn delete_run(&self, run_id: &str) -> Result<()> {
        self.post::<Value>("runs/delete", &json!({ "run_id": run_id })).await.map(drop)
    }

    /// Logs params, in as many requests as MLflow's limits ask for. Logging a param again is no change, logging another value an error.
    ///
    /// # Errors
    /// A param has another value already, or the server cannot be asked.
    pub async fn log_params(&self, run_id: &str, params: &[Pair]) -> Result<()> {
        for params in batch::split(params, MAX_PARAMS) {
            self.post::<Value>("runs/log-batch", &json!({ "run_id": run_id, "params": params })).await?;
        }
        Ok(())
    }

    /// Sets tags, in as many requests as MLflow's limits ask for.
    ///
    /// # Errors
    /// The server cannot be asked.
    pub async fn set_tags(&self, run_id: &str, tags: &[Pair]) -> Result<()> {
        for tags in batch::split(tags, MAX_PARAMS) {
            self.post::<Value>("runs/log-batch", &json!({ "run_id": run_id, "tags": tags })).await?;
        }
        Ok(())
    }

    /// Says which data sets a run read. Saying it again is no change.
    ///
    /// # Errors
    /// The server cannot be asked.
    pub async fn log_inputs(&self, run_id: &str, inputs: &[DatasetInput]) -> Result<()> {
        let tags =
            |input: &DatasetInput| input.context.iter().map(|value| Pair { key: CONTEXT_TAG.to_owned(), value: value.clone() }).collect();
        let dataset = |input: &DatasetInput| DatasetInput { context: None, ..input.clone() };
        let inputs: Vec<_> = inputs.iter().map(|input| Input { tags: tags(input), dataset: dataset(input) }).collect();
        for inputs in batch::split(&inputs, MAX_PARAMS) {
            self.post::<Value>("runs/log-inputs", &json!({ "run_id": run_id, "datasets": inputs })).await?;
        }
        Ok(())
    }
}
