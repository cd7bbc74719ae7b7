//! Marketing logs with a causal truth: what the tables say of channels, against what each caused.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use adlake::Work;
use adlake::marketing::{Chosen, ModelName, attribute};
use bronze::Sources;
use lake::{AsOf, LakeOptions, RunReport, Silent};
use sources::marketing::{Generated, MarketingOptions, generate};
use spec::TableName;

use crate::lakes::{SourcedLake, block_on, rows, shipped, versions};

/// Mean over the channels of the distance to the true share of all conversions.
fn mean_error(shares: &BTreeMap<String, f64>, truth: &Generated) -> f64 {
    let far = |channel: &str, share: f64| (shares.get(channel).copied().unwrap_or(0.0) - share).abs();
    truth.channels.iter().map(|truth| far(truth.channel, truth.incremental_share)).sum::<f64>() / truth.channels.len() as f64
}

async fn shares(place: &SourcedLake, sql: &str) -> BTreeMap<String, f64> {
    let told = rows(&place.lake, sql).await;
    told.iter().map(|row| row.split_once('|').map(|(channel, share)| (channel.to_owned(), share.parse().unwrap())).unwrap()).collect()
}

/// Takes what is new and brings these tables up to date, with all that they are made from.
async fn run_up_to(place: &SourcedLake, tables: &[&str]) -> RunReport {
    let tables = tables.iter().map(|table| table.parse::<TableName>().unwrap());
    let above: BTreeSet<TableName> = tables.flat_map(|table| shipped().upstream_of(&table).into_iter().chain([table])).collect();
    let sources = Sources::open(&place.settings, place.path("").to_str()).unwrap();
    let work = Work { sources: Some(&sources), tables: above.iter().map(ToString::to_string).collect(), ..Work::all() };
    adlake::run(&place.lake, shipped(), &work, &Silent).await.unwrap().report
}

