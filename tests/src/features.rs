//! Features: what was known then, whoever asks, and when.

use std::collections::BTreeMap;
use std::sync::Arc;

use features::{Arrival, Online, PointInTime, point_in_time};
use lake::datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use lake::datafusion::arrow::compute::concat_batches;
use lake::datafusion::common::Column;
use lake::datafusion::logical_expr::Expr;
use lake::datafusion::prelude::SessionContext;
use lake::{AsOf, LakeOptions, Silent};
use sources::adtech::{AdtechOptions, generate};
use spec::Settings;

use crate::lakes::{NULL, SourcedLake, block_on, query, rows, shipped, texts};
use crate::raw::Dice;

#[test]
fn every_column_of_a_feature_table_is_registered() {
    for (name, table) in features::registry().unwrap().tables() {
        let model = shipped().get(&format!("features.{name}").parse().unwrap()).unwrap();
        assert_eq!(table.unfit(model), Vec::<String>::new(), "{name}");
    }
}

/// The last day's impressions are asked about as if they were yet to come, and answered as the tables say; hours are those of a time zone.
#[test]
fn a_request_has_the_same_features_before_it_is_in_the_lake() {
    block_on(async {
        let zone = "[parameters.features.click_features]\ntime_zone = \"Asia/Kolkata\"\n";
        let parameters = Settings::parse("adlake.toml", zone, []).unwrap().parameters;
        let place = SourcedLake::with(LakeOptions { parameters, ..LakeOptions::default() });
        let options = AdtechOptions { requests: 6000, users: 150, days: 5, ..AdtechOptions::default() };
        generate(&options, &place.path("logs"), &mut |_| {}).unwrap();
        let lake = &place.lake;
        place.run_with(&lake.pipeline(&adlake::shipped_models()).unwrap(), &Silent).await.unwrap();
        let local = "requested_at + interval '5 hours 30 minutes'";
        let others = format!(
            "select count(*) from features.click_features where hour_of_day <> extract(hour from {local}) or day_of_week <> extract(isodow from {local})"
        );
        assert_eq!(rows(lake, &others).await, ["0"]);
        let last = "(select max(requested_on) from gold.click_facts)";
        let facts = query(lake, &format!("select * from gold.click_facts where requested_on = {last}")).await.unwrap();
        let facts = concat_batches(&facts[0].schema(), &facts).unwrap();
        assert!(facts.num_rows() > 200, "{}", facts.num_rows());
        let known_now = Online::new(lake, AsOf::Latest).unwrap();
        let online = known_now.click_features(facts.clone()).await.unwrap();
        let offline = query(lake, &format!("select * from features.click_features where requested_on = {last}")).await.unwrap();
        let (mut online, mut offline) = (texts(&online), texts(&offline));
        online.sort();
        offline.sort();
        assert_eq!(online.len(), offline.len());
        for (online, offline) in online.iter().zip(&offline) {
            assert_eq!(online, offline);
        }
        // One by one, of which little is read: each is among them.
        for row in (0..facts.num_rows()).step_by(facts.num_rows() / 12) {
            let one = texts(&known_now.click_features(facts.slice(row, 1)).await.unwrap());
            assert!(one.len() == 1 && offline.contains(&one[0]), "{one:?}");
        }
        let known =
            rows(lake, "select count(*) from features.click_features where campaign_app_click_rate is not null and user_impressions > 0")
                .await;
        assert!(known[0].parse::<u32>().unwrap() > 500, "most features were unknown: {known:?}");
    });
}

/// A row of the table of what was known: of whom, when it happened, when it was known, and what.
type Known = (Option<i64>, i64, i64, i64);

#[test]
fn a_join_at_a_point_in_time_is_what_a_look_at_every_row_finds() {
    block_on(async {
        let mut dice = Dice::new(7);
        // Few instants, so that there are ties and late arrivals of all kinds.
        let entity = |dice: &mut Dice| Some(dice.below(40) as i64).filter(|_| !dice.chance(0.05));
        let asking: Vec<(i64, Option<i64>, i64)> = (0..4000).map(|id| (id, entity(&mut dice), dice.below(30) as i64)).collect();
        let known: Vec<Known> = (0..1500)
            .map(|value| {
                let happened = dice.below(30) as i64;
                (entity(&mut dice), happened, happened + dice.below(6) as i64 - 1, value)
            })
            .collect();
        for is_late_known in [false, true] {
            let expected: BTreeMap<i64, Option<i64>> = asking
                .iter()
                .map(|(id, who, at)| {
                    let fits = |row: &&Known| who.is_some() && row.0 == *who && row.1 < *at && (!is_late_known || row.2 <= *at);
                    // The last that happened; of those the last known, as far as that counts; then the greatest value.
                    let place = |row: &&Known| (row.1, if is_late_known { row.2.max(row.1 + 1) } else { 0 }, row.3);
                    (*id, known.iter().filter(fits).max_by_key(place).map(|row| row.3))
                })
                .collect();
            let found = joined(&asking, &known, is_late_known).await;
            assert_eq!(found.len(), asking.len());
            assert!(expected.values().filter(|value| value.is_some()).count() > 2000);
            assert_eq!(found, expected, "late arrivals count: {is_late_known}");
        }
    });
}

async fn joined(asking: &[(i64, Option<i64>, i64)], known: &[Known], is_late_known: bool) -> BTreeMap<i64, Option<i64>> {
    let session = SessionContext::new();
    let whole = |values: Vec<Option<i64>>| -> ArrayRef { Arc::new(Int64Array::from(values)) };
    let who = |values: Vec<Option<i64>>| -> ArrayRef {
        Arc::new(values.into_iter().map(|who| who.map(|who| format!("user {who}"))).collect::<StringArray>())
    };
    let at = |values: Vec<i64>| -> ArrayRef { Arc::new(TimestampMicrosecondArray::from(values).with_timezone("UTC")) };
    let asks = RecordBatch::try_from_iter([
        ("id", whole(asking.iter().map(|row| Some(row.0)).collect())),
        ("User", who(asking.iter().map(|row| row.1).collect())),
        ("at", at(asking.iter().map(|row| row.2).collect())),
    ]);
    let table = RecordBatch::try_from_iter([
        ("user_id", who(known.iter().map(|row| row.0).collect())),
        ("happened_at", at(known.iter().map(|row| row.1).collect())),
        ("arrived_at", at(known.iter().map(|row| row.2).collect())),
        ("value", whole(known.iter().map(|row| Some(row.3)).collect())),
    ]);
    let join = PointInTime {
        by: vec![("User".to_owned(), "user_id".to_owned())],
        asked_at: "at".to_owned(),
        happened_at: "happened_at".to_owned(),
        arrival: if is_late_known { Arrival::Known("arrived_at".to_owned()) } else { Arrival::Ignored },
        columns: vec![("value".to_owned(), "last_value".to_owned())],
    };
    let (asks, table) = (session.read_batch(asks.unwrap()).unwrap(), session.read_batch(table.unwrap()).unwrap());
    let rows = point_in_time(asks, table, &join).unwrap();
    let rows = rows.select(["id", "last_value"].map(|name| Expr::Column(Column::from_name(name))).to_vec()).unwrap();
    let parsed = |text: &String| if text == NULL { None } else { Some(text.parse().unwrap()) };
    texts(&rows.collect().await.unwrap()).iter().map(|row| (parsed(&row[0]).unwrap(), parsed(&row[1]))).collect()
}
