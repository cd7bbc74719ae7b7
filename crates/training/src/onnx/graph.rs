//! A graph in the making: inputs, constants, and operators after what they read. Values go by their names.

use std::collections::{HashMap, HashSet};

use prost::Message;

use super::OUTPUT;
use super::proto::{
    AttributeProto, DimensionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, TensorShapeProto, TensorTypeProto,
    TypeProto, ValueInfoProto, element,
};
use crate::error::{Result, TrainingError};

/// The domain of the operators for trees and categories; the others have none.
const ML: &str = "ai.onnx.ml";
/// The versions of ONNX 1.16, the first with trees in double precision: of the file, of the operators, of those in `ai.onnx.ml`.
const VERSIONS: (i64, i64, i64) = (10, 21, 5);

pub(super) struct Graph {
    graph: GraphProto,
    features: usize,
    taken: HashSet<String>,
    /// Per feature that is read, its column.
    columns: HashMap<String, String>,
}

impl Graph {
    /// An empty graph that keeps these names for inputs.
    pub(super) fn new<'a>(features: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let mut taken = HashSet::from([OUTPUT.to_owned()]);
        for feature in features {
            if feature.is_empty() || feature == OUTPUT {
                return Err(TrainingError::Onnx { problem: format!("a feature is named `{feature}`, which no input may be: rename it") });
            }
            if !taken.insert(feature.to_owned()) {
                return Err(TrainingError::Duplicate { feature: feature.to_owned() });
            }
        }
        let features = taken.len() - 1;
        if features == 0 {
            return Err(TrainingError::NoFeatures);
        }
        let graph = GraphProto { name: "adlake".to_owned(), ..GraphProto::default() };
        Ok(Self { graph, features, taken, columns: HashMap::new() })
    }

    /// A column of numbers, N by 1.
    pub(super) fn numbers(&mut self, feature: &str) -> String {
        self.column(feature, element::DOUBLE, "A number; NaN is missing.")
    }

    /// A column of the numbers that texts stand for, N by 1.
    pub(super) fn texts(&mut self, feature: &str, keys: &[&str], values: &[f64], others: f64) -> String {
        let column = self.column(feature, element::STRING, "A category; the empty text is missing.");
        let attributes = vec![
            AttributeProto::strings("keys_strings", keys.iter().copied()),
            AttributeProto::tensor("values_tensor", TensorProto::doubles(values)),
            AttributeProto::tensor("default_tensor", TensorProto::doubles(&[others])),
        ];
        self.ml("LabelEncoder", &column, attributes)
    }

    /// MLflow hands over each column of a data frame as N, but the only one as N by 1.
    fn column(&mut self, feature: &str, element: i32, meaning: &str) -> String {
        if let Some(column) = self.columns.get(feature) {
            return column.clone();
        }
        let columns = (self.features == 1).then_some(1);
        self.graph.input.push(value(feature, element, columns, meaning));
        let shape = self.integers(&[-1, 1]);
        let column = self.op("Reshape", &[feature, &shape]);
        self.columns.insert(feature.to_owned(), column.clone());
        column
    }

    /// A constant.
    pub(super) fn number(&mut self, value: f64) -> String {
        self.constant(TensorProto { dims: Vec::new(), ..TensorProto::doubles(&[value]) })
    }

    /// A constant list.
    pub(super) fn list(&mut self, values: &[f64]) -> String {
        self.constant(TensorProto::doubles(values))
    }

    /// A constant list of whole numbers.
    pub(super) fn integers(&mut self, values: &[i64]) -> String {
        self.constant(TensorProto::integers(values))
    }

    fn constant(&mut self, tensor: TensorProto) -> String {
        let is_same =
            |known: &&TensorProto| known.dims == tensor.dims && known.data_type == tensor.data_type && known.raw_data == tensor.raw_data;
        if let Some(known) = self.graph.initializer.iter().find(is_same) {
            return known.name.clone();
        }
        let name = self.name("constant");
        self.graph.initializer.push(TensorProto { name: name.clone(), ..tensor });
        name
    }

    /// What an operator without attributes gives.
    pub(super) fn op(&mut self, op_type: &str, inputs: &[&str]) -> String {
        self.op_with(op_type, inputs, Vec::new())
    }

    /// What an operator gives.
    pub(super) fn op_with(&mut self, op_type: &str, inputs: &[&str], attributes: Vec<AttributeProto>) -> String {
        let output = self.name(op_type);
        self.push("", op_type, inputs, attributes, output)
    }

    /// What an operator of `ai.onnx.ml` gives.
    pub(super) fn ml(&mut self, op_type: &str, input: &str, attributes: Vec<AttributeProto>) -> String {
        let output = self.name(op_type);
        self.push(ML, op_type, &[input], attributes, output)
    }

    /// Columns side by side.
    pub(super) fn beside(&mut self, columns: &[String]) -> String {
        let columns: Vec<_> = columns.iter().map(String::as_str).collect();
        self.op_with("Concat", &columns, vec![AttributeProto::int("axis", 1)])
    }

    fn push(&mut self, domain: &str, op_type: &str, inputs: &[&str], attribute: Vec<AttributeProto>, output: String) -> String {
        self.graph.node.push(NodeProto {
            input: inputs.iter().map(|input| (*input).to_owned()).collect(),
            output: vec![output.clone()],
            name: output.clone(),
            op_type: op_type.to_owned(),
            attribute,
            domain: domain.to_owned(),
        });
        output
    }

    /// A name that nothing else has.
    fn name(&mut self, what: &str) -> String {
        let number = self.graph.node.len() + self.graph.initializer.len();
        let mut name = format!("{what}_{number}");
        while !self.taken.insert(name.clone()) {
            name.push('_');
        }
        name
    }

    /// The file, which gives these probabilities (N by 1) as its only output.
    pub(super) fn finish(mut self, probabilities: &str) -> Vec<u8> {
        let shape = self.integers(&[-1]);
        self.push("", "Reshape", &[probabilities, &shape], Vec::new(), OUTPUT.to_owned());
        self.graph.output.push(value(OUTPUT, element::DOUBLE, None, "The probability of a positive label."));
        let (ir_version, operators, ml) = VERSIONS;
        let opset = |domain: &str, version| OperatorSetIdProto { domain: domain.to_owned(), version };
        let model = ModelProto {
            ir_version,
            producer_name: "adlake".to_owned(),
            producer_version: env!("CARGO_PKG_VERSION").to_owned(),
            graph: Some(self.graph),
            opset_import: vec![opset("", operators), opset(ML, ml)],
        };
        model.encode_to_vec()
    }
}

/// A value with one entry per row, or so many columns of them.
fn value(name: &str, elem_type: i32, columns: Option<i64>, meaning: &str) -> ValueInfoProto {
    let rows = DimensionProto { dim_param: Some("N".to_owned()), dim_value: None };
    let columns = columns.map(|columns| DimensionProto { dim_param: None, dim_value: Some(columns) });
    let shape = TensorShapeProto { dim: std::iter::once(rows).chain(columns).collect() };
    let tensor_type = Some(TensorTypeProto { elem_type, shape: Some(shape) });
    ValueInfoProto { name: name.to_owned(), r#type: Some(TypeProto { tensor_type }), doc_string: meaning.to_owned() }
}
