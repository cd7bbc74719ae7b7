//! The rows as they are logged: CSV, written byte by byte.

use md5::{Digest, Md5};

use super::calendar::{Calendar, DAY};
use super::campaigns::{Campaigns, DEVICES, TYPES};
use super::dirt::{self, Breakage};
use super::events::{Event, Impression, LoggedCampaign, NETWORKS, World};
use super::people::{AGES, CATEGORIES, GENRES, LANGUAGES, MODELS, PRICES, User};
use super::places::STATES;
use crate::synthetic::draw::{Draws, Stream, unique};

/// Rows of one table, some of them broken.
#[derive(Default)]
pub(super) struct TableRows {
    pub(super) bytes: Vec<u8>,
    pub(super) rows: u64,
    pub(super) broken: Vec<BrokenRow>,
    copies: Vec<u8>,
    copied: u64,
}

/// What was done to a row.
pub(super) struct BrokenRow {
    /// Rows before it in its [`TableRows`].
    pub(super) rows_before: u64,
    pub(super) breakage: Breakage,
    /// The row as it should be, without its line end.
    pub(super) intended: Vec<u8>,
}

impl TableRows {
    /// Adds a row, and breaks it if there are draws for that. `write` returns the offset in the row
    /// of its timestamp, if any.
    pub(super) fn put(&mut self, breaking: Option<Draws>, write: impl FnOnce(&mut Vec<u8>) -> Option<usize>) {
        let start = self.bytes.len();
        let timestamp = write(&mut self.bytes);
        self.bytes.push(b'\n');
        if let Some(mut draws) = breaking {
            let intended = self.bytes[start..self.bytes.len() - 1].to_vec();
            let breakage = dirt::break_row(&mut self.bytes, start, timestamp, &mut draws);
            self.broken.push(BrokenRow { rows_before: self.rows, breakage, intended });
        }
        self.rows += 1;
    }

    /// Adds a row behind those that follow until the next [`TableRows::flush_copies`].
    pub(super) fn put_copy(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Option<usize>) {
        write(&mut self.copies);
        self.copies.push(b'\n');
        self.copied += 1;
    }

    pub(super) fn flush_copies(&mut self) {
        self.bytes.append(&mut self.copies);
        self.rows += std::mem::take(&mut self.copied);
    }
}

/// A request's identifier and its MD5, as text.
pub(super) struct RequestId {
    id: [u8; 36],
    md5: [u8; 32],
}

const HEX: &[u8; 16] = b"0123456789abcdef";

impl RequestId {
    pub(super) fn of(seed: u64, number: u64) -> Self {
        let draws = &mut Draws::new(seed, Stream::RequestId, number);
        // The shape of a random UUID (RFC 9562, version 4).
        let high = draws.bits() & !0xF000 | 0x4000;
        let low = draws.bits() >> 2 | 1 << 63;
        let mut id = [b'-'; 36];
        let mut digits = (0..32).map(|at| {
            let half = if at < 16 { high } else { low };
            HEX[(half >> (60 - 4 * (at % 16)) & 15) as usize]
        });
        for (at, byte) in id.iter_mut().enumerate() {
            if !matches!(at, 8 | 13 | 18 | 23) {
                *byte = digits.next().unwrap_or(b'0');
            }
        }
        let mut md5 = [0; 32];
        for (pair, byte) in md5.chunks_exact_mut(2).zip(Md5::digest(id)) {
            pair[0] = HEX[(byte >> 4) as usize];
            pair[1] = HEX[(byte & 15) as usize];
        }
        Self { id, md5 }
    }
}

