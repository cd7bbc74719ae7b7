//! What a lake is run with.

use std::str::FromStr;

use crate::closest::did_you_mean;
use crate::error::Problem;
use crate::keys::{Entry, Reader, expected};
use crate::parameters::Parameters;
use toml::de::DeTable;

mod source_table;
#[cfg(test)]
mod tests;
mod value;

pub use source_table::SourceTable;
use value::Given;

/// The commented file of all settings with their defaults.
pub const DEFAULT_SETTINGS: &str = include_str!("default.toml");

/// More threads than this help nobody, and no system starts any number of them.
pub const MAX_THREADS: usize = 1024;

/// A memory or file of more MiB is a slip of the pen.
pub const MAX_MIB: u64 = 1 << 30;

/// What a lake is run with. The meaning of each key stands in [`DEFAULT_SETTINGS`].
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where the lake is: a folder or a URL.
    pub lake: String,
    /// How many threads work; 0 = one per core.
    pub threads: usize,
    /// Memory in MiB before work spills to disk; 0 = no limit.
    pub memory_limit_mb: usize,
    /// `[source]`: where raw data comes from.
    pub source: SourceSettings,
    /// `[write]`: how tables are written.
    pub write: WriteSettings,
    /// `[vacuum]`: how long old versions can be read.
    pub vacuum: VacuumSettings,
    /// `[s3]`: how object stores are reached.
    pub s3: S3Settings,
    /// `models.dir`: a folder of models to run instead of the shipped ones.
    pub models_dir: Option<String>,
    /// `[parameters.LAYER.TABLE]`: values that take the place of the models' own.
    pub parameters: Parameters,
    /// `[churn]`: what keeping a customer costs and brings.
    pub churn: ChurnSettings,
}

/// `[churn]`: what keeping a customer costs and brings, in the log's currency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChurnSettings {
    /// What one offer costs, whether it works or not; not negative.
    pub offer_cost: f64,
    /// What a customer who is kept brings; above 0.
    pub customer_value: f64,
    /// Of customers who would have left, the share that an offer keeps; above 0 and at most 1.
    pub offer_success_rate: f64,
}

/// `[source]`: where raw data comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceSettings {
    /// A folder or a URL; `None` = nothing is ingested.
    pub url: Option<String>,
    /// How text files are encoded where a table does not say otherwise.
    pub encoding: Encoding,
    /// Seconds without a change after which a file is read.
    pub settle_seconds: u64,
    /// Patterns of paths that are never read.
    pub ignore: Vec<String>,
    /// Which files make which bronze table, the first fit counts.
    pub tables: Vec<SourceTable>,
}

/// `[write]`: how tables are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteSettings {
    /// How Parquet files are compressed.
    pub compression: Compression,
    /// The size a data file should have, in MiB; at least 1.
    pub target_file_mb: u64,
}

/// `[vacuum]`: how long old versions can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VacuumSettings {
    /// Hours for which files that the newest version no longer needs are kept.
    pub keep_hours: u64,
}

/// `[s3]`: how object stores are reached. Keys come from the `AWS_*` environment variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Settings {
    /// Another server than Amazon's.
    pub endpoint: Option<String>,
    /// The region of the bucket.
    pub region: Option<String>,
    /// Whether the endpoint may be reached without TLS.
    pub allow_http: bool,
}

/// How text is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// ISO-8859-1, also called Latin-1.
    Latin1,
}

impl FromStr for Encoding {
    type Err = String;

    fn from_str(text: &str) -> Result<Encoding, String> {
        match text.to_ascii_lowercase().as_str() {
            "utf-8" => Ok(Encoding::Utf8),
            "iso-8859-1" => Ok(Encoding::Latin1),
            _ => Err(format!(
                "unknown encoding \"{text}\"{}: use utf-8 or iso-8859-1",
                did_you_mean(text, ["utf-8", "iso-8859-1"].into_iter())
            )),
        }
    }
}

/// How Parquet files are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    Uncompressed,
    /// Snappy.
    Snappy,
    /// Zstandard with a level of 1 to 22.
    Zstd(u8),
}

