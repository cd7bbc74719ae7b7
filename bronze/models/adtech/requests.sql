/*
One line per ad request, as it arrived, with the user's profile as it stood then.

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
request_id        = "Identifier of the request"
id_md5            = "MD5 of request_id; links request, impression, click and install"
timestamp         = "Instant of the request, UTC"
device_type       = "Kind of device"
network_type      = "Kind of network"
has_request       = "1"
*/
select * from source.requests
