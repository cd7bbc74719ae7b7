//! A model folder that Python loads: an ONNX file with what `mlflow.pyfunc.load_model` asks for beside it.

use chrono::DateTime;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use crate::run::{Artifact, Content};
use crate::yaml::quoted;

/// The packages that loading takes. Their later versions read earlier ONNX files.
const REQUIREMENTS: [&str; 4] = ["mlflow>=2.10", "onnx>=1.16", "onnxruntime>=1.23", "pandas>=2"];
/// Hands a pandas frame over to ONNX Runtime, where columns of text are among it: MLflow's own loader takes them in one of the forms
/// alone that pandas has.
const LOADER: &str = include_str!("adlake_model.py");
/// What `python_env.yaml` asks for; MLflow warns where another minor version loads the model.
const PYTHON: &str = "3.11";

/// An ONNX model and its signature.
///
/// Python hands over a pandas frame with the named columns. Two forms of ONNX fit that: one input of shape rows × columns, to which the
/// columns go in the order given here, all of them [`ColumnType::Double`] (whole numbers are to be cast, `frame.astype(float)`); or one
/// input of shape rows per column, each named as its column, text as Python objects. An output has one value per row; the frame that comes
/// back names it as the ONNX file does.
///
/// ```
/// use tracking::{ColumnSpec, ColumnType, OnnxModel};
///
/// let model = OnnxModel {
///     onnx: vec![8, 7],
///     inputs: vec![ColumnSpec::required("hour_of_day", ColumnType::Double)],
///     outputs: vec![ColumnSpec::required("probability", ColumnType::Float)],
///     created_at: 1_700_000_000_000,
/// };
/// let paths: Vec<_> = model.artifacts("model").into_iter().map(|artifact| artifact.path).collect();
/// assert_eq!(paths, ["model/MLmodel", "model/model.onnx", "model/requirements.txt", "model/python_env.yaml", "model/conda.yaml"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnnxModel {
    /// The ONNX file's bytes.
    pub onnx: Vec<u8>,
    /// The columns it takes, in the order of its matrix.
    pub inputs: Vec<ColumnSpec>,
    /// What it gives.
    pub outputs: Vec<ColumnSpec>,
    /// When it was made, in milliseconds since 1970, UTC.
    pub created_at: i64,
}

/// A column of a model's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnSpec {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ColumnType,
    /// Whether it must be there; else the model takes frames without it, or with nulls.
    pub required: bool,
}

/// The types of MLflow's signatures that a feature can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    /// True or false.
    Boolean,
    /// An integer of 32 bits.
    Integer,
    /// An integer of 64 bits.
    Long,
    /// A float of 32 bits.
    Float,
    /// A float of 64 bits, as pandas has numbers by default.
    Double,
    /// Text.
    String,
}

impl ColumnSpec {
    /// A column that must be there.
    pub fn required(name: &str, kind: ColumnType) -> Self {
        Self { name: name.to_owned(), kind, required: true }
    }

    /// A column that may be absent.
    pub fn optional(name: &str, kind: ColumnType) -> Self {
        Self { required: false, ..Self::required(name, kind) }
    }
}

impl OnnxModel {
    /// The files of the model folder, to go among a run's artifacts under `folder`, which a [`Registration`](crate::Registration) names.
    pub fn artifacts(self, folder: &str) -> Vec<Artifact> {
        let text = |name: &str, text: String| Artifact { path: format!("{folder}/{name}"), content: Content::Text(text) };
        let loader = self.has_text().then(|| text("code/adlake_model.py", LOADER.to_owned()));
        let files = vec![
            text("MLmodel", self.mlmodel(folder)),
            Artifact { path: format!("{folder}/model.onnx"), content: Content::Bytes(self.onnx) },
            text("requirements.txt", requirements()),
            text("python_env.yaml", python_env()),
            text("conda.yaml", conda()),
        ];
        files.into_iter().chain(loader).collect()
    }

    /// Whether a column is of text.
    fn has_text(&self) -> bool {
        self.inputs.iter().any(|column| column.kind == ColumnType::String)
    }

