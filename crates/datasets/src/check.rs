//! Whether a file is the published one.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::error::FetchError;

/// What is known of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes, in hexadecimal digits, lower-case.
    pub sha256: String,
}

impl Known {
    /// A size and a hash.
    pub fn new(bytes: u64, sha256: &str) -> Known {
        Known { bytes, sha256: sha256.to_owned() }
    }

    /// What is known of these bytes.
    pub fn of(bytes: &[u8]) -> Known {
        Known { bytes: bytes.len() as u64, sha256: hexadecimal(&Sha256::digest(bytes)) }
    }

    /// Reads a file and compares.
    ///
    /// # Errors
    /// [`FetchError::Differs`] if it is another one, [`FetchError::Io`].
    pub fn check(&self, path: &Path) -> Result<(), FetchError> {
        let failed = |error| FetchError::io(path, error);
        let differs = |problem| FetchError::Differs { path: path.to_owned(), problem };
        let mut file = File::open(path).map_err(failed)?;
        let bytes = file.metadata().map_err(failed)?.len();
        if bytes != self.bytes {
            return Err(differs(format!("it has {bytes} bytes in place of {}", self.bytes)));
        }
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 256 << 10];
        loop {
            let read = file.read(&mut buffer).map_err(failed)?;
            if read == 0 {
                break;
            }
            hash.update(&buffer[..read]);
        }
        let found = hexadecimal(&hash.finalize());
        if found != self.sha256 {
            return Err(differs(format!("its SHA-256 is {found} in place of {}", self.sha256)));
        }
        Ok(())
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
