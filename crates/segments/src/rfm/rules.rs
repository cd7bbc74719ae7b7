//! The table that says which scores make which segment.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::scores::{BEST, Scores};
use crate::error::{Result, SegmentsError};

const CELLS: usize = (BEST as usize).pow(3);

/// Segments of all 125 combinations of scores.
///
/// Made from text with one rule per line, `segment: r 4-5, v 4-5`; the first that fits decides. Measures are r, f and m, the scores of
/// recency, frequency and monetary value, and v, the mean of the last two with halves rounded up. A measure that a rule does not name may
/// have any score; a rule without measures takes all that is left. A segment may have several rules. `#` begins a comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SegmentRules {
    text: String,
    names: Vec<String>,
    /// Per cell an index into the names.
    cells: Vec<usize>,
}

impl SegmentRules {
    /// The table of the eleven customary segments, as `gold.customer_rfm` has them.
    pub const CUSTOMARY: &'static str = include_str!("customary_rules.txt");

    /// Reads a rule table.
    ///
    /// # Errors
    ///
    /// If a line is no rule, a rule is never reached because earlier ones take all that it would, or a combination of scores has no
    /// rule; the message names the line or the combination.
    pub fn parse(text: &str) -> Result<Self> {
        let (mut names, mut cells) = (Vec::<String>::new(), vec![None; CELLS]);
        for (number, line) in (1..).zip(text.lines()) {
            let line_text = line.split('#').next().unwrap_or_default().trim();
            if line_text.is_empty() {
                continue;
            }
            let problem = |problem| SegmentsError::Rule { line: number, problem };
            let (name, rule) = rule(line_text).map_err(problem)?;
            let index = names.iter().position(|known| known == name).unwrap_or_else(|| {
                names.push(name.to_owned());
                names.len() - 1
            });
            let free = cells.iter_mut().enumerate().filter(|(cell, taken)| taken.is_none() && rule.takes(scores(*cell)));
            let taken = free.map(|(_, taken)| *taken = Some(index)).count();
            if taken == 0 {
                return Err(problem(format!("`{name}` is never reached: the rules before it take all that it would")));
            }
        }
        let covered = cells.into_iter().enumerate().map(|(cell, segment)| {
            let Scores { recency, frequency, monetary } = scores(cell);
            segment.ok_or(SegmentsError::Uncovered { recency, frequency, monetary })
        });
        Ok(Self { text: text.to_owned(), cells: covered.collect::<Result<_>>()?, names })
    }

    /// The segment of these scores. Scores outside 1 to 5 count as the nearest of these.
    pub fn segment(&self, scores: Scores) -> &str {
        self.cells.get(cell(scores)).and_then(|segment| self.names.get(*segment)).map_or("", String::as_str)
    }

    /// The names of the segments, in the order of the table.
    pub fn segments(&self) -> &[String] {
        &self.names
    }
}

impl FromStr for SegmentRules {
    type Err = SegmentsError;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl TryFrom<String> for SegmentRules {
    type Error = SegmentsError;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

impl From<SegmentRules> for String {
    fn from(rules: SegmentRules) -> Self {
        rules.text
    }
}

/// Lowest and highest score of each measure, in the order of `MEASURES`.
struct Rule([(u8, u8); 4]);

const MEASURES: [&str; 4] = ["r", "f", "m", "v"];

impl Rule {
    fn takes(&self, Scores { recency, frequency, monetary }: Scores) -> bool {
        let value = (frequency + monetary).div_ceil(2);
        let scores = [recency, frequency, monetary, value];
        scores.iter().zip(self.0).all(|(score, (lowest, highest))| (lowest..=highest).contains(score))
    }
}

fn rule(line: &str) -> Result<(&str, Rule), String> {
    let Some((name, conditions)) = line.split_once(':') else {
        return Err(format!("`{line}` has no colon: write a rule as `loyal: r 4-5, f 3`"));
    };
    let name = name.trim_end();
    let is_named = |name: &str| name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_');
    if name.is_empty() || !is_named(name) {
        return Err(format!("`{name}` is no name of a segment: use lower-case letters, digits and underscores"));
    }
    let mut ranges = [None; 4];
    for condition in conditions.split(',').map(str::trim) {
        if condition.is_empty() && conditions.trim().is_empty() {
            break;
        }
        let Some((measure, scores)) = condition.split_once(char::is_whitespace) else {
            return Err(format!("`{condition}` is no condition: write a measure and its scores, as `r 4-5`"));
        };
        let Some(index) = MEASURES.iter().position(|known| *known == measure) else {
            return Err(format!("`{measure}` is no measure: use r, f, m or v"));
        };
        if ranges[index].replace(range(scores.trim())?).is_some() {
            return Err(format!("measure `{measure}` is there twice: write its scores as one range"));
        }
    }
    Ok((name, Rule(ranges.map(|range| range.unwrap_or((1, BEST))))))
}

fn range(text: &str) -> Result<(u8, u8), String> {
    let (lowest, highest) = text.split_once('-').unwrap_or((text, text));
    let score = |text: &str| text.trim().parse::<u8>().ok().filter(|score| (1..=BEST).contains(score));
    match (score(lowest), score(highest)) {
        (Some(lowest), Some(highest)) if lowest <= highest => Ok((lowest, highest)),
        _ => Err(format!("`{text}` are no scores: write one from 1 to 5, or a range as 4-5")),
    }
}

fn cell(Scores { recency, frequency, monetary }: Scores) -> usize {
    let digit = |score: u8| usize::from(score.clamp(1, BEST) - 1);
    let base = usize::from(BEST);
    (digit(recency) * base + digit(frequency)) * base + digit(monetary)
}

fn scores(cell: usize) -> Scores {
    let base = usize::from(BEST);
    let score = |digit: usize| (digit % base) as u8 + 1;
    Scores { recency: score(cell / base / base), frequency: score(cell / base), monetary: score(cell) }
}
