/*
One line per conversion of a user, as it arrived.

kind = "append"

# The columns that later layers ask for. A file without one of them lands all the same, with nulls; further columns
# land as well.
[columns]
conversion_id = "Identifier of the conversion, such as the order's; may be empty"
user_id       = "Identifier of the user, the same as in touchpoints"
occurred_at   = "Instant of the conversion"
kind          = "install, purchase or sign_up"
value         = "What it is worth, in the currency named; may be empty for installs and sign-ups"
currency      = "Code of the value's currency, as in exchange_rates; empty = the lake's own"
*/
select * from source.conversions
