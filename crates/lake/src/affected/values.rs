//! Values that rows are looked for by.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, BooleanArray, BooleanBuilder, RecordBatch};
use datafusion::arrow::compute::{cast, filter};
use datafusion::arrow::datatypes::{DataType, Float32Type, Float64Type};
use datafusion::arrow::row::{OwnedRow, RowConverter, SortField};
use datafusion::common::hash_utils::{RandomState, create_hashes};
use datafusion::common::{Column, ScalarValue};
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::logical_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, lit};

use crate::Result;
use crate::casts::is_text;
use crate::write::partition_value;

/// Values of some columns, the first of which rows are looked for by; the others hint at where they lie.
pub(crate) struct Values {
    batches: Vec<RecordBatch>,
    members: Arc<Members>,
}

impl Values {
    /// Of the first `width` columns.
    pub fn new(batches: Vec<RecordBatch>, width: usize) -> Result<Self> {
        let members = Arc::new(Members::of(&batches, width)?);
        Ok(Self { batches, members })
    }

    /// How many values rows are looked for by.
    pub fn distinct(&self) -> usize {
        self.members.exact.len()
    }

    /// Whether a row has one of these values, null being a value like others.
    pub fn condition(&self, columns: &[Column]) -> Expr {
        let arguments = columns.iter().cloned().map(Expr::Column).collect();
        let is_member = ScalarUDF::from(IsMember::of(Arc::clone(&self.members))).call(arguments);
        let ranges = columns.iter().enumerate().filter_map(|(position, column)| {
            let (least, most) = self.members.ranges.get(position)?.clone()?;
            Some(Expr::Column(column.clone()).between(lit(least), lit(most)))
        });
        ranges.fold(is_member, |all, range| range.and(all))
    }

    /// The values of these columns as a Delta log spells those of partitions.
    pub fn partition_values(&self, positions: &[usize]) -> Result<HashSet<Vec<Option<String>>>> {
        let mut found = HashSet::new();
        for batch in &self.batches {
            for row in 0..batch.num_rows() {
                found.insert(positions.iter().map(|p| partition_value(batch.column(*p), row)).collect::<Result<_>>()?);
            }
        }
        Ok(found)
    }
}

/// The values, to be asked for.
struct Members {
    types: Vec<DataType>,
    state: RandomState,
    /// Of the values; few others have the same.
    hashes: HashSet<u64, BuildPlain>,
    rows: RowConverter,
    exact: HashSet<OwnedRow>,
    /// Least and greatest value per column, where they tell something of where rows lie: not of text, and not with nulls.
    ranges: Vec<Option<(ScalarValue, ScalarValue)>>,
}

/// Hashes are not hashed again.
type BuildPlain = std::hash::BuildHasherDefault<Plain>;

#[derive(Default)]
struct Plain(u64);

impl Hasher for Plain {
    fn finish(&self) -> u64 {
        self.0
    }

    /// Only whole hashes are put in.
    fn write(&mut self, _bytes: &[u8]) {}

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

impl Members {
    fn of(batches: &[RecordBatch], width: usize) -> Result<Self> {
        let types: Vec<DataType> = match batches.first() {
            Some(first) => first.columns()[..width].iter().map(|c| c.data_type().clone()).collect(),
            None => Vec::new(),
        };
        let rows = RowConverter::new(types.iter().cloned().map(SortField::new).collect())?;
        let state = RandomState::with_seed(0x6164_6c61_6b65);
        let (mut hashes, mut exact) = (HashSet::default(), HashSet::new());
        for batch in batches {
            let columns = batch.columns()[..width].iter().zip(&types).map(|(c, t)| comparable(c, t)).collect::<QueryResult<Vec<_>>>()?;
            let mut of_rows = vec![0; batch.num_rows()];
            create_hashes(&columns, &state, &mut of_rows)?;
            hashes.extend(of_rows);
            exact.extend(rows.convert_columns(&columns)?.iter().map(|row| row.owned()));
        }
        let ranges = (0..width).map(|position| range(batches, position)).collect::<Result<_>>()?;
        Ok(Self { types, state, hashes, rows, exact, ranges })
    }

