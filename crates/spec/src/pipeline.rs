//! All models together.

use std::collections::{BTreeMap, BTreeSet};

use crate::closest::{closest, did_you_mean};
use crate::error::{Problem, SelectError};
use crate::layer::Layer;
use crate::model::Model;
use crate::table_name::TableName;

#[cfg(test)]
mod tests;

/// Models that fit together: no table is made twice, what is read exists, data flows one way and
/// in no circle. Made only by [`Pipeline::new`].
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// In an order in which every model comes after all it reads.
    models: Vec<Model>,
    positions: BTreeMap<TableName, usize>,
}

impl Pipeline {
    /// Puts models in order. The order depends on the models alone, not on how they were listed.
    ///
    /// # Errors
    /// Every problem at once.
    pub fn new(models: Vec<Model>) -> Result<Pipeline, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut by_table: BTreeMap<TableName, Model> = BTreeMap::new();
        let mut models = models;
        models.sort_by(|a, b| a.file.cmp(&b.file));
        for model in models {
            if let Some(first) = by_table.get(&model.table) {
                problems.push(Problem::new(
                    &model.file,
                    None,
                    format!("{} is already made by {}: rename one of them", model.table, first.file),
                ));
                continue;
            }
            by_table.insert(model.table.clone(), model);
        }
        for model in by_table.values() {
            check_inputs(model, &by_table, &mut problems);
            check_parameters(model, &by_table, &mut problems);
        }
        let order = order(&by_table, &mut problems);
        if !problems.is_empty() {
            problems.sort();
            return Err(problems);
        }
        let models: Vec<Model> = order.iter().filter_map(|table| by_table.remove(table)).collect();
        let positions = models.iter().enumerate().map(|(position, model)| (model.table.clone(), position)).collect();
        Ok(Pipeline { models, positions })
    }

    /// All models, each after all it reads; otherwise by layer, then by name.
    pub fn in_order(&self) -> &[Model] {
        &self.models
    }

    /// The model that makes a table.
    pub fn get(&self, table: &TableName) -> Option<&Model> {
        self.positions.get(table).map(|position| &self.models[*position])
    }

    /// The bronze tables that are read and that no model makes: raw data is ingested into them as
    /// it arrives.
    pub fn sources(&self) -> BTreeSet<TableName> {
        self.models
            .iter()
            .flat_map(Model::input_tables)
            .filter(|table| table.layer == Layer::Bronze && !self.positions.contains_key(table))
            .cloned()
            .collect()
    }

    /// All tables that `table` is made from, directly or through others. Without `table` itself.
    pub fn upstream_of(&self, table: &TableName) -> BTreeSet<TableName> {
        self.above(table, |model| model.input_tables().cloned().collect())
    }

    /// As [`Pipeline::upstream_of`], without what a model can do without.
    pub fn required_for(&self, table: &TableName) -> BTreeSet<TableName> {
        self.above(table, |model| model.required_tables().cloned().collect())
    }

    fn above(&self, table: &TableName, inputs: impl Fn(&Model) -> Vec<TableName>) -> BTreeSet<TableName> {
        let mut found: BTreeSet<TableName> = BTreeSet::new();
        for model in self.models.iter().rev() {
            if model.table == *table || found.contains(&model.table) {
                found.extend(inputs(model));
            }
        }
        found
    }

    /// The models of these layers, of these domains and with these tables, in order. An empty list
    /// does not restrict. A table may be named without its layer if that leaves no doubt.
    ///
    /// # Errors
    /// A domain or table that does not exist, with the nearest that does.
    pub fn select(&self, layers: &[Layer], domains: &[String], tables: &[String]) -> Result<Vec<&Model>, SelectError> {
        let known_domains: BTreeSet<&str> = self.models.iter().map(|model| model.domain.as_str()).collect();
        if let Some(unknown) = domains.iter().find(|domain| !known_domains.contains(domain.as_str())) {
            return Err(SelectError::UnknownDomain {
                given: unknown.clone(),
                hint: did_you_mean(unknown, known_domains.iter().copied()),
                known: known_domains.into_iter().collect::<Vec<_>>().join(", "),
            });
        }
        let tables = tables.iter().map(|given| self.table_named(given)).collect::<Result<BTreeSet<_>, _>>()?;
        let chosen = self.models.iter().filter(|model| {
            (layers.is_empty() || layers.contains(&model.table.layer))
                && (domains.is_empty() || domains.contains(&model.domain))
                && (tables.is_empty() || tables.contains(&model.table))
        });
        Ok(chosen.collect())
    }

    /// The table that `given` stands for: `silver.clicks`, or `clicks` if only one layer has it.
    ///
    /// # Errors
    /// No such table, or several.
    pub fn table_named(&self, given: &str) -> Result<TableName, SelectError> {
        let mut known = self.sources();
        known.extend(self.models.iter().map(|model| model.table.clone()));
        let matching: Vec<&TableName> = match given.parse::<TableName>() {
            Ok(table) => known.get(&table).into_iter().collect(),
            Err(_) => known.iter().filter(|table| table.name == given).collect(),
        };
        match matching.as_slice() {
            [one] => Ok((*one).clone()),
            [] => Err(SelectError::UnknownTable { given: given.to_string(), hint: hint(given, &known) }),
            several => {
                let names: Vec<String> = several.iter().map(ToString::to_string).collect();
                Err(SelectError::AmbiguousTable { given: given.to_string(), candidates: names.join(" or ") })
            }
        }
    }
}

