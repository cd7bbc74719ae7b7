//! MLflow's REST API, version 2.0: what a push needs of it, and what it takes to look at what arrived.

pub(crate) mod artifacts;
mod batch;
mod experiments;
mod http;
pub(crate) mod metrics;
mod registry;
pub(crate) mod runs;
mod transfer;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Certificate;
use reqwest::header::{AUTHORIZATION, HeaderValue};

use crate::error::{Result, TrackingError, causes};
use crate::settings::{Credentials, Settings};

pub use artifacts::RemoteFile;
pub use registry::{ModelVersion, VersionStatus};
pub use runs::{Pair, RemoteRun, RunData, RunInfo};

/// An MLflow server. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    settings: Arc<Settings>,
    authorization: Option<HeaderValue>,
    /// What must not appear in a message, whoever sends it.
    secrets: Arc<[String]>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Why one attempt failed, and whether the next may not.
#[derive(Debug)]
struct Failure {
    error: TrackingError,
    /// The request may have been carried out all the same.
    passing: bool,
    /// What the server asked for.
    retry_after: Option<Duration>,
}

impl From<TrackingError> for Failure {
    /// What was tried to its end already is not tried again.
    fn from(error: TrackingError) -> Self {
        Self { error, passing: false, retry_after: None }
    }
}

impl Client {
    /// A client of that server. Nothing is sent yet.
    ///
    /// # Errors
    /// The file of certificates or the credentials cannot be used.
    pub fn new(settings: Settings) -> Result<Self> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("adlake/", env!("CARGO_PKG_VERSION")))
            // A redirected POST would come back as a GET of something else.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(settings.connect_timeout)
            .danger_accept_invalid_certs(settings.accept_any_certificate);
        for certificate in certificates(&settings)? {
            builder = builder.add_root_certificate(certificate);
        }
        let http = builder.build().map_err(|error| TrackingError::Setting {
            setting: "MLFLOW_TRACKING_SERVER_CERT_PATH",
            problem: format!("or the system's certificates cannot be used: {}", causes(&error)),
        })?;
        let (authorization, secrets) = authorization(&http, &settings)?;
        Ok(Self { http, settings: Arc::new(settings), authorization, secrets: secrets.into() })
    }

    /// The server's address, without credentials.
    pub fn server(&self) -> &str {
        self.settings.server()
    }

    /// Tries until it works, fails for good, or has been tried often enough. `attempt` gets its number, from 1.
    async fn persist<T, F, W>(&self, mut attempt: F) -> Result<T>
    where
        F: FnMut(u32) -> W,
        W: Future<Output = Result<T, Failure>>,
    {
        let mut tried = 1;
        loop {
            let failure = match attempt(tried).await {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            let wait = self.settings.retry.wait(tried, failure.retry_after, fastrand::f64());
            let Some(wait) = wait.filter(|_| failure.passing) else {
                return Err(failure.error.after(tried));
            };
            tracing::warn!(attempt = tried, wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX), "{}", failure.error);
            tokio::time::sleep(wait).await;
            tried += 1;
        }
    }

    /// Somebody else's text without our credentials.
    fn scrubbed(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "…"))
    }

    pub(crate) fn conflict(&self, what: String, problem: impl Into<String>) -> TrackingError {
        TrackingError::Conflict { server: self.server().to_owned(), what, problem: problem.into() }
    }
}

fn certificates(settings: &Settings) -> Result<Vec<Certificate>> {
    let Some(path) = &settings.ca_file else {
        return Ok(Vec::new());
    };
    let wrong = |problem: String| TrackingError::Setting {
        setting: "MLFLOW_TRACKING_SERVER_CERT_PATH",
        problem: format!("{}: {problem}: name a file of PEM certificates", path.display()),
    };
    let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let found = Certificate::from_pem_bundle(&pem).map_err(|error| wrong(causes(&error)))?;
    if found.is_empty() { Err(wrong("holds no certificate".to_owned())) } else { Ok(found) }
}

/// The header that says who asks, and what must never be shown.
fn authorization(http: &reqwest::Client, settings: &Settings) -> Result<(Option<HeaderValue>, Vec<String>)> {
    let (secret, setting, request) = match &settings.credentials {
        Credentials::Anonymous => return Ok((None, Vec::new())),
        Credentials::Bearer(token) => (token, "MLFLOW_TRACKING_TOKEN", http.get(settings.base.clone()).bearer_auth(token)),
        Credentials::Basic { username, password } => {
            let request = http.get(settings.base.clone()).basic_auth(username, Some(password));
            (password, "MLFLOW_TRACKING_PASSWORD", request)
        }
    };
    // The cause would show what could not be used.
    let unusable =
        |_| TrackingError::Setting { setting, problem: "has a character that no header can have, such as a line end".to_owned() };
    let header = request.build().map_err(unusable)?.headers().get(AUTHORIZATION).cloned();
    let encoded =
        header.as_ref().and_then(|header| header.to_str().ok()).and_then(|text| text.split_once(' ')).map(|(_, code)| code.to_owned());
    // Of fewer letters it would be found in any text, and is no secret.
    let secrets = [Some(secret.clone()), encoded].into_iter().flatten().filter(|secret| secret.len() >= 4).collect();
    Ok((header, secrets))
}

#[cfg(test)]
mod tests;
