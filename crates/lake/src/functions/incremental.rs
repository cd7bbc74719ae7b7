//! What would not have come without a channel, in SQL (crate `attribution`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use attribution::Estimate;
use attribution::incremental::{Evidence, Exposure, Incremental, IncrementalSettings, Population, User};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, ListArray, StringArray, StructArray};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::error::Result as QueryResult;
use serde::Serialize;

use super::computed::{Arguments, Computed, microseconds, structures_of};

/// All of them.
pub(super) fn all() -> Vec<Computed> {
    let takes = &[
        "rows of user_id, at, event, channel, campaign_id, value",
        "observed from",
        "observed until",
        "least held-out users",
        "ends of the effect's windows",
    ];
    vec![Computed::new("incremental_credits", takes, DataType::List(item()), incremental_credits)]
}

fn item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(fields()), true))
}

fn fields() -> Fields {
    let text = ["grain", "channel", "campaign_id", "evidence", "why"].map(|name| Field::new(name, DataType::Utf8, true));
    let counts = ["held_out_users", "observed_conversions"].map(|name| Field::new(name, DataType::Int64, true));
    let numbers = [
        "observed_value",
        "conversions",
        "conversions_low",
        "conversions_high",
        "share",
        "share_low",
        "share_high",
        "value",
        "value_low",
        "value_high",
    ];
    text.into_iter().chain(counts).chain(numbers.map(|name| Field::new(name, DataType::Float64, true))).collect()
}

/// What stands in the place of a campaign in a channel's row.
const ALL: &str = "All";
const HOLDOUT: &str = "holdout";
const CANNOT_TELL: &str = "cannot tell";

/// A channel, one of its campaigns, or what would have come anyway.
#[derive(Debug, Default, Clone, Serialize)]
struct Row<'a> {
    grain: &'static str,
    channel: &'a str,
    campaign_id: &'a str,
    evidence: &'static str,
    why: String,
    held_out_users: Option<u64>,
    observed_conversions: Option<u64>,
    observed_value: Option<f64>,
    conversions: Option<f64>,
    conversions_low: Option<f64>,
    conversions_high: Option<f64>,
    share: Option<f64>,
    share_low: Option<f64>,
    share_high: Option<f64>,
    value: Option<f64>,
    value_low: Option<f64>,
    value_high: Option<f64>,
}

impl Row<'_> {
    fn measured(self, conversions: Estimate, share: Estimate, value: Estimate) -> Self {
        Self {
            conversions: Some(conversions.value),
            conversions_low: Some(conversions.low),
            conversions_high: Some(conversions.high),
            share: Some(share.value),
            share_low: Some(share.low),
            share_high: Some(share.high),
            value: Some(value.value),
            value_low: Some(value.low),
            value_high: Some(value.high),
            ..self
        }
    }
}

/// `incremental_credits(rows, from, until, least, windows)`: for each channel with a contact, for each of its campaigns, and for what would
/// have come anyway, the conversions from `from` (exclusive) to `until`. An event is a `contact`, a `ghost` (a contact that the
/// user's holdout prevented), a `signal` of intent that is no advertising, or a `conversion`. Where fewer than `least` users of a channel's
/// holdout had an occasion, or the data cannot be fitted, there is a reason in the place of numbers. `windows` are days since the last
/// contact, ascending: the ends of spans with an effect of their own each.
fn incremental_credits(arguments: &Arguments) -> QueryResult<ArrayRef> {
    let (from, until) = (arguments.instants(1)?, arguments.instants(2)?);
    let least = arguments.constant(3)?.clamp(1.0, 1e15) as u64;
    let mut lists: Vec<StructArray> = Vec::new();
    let mut lengths = Vec::new();
    for row in 0..arguments.rows {
        let windows = arguments.list(4, row)?;
        let settings = IncrementalSettings { windows, least_held_out: least, ..IncrementalSettings::default() };
        settings.check().map_err(|error| arguments.error(error))?;
        let rows = arguments.gathered(0, row)?.filter(|_| from.is_valid(row) && until.is_valid(row));
        let log = rows.map(|rows| Log::read(arguments, &rows, from.value(row), until.value(row))).transpose()?;
        let rows = log.as_ref().map(|log| log.rows(&settings)).unwrap_or_default();
        lengths.push(rows.len());
        lists.push(structures_of(&fields(), &rows)?);
    }
    let items: Vec<&dyn Array> = lists.iter().map(|list| list as &dyn Array).collect();
    let items = datafusion::arrow::compute::concat(&items)?;
    Ok(Arc::new(ListArray::try_new(item(), OffsetBuffer::from_lengths(lengths), items, None)?))
}

