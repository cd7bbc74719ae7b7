//! Raw bytes to text: fingerprint, decompression, byte order mark, Latin-1.

use std::io::{self, BufReader, ErrorKind, Read};

use encoding_rs::mem::convert_latin1_to_utf8;
use flate2::bufread::MultiGzDecoder;
use spec::Encoding;
use xxhash_rust::xxh3::Xxh3;

use super::error::FileError;
use super::file_spec::{Compression, FileSpec};

/// What tells one version of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    /// Size in bytes, as stored (compressed).
    pub bytes: u64,
    /// XXH3-128 of the bytes as stored.
    pub xxh3: u128,
}

/// The fingerprint of a file, without decoding it.
///
/// # Errors
/// [`FileError::Io`] if the file cannot be read.
pub fn fingerprint(file: Box<dyn Read + Send>) -> Result<Fingerprint, FileError> {
    let mut raw = RawBytes::new(file);
    raw.drain()?;
    Ok(raw.fingerprint())
}

/// How many bytes tell a compression.
const HEAD: usize = 4;

/// How compressed files begin.
const MARKS: [(&str, &[u8], &str); 3] =
    [("gzip", b"\x1f\x8b", ".gz"), ("zstd", b"\x28\xb5\x2f\xfd", ".zst"), ("zip", b"PK\x03\x04", ".zip")];

/// The bytes as stored, counted and hashed as they pass.
struct RawBytes {
    file: Box<dyn Read + Send>,
    hash: Box<Xxh3>,
    bytes: u64,
    /// The first bytes, by which a compressed file is known.
    head: Vec<u8>,
    failed: bool,
}

impl RawBytes {
    fn new(file: Box<dyn Read + Send>) -> RawBytes {
        RawBytes { file, hash: Box::new(Xxh3::new()), bytes: 0, head: Vec::new(), failed: false }
    }

    /// What to say of a file that does not begin as the format does; one that is too short to tell may be unfinished.
    fn not_begun_as(&self, format: &str) -> Option<String> {
        let (_, mark, _) = MARKS.iter().find(|(name, _, _)| *name == format)?;
        // Zstandard files may begin with a frame to be skipped, of sixteen kinds.
        let is_skippable = format == "zstd" && matches!(self.head.as_slice(), [0x50..=0x5f, 0x2a, 0x4d, 0x18]);
        (self.head.iter().zip(*mark).any(|(byte, marked)| byte != marked) && !is_skippable)
            .then(|| format!("it does not begin as {format} does"))
    }

    fn drain(&mut self) -> io::Result<()> {
        let mut rest = vec![0; 256 << 10];
        while self.read(&mut rest)? > 0 {}
        Ok(())
    }

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint { bytes: self.bytes, xxh3: self.hash.digest128() }
    }
}

impl Read for RawBytes {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.file.read(into) {
                Ok(read) => {
                    self.hash.update(&into[..read]);
                    let missing = HEAD.saturating_sub(self.head.len()).min(read);
                    self.head.extend_from_slice(&into[..missing]);
                    self.bytes += read as u64;
                    return Ok(read);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failed = true;
                    return Err(error);
                }
            }
        }
    }
}

enum Stream {
    Plain(RawBytes),
    Gzip(Box<MultiGzDecoder<BufReader<RawBytes>>>),
    Zstd(zstd::Decoder<'static, BufReader<RawBytes>>),
}

impl Stream {
    fn open(raw: RawBytes, compression: Compression) -> Result<Stream, FileError> {
        const RAW_BUFFER: usize = 256 << 10;
        Ok(match compression {
            Compression::None => Stream::Plain(raw),
            Compression::Gzip => Stream::Gzip(Box::new(MultiGzDecoder::new(BufReader::with_capacity(RAW_BUFFER, raw)))),
            Compression::Zstd => Stream::Zstd(zstd::Decoder::with_buffer(BufReader::with_capacity(RAW_BUFFER, raw))?),
        })
    }

    fn raw(&mut self) -> &mut RawBytes {
        match self {
            Stream::Plain(raw) => raw,
            Stream::Gzip(decoder) => decoder.get_mut().get_mut(),
            Stream::Zstd(decoder) => decoder.get_mut().get_mut(),
        }
    }

    /// Fills `into` as far as the file goes.
    fn fill(&mut self, into: &mut [u8]) -> Result<usize, FileError> {
        let mut filled = 0;
        while filled < into.len() {
            let read = match self {
                Stream::Plain(raw) => raw.read(&mut into[filled..]),
                Stream::Gzip(decoder) => decoder.read(&mut into[filled..]),
                Stream::Zstd(decoder) => decoder.read(&mut into[filled..]),
            };
            match read {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.explain(error)),
            }
        }
        Ok(filled)
    }