/// ` (did you mean …?)`: the nearest full name, or one with the nearest name in any layer.
fn hint(given: &str, known: &BTreeSet<TableName>) -> String {
    let name = given.rsplit('.').next().unwrap_or(given);
    // The right name in the wrong layer is likelier than a slip of the pen.
    let same_name = known.iter().find(|table| table.name == name).map(ToString::to_string);
    let full_names: Vec<String> = known.iter().map(ToString::to_string).collect();
    let nearest = same_name.or_else(|| closest(given, full_names.iter().map(String::as_str)).map(str::to_string)).or_else(|| {
        let near = closest(name, known.iter().map(|table| table.name.as_str()))?;
        known.iter().find(|table| table.name == near).map(ToString::to_string)
    });
    nearest.map(|nearest| format!(" (did you mean \"{nearest}\"?)")).unwrap_or_default()
}

fn check_inputs(model: &Model, by_table: &BTreeMap<TableName, Model>, problems: &mut Vec<Problem>) {
    for input in model.input_tables() {
        let message = if !model.table.layer.may_read(input.layer) {
            wrong_direction(model.table.layer, input)
        } else if matches!(input.layer, Layer::Silver | Layer::Gold) && !by_table.contains_key(input) {
            let known: BTreeSet<TableName> = by_table.keys().cloned().collect();
            format!("no model makes {input}{}", hint(&input.to_string(), &known))
        } else {
            continue;
        };
        problems.push(Problem::new(&model.file, model.line_of(input), message));
    }
}

/// A parameter that follows another table's has its value, where that table is among the models.
fn check_parameters(model: &Model, by_table: &BTreeMap<TableName, Model>, problems: &mut Vec<Problem>) {
    for parameter in &model.header.parameters {
        let Some(other) = parameter.same_as.as_ref().and_then(|other| by_table.get(other)) else { continue };
        let name = &parameter.name;
        let theirs = other.header.parameters.iter().find(|theirs| &theirs.name == name).map(|theirs| &theirs.value);
        let message = match theirs {
            Some(value) if *value == parameter.value => continue,
            Some(value) => {
                format!("parameters.{name} is {}, but that of {} is {value}: give both one default", parameter.value, other.table)
            }
            None => format!("parameters.{name} follows {}, which has no such parameter", other.table),
        };
        problems.push(Problem::new(&model.file, Some(parameter.line), message));
    }
}

fn wrong_direction(layer: Layer, input: &TableName) -> String {
    match layer.readable() {
        [] => format!("{layer} holds what the engine records, not models: move this one to gold"),
        [own, others @ ..] => {
            let others: Vec<&str> = others.iter().map(|other| other.as_str()).collect();
            format!("a {layer} model may not read {input}: it reads {own} and {}", others.join(" and "))
        }
    }
}

/// Tables so that each comes after all it is made from; circles are reported and broken.
fn order(by_table: &BTreeMap<TableName, Model>, problems: &mut Vec<Problem>) -> Vec<TableName> {
    let mut waiting: BTreeMap<&TableName, BTreeSet<&TableName>> = by_table
        .iter()
        .map(|(table, model)| (table, model.input_tables().filter(|input| by_table.contains_key(input)).collect()))
        .collect();
    let mut readers: BTreeMap<&TableName, Vec<&TableName>> = BTreeMap::new();
    for (table, inputs) in &waiting {
        for input in inputs {
            readers.entry(input).or_default().push(table);
        }
    }
    let mut ready: BTreeSet<&TableName> = waiting.iter().filter(|(_, inputs)| inputs.is_empty()).map(|(table, _)| *table).collect();
    let mut order = Vec::with_capacity(by_table.len());
    while !waiting.is_empty() {
        let Some(table) = ready.pop_first() else {
            // Everything that still waits is in a circle or behind one.
            let circle = find_circle(&waiting);
            let first = circle.first().copied();
            if let Some(model) = first.and_then(|table| by_table.get(table)) {
                let next = circle.get(1).or(first.as_ref()).copied();
                problems.push(Problem::new(&model.file, next.and_then(|next| model.line_of(next)), circle_message(&circle)));
            }
            ready.extend(circle);
            continue;
        };
        if waiting.remove(table).is_none() {
            continue;
        }
        order.push(table.clone());
        for reader in readers.get(table).into_iter().flatten() {
            if let Some(inputs) = waiting.get_mut(reader) {
                inputs.remove(table);
                if inputs.is_empty() {
                    ready.insert(reader);
                }
            }
        }
    }
    order
}

/// Tables of which each reads the next and the last reads the first.
fn find_circle<'t>(waiting: &BTreeMap<&'t TableName, BTreeSet<&'t TableName>>) -> Vec<&'t TableName> {
    let mut path: Vec<&TableName> = waiting.keys().next().copied().into_iter().collect();
    // Whatever waits reads something that waits, so the walk must come back to where it has been.
    while let Some(next) = path.last().and_then(|last| waiting.get(last)?.first()).copied() {
        if let Some(start) = path.iter().position(|table| *table == next) {
            path.drain(..start);
            // Named from its smallest table, whichever way it was entered.
            let smallest = path.iter().enumerate().min_by_key(|(_, table)| **table).map_or(0, |(at, _)| at);
            path.rotate_left(smallest);
            return path;
        }
        path.push(next);
    }
    path
}

fn circle_message(circle: &[&TableName]) -> String {
    let names: Vec<String> = circle.iter().chain(circle.first()).map(ToString::to_string).collect();
    match circle {
        [one] => format!("{one} reads itself: a model is made from other tables"),
        _ => format!("tables are made from each other: {}: break the circle", names.join(" reads ")),
    }
}
