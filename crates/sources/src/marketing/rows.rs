//! The rows as they are logged: CSV.

use std::fmt::Write;

use chrono::{DateTime, Days, NaiveDate, NaiveTime};

use super::channels::LAWS;
use super::history::{Conversion, ConversionKind, DIRECT, Touch, TouchKind};
use super::world::{DAY, World};
use super::{CURRENCIES, channel_name};

pub(super) const TOUCHPOINTS: &str = "user_id,occurred_at,channel,campaign_id,kind,cost\n";
pub(super) const GHOSTS: &str = "user_id,occurred_at,channel,campaign_id\n";
pub(super) const CONVERSIONS: &str = "conversion_id,user_id,occurred_at,kind,value,currency\n";
pub(super) const SPEND: &str = "date,channel,campaign,spend,impressions,clicks,installs,reported_at\n";
pub(super) const RATES: &str = "date,currency,rate\n";
pub(super) const TRUTH: &str = "conversion_id,is_baseline";

/// Instants and dates of a period.
pub(super) struct Dates(pub(super) NaiveDate);

impl Dates {
    fn instant(&self, at: i64) -> String {
        let start = self.0.and_time(NaiveTime::MIN).and_utc().timestamp_micros();
        DateTime::from_timestamp_micros(start + at).map(|at| at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()).unwrap_or_default()
    }

    pub(super) fn day(&self, day: u64) -> NaiveDate {
        self.0.checked_add_days(Days::new(day)).unwrap_or(self.0)
    }
}

/// What a touch costs, in millionths of a dollar.
pub(super) fn cost_micros(world: &World, touch: &Touch) -> i64 {
    let Some(law) = LAWS.get(touch.channel).filter(|_| touch.channel < DIRECT && !touch.is_ghost) else { return 0 };
    let is_paid_for = law.is_paid_per_click == (touch.kind == TouchKind::Click);
    if is_paid_for { world.spend.price_micros(touch.channel, (touch.at as f64 / DAY) as usize) } else { 0 }
}

fn campaign(touch: &Touch) -> &'static str {
    LAWS[touch.channel].campaigns[touch.campaign].0
}

pub(super) fn touch(out: &mut String, dates: &Dates, user: u64, touch: &Touch, cost_micros: i64) {
    let kind = if touch.kind == TouchKind::Click { "click" } else { "impression" };
    let cost = micros(cost_micros);
    let _ = writeln!(out, "u{user},{},{},{},{kind},{cost}", dates.instant(touch.at), channel_name(touch.channel), campaign(touch));
}

pub(super) fn ghost(out: &mut String, dates: &Dates, user: u64, touch: &Touch) {
    let _ = writeln!(out, "u{user},{},{},{}", dates.instant(touch.at), channel_name(touch.channel), campaign(touch));
}

pub(super) fn conversion(out: &mut String, truth: &mut String, dates: &Dates, (user, number): (u64, usize), conversion: &Conversion) {
    let kind = match conversion.kind {
        ConversionKind::Purchase => "purchase",
        ConversionKind::SignUp => "sign_up",
        ConversionKind::Install => "install",
    };
    let (cents, currency) = (conversion.value_cents, CURRENCIES[conversion.currency].0);
    let _ = writeln!(out, "u{user}-{number},u{user},{},{kind},{}.{:02},{currency}", dates.instant(conversion.at), cents / 100, cents % 100);
    let _ = write!(truth, "u{user}-{number},{}", conversion.is_baseline);
    conversion.caused_by.iter().for_each(|share| {
        let _ = write!(truth, ",{share:.6}");
    });
    truth.push('\n');
}

/// An amount of millionths in full.
pub(super) fn micros(amount: i64) -> String {
    format!("{}.{:06}", amount / 1_000_000, amount % 1_000_000)
}
