//! A whole run to a server, as often as it takes: what is there already is neither sent again nor doubled.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use crate::client::artifacts::{content_fingerprint, content_length};
use crate::client::metrics::without;
use crate::client::runs::{Pair, Seen};
use crate::client::{Client, ModelVersion, RemoteRun};
use crate::error::Result;
use crate::names::safe_key;
use crate::run::{Artifact, Registration, Run};

/// An artifact of so many bytes is fingerprinted, so that it is not sent twice; smaller ones are just sent again.
const LARGE: u64 = 1024 * 1024;

/// What a push found and did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pushed {
    /// The server's id of the experiment.
    pub experiment_id: String,
    /// The server's id of the run.
    pub run_id: String,
    /// The run's page.
    pub url: String,
    /// Whether this push made the run; else it continued.
    pub created: bool,
    /// Params sent; others were there.
    pub params: usize,
    /// Metric values sent; others were there.
    pub metrics: usize,
    /// Artifacts sent; others were there.
    pub artifacts: usize,
    /// Bytes of the artifacts sent.
    pub bytes: u64,
    /// Each registered model with its version, in the record's order.
    pub models: Vec<(String, String)>,
    /// Runs and model versions deleted, which the server had made of requests that it did not confirm.
    pub doubles: usize,
}

/// Uploads a run with all that it holds. After any failure it may be called again with the same record, or one that has grown: it looks at
/// what the server has and sends the rest.
///
/// The run's end is said last, so a run that the server shows as ended is whole. Aliases are set only until then, or for a version that
/// this push made: pushing an old run again takes no alias from a newer one. One push of a record at a time: two at once could each make a
/// run, of which the next push keeps one.
///
/// # Errors
/// The record has something that MLflow does not take (nothing was sent then), a file cannot be read, what the server has contradicts the
/// record, or the server cannot be asked.
pub async fn push(client: &Client, run: &Run) -> Result<Pushed> {
    run.check()?;
    let experiment_id = client.experiment(&run.experiment).await?;
    let (remote, created) = client.open(&experiment_id, run).await?;
    let run_id = remote.info.run_id.clone();
    let mut pushed = Pushed {
        url: format!("{}/#/experiments/{experiment_id}/runs/{run_id}", client.server()),
        experiment_id,
        run_id,
        created,
        params: client.push_params(run, &remote).await?,
        metrics: 0,
        artifacts: 0,
        bytes: 0,
        models: Vec::new(),
        doubles: 0,
    };
    client.push_tags(run, &remote).await?;
    client.push_inputs(run, &remote).await?;
    pushed.metrics = client.push_metrics(run, &remote, created).await?;
    for artifact in &run.artifacts {
        let sent = client.push_artifact(artifact, &remote, created).await?;
        pushed.artifacts += usize::from(sent.is_some());
        pushed.bytes += sent.unwrap_or_default();
    }
    for model in &run.models {
        let (version, doubles) = client.push_model(run, model, &remote).await?;
        pushed.models.push((version.name, version.version));
        pushed.doubles += doubles;
    }
    client.push_end(run, &remote).await?;
    pushed.doubles += client.drop_other_runs(run, &remote).await?;
    Ok(pushed)
}

impl Client {
    /// The run of an earlier push, or a new one.
    async fn open(&self, experiment_id: &str, run: &Run) -> Result<(RemoteRun, bool)> {
        if let Some(found) = self.find_run(experiment_id, &run.id).await? {
            return Ok((found, false));
        }
        if let Some(deleted) = self.runs_with(experiment_id, &run.id, Seen::Deleted).await?.first() {
            let restore = format!("`mlflow runs restore --run-id {}`", deleted.info.run_id);
            let problem = format!("was deleted at the server: restore it there ({restore}), or give the record another id");
            return Err(self.conflict(format!("run `{}`", run.id), problem));
        }
        Ok((self.create_run(experiment_id, run).await?, true))
    }

    async fn push_params(&self, run: &Run, remote: &RemoteRun) -> Result<usize> {
        let known = by_key(&remote.data.params);
        let mut params = Vec::new();
        for (key, value) in &run.params {
            match known.get(key.as_str()) {
                Some(known) if *known == value => {}
                Some(known) => {
                    let problem = format!(
                        "has the param `{key}` = `{known}` there and `{value}` in the record: params never change, take another id"
                    );
                    return Err(self.conflict(format!("run `{}`", run.id), crate::error::one_line(&problem)));
                }
                None => params.push(Pair { key: key.clone(), value: value.clone() }),
            }
        }
        self.log_params(&remote.info.run_id, &params).await?;
        Ok(params.len())
    }

