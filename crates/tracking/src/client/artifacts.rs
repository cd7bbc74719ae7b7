//! Artifacts, through the server's proxy: it keeps them wherever it was told to, and we need no key of that place.

use std::io;
use std::path::Path;

use reqwest::header::CONTENT_LENGTH;
use reqwest::{Body, Method};
use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use url::Url;

use super::transfer::{Progress, Source, fingerprint};
use super::{Client, Failure, RunInfo};
use crate::error::{Result, TrackingError};
use crate::number;
use crate::run::{Artifact, Content};

const PROXY: &str = "api/2.0/mlflow-artifacts/artifacts";

/// A file or folder among a run's artifacts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RemoteFile {
    /// Below the run.
    pub path: String,
    /// Whether it is a folder.
    #[serde(default)]
    pub is_dir: bool,
    /// In bytes; none for folders.
    #[serde(default, deserialize_with = "number::integer::maybe")]
    pub file_size: Option<i64>,
}

#[derive(Default, Deserialize)]
struct Listing {
    #[serde(default)]
    files: Vec<RemoteFile>,
    #[serde(default)]
    next_page_token: String,
}

impl Client {
    /// Uploads an artifact; one of that path is replaced. A file is read while it is sent. Gives its bytes.
    ///
    /// # Errors
    /// The file cannot be read, the server keeps artifacts elsewhere, or cannot be asked.
    pub async fn upload_artifact(&self, run: &RunInfo, artifact: &Artifact) -> Result<u64> {
        let url = self.artifact_url(run, &artifact.path)?;
        let asked = format!("PUT artifact {}", artifact.path);
        self.persist(|_| self.upload_once(&asked, &url, &artifact.content)).await
    }

    async fn upload_once(&self, asked: &str, url: &Url, content: &Content) -> Result<u64, Failure> {
        let source = Source::open(content).await.map_err(|error| unreadable(content, error))?;
        let (length, progress) = (source.len(), Progress::default());
        let body = Body::wrap_stream(source.pieces(progress.clone()));
        let request = self.request(Method::PUT, url).header(CONTENT_LENGTH, length).body(body);
        self.moving(asked, &progress, self.answer(asked, request)).await??;
        Ok(length)
    }

    /// The files and folders right inside a folder among a run's artifacts; an empty path is the run itself.
    ///
    /// # Errors
    /// The server cannot be asked.
    pub async fn list_artifacts(&self, run_id: &str, path: &str) -> Result<Vec<RemoteFile>> {
        let (mut files, mut token) = (Vec::new(), String::new());
        loop {
            let all = [("run_id", run_id), ("path", path), ("page_token", token.as_str())];
            let query: Vec<_> = all.into_iter().filter(|(_, value)| !value.is_empty()).collect();
            let page: Listing = self.get("artifacts/list", &query).await?;
            files.extend(page.files);
            if page.next_page_token.is_empty() || page.next_page_token == token {
                return Ok(files);
            }
            token = page.next_page_token;
        }
    }

    /// Downloads an artifact into a file, which is there under its name only when it is whole. Gives its bytes.
    ///
    /// # Errors
    /// There is no such artifact, the file cannot be written, or the server cannot be asked.
    pub async fn download_artifact(&self, run: &RunInfo, path: &str, file: &Path) -> Result<u64> {
        let url = self.artifact_url(run, path)?;
        let asked = format!("GET artifact {path}");
        let mut name = file.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let part = file.with_file_name(name);
        let length = self.persist(|_| self.download_once(&asked, &url, &part)).await?;
        tokio::fs::rename(&part, file).await.map_err(|source| TrackingError::File { path: file.to_owned(), source })?;
        Ok(length)
    }

