//! `chapters`: examples that tell, run and show, like a notebook.
//!
//! Each chapter is one function over a [`story::Page`]; `render` writes what it says to docs/notebooks.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool: results on stdout, the rest on stderr")]

mod channels;
mod chart;
mod click_model;
mod customers;
mod from_logs_to_gold;
mod own_table;
mod render;
mod rows;
mod story;

use std::process::ExitCode;

use anyhow::Result;
use story::{Page, Source, Told};

const HELP: &str = "\
Examples that tell, run and show, like a notebook.

Usage: cargo run -p examples -- <WHAT>

  list                 the chapters
  from_logs_to_gold    raw logs to gold tables, the next day, time travel, lineage
  click_model          gold to a registered click model: features, a leak shown and explained, calibration
  customers            a shop's log to segments, customer value, churn, and the law behind them
  channels             journeys to credit by seven models, response curves, advice, and the causal truth
  own_table            a table of your own on top of silver, from your own crate
  render [<CHAPTER>]   write docs/notebooks, or the one page
  render --check       fail where a page there is stale

Exit status: 0 done, 1 a page is stale or a chapter failed, 2 wrong usage.
";

/// The chapters, in reading order.
#[derive(Clone, Copy)]
enum Chapter {
    FromLogsToGold,
    ClickModel,
    Customers,
    Channels,
    OwnTable,
}

impl Chapter {
    const ALL: [Self; 5] = [Self::FromLogsToGold, Self::ClickModel, Self::Customers, Self::Channels, Self::OwnTable];

    fn name(self) -> &'static str {
        match self {
            Self::FromLogsToGold => "from_logs_to_gold",
            Self::ClickModel => "click_model",
            Self::Customers => "customers",
            Self::Channels => "channels",
            Self::OwnTable => "own_table",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::FromLogsToGold => "raw logs to gold tables, the next day, time travel, lineage",
            Self::ClickModel => "gold to a registered click model: features, a leak shown and explained, calibration",
            Self::Customers => "a shop's log to segments, customer value, churn, and the law behind them",
            Self::Channels => "journeys to credit by seven models, response curves, advice, and the causal truth",
            Self::OwnTable => "a table of your own on top of silver, from your own crate",
        }
    }

    async fn tell(self, is_live: bool) -> Result<Told> {
        let sources: &'static [Source] = match self {
            Self::FromLogsToGold => &from_logs_to_gold::SOURCES,
            Self::ClickModel => &click_model::SOURCES,
            Self::Customers => &customers::SOURCES,
            Self::Channels => &channels::SOURCES,
            Self::OwnTable => &own_table::SOURCES,
        };
        let mut page = Page::new(self.name(), sources, is_live);
        match self {
            Self::FromLogsToGold => from_logs_to_gold::tell(&mut page).await?,
            Self::ClickModel => click_model::tell(&mut page).await?,
            Self::Customers => customers::tell(&mut page).await?,
            Self::Channels => channels::tell(&mut page).await?,
            Self::OwnTable => own_table::tell(&mut page).await?,
        }
        Ok(page.finish())
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // Plans of many joins recurse deeply in debug builds.
    let runtime = tokio::runtime::Builder::new_multi_thread().thread_stack_size(8 << 20).enable_all().build();
    let done = runtime.map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(dispatch(&arguments)));
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(1)
        }
    }
}

async fn dispatch(arguments: &[&str]) -> Result<ExitCode> {
    match arguments {
        [] | ["help" | "--help" | "-h"] => print!("{HELP}"),
        ["list"] => {
            for chapter in Chapter::ALL {
                println!("{:<20} {}", chapter.name(), chapter.title());
            }
        }
        ["render"] => render::write(&Chapter::ALL).await?,
        ["render", name] if let Some(chapter) = named(name) => render::write(&[chapter]).await?,
        ["render", "--check"] => {
            if !render::is_fresh(&Chapter::ALL).await? {
                return Ok(ExitCode::from(1));
            }
        }
        [name] if let Some(chapter) = named(name) => {
            chapter.tell(true).await?;
        }
        _ => {
            eprintln!("error: no such chapter or command: {}; `cargo run -p examples -- --help` lists them", arguments.join(" "));
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn named(name: &str) -> Option<Chapter> {
    Chapter::ALL.into_iter().find(|chapter| chapter.name() == name)
}
