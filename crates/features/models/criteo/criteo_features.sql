/*
One row per displayed ad of the Criteo display advertising format: what a click model may know of it, and whether it was clicked. All of it
was known when the ad was chosen; the log has neither times nor users, so that no past can be counted.

key  = ["_source", "_line"]
kind = "append"

[columns]
is_click           = "Whether the ad was clicked: what a model learns"
i1                 = "A whole number, mostly a count, whose meaning is not published; null where it is missing"
i2                 = "A whole number, mostly a count, whose meaning is not published; null where it is missing"
i3                 = "A whole number, mostly a count, whose meaning is not published; null where it is missing"
i4                 = "A whole number, mostly a count, whose meaning is not published; null where it is missing"
i5                 = "A whole number, mostly a count, whose meaning is not published; null where it is missing"
i6                 = "A whole number, mostly a count, whose meaning is not published; null where it is missing"
i7                 = "A whole number, mostly a count, whose meaning is not published; null where it is missing"
i8                 = "A whole number, mostly a count, whose meaning is not published; null where it is missing"
i9                 = "A whole number, mostly a count, whose meaning is not published; null where it is missing"
i10                = "A whole number, mostly a count, whose meaning is not published; null where it is missing"
i11                = "A whole number, mostly a count, whose meaning is not published; null where it is missing"
i12                = "A whole number, mostly a count, whose meaning is not published; null where it is missing"
i13                = "A whole number, mostly a count, whose meaning is not published; null where it is missing"
c1                 = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c2                 = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c3                 = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c4                 = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c5                 = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c6                 = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c7                 = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c8                 = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c9                 = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c10                = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c11                = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c12                = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c13                = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c14                = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c15                = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c16                = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c17                = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c18                = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c19                = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c20                = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c21                = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c22                = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c23                = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c24                = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c25                = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c26                = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
missing_numbers    = "How many of i1 to i13 are missing, 0 to 13"
missing_categories = "How many of c1 to c26 are missing, 0 to 26"
_source            = "File the row came from; files in the order of their names are in the order of time"
_line              = "Line in that file, from 1; lines are in the order of time"
*/
with events as (
    select * from silver.criteo_events
)

select
    is_click as is_click,
    i1 as i1,
    i2 as i2,
    i3 as i3,
    i4 as i4,
    i5 as i5,
    i6 as i6,
    i7 as i7,
    i8 as i8,
    i9 as i9,
    i10 as i10,
    i11 as i11,
    i12 as i12,
    i13 as i13,
    c1 as c1,
    c2 as c2,
    c3 as c3,
    c4 as c4,
    c5 as c5,
    c6 as c6,
    c7 as c7,
    c8 as c8,
    c9 as c9,
    c10 as c10,
    c11 as c11,
    c12 as c12,
    c13 as c13,
    c14 as c14,
    c15 as c15,
    c16 as c16,
    c17 as c17,
    c18 as c18,
    c19 as c19,
    c20 as c20,
    c21 as c21,
    c22 as c22,
    c23 as c23,
    c24 as c24,
    c25 as c25,
    c26 as c26,
    case when i1 is null then 1 else 0 end
        + case when i2 is null then 1 else 0 end
        + case when i3 is null then 1 else 0 end
        + case when i4 is null then 1 else 0 end
        + case when i5 is null then 1 else 0 end
        + case when i6 is null then 1 else 0 end
        + case when i7 is null then 1 else 0 end
        + case when i8 is null then 1 else 0 end
        + case when i9 is null then 1 else 0 end
        + case when i10 is null then 1 else 0 end
        + case when i11 is null then 1 else 0 end
        + case when i12 is null then 1 else 0 end
        + case when i13 is null then 1 else 0 end as missing_numbers,
    case when c1 is null then 1 else 0 end
        + case when c2 is null then 1 else 0 end
        + case when c3 is null then 1 else 0 end
        + case when c4 is null then 1 else 0 end
        + case when c5 is null then 1 else 0 end
        + case when c6 is null then 1 else 0 end
        + case when c7 is null then 1 else 0 end
        + case when c8 is null then 1 else 0 end
        + case when c9 is null then 1 else 0 end
        + case when c10 is null then 1 else 0 end
        + case when c11 is null then 1 else 0 end
        + case when c12 is null then 1 else 0 end
        + case when c13 is null then 1 else 0 end
        + case when c14 is null then 1 else 0 end
        + case when c15 is null then 1 else 0 end
        + case when c16 is null then 1 else 0 end
        + case when c17 is null then 1 else 0 end
        + case when c18 is null then 1 else 0 end
        + case when c19 is null then 1 else 0 end
        + case when c20 is null then 1 else 0 end
        + case when c21 is null then 1 else 0 end
        + case when c22 is null then 1 else 0 end
        + case when c23 is null then 1 else 0 end
        + case when c24 is null then 1 else 0 end
        + case when c25 is null then 1 else 0 end
        + case when c26 is null then 1 else 0 end as missing_categories,
    _source as _source,
    _line as _line
from events