    /// The text of `MLmodel`, which says how the folder is loaded. The same model has the same text.
    pub fn mlmodel(&self, folder: &str) -> String {
        let created = DateTime::from_timestamp_millis(self.created_at).unwrap_or_default().format("%Y-%m-%d %H:%M:%S%.6f");
        let (inputs, outputs) = (quoted(&columns(&self.inputs)), quoted(&columns(&self.outputs)));
        let folder = quoted(folder);
        let (size, id) = (self.onnx.len(), self.id(&inputs, &outputs));
        let (code, loader) = if self.has_text() { ("\n    code: code", "adlake_model") } else { ("", "mlflow.onnx") };
        format!(
            r#"artifact_path: {folder}
flavors:
  onnx:
    code: null
    data: model.onnx
    onnx_session_options: null
    providers:
    - CPUExecutionProvider
  python_function:{code}
    data: model.onnx
    env:
      conda: conda.yaml
      virtualenv: python_env.yaml
    loader_module: {loader}
    python_version: "{PYTHON}"
model_size_bytes: {size}
model_uuid: {id}
signature:
  inputs: {inputs}
  outputs: {outputs}
  params: null
utc_time_created: "{created}"
"#
        )
    }

    /// What tells this model from any other.
    fn id(&self, inputs: &str, outputs: &str) -> String {
        let parts = [&self.onnx, inputs.as_bytes(), outputs.as_bytes()].map(|part| xxh3_128(part).to_le_bytes());
        format!("{:032x}", xxh3_128(&parts.concat()))
    }
}

/// The text of `requirements.txt`.
fn requirements() -> String {
    REQUIREMENTS.map(|package| format!("{package}\n")).concat()
}

/// The text of `python_env.yaml`.
fn python_env() -> String {
    format!("python: \"{PYTHON}\"\nbuild_dependencies:\n- pip\ndependencies:\n- -r requirements.txt\n")
}

/// The text of `conda.yaml`.
fn conda() -> String {
    let packages = REQUIREMENTS.map(|package| format!("  - {}\n", quoted(package))).concat();
    format!("name: mlflow-env\nchannels:\n- conda-forge\ndependencies:\n- python={PYTHON}\n- pip\n- pip:\n{packages}")
}

/// A signature's columns, as the JSON that MLflow keeps in a text.
fn columns(columns: &[ColumnSpec]) -> String {
    #[derive(Serialize)]
    struct Column<'a> {
        r#type: ColumnType,
        name: &'a str,
        required: bool,
    }
    let columns: Vec<_> =
        columns.iter().map(|ColumnSpec { name, kind, required }| Column { r#type: *kind, name, required: *required }).collect();
    serde_json::json!(columns).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> OnnxModel {
        OnnxModel {
            onnx: vec![1, 2, 3],
            inputs: vec![ColumnSpec::required("hour \"of\" day", ColumnType::Double), ColumnSpec::optional("state", ColumnType::String)],
            outputs: vec![ColumnSpec::required("probability", ColumnType::Float)],
            created_at: 1_700_000_000_123,
        }
    }

    #[test]
    fn the_descriptor_has_what_mlflow_asks_for() {
        let text = model().mlmodel("model: 1");
        for line in [
            "artifact_path: \"model: 1\"",
            "    code: code",
            "    loader_module: adlake_model",
            "    data: model.onnx",
            "model_size_bytes: 3",
            r#"  outputs: "[{\"name\":\"probability\",\"required\":true,\"type\":\"float\"}]""#,
            "utc_time_created: \"2023-11-14 22:13:20.123000\"",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(text.contains(r#"\"name\":\"hour \\\"of\\\" day\""#), "{text}");
        assert!(text.contains(r#"\"required\":false"#), "{text}");
    }

    #[test]
    fn numbers_alone_need_no_loader_of_ours() {
        let numbers = OnnxModel { inputs: vec![ColumnSpec::required("hour", ColumnType::Double)], ..model() };
        assert!(numbers.mlmodel("model").contains("    loader_module: mlflow.onnx\n"));
        let has_loader = |model: OnnxModel| model.artifacts("model").iter().any(|artifact| artifact.path == "model/code/adlake_model.py");
        assert!(has_loader(model()) && !has_loader(numbers));
    }

    #[test]
    fn the_id_is_that_of_the_model_alone() {
        let id = |model: &OnnxModel| model.mlmodel("model").lines().find(|line| line.starts_with("model_uuid")).map(str::to_owned);
        assert_eq!(id(&model()), id(&OnnxModel { created_at: 0, ..model() }));
        assert_ne!(id(&model()), id(&OnnxModel { onnx: vec![1, 2], ..model() }));
        assert_ne!(id(&model()), id(&OnnxModel { inputs: Vec::new(), ..model() }));
    }

    #[test]
    fn any_instant_has_a_text() {
        assert!(OnnxModel { created_at: i64::MAX, ..model() }.mlmodel("model").contains("1970-01-01 00:00:00.000000"));
    }
}
