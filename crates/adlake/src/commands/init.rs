//! `adlake init`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use lake::{LakeError, Result};

/// Write the shipped models and a commented settings file out, to change them or add to them.
///
/// Example: adlake init mymodels, then adlake run --models mymodels
#[derive(Args)]
pub struct Init {
    /// A folder that does not exist yet, or is empty
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl Init {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        let failed = |path: &std::path::Path, e: std::io::Error| LakeError::invalid(format!("{}: {e}", path.display()));
        let folder = &self.folder;
        if folder.exists() && std::fs::read_dir(folder).map_err(|e| failed(folder, e))?.next().is_some() {
            return Err(LakeError::invalid(format!("{}: is not empty; name a new folder", folder.display())));
        }
        let models = adlake::shipped_models();
        for model in &models {
            let path = folder.join(model.layer.as_str()).join(&model.path);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent).map_err(|e| failed(parent, e))?;
            }
            std::fs::write(&path, &model.text).map_err(|e| failed(&path, e))?;
        }
        let settings = folder.join("adlake.toml");
        std::fs::write(&settings, spec::DEFAULT_SETTINGS).map_err(|e| failed(&settings, e))?;
        console::out!(
            "{} models and {} written. Run them with `adlake run --models {} --source DIR`.",
            models.len(),
            settings.display(),
            folder.display()
        );
        Ok(ExitCode::SUCCESS)
    }
}
