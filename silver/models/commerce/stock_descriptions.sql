/*
One row per stock code with its canonical description: that of its first sale. Where nothing was sold yet, the first thing
that any line called it, which may be a remark on the stock (damaged, ?). A rule that looks at the first sale alone stands
still while sales come in; a count of spellings would not.

key      = ["stock_code"]
first_by = ["is_unsold", "described_at", "description"]
kind     = "merge"

[columns]
stock_code   = "Code of the product or service"
description  = "Canonical description of the stock code"
is_unsold    = "Whether the description comes from a line that is no sale, as there is none with a description"
described_at = "Instant of the line that the description comes from"
*/
with lines as (
    select * from silver.transactions
)

select
    stock_code as stock_code,
    description as description,
    line_type <> 'sale' as is_unsold,
    invoiced_at as described_at
from lines
where description is not null
