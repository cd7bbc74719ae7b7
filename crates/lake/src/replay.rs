//! Rows that were set aside and have been mended: into their bronze table as if they had been right when they arrived,
//! and out of quarantine.
//!
//! One commit of the bronze table adds the rows, and names what of its quarantine stays. Rows that a later table set aside
//! leave its quarantine by a commit of that table. A crash in between leaves rows that are in bronze and still in a later
//! table's quarantine: a row is only added if bronze has no such row in that place, so the next replay just removes them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringViewArray, TimestampMicrosecondArray, new_null_array,
};
use datafusion::arrow::compute::{cast, filter_record_batch};
use datafusion::arrow::datatypes::{DataType, Int64Type, SchemaRef};
use datafusion::datasource::MemTable;
use spec::{Layer, TableName};

use crate::quarantine::{self, Sink};
use crate::report::Action;
use crate::session::Pinned;
use crate::step::{self, ATTEMPTS, Outcome};
use crate::table::Table;
use crate::write::TableWriter;
use crate::{Lake, LakeError, Reject, Result, Running};

/// Where a row came from: file and line.
type Place = (String, i64);

/// A row in quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// The table that did not take it.
    pub table: TableName,
    /// The row.
    pub reject: Reject,
}

/// What a replay did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Rows added to the bronze table.
    pub added: u64,
    /// Whether rows had been added under this transaction before.
    pub known: bool,
    /// Places of rows that are as they came: another table did not take them so, nor would it now.
    pub unchanged: BTreeSet<(String, i64)>,
    /// Rows that left quarantine, by the table that had set them aside.
    pub left: BTreeMap<TableName, u64>,
}

impl Lake {
    /// The rows of a bronze table that are in quarantine: those that it did not take itself, and those that it took and
    /// a table made from it did not.
    ///
    /// # Errors
    /// A table that cannot be read.
    pub async fn set_aside(&self, bronze: &TableName) -> Result<Vec<SetAside>> {
        let mut found = Vec::new();
        for table in std::iter::once(bronze.clone()).chain(readers(self, bronze).await?) {
            for batch in settled_rows(self, &table).await?.unwrap_or_default() {
                found.extend(rejects(&batch)?.into_iter().map(|reject| SetAside { table: table.clone(), reject }));
            }
        }
        Ok(found)
    }

    /// Whether rows were replayed into the table under this transaction.
    ///
    /// # Errors
    /// No such table, or a log that cannot be read.
    pub async fn has_replayed(&self, bronze: &TableName, id: &str) -> Result<bool> {
        Ok(self.existing(bronze).await?.transactions().await?.contains_key(id))
    }
}

impl Running {
    /// Adds mended rows to their bronze table and takes them out of quarantine. `mended` has source columns, `_source` and
    /// `_line`; rows whose place is not in quarantine are left out. `id` is the transaction that the
    /// commit carries. A row that was added leaves quarantine, so that none is added twice, whatever the transaction.
    ///
    /// # Errors
    /// No such table, columns that do not fit, those of writing, and another writer that is first each time.
    pub async fn replay(&mut self, bronze: &TableName, id: &str, mended: &RecordBatch) -> Result<Replayed> {
        let (mut done, gone) = self.add_until_first(bronze, id, mended).await?;
        for reader in readers(self.lake(), bronze).await? {
            let left = self.remove_until_first(&reader, &gone).await?;
            if left > 0 {
                done.left.insert(reader, left);
            }
        }
        Ok(done)
    }

    async fn add_until_first(&mut self, table: &TableName, id: &str, mended: &RecordBatch) -> Result<(Replayed, HashSet<Place>)> {
        for _ in 0..ATTEMPTS {
            match self.add_mended(table, id, mended).await {
                Err(error) if error.is_conflict() => continue,
                done => return done.map_err(|e| e.in_table(table)),
            }
        }
        Err(LakeError::Conflict { table: table.clone(), attempts: ATTEMPTS })
    }

    async fn remove_until_first(&mut self, table: &TableName, gone: &HashSet<Place>) -> Result<u64> {
        for _ in 0..ATTEMPTS {
            match self.remove_rejects(table, gone).await {
                Err(error) if error.is_conflict() => continue,
                done => return done.map_err(|e| e.in_table(table)),
            }
        }
        Err(LakeError::Conflict { table: table.clone(), attempts: ATTEMPTS })
    }

