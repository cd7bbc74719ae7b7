//! What is written where, and what is refused.

use std::fs;
use std::path::Path;

use super::*;

#[test]
fn headers_are_the_documented_ones() {
    let (folder, _) = made(&AdtechOptions { malformed: true, ..small(1000) });
    let header = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).lines().next().unwrap().to_owned();
    let headers: Vec<String> = contents(folder.path()).iter().map(|(name, bytes)| format!("{name}: {}", header(bytes))).collect();
    let expected = [
        "campaigns.csv: campaign_id,advertiser_id,campaign_type,billing_rate,targeting_params",
        "clicks.csv: id_md5,click_id,has_click,user_id",
        "impressions.csv: impression_id,id_md5,campaign_id,ad_position,campaign_type,has_impression",
        "installs.csv: id_md5,install_id,has_install,install_at",
        "requests.csv: user_id,age_range,gender,state,city,phone_price_range,phone_model,language,request_id,id_md5,timestamp,\
         device_type,network_type,has_request",
        "truth/click_probability.csv: impression_id,click_probability",
        "truth/malformed.csv: file,line,kind,row",
        "user_app_genre.csv: user_id,app_id,app_cat,primary_genre,secondary_genre",
        "user_profile.csv: user_id,age_range,gender,state,city,phone_price_range,phone_model,language",
    ];
    assert_eq!(headers, expected);
}

#[test]
fn nothing_to_do_gives_headers() {
    let (folder, generated) = made(&AdtechOptions { requests: 0, users: 0, ..AdtechOptions::default() });
    assert_eq!((generated.rows("requests"), generated.rows("campaigns"), generated.best_auc), (0, 199, None));
    assert!(contents(folder.path()).iter().all(|(name, bytes)| name == "campaigns.csv" || bytes.ends_with(b"\n")));
    assert!(rows(folder.path(), "requests.csv").is_empty());
    let (folder, _) = made(&AdtechOptions { law: Law::Uniform, ..small(1000) });
    let names: Vec<String> = contents(folder.path()).into_keys().collect();
    assert!(!names.iter().any(|name| name.contains("install")), "{names:?}");
    assert!(!folder.path().join("truth").exists());
}

#[test]
fn what_cannot_be_done_is_said_in_one_line() {
    let fails = |options: &AdtechOptions, out: &Path| {
        let message = generate(options, out, &mut |_| {}).unwrap_err().to_string();
        assert!(!message.contains('\n'));
        message
    };
    let (folder, _) = made(&small(100));
    let out = folder.path();
    assert!(fails(&small(100), out).contains("already exists"));
    assert!(fails(&AdtechOptions { users: 0, ..small(100) }, out).contains("at least 1 user"));
    assert!(fails(&AdtechOptions { day_range: Some(3..3), ..small(100) }, out).contains("no day"));
    assert!(fails(&AdtechOptions { days: u32::MAX - 9, ..small(100) }, out).contains("9999"));
    assert!(fails(&AdtechOptions { days: u32::MAX - 9, day_range: Some(0..1), ..small(100) }, out).contains("9999"));
    let file = out.join("clicks.csv");
    assert!(fails(&small(100), &file).contains("clicks.csv"), "a file is no folder");
    // A further day joins the files that are there, once.
    let further = AdtechOptions { by_day: true, day_range: Some(30..31), ..small(100) };
    generate(&further, out, &mut |_| {}).unwrap();
    assert!(fails(&further, out).contains("2025-01-31"));
    // Overwriting leaves no file of the earlier run behind, and no other file is touched.
    fs::write(out.join("requests-notes.csv"), "mine").unwrap();
    generate(&AdtechOptions { overwrite: true, ..small(100) }, out, &mut |_| {}).unwrap();
    let names: Vec<String> = contents(out).into_keys().collect();
    assert_eq!(names.iter().filter(|name| name.contains("requests")).collect::<Vec<_>>(), ["requests-notes.csv", "requests.csv"]);
}

#[test]
fn progress_reaches_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen: Vec<Progress> = Vec::new();
    let generated = generate(&small(50_000), folder.path(), &mut |progress| seen.push(progress)).unwrap();
    assert!(seen.len() > 2 && seen.is_sorted_by_key(|progress| progress.done));
    let last = seen.last().unwrap();
    assert_eq!((last.done, last.total), (55_000, 55_000));
    assert!(last.bytes <= generated.bytes && last.bytes > generated.bytes * 9 / 10);
}
