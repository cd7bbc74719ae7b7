//! The models that come with adlake.

use super::*;

/// Columns none of whose values come from a raw table.
fn from_nowhere(lineage: &Lineage) -> Vec<String> {
    let mut found = Vec::new();
    for name in lineage.tables().iter().filter(|t| t.layer != Layer::Bronze) {
        for column in &lineage.table(name).unwrap().columns {
            let upstream = lineage.upstream(name, Some(&column.name)).unwrap();
            if !upstream.iter().any(|s| s.table.layer == Layer::Bronze && s.kind() == Kind::Value) {
                found.push(format!("{name}.{}", column.name));
            }
        }
    }
    found
}

#[tokio::test]
async fn every_column_comes_from_raw_data() {
    let all = lineage_of(&shipped()).await;
    // Constants on purpose, which rows of several windows, models or kinds are told apart by.
    let told_apart_by = [
        "silver.ad_conversions.conversion_kind",
        "silver.ad_touchpoints.logged_channel",
        "silver.ad_touchpoints.touch_kind",
        "silver.ad_touchpoints.source",
        "silver.ad_touch_sources.source",
        "gold.channel_paths.path_source",
        "gold.attribution_daily.attribution_model",
        "gold.campaign_kpis_daily.attribution_model",
        "gold.channel_attribution.attribution_model",
        "gold.channel_kpis_daily.attribution_model",
        "gold.bestsellers.window_days",
        "gold.segment_profiles.kind",
        "gold.top_performers.window_days",
        "gold.top_performers.attribution_model",
        "gold.top_performers.grain",
    ];
    assert_eq!(from_nowhere(&all), told_apart_by);
    assert!(all.tables().iter().filter(|t| t.layer == Layer::Gold).count() >= 7);
}

/// Without it the test above could pass by finding nothing.
#[tokio::test]
async fn a_constant_is_noticed() {
    let pipeline =
        small(&[("silver.x", "kind = \"full\"\n[columns]\nk = \"K\"\none = \"One\"", "select a as k, 1 as one from bronze.raw")]);
    assert_eq!(from_nowhere(&lineage_of(&pipeline).await), ["silver.x.one"]);
}

#[tokio::test]
async fn known_columns() {
    let all = lineage_of(&shipped()).await;
    let direct = |name: &str, column: &str| told(&all.table(&table(name)).unwrap().column(column).unwrap().sources);
    assert_eq!(direct("silver.ad_funnel", "is_click"), "clicks.id_md5 computed");
    assert_eq!(direct("silver.ad_funnel", "is_install"), "installs.id_md5 computed");
    assert_eq!(direct("silver.ad_funnel", "requested_at"), "requests.requested_at copied");
    assert_eq!(direct("silver.requests", "requested_on"), "requests.timestamp computed");
    assert_eq!(direct("silver.requests", "gender"), "requests.gender computed");
    assert_eq!(direct("silver.impressions", "campaign_id"), "impressions.campaign_id computed");
    assert_eq!(direct("gold.traffic_hourly", "request_count"), "ad_funnel.* aggregated");
    assert_eq!(
        direct("gold.click_facts", "revenue_usd"),
        "ad_funnel.is_click condition, ad_funnel.is_install condition, campaigns.billing_rate_usd computed, campaigns.campaign_type condition"
    );
    // Over all layers: money is made of the rate alone, everything else steers.
    let value = |name: &str, column: &str| {
        let upstream = all.upstream(&table(name), Some(column)).unwrap();
        let raw = upstream.iter().filter(|s| s.table.layer == Layer::Bronze && s.kind() == Kind::Value);
        raw.map(|s| format!("{}.{}", s.table.name, s.column)).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(value("gold.click_facts", "revenue_usd"), "campaigns.billing_rate");
    assert_eq!(value("gold.revenue_by_state_daily", "revenue_usd"), "campaigns.billing_rate");
    assert_eq!(value("gold.revenue_by_state_daily", "click_count"), "clicks.id_md5");
    assert_eq!(value("gold.revenue_by_state_daily", "impression_count"), "requests.*");
    assert_eq!(value("gold.revenue_by_state_daily", "state"), "requests.state");
    assert_eq!(value("gold.campaign_performance_daily", "revenue_per_thousand_usd"), "campaigns.billing_rate requests.*");
    let influences = all.upstream(&table("gold.revenue_by_state_daily"), Some("revenue_usd")).unwrap();
    for steering in ["requests.state", "clicks.id_md5", "impressions.campaign_id", "campaigns.campaign_type", "requests.timestamp"] {
        let (name, column) = steering.split_once('.').unwrap();
        assert!(
            influences.iter().any(|s| s.table == table(&format!("bronze.{name}")) && s.column == column && s.kind() == Kind::Influence),
            "{steering}"
        );
    }
}

#[tokio::test]
async fn downstream_mirrors_upstream() {
    let all = lineage_of(&shipped()).await;
    let (mut up, mut down) = (BTreeSet::new(), BTreeSet::new());
    for name in all.tables() {
        for column in all.table(name).unwrap().columns.iter().map(|c| c.name.as_str()).chain([ROWS]) {
            let here = format!("{name}.{column}");
            up.extend(all.upstream(name, Some(column)).unwrap().into_iter().map(|s| (s.to_string(), s.how, here.clone())));
            down.extend(all.downstream(name, Some(column)).unwrap().into_iter().map(|s| (here.clone(), s.how, s.to_string())));
        }
    }
    assert!(up.len() > 1000, "{}", up.len());
    assert!(up == down, "only up: {:?}, only down: {:?}", up.difference(&down).next(), down.difference(&up).next());
}
