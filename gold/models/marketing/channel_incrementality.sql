/*
One row per channel, one per campaign of a channel, and one for what would have come anyway: conversions that would not have come
without it, and their value, read off holdouts (crate attribution, incremental). Users of a channel's holdout who had an occasion are
compared with those who had a contact; the channels' parts and the baseline sum to all conversions observed. Where no holdout is
logged, or too few users are in it, the row says that it cannot tell, and why, in the place of numbers.
What counts: conversions after the first prevented touch that is logged. Contacts are touches that are no repeats, of users who are not
bot-like; a click within click_hours (24) after an impression of the channel comes with that impression and is none. The same goes for
those that a holdout prevented. Touches of signal channels, such as visits of one's own accord, tell of intent and are no advertising. A
contact counts up to the end of the last of effect_window_days (30 days).

key  = ["grain", "channel", "campaign_id"]
kind = "full"

[parameters]
signal_channels      = { default = ["direct", "(direct)", "direct / (none)", "(direct) / (none)", "direct / none"], description = "Channels, lower-case, that tell of intent and are no advertising" }
least_held_out_users = { default = 50, min = 1, description = "Users of a channel's holdout with an occasion, from which on its effect is told" }
effect_window_days   = { default = [1, 3, 7, 14, 30], min = 1, max = 3650, sorted = "rising", description = "Ends of the windows since the last contact, in days, each with an effect of its own; behind the last a contact is forgotten" }
click_hours          = { default = 24, min = 0, max = 8760, description = "Hours after an impression in which a click on its channel comes with it" }

[columns]
grain                     = "channel, campaign, or baseline: what would have come anyway"
channel                   = "Channel, or Baseline"
campaign_id               = "Identifier of the campaign; All for a channel and for the baseline"
evidence                  = "holdout, or cannot tell"
held_out_user_count       = "Users of the channel's holdout who had an occasion; null for campaigns and the baseline"
conversion_count          = "Conversions caused; null where it cannot tell, likewise the following"
conversion_count_low      = "Lower end of its 95 % interval"
conversion_count_high     = "Upper end of it"
conversion_share          = "conversion_count by all conversions observed, 0 to 1"
conversion_share_low      = "Lower end of its 95 % interval"
conversion_share_high     = "Upper end of it"
value_amount              = "What the conversions caused are worth, in the lake's currency"
value_amount_low          = "Lower end of its 95 % interval"
value_amount_high         = "Upper end of it"
observed_conversion_count = "All conversions observed; null where nothing could be compared"
observed_value_amount     = "What these are worth, in the lake's currency; null likewise"
observed_from_at          = "Instant after which conversions are observed, UTC; null where no holdout is logged, likewise the next"
observed_until_at         = "Instant up to which they are, UTC"
why                       = "What this rests on, or what is missing, in plain words"
*/
with touches as (
    select user_id, touched_at, channel, campaign_id, touch_kind, array_has($signal_channels, lower(channel)) as is_signal
    from silver.touchpoints
    where not is_repeat and not is_bot_like
),

ghosts as (
    select user_id, touched_at, channel, campaign_id, touch_kind
    from silver.holdout_touchpoints
    where not is_repeat and not is_bot_like
),

conversions as (
    select user_id, converted_at, value_amount from silver.conversions
),

-- Without a holdout there is no row, and nothing is gathered.
begun as (
    select min(touched_at) - interval '1 microsecond' as from_at
    from ghosts
    having count(*) > 0
),

ends as (
    select max(touched_at) as at from touches
    union all
    select max(touched_at) from ghosts
    union all
    select max(converted_at) from conversions
),

observed as (
    select b.from_at, max(e.at) as until_at
    from begun as b
    cross join ends as e
    group by b.from_at
),

-- What a holdout prevented counts as it would have, had it not been prevented.
occasions as (
    select user_id, touched_at, 'contact' as event, channel, campaign_id, touch_kind from touches where not is_signal
    union all
    select user_id, touched_at, 'ghost', channel, campaign_id, touch_kind from ghosts
),

shown as (
    select
        *,
        max(case when touch_kind = 'impression' then touched_at end) over (
            partition by user_id, channel order by touched_at, touch_kind desc
            rows between unbounded preceding and current row
        ) as impression_at
    from occasions
),

events as (
    select user_id, touched_at as at, event, channel, campaign_id, cast(0 as decimal(18, 4)) as value
    from shown
    where touch_kind = 'impression' or impression_at is null or touched_at > impression_at + interval $click_hours hour
    union all
    select user_id, touched_at, 'signal', channel, campaign_id, 0 from touches where is_signal
    union all
    select user_id, converted_at, 'conversion', '', '', value_amount from conversions
),

gathered as (
    select
        o.from_at,
        o.until_at,
        array_agg(named_struct(
            'user_id', e.user_id, 'at', e.at, 'event', e.event, 'channel', e.channel, 'campaign_id', e.campaign_id,
            'value', cast(e.value as double)
        )) as log
    from events as e
    cross join observed as o
    where e.at > o.from_at - arrow_cast(86400 * array_max($effect_window_days), 'Duration(Second)')
    group by o.from_at, o.until_at
),

compared as (
    select
        from_at,
        until_at,
        unnest(incremental_credits(log, from_at, until_at, $least_held_out_users, $effect_window_days)) as c
    from gathered
),

-- What is to be said something of, whether there is a holdout or not.
asked as (
    select 'channel' as grain, channel, 'All' as campaign_id from touches where not is_signal group by channel
    union all
    select 'baseline', 'Baseline', 'All' from conversions having count(*) > 0
),

told as (
    select
        c['grain'] as grain,
        c['channel'] as channel,
        c['campaign_id'] as campaign_id,
        from_at,
        until_at,
        c
    from compared
)

select
    coalesce(t.grain, a.grain) as grain,
    coalesce(t.channel, a.channel) as channel,
    coalesce(t.campaign_id, a.campaign_id) as campaign_id,
    coalesce(t.c['evidence'], 'cannot tell') as evidence,
    t.c['held_out_users'] as held_out_user_count,
    t.c['conversions'] as conversion_count,
    t.c['conversions_low'] as conversion_count_low,
    t.c['conversions_high'] as conversion_count_high,
    t.c['share'] as conversion_share,
    t.c['share_low'] as conversion_share_low,
    t.c['share_high'] as conversion_share_high,
    t.c['value'] as value_amount,
    t.c['value_low'] as value_amount_low,
    t.c['value_high'] as value_amount_high,
    t.c['observed_conversions'] as observed_conversion_count,
    t.c['observed_value'] as observed_value_amount,
    t.from_at as observed_from_at,
    t.until_at as observed_until_at,
    coalesce(t.c['why'], case
        when o.from_at is not null then 'Nobody had a contact in the time observed.'
        else 'No holdout is logged: what it brings and what it follows look the same. Withhold it from some users by chance, and log them.'
    end) as why
from asked as a
full join told as t on a.grain = t.grain and a.channel = t.channel and a.campaign_id = t.campaign_id
left join observed as o on true
