//! What channels cause, by their holdouts.

use anyhow::Result;
use attribution::Estimate;
use attribution::incremental::{ChannelEffect, Exposure, Incremental, IncrementalSettings, Population, User};
use sources::marketing::{CHANNELS, DIRECT, MarketingOptions, Touch, TouchKind, UserHistory, World, channel_name};

use crate::rows::aligned;
use crate::story::Page;

const DAY: i64 = 86_400_000_000;

/// Tells it.
pub fn tell(page: &mut Page, options: &MarketingOptions) -> Result<()> {
    page.text(
        "
        ## What was caused

        Each channel keeps a fifth of the users out, drawn by chance, and what they would have seen is written down (ghost ads). Among
        users with an occasion, contact or ghost is a toss of a coin, so what follows a contact more often than a ghost is what the
        contact did, whatever brought the occasion about. `attribution::incremental` compares them, all channels at once:
        ",
    );
    page.step()?;
    let mut columns = Vec::new();
    for users in [options.users, 4 * options.users] {
        let world = World::new(&MarketingOptions { users, ..options.clone() })?;
        let histories: Vec<UserHistory> = (0..users).map(|number| world.user(number)).collect();
        let end = i64::from(options.days) * DAY;
        let users: Vec<User> = histories.iter().map(|history| user(history, end)).collect();
        let model = Incremental::fit(&Population { channels: CHANNELS, users: &users }, &IncrementalSettings::default())?;
        columns.push((model, caused(&histories)));
    }
    page.text("In conversions, for the users above and for four times as many, each beside the truth:");
    let shown = |estimate: Estimate| format!("{:.0} ({:.0} to {:.0})", estimate.value, estimate.low, estimate.high);
    let mut body = Vec::new();
    for channel in 0..CHANNELS {
        let cells = columns.iter().flat_map(|(model, truth)| {
            let estimate = model.channels.get(channel).map(|effect| shown(effect.conversions)).unwrap_or_default();
            [estimate, format!("{:.0}", truth[channel])]
        });
        body.push([channel_name(channel).to_owned()].into_iter().chain(cells).collect::<Vec<_>>());
    }
    let anyway = columns.iter().flat_map(|(model, truth)| {
        let all = model.conversions as f64;
        let Estimate { value, low, high } = model.baseline;
        let scaled = Estimate { value: value * all, low: low * all, high: high * all };
        [shown(scaled), format!("{:.0}", all - truth.iter().sum::<f64>())]
    });
    body.push(["came anyway".to_owned()].into_iter().chain(anyway).collect());
    let head = ["channel", "estimated", "caused", "estimated, 4 x users", "caused, 4 x users"];
    page.markdown(&aligned(&head, &[false, true, true, true, true], &body));
    let missed = |(model, truth): &(Incremental, [f64; CHANNELS])| {
        let is_missed = |pair: &(&ChannelEffect, &f64)| {
            let Estimate { low, high, .. } = pair.0.conversions;
            !(low..=high).contains(pair.1)
        };
        model.channels.iter().zip(truth).filter(is_missed).count()
    };
    let missed: Vec<String> = columns.iter().map(|column| missed(column).to_string()).collect();
    page.output(format!("intervals of channels that miss the truth: {} of {CHANNELS}, then {} of {CHANNELS}", missed[0], missed[1]));
    page.text(
        "
        Four thousand users, a fifth of them held out, tell little of a single channel, and the wide intervals say so; of 95 %
        intervals some miss. The share that would have come anyway is known far better. With more users the intervals close, relative to
        what they hold: paid social, video, generic search and email are now told from nothing; display, branded search and retargeting
        are not.

        This runs on users in memory. A lake keeps the ghosts in `bronze.holdout_touchpoints`; its paths hold none, so the ledger has no
        such column.
        ",
    );
    Ok(())
}

/// What each channel caused in truth, in conversions.
fn caused(histories: &[UserHistory]) -> [f64; CHANNELS] {
    let mut sums = [0.0; CHANNELS];
    for conversion in histories.iter().flat_map(|history| &history.conversions) {
        sums.iter_mut().zip(conversion.caused_by).for_each(|(sum, part)| *sum += part);
    }
    sums
}

/// What the model reads of a user: shown ads and ghosts, visits of their own accord as signs of intent, conversions.
fn user(history: &UserHistory, until: i64) -> User {
    let is_shown = |touch: &&Touch| touch.channel < CHANNELS && touch.kind == TouchKind::Impression;
    let exposure = |touch: &Touch| Exposure { at: touch.at, channel: touch.channel, is_ghost: touch.is_ghost };
    User {
        from: 0,
        until,
        exposures: history.touches.iter().filter(is_shown).map(exposure).collect(),
        signals: history.touches.iter().filter(|touch| touch.channel == DIRECT).map(|touch| touch.at).collect(),
        conversions: history.conversions.iter().map(|conversion| conversion.at).collect(),
        values: Vec::new(),
    }
}
