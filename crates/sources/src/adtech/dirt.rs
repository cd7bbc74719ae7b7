//! What real logs suffer from, each kind with its rate. Both laws carry the same dirt.
//!
//! Rates are shares of the rows named. Broken rows exist only when asked for (`malformed`).

use serde::Serialize;

use crate::synthetic::draw::Draws;

/// Of requests, impressions and clicks, each by itself: arrives one to three days after it
/// happened.
pub const LATE: f64 = 0.01;
/// Of requests: delivered twice. Half of the copies are exact, half carry a later timestamp.
pub const REQUEST_COPY: f64 = 0.005;
/// Of impressions: delivered twice, exactly.
pub const IMPRESSION_COPY: f64 = 0.002;
/// Of clicks: there is another one with the same `id_md5`. Half are exact copies, half have a
/// `click_id` of their own.
pub const CLICK_COPY: f64 = 0.01;
/// Of installs: delivered twice, exactly.
pub const INSTALL_COPY: f64 = 0.005;
/// Of copies: arrive on a later day than they would with the original.
pub const COPY_LATER: f64 = 0.2;
/// Of clicks: the user clicks on and on, with a new `click_id` each time.
pub const CLICK_BURST: f64 = 0.0005;
/// Fewest and most extra clicks of a burst.
pub const BURST_CLICKS: (usize, usize) = (20, 60);
/// Of users: their row of `user_profile` stands twice.
pub const USER_COPY: f64 = 0.002;
/// Of impressions: the campaign is not among the campaigns.
pub const UNKNOWN_CAMPAIGN: f64 = 0.01;
/// Of impressions: the campaign is `''` or `null`.
pub const MISSING_CAMPAIGN: f64 = 0.005;
/// Of requests and users: a known gender is spelled otherwise than `M` or `F`.
pub const GENDER_SPELLING: f64 = 0.25;
/// Of requests and users: the gender is `''`, `null` or `Unknown`.
pub const GENDER_MISSING: f64 = 0.03;
/// Of requests and users: the state is in lower or mixed case.
pub const STATE_CASE: f64 = 0.05;
/// Of requests and users, for each of age range, state, city, price range, model and language: the
/// field is `''` or `null`.
pub const FIELD_MISSING: f64 = 0.007;
/// Of requests: delivered up to a quarter of an hour after it was made, so that it stands behind
/// younger ones.
pub const OUT_OF_ORDER: f64 = 0.03;
/// Of rows of every table but `campaigns`, if asked for: broken in one of the ways of [`Breakage`].
pub const BROKEN: f64 = 0.0005;

/// How a row is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Breakage {
    /// The row ends early.
    TooFewFields,
    /// The row has more fields than the header.
    TooManyFields,
    /// A field holds bytes that are not UTF-8.
    InvalidUtf8,
    /// A field begins with a quote that nothing closes.
    UnclosedQuote,
    /// The timestamp names no instant. Only in requests and installs.
    ImpossibleTimestamp,
}

impl Breakage {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::TooFewFields, Self::TooManyFields, Self::InvalidUtf8, Self::UnclosedQuote, Self::ImpossibleTimestamp];

    /// The name in `truth/malformed.csv`.
    pub fn name(self) -> &'static str {
        match self {
            Self::TooFewFields => "too_few_fields",
            Self::TooManyFields => "too_many_fields",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::UnclosedQuote => "unclosed_quote",
            Self::ImpossibleTimestamp => "impossible_timestamp",
        }
    }
}

/// The gender as some client wrote it. `gender` is 0 for M, 1 for F.
pub(super) fn gender(gender: u8, draws: &mut Draws) -> &'static str {
    const SPELLINGS: [[&str; 5]; 2] = [["male", "Male", "m", "MALE", "M "], ["female", "Female", "f", "FEMALE", " F"]];
    let share = draws.fraction();
    if share < GENDER_MISSING {
        ["", "null", "Unknown"][draws.below(3)]
    } else if share < GENDER_MISSING + GENDER_SPELLING {
        SPELLINGS[gender as usize][draws.below(5)]
    } else {
        ["M", "F"][gender as usize]
    }
}

/// The state code as some client wrote it; two bytes.
pub(super) fn state(code: &str, draws: &mut Draws) -> [u8; 2] {
    let mut bytes = [0; 2];
    bytes.copy_from_slice(&code.as_bytes()[..2]);
    let share = draws.fraction();
    if share < STATE_CASE {
        bytes[1].make_ascii_lowercase();
        if share < STATE_CASE * 0.6 {
            bytes[0].make_ascii_lowercase();
        }
    }
    bytes
}

/// What stands in place of a missing field; `None` for most.
pub(super) fn missing(draws: &mut Draws) -> Option<&'static str> {
    let share = draws.fraction();
    (share < FIELD_MISSING).then_some(if share < FIELD_MISSING * 0.6 { "" } else { "null" })
}

/// Breaks the row that starts at `start` and ends, with its line end, at the end of `bytes`.
/// `timestamp` is the offset in the row of its timestamp, if it has one.
pub(super) fn break_row(bytes: &mut Vec<u8>, start: usize, timestamp: Option<usize>, draws: &mut Draws) -> Breakage {
    let kinds = if timestamp.is_some() { Breakage::ALL.len() } else { Breakage::ALL.len() - 1 };
    let breakage = Breakage::ALL[draws.below(kinds)];
    bytes.pop(); // the line end
    let commas = separators(&bytes[start..]);
    let comma = start + commas[draws.below(commas.len())];
    match breakage {
        Breakage::TooFewFields => bytes.truncate(comma),
        Breakage::TooManyFields => bytes.extend_from_slice(if draws.chance(0.5) { b",1" } else { b",surplus,,1" }),
        Breakage::InvalidUtf8 => {
            let wrong: &[u8] = if draws.chance(0.5) { &[0xFF] } else { &[0xC3, 0x28] };
            bytes.splice(comma..comma, wrong.iter().copied());
        }
        Breakage::UnclosedQuote => {
            // Behind the last field that is quoted already, or that field would close this one.
            let after = commas.iter().rposition(|comma| bytes[start + comma + 1..].starts_with(b"\"")).map_or(0, |at| at + 1);
            let comma = start + commas[(after + draws.below(commas.len() - after)).min(commas.len() - 1)];
            bytes.insert(comma + 1, b'"');
        }
        Breakage::ImpossibleTimestamp => {
            let at = start + timestamp.unwrap_or(0);
            let end = bytes[at..].iter().position(|byte| *byte == b',').map_or(bytes.len(), |length| at + length);
            let wrong: &[u8] = match draws.below(4) {
                0 => b"2025-02-30 25:61:00",
                1 => b"yesterday",
                2 => b"0000-00-00 00:00:00",
                _ => b"2025-13-01 12:00:00.000000",
            };
            bytes.splice(at..end, wrong.iter().copied());
        }
    }
    bytes.push(b'\n');
    breakage
}

/// Offsets of the commas between fields.
fn separators(row: &[u8]) -> Vec<usize> {
    let mut is_quoted = false;
    let mut found = Vec::new();
    for (at, byte) in row.iter().enumerate() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b',' if !is_quoted => found.push(at),
            _ => {}
        }
    }
    found
}
