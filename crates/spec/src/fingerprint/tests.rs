#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;

use super::*;
use crate::layer::Layer;
use crate::model::Model;
use crate::model::tests::{GOOD, good, parse, with};

#[test]
fn matches_published_fnv_vectors() {
    // From the test vectors of the FNV authors.
    for (text, expected) in [
        ("", 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128),
        ("a", 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964),
        ("foobar", 0x343e_1662_793c_64bf_6f0d_3597_ba44_6f18),
    ] {
        let mut hash = Fnv(Fnv::OFFSET);
        hash.bytes(text.as_bytes());
        assert_eq!(hash.0, expected, "{text}");
    }
}

#[test]
fn fingerprint_ignores_what_changes_nothing() {
    for (from, to) in [
        ("One row", "A row"),
        ("\"Identifier\"", "\"Id\""),
        ("# the earliest stays", ""),
        ("key      =", "key ="),
        ("with raw as (select * from", "with raw as ( -- import\n  SELECT *\n  FROM"),
        ("from raw as i;", "from raw as i /* all */"),
        ("impression_id is not null", "impression_id   IS NOT NULL"),
    ] {
        assert_eq!(parse(&with(from, to)).unwrap().fingerprint(), good().fingerprint(), "{from} -> {to}");
    }
    let moved = Model::parse(Layer::Silver, "other", "elsewhere.sql", GOOD).unwrap();
    assert_eq!(moved.fingerprint(), good().fingerprint());
}

#[test]
fn fingerprint_sees_what_changes_something() {
    let changes = [
        ("\"merge\"", "\"full\""),
        ("key      = [\"impression_id\"]", "key = [\"impression_id\", \"_line\"]"),
        ("[\"requested_at\", \"_line\"]", "[\"_line\", \"requested_at\"]"),
        ("kind     =", "partition_by = [\"_line\"]\nkind ="),
        ("impression_id is not null", "impression_id is null"),
        ("impression_id is not null", "impression_id <> 'x'"),
        ("impression_id is not null", "impression_id <> 'X'"),
        ("impression_id is not null", "impression_id <> 'x '"),
        ("has_id", "has_key"),
        ("\"quarantine\"", "\"drop\""),
        ("as timestamp", "as date"),
        ("from raw as i", "from raw as i where i.a = 'b'"),
        ("from raw as i", "from raw as i where i.a = 'B'"),
        ("from raw as i", "from raw as i where i.a = \"b\""),
        ("from raw as i", "from raw as i where i.a = \"B\""),
        ("bronze.impressions", "bronze.clicks"),
        ("[columns]\n", "[optional]\n\"bronze.impressions\" = { id = \"text\" }\n[columns]\n"),
        ("[columns]\n", "[optional]\n\"bronze.impressions\" = { key = \"text\" }\n[columns]\n"),
        ("[columns]\n", "[optional]\n\"bronze.impressions\" = { id = \"int\" }\n[columns]\n"),
    ];
    let mut seen = BTreeMap::from([(good().fingerprint(), "unchanged")]);
    for (from, to) in changes {
        let fingerprint = parse(&with(from, to)).unwrap().fingerprint();
        assert_eq!(fingerprint.len(), 32);
        if let Some(other) = seen.insert(fingerprint, to) {
            panic!("{from} -> {to}: same fingerprint as {other}");
        }
    }
}

/// Written down, because what earlier versions recorded in a lake must be met again.
#[test]
fn fingerprint_stays_the_same_across_versions() {
    assert_eq!(good().fingerprint(), "bbd7471db6d342f62a39d5040384a9cf");
}
