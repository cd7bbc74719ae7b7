#![allow(clippy::unwrap_used)]
use std::collections::HashSet;

use prost::Message;

use super::proto::{AttributeProto, GraphProto, ModelProto, NodeProto, element};
use super::*;
use crate::bins::Value;
use crate::blend::{Blend, BlendSettings};
use crate::boosted::{Boosted, BoostedSettings};
use crate::calibrate::Calibrator;
use crate::data::{Column, Dataset, Frame};
use crate::forest::tests::clicks;
use crate::forest::{Forest, ForestSettings};
use crate::hashed::{Ffm, FfmSettings, Fields, Ftrl, FtrlSettings};
use crate::logistic::{Logistic, LogisticSettings};
use crate::metrics::Scores;
use crate::predict::Predict;

fn forest(data: &Dataset) -> Forest {
    Forest::fit(data, &ForestSettings { n_estimators: 7, ..ForestSettings::default() }).unwrap().forest
}

fn plain(learned: Learned) -> Model {
    Model { learned, calibrator: Calibrator::Identity }
}

fn graph(model: &Model) -> GraphProto {
    ModelProto::decode(model.to_onnx().unwrap().as_slice()).unwrap().graph.unwrap()
}

/// Every learner that can be written, with every calibrator.
fn all(data: &Dataset) -> Vec<Model> {
    let boosted = Boosted::fit(data, None, &BoostedSettings { n_estimators: 7, ..BoostedSettings::default() }).unwrap().model;
    let logistic = Logistic::fit(data, &LogisticSettings::default()).unwrap();
    let mut models = Vec::new();
    let logarithmic = Logistic::fit(data, &LogisticSettings { is_logarithmic: true, ..LogisticSettings::default() }).unwrap();
    let blend = Blend::fit(data, &BlendSettings::default()).unwrap();
    let learned = [
        Learned::Forest(forest(data)),
        Learned::Boosted(boosted),
        Learned::Logistic(logistic),
        Learned::Logistic(logarithmic),
        Learned::Blend(blend),
    ];
    for learned in learned {
        let probabilities = learned.predict(data.frame()).unwrap();
        let scores = Scores::new(&probabilities, data.labels(), None).unwrap();
        let calibrators = [
            Calibrator::Identity,
            Calibrator::prior(0.5, 0.1).unwrap(),
            Calibrator::platt(&scores).unwrap(),
            Calibrator::isotonic(&scores).unwrap(),
        ];
        models.extend(calibrators.map(|calibrator| Model { learned: learned.clone(), calibrator }));
    }
    models
}

fn attribute<'a>(node: &'a NodeProto, name: &str) -> &'a AttributeProto {
    node.attribute.iter().find(|attribute| attribute.name == name).unwrap()
}

fn doubles(node: &NodeProto, name: &str) -> Vec<f64> {
    let tensor = attribute(node, name).t.as_ref().unwrap();
    assert_eq!((tensor.data_type, tensor.dims[0] as usize * 8), (element::DOUBLE, tensor.raw_data.len()));
    tensor.raw_data.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect()
}

/// What `TreeEnsemble` gives for a row by the words of its specification.
fn sum(node: &NodeProto, row: &[f64]) -> f64 {
    let ints = |name: &str| attribute(node, name).ints.as_slice();
    let (splits, leaves) = (doubles(node, "nodes_splits"), doubles(node, "leaf_weights"));
    let modes = &attribute(node, "nodes_modes").t.as_ref().unwrap().raw_data;
    let has_sets = node.attribute.iter().any(|attribute| attribute.name == "membership_values");
    let members = if has_sets { doubles(node, "membership_values") } else { Vec::new() };
    let sets: Vec<_> = members.split(|member| member.is_nan()).collect();
    let descend = |root: &i64| {
        let (mut at, mut is_leaf) = (*root as usize, false);
        while !is_leaf {
            let value = row[ints("nodes_featureids")[at] as usize];
            let yes = match modes[at] {
                0 => value <= splits[at] || value.is_nan() && ints("nodes_missing_value_tracks_true")[at] == 1,
                6 => sets[modes[..at].iter().filter(|mode| **mode == 6).count()].contains(&value),
                mode => unreachable!("mode {mode}"),
            };
            let to = |place: &str, leaf: &str| (ints(place)[at] as usize, ints(leaf)[at] == 1);
            (at, is_leaf) = if yes { to("nodes_truenodeids", "nodes_trueleafs") } else { to("nodes_falsenodeids", "nodes_falseleafs") };
        }
        leaves[at]
    };
    ints("tree_roots").iter().map(descend).sum()
}

