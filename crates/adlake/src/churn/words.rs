//! Features in plain words.

/// What a step of a feature is, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Days, counts and amounts: each doubling.
    Doubling,
    /// Shares of 0 to 1: all instead of none.
    Share,
    /// Flags: yes instead of no.
    Flag,
}

/// Each feature of the table, in words that fit before "each doubling".
const WORDS: [(&str, &str, Unit); 37] = [
    ("recency_days", "days since the last purchase", Unit::Doubling),
    ("tenure_days", "days since the first purchase", Unit::Doubling),
    ("order_count", "purchases", Unit::Doubling),
    ("purchase_day_count", "days with a purchase", Unit::Doubling),
    ("active_month_ratio", "share of months with a purchase", Unit::Share),
    ("order_count_30_days", "purchases in the last 30 days", Unit::Doubling),
    ("order_count_90_days", "purchases in the last 90 days", Unit::Doubling),
    ("order_trend", "purchases in the last 90 days less those in the 90 before", Unit::Doubling),
    ("gross_amount", "amount bought", Unit::Doubling),
    ("net_amount", "amount bought less returns", Unit::Doubling),
    ("gross_amount_90_days", "amount bought in the last 90 days", Unit::Doubling),
    ("gross_amount_trend", "amount bought in the last 90 days less that in the 90 before", Unit::Doubling),
    ("mean_order_amount", "mean amount of a purchase", Unit::Doubling),
    ("last_day_amount", "amount of the last day with a purchase", Unit::Doubling),
    ("mean_gap_days", "mean days between purchases", Unit::Doubling),
    ("gap_deviation_days", "spread of the days between purchases", Unit::Doubling),
    ("gap_variation", "irregularity of purchases", Unit::Doubling),
    ("last_gap_days", "days between the last two purchases", Unit::Doubling),
    ("longest_gap_days", "longest pause between purchases", Unit::Doubling),
    ("recency_gap_ratio", "days since the last purchase against the usual pause", Unit::Doubling),
    ("recency_tenure_ratio", "share of the time as a customer since the last purchase", Unit::Share),
    ("mean_line_count", "lines of a purchase", Unit::Doubling),
    ("last_day_line_count", "lines of the last day with a purchase", Unit::Doubling),
    ("mean_item_count", "units of a purchase", Unit::Doubling),
    ("mean_line_item_count", "units of a line", Unit::Doubling),
    ("mean_unit_price", "price of a unit", Unit::Doubling),
    ("product_count", "different products bought", Unit::Doubling),
    ("reorder_ratio", "share of products bought before", Unit::Share),
    ("wholesale_order_ratio", "share of wholesale-like purchases", Unit::Share),
    ("return_count", "returns", Unit::Doubling),
    ("return_ratio", "amount returned by amount bought", Unit::Share),
    ("autumn_order_ratio", "share of purchases in October to December", Unit::Share),
    ("season_order_count", "purchases at this season a year before", Unit::Doubling),
    ("mean_hour", "hour of purchases", Unit::Doubling),
    ("weekday_order_ratio", "share of purchases on Monday to Wednesday", Unit::Share),
    ("country", "country", Unit::Flag),
    ("is_home_country", "home country", Unit::Flag),
];

/// A feature in words; one that nobody knows, in its own.
pub(super) fn words(feature: &str) -> (String, Unit) {
    match WORDS.iter().find(|(name, ..)| *name == feature) {
        Some((_, words, unit)) => ((*words).to_owned(), *unit),
        None => (feature.replace('_', " "), Unit::Doubling),
    }
}

/// A number for people: two digits after the point where it is small.
pub(super) fn number(value: f64) -> String {
    if value.is_nan() {
        return "none".to_owned();
    }
    let rounded = if value.abs() >= 100.0 { value.round() } else { (value * 100.0).round() / 100.0 };
    // No -0.
    format!("{}", rounded + 0.0)
}

/// What a number's feature is worth, with its unit of percent where it is a share.
pub(super) fn worth(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Share if !value.is_nan() => format!("{} %", (value * 100.0).round() + 0.0),
        Unit::Flag if !value.is_nan() => if value > 0.5 { "yes" } else { "no" }.to_owned(),
        _ => number(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_long_as_they_need_be() {
        let found: Vec<_> = [1234.56, 1.0, 0.126, -0.001, f64::NAN].into_iter().map(number).collect();
        assert_eq!(found, ["1235", "1", "0.13", "0", "none"]);
        assert_eq!((worth(0.256, Unit::Share), worth(1.0, Unit::Flag)), ("26 %".to_owned(), "yes".to_owned()));
        assert_eq!(words("my_own_feature"), ("my own feature".to_owned(), Unit::Doubling));
    }
}
