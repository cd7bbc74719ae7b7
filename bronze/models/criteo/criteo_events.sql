/*
One line per displayed ad in the Criteo display advertising format, as it arrived. The files have no header line:
source.table in adlake.toml gives them has_header = false and the columns below, in this order.

kind = "append"

# The columns that later layers ask for. A file without one of them lands all the same, with nulls; further columns
# land as well.
[columns]
label = "1 = clicked, 0 = not"
i1    = "A whole number, mostly a count; empty where it is missing"
i2    = "A whole number, mostly a count; empty where it is missing"
i3    = "A whole number, mostly a count; empty where it is missing"
i4    = "A whole number, mostly a count; empty where it is missing"
i5    = "A whole number, mostly a count; empty where it is missing"
i6    = "A whole number, mostly a count; empty where it is missing"
i7    = "A whole number, mostly a count; empty where it is missing"
i8    = "A whole number, mostly a count; empty where it is missing"
i9    = "A whole number, mostly a count; empty where it is missing"
i10   = "A whole number, mostly a count; empty where it is missing"
i11   = "A whole number, mostly a count; empty where it is missing"
i12   = "A whole number, mostly a count; empty where it is missing"
i13   = "A whole number, mostly a count; empty where it is missing"
c1    = "A category as 8 hexadecimal digits; empty where it is missing"
c2    = "A category as 8 hexadecimal digits; empty where it is missing"
c3    = "A category as 8 hexadecimal digits; empty where it is missing"
c4    = "A category as 8 hexadecimal digits; empty where it is missing"
c5    = "A category as 8 hexadecimal digits; empty where it is missing"
c6    = "A category as 8 hexadecimal digits; empty where it is missing"
c7    = "A category as 8 hexadecimal digits; empty where it is missing"
c8    = "A category as 8 hexadecimal digits; empty where it is missing"
c9    = "A category as 8 hexadecimal digits; empty where it is missing"
c10   = "A category as 8 hexadecimal digits; empty where it is missing"
c11   = "A category as 8 hexadecimal digits; empty where it is missing"
c12   = "A category as 8 hexadecimal digits; empty where it is missing"
c13   = "A category as 8 hexadecimal digits; empty where it is missing"
c14   = "A category as 8 hexadecimal digits; empty where it is missing"
c15   = "A category as 8 hexadecimal digits; empty where it is missing"
c16   = "A category as 8 hexadecimal digits; empty where it is missing"
c17   = "A category as 8 hexadecimal digits; empty where it is missing"
c18   = "A category as 8 hexadecimal digits; empty where it is missing"
c19   = "A category as 8 hexadecimal digits; empty where it is missing"
c20   = "A category as 8 hexadecimal digits; empty where it is missing"
c21   = "A category as 8 hexadecimal digits; empty where it is missing"
c22   = "A category as 8 hexadecimal digits; empty where it is missing"
c23   = "A category as 8 hexadecimal digits; empty where it is missing"
c24   = "A category as 8 hexadecimal digits; empty where it is missing"
c25   = "A category as 8 hexadecimal digits; empty where it is missing"
c26   = "A category as 8 hexadecimal digits; empty where it is missing"
*/
select * from source.criteo_events
