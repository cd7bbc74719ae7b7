//! The pages under docs/notebooks: written, and compared with what the chapters say now.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::Chapter;

const FOLDER: &str = "docs/notebooks";
const MEND: &str = "`cargo run -p examples -- render` writes it anew; look at the difference before you commit it";

/// Writes all pages, and takes away pictures that no page shows any more.
pub async fn write(chapters: &[Chapter]) -> Result<()> {
    let root = project_root()?;
    let files = files(chapters).await?;
    for (file, text) in &files {
        let path = root.join(file);
        fs::create_dir_all(path.parent().unwrap_or(&root)).with_context(|| format!("cannot make the folder of {file}"))?;
        fs::write(&path, text).with_context(|| format!("cannot write {file}"))?;
        println!("{file}");
    }
    for file in on_disk(&root, chapters)?.into_iter().filter(|file| !files.contains_key(file)) {
        fs::remove_file(root.join(&file)).with_context(|| format!("cannot remove {file}"))?;
        println!("{file} (removed)");
    }
    Ok(())
}

/// Whether the pages on disk are what [`write`] would write; where not, says which line differs.
pub async fn is_fresh(chapters: &[Chapter]) -> Result<bool> {
    let root = project_root()?;
    let files = files(chapters).await?;
    let mut is_fresh = true;
    for (file, text) in &files {
        let stands = fs::read_to_string(root.join(file)).unwrap_or_default();
        if let Some((line, stands, is)) = difference(&stands, text) {
            println!("{file}:{line}: stale: {MEND}\n  stands: {stands}\n  is:     {is}");
            is_fresh = false;
        }
    }
    for file in on_disk(&root, chapters)?.into_iter().filter(|file| !files.contains_key(file)) {
        println!("{file}: stale: no page shows it any more; `cargo run -p examples -- render` removes it");
        is_fresh = false;
    }
    Ok(is_fresh)
}

/// Every file of the pages, by its path from the project's root.
async fn files(chapters: &[Chapter]) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for chapter in chapters {
        let told = chapter.tell(false).await.with_context(|| format!("chapter {}", chapter.name()))?;
        files.insert(format!("{FOLDER}/{}.md", chapter.name()), told.markdown);
        for picture in told.pictures {
            files.insert(format!("{FOLDER}/{}/{}.svg", chapter.name(), picture.name), picture.svg);
        }
    }
    Ok(files)
}

/// The pictures of the chapters that are there now.
fn on_disk(root: &Path, chapters: &[Chapter]) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for chapter in chapters {
        let folder = format!("{FOLDER}/{}", chapter.name());
        if root.join(&folder).is_dir() {
            for entry in fs::read_dir(root.join(&folder)).with_context(|| format!("cannot list {folder}"))? {
                files.push(format!("{folder}/{}", entry?.file_name().to_string_lossy()));
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The first line that differs, from 1, as it stands and as it is.
fn difference(stands: &str, is: &str) -> Option<(usize, String, String)> {
    if stands == is {
        return None;
    }
    let (mut old, mut new) = (stands.lines(), is.lines());
    for line in 1.. {
        match (old.next(), new.next()) {
            (Some(old), Some(new)) if old == new => {}
            (None, None) => {
                return Some((line, "(other line ends)".to_owned(), "(end)".to_owned()));
            }
            (old, new) => return Some((line, shortened(old), shortened(new))),
        }
    }
    None
}

fn shortened(line: Option<&str>) -> String {
    line.map_or("(end)".to_owned(), |line| line.chars().take(120).collect())
}

/// The folder with `layers.toml`, from here upwards.
fn project_root() -> Result<PathBuf> {
    let here = std::env::current_dir().context("cannot tell the current folder")?;
    let root = here.ancestors().find(|folder| folder.join("layers.toml").is_file());
    root.map(Path::to_path_buf).with_context(|| format!("no layers.toml in {} or above: run this inside the project", here.display()))
}
