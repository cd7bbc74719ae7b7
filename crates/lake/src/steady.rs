//! A store on the network whose reads survive a connection that breaks.
//!
//! The S3 client sends a request again that was refused or lost, and goes on with a download that broke off, but gives up
//! where a listing, or the body of an answer such as "no such object", breaks off half-way. A run lists often and asks for
//! many objects that may be missing: that would be most of what brings it down. Writes are left alone, as one that was
//! answered by half may have been done.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions,
    PutPayload, PutResult, RenameOptions, Result,
};

/// How often a read that breaks off is tried, and the first wait, which doubles.
const TRIES: u32 = 8;
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// The store within, with listings that go on where they broke off and reads that are tried again.
#[derive(Debug)]
pub(crate) struct SteadyReads(pub Arc<dyn ObjectStore>);

impl fmt::Display for SteadyReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A listing under way.
struct Listing {
    store: Arc<dyn ObjectStore>,
    prefix: Option<Path>,
    /// The last path that was given; the store lists in the order of paths.
    after: Option<Path>,
    pages: BoxStream<'static, Result<ObjectMeta>>,
    failures: u32,
}

impl Listing {
    fn new(store: Arc<dyn ObjectStore>, prefix: Option<&Path>, after: Option<Path>) -> Self {
        let prefix = prefix.cloned();
        let pages = pages(&store, prefix.as_ref(), after.as_ref());
        Self { store, prefix, after, pages, failures: 0 }
    }

    async fn next(mut self) -> Result<Option<(ObjectMeta, Self)>> {
        loop {
            match self.pages.try_next().await {
                Ok(None) => return Ok(None),
                Ok(Some(found)) => {
                    self.after = Some(found.location.clone());
                    self.failures = 0;
                    return Ok(Some((found, self)));
                }
                Err(error) => {
                    rest(&mut self.failures, error).await?;
                    self.pages = pages(&self.store, self.prefix.as_ref(), self.after.as_ref());
                }
            }
        }
    }
}

fn pages(store: &Arc<dyn ObjectStore>, prefix: Option<&Path>, after: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
    match after {
        None => store.list(prefix),
        Some(after) => store.list_with_offset(prefix, after),
    }
}

/// Waits before the next try, or gives the error back where it is of another kind or came too often.
async fn rest(failures: &mut u32, error: Error) -> Result<()> {
    *failures += 1;
    if *failures >= TRIES || !matches!(error, Error::Generic { .. }) {
        return Err(error);
    }
    tokio::time::sleep(FIRST_WAIT * 2_u32.pow(*failures - 1)).await;
    Ok(())
}

#[async_trait]
impl ObjectStore for SteadyReads {
    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        futures::stream::try_unfold(Listing::new(Arc::clone(&self.0), prefix, None), Listing::next).boxed()
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        futures::stream::try_unfold(Listing::new(Arc::clone(&self.0), prefix, Some(offset.clone())), Listing::next).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let mut failures = 0;
        loop {
            match self.0.list_with_delimiter(prefix).await {
                Err(error) => rest(&mut failures, error).await?,
                done => return done,
            }
        }
    }

    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        self.0.put_opts(location, payload, opts).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.0.put_multipart_opts(location, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let mut failures = 0;
        loop {
            match self.0.get_opts(location, options.clone()).await {
                Err(error) => rest(&mut failures, error).await?,
                done => return done,
            }
        }
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let mut failures = 0;
        loop {
            match self.0.get_ranges(location, ranges).await {
                Err(error) => rest(&mut failures, error).await?,
                done => return done,
            }
        }
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.0.delete_stream(locations)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.0.rename_opts(from, to, options).await
    }
}
