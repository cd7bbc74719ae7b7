//! Bytes on their way: a file is read while it is sent, and a transfer that stands still is given up.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, Stream};
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use xxhash_rust::xxh3::Xxh3;

use crate::run::Content;

const PIECE: usize = 256 * 1024;

/// How much of a transfer went through.
#[derive(Clone, Default)]
pub(super) struct Progress(Arc<AtomicU64>);

impl Progress {
    fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// The future's result; none if nothing went through for so long.
    pub(super) async fn unless_still<T>(&self, patience: Duration, future: impl Future<Output = T>) -> Option<T> {
        let mut future = std::pin::pin!(future);
        let mut before = self.0.load(Ordering::Relaxed);
        loop {
            if let Ok(result) = tokio::time::timeout(patience, &mut future).await {
                return Some(result);
            }
            let now = self.0.load(Ordering::Relaxed);
            if now == before {
                return None;
            }
            before = now;
        }
    }
}

/// Some content, opened for sending.
pub(super) enum Source {
    Bytes(Bytes),
    File(File, u64),
}

impl Source {
    pub(super) async fn open(content: &Content) -> io::Result<Self> {
        Ok(match content {
            Content::Bytes(bytes) => Self::Bytes(Bytes::copy_from_slice(bytes)),
            Content::Text(text) => Self::Bytes(Bytes::copy_from_slice(text.as_bytes())),
            Content::File(path) => {
                let file = File::open(path).await?;
                let about = file.metadata().await?;
                if !about.is_file() {
                    return Err(io::Error::new(io::ErrorKind::InvalidInput, "is no file: name one, a folder's files one by one"));
                }
                Self::File(file, about.len())
            }
        })
    }

    /// In bytes.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(_, length) => *length,
        }
    }

    /// The content in pieces. A file is sent up to the length it had when it was opened; if it has become shorter, that is an error.
    pub(super) fn pieces(self, progress: Progress) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        stream::try_unfold((self, 0_u64), move |(mut source, sent)| {
            let progress = progress.clone();
            async move {
                let piece = source.piece(sent).await?;
                progress.add(piece.len());
                let sent = sent + piece.len() as u64;
                Ok((!piece.is_empty()).then_some((piece, (source, sent))))
            }
        })
    }

    async fn piece(&mut self, sent: u64) -> io::Result<Bytes> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.split_to(bytes.len().min(PIECE))),
            Self::File(file, length) => {
                let wanted = usize::try_from(*length - sent).unwrap_or(PIECE).min(PIECE);
                let mut piece = vec![0; wanted];
                file.read_exact(&mut piece).await?;
                Ok(piece.into())
            }
        }
    }
}

/// A fingerprint of some content: XXH3 of 128 bits, in hexadecimal digits.
pub(super) async fn fingerprint(content: &Content) -> io::Result<String> {
    let mut hash = Xxh3::new();
    match content {
        Content::Bytes(bytes) => hash.update(bytes),
        Content::Text(text) => hash.update(text.as_bytes()),
        Content::File(path) => hash_file(path, &mut hash).await?,
    }
    Ok(format!("{:032x}", hash.digest128()))
}

async fn hash_file(path: &Path, hash: &mut Xxh3) -> io::Result<()> {
    let mut file = File::open(path).await?;
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece).await? {
            0 => return Ok(()),
            read => hash.update(&piece[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use futures::TryStreamExt;

    use super::*;

    fn file(bytes: &[u8]) -> (tempfile::TempDir, Content) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.onnx");
        std::fs::write(&path, bytes).unwrap();
        (folder, Content::File(path))
    }

    #[tokio::test]
    async fn a_file_arrives_in_pieces_as_it_is() {
        let bytes: Vec<u8> = (0..PIECE * 2 + 17).map(|index| (index % 251) as u8).collect();
        let (_folder, content) = file(&bytes);
        for content in [content, Content::Bytes(bytes.clone())] {
            let (source, progress) = (Source::open(&content).await.unwrap(), Progress::default());
            assert_eq!(source.len(), bytes.len() as u64);
            let pieces: Vec<Bytes> = source.pieces(progress.clone()).try_collect().await.unwrap();
            assert_eq!(pieces.iter().map(Bytes::len).collect::<Vec<_>>(), [PIECE, PIECE, 17]);
            assert!(pieces.concat() == bytes && progress.0.load(Ordering::Relaxed) == bytes.len() as u64);
            assert_eq!(fingerprint(&content).await.unwrap(), format!("{:032x}", xxhash_rust::xxh3::xxh3_128(&bytes)));
        }
    }

    #[tokio::test]
    async fn a_file_that_is_cut_while_it_is_sent_is_an_error() {
        let (_folder, content) = file(&[7; 1000]);
        let source = Source::open(&content).await.unwrap();
        let Content::File(path) = &content else { unreachable!() };
        std::fs::write(path, [7; 10]).unwrap();
        assert!(source.pieces(Progress::default()).try_collect::<Vec<_>>().await.is_err());
    }

    #[tokio::test]
    async fn what_stands_still_is_given_up_and_what_moves_slowly_is_not() {
        let (patience, progress) = (Duration::from_millis(100), Progress::default());
        assert_eq!(progress.unless_still(patience, std::future::pending::<()>()).await, None);
        let slow = async {
            for _ in 0..20 {
                tokio::time::sleep(Duration::from_millis(20)).await;
                progress.add(1);
            }
        };
        assert_eq!(progress.unless_still(patience, slow).await, Some(()));
    }
}