    /// Whose fault an error is: the disk's, or that of the compressed bytes.
    fn explain(&mut self, error: io::Error) -> FileError {
        let format = match self {
            Stream::Plain(_) => return FileError::Io(error),
            Stream::Gzip(_) => "gzip",
            Stream::Zstd(_) => "zstd",
        };
        let raw = self.raw();
        if raw.failed {
            FileError::Io(error)
        } else if raw.bytes == 0 {
            FileError::Empty
        } else if let Some(detail) = raw.not_begun_as(format) {
            FileError::Corrupt { format, detail }
        } else if error.kind() == ErrorKind::UnexpectedEof {
            FileError::Truncated { detail: format!("the {format} stream has no end after {} bytes", raw.bytes) }
        } else {
            FileError::Corrupt { format, detail: error.to_string() }
        }
    }
}

/// The text of a file, as UTF-8 where the encoding is known (UTF-8 itself is not checked here).
pub(crate) struct Input {
    stream: Stream,
    encoding: Encoding,
    /// Bytes read ahead while looking for a byte order mark.
    ahead: Vec<u8>,
    /// Room for bytes before they are turned into UTF-8.
    latin_1: Vec<u8>,
    at_end: bool,
}

impl Input {
    pub fn open(file: Box<dyn Read + Send>, spec: &FileSpec) -> Result<Input, FileError> {
        let mut stream = Stream::open(RawBytes::new(file), spec.compression)?;
        let mut ahead = vec![0; 3];
        let read = stream.fill(&mut ahead)?;
        ahead.truncate(read);
        if let Stream::Plain(raw) = &stream
            && let Some((name, _, ending)) = MARKS
                .iter()
                .find(|(_, mark, _)| raw.head.len() >= mark.len().min(3) && raw.head.iter().zip(*mark).all(|(byte, marked)| byte == marked))
        {
            let detail = match *name {
                "zip" => "it is a zip archive: unpack it".to_string(),
                name => format!("it is compressed with {name}: end its name in {ending}"),
            };
            return Err(FileError::Corrupt { format: "text", detail });
        }
        match ahead.as_slice() {
            [0xEF, 0xBB, 0xBF] => ahead.clear(),
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => {
                return Err(FileError::Encoding { found: "UTF-16" });
            }
            _ => {}
        }
        Ok(Input { stream, encoding: spec.encoding, ahead, latin_1: Vec::new(), at_end: read < 3 })
    }

    /// Appends about `wanted` bytes of text; fewer only at the end of the file.
    pub fn read_more(&mut self, text: &mut Vec<u8>, wanted: usize) -> Result<(), FileError> {
        // In growing steps, so that a small file costs little memory.
        const FIRST_STEP: usize = 64 << 10;
        let start = text.len();
        while !self.at_end() && text.len() < start + wanted {
            let missing = start + wanted - text.len();
            let step = missing.min((text.len() - start).max(FIRST_STEP));
            match self.encoding {
                Encoding::Utf8 => self.read_raw(text, step)?,
                Encoding::Latin1 => {
                    let mut raw = std::mem::take(&mut self.latin_1);
                    raw.clear();
                    self.read_raw(&mut raw, step)?;
                    let before = text.len();
                    // A Latin-1 byte becomes at most two bytes.
                    text.resize(before + 2 * raw.len(), 0);
                    let written = convert_latin1_to_utf8(&raw, &mut text[before..]);
                    text.truncate(before + written);
                    self.latin_1 = raw;
                }
            }
        }
        Ok(())
    }

    fn read_raw(&mut self, into: &mut Vec<u8>, wanted: usize) -> Result<(), FileError> {
        into.append(&mut self.ahead);
        let before = into.len();
        into.resize(before + wanted, 0);
        let read = self.stream.fill(&mut into[before..])?;
        self.at_end |= read < wanted;
        into.truncate(before + read);
        Ok(())
    }

    /// Whether all text was read.
    pub fn at_end(&self) -> bool {
        self.at_end && self.ahead.is_empty()
    }

    /// The fingerprint of the whole file, whatever was read of it so far.
    pub fn finish(&mut self) -> Result<Fingerprint, FileError> {
        let raw = self.stream.raw();
        raw.drain()?;
        Ok(raw.fingerprint())
    }
}
