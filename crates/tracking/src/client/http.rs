//! One request and its answer, judged.

use std::time::Duration;

use chrono::Utc;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Client, Failure};
use crate::error::{Result, TrackingError, causes, one_line};
use crate::retry::retry_after;

/// What MLflow answers where it cannot do as asked; `detail` is FastAPI's word for it.
#[derive(Default, Deserialize)]
struct Complaint {
    error_code: Option<String>,
    message: Option<String>,
    detail: Option<serde_json::Value>,
}

impl Client {
    /// Reads something: asked again where an error may pass.
    pub(super) async fn get<T: DeserializeOwned>(&self, endpoint: &str, query: &[(&str, &str)]) -> Result<T> {
        let shown = query.iter().filter(|(key, _)| *key != "page_token").map(|(key, value)| format!(" {key}={value}"));
        let asked = one_line(&format!("GET {endpoint}{}", shown.collect::<String>()));
        let request = || self.request(Method::GET, &self.api(endpoint)).query(query);
        self.persist(|_| async { self.json(&asked, request()).await }).await
    }

    /// Changes something in a way that may be repeated: asked again where an error may pass.
    pub(super) async fn post<T: DeserializeOwned>(&self, endpoint: &str, body: &impl Serialize) -> Result<T> {
        self.persist(|_| self.post_once(endpoint, body)).await
    }

    /// Changes something, once.
    pub(super) async fn post_once<T: DeserializeOwned>(&self, endpoint: &str, body: &impl Serialize) -> Result<T, Failure> {
        self.change_once(Method::POST, endpoint, body).await
    }

    /// Changes something by another method, once.
    pub(super) async fn change_once<T: DeserializeOwned>(
        &self,
        method: Method,
        endpoint: &str,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        let asked = format!("{method} {endpoint}");
        let request = self.request(method, &self.api(endpoint)).header(CONTENT_TYPE, "application/json");
        let body = serde_json::to_vec(body).map_err(|error| self.no_answer(&asked, &format!("cannot be put as JSON: {error}"), false))?;
        self.json(&asked, request.body(body)).await
    }

    /// A request as whom we are.
    pub(super) fn request(&self, method: Method, url: &Url) -> RequestBuilder {
        let request = self.http.request(method, url.clone());
        match &self.authorization {
            Some(authorization) => request.header(AUTHORIZATION, authorization.clone()),
            None => request,
        }
    }

