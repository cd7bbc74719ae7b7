//! Runs, models and their files, kept in the lake: `ml.runs`, `ml.params`, `ml.metrics`, `ml.tags`, `ml.models`.

use std::sync::Arc;

use futures::StreamExt;
use lake::datafusion::arrow::array::{
    ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray,
};
use lake::datafusion::arrow::compute::cast;
use lake::datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema};
use lake::{AsOf, Lake, LakeError, Result};
use spec::{Layer, TableName};
use tracking::{Content, Run};

use super::file::{ModelCard, ModelFile};

/// What the lake keeps of training.
pub struct Records<'l> {
    lake: &'l Lake,
}

/// A registered model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownModel {
    /// Its name, such as `click`.
    pub name: String,
    /// Its version, from 1.
    pub version: i64,
    /// The run that made it.
    pub run_id: String,
}

/// Letters of a model's name, at most; it names a folder and stands in SQL.
const LONGEST_NAME: usize = 100;
/// The file of a run that holds the model.
const MODEL_FILE: &str = "model.adlake";
/// The whole run, for pushing it to a server later.
const RUN_FILE: &str = "run.json";

impl<'l> Records<'l> {
    /// Those of a lake.
    pub fn of(lake: &'l Lake) -> Self {
        Self { lake }
    }

    /// Keeps a run that has ended, with its files. The row in `ml.runs` comes last: a run that is listed is whole.
    ///
    /// # Errors
    /// What happens while writing.
    pub async fn keep(&self, run: &Run) -> Result<()> {
        let mut bare = run.clone();
        for artifact in &mut bare.artifacts {
            let name = format!("{}/{}", run.id, artifact.path);
            let bytes = match &artifact.content {
                Content::Bytes(bytes) => bytes.clone(),
                Content::Text(text) => text.clone().into_bytes(),
                Content::File(path) => std::fs::read(path).map_err(|error| LakeError::invalid(format!("{}: {error}", path.display())))?,
            };
            self.lake.write_file(Layer::Ml, &name, bytes).await?;
            artifact.content = Content::Bytes(Vec::new());
        }
        self.lake.write_file(Layer::Ml, &format!("{}/{RUN_FILE}", run.id), serde_json::to_vec(&bare)?).await?;
        let (keys, values): (Vec<_>, Vec<_>) = run.params.iter().unzip();
        self.append("params", vec![("run_id", all(&run.id, keys.len())), ("key", texts(keys)), ("value", texts(values))]).await?;
        let (keys, values): (Vec<_>, Vec<_>) = run.tags.iter().unzip();
        self.append("tags", vec![("run_id", all(&run.id, keys.len())), ("key", texts(keys)), ("value", texts(values))]).await?;
        let metrics = vec![
            ("run_id", all(&run.id, run.metrics.len())),
            ("key", texts(run.metrics.iter().map(|m| &m.key))),
            ("value", Arc::new(run.metrics.iter().map(|m| Some(m.value)).collect::<Float64Array>()) as ArrayRef),
            ("step", Arc::new(run.metrics.iter().map(|m| Some(m.step)).collect::<Int64Array>())),
            ("measured_at", instants(run.metrics.iter().map(|m| Some(m.timestamp)))),
        ];
        self.append("metrics", metrics).await?;
        let runs = vec![
            ("run_id", all(&run.id, 1)),
            ("experiment", texts([&run.experiment])),
            ("name", texts([&run.name])),
            ("status", texts([&format!("{:?}", run.status).to_uppercase()])),
            ("started_at", instants([Some(run.started_at)])),
            ("ended_at", instants([run.ended_at])),
        ];
        self.append("runs", runs).await
    }

    /// Whether a model may have that name.
    ///
    /// # Errors
    /// A name that a reference such as `click/3` could not hold.
    pub fn check_name(name: &str) -> Result<()> {
        let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        let begins_well = name.starts_with(|first: char| first.is_ascii_alphabetic());
        if begins_well && name.len() <= LONGEST_NAME && name.chars().all(is_allowed) {
            return Ok(());
        }
        Err(LakeError::invalid(format!(
            "{name:?} cannot name a model: begin with a letter of a to z, go on with letters, digits, '-', '_' and '.', {LONGEST_NAME} at most"
        )))
    }

    /// Gives a run's model the next version of a name: of several at the same time each another one.
    ///
    /// # Errors
    /// A name that a reference could not hold; what happens while reading or writing.
    pub async fn register(&self, name: &str, run_id: &str, at_millis: i64) -> Result<KnownModel> {
        Self::check_name(name)?;
        let mut version = self.models().await?.iter().filter(|model| model.name == name).map(|model| model.version).max().unwrap_or(0) + 1;
        // Whoever makes this file first has the version.
        while !self.lake.create_file(Layer::Ml, &format!("versions/{name}/{version}"), run_id.as_bytes().to_vec()).await? {
            version += 1;
        }
        let columns = vec![
            ("name", texts([&name.to_owned()])),
            ("version", Arc::new(Int64Array::from(vec![version])) as ArrayRef),
            ("run_id", all(run_id, 1)),
            ("registered_at", instants([Some(at_millis)])),
        ];
        self.append("models", columns).await?;
        Ok(KnownModel { name: name.to_owned(), version, run_id: run_id.to_owned() })
    }