impl FromStr for Compression {
    type Err = String;

    fn from_str(text: &str) -> Result<Compression, String> {
        let level = text.strip_prefix("zstd(").and_then(|rest| rest.strip_suffix(')'));
        match (text, level.map(str::parse::<u8>)) {
            ("none", _) => Ok(Compression::Uncompressed),
            ("snappy", _) => Ok(Compression::Snappy),
            ("zstd", _) => Ok(Compression::Zstd(1)),
            (_, Some(Ok(level @ 1..=22))) => Ok(Compression::Zstd(level)),
            (_, Some(_)) => Err(format!("\"{text}\" has no valid level: use zstd(1) to zstd(22)")),
            _ => Err(format!("unknown compression \"{text}\": use none, snappy or zstd(1) to zstd(22)")),
        }
    }
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            lake: "lake".to_string(),
            threads: 0,
            memory_limit_mb: 0,
            source: SourceSettings {
                url: None,
                encoding: Encoding::Utf8,
                settle_seconds: 0,
                ignore: ["**/.*", "**/_*", "**/*.tmp", "**/*.part", "**/*.crc", "truth/**"].map(String::from).into(),
                tables: Vec::new(),
            },
            write: WriteSettings { compression: Compression::Zstd(1), target_file_mb: 128 },
            vacuum: VacuumSettings { keep_hours: 168 },
            s3: S3Settings { endpoint: None, region: None, allow_http: false },
            models_dir: None,
            parameters: Parameters::default(),
            churn: ChurnSettings { offer_cost: 10.0, customer_value: 100.0, offer_success_rate: 0.2 },
        }
    }
}

/// Every key but `source.table`, as it is written in `Settings::set`.
const KEYS: [&str; 17] = [
    "lake",
    "threads",
    "memory_limit_mb",
    "source.url",
    "source.encoding",
    "source.settle_seconds",
    "source.ignore",
    "write.compression",
    "write.target_file_mb",
    "vacuum.keep_hours",
    "s3.endpoint",
    "s3.region",
    "s3.allow_http",
    "models.dir",
    "churn.offer_cost",
    "churn.customer_value",
    "churn.offer_success_rate",
];
const SECTIONS: [&str; 6] = ["source", "write", "vacuum", "s3", "models", "churn"];

impl Settings {
    /// Defaults, then the text of a settings file, then variables such as
    /// `("ADLAKE__S3__REGION", "eu-central-1")`; variables that do not begin with `ADLAKE__` are
    /// passed over.
    ///
    /// `file` is the file's name as shown in errors; without a file, give an empty text.
    ///
    /// # Errors
    /// Every problem at once: unknown keys, wrong types, values out of range.
    pub fn parse(file: &str, text: &str, environment: impl IntoIterator<Item = (String, String)>) -> Result<Settings, Vec<Problem>> {
        let mut settings = Settings::default();
        let mut reader = Reader::new(file, text, 1);
        if let Some(table) = reader.table() {
            settings.read_file(&mut reader, &table);
        }
        let mut problems = reader.problems;
        // Sorted, so that problems come in the same order every time.
        let mut variables: Vec<(String, String)> = environment.into_iter().collect();
        variables.sort();
        for (name, value) in variables {
            let Some(path) = name.strip_prefix("ADLAKE__") else {
                continue;
            };
            let key = path.replace("__", ".").to_ascii_lowercase();
            if let Err(why) = settings.set(&key, &value) {
                let file = "environment".to_string();
                problems.push(Problem::new(&file, None, format!("{name}: {why}")));
            }
        }
        if problems.is_empty() { Ok(settings) } else { Err(problems) }
    }

