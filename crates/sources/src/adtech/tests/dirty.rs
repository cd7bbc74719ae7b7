//! Dirt is there, at its rate, and nowhere else.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::*;

#[test]
fn every_kind_of_dirt_has_its_rate() {
    let (folder, generated) = made(&small(200_000));
    let read = |file: &str| rows(folder.path(), file);
    let (requests, impressions, clicks) = (read("requests.csv"), read("impressions.csv"), read("clicks.csv"));
    assert_eq!(requests.len() as u64, generated.rows("requests"));

    let request_ids: HashSet<&str> = column(&requests, 8).into_iter().collect();
    let all = request_ids.len() as f64;
    assert!((199_000.0..=200_000.0).contains(&all), "but for a few late ones all requests are there: {all}");
    assert_near("request copies", requests.len() as f64 / all - 1.0, dirt::REQUEST_COPY, 0.001);
    let exact: HashSet<&Vec<String>> = requests.iter().collect();
    let stamped_later = exact.len() as f64 - all;
    assert_near("copies stamped later", stamped_later / (requests.len() as f64 - all), 0.5, 0.1);

    let genders = column(&requests, 2);
    let spelled: BTreeSet<&str> = genders.iter().copied().collect();
    for gender in ["M", "F", "male", "Male", "f", "FEMALE", "", "null", "Unknown"] {
        assert!(spelled.contains(gender), "no gender {gender:?} in {spelled:?}");
    }
    let plain = genders.iter().filter(|gender| ["M", "F"].contains(gender)).count() as f64;
    assert_near("plain genders", plain / genders.len() as f64, 1.0 - dirt::GENDER_MISSING - dirt::GENDER_SPELLING, 0.01);
    let states = column(&requests, 3);
    let is_lower = |state: &&&str| **state != "null" && state.bytes().any(|byte| byte.is_ascii_lowercase());
    assert_near("state case", states.iter().filter(is_lower).count() as f64 / states.len() as f64, dirt::STATE_CASE, 0.005);
    for at in [1, 3, 4, 5, 6, 7] {
        let missing = column(&requests, at).into_iter().filter(|value| ["", "null"].contains(value)).count() as f64;
        assert_near("missing fields", missing / requests.len() as f64, dirt::FIELD_MISSING, 0.002);
    }
    let times = column(&requests, 10);
    let backwards = times.windows(2).filter(|pair| pair[1] < pair[0]).count() as f64;
    assert!(backwards / all > dirt::OUT_OF_ORDER, "rows out of order: {backwards}");

    let impression_ids: HashSet<&str> = column(&impressions, 0).into_iter().collect();
    assert_near("impressions", impression_ids.len() as f64 / all, 0.5, 0.01);
    assert_near("impression copies", impressions.len() as f64 / impression_ids.len() as f64 - 1.0, dirt::IMPRESSION_COPY, 0.001);
    let campaigns = read("campaigns.csv");
    let known: HashSet<&str> = column(&campaigns, 0).into_iter().collect();
    assert_eq!(known.len(), 199);
    assert_eq!(column(&campaigns, 1).into_iter().collect::<HashSet<_>>().len(), 70);
    let logged = column(&impressions, 2);
    let missing = logged.iter().filter(|id| ["", "null"].contains(id)).count() as f64;
    let unknown = logged.iter().filter(|id| !known.contains(**id)).count() as f64 - missing;
    assert_near("unknown campaigns", unknown / logged.len() as f64, dirt::UNKNOWN_CAMPAIGN, 0.002);
    assert_near("missing campaigns", missing / logged.len() as f64, dirt::MISSING_CAMPAIGN, 0.002);

    let mut per_request: HashMap<&str, usize> = HashMap::new();
    column(&clicks, 0).into_iter().for_each(|id| *per_request.entry(id).or_default() += 1);
    let clicked = per_request.len() as f64;
    assert_near("clicks", clicked / impression_ids.len() as f64, 0.10, 0.01);
    let twice = per_request.values().filter(|clicks| **clicks == 2).count() as f64;
    assert_near("click copies", twice / clicked, dirt::CLICK_COPY, 0.005);
    assert!(per_request.values().any(|clicks| *clicks > dirt::BURST_CLICKS.0), "no burst");
    let exact: HashSet<&Vec<String>> = clicks.iter().collect();
    assert!(exact.len() < clicks.len(), "no click delivered twice");

    let profiles = read("user_profile.csv");
    let users: HashSet<&str> = column(&profiles, 0).into_iter().collect();
    assert_eq!(users.len(), 20_000);
    assert_near("user copies", profiles.len() as f64 / 20_000.0 - 1.0, dirt::USER_COPY, 0.001);
    assert!(column(&requests, 0).iter().all(|user| users.contains(user)));
}

#[test]
fn broken_rows_are_those_of_the_manifest() {
    let options = small(100_000);
    let clean = contents(made(&options).0.path());
    let (folder, generated) = made(&AdtechOptions { malformed: true, ..options });
    let broken = contents(folder.path());
    let manifest = rows(folder.path(), "truth/malformed.csv");
    assert_eq!(generated.broken_rows, manifest.len() as u64);
    let mut listed: BTreeMap<(String, usize), (String, String)> = BTreeMap::new();
    for row in manifest {
        listed.insert((row[0].clone(), row[1].parse().unwrap()), (row[2].clone(), row[3].clone()));
    }
    let kinds: BTreeSet<&str> = listed.values().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, dirt::Breakage::ALL.iter().map(|kind| kind.name()).collect());
    for table in ["requests.csv", "impressions.csv", "clicks.csv", "user_profile.csv", "user_app_genre.csv"] {
        assert!(listed.keys().any(|(file, _)| file == table), "nothing broken in {table}");
    }
    for (file, bytes) in clean {
        let lines = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
        let (clean, broken) = (lines(&bytes), lines(&broken[&file]));
        assert_eq!(clean.len(), broken.len(), "{file}: a broken row stays on its line");
        for (at, (clean, broken)) in clean.iter().zip(&broken).enumerate() {
            let Some((kind, intended)) = listed.remove(&(file.clone(), at + 1)) else {
                assert_eq!(clean, broken, "{file}:{} is not listed", at + 1);
                continue;
            };
            assert_eq!(intended.as_bytes(), clean);
            let text = String::from_utf8(broken.clone());
            let quotes = broken.iter().filter(|byte| **byte == b'"').count();
            let expected = fields(std::str::from_utf8(clean).unwrap());
            match (kind.as_str(), text) {
                ("invalid_utf8", text) => assert!(text.is_err()),
                ("unclosed_quote", _) => assert_eq!(quotes % 2, 1),
                ("too_few_fields", text) => assert!(fields(&text.unwrap()).len() < expected.len()),
                ("too_many_fields", text) => assert!(fields(&text.unwrap()).len() > expected.len()),
                ("impossible_timestamp", text) => {
                    let got = fields(&text.unwrap());
                    let differing: Vec<usize> = (0..got.len()).filter(|at| got[*at] != expected[*at]).collect();
                    assert_eq!(differing, [if file == "installs.csv" { 3 } else { 10 }]);
                }
                (other, _) => panic!("kind {other}"),
            }
        }
    }
    assert!(listed.is_empty(), "listed but not there: {listed:?}");
}