    /// A place below the server's address. Each part is escaped.
    pub(super) fn below(&self, parts: &[&str]) -> Url {
        let mut url = self.settings.base.clone();
        // Only an address without a host has no segments, and such a one is refused.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(parts.iter().flat_map(|part| part.split('/')));
        }
        url
    }

    fn api(&self, endpoint: &str) -> Url {
        self.below(&["api/2.0/mlflow", endpoint])
    }

    async fn json<T: DeserializeOwned>(&self, asked: &str, request: RequestBuilder) -> Result<T, Failure> {
        let answer = self.answer(asked, request.timeout(self.settings.timeout)).await?;
        let bytes = answer.bytes().await.map_err(|error| self.lost(asked, error))?;
        // An empty answer is an empty object.
        let text = if bytes.is_empty() { b"{}" } else { &bytes[..] };
        serde_json::from_slice(text).map_err(|error| {
            let whole = one_line(&self.scrubbed(&String::from_utf8_lossy(&bytes)));
            let begins: String = whole.chars().take(60).collect();
            self.not_mlflow(asked, format!("answers `{begins}`, not as MLflow does ({})", self.scrubbed(&error.to_string())))
        })
    }

    /// Sends a request; the answer is one of success.
    pub(super) async fn answer(&self, asked: &str, request: RequestBuilder) -> Result<Response, Failure> {
        let answer = request.send().await.map_err(|error| self.lost(asked, error))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        Err(self.complaint(asked, answer).await)
    }

    /// An answer that is none of success.
    async fn complaint(&self, asked: &str, answer: Response) -> Failure {
        let status = answer.status();
        if status.is_redirection() {
            let to = answer.headers().get(LOCATION).and_then(|to| Url::parse(to.to_str().ok()?).ok());
            let to = to.map(|to| to.origin().ascii_serialization()).unwrap_or_else(|| "another place".to_owned());
            return self.not_mlflow(asked, format!("redirects to {to} (status {})", status.as_u16()));
        }
        let wait = answer.headers().get(RETRY_AFTER).and_then(|header| retry_after(header.to_str().ok()?, Utc::now()));
        let text = match answer.text().await {
            Ok(text) => text,
            // Half a complaint may have lost the half that says what it is.
            Err(error) => return self.lost(asked, error),
        };
        let complaint: Complaint = serde_json::from_str(&text).unwrap_or_default();
        let said = said(&complaint).map(|said| one_line(&self.scrubbed(&said)));
        let code = complaint.error_code.map(|code| one_line(&self.scrubbed(&code)));
        self.judged(asked, status, wait, code, said)
    }

    fn judged(&self, asked: &str, status: StatusCode, wait: Option<Duration>, code: Option<String>, said: Option<String>) -> Failure {
        let (server, asked) = (self.server().to_owned(), asked.to_owned());
        let mut message: String = [&code, &said].into_iter().flatten().map(|part| format!(": {part}")).collect();
        let number = status.as_u16();
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => TrackingError::Refused { server, asked, status: number, message }.into(),
            _ if may_pass(status) || is_lost_race(code.as_deref(), said.as_deref()) => {
                if let Some(wait) = wait {
                    message += &format!("; it asks to wait {} s", wait.as_secs());
                }
                let error = TrackingError::Failing { server, asked, status: number, message, attempts: 1 };
                Failure { error, passing: true, retry_after: wait }
            }
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED if code.is_none() => {
                self.not_mlflow(&asked, format!("answers with status {number}{message}, not as MLflow does"))
            }
            _ => {
                let error_code = code.unwrap_or_else(|| format!("status {number}"));
                TrackingError::Rejected { server, asked, error_code, message: said.unwrap_or_else(|| "no reason given".to_owned()) }.into()
            }
        }
    }

    /// No answer, or not the whole of it.
    pub(super) fn lost(&self, asked: &str, error: reqwest::Error) -> Failure {
        let passing = !error.is_builder();
        let problem = match error.is_timeout() && !error.is_connect() {
            true => format!("no answer within {} s", self.settings.timeout.as_secs_f64()),
            false => causes(&error.without_url()),
        };
        self.no_answer(asked, &problem, passing)
    }

    /// The same, in words.
    pub(super) fn no_answer(&self, asked: &str, problem: &str, passing: bool) -> Failure {
        // A certificate does not become valid by asking again.
        let untrusted = problem.contains("certificate");
        let remedy = match untrusted {
            true => "name its authority's certificate in MLFLOW_TRACKING_SERVER_CERT_PATH",
            false => "is the server up, and is that its address (MLFLOW_TRACKING_URI)? What arrived stays: push again",
        };
        let (server, asked, problem) = (self.server().to_owned(), asked.to_owned(), self.scrubbed(problem));
        let error = TrackingError::Unreachable { server, asked, problem, remedy, attempts: 1 };
        Failure { error, passing: passing && !untrusted, retry_after: None }
    }

    fn not_mlflow(&self, asked: &str, problem: String) -> Failure {
        TrackingError::NotMlflow { server: self.server().to_owned(), asked: asked.to_owned(), problem }.into()
    }
}

/// Whether the same request may be answered otherwise later.
fn may_pass(status: StatusCode) -> bool {
    matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
        || (status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED)
}

/// Whether two requests met in the server's database, of which MLflow lets one fail with a status that says otherwise.
fn is_lost_race(code: Option<&str>, said: Option<&str>) -> bool {
    code == Some("BAD_REQUEST") && said.is_some_and(|said| said.contains("IntegrityError"))
}

fn said(complaint: &Complaint) -> Option<String> {
    let detail = || complaint.detail.as_ref().map(|detail| detail.as_str().map_or_else(|| detail.to_string(), str::to_owned));
    complaint.message.clone().or_else(detail)
}
