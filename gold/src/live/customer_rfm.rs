//! `gold.customer_rfm` at every moment.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use lake::datafusion::arrow::array::RecordBatch;
use lake::datafusion::arrow::datatypes::SchemaRef;
use lake::datafusion::catalog::{MemTable, Session, TableProvider};
use lake::datafusion::error::Result as QueryResult;
use lake::datafusion::logical_expr::{Expr, TableType};
use lake::datafusion::physical_plan::ExecutionPlan;
use lake::datafusion::prelude::SessionContext;
use lake::{AsOf, Lake, LakeError, Result};
use segments::rfm::{Change, Cuts, Event, LiveRfm, Placed, Scoring, SegmentRules};
use spec::{Pipeline, TableName, Value};

use super::columns::{DIGITS, changes, of_placed, schema};

/// `gold.customer_rfm` kept up to date event by event, with the same columns, scores and segments as a run would write: a table of its
/// own that any session can query. Every query sees the events taken in before it.
///
/// It begins as the lake stands and holds all lines of known customers in memory. Nothing is written: the next run brings the table in
/// the lake to the same rows.
#[derive(Debug)]
pub struct LiveCustomerRfm {
    scoring: Scoring,
    rules: SegmentRules,
    schema: SchemaRef,
    live: Mutex<LiveRfm>,
}

/// What of the lines counts, as `silver.invoice_lines` names it.
const LINES: &str = "select line_id, invoice_no, customer_id, invoiced_on, line_type, is_product, line_amount from silver.invoice_lines";

impl LiveCustomerRfm {
    /// The customers of a lake in some state, looked at from the log's last day, with the parameters of `gold.customer_rfm` that the lake
    /// was opened with.
    ///
    /// # Errors
    /// There is no `silver.invoice_lines` yet, parameters that fit nothing, or a lake that cannot be read.
    pub async fn of(lake: &Lake, as_of: AsOf) -> Result<Arc<Self>> {
        let (scoring, rules) = settings(lake)?;
        let live = Self { scoring, rules, schema: schema(), live: Mutex::new(LiveRfm::new(i32::MIN)) };
        lake.existing(&table("silver", "invoice_lines")?).await?;
        for lines in lake::collect(lake.sql(LINES, as_of).await?).await? {
            live.take(&lines, 0)?;
        }
        Ok(Arc::new(live))
    }

    /// Takes in new or corrected lines in the form of `silver.invoice_lines`; of its columns `line_id`, `invoice_no`, `customer_id`,
    /// `invoiced_on`, `line_type`, `is_product` and `line_amount` are read. Of two rows on one line the higher version counts, whichever
    /// arrives first. Customers are looked at from the last day of any sale, cancellation or adjustment taken in so far: that day never goes
    /// back by itself, so where such lines are corrected to an earlier day, [`LiveCustomerRfm::look_from`] says so. Returns how many lines
    /// were news.
    ///
    /// # Errors
    /// A column that is missing or of another type: nothing has changed then. Or an absurd amount: lines before that one are taken.
    pub fn take(&self, lines: &RecordBatch, version: u64) -> Result<usize> {
        let mut live = self.live();
        let (changes, last_day) = changes(lines)?;
        if let Some(day) = last_day
            && day > live.as_of()
        {
            live.look_from(day);
        }
        let mut news = 0;
        for change in changes {
            news += usize::from(live.apply(Event { version, change }).map_err(LakeError::invalid)?);
        }
        Ok(news)
    }

    /// Takes in what else may become known, such as that an invoice is withdrawn; whether it was news.
    ///
    /// # Errors
    /// An absurd amount; then nothing has changed.
    pub fn apply(&self, version: u64, change: Change) -> Result<bool> {
        self.live().apply(Event { version, change }).map_err(LakeError::invalid)
    }

    /// Looks from another day, in days from 1970-01-01.
    pub fn look_from(&self, day: i32) {
        self.live().look_from(day);
    }