    /// The bronze table's commit. Also returns the places that have no business in quarantine any more.
    async fn add_mended(&mut self, name: &TableName, id: &str, mended: &RecordBatch) -> Result<(Replayed, HashSet<Place>)> {
        let lake = self.lake().clone();
        let target = lake.existing(name).await?;
        let consumed = target.transactions().await?;
        quarantine::settle(&lake, &target, &consumed).await?;
        let known = consumed.contains_key(id);
        let own = quarantine::rows_of(&lake, name).await?;
        let in_own = place_set(&own)?;
        let mut in_others = HashSet::new();
        for reader in readers(&lake, name).await? {
            in_others.extend(place_set(&settled_rows(&lake, &reader).await?.unwrap_or_default())?);
        }
        let places = places(mended, "_source", "_line")?;
        let is_in = |set: &HashSet<Place>, place: &Option<Place>| place.as_ref().is_some_and(|p| set.contains(p));
        let by_others: BooleanArray = places.iter().map(|p| Some(is_in(&in_others, p))).collect();
        let Found { mended_before: mut gone, unchanged } = match by_others.true_count() {
            0 => Found::default(),
            _ => find(&lake, &target, &filter_record_batch(mended, &by_others)?).await?,
        };
        let is_there = |place: &Option<Place>| is_in(&gone, place) || is_in(&unchanged, place);
        let is_new = |place: &Option<Place>| !is_there(place) && (is_in(&in_own, place) || is_in(&in_others, place));
        let fresh: BooleanArray = places.iter().map(|p| Some(is_new(p))).collect();
        let rows = self.as_taken(&filter_record_batch(mended, &fresh)?, &target.schema())?;
        let added = rows.num_rows() as u64;
        let new_places = places.into_iter().zip(fresh.values().iter()).filter_map(|(place, is_new)| place.filter(|_| is_new));
        gone.extend(new_places);
        let mut done = Replayed { added, known, unchanged: unchanged.into_iter().collect(), ..Replayed::default() };
        if added == 0 {
            return Ok((done, gone));
        }
        let mut writer = TableWriter::new(&target, &target.schema(), &lake.options().write)?;
        writer.write(&rows).await?;
        let (sink, left) = self.without(name, &own, &gone).await?;
        let made = Outcome {
            adds: writer.finish().await?,
            rows_read: added,
            written: added,
            conserved: true,
            requarantined: left > 0,
            ..Outcome::default()
        };
        step::audit(name, &made)?;
        let transactions = HashMap::from([(id.to_owned(), 1)]);
        let mut report = step::publish(&lake, self.run(), &target, Action::Appended, made, &sink, transactions, None).await?;
        report.notes.push("mended rows replayed".to_owned());
        self.record(report);
        if left > 0 {
            done.left.insert(name.clone(), left);
        }
        Ok((done, gone))
    }

    /// A commit of a table made from the bronze table, which only says what of its quarantine stays.
    async fn remove_rejects(&mut self, name: &TableName, gone: &HashSet<Place>) -> Result<u64> {
        let lake = self.lake().clone();
        let Some(target) = lake.table(name).await? else { return Ok(0) };
        quarantine::settle(&lake, &target, &target.transactions().await?).await?;
        let all = quarantine::rows_of(&lake, name).await?;
        let (sink, left) = self.without(name, &all, gone).await?;
        if left > 0 {
            let made = Outcome { requarantined: true, ..Outcome::default() };
            step::publish(&lake, self.run(), &target, Action::UpToDate, made, &sink, HashMap::new(), None).await?;
        }
        Ok(left)
    }

    /// A sink of the rejects that stay, and the number of those that leave. Nothing is written where none leave.
    async fn without(&self, name: &TableName, rejects: &[RecordBatch], gone: &HashSet<Place>) -> Result<(Sink, u64)> {
        let sink = Sink::new(self.lake(), name, &self.run().id, self.run().at_micros);
        let mut left = 0;
        let mut stay = Vec::new();
        for batch in rejects {
            let mask: BooleanArray =
                places(batch, "source", "line")?.iter().map(|p| Some(!p.as_ref().is_some_and(|p| gone.contains(p)))).collect();
            left += (mask.len() - mask.true_count()) as u64;
            stay.push(filter_record_batch(batch, &mask)?);
        }
        if left > 0 {
            for batch in stay.iter().filter(|b| b.num_rows() > 0) {
                sink.keep(batch).await?;
            }
        }
        Ok((sink, left))
    }

    /// The rows with all columns of the bronze table.
    fn as_taken(&self, rows: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
        let count = rows.num_rows();
        let column = |name: &str, data_type: &DataType| -> Result<ArrayRef> {
            Ok(match name {
                "_ingested_at" => Arc::new(TimestampMicrosecondArray::from(vec![self.run().at_micros; count]).with_timezone("UTC")),
                "_batch_id" => Arc::new(StringViewArray::from_iter_values(std::iter::repeat_n(&self.run().id, count))),
                name => match rows.column_by_name(name) {
                    Some(column) => cast(column, data_type)?,
                    None => new_null_array(data_type, count),
                },
            })
        };
        let columns = schema.fields().iter().map(|f| column(f.name(), f.data_type())).collect::<Result<Vec<_>>>()?;
        Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
    }
}

