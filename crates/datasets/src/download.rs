//! An archive from a server, going on where an earlier try broke off.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use reqwest::header::RANGE;
use reqwest::{Client, StatusCode};

use crate::error::FetchError;
use crate::{Dataset, Progress};

/// How long a server may take to answer, and to send more.
const PATIENCE: Duration = Duration::from_secs(30);

/// Downloads the archive to `part`; what stands there is its beginning.
pub(crate) async fn download(dataset: &Dataset, part: &Path, progress: &mut (dyn FnMut(Progress) + Send)) -> Result<(), FetchError> {
    let failed = |error| FetchError::io(part, error);
    let total = dataset.archive.bytes;
    let mut file = OpenOptions::new().create(true).append(true).open(part).map_err(failed)?;
    let mut done = file.metadata().map_err(failed)?.len();
    if done == total {
        return Ok(());
    }
    if done > total {
        (file, done) = (File::create(part).map_err(failed)?, 0);
    }
    let unreachable =
        |error: reqwest::Error| FetchError::Unreachable { url: dataset.url.clone(), detail: causes(&error), name: dataset.name.clone() };
    let client = Client::builder().connect_timeout(PATIENCE).read_timeout(PATIENCE).build().map_err(unreachable)?;
    let mut request = client.get(&dataset.url);
    if done > 0 {
        request = request.header(RANGE, format!("bytes={done}-"));
    }
    let mut answer = request.send().await.map_err(unreachable)?;
    match answer.status() {
        StatusCode::PARTIAL_CONTENT if done > 0 => {}
        // The whole of it, whether that was asked for or not.
        StatusCode::OK => (file, done) = (File::create(part).map_err(failed)?, 0),
        status => return Err(FetchError::Answer { url: dataset.url.clone(), status: status.as_u16() }),
    }
    progress(Progress { done, total });
    let broken_off = |done, detail| FetchError::BrokenOff { url: dataset.url.clone(), done, total, detail };
    while let Some(chunk) = answer.chunk().await.map_err(|error| broken_off(done, causes(&error)))? {
        file.write_all(&chunk).map_err(failed)?;
        done += chunk.len() as u64;
        if done > total {
            // The check tells that it is another file.
            return Ok(());
        }
        progress(Progress { done, total });
    }
    if done < total {
        return Err(broken_off(done, "the server sent no more".to_owned()));
    }
    Ok(())
}

/// An error with its causes, in one line, without the address.
fn causes(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = error.to_string().replace(['\r', '\n'], " ");
        cause = error.source();
    }
    if text.is_empty() { "no answer".to_owned() } else { text }
}