    async fn push_tags(&self, run: &Run, remote: &RemoteRun) -> Result<()> {
        let known = by_key(&remote.data.tags);
        let changed = run.tags.iter().filter(|(key, value)| known.get(key.as_str()) != Some(&value.as_str()));
        let tags: Vec<Pair> = changed.map(|(key, value)| Pair { key: key.clone(), value: value.clone() }).collect();
        self.set_tags(&remote.info.run_id, &tags).await
    }

    async fn push_inputs(&self, run: &Run, remote: &RemoteRun) -> Result<()> {
        let known = remote.inputs();
        let is_known = |name: &str, digest: &str, context: &Option<String>| {
            known.iter().any(|input| input.name == name && input.digest == digest && input.context == *context)
        };
        let inputs: Vec<_> = run.inputs.iter().filter(|input| !is_known(&input.name, &input.digest, &input.context)).cloned().collect();
        self.log_inputs(&remote.info.run_id, &inputs).await
    }

    async fn push_metrics(&self, run: &Run, remote: &RemoteRun, created: bool) -> Result<usize> {
        // Only keys that the server knows can have values there.
        let keys: HashSet<&str> = remote.data.metrics.iter().map(|metric| metric.key.as_str()).collect();
        let (known, new): (Vec<_>, Vec<_>) = run.metrics.iter().cloned().partition(|metric| !created && keys.contains(metric.key.as_str()));
        let mut missing = self.missing_metrics(&remote.info.run_id, &known).await?;
        missing.extend(without(&new, HashSet::new()));
        self.log_metrics(&remote.info.run_id, &missing).await?;
        Ok(missing.len())
    }

    /// The bytes sent; none if the server has it.
    async fn push_artifact(&self, artifact: &Artifact, remote: &RemoteRun, created: bool) -> Result<Option<u64>> {
        if content_length(&artifact.content).await? < LARGE {
            return self.upload_artifact(&remote.info, artifact).await.map(Some);
        }
        let mark = Pair { key: safe_key(&format!("adlake.xxh3/{}", artifact.path)), value: content_fingerprint(&artifact.content).await? };
        if !created && remote.data.tags.contains(&mark) && self.has_artifact(remote, artifact).await? {
            return Ok(None);
        }
        let sent = self.upload_artifact(&remote.info, artifact).await?;
        self.set_tags(&remote.info.run_id, &[mark]).await?;
        Ok(Some(sent))
    }

    async fn has_artifact(&self, remote: &RemoteRun, artifact: &Artifact) -> Result<bool> {
        let folder = artifact.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let length = i64::try_from(content_length(&artifact.content).await?).ok();
        let files = self.list_artifacts(&remote.info.run_id, folder).await?;
        Ok(files.iter().any(|file| file.path == artifact.path && file.file_size == length))
    }

    /// The version, and how many doubles of it were deleted.
    async fn push_model(&self, run: &Run, model: &Registration, remote: &RemoteRun) -> Result<(ModelVersion, usize)> {
        let found = self.versions_of(model, &remote.info, &run.id).await?.into_iter().next();
        let is_new = found.is_none();
        let version = match found {
            Some(version) => version,
            None => {
                self.register_model(&model.name).await?;
                self.create_model_version(model, &remote.info, &run.id).await?
            }
        };
        let version = self.wait_until_ready(version).await?;
        if is_new || !remote.info.status.is_terminal() {
            for alias in &model.aliases {
                self.set_alias(&model.name, alias, &version.version).await?;
            }
        }
        let others = self.versions_of(model, &remote.info, &run.id).await?;
        let doubles: Vec<_> = others.iter().filter(|other| other.version != version.version).collect();
        for double in &doubles {
            self.delete_model_version(&double.name, &double.version).await?;
        }
        Ok((version, doubles.len()))
    }

    async fn push_end(&self, run: &Run, remote: &RemoteRun) -> Result<()> {
        let info = &remote.info;
        if info.status == run.status && info.run_name == run.name && (run.ended_at.is_none() || info.end_time == run.ended_at) {
            return Ok(());
        }
        self.update_run(&info.run_id, run.status, run.ended_at, &run.name).await
    }

    /// Deletes other runs of the record.
    async fn drop_other_runs(&self, run: &Run, remote: &RemoteRun) -> Result<usize> {
        let found = self.runs_with(&remote.info.experiment_id, &run.id, Seen::Active).await?;
        let doubles: Vec<_> = found.iter().filter(|other| other.info.run_id != remote.info.run_id).collect();
        for double in &doubles {
            self.delete_run(&double.info.run_id).await?;
        }
        Ok(doubles.len())
    }
}

fn by_key(pairs: &[Pair]) -> HashMap<&str, &str> {
    pairs.iter().map(|pair| (pair.key.as_str(), pair.value.as_str())).collect()
}
