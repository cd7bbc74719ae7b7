//! Synthetic logs in the Criteo display advertising format: a label, 13 integers and 26 hashed
//! categories per row, separated by tabs, without a header. They are what click models are trained
//! on at scale.
//!
//! [`generate`] writes `criteo_events/day_0.tsv` to `day_6.tsv`. The same options give the same bytes
//! on any number of threads, because every row is a function of the seed and its number; memory does
//! not grow with the size. [`SETTINGS`] tells adlake how to read the files.
//!
//! # Time
//! The rows are in the order of time: row r of n was logged at the share r / n of seven days, and
//! a day has a file of its own. Nothing in a row says when it was logged. In columns with more than
//! a million values only the 10,000 most frequent stay. The others sink: all the time new ones come in
//! before them, a hundredth of the column's values in seven days, so that the end of the log has values that its
//! beginning could not teach.
//!
//! # The columns
//! | | |
//! |---|---|
//! | `label` | 1 = clicked |
//! | `I1` … `I13` | whole numbers: a log-normal one rounded down, its median and spread those of the real column; I3 begins at 1, I8 ends at 50; in place of a third of its zeros I2 has −1, and now and then −2 or −3 |
//! | `C1` … `C26` | eight hexadecimal digits, a code of the value's rank; the rank r (from 0) has a probability in proportion to the integral of (x + shift)^−steepness over r … r + 1 |
//!
//! The columns have as many values as those of the real data set of 45.8 million rows (3 to 10,131,226), and their
//! shift and steepness give the most frequent value and the number of distinct values in 8,184 rows as a real sample
//! has them. A column lacks its value as often as there, and columns that lack it together there do so
//! here: I1 and I10; I4 and I13; I7, I9 and I11; C3, C4, C12, C16, C21 and C24; C19, C20, C25 and C26. Beyond
//! that the columns are independent of each other, which those of real logs are not.
//!
//! # Clicks
//! The click probability p of a row is
//!
//! ```text
//! log(p / (1 - p)) = intercept + scale × (sum of the terms)
//! ```
//!
//! | term | value |
//! |---|---|
//! | I1, I7, I11, I13 | 0.25, 0.2, 0.2, 0.1, each × ln(1 + x) |
//! | I3, I5, I6 | −0.1, −0.12, −0.15, each × ln(1 + x) |
//! | I9 | 0.25 × cos(ln(1 + x)) |
//! | each category | drawn per column and value; standard deviation 0.35 in columns of up to 500 values, 0.2 up to 2,000, 0.1 up to 20,000, 0.05 beyond |
//! | C14 × C17, C6 × C23, C2 × C5 | drawn per pair of values, standard deviation 0.1 |
//!
//! A missing integer adds nothing; a missing category is a value of its own. I2, I4, I8, I10 and I12 say nothing of the click. What is
//! drawn for a value is a hash of seed, column and value, so no table of effects is kept. Intercept and scale are
//! found for each seed on a sample of the rows, so that 25.6 % of them are clicked and the ROC-AUC of the true
//! probabilities, the best that any model can reach, is 0.80; [`Generated`] tells both as they came out. The true probability
//! of each row stands in `truth/criteo_events.csv`, with its file and line.

mod categories;
mod files;
mod generate;
mod generated;
mod law;
mod numbers;
mod options;
mod parts;
mod rows;
#[cfg(test)]
mod tests;

pub use files::SETTINGS;
pub use generate::generate;
pub use generated::Generated;
pub use options::CriteoOptions;

pub use crate::synthetic::{ClickLaw, GenerateError, Progress, TableFiles};