/// The headers, as in the files.
pub(super) mod header {
    pub(in super::super) const USER_PROFILE: &str = "user_id,age_range,gender,state,city,phone_price_range,phone_model,language";
    pub(in super::super) const USER_APP_GENRE: &str = "user_id,app_id,app_cat,primary_genre,secondary_genre";
    pub(in super::super) const CAMPAIGNS: &str = "campaign_id,advertiser_id,campaign_type,billing_rate,targeting_params";
    pub(in super::super) const REQUESTS: &str = "user_id,age_range,gender,state,city,phone_price_range,phone_model,language,\
        request_id,id_md5,timestamp,device_type,network_type,has_request";
    pub(in super::super) const IMPRESSIONS: &str = "impression_id,id_md5,campaign_id,ad_position,campaign_type,has_impression";
    pub(in super::super) const CLICKS: &str = "id_md5,click_id,has_click,user_id";
    pub(in super::super) const INSTALLS: &str = "id_md5,install_id,has_install,install_at";
    pub(in super::super) const CLICK_PROBABILITY: &str = "impression_id,click_probability";
    pub(in super::super) const MALFORMED: &str = "file,line,kind,row";
}

/// A row of `user_profile`, and the first columns of `requests`.
pub(super) fn profile(out: &mut Vec<u8>, user: &User, draws: &mut Draws) {
    let price = user.price as usize;
    let place = &STATES[user.state as usize];
    user_id(out, user.number);
    field(out, missing_or(AGES[user.age as usize].0, draws));
    field(out, dirt::gender(user.gender, draws).as_bytes());
    let code = dirt::state(place.code, draws);
    field(out, dirt::missing(draws).map_or(&code, str::as_bytes));
    field(out, missing_or(place.cities[user.city as usize], draws));
    field(out, missing_or(PRICES[price].0, draws));
    field(out, missing_or(MODELS[price][user.model as usize], draws));
    field(out, missing_or(LANGUAGES[user.language as usize].0, draws));
}

/// A row of `user_app_genre`.
pub(super) fn app(out: &mut Vec<u8>, world: &World, user: u32, app: u16) {
    let genre = app as usize % GENRES.len();
    user_id(out, user);
    out.extend_from_slice(b",app-");
    padded(out, u64::from(app) + 1, 3);
    field(out, CATEGORIES[genre].as_bytes());
    field(out, GENRES[genre].as_bytes());
    field(out, GENRES[world.people.secondary_genre(app)].as_bytes());
}

/// A row of `campaigns`.
pub(super) fn campaign(out: &mut Vec<u8>, campaigns: &Campaigns, number: usize) {
    let campaign = &campaigns.all[number];
    campaign_id(out, number as u16);
    out.extend_from_slice(b",adv-");
    padded(out, campaign.advertiser as u64 + 1, 2);
    field(out, TYPES[campaign.kind].as_bytes());
    out.push(b',');
    padded(out, campaign.rate / 10_000, 1);
    out.push(b'.');
    padded(out, campaign.rate % 10_000, 4);
    field(out, campaign.targeting.as_bytes());
}

/// A row of `requests`, stamped `later` microseconds after the request. Returns the offset of the
/// timestamp.
pub(super) fn request(out: &mut Vec<u8>, world: &World, event: &Event, id: &RequestId, later: u64) -> Option<usize> {
    let start = out.len();
    profile(out, &event.user, &mut Draws::new(world.seed, Stream::RequestDirt, event.number));
    field(out, &id.id);
    field(out, &id.md5);
    out.push(b',');
    let timestamp = out.len() - start;
    instant(out, &world.calendar, event.at + later);
    field(out, DEVICES[event.device as usize].as_bytes());
    field(out, NETWORKS[event.network as usize].0.as_bytes());
    out.extend_from_slice(b",1");
    Some(timestamp)
}

