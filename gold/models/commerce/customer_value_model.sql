/*
One row: the parameters behind gold.customer_value, fitted to all customers as of the log's last day. BG/NBD (Fader, Hardie and Lee,
2005) tells how often customers buy and when they leave, Gamma-Gamma (Fader and Hardie, 2013) what they spend. Times are in days. Where the log
does not tell the parameters, such as with fewer than ten customers who came back, they are null and the note says why.

key  = ["as_of_on"]
kind = "full"

[parameters]
penalty = { default = 0.0, min = 0, description = "0 = maximum likelihood; a little, such as 0.1, holds parameters that the log does not tell" }

[columns]
as_of_on              = "The log's last day, up to which the customers were watched"
customer_count        = "Customers that the purchase model was fitted to"
r                     = "Shape of the customers' purchase rates (gamma)"
r_error               = "Standard error of r"
alpha                 = "Their scale in days: the mean rate is r / alpha purchases a day"
alpha_error           = "Standard error of alpha"
a                     = "First shape of the chance to leave after a purchase (beta); its mean is a / (a + b)"
a_error               = "Standard error of a"
b                     = "Second shape of that chance"
b_error               = "Standard error of b"
log_likelihood        = "Log-likelihood of the purchases"
purchase_note         = "Why r, alpha, a and b are null; null where they are not"
spending_count        = "Customers with a repeat purchase that the spending model was fitted to"
p                     = "Shape of the amounts of one customer (gamma)"
p_error               = "Standard error of p"
q                     = "Shape of the customers' scales (gamma)"
q_error               = "Standard error of q"
v                     = "Scale of these, in the log's currency; the mean amount over all customers is p v / (q - 1)"
v_error               = "Standard error of v"
spending_likelihood   = "Log-likelihood of the amounts"
spending_note         = "Why p, q and v are null; null where they are not"
*/
with purchases as (
    select * from gold.customer_purchase_days
),

last_day as (
    select max(sold_on) as as_of_on from gold.sales_daily
),

histories as (
    select
        l.as_of_on,
        named_struct(
            'frequency', c.purchase_day_count - 1,
            'recency', c.last_purchased_on - c.first_purchased_on,
            'age', l.as_of_on - c.first_purchased_on
        ) as history,
        named_struct(
            'frequency', c.purchase_day_count - 1,
            'order_value',
            cast(c.gross_amount - c.first_day_amount as double) / greatest(cast(c.purchase_day_count - 1 as double), 1)
        ) as spending
    from purchases as c
    cross join last_day as l
),

fitted as (
    select
        as_of_on,
        bg_nbd_fit(array_agg(history), $penalty) as f,
        gamma_gamma_fit(array_agg(spending), $penalty) as g
    from histories
    group by as_of_on
)

select
    as_of_on as as_of_on,
    cast(f['customer_count'] as bigint) as customer_count,
    f['r'] as r,
    f['r_error'] as r_error,
    f['alpha'] as alpha,
    f['alpha_error'] as alpha_error,
    f['a'] as a,
    f['a_error'] as a_error,
    f['b'] as b,
    f['b_error'] as b_error,
    f['log_likelihood'] as log_likelihood,
    f['note'] as purchase_note,
    cast(g['customer_count'] as bigint) as spending_count,
    g['p'] as p,
    g['p_error'] as p_error,
    g['q'] as q,
    g['q_error'] as q_error,
    g['v'] as v,
    g['v_error'] as v_error,
    g['log_likelihood'] as spending_likelihood,
    g['note'] as spending_note
from fitted
