//! Marketing logs with a causal truth: what the tables say of channels, against what each caused.

use std::collections::{BTreeMap, BTreeSet};

use adlake::Work;
use adlake::marketing::{Chosen, ModelName, attribute};
use bronze::Sources;
use lake::{AsOf, Silent};
use sources::marketing::{Generated, MarketingOptions, generate};
use spec::{Layer, TableName};

use crate::lakes::{SourcedLake, block_on, rows, shipped};

/// Mean over the channels of the distance to the true share of all conversions.
fn mean_error(shares: &BTreeMap<String, f64>, truth: &Generated) -> f64 {
    let far = |channel: &str, share: f64| (shares.get(channel).copied().unwrap_or(0.0) - share).abs();
    truth.channels.iter().map(|truth| far(truth.channel, truth.incremental_share)).sum::<f64>() / truth.channels.len() as f64
}

async fn shares(place: &SourcedLake, sql: &str) -> BTreeMap<String, f64> {
    let told = rows(&place.lake, sql).await;
    told.iter().map(|row| row.split_once('|').map(|(channel, share)| (channel.to_owned(), share.parse().unwrap())).unwrap()).collect()
}

#[test]
fn what_channels_caused_is_near_the_truth_and_the_last_click_is_not() {
    block_on(async {
        let place = SourcedLake::new();
        let options = MarketingOptions { users: 12_000, days: 60, seed: 300, overwrite: true, ..MarketingOptions::default() };
        let truth = generate(&options, &place.path(""), &mut |_| {}).unwrap();
        let tables = ["channel_incrementality", "channel_paths"].map(|name| TableName { layer: Layer::Gold, name: name.to_owned() });
        let above: BTreeSet<TableName> = tables.iter().flat_map(|table| shipped().upstream_of(table)).chain(tables.clone()).collect();
        let sources = Sources::open(&place.settings, place.path("").to_str()).unwrap();
        let work = Work { sources: Some(&sources), tables: above.iter().map(ToString::to_string).collect(), ..Work::all() };
        adlake::run(&place.lake, shipped(), &work, &Silent).await.unwrap();

        let told = "select channel, conversion_share from gold.channel_incrementality where grain = 'channel' and evidence = 'holdout'";
        let told = shares(&place, told).await;
        assert_eq!(told.len(), truth.channels.len());
        let error = mean_error(&told, &truth);
        assert!(error <= 0.02, "{error}");
        // The control: the last click of an ad in 30 days is held to the same bar and fails it.
        let last_click = "
            with clicks as (
                select c.conversion_id, t.channel, row_number() over (partition by c.conversion_id order by t.touched_at desc) as place
                from silver.conversions as c
                inner join silver.touchpoints as t on c.user_id = t.user_id
                where t.touch_kind = 'click' and t.channel <> 'direct' and not t.is_repeat
                    and t.touched_at <= c.converted_at and t.touched_at > c.converted_at - interval '30 days'
            )
            select channel, count(*) / (select cast(count(*) as double) from silver.conversions) from clicks where place = 1 group by channel";
        let last_click_error = mean_error(&shares(&place, last_click).await, &truth);
        assert!(last_click_error > 0.02 && last_click_error >= 3.0 * error, "{last_click_error} beside {error}");

        // Intervals hold the truth more often than not; nothing is lost between channels, campaigns and the baseline.
        let intervals =
            "select channel, conversion_share_low, conversion_share_high from gold.channel_incrementality where grain = 'channel'";
        let holds = |row: &&String| {
            let [channel, low, high] = row.split('|').collect::<Vec<_>>()[..] else { return false };
            let share = truth.channels.iter().find(|truth| truth.channel == channel).unwrap().incremental_share;
            low.parse::<f64>().unwrap() <= share && share <= high.parse::<f64>().unwrap()
        };
        let held = rows(&place.lake, intervals).await.iter().filter(holds).count();
        assert!(held >= 5, "{held} of 7 intervals hold the truth");
        let sums = "
            select
                abs(sum(case when grain <> 'campaign' then conversion_count end) - max(observed_conversion_count)) < 1e-6,
                abs(sum(case when grain <> 'campaign' then value_amount end) / max(observed_value_amount) - 1) < 1e-9,
                abs(sum(case grain when 'campaign' then conversion_count when 'channel' then -conversion_count end)) < 1e-6,
                abs(sum(case grain when 'campaign' then value_amount when 'channel' then -value_amount end)) < 1e-3,
                max(observed_conversion_count) > 3000
            from gold.channel_incrementality";
        assert_eq!(rows(&place.lake, sums).await, ["true|true|true|true|true"]);

        let chosen = Chosen { models: vec![ModelName::Incremental], order: 1, counted: false, confidence: Default::default() };
        let earned = attribute(&place.lake, &chosen, AsOf::LastRelease).await.unwrap().earned;
        assert!(earned.len() == truth.channels.len() + 1 && earned.iter().any(|earned| earned.channel == "Baseline"));
        let share = |channel: &str| earned.iter().find(|earned| earned.channel == channel).unwrap().credit.as_ref().unwrap().share.value;
        assert!(told.iter().all(|(channel, value)| share(channel) == *value));
    });
}
