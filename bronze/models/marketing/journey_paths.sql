/*
One line per path of channels that many users went, already counted, as it arrived: the form in which the R and Python packages
for attribution take journeys.

kind = "append"

# Files separated by semicolons, whatever their name, such as those of ChannelAttribution:
#
# [[source.table]]
# pattern   = "journeys*.csv"
# table     = "journey_paths"
# delimiter = ";"

# The columns that later layers ask for. A file without one of them lands all the same, with nulls; further columns
# land as well.
[columns]
path                   = "Channels of the touches from first to last, separated by >"
total_conversions      = "Number of journeys on this path that ended in a conversion"
total_conversion_value = "Value of these conversions in the lake's currency"
total_null             = "Number of journeys on this path that ended without one"
*/
select * from source.journey_paths
