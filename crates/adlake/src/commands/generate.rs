//! `adlake generate`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lake::{LakeError, Result};
use sources::adtech::{self, AdtechOptions, Law, Progress};
use sources::commerce::{self, CommerceOptions, Form};
use sources::criteo::{self, CriteoOptions};
use sources::marketing::{self, MarketingOptions};

/// Write synthetic raw logs.
#[derive(Subcommand)]
pub enum Generate {
    /// Ad requests, impressions, clicks, installs, users, apps and campaigns as CSV
    ///
    /// Example: adlake generate adtech --out logs --requests 1000000 --users 100000
    Adtech(Adtech),
    /// The transaction log of an online shop, in the form of UCI's Online Retail
    ///
    /// Example: adlake generate commerce --out logs --customers 4000
    Commerce(Commerce),
    /// Displayed ads in the Criteo display advertising format: label, 13 numbers, 26 categories, tab-separated
    ///
    /// Example: adlake generate criteo --out logs --rows 10000000
    Criteo(Criteo),
    /// Touchpoints, conversions, spend with late corrections and exchange rates as CSV, with a causal truth beside them
    ///
    /// Example: adlake generate marketing --out logs --users 50000 --days 60
    Marketing(Marketing),
}

#[derive(Clone, Copy, ValueEnum)]
enum LawName {
    /// Rhythm, heavy tails, and clicks by a stated logistic law
    Realistic,
    /// Clicks independent of everything
    Uniform,
}

/// What to generate.
#[derive(Args)]
pub struct Adtech {
    /// Folder to write to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Distinct requests
    #[arg(long, value_name = "N", default_value_t = 5_000_000)]
    requests: u64,
    /// Users
    #[arg(long, value_name = "N", default_value_t = 500_000)]
    users: u64,
    /// The same seed gives the same bytes
    #[arg(long, value_name = "N", default_value_t = 42)]
    seed: u64,
    /// How clicks come about
    #[arg(long, value_enum, default_value = "realistic")]
    law: LawName,
    /// Also damage about one row in two thousand
    #[arg(long)]
    malformed: bool,
    /// The first day
    #[arg(long, value_name = "YYYY-MM-DD", default_value = "2025-01-01")]
    start: NaiveDate,
    /// Days over which the requests are spread
    #[arg(long, value_name = "N", default_value_t = 90)]
    days: u32,
    /// One file per day for the tables that grow
    #[arg(long)]
    by_day: bool,
    /// Write only these days, counted from 0; with --by-day, to add days to a folder
    #[arg(long, value_name = "FIRST..END", value_parser = day_range)]
    day_range: Option<std::ops::Range<u32>>,
    /// Replace what an earlier run left in the folder
    #[arg(long)]
    overwrite: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormName {
    /// ISO-8859-1, dates such as 12/1/2010 8:26, CustomerID
    Uci,
    /// UTF-8, dates such as 2010-12-01 08:26:00, Customer ID
    Iso,
}

/// What to generate.
#[derive(Args)]
pub struct Commerce {
    /// Folder to write to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Customers; each buys about five times, some twelve products at once
    #[arg(long, value_name = "N", default_value_t = 1000)]
    customers: u32,
    /// The same seed gives the same bytes
    #[arg(long, value_name = "N", default_value_t = 42)]
    seed: u64,
    /// The first day
    #[arg(long, value_name = "YYYY-MM-DD", default_value = "2010-12-01")]
    start: NaiveDate,
    /// Days of the log
    #[arg(long, value_name = "N", default_value_t = 374)]
    days: u32,
    /// How the log is written
    #[arg(long, value_enum, default_value = "uci")]
    form: FormName,
    /// Replace what an earlier run left in the folder
    #[arg(long)]
    overwrite: bool,
}

/// What to generate.
#[derive(Args)]
pub struct Criteo {
    /// Folder to write to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Rows, over seven days
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    rows: u64,
    /// The same seed gives the same bytes
    #[arg(long, value_name = "N", default_value_t = 42)]
    seed: u64,
    /// Replace what an earlier run left in the folder
    #[arg(long)]
    overwrite: bool,
}

/// What to generate.
#[derive(Args)]
pub struct Marketing {
    /// Folder to write to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Users
    #[arg(long, value_name = "N", default_value_t = 50_000)]
    users: u64,
    /// Days
    #[arg(long, value_name = "N", default_value_t = 60)]
    days: u32,
    /// The first day
    #[arg(long, value_name = "YYYY-MM-DD", default_value = "2025-01-01")]
    start: NaiveDate,
    /// Share of the users to whom a channel is never shown, drawn for each channel; 0 to 0.9
    #[arg(long, value_name = "SHARE", default_value_t = 0.2)]
    holdout: f64,
    /// The same seed gives the same bytes
    #[arg(long, value_name = "N", default_value_t = 42)]
    seed: u64,
    /// Replace what an earlier run left in the folder
    #[arg(long)]
    overwrite: bool,
}

fn day_range(text: &str) -> Result<std::ops::Range<u32>, String> {
    let (first, end) = text.split_once("..").ok_or("write FIRST..END, such as 90..91")?;
    let number = |t: &str| t.parse::<u32>().map_err(|_| format!("'{t}' is no day number; write FIRST..END, such as 90..91"));
    Ok(number(first)?..number(end)?)
}

impl Generate {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            Self::Adtech(arguments) => arguments.run(),
            Self::Commerce(arguments) => arguments.run(),
            Self::Criteo(arguments) => arguments.run(),
            Self::Marketing(arguments) => arguments.run(),
        }
    }
}

