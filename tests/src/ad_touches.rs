//! The ad network's own logs as touches and conversions of marketing: in any order of arrival, and one domain without the other.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::OnceLock;

use adlake::Work;
use bronze::Sources;
use lake::{LakeOptions, RunReport, Silent};
use spec::{Layer, Pipeline, TableName};

use crate::lakes::{Contents, SourcedLake, block_on, contents, rows, shipped};
use crate::raw::Dice;

const USERS: usize = 25;
const REQUESTS: usize = 160;

/// Files by name.
type Files = Vec<(String, String)>;

/// The ad network's logs in three deliveries, clicks and installs later than their requests.
fn ad_logs() -> [Files; 3] {
    let mut dice = Dice::new(5);
    let mut texts = [(); 3].map(|()| BTreeMap::new());
    let mut add = |delivery: usize, table: &'static str, head: &str, row: String| {
        let text: &mut String = texts[delivery].entry(table).or_insert_with(|| format!("{head}\n"));
        writeln!(text, "{row}").unwrap();
    };
    add(0, "campaigns", "campaign_id,campaign_type,billing_rate", "k1,CPC,0.5".to_owned());
    for number in 0..REQUESTS {
        let delivery = dice.below(3);
        let user = if dice.chance(0.05) { String::new() } else { format!("u{}", dice.below(USERS)) };
        let at = format!("2026-01-{:02} {:02}:00:00", 1 + dice.below(28), number % 24);
        add(delivery, "requests", "request_id,id_md5,user_id,timestamp", format!("r{number},m{number},{user},{at}"));
        if dice.chance(0.2) {
            continue;
        }
        let campaign = ["k1", "k2", ""][dice.below(3)];
        add(delivery, "impressions", "impression_id,id_md5,campaign_id,campaign_type", format!("i{number},m{number},{campaign},CPC"));
        let later = (delivery + dice.below(2)).min(2);
        if dice.chance(0.4) {
            add(later, "clicks", "click_id,id_md5,user_id", format!("c{number},m{number},{user}"));
            if dice.chance(0.5) {
                // A second click on the same ad is no second touch.
                add(2, "clicks", "click_id,id_md5,user_id", format!("d{number},m{number},{user}"));
            }
            if dice.chance(0.4) {
                let installed = if dice.chance(0.2) { "" } else { "2026-01-30 00:00:00" };
                add(2, "installs", "install_id,id_md5,install_at", format!("n{number},m{number},{installed}"));
            }
        }
    }
    let mut number = 0;
    texts.map(|texts| {
        number += 1;
        texts.into_iter().map(|(table, text)| (format!("{table}/{number}.csv"), text)).collect()
    })
}

/// Touches and conversions of the same users, in two deliveries.
fn marketing_logs() -> [Files; 2] {
    let mut dice = Dice::new(6);
    [1, 2].map(|delivery| {
        let mut touches = "user_id,occurred_at,channel,campaign_id,kind\n".to_owned();
        let mut conversions = "conversion_id,user_id,occurred_at,kind,value\n".to_owned();
        for number in 0..60 {
            let at = format!("2026-01-{:02} {:02}:30:00", 1 + dice.below(28), dice.below(24));
            writeln!(touches, "u{},{at},search,s1,click", dice.below(USERS)).unwrap();
            if dice.chance(0.4) {
                let user = dice.below(USERS);
                writeln!(conversions, "o{delivery}-{number},u{user},2026-01-{:02} 23:00:00,purchase,10", 1 + dice.below(30)).unwrap();
            }
        }
        vec![(format!("touchpoints/{delivery}.csv"), touches), (format!("conversions/{delivery}.csv"), conversions)]
    })
}

/// What the channels' totals are made from, and no more.
fn pipeline() -> &'static Pipeline {
    static PIPELINE: OnceLock<Pipeline> = OnceLock::new();
    PIPELINE.get_or_init(|| {
        let totals = TableName { layer: Layer::Gold, name: "channel_attribution".to_owned() };
        let mut above = shipped().upstream_of(&totals);
        above.insert(totals);
        let models = shipped().in_order().iter().filter(|model| above.contains(&model.table));
        Pipeline::new(models.cloned().collect()).unwrap()
    })
}

async fn run(place: &SourcedLake) -> RunReport {
    place.run_with(pipeline(), &Silent).await.unwrap().report
}

fn put(place: &SourcedLake, files: &Files) {
    files.iter().for_each(|(name, text)| place.put(name, text));
}

async fn filled(runs: &[Vec<&Files>], options: LakeOptions) -> SourcedLake {
    let place = SourcedLake::with(options);
    for files in runs {
        files.iter().for_each(|files| put(&place, files));
        run(&place).await;
    }
    place
}

