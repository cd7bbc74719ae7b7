//! The project's files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Every file that git tracks or would track; without git, every file outside `target/`.
pub struct Tree {
    root: PathBuf,
    /// Paths relative to the root, with `/`, in order.
    pub files: Vec<String>,
}

impl Tree {
    /// Lists the files under `root`.
    pub fn read(root: &Path) -> Result<Self> {
        let mut files = if root.join(".git").exists() { from_git(root)? } else { from_folder(root)? };
        files.sort();
        files.dedup();
        Ok(Self { root: root.to_path_buf(), files })
    }

    /// The file's size in bytes.
    pub fn size(&self, file: &str) -> Result<u64> {
        Ok(fs::metadata(self.root.join(file)).with_context(|| format!("cannot read {file}"))?.len())
    }

    /// The file's text; `None` if it is not UTF-8.
    pub fn text(&self, file: &str) -> Result<Option<String>> {
        let bytes = fs::read(self.root.join(file)).with_context(|| format!("cannot read {file}"))?;
        Ok(String::from_utf8(bytes).ok())
    }

    /// The file as TOML.
    pub fn toml(&self, file: &str) -> Result<toml::Table> {
        let text = self.text(file)?.with_context(|| format!("{file} is not UTF-8"))?;
        text.parse().with_context(|| format!("{file} is not valid TOML"))
    }
}

fn from_git(root: &Path) -> Result<Vec<String>> {
    let mut git = Command::new("git");
    git.current_dir(root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let output = git.output().context("cannot start git")?;
    if !output.status.success() {
        bail!("git ls-files: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let names = String::from_utf8_lossy(&output.stdout);
    // A file deleted but not yet committed is still listed.
    let there = names.split('\0').filter(|name| root.join(name).is_file());
    Ok(there.map(str::to_owned).collect())
}

fn from_folder(root: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).with_context(|| format!("cannot list {folder}"))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            let kind = entry.file_type()?;
            if kind.is_file() {
                files.push(path);
            } else if kind.is_dir() && path != "target" {
                folders.push(path);
            }
        }
    }
    Ok(files)
}
