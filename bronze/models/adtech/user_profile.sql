/*
One line per user and delivery of their profile, as it arrived.

kind = "append"

# The columns that later layers ask for. A file without one of them lands all the same, with nulls; further columns
# land as well.
[columns]
user_id           = "Identifier of the user"
age_range         = "Age bracket in years"
gender            = "Gender as the log spells it"
state             = "State code as the log spells it"
city              = "City"
phone_price_range = "Price bracket of the phone, US dollars"
phone_model       = "Phone model"
language          = "Language code"
*/
select * from source.user_profile