    /// All registered models, by name and version.
    ///
    /// # Errors
    /// What happens while reading.
    pub async fn models(&self) -> Result<Vec<KnownModel>> {
        if self.lake.table(&table("models")?).await?.is_none() {
            return Ok(Vec::new());
        }
        let mut models = Vec::new();
        let mut rows = self.lake.sql("select name, version, run_id from ml.models order by name, version", AsOf::Latest).await?;
        while let Some(batch) = rows.next().await {
            let batch = batch?;
            let (names, runs) = (cast(batch.column(0), &DataType::Utf8)?, cast(batch.column(2), &DataType::Utf8)?);
            let versions = batch.column(1).as_primitive::<Int64Type>();
            for row in 0..batch.num_rows() {
                let name = names.as_string::<i32>().value(row).to_owned();
                models.push(KnownModel { name, version: versions.value(row), run_id: runs.as_string::<i32>().value(row).to_owned() });
            }
        }
        Ok(models)
    }

    /// The model that a reference names: `click` is its last version, `click/3` the third.
    ///
    /// # Errors
    /// There is none, it is of another kind, or its file is damaged.
    pub async fn model<C: ModelCard>(&self, reference: &str) -> Result<(KnownModel, ModelFile<C>)> {
        let (known, bytes) = self.model_bytes(reference).await?;
        let model = ModelFile::from_bytes(&bytes);
        let model =
            model.map_err(|error| LakeError::invalid(format!("{}/{} (run {}): {error}", known.name, known.version, known.run_id)))?;
        Ok((known, model))
    }

    /// The same as bytes, of whatever kind it is.
    ///
    /// # Errors
    /// There is none, or its file is gone.
    pub async fn model_bytes(&self, reference: &str) -> Result<(KnownModel, Vec<u8>)> {
        let (name, version) = match reference.split_once('/') {
            None => (reference, None),
            Some((name, version)) => {
                let number: Option<i64> = version.parse().ok();
                (name, Some(number.ok_or_else(|| LakeError::invalid(format!("{reference}: the version is a number, such as {name}/1")))?))
            }
        };
        let models = self.models().await?;
        let found = models.iter().rfind(|model| model.name == name && version.is_none_or(|version| model.version == version));
        let known = found.cloned().ok_or_else(|| {
            LakeError::invalid(format!(
                "there is no registered model {reference}; `adlake models` lists them, `adlake train` with --register {name} makes one"
            ))
        })?;
        let bytes = self.lake.read_file(Layer::Ml, &format!("{}/{MODEL_FILE}", known.run_id)).await?;
        let bytes =
            bytes.ok_or_else(|| LakeError::invalid(format!("the file of model {name}/{} is gone: train it again", known.version)))?;
        Ok((known, bytes))
    }

    /// A run as it was kept, its files filled in.
    ///
    /// # Errors
    /// There is no such run, or a file of it is gone.
    pub async fn run(&self, id: &str) -> Result<Run> {
        let missing = |name: &str| LakeError::invalid(format!("run {id}: {name} is not in the lake; `adlake runs` lists the runs"));
        let bytes = self.lake.read_file(Layer::Ml, &format!("{id}/{RUN_FILE}")).await?.ok_or_else(|| missing(RUN_FILE))?;
        let mut run: Run = serde_json::from_slice(&bytes)?;
        for artifact in &mut run.artifacts {
            let file = self.lake.read_file(Layer::Ml, &format!("{id}/{}", artifact.path)).await?;
            artifact.content = Content::Bytes(file.ok_or_else(|| missing(&artifact.path))?);
        }
        Ok(run)
    }

    async fn append(&self, name: &str, columns: Vec<(&str, ArrayRef)>) -> Result<()> {
        if columns.iter().all(|(_, values)| values.is_empty()) {
            return Ok(());
        }
        let fields: Vec<Field> = columns.iter().map(|(name, values)| Field::new(*name, values.data_type().clone(), true)).collect();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into_iter().map(|(_, values)| values).collect())?;
        self.lake.append(&table(name)?, &batch).await.map(|_| ())
    }
}

fn table(name: &str) -> Result<TableName> {
    TableName::new(Layer::Ml, name).map_err(LakeError::invalid)
}

fn all(text: &str, rows: usize) -> ArrayRef {
    Arc::new(std::iter::repeat_n(Some(text), rows).collect::<StringViewArray>())
}

fn texts<'t>(texts: impl IntoIterator<Item = &'t String>) -> ArrayRef {
    Arc::new(texts.into_iter().map(|text| Some(text.as_str())).collect::<StringViewArray>())
}

fn instants(millis: impl IntoIterator<Item = Option<i64>>) -> ArrayRef {
    let micros: TimestampMicrosecondArray = millis.into_iter().map(|instant| instant.map(|millis| millis * 1000)).collect();
    Arc::new(micros.with_timezone("UTC"))
}
