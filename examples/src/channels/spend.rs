//! What spend brings, and where a budget should go.

use std::collections::BTreeMap;

use adlake::marketing::{self, Budget, Outcome};
use anyhow::Result;
use attribution::response::{ChannelHistory, History, Response, ResponseSettings};
use lake::datafusion::arrow::record_batch::RecordBatch;
use lake::{AsOf, Lake, Silent};
use sources::marketing::Generated;

use super::pictures;
use crate::rows::{aligned, numbers, texts};
use crate::story::Page;

/// Tells it.
pub async fn tell(page: &mut Page, lake: &Lake, generated: &Generated) -> Result<()> {
    page.text(
        "
        ## What spend brings

        Where there is no experiment, spend that moves is the next best witness. Curves with saturation and carry-over are fitted to
        the days of all channels at once; each draw is a set of curves that the days leave possible.
        ",
    );
    let days = page
        .query(
            lake,
            "
            with kpis as (
                -- Outcomes of all channels together are the same under every model.
                select measured_on, channel, cast(spend_amount as double) as spend, cast(conversion_count as double) as conversions
                from gold.channel_kpis_daily
                where attribution_model = 'linear'
            ),
            days as (
                select measured_on, sum(conversions) as conversions from kpis group by measured_on
            ),
            channels as (
                select channel from kpis group by channel having sum(spend) > 0
            )
            select
                c.channel,
                d.measured_on as day,
                greatest(coalesce(k.spend, 0), 0) as spend,
                d.conversions
            from days d
            cross join channels c
            left join kpis k on k.measured_on = d.measured_on and k.channel = c.channel
            order by c.channel, d.measured_on
            ",
        )
        .await?;
    page.step()?;
    let history = history(&days)?;
    let response = Response::fit(&history, &ResponseSettings::default())?;
    page.picture(
        "response_curves",
        "Conversions a day by spend for the two channels with the most spend, with wide bands",
        pictures::response(&response),
    );
    page.text("What the curves say each channel brought in these 60 days, beside the truth:");
    page.step()?;
    let total = |channel: usize, curve: &attribution::response::Curve| -> f64 {
        curve.carried(&history.channels[channel].spend).into_iter().map(|carried| curve.outcome(carried)).sum()
    };
    let mut body = Vec::new();
    for (channel, of_channel) in history.channels.iter().enumerate() {
        let mut brought: Vec<f64> = response.draws.iter().map(|curves| total(channel, &curves[channel])).collect();
        brought.sort_by(f64::total_cmp);
        let quantile = |share: f64| brought[((brought.len() - 1) as f64 * share).round() as usize];
        let truth = generated.channels.iter().find(|truth| truth.channel == of_channel.name);
        let lost = truth.map_or(0, |truth| truth.lost_without) as f64;
        let spent: f64 = of_channel.spend.iter().sum();
        let numbers =
            [spent, quantile(0.5), quantile(0.025), quantile(0.975), lost, 1000.0 * lost / spent].map(|number| format!("{number:.0}"));
        body.push([of_channel.name.clone()].into_iter().chain(numbers).collect::<Vec<_>>());
    }
    let head = ["channel", "spent", "brought, median", "from", "to", "missing without it", "per 1,000 spent"];
    page.markdown(&aligned(&head, &[false, true, true, true, true, true, true], &body));
    page.text(
        "
        The last two columns are the truth: conversions that would be missing had the channel been off. Each interval holds it, and is so
        wide that it could hardly miss: sixty days of some twenty conversions cannot tell seven curves apart. Where spend follows demand
        within weeks, as that of branded search and retargeting does, a curve also takes the demand for its own work. A holdout
        cannot be fooled that way.

        ## Advice

        About the budget of the past 30 days, for the next 30: the plan with the most conversions on average over all curves, and a sentence
        for each channel.
        ",
    );
    page.step()?;
    let budget = Budget { budget: 1500.0, days: 30, outcome: Outcome::Conversions, min: BTreeMap::new(), max: BTreeMap::new(), seed: 0 };
    marketing::advise(lake, &budget, &Silent).await?;
    let advice = "select sentence from gold.budget_advice order by channel <> 'All channels', channel";
    let advice = lake::collect(lake.sql(advice, AsOf::LastRelease).await?).await?;
    let sentences: Vec<String> = texts(&advice, "sentence")?.into_iter().map(|sentence| format!("- {sentence}")).collect();
    page.markdown(&sentences.join("\n"));
    page.text(
        "
        Held against the last column above, what is said of generic search, display, paid social and email points the right way. Of branded
        search, which brings next to nothing, the days cannot tell, and the advice says so; retargeting is believed to bring about what display
        does and brings a fraction. (The column is a mean over all that was spent, the sentences are about the next unit, so the two need not agree to the digit.) No channel is sent beyond twice its
        highest day, as nobody knows the curve there; take such advice as a list of what to try next, a channel and a step at a time, with
        a holdout that can say no.

        ## Where to go from here

        - `adlake attribute --help` has all models and orders; `--counted` reads paths that were delivered already counted.
        - `adlake advise --help` has bounds per channel and value in the place of conversions.
        - Half-lives and shares of first and last touches are parameters: [docs/tables.md](../tables.md).
        ",
    );
    Ok(())
}

/// Columns channel, day, spend, conversions, by channel and day.
fn history(days: &[RecordBatch]) -> Result<History> {
    let (names, conversions) = (texts(days, "channel")?, numbers(days, "conversions")?);
    let mut channels: Vec<ChannelHistory> = Vec::new();
    for (name, spend) in names.iter().zip(numbers(days, "spend")?) {
        match channels.last_mut() {
            Some(last) if last.name == *name => last.spend.push(spend),
            _ => channels.push(ChannelHistory { name: name.clone(), spend: vec![spend] }),
        }
    }
    let days = channels.first().map_or(0, |channel| channel.spend.len());
    Ok(History { outcomes: conversions[..days].to_vec(), channels })
}
