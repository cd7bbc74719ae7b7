//! Where a lake lives: an object store and the prefix of the lake in it, from a URL or a folder.

use std::path::{Component, Path as FsPath, PathBuf};
use std::sync::Arc;

use object_store::aws::{AmazonS3Builder, S3ConditionalPut};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ClientOptions, ObjectStore, RetryConfig};
use url::Url;

use crate::steady::SteadyReads;
use crate::{LakeError, Result};

/// An object store and a place in it.
#[derive(Clone, Debug)]
pub struct Location {
    /// `file:///…/`, `s3://bucket/prefix/` or `memory:///name/`, always ending in a slash.
    pub url: Url,
    /// The store, rooted at the scheme's root (the file system, the bucket).
    pub store: Arc<dyn ObjectStore>,
    /// The place inside the store.
    pub prefix: Path,
}

/// What an S3 store needs beyond the environment's `AWS_*` variables (which hold the secrets).
#[derive(Clone, Debug, Default)]
pub struct S3Options {
    /// Another server than Amazon's, such as `http://127.0.0.1:9000`.
    pub endpoint: Option<String>,
    /// The bucket's region; `us-east-1` where nothing says otherwise.
    pub region: Option<String>,
    /// Allow an endpoint without TLS.
    pub allow_http: bool,
}

impl Location {
    /// Opens a folder (`lake`, `/data/lake`) or a URL (`s3://bucket/lake`, `memory://name`).
    ///
    /// # Errors
    /// A scheme that is not known, or settings that the store's client refuses.
    pub fn open(place: &str, s3: &S3Options) -> Result<Self> {
        let place = place.trim();
        if place.is_empty() {
            return Err(LakeError::invalid("the lake's location is empty; name a folder or an s3:// URL with --lake"));
        }
        match place.split_once("://") {
            None => Self::folder(FsPath::new(place)),
            Some(("file", _)) => {
                let url = Url::parse(place).map_err(|e| bad_url(place, e))?;
                let path = url.to_file_path().map_err(|()| bad_url(place, "not an absolute local path"))?;
                Self::folder(&path)
            }
            Some(("memory", name)) => {
                let url = Url::parse(&format!("memory:///{}/", name.trim_matches('/'))).map_err(|e| bad_url(place, e))?;
                Self::at(url, Arc::new(InMemory::new()))
            }
            Some(("s3" | "s3a", rest)) => {
                let url = Url::parse(&format!("s3://{}/", rest.trim_end_matches('/'))).map_err(|e| bad_url(place, e))?;
                let bucket = url.host_str().ok_or_else(|| bad_url(place, "no bucket"))?.to_owned();
                let retry = RetryConfig { max_retries: 8, ..RetryConfig::default() };
                let mut builder = AmazonS3Builder::from_env()
                    .with_bucket_name(&bucket)
                    .with_conditional_put(S3ConditionalPut::ETagMatch)
                    .with_retry(retry);
                if let Some(endpoint) = &s3.endpoint {
                    builder = builder.with_endpoint(endpoint);
                }
                if let Some(region) = &s3.region {
                    builder = builder.with_region(region);
                }
                if s3.allow_http {
                    builder = builder.with_client_options(ClientOptions::new().with_allow_http(true)).with_allow_http(true);
                }
                Self::at(url, Arc::new(SteadyReads(Arc::new(builder.build()?))))
            }
            Some((scheme, _)) => Err(LakeError::invalid(format!(
                "{place}: '{scheme}://' is not a place adlake can open; use a folder, file://, s3:// or memory://"
            ))),
        }
    }

    fn folder(path: &FsPath) -> Result<Self> {
        let absolute = std::path::absolute(path).map_err(|e| LakeError::invalid(format!("{}: {e}", path.display())))?;
        let absolute = resolved(&absolute);
        let url = Url::from_directory_path(&absolute)
            .map_err(|()| LakeError::invalid(format!("{}: not a path of this system", path.display())))?;
        Self::at(url, Arc::new(LocalFileSystem::new()))
    }

    fn at(url: Url, store: Arc<dyn ObjectStore>) -> Result<Self> {
        let prefix = Path::from_url_path(url.path()).map_err(|e| bad_url(url.as_str(), e))?;
        Ok(Self { url, store, prefix })
    }

    /// The local folder, where it is one.
    pub fn local_path(&self) -> Option<PathBuf> {
        (self.url.scheme() == "file").then(|| self.url.to_file_path().ok()).flatten()
    }
}

/// The path without `..` and with the links of the part that exists followed: else one folder would have two names.
fn resolved(absolute: &FsPath) -> PathBuf {
    let mut path = PathBuf::new();
    for part in absolute.components() {
        match part {
            Component::ParentDir => drop(path.pop()),
            Component::CurDir => {}
            part => {
                path.push(part);
                // Before a `..` that follows, which leads out of what a link leads to.
                if let Ok(real) = path.canonicalize() {
                    path = real;
                }
            }
        }
    }
    path
}

fn bad_url(place: &str, why: impl std::fmt::Display) -> LakeError {
    LakeError::invalid(format!("{place}: {why}; name a folder or a URL such as s3://bucket/lake"))
}
