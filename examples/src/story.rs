//! The notebook engine: a chapter is a function that tells its page what to say, does a step, and shows what came out.
//!
//! What a page shows as code is what ran. [`Page::step`] takes the lines of the chapter's own source that follow the call,
//! up to the next use of the page; [`Page::query`] shows the SQL that it runs.

use std::fmt::{Display, Write as _};
use std::panic::Location;
use std::path::Path;

use anyhow::{Context, Result};
use lake::datafusion::arrow::record_batch::RecordBatch;
use lake::{Action, AsOf, Lake, RunReport, TableReport};

use crate::rows;

/// A source file of a chapter: its name and its text.
pub type Source = (&'static str, &'static str);

/// A chapter as it is told.
pub struct Page {
    sources: &'static [Source],
    markdown: String,
    pictures: Vec<Picture>,
    replaced: Vec<(String, String)>,
    folder: String,
    is_live: bool,
}

/// A picture beside a page.
pub struct Picture {
    /// The file name without `.svg`.
    pub name: String,
    /// The SVG.
    pub svg: String,
}

/// A chapter that was told to its end.
pub struct Told {
    /// Its text as GitHub renders it.
    pub markdown: String,
    /// Its pictures, in the order of the text.
    pub pictures: Vec<Picture>,
}

impl Page {
    /// An empty page. `folder` is where its pictures lie, seen from the page; `sources` are the files that tell it. A live
    /// page is also printed while it is told.
    pub fn new(folder: &str, sources: &'static [Source], is_live: bool) -> Self {
        Self { sources, markdown: String::new(), pictures: Vec::new(), replaced: Vec::new(), folder: folder.to_owned(), is_live }
    }

    /// Writes `shown` wherever a result names this folder, which is another one on every run.
    pub fn replace(&mut self, folder: &Path, shown: &str) {
        self.replaced.push((folder.display().to_string(), shown.to_owned()));
    }

    /// Says something in Markdown. The lines may be indented like the code around them.
    pub fn text(&mut self, markdown: &str) {
        self.add(&dedented(markdown));
    }

    /// Shows the lines that follow the call, up to the next one that uses the page: what runs next.
    #[track_caller]
    pub fn step(&mut self) -> Result<()> {
        let caller = Location::caller();
        let is_caller = |source: &&Source| Path::new(caller.file()).ends_with(source.0);
        let source = self.sources.iter().find(is_caller);
        let source = source.with_context(|| format!("{}: not among the chapter's SOURCES", caller.file()))?;
        let line = usize::try_from(caller.line())?;
        let following: Vec<&str> = source.1.lines().skip(line).take_while(|line| !uses_page(line)).collect();
        self.add(&fenced("rust", &dedented(&following.join("\n"))));
        Ok(())
    }

    /// Shows a query and runs it on the last release.
    pub async fn query(&mut self, lake: &Lake, sql: &str) -> Result<Vec<RecordBatch>> {
        self.query_as_of(lake, AsOf::LastRelease, sql).await
    }

    /// Shows a query and runs it on a state of the lake.
    pub async fn query_as_of(&mut self, lake: &Lake, as_of: AsOf, sql: &str) -> Result<Vec<RecordBatch>> {
        let sql = dedented(sql);
        self.add(&fenced("sql", &sql));
        let stream = lake.sql(&sql, as_of).await.with_context(|| sql.clone())?;
        Ok(lake::collect(stream).await?)
    }

    /// Shows rows as a table.
    pub fn table(&mut self, batches: &[RecordBatch]) -> Result<()> {
        let table = rows::markdown(batches)?;
        self.add(&table);
        Ok(())
    }

    /// Shows a query and its rows.
    pub async fn ask(&mut self, lake: &Lake, sql: &str) -> Result<()> {
        let batches = self.query(lake, sql).await?;
        self.table(&batches)
    }

    /// Shows Markdown that was made of results, such as a table or a list.
    pub fn markdown(&mut self, markdown: &str) {
        self.add(markdown);
    }

    /// Shows code of another language, such as a file that the next step uses.
    pub fn code(&mut self, language: &str, text: &str) {
        self.add(&fenced(language, text));
    }

    /// Shows text as a program printed it.
    pub fn output(&mut self, text: impl Display) {
        self.add(&fenced("text", text.to_string().trim_end()));
    }

    /// Shows what a run did to the tables that it changed.
    pub fn report(&mut self, report: &RunReport) {
        const HEAD: &str = "table action read written duplicate quarantined";
        const IS_NUMBER: [bool; 6] = [false, false, true, true, true, true];
        let is_changed = |t: &&TableReport| t.action != Action::UpToDate;
        let changed: Vec<_> = report.tables.iter().filter(is_changed).collect();
        let row = |t: &&TableReport| {
            // What a merge reads depends on which rows happen to share a data file, so it is told of raw tables alone.
            let read = if t.table.layer == spec::Layer::Bronze { t.rows_read.to_string() } else { String::new() };
            let counts = [t.rows_written, t.deduplicated, t.quarantined];
            let mut row = vec![t.table.to_string(), t.action.to_string(), read];
            row.extend(counts.map(|n| n.to_string()));
            row
        };
        if !changed.is_empty() {
            let head: Vec<&str> = HEAD.split(' ').collect();
            let body: Vec<_> = changed.iter().map(row).collect();
            self.add(&rows::aligned(&head, &IS_NUMBER, &body));
        }
        let noted = changed.iter().flat_map(|t| t.notes.iter().map(|n| (&t.table, n)));
        let noted = noted.map(|(table, note)| format!("- {table}: {note}"));
        let notes = noted.collect::<Vec<_>>().join("\n");
        if !notes.is_empty() {
            self.add(&notes);
        }
        let count = match changed.len() {
            1 => "1 table".to_owned(),
            count => format!("{count} tables"),
        };
        let same = report.tables.len() - changed.len();
        let release = report.release.map(|number| format!("release {number}"));
        let release = release.unwrap_or("no release".to_owned());
        self.add(&format!("{count} changed, {same} up to date, {release}."));
    }

    /// Shows a picture. `alt` says what is to be seen in it, for those who cannot.
    pub fn picture(&mut self, name: &str, alt: &str, svg: String) {
        self.add(&format!("![{alt}]({}/{name}.svg)", self.folder));
        self.pictures.push(Picture { name: name.to_owned(), svg });
    }

    /// The page as a whole.
    pub fn finish(self) -> Told {
        Told { markdown: self.markdown, pictures: self.pictures }
    }

    fn add(&mut self, part: &str) {
        let mut part = part.to_owned();
        for (found, shown) in &self.replaced {
            part = part.replace(found, shown);
        }
        let gap = if self.markdown.is_empty() { "" } else { "\n" };
        let _ = writeln!(self.markdown, "{gap}{part}");
        if self.is_live {
            println!("{gap}{part}");
        }
    }
}

/// Whether a line of a chapter's source is one that uses the page.
fn uses_page(line: &str) -> bool {
    let line = line.trim();
    let is_word = |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    line == "page" || line.ends_with(" page") || line.match_indices("page.").any(|(at, _)| is_word(at))
}

fn fenced(language: &str, text: &str) -> String {
    format!("```{language}\n{}\n```", text.trim_end())
}

/// Without the indentation that all lines share, and without empty lines at either end.
fn dedented(text: &str) -> String {
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let shared = text.lines().filter(|l| !l.trim().is_empty()).map(indent).min().unwrap_or_default();
    let lines: Vec<&str> = text.lines().map(|l| l.get(shared..).unwrap_or_default().trim_end()).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}