    /// One customer's measures, scores and segment now; none without a purchase. `monetary` is in ten-thousandths of the currency.
    pub fn customer(&self, customer_id: &str) -> Option<Placed> {
        self.live().placed(customer_id, &self.scoring, &self.rules)
    }

    /// All rows now, sorted by customer.
    ///
    /// # Errors
    /// A sum of amounts beyond what the column holds.
    pub fn rows(&self) -> Result<RecordBatch> {
        let live = self.live();
        of_placed(&self.schema, live.as_of(), &live.everyone(&self.scoring, &self.rules))
    }

    /// A session over a lake in which `gold.customer_rfm` is this table.
    ///
    /// # Errors
    /// As [`Lake::session`].
    pub async fn session(self: &Arc<Self>, lake: &Lake, as_of: AsOf) -> Result<SessionContext> {
        let live = Arc::clone(self) as Arc<dyn TableProvider>;
        lake.session_with(as_of, BTreeMap::from([(table("gold", "customer_rfm")?, live)])).await
    }

    /// A panic elsewhere leaves a state between two events at worst, never a broken one.
    fn live(&self) -> MutexGuard<'_, LiveRfm> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl TableProvider for LiveCustomerRfm {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> QueryResult<Arc<dyn ExecutionPlan>> {
        let rows = self.rows().map_err(|error| lake::datafusion::error::DataFusionError::External(Box::new(error)))?;
        MemTable::try_new(self.schema(), vec![vec![rows]])?.scan(state, projection, filters, limit).await
    }
}

fn table(layer: &str, name: &str) -> Result<TableName> {
    format!("{layer}.{name}").parse().map_err(LakeError::invalid)
}

/// Scoring and rules as the parameters of the table say.
fn settings(lake: &Lake) -> Result<(Scoring, SegmentRules)> {
    let models = bronze::models().into_iter().chain(silver::models()).chain(crate::models()).collect::<Vec<_>>();
    let pipeline = lake.pipeline(&models)?;
    let parameters = Parameters { pipeline: &pipeline, table: table("gold", "customer_rfm")? };
    let rules = SegmentRules::parse(parameters.text("rules")?).map_err(LakeError::invalid)?;
    let scoring = match parameters.text("scoring")? {
        "quantiles" => Scoring::Quantiles,
        "thresholds" => {
            let mut recency = parameters.cuts("recency_cuts", 1)?;
            recency.reverse();
            let orders = parameters.cuts("order_cuts", 1)?.map(|cut| u64::try_from(cut).unwrap_or_default());
            let amounts = parameters.cuts("amount_cuts", DIGITS)?.map(i128::from);
            Scoring::Thresholds(Cuts::new(recency, orders, amounts).map_err(LakeError::invalid)?)
        }
        other => return Err(LakeError::invalid(format!("gold.customer_rfm: scoring is '{other}', expected quantiles or thresholds"))),
    };
    Ok((scoring, rules))
}

struct Parameters<'a> {
    pipeline: &'a Pipeline,
    table: TableName,
}

impl Parameters<'_> {
    fn value(&self, name: &str) -> Option<&Value> {
        let model = self.pipeline.in_order().iter().find(|model| model.table == self.table)?;
        model.header.parameters.iter().find(|parameter| parameter.name == name).map(|parameter| &parameter.value)
    }

    fn unfit(&self, name: &str, expected: &str) -> LakeError {
        LakeError::invalid(format!("{}: the parameter {name} is to be {expected}", self.table))
    }

    fn text(&self, name: &str) -> Result<&str> {
        match self.value(name) {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(self.unfit(name, "a text")),
        }
    }

    /// Four numbers, in the unit that is so many times smaller.
    fn cuts(&self, name: &str, times: i64) -> Result<[i64; 4]> {
        let Some(Value::List(values)) = self.value(name) else { return Err(self.unfit(name, "four whole numbers")) };
        let numbers: Vec<i64> = values
            .iter()
            .filter_map(|value| match value {
                Value::Integer(number) => number.checked_mul(times),
                _ => None,
            })
            .collect();
        numbers.try_into().map_err(|_| self.unfit(name, "four whole numbers"))
    }
}