    fn have(&self, columns: &[ArrayRef], count: usize) -> QueryResult<BooleanArray> {
        let mut hashes = vec![0; count];
        if self.exact.is_empty() {
            return Ok(hashes.into_iter().map(|_| Some(false)).collect());
        }
        let columns = columns.iter().zip(&self.types).map(|(c, t)| comparable(c, t)).collect::<QueryResult<Vec<_>>>()?;
        create_hashes(&columns, &self.state, &mut hashes)?;
        let candidates: BooleanArray = hashes.into_iter().map(|hash| Some(self.hashes.contains(&hash))).collect();
        if candidates.true_count() == 0 {
            return Ok(candidates);
        }
        let columns = columns.iter().map(|c| filter(c, &candidates)).collect::<Result<Vec<_>, _>>()?;
        let mut exact =
            self.rows.convert_columns(&columns)?.iter().map(|row| self.exact.contains(&row.owned())).collect::<Vec<_>>().into_iter();
        let mut found = BooleanBuilder::with_capacity(count);
        for is_candidate in candidates.values() {
            found.append_value(is_candidate && exact.next().unwrap_or_default());
        }
        Ok(found.finish())
    }
}

/// The column as values of this type are compared. Text is text however it is stored, zeros of either sign are one, and the
/// optimizer asks about a null of no type.
fn comparable(column: &ArrayRef, wanted: &DataType) -> QueryResult<ArrayRef> {
    let given = column.data_type();
    if given != wanted && !(is_text(given) && is_text(wanted) || given.is_null()) {
        return Err(DataFusionError::Internal(format!("values of type {wanted} were asked for among {given}")));
    }
    let column = if given == wanted { Arc::clone(column) } else { cast(column, wanted)? };
    Ok(match wanted {
        DataType::Float64 => Arc::new(column.as_primitive::<Float64Type>().unary::<_, Float64Type>(|x| x + 0.0)),
        DataType::Float32 => Arc::new(column.as_primitive::<Float32Type>().unary::<_, Float32Type>(|x| x + 0.0)),
        _ => column,
    })
}

fn range(batches: &[RecordBatch], position: usize) -> Result<Option<(ScalarValue, ScalarValue)>> {
    let mut range: Option<(ScalarValue, ScalarValue)> = None;
    for column in batches.iter().map(|b| b.column(position)) {
        let is_ordered = matches!(column.data_type(), DataType::Date32 | DataType::Timestamp(_, _)) || column.data_type().is_integer();
        if !is_ordered || column.null_count() > 0 {
            return Ok(None);
        }
        for row in 0..column.len() {
            let value = ScalarValue::try_from_array(column, row)?;
            range = Some(match range {
                None => (value.clone(), value),
                Some((least, most)) if value < least => (value, most),
                Some((least, most)) if value > most => (least, value),
                Some(same) => same,
            });
        }
    }
    Ok(range)
}

/// `is_member(columns…)`: as an expression of a plan, so that it is asked while a file is read and only the rows it
/// finds are read in full.
struct IsMember {
    signature: Signature,
    members: Arc<Members>,
}

impl IsMember {
    fn of(members: Arc<Members>) -> Self {
        Self { signature: Signature::variadic_any(Volatility::Immutable), members }
    }
}

impl std::fmt::Debug for IsMember {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IsMember of {}", self.members.exact.len())
    }
}

impl PartialEq for IsMember {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.members, &other.members)
    }
}

impl Eq for IsMember {}

impl Hash for IsMember {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.members).hash(state);
    }
}

impl ScalarUDFImpl for IsMember {
    fn name(&self) -> &str {
        "is_member"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> QueryResult<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> QueryResult<ColumnarValue> {
        let count = arguments.number_rows;
        let columns = arguments.args.into_iter().map(|a| a.into_array(count)).collect::<QueryResult<Vec<_>>>()?;
        if columns.len() != self.members.ranges.len() {
            return Err(DataFusionError::Internal("is_member asks for as many columns as there are values".to_owned()));
        }
        Ok(ColumnarValue::Array(Arc::new(self.members.have(&columns, count)?)))
    }
}