/// All that is known of users, by their names.
struct Log {
    channels: Vec<String>,
    users: Vec<User>,
    /// Per user and exposure.
    campaigns: Vec<Vec<String>>,
}

impl Log {
    fn read(arguments: &Arguments, rows: &StructArray, from: i64, until: i64) -> QueryResult<Self> {
        let text = |name: &str| texts(arguments, rows, name);
        let (names, events, channel_names, campaign_names) = (text("user_id")?, text("event")?, text("channel")?, text("campaign_id")?);
        let at = rows.column_by_name("at").ok_or_else(|| arguments.error("the rows have no field at"))?;
        let at = microseconds(at).map_err(|error| arguments.error(error))?;
        let values = arguments.field(rows, "value")?;
        let is_contact = |row: &usize| matches!(events.value(*row), "contact" | "ghost");
        let channels: BTreeSet<&str> = (0..rows.len()).filter(is_contact).map(|row| channel_names.value(row)).collect();
        let channels: Vec<String> = channels.into_iter().map(str::to_owned).collect();
        let mut order: Vec<usize> = (0..rows.len()).collect();
        let key = |row: usize| (names.value(row), at.value(row), events.value(row), channel_names.value(row), campaign_names.value(row));
        order.sort_unstable_by(|a, b| key(*a).cmp(&key(*b)).then_with(|| values[*a].total_cmp(&values[*b])));
        let mut log = Self { channels, users: Vec::new(), campaigns: Vec::new() };
        for rows in order.chunk_by(|a, b| names.value(*a) == names.value(*b)) {
            let mut user = User { from, until, ..User::default() };
            let mut campaigns = Vec::new();
            for row in rows.iter().copied() {
                let at = at.value(row);
                match events.value(row) {
                    event @ ("contact" | "ghost") => {
                        let Ok(channel) = log.channels.binary_search_by(|name| name.as_str().cmp(channel_names.value(row))) else {
                            continue;
                        };
                        user.exposures.push(Exposure { at, channel, is_ghost: event == "ghost" });
                        campaigns.push(campaign_names.value(row).to_owned());
                    }
                    "signal" => user.signals.push(at),
                    "conversion" => {
                        user.conversions.push(at);
                        user.values.push(values[row]);
                    }
                    other => return Err(arguments.error(format!("the event is '{other}': give contact, ghost, signal or conversion"))),
                }
            }
            log.users.push(user);
            log.campaigns.push(campaigns);
        }
        Ok(log)
    }

