//! Where the elements of a JSON document begin and end.
//!
//! A document is an array of objects, or objects one after the other. Braces are matched, strings
//! skipped. An element whose braces or strings do not close is given up, and reading goes on at the next
//! line that begins with an opening brace no deeper than the line of the broken element, which is
//! where a printed document has its next element. In a document without line breaks there is no
//! such place, and the rest of it is given up.

use memchr::{memchr, memchr3, memrchr};

use crate::files::blocks::{Broken, Cut};
use crate::files::error::FileError;
use crate::files::file_spec::Limits;

/// Cuts a document, piece by piece.
#[derive(Debug, Default)]
pub(crate) struct DocumentCutter {
    in_array: bool,
    giving_up: Option<GivingUp>,
    indent: Indent,
    /// The last byte read that is no blank.
    last: u8,
    unclosed_at_end: bool,
}

/// An element was given up and no place to go on was found yet.
#[derive(Debug, Clone, Copy)]
struct GivingUp {
    /// The depth in blanks at which an element may begin again.
    depth: usize,
    /// Whether the next piece begins with a line, rather than within one.
    at_line_start: bool,
}

/// The blanks at the start of the line on which a piece begins.
#[derive(Debug, Default)]
struct Indent {
    blanks: usize,
    /// Whether something else than blanks has followed, so that the number stands.
    is_known: bool,
}

impl Indent {
    /// The blanks at the start of the line that holds position `at`.
    fn of_line(&self, text: &[u8], at: usize) -> usize {
        match memrchr(b'\n', &text[..at]) {
            Some(newline) => blanks(&text[newline + 1..]),
            None if self.is_known => self.blanks,
            None => self.blanks + blanks(text),
        }
    }

    /// Passes text that was read.
    fn pass(&mut self, text: &[u8]) {
        let line = memrchr(b'\n', text).map_or(0, |newline| newline + 1);
        if line > 0 {
            *self = Indent::default();
        }
        if !self.is_known {
            let more = blanks(&text[line..]);
            self.blanks += more;
            self.is_known = more < text.len() - line;
        }
    }
}

enum End {
    At(usize),
    Broken(&'static str),
    Unclosed,
    NotYet,
}

impl DocumentCutter {
    /// Cuts after the last whole element.
    pub fn cut(&mut self, text: &[u8], limits: &Limits, at_end: bool) -> Cut {
        if let Some(last) = text.trim_ascii_end().last() {
            self.last = *last;
        }
        let mut broken = Vec::new();
        let mut elements = Vec::new();
        let mut at = 0;
        if let Some(given_up) = self.giving_up {
            at = self.resume(text, 0, given_up, at_end);
            if at > 0 {
                let reason = "part of the broken element before".to_string();
                broken.push(Broken { at: 0..at, reason });
            }
        }
        while self.giving_up.is_none() {
            at = self.skip_separators(text, at);
            let Some(first) = text.get(at) else { break };
            let end = match first {
                b'{' | b'[' => closing(text, at, limits.record_bytes, at_end),
                _ => scalar_end(text, at, at_end),
            };
            let (end, reason) = match end {
                End::NotYet => break,
                End::At(end) if *first == b'{' => {
                    elements.push(at..end);
                    at = end;
                    continue;
                }
                End::At(end) => (end, "expected an object in braces"),
                End::Broken(reason) => (self.give_up(text, at, at_end), reason),
                End::Unclosed => {
                    self.unclosed_at_end = at_end;
                    (self.give_up(text, at, at_end), "its braces or strings do not close")
                }
            };
            broken.push(Broken { at: at..end, reason: format!("not a JSON object: {reason}") });
            at = end;
        }
        self.indent.pass(&text[..at]);
        Cut { end: at, broken, elements: Some(elements), ..Cut::default() }
    }

    /// An error if the document, read to its end, was cut in the middle.
    pub fn check_end(&self) -> Result<(), FileError> {
        let ends_well = matches!(self.last, b'}' | b']');
        if (self.in_array && self.last != b']') || (self.unclosed_at_end && !ends_well) {
            return Err(FileError::Truncated { detail: "the JSON document has no end".to_string() });
        }
        Ok(())
    }

