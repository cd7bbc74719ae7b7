//! Experiments: the folders that runs lie in.

use serde::Deserialize;
use serde_json::json;

use super::Client;
use crate::error::Result;

#[derive(Deserialize)]
struct Found {
    experiment: Experiment,
}

#[derive(Deserialize)]
struct Experiment {
    experiment_id: String,
    #[serde(default)]
    lifecycle_stage: String,
}

#[derive(Deserialize)]
struct Created {
    experiment_id: String,
}

impl Client {
    /// The id of the experiment of that name, which is made if there is none. Two that make it at once get the same one.
    ///
    /// # Errors
    /// The experiment was deleted at the server, or the server cannot be asked.
    pub async fn experiment(&self, name: &str) -> Result<String> {
        if let Some(id) = self.find_experiment(name).await? {
            return Ok(id);
        }
        match self.post::<Created>("experiments/create", &json!({ "name": name })).await {
            Ok(created) => Ok(created.experiment_id),
            // Another one was quicker, or an attempt of ours whose answer was lost.
            Err(error) if error.is_code("RESOURCE_ALREADY_EXISTS") => self.find_experiment(name).await?.ok_or(error),
            Err(error) => Err(error),
        }
    }

    /// The id of the experiment of that name, if there is one.
    ///
    /// # Errors
    /// As [`Client::experiment`].
    pub async fn find_experiment(&self, name: &str) -> Result<Option<String>> {
        match self.get::<Found>("experiments/get-by-name", &[("experiment_name", name)]).await {
            Ok(found) if found.experiment.lifecycle_stage == "deleted" => {
                let problem = "was deleted at the server: restore it there (`mlflow experiments restore`), or use another name";
                Err(self.conflict(format!("experiment `{name}`"), problem))
            }
            Ok(found) => Ok(Some(found.experiment.experiment_id)),
            Err(error) if error.is_code("RESOURCE_DOES_NOT_EXIST") => Ok(None),
            Err(error) => Err(error),
        }
    }
}