    fn rows(&self, settings: &IncrementalSettings) -> Vec<Row<'_>> {
        let fit = Incremental::fit(&Population { channels: self.channels.len(), users: &self.users }, settings);
        match fit {
            Ok(model) => self.told(&model, settings),
            // The log is what it is: a reason, and the run goes on.
            Err(error) => {
                let unknown = |(grain, channel)| Row {
                    grain,
                    channel,
                    campaign_id: ALL,
                    evidence: CANNOT_TELL,
                    why: error.to_string(),
                    ..Row::default()
                };
                let channels = self.channels.iter().map(|channel| ("channel", channel.as_str()));
                channels.chain([("baseline", "Baseline")]).map(unknown).collect()
            }
        }
    }

    fn told(&self, model: &Incremental, settings: &IncrementalSettings) -> Vec<Row<'_>> {
        let observed = Row { observed_conversions: Some(model.conversions), observed_value: Some(model.value), ..Row::default() };
        let mut rows = Vec::new();
        let mut untold = Vec::new();
        let campaigns = self.campaigns(model);
        for ((number, name), effect) in self.channels.iter().enumerate().zip(&model.channels) {
            let held_out = self.users.iter().filter(|user| user.exposures.iter().any(|e| e.channel == number && e.is_ghost)).count() as u64;
            let channel = Row { grain: "channel", channel: name, campaign_id: ALL, held_out_users: Some(held_out), ..observed.clone() };
            match effect.evidence {
                Evidence::Holdout { users } => {
                    let why = format!("{users} users of its holdout had an occasion, and are compared with those who had a contact.");
                    rows.push(Row { evidence: HOLDOUT, why, ..channel }.measured(effect.conversions, effect.share, effect.value));
                    for ((_, campaign), sums) in campaigns.range((number, "")..(number + 1, "")) {
                        let why = "Its part in the channel's credit; the interval takes this part for certain.".to_owned();
                        let row =
                            Row { grain: "campaign", channel: name, campaign_id: campaign, evidence: HOLDOUT, why, ..observed.clone() };
                        let [conversions, value] = [part(effect.conversions, sums.0), part(effect.value, sums.1)];
                        rows.push(row.measured(conversions, part(effect.share, sums.0 / (model.conversions as f64).max(1.0)), value));
                    }
                }
                Evidence::Comparison => {
                    untold.push(name.as_str());
                    let why = if held_out == 0 {
                        "No holdout is logged: what it brings and what it follows look the same. Withhold it from some users by chance, and log them.".to_owned()
                    } else {
                        let least = settings.least_held_out;
                        format!("{held_out} users of its holdout had an occasion, fewer than {least}: go on until there are more.")
                    };
                    rows.push(Row { evidence: CANNOT_TELL, why, ..channel });
                }
                Evidence::None => {
                    let why = "Nobody had a contact in the time observed.".to_owned();
                    rows.push(Row { evidence: CANNOT_TELL, why, ..channel });
                }
            }
        }
        let baseline = Row { grain: "baseline", channel: "Baseline", campaign_id: ALL, ..observed };
        rows.push(if untold.is_empty() {
            let why = "Conversions that would have come without any of the channels.".to_owned();
            let count = model.conversions as f64;
            let conversions =
                Estimate { value: model.baseline.value * count, low: model.baseline.low * count, high: model.baseline.high * count };
            Row { evidence: HOLDOUT, why, ..baseline }.measured(conversions, model.baseline, model.baseline_value)
        } else {
            let why = format!("What would have come anyway shows once every channel has a holdout; these lack one: {}.", untold.join(", "));
            Row { evidence: CANNOT_TELL, why, ..baseline }
        });
        rows
    }

    /// What conversions and their value each channel's campaigns are credited with, users in the order of their names.
    fn campaigns(&self, model: &Incremental) -> BTreeMap<(usize, &str), (f64, f64)> {
        let mut sums: BTreeMap<(usize, &str), (f64, f64)> = BTreeMap::new();
        for (user, campaigns) in self.users.iter().zip(&self.campaigns) {
            // A campaign that brought nothing is told, too.
            for (exposure, campaign) in user.exposures.iter().zip(campaigns).filter(|(exposure, _)| !exposure.is_ghost) {
                sums.entry((exposure.channel, campaign)).or_default();
            }
            for (at, value) in user.converted() {
                let credit = model.credit(user, at);
                for ((exposure, campaign), share) in user.exposures.iter().zip(campaigns).zip(&credit.exposures) {
                    if !exposure.is_ghost {
                        let sum = sums.entry((exposure.channel, campaign)).or_default();
                        *sum = (sum.0 + share, sum.1 + share * value);
                    }
                }
            }
        }
        sums
    }
}

/// A part of an estimate, with as much of its interval.
fn part(whole: Estimate, value: f64) -> Estimate {
    let ratio = if whole.value > 0.0 { value / whole.value } else { 0.0 };
    Estimate { value, low: whole.low * ratio, high: whole.high * ratio }
}

