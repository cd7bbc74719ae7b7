//! A row that cannot be decoded.

/// Bytes of raw text kept of a reject.
pub const RAW_LIMIT: usize = 64 << 10;

/// A broken row, with all that is needed to find and mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The 1-based physical line on which the row starts.
    pub line: u64,
    /// The row as received, without its line end. Bytes that are not UTF-8 stand as U+FFFD, and text
    /// beyond [`RAW_LIMIT`] is left out; the reason says so in both cases.
    pub raw: String,
    /// What is wrong, in one line.
    pub reason: String,
}

impl Reject {
    pub(crate) fn new(line: u64, raw: &[u8], reason: impl Into<String>) -> Reject {
        let raw = without_line_end(raw);
        let mut reason = reason.into();
        let kept = &raw[..raw.len().min(RAW_LIMIT)];
        if kept.len() < raw.len() {
            reason.push_str(&format!(" (raw text cut to {RAW_LIMIT} of {} bytes)", raw.len()));
        }
        let kept = match simdutf8::compat::from_utf8(kept) {
            Ok(text) => text.to_string(),
            // The cut went through a character.
            Err(error) if error.error_len().is_none() && kept.len() < raw.len() => {
                String::from_utf8_lossy(&kept[..error.valid_up_to()]).into_owned()
            }
            Err(_) => {
                reason.push_str(" (raw text has U+FFFD in place of the bad bytes)");
                String::from_utf8_lossy(kept).into_owned()
            }
        };
        Reject { line, raw: kept, reason }
    }
}

/// The text without the LF or CRLF at its end.
pub(crate) fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// What to say of a row whose byte `position`, from 0, is not UTF-8.
pub(crate) fn not_utf8(position: usize) -> String {
    let byte = position + 1;
    format!("not UTF-8 at byte {byte}: if the file is Latin-1, say `encoding = \"iso-8859-1\"` and give it another name, to be read again")
}
