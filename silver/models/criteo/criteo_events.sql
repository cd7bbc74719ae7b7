/*
One row per displayed ad of the Criteo display advertising format, typed. The log has neither an identifier nor a time, so a
row is known by its place, and the order of places, first _source and then _line, is the order of events.

key  = ["_source", "_line"]
kind = "append"

[columns]
is_click = "Whether the ad was clicked"
i1       = "A whole number, mostly a count, whose meaning is not published; null where it is missing"
i2       = "A whole number, mostly a count, whose meaning is not published; null where it is missing"
i3       = "A whole number, mostly a count, whose meaning is not published; null where it is missing"
i4       = "A whole number, mostly a count, whose meaning is not published; null where it is missing"
i5       = "A whole number, mostly a count, whose meaning is not published; null where it is missing"
i6       = "A whole number, mostly a count, whose meaning is not published; null where it is missing"
i7       = "A whole number, mostly a count, whose meaning is not published; null where it is missing"
i8       = "A whole number, mostly a count, whose meaning is not published; null where it is missing"
i9       = "A whole number, mostly a count, whose meaning is not published; null where it is missing"
i10      = "A whole number, mostly a count, whose meaning is not published; null where it is missing"
i11      = "A whole number, mostly a count, whose meaning is not published; null where it is missing"
i12      = "A whole number, mostly a count, whose meaning is not published; null where it is missing"
i13      = "A whole number, mostly a count, whose meaning is not published; null where it is missing"
c1       = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c2       = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c3       = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c4       = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c5       = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c6       = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c7       = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c8       = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c9       = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c10      = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c11      = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c12      = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c13      = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c14      = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c15      = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c16      = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c17      = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c18      = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c19      = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c20      = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c21      = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c22      = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c23      = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c24      = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c25      = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
c26      = "A category as 8 hexadecimal digits, whose meaning is not published; null where it is missing"
_source  = "File the row came from; files in the order of their names are in the order of time"
_line    = "Line in that file, from 1; lines are in the order of time"

[expect.has_label]
that    = "is_click is not null"
on_fail = "quarantine"

[expect.has_features]
that    = "coalesce(i1, i2, i3, i4, i5, i6, i7, i8, i9, i10, i11, i12, i13) is not null or coalesce(c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24, c25, c26) is not null"
on_fail = "warn"
*/
with raw as (
    select * from bronze.criteo_events
)

select
    cast(clean(label) as boolean) as is_click,
    cast(clean(i1) as bigint) as i1,
    cast(clean(i2) as bigint) as i2,
    cast(clean(i3) as bigint) as i3,
    cast(clean(i4) as bigint) as i4,
    cast(clean(i5) as bigint) as i5,
    cast(clean(i6) as bigint) as i6,
    cast(clean(i7) as bigint) as i7,
    cast(clean(i8) as bigint) as i8,
    cast(clean(i9) as bigint) as i9,
    cast(clean(i10) as bigint) as i10,
    cast(clean(i11) as bigint) as i11,
    cast(clean(i12) as bigint) as i12,
    cast(clean(i13) as bigint) as i13,
    clean(c1) as c1,
    clean(c2) as c2,
    clean(c3) as c3,
    clean(c4) as c4,
    clean(c5) as c5,
    clean(c6) as c6,
    clean(c7) as c7,
    clean(c8) as c8,
    clean(c9) as c9,
    clean(c10) as c10,
    clean(c11) as c11,
    clean(c12) as c12,
    clean(c13) as c13,
    clean(c14) as c14,
    clean(c15) as c15,
    clean(c16) as c16,
    clean(c17) as c17,
    clean(c18) as c18,
    clean(c19) as c19,
    clean(c20) as c20,
    clean(c21) as c21,
    clean(c22) as c22,
    clean(c23) as c23,
    clean(c24) as c24,
    clean(c25) as c25,
    clean(c26) as c26,
    _source as _source,
    _line as _line
from raw