    /// Sets one key, such as `s3.region`, from text, as the environment and flags do. Lists are
    /// separated by commas.
    ///
    /// # Errors
    /// One line: an unknown key, or a value that does not fit.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        if key == "source.table" {
            return Err("source.table is a list of blocks: set it in adlake.toml".to_string());
        }
        if let Some(path) = key.strip_prefix("parameters.") {
            return self.parameters.set_plain(path, value);
        }
        self.assign(key, &Given::Plain(value))
    }

    fn read_file<'t>(&mut self, reader: &mut Reader<'t>, table: &DeTable<'t>) {
        for entry in reader.entries(table) {
            if entry.key == "parameters" {
                self.read_parameters(reader, "", &entry);
                continue;
            }
            if !SECTIONS.contains(&entry.key) {
                self.read_entry(reader, entry.key, &entry);
                continue;
            }
            let Some(section) = entry.value.as_table() else {
                let why = expected(&format!("a section [{}]", entry.key), entry.value);
                reader.problem(Some(entry.line), format!("{}: {why}", entry.key));
                continue;
            };
            for inner in reader.entries(section) {
                if entry.key == "source" && inner.key == "table" {
                    self.source.tables = source_table::read(reader, &inner);
                } else {
                    self.read_entry(reader, &format!("{}.{}", entry.key, inner.key), &inner);
                }
            }
        }
    }

    /// `[parameters.LAYER.TABLE]`, however it is divided among tables.
    fn read_parameters<'t>(&mut self, reader: &mut Reader<'t>, path: &str, entry: &Entry<'_, 't>) {
        if let Some(table) = entry.value.as_table() {
            for inner in reader.entries(table) {
                let dot = if path.is_empty() { "" } else { "." };
                self.read_parameters(reader, &format!("{path}{dot}{}", inner.key), &inner);
            }
        } else if let Err(why) = self.parameters.set_typed(path, entry.value) {
            reader.problem(Some(entry.line), why);
        }
    }

    fn read_entry(&mut self, reader: &mut Reader<'_>, key: &str, entry: &Entry<'_, '_>) {
        if let Err(why) = self.assign(key, &Given::Toml(entry.value)) {
            let message = if KEYS.contains(&key) { format!("{key}: {why}") } else { why };
            reader.problem(Some(entry.line), message);
        }
    }

    fn assign(&mut self, key: &str, value: &Given<'_, '_>) -> Result<(), String> {
        match key {
            "lake" => self.lake = value.filled_text()?,
            "threads" => self.threads = value.number_within(0, MAX_THREADS as u64)?,
            "memory_limit_mb" => self.memory_limit_mb = value.number_within(0, MAX_MIB)?,
            "source.url" => self.source.url = value.text_or_none()?,
            "source.encoding" => self.source.encoding = value.filled_text()?.parse()?,
            "source.settle_seconds" => self.source.settle_seconds = value.number(0)?,
            "source.ignore" => self.source.ignore = value.list()?,
            "write.compression" => self.write.compression = value.filled_text()?.parse()?,
            "write.target_file_mb" => self.write.target_file_mb = value.number_within(1, MAX_MIB)?,
            "vacuum.keep_hours" => self.vacuum.keep_hours = value.number(0)?,
            "s3.endpoint" => self.s3.endpoint = value.text_or_none()?,
            "s3.region" => self.s3.region = value.text_or_none()?,
            "s3.allow_http" => self.s3.allow_http = value.flag()?,
            "models.dir" => self.models_dir = value.text_or_none()?,
            "churn.offer_cost" => self.churn.offer_cost = value.amount(0.0, f64::MAX)?,
            "churn.customer_value" => self.churn.customer_value = value.amount(f64::MIN_POSITIVE, f64::MAX)?,
            "churn.offer_success_rate" => self.churn.offer_success_rate = value.amount(f64::MIN_POSITIVE, 1.0)?,
            secret if secret.starts_with("s3.") && is_secret(secret) => {
                return Err(format!(
                    "{secret} is a secret and has no place in settings: set AWS_ACCESS_KEY_ID, \
                     AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN in the environment"
                ));
            }
            unknown => {
                let known = KEYS.into_iter().chain(SECTIONS).chain(["source.table", "parameters"]);
                let hint = did_you_mean(unknown, known);
                return Err(format!("unknown key \"{unknown}\"{hint}: all keys stand in the commented default settings"));
            }
        }
        Ok(())
    }
}

fn is_secret(key: &str) -> bool {
    ["key", "secret", "token", "password"].iter().any(|word| key.contains(word))
}
