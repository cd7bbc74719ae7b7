select
    channel,
    evidence = 'holdout' as is_told,
    conversion_count,
    conversion_count_low,
    conversion_count_high,
    value_amount,
    value_amount_low,
    value_amount_high,
    conversion_share,
    conversion_share_low,
    conversion_share_high
from gold.channel_incrementality
where grain <> 'campaign'
order by grain desc, channel
