//! Arguments that every command has, and the settings they end up in.

use std::path::{Path, PathBuf};

use clap::Args;
use lake::{Lake, LakeError, LakeOptions, Result};
use spec::{MAX_MIB, MAX_THREADS, Settings};

/// Where the lake is and how it is worked on.
#[derive(Args, Clone, Debug, Default)]
pub struct LakeArgs {
    /// The lake: a folder, s3://bucket/prefix or memory://NAME [default: lake]
    #[arg(long, value_name = "URL", global = true)]
    pub lake: Option<String>,
    /// Settings file; without it adlake.toml in this folder, if there is one
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// How many threads work [default: one per core]
    #[arg(long, value_name = "N", global = true, value_parser = threads)]
    pub threads: Option<usize>,
    /// Memory in MiB after which work spills to disk [default: no limit]
    #[arg(long, value_name = "MIB", global = true, value_parser = memory)]
    pub memory_limit_mb: Option<usize>,
}

impl LakeArgs {
    /// The settings: file, environment, then these flags.
    ///
    /// # Errors
    /// A settings file that cannot be read, or every mistake in it and the environment at once.
    pub fn settings(&self) -> Result<Settings> {
        let mut settings = load_settings(self.config.as_deref())?;
        if let Some(lake) = &self.lake {
            settings.lake.clone_from(lake);
        }
        if let Some(threads) = self.threads {
            settings.threads = threads;
        }
        if let Some(limit) = self.memory_limit_mb {
            settings.memory_limit_mb = limit;
        }
        Ok(settings)
    }

    /// Opens the lake.
    ///
    /// # Errors
    /// Those of [`LakeArgs::settings`] and of a location that cannot be a lake.
    pub fn open(&self) -> Result<(Lake, Settings)> {
        let settings = self.settings()?;
        let lake = Lake::open(&settings.lake, LakeOptions::from(&settings))?;
        Ok((lake, settings))
    }

    /// Opens a lake that is there: one with a table.
    ///
    /// # Errors
    /// Those of [`LakeArgs::open`], and a place without a lake.
    pub async fn open_existing(&self) -> Result<(Lake, Settings)> {
        let (lake, settings) = self.open()?;
        if lake.tables().await?.is_empty() {
            let place = lake.location().local_path().map_or_else(|| lake.location().url.to_string(), |path| path.display().to_string());
            return Err(LakeError::invalid(format!(
                "{place}: there is no lake here; name one with --lake, or make it with `adlake run --lake {} --source DIR`",
                settings.lake
            )));
        }
        Ok((lake, settings))
    }
}

fn threads(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|threads| *threads <= MAX_THREADS);
    number.ok_or_else(|| format!("expected a whole number of at most {MAX_THREADS}; 0 is one per core"))
}

fn memory(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|mib| *mib <= MAX_MIB as usize);
    number.ok_or_else(|| format!("expected a whole number of at most {MAX_MIB}; 0 is no limit"))
}

/// Settings from a file and the environment.
///
/// # Errors
/// A named file that cannot be read, or every mistake at once.
pub fn load_settings(file: Option<&Path>) -> Result<Settings> {
    let (name, text) = match file {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|e| LakeError::invalid(format!("{}: {e}; name a settings file with --config", path.display())))?;
            (path.display().to_string(), text)
        }
        None => match std::fs::read_to_string("adlake.toml") {
            Ok(text) => ("adlake.toml".to_owned(), text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => ("adlake.toml".to_owned(), String::new()),
            Err(error) => return Err(LakeError::invalid(format!("adlake.toml: {error}"))),
        },
    };
    Settings::parse(&name, &text, std::env::vars()).map_err(LakeError::Problems)
}