/// The tables that have read the bronze table.
async fn readers(lake: &Lake, bronze: &TableName) -> Result<Vec<TableName>> {
    let mut readers = Vec::new();
    for name in lake.tables().await? {
        if matches!(name.layer, Layer::Bronze | Layer::Ops) {
            continue;
        }
        let Some(table) = lake.table(&name).await? else { continue };
        if table.transactions().await?.contains_key(&bronze.to_string()) {
            readers.push(name);
        }
    }
    Ok(readers)
}

async fn settled_rows(lake: &Lake, name: &TableName) -> Result<Option<Vec<RecordBatch>>> {
    let Some(table) = lake.table(name).await? else { return Ok(None) };
    quarantine::settle(lake, &table, &table.transactions().await?).await?;
    Ok(Some(quarantine::rows_of(lake, name).await?))
}

/// What of mended rows stands in the bronze table as it is.
#[derive(Default)]
struct Found {
    /// Came after another row in the same place: an earlier replay added it.
    mended_before: HashSet<Place>,
    /// Is the first row in its place.
    unchanged: HashSet<Place>,
}

async fn find(lake: &Lake, target: &Table, rows: &RecordBatch) -> Result<Found> {
    let pinned = Pinned::default();
    pinned.put(target);
    let mended = TableName { layer: Layer::Ops, name: "mended".to_owned() };
    pinned.put_provider(mended, Arc::new(MemTable::try_new(rows.schema(), vec![vec![rows.clone()]])?));
    let same: Vec<String> = rows
        .schema()
        .fields()
        .iter()
        .map(|f| f.name().replace('"', "\"\""))
        .map(|n| format!("(m.\"{n}\" is not distinct from t.\"{n}\")"))
        .collect();
    let sql = format!(
        "select m._source, m._line, cast(t._ingested_at as bigint) as taken, {} as is_same from ops.mended m join {} t on m._source = t._source and m._line = t._line",
        same.join(" and "),
        target.name
    );
    let mut first: HashMap<Place, i64> = HashMap::new();
    let mut same: Vec<(Place, i64)> = Vec::new();
    for batch in lake.context(Arc::new(pinned))?.sql(&sql).await?.collect().await? {
        let (taken, is_same) = (batch.column(2).as_primitive::<Int64Type>(), batch.column(3).as_boolean());
        for (row, place) in places(&batch, "_source", "_line")?.into_iter().enumerate() {
            let Some(place) = place else { continue };
            let at = taken.value(row);
            if is_same.value(row) {
                same.push((place.clone(), at));
            }
            first.entry(place).and_modify(|known| *known = at.min(*known)).or_insert(at);
        }
    }
    let mut found = Found::default();
    for (place, at) in same {
        if first.get(&place).is_some_and(|first| at > *first) {
            found.mended_before.insert(place);
        } else {
            found.unchanged.insert(place);
        }
    }
    Ok(found)
}

fn texts(batch: &RecordBatch, name: &str) -> Result<StringViewArray> {
    let column = batch.column_by_name(name).ok_or_else(|| LakeError::invalid(format!("the rows have no column {name}")))?;
    Ok(cast(column, &DataType::Utf8View)?.as_string_view().clone())
}

fn places(batch: &RecordBatch, source: &str, line: &str) -> Result<Vec<Option<Place>>> {
    let sources = texts(batch, source)?;
    let lines = batch.column_by_name(line).and_then(|c| c.as_primitive_opt::<Int64Type>());
    let lines = lines.ok_or_else(|| LakeError::invalid(format!("the rows have no column {line} of whole numbers")))?;
    Ok(sources.iter().zip(lines).map(|(source, line)| Some((source?.to_owned(), line?))).collect())
}

fn place_set(batches: &[RecordBatch]) -> Result<HashSet<Place>> {
    let mut set = HashSet::new();
    for batch in batches {
        set.extend(places(batch, "source", "line")?.into_iter().flatten());
    }
    Ok(set)
}

fn rejects(batch: &RecordBatch) -> Result<Vec<Reject>> {
    let (sources, rules, reasons, raws) = (texts(batch, "source")?, texts(batch, "rule")?, texts(batch, "reason")?, texts(batch, "raw")?);
    let lines = batch.column_by_name("line").and_then(|c| c.as_primitive_opt::<Int64Type>());
    let text = |column: &StringViewArray, row: usize| if column.is_valid(row) { column.value(row).to_owned() } else { String::new() };
    let reject = |row: usize| Reject {
        source: sources.is_valid(row).then(|| text(&sources, row)),
        line: lines.filter(|l| l.is_valid(row)).map(|l| l.value(row)),
        rule: text(&rules, row),
        reason: text(&reasons, row),
        raw: text(&raws, row),
    };
    Ok((0..batch.num_rows()).map(reject).collect())
}
