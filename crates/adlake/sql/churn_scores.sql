/*
One row per customer with a purchase: how likely no other follows, by a registered churn model as of the day after the log's last,
whether an offer is worth its cost, and why. Written by `adlake score churn`; another model or offer scores all customers anew.

key  = ["customer_id"]
kind = "full"

[columns]
customer_id         = "Identifier of the customer"
as_of_on            = "The day after the log's last: what is known is from before it"
horizon_ends_on     = "Day after the horizon's last"
model               = "The registered model and its version, such as churn/3"
churn_probability   = "How likely no purchase follows in the horizon, 0 to 1"
offer_profit_amount = "What an offer earns in the mean: probability x value of a customer x success rate of an offer - its cost, in the log's currency"
is_worth_offer      = "Whether that is above zero"
recency_days        = "Days from the last purchase"
order_count         = "Purchases"
net_amount          = "Products bought less products taken back, in the log's currency"
drivers             = "The features that move the log odds most against their usual value, in words; empty where none does"
*/
with features as (
    select * from gold.customer_churn_features
    where is_churned is null
),

scored as (
    select
        f.customer_id,
        f.cut_on,
        f.horizon_ends_on,
        f.recency_days,
        f.order_count,
        f.net_amount,
        churn_probability(
            '{model}',
            f.recency_days,
            f.tenure_days,
            f.order_count,
            f.purchase_day_count,
            f.active_month_ratio,
            f.order_count_30_days,
            f.order_count_90_days,
            f.order_trend,
            f.gross_amount,
            f.net_amount,
            f.gross_amount_90_days,
            f.gross_amount_trend,
            f.mean_order_amount,
            f.last_day_amount,
            f.mean_gap_days,
            f.gap_deviation_days,
            f.gap_variation,
            f.last_gap_days,
            f.longest_gap_days,
            f.recency_gap_ratio,
            f.recency_tenure_ratio,
            f.mean_line_count,
            f.last_day_line_count,
            f.mean_item_count,
            f.mean_line_item_count,
            f.mean_unit_price,
            f.product_count,
            f.reorder_ratio,
            f.wholesale_order_ratio,
            f.return_count,
            f.return_ratio,
            f.autumn_order_ratio,
            f.season_order_count,
            f.mean_hour,
            f.weekday_order_ratio,
            f.country,
            f.is_home_country
        ) as churn_probability,
        churn_drivers(
            '{model}',
            f.recency_days,
            f.tenure_days,
            f.order_count,
            f.purchase_day_count,
            f.active_month_ratio,
            f.order_count_30_days,
            f.order_count_90_days,
            f.order_trend,
            f.gross_amount,
            f.net_amount,
            f.gross_amount_90_days,
            f.gross_amount_trend,
            f.mean_order_amount,
            f.last_day_amount,
            f.mean_gap_days,
            f.gap_deviation_days,
            f.gap_variation,
            f.last_gap_days,
            f.longest_gap_days,
            f.recency_gap_ratio,
            f.recency_tenure_ratio,
            f.mean_line_count,
            f.last_day_line_count,
            f.mean_item_count,
            f.mean_line_item_count,
            f.mean_unit_price,
            f.product_count,
            f.reorder_ratio,
            f.wholesale_order_ratio,
            f.return_count,
            f.return_ratio,
            f.autumn_order_ratio,
            f.season_order_count,
            f.mean_hour,
            f.weekday_order_ratio,
            f.country,
            f.is_home_country
        ) as drivers
    from features as f
),

valued as (
    select *, churn_probability * {customer_value} * {success_rate} - {cost} as offer_profit_amount
    from scored
)

select
    customer_id as customer_id,
    cut_on as as_of_on,
    horizon_ends_on as horizon_ends_on,
    '{model}' as model,
    churn_probability as churn_probability,
    offer_profit_amount as offer_profit_amount,
    offer_profit_amount > 0 as is_worth_offer,
    recency_days as recency_days,
    order_count as order_count,
    net_amount as net_amount,
    drivers as drivers
from valued
