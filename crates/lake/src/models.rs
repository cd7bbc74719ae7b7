//! Model files: those that come with adlake, and a user's own folder of them.

use std::path::Path;

use spec::{Layer, Model, Parameters, Pipeline, Problem, TableName, closest};

use crate::{LakeError, Result};

/// One model file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFile {
    /// Its layer.
    pub layer: Layer,
    /// Path below the layer's models, such as `adtech/clicks.sql`; the folder is the domain.
    pub path: String,
    /// The file as errors name it.
    pub shown: String,
    /// Its text.
    pub text: String,
}

/// The pipeline that these files make, each parameter at its model's own value.
///
/// # Errors
/// Every problem of every file at once.
pub fn pipeline(files: &[ModelFile]) -> Result<Pipeline> {
    pipeline_with(files, &Parameters::default())
}

/// The pipeline that these files make with the values that settings give to their parameters.
///
/// # Errors
/// Every problem of every file at once, and values for tables that no file makes.
pub fn pipeline_with(files: &[ModelFile], parameters: &Parameters) -> Result<Pipeline> {
    let mut models = Vec::new();
    let mut problems = Vec::new();
    for file in files {
        let domain = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        match Model::parse_with(file.layer, domain, &file.shown, &file.text, parameters) {
            Ok(model) => models.push(model),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() {
        problems.extend(parameters.tables().filter_map(|table| no_model(table, &models)));
    }
    if problems.is_empty() {
        return Pipeline::new(models).map_err(LakeError::Problems);
    }
    // What does not parse may be what others read, so only the first cause is told.
    Err(LakeError::Problems(problems))
}

/// That nothing makes a table. A layer without models is not looked at: silver alone knows nothing of gold.
fn no_model(table: &TableName, models: &[Model]) -> Option<Problem> {
    let layer: Vec<String> = models.iter().map(|model| &model.table).filter(|t| t.layer == table.layer).map(ToString::to_string).collect();
    if layer.is_empty() || layer.contains(&table.to_string()) {
        return None;
    }
    let hint = closest(&table.to_string(), layer.iter().map(String::as_str));
    let hint = hint.map_or(String::new(), |name| format!(" (did you mean \"{name}\"?)"));
    Some(Problem::new("settings", None, format!("parameters.{table}: no model makes {table}{hint}")))
}

/// The model files of a user's folder: `DIR/silver/adtech/clicks.sql` and so on.
///
/// # Errors
/// No such folder, no model in it, or a file that cannot be read.
pub fn read_folder(folder: &Path) -> Result<Vec<ModelFile>> {
    let unreadable = |path: &Path, e: std::io::Error| LakeError::invalid(format!("{}: {e}", path.display()));
    let mut files = Vec::new();
    if !folder.is_dir() {
        return Err(LakeError::invalid(format!(
            "{}: no such folder of models; `adlake init {0}` writes the shipped ones there",
            folder.display()
        )));
    }
    for layer in Layer::ALL {
        let root = folder.join(layer.as_str());
        let mut folders = vec![root.clone()];
        while let Some(next) = folders.pop() {
            if !next.is_dir() {
                continue;
            }
            for entry in std::fs::read_dir(&next).map_err(|e| unreadable(&next, e))? {
                let path = entry.map_err(|e| unreadable(&next, e))?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|e| e == "sql") {
                    let text = std::fs::read_to_string(&path).map_err(|e| unreadable(&path, e))?;
                    let below = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
                    files.push(ModelFile { layer, path: below, shown: path.display().to_string(), text });
                }
            }
        }
    }
    if files.is_empty() {
        return Err(LakeError::Problems(vec![Problem::new(
            &folder.display().to_string(),
            None,
            "no model below silver/, gold/ or another layer's folder; `adlake init` shows how they lie",
        )]));
    }
    files.sort_by(|a, b| (a.layer, &a.path).cmp(&(b.layer, &b.path)));
    Ok(files)
}

/// The model files of a folder that was compiled into the binary. `root` is the folder as errors name it.
pub fn embedded(layer: Layer, root: &str, folder: &include_dir::Dir<'_>) -> Vec<ModelFile> {
    let mut files = Vec::new();
    for entry in folder.entries() {
        match entry {
            include_dir::DirEntry::Dir(inner) => files.extend(embedded(layer, root, inner)),
            include_dir::DirEntry::File(file) if file.path().extension().is_some_and(|e| e == "sql") => {
                let path = file.path().to_string_lossy().into_owned();
                let text = file.contents_utf8().unwrap_or_default().to_owned();
                files.push(ModelFile { layer, shown: format!("{root}/{path}"), path, text });
            }
            include_dir::DirEntry::File(_) => {}
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}