/// What silver and gold hold of marketing, rows sorted, without where a row came from.
async fn made(place: &SourcedLake) -> BTreeMap<TableName, Vec<String>> {
    let sorted = |contents: Contents| {
        let columns: Vec<&str> = contents.columns.iter().map(String::as_str).filter(|column| !column.starts_with('_')).collect();
        let mut rows: Vec<String> = contents.of(&columns).into_iter().map(|row| row.join("|")).collect();
        rows.sort_unstable();
        rows
    };
    let of_marketing =
        |table: &TableName| table.layer != Layer::Bronze && shipped().get(table).is_some_and(|model| model.domain == "marketing");
    contents(&place.lake).await.into_iter().filter(|(table, _)| of_marketing(table)).map(|(table, held)| (table, sorted(held))).collect()
}

#[test]
fn the_order_of_arrival_does_not_show_and_nothing_counts_twice() {
    block_on(async {
        let ([a, b, c], [m, n]) = (ad_logs(), marketing_logs());
        let at_once = filled(&[vec![&a, &b, &c, &m, &n]], LakeOptions::default()).await;
        let expected = made(&at_once).await;
        // Marketing first and alone, the network's clicks and installs before its requests; whatever can be merged is.
        let merging = LakeOptions { rebuild_share: Some(1e9), ..LakeOptions::default() };
        let place = filled(&[vec![&m], vec![&c], vec![&b, &n]], merging).await;
        // The control: a delivery less is seen.
        assert_ne!(made(&place).await, expected);
        put(&place, &a);
        run(&place).await;
        let found = made(&place).await;
        assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
        for (table, rows) in &expected {
            assert_eq!(&found[table], rows, "{table}");
        }

        let lake = &at_once.lake;
        let counts = "
            select
                (select count(*) from silver.touchpoints) = (select count(*) from silver.logged_touchpoints)
                    + (select sum(cast(is_impression as int) + cast(is_click as int)) from silver.ad_funnel where user_id is not null) as touches,
                (select count(*) from silver.conversions) = (select count(*) from silver.logged_conversions)
                    + (select sum(cast(is_install as int)) from silver.ad_funnel where user_id is not null) as conversions,
                (select min(n) = max(n) and min(n) = (select 1000000 * count(*) from silver.conversions)
                    from (select sum(micro_credits) as n from gold.channel_attribution group by attribution_model)) as totals,
                (select count(*) from silver.ad_conversions) > 5 as installs,
                (select count(*) from gold.attribution_credit where channel = 'ad_network' and conversion_kind = 'purchase') > 5 as credited";
        assert_eq!(rows(lake, counts).await, ["true|true|true|true|true"]);
    });
}

async fn run_domain(place: &SourcedLake, domain: &str) -> RunReport {
    let sources = Sources::open(&place.settings, place.path("").to_str()).unwrap();
    let work = Work { sources: Some(&sources), domains: vec![domain.to_owned()], ..Work::all() };
    adlake::run(&place.lake, pipeline(), &work, &Silent).await.unwrap().report
}

async fn tables(place: &SourcedLake) -> Vec<String> {
    place.lake.tables().await.unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn one_domain_does_without_the_other_and_both_publish_together() {
    block_on(async {
        let ([a, b, _], [m, n]) = (ad_logs(), marketing_logs());
        let touches = "select count(*) from silver.touchpoints where channel = 'ad_network'";
        let has = |tables: &[String], name: &str| tables.iter().any(|table| table == name);

        let alone = SourcedLake::new();
        [&a, &m].iter().for_each(|files| put(&alone, files));
        run_domain(&alone, "adtech").await;
        let found = tables(&alone).await;
        assert!(
            has(&found, "silver.ad_funnel") && !has(&found, "silver.touchpoints") && !has(&found, "silver.ad_touchpoints"),
            "{found:?}"
        );

        let place = SourcedLake::new();
        [&a, &m].iter().for_each(|files| put(&place, files));
        let report = run_domain(&place, "marketing").await;
        let found = tables(&place).await;
        assert!(report.behind.is_empty() && has(&found, "gold.channel_attribution"), "{:?}", report.behind);
        assert!(!has(&found, "bronze.requests") && !has(&found, "silver.ad_funnel"), "{found:?}");
        assert_eq!(rows(&place.lake, touches).await, ["0"]);

        // The network's logs come by a run of their own: what marketing made of them comes along, and the release names both.
        let report = run_domain(&place, "adtech").await;
        assert!(report.behind.is_empty() && report.release.is_some(), "{:?}", report.behind);
        let first: u64 = rows(&place.lake, touches).await[0].parse().unwrap();
        assert!(first > 0);
        [&b, &n].iter().for_each(|files| put(&place, files));
        let report = run_domain(&place, "adtech").await;
        assert!(report.behind.is_empty() && report.release.is_some(), "{:?}", report.behind);
        assert!(rows(&place.lake, touches).await[0].parse::<u64>().unwrap() > first);
        assert!(run_domain(&place, "marketing").await.behind.is_empty());
        // No new rows, no work.
        let again = run(&place).await;
        assert!(!again.changed(), "{:?}", again.tables);
    });
}