    async fn download_once(&self, asked: &str, url: &Url, part: &Path) -> Result<u64, Failure> {
        let failed = |source| Failure::from(TrackingError::File { path: part.to_owned(), source });
        let still = Progress::default();
        let mut answer = self.moving(asked, &still, self.answer(asked, self.request(Method::GET, url))).await??;
        let mut file = tokio::fs::File::create(part).await.map_err(failed)?;
        let mut length = 0;
        while let Some(piece) = self.moving(asked, &still, answer.chunk()).await?.map_err(|error| self.lost(asked, error))? {
            length += piece.len() as u64;
            file.write_all(&piece).await.map_err(failed)?;
        }
        file.sync_all().await.map_err(failed)?;
        Ok(length)
    }

    /// The result of a transfer that moves.
    async fn moving<T>(&self, asked: &str, progress: &Progress, transfer: impl Future<Output = T>) -> Result<T, Failure> {
        let patience = self.settings.timeout;
        let still = || self.no_answer(asked, &format!("nothing moved for {} s", patience.as_secs()), true);
        progress.unless_still(patience, transfer).await.ok_or_else(still)
    }

    /// Where an artifact is, at our server's proxy.
    fn artifact_url(&self, run: &RunInfo, path: &str) -> Result<Url> {
        let elsewhere = || {
            let problem = format!(
                "keeps its artifacts at `{}`, not at this server's proxy: start the server with --serve-artifacts and use a new experiment",
                self.scrubbed(&run.artifact_uri)
            );
            self.conflict(format!("experiment {}", run.experiment_id), problem)
        };
        let folder = proxied(&run.artifact_uri, &self.settings.base).ok_or_else(elsewhere)?;
        Ok(self.below(&[PROXY, &folder, path]))
    }
}

/// The folder below the proxy that an artifact address names, if it is of this server.
fn proxied(uri: &str, server: &Url) -> Option<String> {
    let uri = Url::parse(uri).ok()?;
    let own = uri.host_str().is_none()
        || (uri.host_str() == server.host_str()
            && uri.port_or_known_default().is_none_or(|port| Some(port) == server.port_or_known_default()));
    let path = uri.path().trim_matches('/');
    // The address may hold the proxy's own path.
    let folder = path.split_once(PROXY).map(|(_, folder)| folder.trim_matches('/'));
    match (uri.scheme(), folder) {
        ("mlflow-artifacts", folder) if own => Some(folder.unwrap_or(path).to_owned()),
        ("http" | "https", Some(folder)) if own => Some(folder.to_owned()),
        _ => None,
    }
}

fn unreadable(content: &Content, source: io::Error) -> Failure {
    let path = match content {
        Content::File(path) => path.clone(),
        Content::Bytes(_) | Content::Text(_) => Default::default(),
    };
    TrackingError::File { path, source }.into()
}

/// What tells an artifact's content from any other.
pub(crate) async fn content_fingerprint(content: &Content) -> Result<String> {
    fingerprint(content).await.map_err(|error| unreadable(content, error).error)
}

/// In bytes.
pub(crate) async fn content_length(content: &Content) -> Result<u64> {
    Ok(Source::open(content).await.map_err(|error| unreadable(content, error).error)?.len())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn artifacts_of_this_server_are_told_from_those_of_others() {
        let server = Url::parse("https://host:8443/prefix/").unwrap();
        let cases = [
            ("mlflow-artifacts:/1/abc/artifacts", Some("1/abc/artifacts")),
            ("mlflow-artifacts://host:8443/1/abc/artifacts", Some("1/abc/artifacts")),
            ("mlflow-artifacts://host/1/abc/artifacts", Some("1/abc/artifacts")),
            ("https://host:8443/prefix/api/2.0/mlflow-artifacts/artifacts/1/abc", Some("1/abc")),
            ("mlflow-artifacts://other/1/abc/artifacts", None),
            ("https://other:8443/api/2.0/mlflow-artifacts/artifacts/1/abc", None),
            ("https://host:8443/files/1/abc", None),
            ("s3://bucket/1/abc", None),
            ("file:///mlruns/1/abc", None),
            ("./mlruns/1/abc", None),
        ];
        for (uri, folder) in cases {
            assert_eq!(proxied(uri, &server).as_deref(), folder, "{uri}");
        }
    }
}
