//! Features of requests that the lake does not hold yet: the models that make the feature tables, over other rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lake::datafusion::arrow::array::{Array, AsArray, RecordBatch};
use lake::datafusion::arrow::compute::cast;
use lake::datafusion::arrow::datatypes::DataType;
use lake::datafusion::catalog::TableProvider;
use lake::datafusion::common::{Column, JoinType, TableReference};
use lake::datafusion::error::Result as QueryResult;
use lake::datafusion::functions_aggregate::expr_fn::last_value;
use lake::datafusion::logical_expr::{Expr, lit};
use lake::datafusion::prelude::{DataFrame, SessionContext};
use lake::{AsOf, Lake, LakeError, Result};
use spec::{Model, TableName};

use crate::model;

/// Computes features as they are known now, from the history that a lake holds.
///
/// The definition of a feature is its model: this runs the models of `features.user_history` and `features.click_features` with the new
/// requests in the place of `gold.click_facts`, and with what each group and user had come to before.
pub struct Online {
    lake: Lake,
    as_of: AsOf,
    user_history: Model,
    click_features: Model,
}

type Providers = BTreeMap<TableName, Arc<dyn TableProvider>>;

impl Online {
    /// From a state of a lake whose feature tables are filled.
    ///
    /// # Errors
    /// The lake's settings do not fit the shipped models.
    pub fn new(lake: &Lake, as_of: AsOf) -> Result<Self> {
        let (user_history, click_features) = (model(lake, "user_history")?, model(lake, "click_features")?);
        Ok(Self { lake: lake.clone(), as_of, user_history, click_features })
    }

    /// The features of requests, given as rows of `gold.click_facts`; what is not known of a request is null there, or `Unknown`. Rows
    /// in no particular order, told apart by `request_id`; `is_click` means nothing.
    ///
    /// # Errors
    /// Columns that `gold.click_facts` does not have, and what happens while reading.
    pub async fn click_features(&self, requests: RecordBatch) -> Result<Vec<RecordBatch>> {
        let now = self.lake.session(self.as_of).await?;
        let groups = Named::groups(&requests)?;
        let users = Named::of(&requests, &["user_id"])?;
        let facts = now.read_batch(requests)?;
        let past = known_of_users(&now, &facts, &users).await?;
        let users = self.planned(&self.user_history, [("gold.click_facts", past)]).await?;
        let instead = [
            (
                "features.click_history",
                latest(&now, &facts, "click_history", &["grain", "member", "other"], groups.are("member").and(groups.are("other"))).await?,
            ),
            ("features.click_moments", latest(&now, &facts, "click_moments", &["grain"], lit(true)).await?),
            ("features.user_history", users),
            ("gold.click_facts", facts),
        ];
        let rows = self.planned(&self.click_features, instead).await?;
        lake::collect(rows.execute_stream().await?).await
    }

    /// A model's query, reading these rows in the place of tables.
    async fn planned<const N: usize>(&self, model: &Model, instead: [(&str, DataFrame); N]) -> Result<DataFrame> {
        let mut providers = Providers::new();
        for (table, rows) in instead {
            providers.insert(table.parse().map_err(LakeError::invalid)?, rows.into_view());
        }
        Ok(self.lake.session_with(self.as_of, providers).await?.sql(&model.sql).await?)
    }
}

/// What requests name. Few names are looked for as they are, so that files and rows without them are passed over.
struct Named(BTreeSet<String>);

/// More names than these are not looked for one by one.
const FEW_NAMES: usize = 64;

impl Named {
    /// All values of some columns of text.
    fn of(requests: &RecordBatch, columns: &[&str]) -> Result<Self> {
        let mut names = BTreeSet::new();
        for column in columns {
            let texts = texts(requests, column)?;
            names.extend(texts.as_string::<i32>().iter().flatten().map(str::to_owned));
        }
        Ok(Self(names))
    }

    /// All groups of `features.click_counts_daily` that the requests are in, as its members and others.
    fn groups(requests: &RecordBatch) -> Result<Self> {
        let mut names = Self::of(requests, &["campaign_id", "app_id", "primary_genre", "campaign_type"])?.0;
        let (genders, ages) = (texts(requests, "gender")?, texts(requests, "age_range")?);
        let segments = genders.as_string::<i32>().iter().zip(ages.as_string::<i32>());
        names.extend(segments.filter_map(|(gender, age)| Some(format!("{} {}", gender?, age?))));
        names.insert("-".to_owned());
        Ok(Self(names))
    }

    /// Whether a column holds one of the names; what follows must not rest on it, as many names let every row through.
    fn are(&self, in_column: &str) -> Expr {
        if self.0.len() > FEW_NAMES {
            return lit(true);
        }
        column(in_column).in_list(self.0.iter().map(|name| lit(name.as_str())).collect(), false)
    }
}

fn texts(requests: &RecordBatch, column: &str) -> Result<Arc<dyn Array>> {
    let missing = || LakeError::invalid(format!("the requests have no column {column}"));
    Ok(cast(requests.column_by_name(column).ok_or_else(missing)?, &DataType::Utf8)?)
}

/// The requests, and all that their users had seen.
async fn known_of_users(now: &SessionContext, facts: &DataFrame, users: &Named) -> QueryResult<DataFrame> {
    let all = now.table(TableReference::partial("gold", "click_facts")).await?.filter(users.are("user_id"))?;
    let names: Vec<String> = facts.schema().fields().iter().map(|f| f.name().clone()).collect();
    let same_columns: Vec<Expr> = names.iter().map(column).collect();
    let of_users = all.join(facts.clone(), JoinType::LeftSemi, &["user_id"], &["user_id"], None)?;
    let others = of_users.join(facts.clone(), JoinType::LeftAnti, &["request_id"], &["request_id"], None)?;
    others.select(same_columns)?.union(facts.clone())
}

/// What each group had come to by the beginning of each day that the requests are of: the columns `…_since` of its last row before
/// that day, as `…_before`. Groups that are not `wanted` may be left out.
async fn latest(now: &SessionContext, facts: &DataFrame, table: &str, group: &[&str], wanted: Expr) -> QueryResult<DataFrame> {
    let rows = now.table(TableReference::partial("features", table)).await?.filter(wanted)?;
    let sums: Vec<String> = rows.schema().fields().iter().filter_map(|f| f.name().strip_suffix("_since").map(str::to_owned)).collect();
    let days = facts.clone().select(vec![column("requested_on").alias("__day")])?.distinct()?;
    let earlier = rows.join_on(days, JoinType::Inner, [column("requested_on").lt(column("__day"))])?;
    let by = group.iter().copied().chain(["__day"]).map(column).collect();
    let last = |sum: &String| {
        let since = column(format!("{sum}_since"));
        last_value(since, vec![column("requested_on").sort(true, true)]).alias(format!("{sum}_before"))
    };
    let grouped = earlier.aggregate(by, sums.iter().map(last).collect())?;
    let columns = group.iter().map(column).chain([column("__day").alias("requested_on")]);
    grouped.select(columns.chain(sums.iter().map(|sum| column(format!("{sum}_before")))).collect::<Vec<_>>())
}

fn column(name: impl AsRef<str>) -> Expr {
    Expr::Column(Column::from_name(name.as_ref()))
}
