//! The pictures of the chapter, from query results.

use anyhow::Result;
use lake::datafusion::arrow::record_batch::RecordBatch;

use crate::chart::{Cell, HeatMap, Lines, Point, Unit};
use crate::rows::{numbers, texts};

/// Columns day, campaign_type, revenue_usd.
pub fn revenue_per_day(days: &[RecordBatch]) -> Result<String> {
    let (day, kind) = (texts(days, "day")?, texts(days, "campaign_type")?);
    let revenue = numbers(days, "revenue_usd")?;
    let points = day.into_iter().zip(kind).zip(revenue);
    let points = points.map(|((x, series), y)| Point { x, series, y, interval: None });
    let chart = Lines {
        title: "Revenue per day by campaign type",
        subtitle: "US dollars per day, as the installs were logged",
        x_title: "Day of the request (UTC), 2025; labels on Mondays",
        unit: Unit::Dollars,
        label_every: 7,
    };
    Ok(chart.draw(&points.collect::<Vec<_>>()))
}

/// Columns primary_genre, campaign_type, click_count, impression_count, click_rate.
pub fn click_rate_by_genre_and_type(pairs: &[RecordBatch]) -> Result<String> {
    let (genre, kind) = (texts(pairs, "primary_genre")?, texts(pairs, "campaign_type")?);
    let (clicks, impressions) = (numbers(pairs, "click_count")?, numbers(pairs, "impression_count")?);
    let rates = numbers(pairs, "click_rate")?;
    let cells = genre.into_iter().zip(kind).zip(rates).zip(clicks.iter().zip(impressions));
    let cells = cells.map(|(((row, column), number), (clicks, impressions))| Cell {
        row,
        column,
        number,
        label: format!("{:.1}%", number * 100.0),
        note: format!("{clicks} of {impressions}"),
    });
    let chart = HeatMap {
        title: "Click rate by genre and campaign type",
        subtitle: "Clicked impressions of all impressions; rows: main genre of the user's main app",
        x_title: "Campaign type",
        unit: Unit::Percent,
        left: 110.0,
        row_height: 38.0,
    };
    Ok(chart.draw(&cells.collect::<Vec<_>>()))
}

/// Columns weekday, hour_of_day, request_count.
pub fn traffic_by_hour(hours: &[RecordBatch]) -> Result<String> {
    let (weekday, hour) = (texts(hours, "weekday")?, texts(hours, "hour_of_day")?);
    let requests = numbers(hours, "request_count")?;
    let cells = weekday.into_iter().zip(hour).zip(requests);
    let cells = cells.map(|((row, column), number)| Cell { row, column, number, label: format!("{number:.0}"), note: String::new() });
    let chart = HeatMap {
        title: "Traffic by weekday and hour",
        subtitle: "Requests per hour, mean of four weeks",
        x_title: "Hour of the day (UTC)",
        unit: Unit::Count,
        left: 60.0,
        row_height: 34.0,
    };
    Ok(chart.draw(&cells.collect::<Vec<_>>()))
}

/// Columns hour_of_day, click_count, impression_count.
pub fn click_rate_by_hour(hours: &[RecordBatch]) -> Result<String> {
    let (clicks, impressions) = (numbers(hours, "click_count")?, numbers(hours, "impression_count")?);
    let counts = clicks.into_iter().zip(impressions);
    let points = texts(hours, "hour_of_day")?.into_iter().zip(counts);
    let points = points.map(|(x, (clicks, impressions))| Point::share(x, "all".to_owned(), clicks, impressions));
    let chart = Lines {
        title: "Click rate by hour of the day",
        subtitle: "Clicked impressions of all impressions; shaded: 95% interval",
        x_title: "Hour of the day (UTC)",
        unit: Unit::Percent,
        label_every: 3,
    };
    Ok(chart.draw(&points.collect::<Vec<_>>()))
}