impl Adtech {
    fn run(self) -> Result<ExitCode> {
        let options = AdtechOptions {
            requests: self.requests,
            users: self.users,
            seed: self.seed,
            law: match self.law {
                LawName::Realistic => Law::Realistic,
                LawName::Uniform => Law::Uniform,
            },
            malformed: self.malformed,
            start_on: self.start,
            days: self.days,
            day_range: self.day_range,
            by_day: self.by_day,
            overwrite: self.overwrite,
        };
        console::out!("{}", generate(&options, &self.out)?.to_string().trim_end());
        Ok(ExitCode::SUCCESS)
    }
}

impl Commerce {
    fn run(self) -> Result<ExitCode> {
        let form = match self.form {
            FormName::Uci => Form::Uci,
            FormName::Iso => Form::Iso,
        };
        let Self { customers, start: start_on, days, seed, overwrite, .. } = self;
        let options = CommerceOptions { customers, start_on, days, seed, form, overwrite };
        let generated = with_bar(|progress| commerce::generate(&options, &self.out, progress)).map_err(LakeError::invalid)?;
        console::out!("{generated}");
        if form == Form::Uci {
            let settings = commerce::SETTINGS.trim_end();
            console::out!("\nThe files are not in UTF-8. To read them, put this into adlake.toml:\n\n{settings}");
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Criteo {
    fn run(self) -> Result<ExitCode> {
        let options = CriteoOptions { rows: self.rows, seed: self.seed, overwrite: self.overwrite };
        let generated = with_bar(|progress| criteo::generate(&options, &self.out, progress)).map_err(LakeError::invalid)?;
        console::out!("{generated}");
        console::out!("\nThe files do not name their columns. To read them, put this into adlake.toml:\n\n{}", criteo::SETTINGS.trim_end());
        Ok(ExitCode::SUCCESS)
    }
}

impl Marketing {
    fn run(self) -> Result<ExitCode> {
        let Self { out, users, days, start, holdout, seed, overwrite } = self;
        let options = MarketingOptions { users, days, start_on: start, holdout, seed, overwrite };
        let generated = with_bar(|progress| marketing::generate(&options, &out, progress)).map_err(LakeError::invalid)?;
        console::out!("{}", generated.to_string().trim_end());
        Ok(ExitCode::SUCCESS)
    }
}

/// Generates the logs of an ad network with a progress bar.
pub fn generate(options: &AdtechOptions, out: &Path) -> Result<adtech::Generated> {
    with_bar(|progress| adtech::generate(options, out, progress)).map_err(LakeError::invalid)
}

fn with_bar<T>(generate: impl FnOnce(&mut dyn FnMut(Progress)) -> T) -> T {
    let bar = ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("generating {bar:32} {percent:>3} % {elapsed} (left {eta})") {
        bar.set_style(style);
    }
    let done = generate(&mut |progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    });
    bar.finish_and_clear();
    done
}