#[test]
fn what_channels_caused_is_near_the_truth_and_the_last_click_is_not() {
    block_on(async {
        let place = SourcedLake::new();
        let options = MarketingOptions { users: 12_000, days: 60, seed: 300, overwrite: true, ..MarketingOptions::default() };
        let truth = generate(&options, &place.path(""), &mut |_| {}).unwrap();
        run_up_to(&place, &["gold.channel_incrementality", "gold.channel_paths"]).await;

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

/// Lines of a file of touches.
fn touches(lines: &[&str]) -> String {
    format!("user_id,occurred_at,source,medium,campaign_id,kind\n{}\n", lines.join("\n"))
}

/// As many deliveries of known sources as there may be leave the channel groups, and what is made of them, as they are.
#[test]
fn a_delivery_of_known_sources_leaves_the_channel_groups_alone() {
    const GROUPS: [&str; 2] = ["silver.touch_sources", "silver.channel_groups"];
    block_on(async {
        // With the ad network's logs, where whatever can be merged is: in so small a lake its own tables would be made anew.
        for with_ads in [false, true] {
            let place = SourcedLake::with(LakeOptions { rebuild_share: with_ads.then_some(1e9), ..LakeOptions::default() });
            let deliver = |number: usize, touched: &[&str], prevented: &[&str], campaign: &str| {
                place.put(&format!("touchpoints/{number}.csv"), touches(touched));
                place.put(&format!("holdout_touchpoints/{number}.csv"), touches(prevented));
                if with_ads {
                    let request = format!("request_id,id_md5,user_id,timestamp\nr{number},m{number},a,2026-01-0{number} 12:00:00\n");
                    place.put(&format!("requests/{number}.csv"), request);
                    let impression = format!("impression_id,id_md5,campaign_id,campaign_type\ni{number},m{number},{campaign},CPC\n");
                    place.put(&format!("impressions/{number}.csv"), impression);
                }
            };
            let groups = async || {
                let versions = versions(&place.lake).await;
                GROUPS.map(|table| versions[&table.parse::<TableName>().unwrap()])
            };
            place.put("channel_rules/1.csv", "source,medium,campaign,channel,priority\n*,cpc,*,Paid,1\n");
            deliver(
                1,
                &["a,2026-01-01 00:00:00,google,cpc,k1,click", "a,2026-01-01 01:00:00,,,,click"],
                &["b,2026-01-01 00:00:00,bing,cpc,k1,", "b,2026-01-01 01:00:00,,,,"],
                "k1",
            );
            let wanted = [GROUPS[1], "silver.touchpoints", "silver.holdout_touchpoints"];
            run_up_to(&place, &wanted).await;
            let before = groups().await;
            // Triples that each log knows, some written otherwise, of the same and of other users.
            deliver(
                2,
                &["a,2026-01-02 00:00:00,Google,CPC,k1,click", "c,2026-01-02 01:00:00,google, cpc ,k1,impression"],
                &["d,2026-01-02 00:00:00,,,,", "d,2026-01-02 01:00:00,BING,cpc,k1,"],
                "k1",
            );
            run_up_to(&place, &wanted).await;
            assert_eq!(groups().await, before, "with_ads: {with_ads}");
            let paid = "select count(*) from silver.touchpoints where channel = 'Paid'";
            assert_eq!(rows(&place.lake, paid).await, [if with_ads { "5" } else { "3" }]);
            // The control: a triple that is new changes both, and the touch has its channel.
            deliver(3, &["a,2026-01-03 00:00:00,yahoo,cpc,k1,click"], &[], "k1");
            run_up_to(&place, &wanted).await;
            assert!(groups().await.iter().zip(before).all(|(now, before)| *now > before), "with_ads: {with_ads}");
            assert_eq!(rows(&place.lake, paid).await, [if with_ads { "7" } else { "4" }]);
        }
    });
}

/// A day more leaves the removal effects and the credits of other months alone.
#[test]
fn a_day_more_touches_its_own_month() {
    const TABLES: [&str; 2] = ["gold.markov_removal_effects", "gold.attribution_credit"];
    block_on(async {
        let place = SourcedLake::new();
        let (mut touched, mut converted) = (Vec::new(), "conversion_id,user_id,occurred_at,kind,value\n".to_owned());
        for month in 1..=12 {
            for user in 0..15 {
                touched.push(format!("u{user},2025-{month:02}-03 0{}:00:00,,,search,click", user % 10));
                if user % 3 > 0 {
                    touched.push(format!("u{user},2025-{month:02}-05 0{}:00:00,,,video,impression", user % 10));
                }
                if user % 2 == 0 {
                    writeln!(converted, "c{month}-{user},u{user},2025-{month:02}-06 00:00:00,purchase,10").unwrap();
                }
            }
        }
        let touched: Vec<&str> = touched.iter().map(String::as_str).collect();
        // The campaign is the channel's name by a rule, so that a path has two channels.
        place.put("channel_rules/1.csv", "source,medium,campaign,channel,priority\n*,*,search,search,1\n*,*,video,video,1\n");
        place.put("touchpoints/1.csv", touches(&touched));
        place.put("conversions/1.csv", converted);
        run_up_to(&place, &TABLES[1..]).await;
        let files = async |of_december: bool| {
            let mut files = BTreeSet::new();
            for table in TABLES {
                let table = place.lake.table(&table.parse().unwrap()).await.unwrap().unwrap();
                let month = table.partition_columns()[0].clone();
                let is_wanted = |at: &Option<String>| (at.as_deref() == Some("2025-12")) == of_december;
                files.extend(
                    table.files().into_iter().filter(|file| is_wanted(&file.partition[&month])).map(|file| (table.name.clone(), file.path)),
                );
            }
            files
        };
        let of_search = "select removal_effect from gold.markov_removal_effects where ended_month = '2025-12' and channel = 'search'";
        let (others, december, effect) = (files(false).await, files(true).await, rows(&place.lake, of_search).await);
        place.put("touchpoints/2.csv", touches(&["u2,2025-12-20 00:00:00,,,video,click"]));
        place.put("conversions/2.csv", "conversion_id,user_id,occurred_at,kind,value\nc,u2,2025-12-21 00:00:00,purchase,10\n");
        let report = run_up_to(&place, &TABLES[1..]).await;
        for (table, action) in TABLES.into_iter().zip(["replaced", "merged"]) {
            let told = report.tables.iter().find(|told| told.table.to_string() == table).unwrap();
            assert_eq!(told.action.to_string(), action, "{told:?}");
        }
        assert_eq!(files(false).await, others);
        // The control: December's effects, and so its credits, are others.
        assert_ne!(rows(&place.lake, of_search).await, effect);
        assert!(files(true).await.is_disjoint(&december), "{december:?}");
    });
}

/// Clicks that come with an impression are no occasions of their own, prevented or not.
#[test]
fn a_click_that_comes_with_an_impression_changes_nothing_prevented_or_not() {
    // Half of 400 users are in the holdout of video; they convert less, and at other times.
    let told = async |click_after: Option<&str>, convert: &str| {
        let place = SourcedLake::new();
        let (mut shown, mut prevented) = (Vec::new(), Vec::new());
        let mut conversions = "conversion_id,user_id,occurred_at,kind,value\n".to_owned();
        for user in 0..400 {
            let log = if user % 2 == 0 { &mut shown } else { &mut prevented };
            log.push(format!("u{user},2026-01-02 00:00:00,tube,video,k1,impression"));
            log.extend(click_after.map(|at| format!("u{user},{at},tube,video,k1,click")));
            if user % 6 == 0 || user % 10 == 1 {
                let at = if user % 4 == 0 { "2026-01-02 12:00:00" } else { convert };
                writeln!(conversions, "c{user},u{user},{at},purchase,10").unwrap();
            }
        }
        // The last touch says until when is observed.
        shown.push("late,2026-02-10 00:00:00,,,,click".to_owned());
        let lines = |log: &[String]| touches(&log.iter().map(String::as_str).collect::<Vec<_>>());
        place.put("touchpoints/1.csv", lines(&shown));
        place.put("holdout_touchpoints/1.csv", lines(&prevented));
        place.put("conversions/1.csv", conversions);
        run_up_to(&place, &["gold.channel_incrementality"]).await;
        let columns = "channel, evidence, held_out_user_count, conversion_count, conversion_count_low, conversion_count_high";
        rows(&place.lake, &format!("select {columns} from gold.channel_incrementality where grain = 'channel' and channel <> 'Unknown'"))
            .await
    };
    block_on(async {
        let convert = "2026-01-04 12:00:00";
        let plain = told(None, convert).await;
        assert!(plain.len() == 1 && plain[0].starts_with("tube / video|holdout|200|"), "{plain:?}");
        assert_eq!(told(Some("2026-01-02 23:00:00"), convert).await, plain);
        // The control: a click more than a day after is an occasion.
        assert_ne!(told(Some("2026-01-03 01:00:00"), convert).await, plain);
    });
}
