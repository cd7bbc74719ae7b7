//! Pushes a run that a JSON file describes to the server that MLflow's own variables name.
//!
//! ```text
//! MLFLOW_TRACKING_URI=http://localhost:5000 push RUN.json [MODEL.onnx SIGNATURE.json]
//! ```
//!
//! With a model, its folder is added to the run's artifacts as `model`; the signature is `{"inputs": […], "outputs": […]}`. What was pushed is
//! printed as JSON.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool: results on stdout, errors on stderr")]

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tracking::{Client, ColumnSpec, OnnxModel, Pushed, Run, Settings};

#[derive(Deserialize)]
struct Signature {
    inputs: Vec<ColumnSpec>,
    outputs: Vec<ColumnSpec>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match pushed().await.and_then(|pushed| Ok(serde_json::to_string(&pushed)?)) {
        Ok(pushed) => {
            println!("{pushed}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn pushed() -> Result<Pushed> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let run = match &arguments[..] {
        [run] => read(run)?,
        [run, onnx, signature] => with_model(read(run)?, onnx, signature)?,
        _ => bail!("wrong usage: push RUN.json [MODEL.onnx SIGNATURE.json]"),
    };
    let client = Client::new(Settings::from_variables(|name| std::env::var(name).ok())?)?;
    Ok(tracking::push(&client, &run).await?)
}

fn with_model(mut run: Run, onnx: &str, signature: &str) -> Result<Run> {
    let onnx = std::fs::read(onnx).with_context(|| onnx.to_owned())?;
    let Signature { inputs, outputs } = read(signature)?;
    run.artifacts.extend(OnnxModel { onnx, inputs, outputs, created_at: run.started_at }.artifacts("model"));
    Ok(run)
}

fn read<T: serde::de::DeserializeOwned>(path: &str) -> Result<T> {
    let text = std::fs::read_to_string(path).with_context(|| path.to_owned())?;
    serde_json::from_str(&text).with_context(|| path.to_owned())
}
