//! Which table a file belongs to, and how to read it, by its path.

use globset::{Glob, GlobBuilder, GlobMatcher};
use spec::{Encoding, SourceTable};

use super::error::FileError;
use super::file_spec::{Compression, FileSpec, Format};
use super::table_of_path::{extensions, table_of_path};

/// The rules by which paths are mapped to tables, in order; what no rule fits goes by its name.
#[derive(Debug, Clone)]
pub struct TableRules {
    rules: Vec<(GlobMatcher, SourceTable)>,
    encoding: Encoding,
}

/// What is to be done with a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Classified {
    /// It holds rows of a table.
    Table {
        /// The name of the table within bronze: lower-case letters, digits and `_`.
        table: String,
        /// How to read it.
        spec: FileSpec,
    },
    /// It is left alone.
    Ignored {
        /// Why, in a few words.
        reason: String,
    },
}

impl Default for TableRules {
    /// No rules, UTF-8.
    fn default() -> TableRules {
        TableRules { rules: Vec::new(), encoding: Encoding::Utf8 }
    }
}

impl TableRules {
    /// The rules as the settings give them; `encoding` holds where a rule does not say otherwise.
    ///
    /// # Errors
    /// [`FileError::Pattern`] for a pattern that is not valid.
    pub fn new(tables: &[SourceTable], encoding: Encoding) -> Result<TableRules, FileError> {
        let mut rules = Vec::with_capacity(tables.len());
        for table in tables {
            let glob: Result<Glob, _> = GlobBuilder::new(&table.pattern).literal_separator(true).build();
            let glob = glob.map_err(|error| FileError::Pattern { pattern: table.pattern.clone(), detail: error.kind().to_string() })?;
            rules.push((glob.compile_matcher(), table.clone()));
        }
        Ok(TableRules { rules, encoding })
    }

    /// Says what to do with the file at `path`, which is relative to the source and has `/` between its
    /// parts. Hidden files, uploads under way and markers are ignored whatever the rules say.
    pub fn classify(&self, path: &str) -> Classified {
        self.classify_known(path, &[])
    }

    /// As [`TableRules::classify`], where some tables are `known`: what no rule fits and bears the name of one is of that
    /// table, wherever it lies.
    pub fn classify_known(&self, path: &str, known: &[&str]) -> Classified {
        let rule = self.rules.iter().find(|(pattern, _)| pattern.is_match(path));
        let rule = rule.map(|(_, table)| table);
        match self.table_and_spec(path, rule, known) {
            Ok((table, spec)) => Classified::Table { table, spec },
            Err(reason) => Classified::Ignored { reason },
        }
    }

    fn table_and_spec(&self, path: &str, rule: Option<&SourceTable>, known: &[&str]) -> Result<(String, FileSpec), String> {
        check_finished(path)?;
        let (stem, format, compression) = extensions(path);
        let compression = compression_of(compression)?;
        let (format, delimiter) = format_of(format, rule.is_some_and(is_delimited)).ok_or_else(|| unknown_format(path))?;
        if compression != Compression::None {
            match format {
                Format::Parquet => return Err("Parquet is compressed within: unpack the file".to_string()),
                Format::Workbook => return Err("a workbook is compressed within: unpack the file".to_string()),
                Format::Delimited | Format::NdJson | Format::Json => {}
            }
        }
        let mut spec = FileSpec::new(format);
        spec.compression = compression;
        spec.delimiter = delimiter;
        spec.encoding = self.encoding;
        let Some(rule) = rule else {
            let table =
                table_of_path(path, stem, known).ok_or("its name has no word in it: name its table with a [[source.table]] pattern")?;
            return Ok((table, spec));
        };
        spec.encoding = rule.encoding.unwrap_or(self.encoding);
        spec.delimiter = rule.delimiter.or(delimiter);
        spec.has_header = rule.has_header;
        spec.columns = rule.columns.clone();
        spec.sheet = rule.sheet.clone();
        Ok((rule.table.clone(), spec))
    }
}

/// Whether a rule says what only delimited text has, so that `access.log` can be read by it.
fn is_delimited(rule: &SourceTable) -> bool {
    rule.delimiter.is_some() || rule.has_header.is_some() || rule.columns.is_some()
}

fn format_of(extension: &str, else_delimited: bool) -> Option<(Format, Option<u8>)> {
    Some(match extension {
        "csv" | "txt" => (Format::Delimited, None),
        "tsv" => (Format::Delimited, Some(b'\t')),
        "ndjson" | "jsonl" => (Format::NdJson, None),
        "json" => (Format::Json, None),
        "parquet" => (Format::Parquet, None),
        "xlsx" | "xlsm" => (Format::Workbook, None),
        _ if else_delimited => (Format::Delimited, None),
        _ => return None,
    })
}

fn unknown_format(path: &str) -> String {
    let is_workbook = [".xls", ".xlsb", ".ods", ".numbers"].iter().any(|end| path.to_lowercase().ends_with(end));
    if is_workbook {
        return "workbooks are read as .xlsx or .xlsm: save it as one of them".to_string();
    }
    "its name does not end in .csv, .tsv, .txt, .ndjson, .jsonl, .json, .parquet, .xlsx or .xlsm".to_string()
}

fn compression_of(extension: &str) -> Result<Compression, String> {
    match extension {
        "" => Ok(Compression::None),
        "gz" | "gzip" => Ok(Compression::Gzip),
        "zst" | "zstd" => Ok(Compression::Zstd),
        other => Err(format!("files ending in .{other} are not read: use .gz or .zst")),
    }
}

/// Refuses what is hidden or still being written.
fn check_finished(path: &str) -> Result<(), String> {
    const UNFINISHED: [&str; 8] = [".tmp", ".temp", ".part", ".partial", ".crdownload", ".inprogress", ".filepart", ".swp"];
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let lower = name.to_lowercase();
    let is_unfinished = |name: &str| UNFINISHED.iter().any(|end| name.ends_with(end));
    if is_unfinished(&lower) || lower.ends_with('~') {
        return Err("still being written, by its name".to_string());
    }
    if lower.starts_with("~$") {
        return Err("the mark of a workbook that is open".to_string());
    }
    for folder in folders.split('/') {
        if matches!(folder, "_temporary" | "_spark_metadata") || folder.starts_with(".spark-staging") {
            return Err(format!("still being written: it is below {folder}"));
        }
    }
    // Folders such as `_day=7` are partitions and not hidden.
    let hidden = |part: &&str| part.starts_with('.') || (part.starts_with('_') && !part.contains('='));
    match path.split('/').find(hidden) {
        Some(part) if part == name => Err("hidden, or a marker".to_string()),
        Some(part) => Err(format!("hidden: it is below {part}")),
        None => Ok(()),
    }
}
