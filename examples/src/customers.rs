//! Customers: from a shop's transaction log to segments, customer value and churn.

mod churn;
mod pictures;
mod segments;
mod value;

use anyhow::{Result, anyhow};
use bronze::Sources;
use lake::{Lake, LakeOptions, Silent};
use sources::commerce::{CommerceOptions, SETTINGS, generate};
use spec::Settings;

use crate::story::{Page, Source};

/// The files of this chapter.
pub const SOURCES: [Source; 4] = [
    ("customers.rs", include_str!("customers.rs")),
    ("segments.rs", include_str!("customers/segments.rs")),
    ("value.rs", include_str!("customers/value.rs")),
    ("churn.rs", include_str!("customers/churn.rs")),
];

/// Tells the chapter.
pub async fn tell(page: &mut Page) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    page.replace(folder, ".");
    page.text(
        "
        # Who buys again, and what they are worth

        A shop has a log of its invoices and three questions: who are my customers, what will they spend, and who is about to
        leave? This chapter takes a year of invoices to segments, to an expected value per customer, and to a churn model with a
        plan whom to make an offer. As the log is synthetic, the law behind it is known, and each answer is held against it.

        What you read is a Rust program and what it printed. Run it yourself with `cargo run -p examples -- customers`. On the
        command line the same is

        ```text
        adlake generate commerce --out logs --customers 1500
        adlake run --source logs
        adlake train churn --register churn
        adlake score churn
        ```

        ## The log

        A row is a line of an invoice, in the form of UCI's Online Retail: cancellations, guests, postage and slips of clerks
        included.
        ",
    );
    page.step()?;
    let logs = folder.join("logs");
    let generated = generate(&CommerceOptions { customers: 1500, ..CommerceOptions::default() }, &logs, &mut |_| {})?;
    page.output(&generated);
    page.text("Such files are not in UTF-8. Settings say so; on the command line they are in `adlake.toml`:");
    page.code("toml", SETTINGS);
    page.step()?;
    let settings = Settings::parse("adlake.toml", SETTINGS, []).map_err(|problems| anyhow!("{problems:?}"))?;
    let sources = Sources::open(&settings, Some(&logs.display().to_string()))?;
    let lake = Lake::open(&folder.join("lake").display().to_string(), LakeOptions::default())?;
    let pipeline = lake::pipeline(&adlake::shipped_models())?;
    let work = adlake::Work { sources: Some(&sources), ..adlake::Work::all() };
    let done = adlake::run(&lake, &pipeline, &work, &Silent).await?;
    page.report(&done.report);
    page.text(
        "
        ## Revenue

        `gold.sales_daily` splits what was sold from what came back. A return counts on the day on which it is booked.
        ",
    );
    let weeks = page
        .query(
            &lake,
            "
            select
                to_char(date_trunc('week', sold_on), '%b %d') as week,
                sum(gross_amount) as gross,
                sum(net_amount) as net
            from gold.sales_daily
            -- Whole weeks.
            where sold_on between date '2010-12-06' and date '2011-12-04'
            group by date_trunc('week', sold_on)
            order by date_trunc('week', sold_on)
            ",
        )
        .await?;
    page.picture("revenue_by_week", "Gross and net revenue by week, rising over the year", pictures::revenue(&weeks)?);
    page.text(
        "
        Little comes back in this log, so that the two lines nearly coincide. Revenue rises because every week brings new customers while old ones still buy: in this log first purchases are spread evenly
        over the year, and autumn invoices are longer. A rise of the total says nothing about whether customers stay.
        ",
    );
    segments::tell(page, &lake).await?;
    let truth = value::tell(page, &lake, &logs).await?;
    churn::tell(page, &lake, &generated, &truth).await
}