/// The row as the operator sees it: numbers, and categories as their bins.
fn seen(forest: &Forest, frame: &Frame, row: usize) -> Vec<f64> {
    let bins = forest.binner().features().iter();
    let values = bins.map(|feature| match frame.column(feature.name()).unwrap() {
        Column::Categorical(categories) => f64::from(feature.bin(categories.text(row).map_or(Value::Missing, Value::Category))),
        numbers => numbers.number(row).unwrap_or(f64::NAN),
    });
    values.collect()
}

#[test]
fn every_model_is_a_sound_graph_and_the_same_bytes_again() {
    let (data, _) = clicks(400, 1);
    for model in all(&data) {
        let bytes = model.to_onnx().unwrap();
        assert!(bytes == Model::from_bytes(&model.to_bytes().unwrap()).unwrap().to_onnx().unwrap(), "stored and read");
        let graph = graph(&model);
        let inputs: Vec<_> = graph.input.iter().map(|input| input.name.as_str()).collect();
        assert_eq!(HashSet::<&str>::from_iter(inputs.iter().copied()), HashSet::from(["up", "down", "noise", "level"]));
        let mut known: HashSet<_> = inputs.into_iter().chain(graph.initializer.iter().map(|tensor| tensor.name.as_str())).collect();
        assert_eq!(known.len(), graph.input.len() + graph.initializer.len());
        for node in &graph.node {
            assert!(node.input.iter().all(|input| known.contains(input.as_str())), "{node:?}");
            assert!(node.output.iter().all(|output| known.insert(output)), "{node:?}");
        }
        assert_eq!(graph.output.iter().map(|output| output.name.as_str()).collect::<Vec<_>>(), [OUTPUT]);
        assert!(known.contains(OUTPUT));
    }
}

#[test]
fn the_operator_finds_the_leaves_that_the_forest_finds() {
    let (data, _) = clicks(500, 2);
    let model = forest(&data);
    let graph = graph(&plain(Learned::Forest(model.clone())));
    let ensemble = graph.node.iter().find(|node| node.op_type == "TreeEnsemble").unwrap();
    let expected = model.predict(data.frame()).unwrap();
    let found =
        |ensemble: &NodeProto| -> Vec<f64> { (0..data.rows()).map(|row| sum(ensemble, &seen(&model, data.frame(), row)) / 7.0).collect() };
    assert_eq!(found(ensemble), expected);
    let flipped: fn(i64) -> i64 = |missing| 1 - missing;
    for (name, change) in [("nodes_missing_value_tracks_true", flipped), ("nodes_featureids", |feature| feature / 2)] {
        let mut wrong = ensemble.clone();
        let changed = wrong.attribute.iter_mut().find(|attribute| attribute.name == name).unwrap();
        changed.ints.iter_mut().for_each(|one| *one = change(*one));
        assert_ne!(found(&wrong), expected, "control: {name}");
    }
}

#[test]
fn no_two_children_of_a_root_have_one_number() {
    let (data, _) = clicks(300, 6);
    let settings = BoostedSettings { n_estimators: 4, max_leaves: 3, ..BoostedSettings::default() };
    let model = Boosted::fit(&data, None, &settings).unwrap().model;
    assert!(model.trees().iter().all(|tree| tree.len() == 5), "below each root a node and a leaf");
    let graph = graph(&plain(Learned::Boosted(model)));
    let ensemble = graph.node.iter().find(|node| node.op_type == "TreeEnsemble").unwrap();
    let child = |name: &str, root: &i64| attribute(ensemble, name).ints[*root as usize];
    for root in &attribute(ensemble, "tree_roots").ints {
        assert_ne!(child("nodes_truenodeids", root), child("nodes_falsenodeids", root), "{root}");
    }
}

