/*
One row per customer with a purchase: what the customer is expected to do next, as of the log's last day, by the models of
gold.customer_value_model. Several purchases of one day count as one. Expectations are null where the models' parameters are;
amounts also where q is 1 or less and the customer never came back, for then they have no finite mean.

key  = ["customer_id"]
kind = "full"

[parameters]
horizon_days  = { default = 90, min = 1, max = 36525, description = "How far ahead purchases are expected, in days" }
months        = { default = 12, min = 1, max = 1200, description = "Months of 30.4375 days over which value is counted" }
discount_rate = { default = 0.01, min = 0, max = 1, description = "Share by which money is worth less a month later: 0.01 is 1 %, some 12.7 % a year" }

[columns]
customer_id           = "Identifier of the customer"
as_of_on              = "The log's last day"
repeat_count          = "Days with a purchase after the first one"
recency_days          = "Days from the first purchase to the last; 0 without a repeat"
age_days              = "Days from the first purchase to as_of_on"
mean_order_amount     = "Mean of the amounts of repeat purchases, in the log's currency; null without one"
alive_probability     = "Probability that the customer has not left for good, 0 to 1; 1 without a repeat, as leaving takes one"
expected_purchases    = "Expected days with a purchase within horizon_days"
expected_order_amount = "Expected amount of a purchase, in the log's currency; between the customer's own mean and that of all"
expected_value        = "Expected amount within the months, discounted, in the log's currency; what is taken back later is not deducted"
value_rank            = "Place by expected_value, 1 = highest; of equals the smaller customer_id; null where there is no expectation"
*/
with purchases as (
    select * from gold.customer_purchase_days
),

model as (
    select
        as_of_on,
        named_struct('r', r, 'alpha', alpha, 'a', a, 'b', b) as f,
        named_struct('p', p, 'q', q, 'v', v) as g
    from gold.customer_value_model
),

histories as (
    select
        c.customer_id,
        m.as_of_on,
        m.f,
        m.g,
        c.purchase_day_count - 1 as repeat_count,
        c.last_purchased_on - c.first_purchased_on as recency_days,
        m.as_of_on - c.first_purchased_on as age_days,
        case when c.purchase_day_count > 1
            then cast(c.gross_amount - c.first_day_amount as double) / cast(c.purchase_day_count - 1 as double)
        end as mean_order_amount
    from purchases as c
    cross join model as m
),

expected as (
    select
        *,
        bg_nbd_alive(f, repeat_count, recency_days, age_days) as alive_probability,
        bg_nbd_purchases(f, repeat_count, recency_days, age_days, $horizon_days) as expected_purchases,
        gamma_gamma_order_value(g, repeat_count, coalesce(mean_order_amount, 0e0)) as expected_order_amount,
        customer_value(
            f, g, repeat_count, recency_days, age_days, coalesce(mean_order_amount, 0e0), $months, 30.4375, $discount_rate
        ) as expected_value
    from histories
)

select
    customer_id as customer_id,
    as_of_on as as_of_on,
    repeat_count as repeat_count,
    cast(recency_days as int) as recency_days,
    cast(age_days as int) as age_days,
    mean_order_amount as mean_order_amount,
    alive_probability as alive_probability,
    expected_purchases as expected_purchases,
    expected_order_amount as expected_order_amount,
    expected_value as expected_value,
    case when expected_value is not null
        then cast(row_number() over (order by expected_value desc nulls last, customer_id) as int)
    end as value_rank
from expected
