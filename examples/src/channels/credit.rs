//! Paths, and who gets credit for them.

use adlake::marketing::{Chosen, Earned, ModelName, attribute};
use anyhow::Result;
use attribution::Confidence;
use lake::{AsOf, Lake};
use sources::marketing::Generated;

use super::pictures;
use crate::rows::aligned;
use crate::story::Page;

/// Tells it.
pub async fn tell(page: &mut Page, lake: &Lake, generated: &Generated) -> Result<()> {
    page.text(
        "
        ## Journeys

        A journey is the touches within the look-back window before a conversion, or those of a user who did not convert. Some
        conversions have none. The most frequent paths:
        ",
    );
    page.ask(
        lake,
        "
        select
            case when path = '' then '(no touch)' else path end as path,
            conversion_count as conversions,
            round(value_amount, 0) as value,
            null_count as without_conversion
        from gold.channel_paths
        where path_source = 'journeys'
        order by conversion_count desc, path
        limit 8
        ",
    )
    .await?;
    page.text(
        "
        ## Credit

        `gold.attribution_credit` is a ledger: each conversion is shared out among its touches in millionths that sum to one million, by
        every model. Summed by channel, beside what the channel truly caused:
        ",
    );
    let credited = page
        .query(
            lake,
            "
            select attribution_model, channel, cast(conversion_count as double) as conversions
            from gold.channel_attribution
            where attribution_model in ('first_touch', 'last_touch', 'linear', 'time_decay', 'markov', 'shapley')
                and channel <> 'Unattributed'
            order by channel, attribution_model
            ",
        )
        .await?;
    page.picture(
        "credit_by_model",
        "Conversions by channel and model, beside the truth: direct, retargeting and branded search get many times what they caused",
        pictures::credit(&credited, generated)?,
    );
    page.text(&format!(
        "
        Every model hands out all conversions with a touch, and {} of {} would have come without any advertising. That is not a mistake of
        one of them: they are asked who was there, not who was needed. Direct visits cause nothing and get a sixth to a fifth.
        Retargeting follows visits to the site and branded search follows the intent to buy, so both stand in many paths that end
        well, and get many times what they caused. Video and generic search get about their due, but only because two errors meet:
        what would have come anyway is added, and what others take is missing. No cleverer sharing of the same paths mends this, as the
        paths of a channel that follows customers look like those of one that brings them.

        How sure the sharing itself is, journeys drawn anew (`adlake attribute`; it shares out the total by the model, where the ledger
        gives a conversion only to the channels of its own path):
        ",
        generated.baseline_conversions, generated.conversions
    ));
    page.step()?;
    let models = vec![ModelName::LastTouch, ModelName::Markov, ModelName::Shapley];
    let confidence = Confidence { replicates: 100, ..Confidence::default() };
    let chosen = Chosen { models: models.clone(), order: 1, counted: false, confidence };
    let attribution = attribute(lake, &chosen, AsOf::LastRelease).await?;
    let of = |model: ModelName| attribution.earned.iter().filter(move |earned| earned.model == model);
    let share = |earned: &Earned| {
        earned.credit.as_ref().map_or_else(String::new, |credit| {
            let share = &credit.share;
            format!("{:.1} ({:.1} to {:.1})", 100.0 * share.value, 100.0 * share.low, 100.0 * share.high)
        })
    };
    let row = |first: &Earned| {
        let shares = models.iter().flat_map(|model| of(*model).find(|earned| earned.channel == first.channel)).map(share);
        [first.channel.clone()].into_iter().chain(shares).collect::<Vec<_>>()
    };
    let body: Vec<_> = of(ModelName::LastTouch).map(row).collect();
    page.markdown(&aligned(&["channel, in %", "last_touch", "markov", "shapley"], &[false, true, true, true], &body));
    page.text(
        "
        The intervals are narrow. They say how little the shares would change with other users of the same kind, and nothing of whether
        a share is what the channel caused: a precise answer to another question.

        ## One channel from day to day

        Spend, clicks and what a model credits make rates with their 95 % intervals. One model is to be chosen, as spend is the same
        under each:
        ",
    );
    page.ask(
        lake,
        "
        select
            measured_on as day,
            round(spend_amount, 0) as spend,
            click_count as clicks,
            round(100 * click_rate, 1) as ctr_percent,
            round(cost_per_click_amount, 2) as cpc,
            round(conversion_count, 1) as conversions,
            round(return_on_spend_ratio, 2) as roas,
            round(return_on_spend_low_ratio, 2) as roas_low,
            round(return_on_spend_high_ratio, 2) as roas_high
        from gold.channel_kpis_daily
        where channel = 'search_generic' and attribution_model = 'linear'
            and measured_on between date '2025-02-03' and date '2025-02-09'
        order by measured_on
        ",
    )
    .await?;
    Ok(())
}