#[test]
fn a_tree_of_one_leaf_is_a_node_that_always_says_the_same() {
    let (data, _) = clicks(50, 3);
    let settings = ForestSettings { n_estimators: 3, min_samples_leaf: 50, ..ForestSettings::default() };
    let model = Forest::fit(&data, &settings).unwrap().forest;
    assert!(model.trees().iter().all(|tree| tree.len() == 1));
    let graph = graph(&plain(Learned::Forest(model.clone())));
    let ensemble = graph.node.iter().find(|node| node.op_type == "TreeEnsemble").unwrap();
    assert_eq!(sum(ensemble, &[f64::NAN; 4]) / 3.0, model.predict(data.frame()).unwrap()[0]);
}

/// What a category is in the graph, by its text.
fn encoded(texts: &[Option<&str>], max_bins: usize) -> impl Fn(&str) -> f64 {
    let labels: Vec<_> = (0..texts.len()).map(|row| row % 2 == 0).collect();
    let data = Dataset::new(Frame::new([("c", Column::texts(texts.iter().copied()))]).unwrap(), labels).unwrap();
    let settings = ForestSettings { n_estimators: 1, max_bins, ..ForestSettings::default() };
    let graph = graph(&plain(Learned::Forest(Forest::fit(&data, &settings).unwrap().forest)));
    let encoder = graph.node.into_iter().find(|node| node.op_type == "LabelEncoder").unwrap();
    move |text| {
        let place = attribute(&encoder, "keys_strings").strings.iter().position(|key| key == text.as_bytes());
        place.map_or(doubles(&encoder, "default_tensor")[0], |place| doubles(&encoder, "values_tensor")[place])
    }
}

#[test]
fn missing_is_the_empty_text_and_what_it_becomes_on_the_way() {
    let texts = [Some("a"), Some("a"), Some("b"), Some("b"), Some("c"), None];
    let code = encoded(&texts, 255);
    assert_eq!(["a", "b", "c", "", "None", "unseen"].map(code), [1.0, 2.0, 3.0, 0.0, 0.0, 0.0]);
    let code = encoded(&texts, 2);
    assert_eq!(["a", "b", "c", "unseen"].map(&code), [1.0, 2.0, 2.0, 2.0], "the rare and the unseen share a bin");
    assert_eq!(MISSING_TEXTS.map(code), [0.0; 4]);
}

#[test]
fn a_level_stays_a_level_whatever_its_text() {
    let code = encoded(&[Some("None"), Some("None"), Some(""), Some(""), Some("x"), Some("y")], 3);
    assert_eq!(["", "None", "x", "nan"].map(code), [1.0, 2.0, 3.0, 0.0]);
}

#[test]
fn what_cannot_be_written_says_why() {
    let (data, _) = clicks(60, 4);
    let fields = || Fields::new(data.frame().names().to_vec(), 10).unwrap();
    let hashed = [
        Learned::Ftrl(Ftrl::new(fields(), FtrlSettings::default()).unwrap()),
        Learned::Ffm(Ffm::new(fields(), FfmSettings::default()).unwrap()),
    ];
    for learned in hashed {
        let message = plain(learned).to_onnx().unwrap_err().to_string();
        assert!(message.starts_with("no ONNX file can be made: ONNX has no operator that hashes") && !message.contains('\n'), "{message}");
    }
    for name in ["", OUTPUT] {
        let frame = Frame::new([(name, data.frame().columns()[1].clone())]).unwrap();
        let named = Dataset::new(frame, data.labels()).unwrap();
        let message = plain(Learned::Forest(forest(&named))).to_onnx().unwrap_err().to_string();
        assert_eq!(message, format!("no ONNX file can be made: a feature is named `{name}`, which no input may be: rename it"));
    }
}

#[test]
fn a_feature_may_have_the_name_of_a_step() {
    let (data, _) = clicks(60, 5);
    let names = ["Reshape_1", "constant_0", "Concat_5", "TreeEnsemble_6"];
    let frame = Frame::new(names.into_iter().zip(data.frame().columns().iter().cloned())).unwrap();
    let model = plain(Learned::Forest(forest(&Dataset::new(frame, data.labels()).unwrap())));
    let graph = graph(&model);
    let made = graph.node.iter().flat_map(|node| &node.output).chain(graph.initializer.iter().map(|tensor| &tensor.name));
    assert!(made.into_iter().all(|name| !names.contains(&name.as_str())));
}