fn texts(arguments: &Arguments, rows: &StructArray, name: &str) -> QueryResult<StringArray> {
    let column = rows.column_by_name(name).ok_or_else(|| arguments.error(format!("the rows have no field {name}")))?;
    let texts = cast(column, &DataType::Utf8).map_err(|_| arguments.error(format!("the field {name} holds no texts")))?;
    Ok(texts.as_string::<i32>().clone())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn log(conversions: usize) -> Log {
        let user = |number: usize| User {
            until: 1_000,
            exposures: vec![Exposure { at: 10, channel: 0, is_ghost: number % 2 == 1 }],
            conversions: if number < conversions { vec![20] } else { vec![] },
            values: if number < conversions { vec![1.0] } else { vec![] },
            ..User::default()
        };
        // The last user's campaign brings nothing.
        let campaign = |number: usize| vec![if number == 199 { "k2" } else { "k1" }.to_owned()];
        let mut log =
            Log { channels: vec!["video".to_owned()], users: (0..200).map(user).collect(), campaigns: (0..200).map(campaign).collect() };
        log.users[199].exposures[0].is_ghost = false;
        log
    }

    /// Half of the users were held out, and fewer of these converted a day after.
    const TOLD: &str = "
        with users as (select unnest(range(0, 400)) as n),
        events as (
            select n, timestamp '2026-01-01 12:00:00' as at, case when n % 2 = 0 then 'contact' else 'ghost' end as event from users
            union all
            select n, timestamp '2026-01-03 00:00:00', 'conversion' from users where n % 6 = 0 or n % 10 = 1
        )
        select c['channel'], c['conversions'] > 10, c['conversions'], c['conversions_low'] from (
            select unnest(incremental_credits(
                array_agg(named_struct('user_id', n, 'at', INSTANT, 'event', event, 'channel', 'video', 'campaign_id', 'k', 'value', 1)),
                arrow_cast(timestamp '2026-01-01 00:00:00', 'Timestamp(Nanosecond, None)'), timestamp '2026-01-31 00:00:00', 50, WINDOWS
            )) as c from events
        ) as told where c['grain'] = 'channel'";

    #[tokio::test]
    async fn instants_may_have_any_unit() {
        let lake = crate::testing::lake();
        let told = async |instant: &str, windows: &str| {
            crate::testing::rows(&lake, &TOLD.replace("INSTANT", instant).replace("WINDOWS", windows), crate::AsOf::Latest).await
        };
        let expected = told("arrow_cast(at, 'Timestamp(Microsecond, None)')", "[1, 3, 7]").await;
        assert!(expected.len() == 1 && expected[0].starts_with("video|true|"), "{expected:?}");
        for unit in ["Second", "Millisecond", "Nanosecond"] {
            assert_eq!(told(&format!("arrow_cast(at, 'Timestamp({unit}, None)')"), "[1, 3, 7]").await, expected, "{unit}");
        }
        // The controls: milliseconds taken for microseconds tell another story, and so does a window that is over before they convert.
        assert_ne!(told("cast(arrow_cast(at, 'Timestamp(Millisecond, None)') as bigint)", "[1, 3, 7]").await, expected);
        assert_ne!(told("at", "[1]").await, expected);
    }

    #[tokio::test]
    async fn windows_that_make_no_sense_are_an_error() {
        let sql = TOLD.replace("INSTANT", "at").replace("WINDOWS", "[7, 1]");
        let told = crate::collect(crate::testing::lake().sql(&sql, crate::AsOf::Latest).await.unwrap()).await;
        let error = told.unwrap_err().to_string();
        assert!(error.contains("incremental_credits: windows is [7.0, 1.0]"), "{error}");
    }

    #[test]
    fn a_campaign_without_conversions_has_a_row() {
        let log = log(40);
        let rows = log.rows(&IncrementalSettings::default());
        let campaigns: Vec<_> = rows.iter().filter(|row| row.grain == "campaign").map(|row| (row.campaign_id, row.conversions)).collect();
        assert_eq!(campaigns.len(), 2, "{rows:?}");
        assert_eq!(campaigns[1], ("k2", Some(0.0)));
        assert!(rows.iter().all(|row| row.observed_conversions == Some(40)));
    }

    #[test]
    fn where_nothing_can_be_fitted_nothing_was_observed() {
        let log = log(0);
        let rows = log.rows(&IncrementalSettings::default());
        assert!(!rows.is_empty());
        assert!(rows.iter().all(|row| row.evidence == CANNOT_TELL && row.observed_conversions.is_none()), "{rows:?}");
    }
}