    /// Passes blanks, commas, and the brackets of the array around the elements.
    fn skip_separators(&mut self, text: &[u8], mut at: usize) -> usize {
        while let Some(byte) = text.get(at) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b',' => {}
                b'[' if !self.in_array => self.in_array = true,
                b']' if self.in_array => self.in_array = false,
                _ => break,
            }
            at += 1;
        }
        at
    }

    /// Gives up the element at `from`; returns where the next one may begin.
    fn give_up(&mut self, text: &[u8], from: usize, at_end: bool) -> usize {
        let given_up = GivingUp { depth: self.indent.of_line(text, from), at_line_start: false };
        self.resume(text, from, given_up, at_end)
    }

    /// Finds the next line on which an element may begin. If there is none yet, what was read is given up
    /// and the search goes on with the next piece.
    fn resume(&mut self, text: &[u8], from: usize, given_up: GivingUp, at_end: bool) -> usize {
        let GivingUp { depth, mut at_line_start } = given_up;
        let mut at = from;
        loop {
            if at_line_start {
                let blank = blanks(&text[at..]);
                match text.get(at + blank) {
                    Some(b'{') if blank <= depth => {
                        self.giving_up = None;
                        return at;
                    }
                    // What begins after the blanks is not yet known.
                    None if !at_end => break,
                    _ => {}
                }
            }
            match memchr(b'\n', &text[at..]) {
                Some(newline) => at += newline + 1,
                None => {
                    at = text.len();
                    at_line_start = false;
                    break;
                }
            }
            at_line_start = true;
        }
        self.giving_up = Some(GivingUp { depth, at_line_start });
        at
    }
}

fn next_line(text: &[u8], from: usize) -> usize {
    memchr(b'\n', &text[from..]).map_or(text.len(), |newline| from + newline + 1)
}

fn blanks(line: &[u8]) -> usize {
    line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// The end of the object or array at `open`.
fn closing(text: &[u8], open: usize, limit: usize, at_end: bool) -> End {
    let mut closers = Vec::new();
    let mut at = open;
    let limit = open.saturating_add(limit);
    while let Some(byte) = text.get(at) {
        if at > limit {
            return End::Broken("it is longer than an element may be, or its braces do not close");
        }
        match byte {
            b'{' => closers.push(b'}'),
            b'[' => closers.push(b']'),
            b'}' | b']' => {
                if closers.pop() != Some(*byte) {
                    return End::Broken("its brackets do not match");
                }
                if closers.is_empty() {
                    return End::At(at + 1);
                }
            }
            b'"' => match string_end(text, at) {
                End::At(end) => {
                    at = end;
                    continue;
                }
                End::NotYet if !at_end && text.len() <= limit => return End::NotYet,
                End::NotYet => return End::Unclosed,
                broken => return broken,
            },
            _ => {}
        }
        at += 1;
    }
    if at_end { End::Unclosed } else { End::NotYet }
}

fn string_end(text: &[u8], open: usize) -> End {
    let mut at = open + 1;
    while let Some(found) = memchr3(b'"', b'\\', b'\n', text.get(at..).unwrap_or_default()) {
        match text[at + found] {
            b'"' => return End::At(at + found + 1),
            b'\n' => return End::Broken("a string does not close on its line"),
            _ => at += found + 2,
        }
    }
    End::NotYet
}

/// The end of what is neither object nor array: up to a comma, bracket or line end.
fn scalar_end(text: &[u8], from: usize, at_end: bool) -> End {
    if text[from] == b'"' {
        return match string_end(text, from) {
            End::NotYet if at_end => End::At(text.len()),
            End::Broken(_) => End::At(next_line(text, from)),
            end => end,
        };
    }
    let length = text[from..].iter().position(|byte| matches!(byte, b',' | b'\n' | b']' | b'{'));
    match length {
        // A bracket or brace that nothing opened.
        Some(0) => End::At(from + 1),
        Some(length) => End::At(from + length),
        None if at_end => End::At(text.len()),
        None => End::NotYet,
    }
}
