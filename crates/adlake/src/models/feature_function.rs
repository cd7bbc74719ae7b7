//! Functions in SQL that ask a model: which of its features the arguments are.

use lake::datafusion::error::DataFusionError;
use lake::datafusion::logical_expr::ColumnarValue;
use training::{Column, Frame, TrainingError};

/// The features that a call hands over, in its order: its arguments after the first, which names the model.
#[derive(Debug, Clone)]
pub(crate) struct ArgumentNames(Vec<String>);

/// Those of the first call of a function in a text of SQL.
pub(crate) fn columns_of_call(text: &str, function: &str) -> ArgumentNames {
    let call = format!("{function}(");
    let arguments = text.split_once(&call).and_then(|(_, rest)| rest.split_once(')')).map_or("", |(inside, _)| inside);
    ArgumentNames(arguments.split(',').skip(1).map(|argument| argument.trim().trim_start_matches("f.").to_owned()).collect())
}

impl ArgumentNames {
    /// The arguments of a call, the first left out, as a frame of so many rows.
    pub(crate) fn frame(&self, arguments: &[ColumnarValue], rows: usize) -> training::Result<Frame> {
        let features = self.0.iter().zip(arguments.iter().skip(1)).map(|(name, argument)| {
            let failed = |error: DataFusionError| TrainingError::ArrowType { found: error.to_string() };
            let array = argument.to_array(rows).map_err(failed)?;
            Ok((name.clone(), Column::from_arrow(array.as_ref())?))
        });
        Frame::new(features.collect::<training::Result<Vec<_>>>()?)
    }
}
