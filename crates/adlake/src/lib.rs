//! The whole of adlake behind one door: raw files to gold in one call. The command line is a thin coat over it.
//!
//! ```no_run
//! # async fn example() -> lake::Result<()> {
//! let settings = spec::Settings::default();
//! let lake = lake::Lake::open("mylake", lake::LakeOptions::from(&settings))?;
//! let sources = bronze::Sources::open(&settings, Some("mylogs"))?;
//! let pipeline = lake.pipeline(&adlake::shipped_models())?;
//! let work = adlake::Work { sources: Some(&sources), ..adlake::Work::all() };
//! let done = adlake::run(&lake, &pipeline, &work, &lake::Silent).await?;
//! println!("{} tables changed", done.report.tables.len());
//! # Ok(())
//! # }
//! ```

pub mod churn;
pub mod clicks;
pub mod marketing;
pub mod models;
mod run;

pub use run::{Done, Work, run};

/// The models that come with adlake, of all layers.
pub fn shipped_models() -> Vec<lake::ModelFile> {
    bronze::models().into_iter().chain(silver::models()).chain(gold::models()).chain(features::models()).collect()
}
