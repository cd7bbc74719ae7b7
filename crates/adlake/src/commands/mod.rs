//! One file per command.

pub mod advise;
pub mod attribute;
pub mod churn;
pub mod demo;
pub mod fetch;
pub mod generate;
pub mod init;
pub mod lineage;
pub mod maintain;
pub mod plan;
pub mod quarantine;
pub mod replay;
pub mod run;
pub mod score;
pub mod show;
pub mod sql;
mod steps;
pub mod track;
pub mod train;

use std::path::{Path, PathBuf};

use lake::{ModelFile, Result};
use spec::Settings;

/// The models of a folder where one is named by flag or settings, else the shipped ones.
fn model_files(flag: Option<&Path>, settings: &Settings) -> Result<Vec<ModelFile>> {
    match flag.map(Path::to_path_buf).or_else(|| settings.models_dir.as_ref().map(PathBuf::from)) {
        Some(folder) => lake::read_folder(&folder),
        None => Ok(adlake::shipped_models()),
    }
}
