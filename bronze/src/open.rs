//! The bytes of a source file, from a disk or an object store, as a blocking reader.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, sync_channel};

use bytes::{Buf, Bytes};
use futures::StreamExt;
use lake::Location;
use object_store::ObjectStoreExt;
use object_store::path::Path;

/// Where a file of the source lies.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// On a disk.
    Disk(PathBuf),
    /// In an object store.
    Store(Path),
}

/// Opens a file of the source.
///
/// # Errors
/// It is gone, or may not be read.
pub(crate) fn open(location: &Location, place: &Place) -> io::Result<Box<dyn Read + Send>> {
    match place {
        Place::Disk(path) => Ok(Box::new(File::open(path)?)),
        Place::Store(path) => Ok(Box::new(Remote::open(location, path.clone())?)),
    }
}

/// An object fetched by a thread of its own, so that a blocked reader never keeps the fetch from going on.
struct Remote {
    chunks: Receiver<io::Result<Bytes>>,
    current: Bytes,
}

impl Remote {
    fn open(location: &Location, path: Path) -> io::Result<Self> {
        let (sender, chunks) = sync_channel(4);
        let store = location.store.clone();
        std::thread::Builder::new().name("source-fetch".to_owned()).spawn(move || {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => {
                    let _ = sender.send(Err(error));
                    return;
                }
            };
            runtime.block_on(async {
                let mut stream = match store.get(&path).await {
                    Ok(found) => found.into_stream(),
                    Err(error) => {
                        let _ = sender.send(Err(error.into()));
                        return;
                    }
                };
                while let Some(chunk) = stream.next().await {
                    if sender.send(chunk.map_err(io::Error::from)).is_err() {
                        return; // the reader was dropped
                    }
                }
            });
        })?;
        Ok(Self { chunks, current: Bytes::new() })
    }
}

impl Read for Remote {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.chunks.recv() {
                Ok(chunk) => self.current = chunk?,
                Err(_) => return Ok(0),
            }
        }
        let count = self.current.len().min(buffer.len());
        self.current.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}
