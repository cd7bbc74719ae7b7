//! The model registry: models by name, their versions and aliases.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use reqwest::Method;

use super::runs::Pair;
use super::{Client, RunInfo};
use crate::error::Result;
use crate::run::{RUN_ID_TAG, Registration};

/// A version of a registered model.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ModelVersion {
    /// The registered model.
    pub name: String,
    /// The version, such as `3`.
    pub version: String,
    /// Where its files are.
    #[serde(default)]
    pub source: String,
    /// The server's id of the run it came from.
    #[serde(default)]
    pub run_id: String,
    /// Whether it can be used.
    #[serde(default)]
    pub status: VersionStatus,
    /// Why it cannot.
    #[serde(default)]
    pub status_message: String,
    #[serde(default)]
    tags: Vec<Pair>,
}

/// Whether a version can be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum VersionStatus {
    /// The server still copies it.
    PendingRegistration,
    /// It could not be registered.
    FailedRegistration,
    /// It can be used. A server that does not say has it ready.
    #[default]
    #[serde(other)]
    Ready,
}

#[derive(Deserialize)]
struct One {
    model_version: ModelVersion,
}

#[derive(Default, Deserialize)]
struct Page {
    #[serde(default)]
    model_versions: Vec<ModelVersion>,
    #[serde(default)]
    next_page_token: String,
}

impl ModelVersion {
    /// Whether a push of this record made it, from these files.
    pub(crate) fn is_of(&self, id: &str, name: &str, source: &str) -> bool {
        self.name == name && self.source == source && self.tags.iter().any(|tag| tag.key == RUN_ID_TAG && tag.value == id)
    }

    fn number(&self) -> u64 {
        self.version.parse().unwrap_or(u64::MAX)
    }
}

impl Client {
    /// Makes a registered model if there is none of that name.
    ///
    /// # Errors
    /// The server does not take the name, or cannot be asked.
    pub async fn register_model(&self, name: &str) -> Result<()> {
        match self.post::<Value>("registered-models/create", &json!({ "name": name })).await {
            Err(error) if !error.is_code("RESOURCE_ALREADY_EXISTS") => Err(error),
            _ => Ok(()),
        }
    }

    /// Makes a version of a registered model from a folder of a run's artifacts; where an answer was lost, the one that stands by now is
    /// taken. `id` is the record's own.
    ///
    /// # Errors
    /// The server cannot be asked.
    pub async fn create_model_version(&self, model: &Registration, run: &RunInfo, id: &str) -> Result<ModelVersion> {
        let source = source_of(run, &model.artifact_path);
        let tags: BTreeMap<&str, &str> =
            model.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).chain([(RUN_ID_TAG, id)]).collect();
        let tags: Vec<Pair> = tags.into_iter().map(|(key, value)| Pair { key: key.to_owned(), value: value.to_owned() }).collect();
        let body = json!({ "name": model.name, "source": source, "run_id": run.run_id, "tags": tags, "description": model.description });
        let body = &body;
        self.persist(|attempt| async move {
            if attempt > 1
                && let Some(version) = self.versions_of(model, run, id).await?.into_iter().next()
            {
                return Ok(version);
            }
            Ok(self.post_once::<One>("model-versions/create", body).await?.model_version)
        })
        .await
    }

    /// The versions that pushes of a record made of a folder, the oldest first. More than one is there where a server carried out what it
    /// did not confirm.
    pub(crate) async fn versions_of(&self, model: &Registration, run: &RunInfo, id: &str) -> Result<Vec<ModelVersion>> {
        let source = source_of(run, &model.artifact_path);
        let mut versions = self.search_model_versions(&format!("run_id = '{}'", run.run_id)).await?;
        versions.retain(|version| version.is_of(id, &model.name, &source));
        versions.sort_by_key(ModelVersion::number);
        Ok(versions)
    }

    /// The versions that a filter in MLflow's language lets through, such as `name = 'click'`.
    ///
    /// # Errors
    /// The server does not understand the filter, or cannot be asked.
    pub async fn search_model_versions(&self, filter: &str) -> Result<Vec<ModelVersion>> {
        let (mut versions, mut token) = (Vec::new(), String::new());
        loop {
            let all = [("filter", filter), ("max_results", "1000"), ("page_token", token.as_str())];
            let query: Vec<_> = all.into_iter().filter(|(_, value)| !value.is_empty()).collect();
            let page: Page = self.get("model-versions/search", &query).await?;
            versions.extend(page.model_versions);
            if page.next_page_token.is_empty() || page.next_page_token == token {
                return Ok(versions);
            }
            token = page.next_page_token;
        }
    }

    /// Waits until a version can be used, at most as long as the settings wait for an answer.
    ///
    /// # Errors
    /// It could not be registered, is not ready in time, or the server cannot be asked.
    pub async fn wait_until_ready(&self, version: ModelVersion) -> Result<ModelVersion> {
        let begun = tokio::time::Instant::now();
        let (mut version, mut wait) = (version, Duration::from_millis(200));
        loop {
            let what = format!("model `{}` version {}", version.name, version.version);
            match version.status {
                VersionStatus::Ready => return Ok(version),
                VersionStatus::FailedRegistration => {
                    let problem = format!(
                        "could not be registered: {}; delete it at the server, then push again",
                        self.scrubbed(&version.status_message)
                    );
                    return Err(self.conflict(what, problem));
                }
                VersionStatus::PendingRegistration if begun.elapsed() > self.settings.timeout => {
                    let problem = format!("is not ready after {} s: look at the server, then push again", self.settings.timeout.as_secs());
                    return Err(self.conflict(what, problem));
                }
                VersionStatus::PendingRegistration => {}
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(Duration::from_secs(5));
            let query = [("name", version.name.as_str()), ("version", version.version.as_str())];
            version = self.get::<One>("model-versions/get", &query).await?.model_version;
        }
    }

    /// Deletes a version.
    ///
    /// # Errors
    /// The server cannot be asked.
    pub async fn delete_model_version(&self, name: &str, version: &str) -> Result<()> {
        let body = json!({ "name": name, "version": version });
        let deleted = self.persist(|_| self.change_once::<Value>(Method::DELETE, "model-versions/delete", &body)).await;
        match deleted {
            // An attempt whose answer was lost.
            Err(error) if !error.is_code("RESOURCE_DOES_NOT_EXIST") => Err(error),
            _ => Ok(()),
        }
    }

    /// Gives a version an alias, which the version that had it loses.
    ///
    /// # Errors
    /// The server does not take the alias, or cannot be asked.
    pub async fn set_alias(&self, name: &str, alias: &str, version: &str) -> Result<()> {
        let body = json!({ "name": name, "alias": alias, "version": version });
        self.post::<Value>("registered-models/alias", &body).await.map(drop)
    }

    /// The version that has an alias.
    ///
    /// # Errors
    /// There is none, or the server cannot be asked.
    pub async fn model_version_by_alias(&self, name: &str, alias: &str) -> Result<ModelVersion> {
        Ok(self.get::<One>("registered-models/alias", &[("name", name), ("alias", alias)]).await?.model_version)
    }
}

/// Where a folder of a run's artifacts is, as MLflow says it.
fn source_of(run: &RunInfo, folder: &str) -> String {
    format!("{}/{folder}", run.artifact_uri.trim_end_matches('/'))
}