/// A row of `impressions`.
pub(super) fn impression(out: &mut Vec<u8>, world: &World, number: u64, impression: &Impression, id: &RequestId) -> Option<usize> {
    impression_id(out, world.seed, number);
    field(out, &id.md5);
    out.push(b',');
    match impression.logged {
        LoggedCampaign::Known(campaign) | LoggedCampaign::Unknown(campaign) => campaign_id(out, campaign),
        LoggedCampaign::Empty => {}
        LoggedCampaign::Null => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(&[b',', b'1' + impression.position]);
    field(out, TYPES[world.campaigns.all[impression.campaign as usize].kind].as_bytes());
    out.extend_from_slice(b",1");
    None
}

/// A row of `clicks`: the request's click with this number, 0 for the first.
pub(super) fn click(out: &mut Vec<u8>, world: &World, event: &Event, id: &RequestId, click: usize) -> Option<usize> {
    out.extend_from_slice(&id.md5);
    out.extend_from_slice(b",c");
    hex(out, unique(world.seed, Stream::ClickId, event.number << 8 | click as u64));
    out.extend_from_slice(b",1,");
    user_id(out, event.user.number);
    None
}

/// A row of `installs`, for an install so many days after the request. Returns the offset of the
/// timestamp.
pub(super) fn install(out: &mut Vec<u8>, world: &World, event: &Event, id: &RequestId, days: u8) -> Option<usize> {
    let start = out.len();
    let draws = &mut Draws::new(world.seed, Stream::Install, event.number);
    let share = draws.fraction();
    let midnight = event.at / DAY * DAY;
    let at = if days == 0 {
        // From the click to the end of the day, sooner rather than later.
        let left = midnight + DAY - 1 - event.at;
        event.at + (share * share * left as f64) as u64
    } else {
        midnight + u64::from(days) * DAY + (share * DAY as f64) as u64
    };
    out.extend_from_slice(&id.md5);
    out.extend_from_slice(b",n");
    hex(out, unique(world.seed, Stream::InstallId, event.number));
    out.extend_from_slice(b",1,");
    let timestamp = out.len() - start;
    instant(out, &world.calendar, at);
    Some(timestamp)
}

/// A row of `truth/click_probability.csv`.
pub(super) fn click_probability(out: &mut Vec<u8>, seed: u64, number: u64, probability: f64) {
    impression_id(out, seed, number);
    out.extend_from_slice(b",0.");
    padded(out, ((probability * 1e6).round() as u64).min(999_999), 6);
    out.push(b'\n');
}

/// A row of `truth/malformed.csv`.
pub(super) fn malformed(file: &str, line: u64, broken: &BrokenRow) -> Vec<u8> {
    let mut out = format!("{file},{line},{},\"", broken.breakage.name()).into_bytes();
    for byte in &broken.intended {
        out.extend_from_slice(if *byte == b'"' { b"\"\"" } else { std::slice::from_ref(byte) });
    }
    out.extend_from_slice(b"\"\n");
    out
}

fn field(out: &mut Vec<u8>, value: &[u8]) {
    out.push(b',');
    out.extend_from_slice(value);
}

fn missing_or(value: &'static str, draws: &mut Draws) -> &'static [u8] {
    dirt::missing(draws).unwrap_or(value).as_bytes()
}

fn user_id(out: &mut Vec<u8>, number: u32) {
    out.push(b'u');
    padded(out, u64::from(number) + 1, 7);
}

fn campaign_id(out: &mut Vec<u8>, number: u16) {
    out.extend_from_slice(b"cmp-");
    padded(out, u64::from(number) + 1, 3);
}

fn impression_id(out: &mut Vec<u8>, seed: u64, number: u64) {
    out.push(b'i');
    hex(out, unique(seed, Stream::ImpressionId, number));
}

fn hex(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(&std::array::from_fn::<u8, 16, _>(|at| HEX[(number >> (60 - 4 * at) & 15) as usize]));
}

/// In decimal, with leading zeros up to this many digits.
fn padded(out: &mut Vec<u8>, mut number: u64, digits: usize) {
    let mut text = [b'0'; 20];
    let mut at = text.len();
    while number > 0 {
        at -= 1;
        text[at] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    out.extend_from_slice(&text[at.min(text.len() - digits)..]);
}

/// As `2025-01-01 13:45:10.123456`, UTC; `at` counts microseconds from the start of day 0.
fn instant(out: &mut Vec<u8>, calendar: &Calendar, at: u64) {
    out.extend_from_slice(calendar.date((at / DAY) as u32).as_bytes());
    let (second, micros) = (at % DAY / 1_000_000, at % 1_000_000);
    for (mark, number, digits) in [(b' ', second / 3600, 2), (b':', second / 60 % 60, 2), (b':', second % 60, 2), (b'.', micros, 6)] {
        out.push(mark);
        padded(out, number, digits);
    }
}
