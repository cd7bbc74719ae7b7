//! What customers are worth, beside the law that made them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use lake::Lake;
use sources::commerce::{DROP_A, DROP_B, RATE_SCALE_DAYS, RATE_SHAPE};

use super::pictures;
use crate::rows::{aligned, numbers, texts};
use crate::story::Page;

/// What the generator knows of a customer, and no shop does.
pub struct Truth {
    /// Purchases a day while active.
    pub rate: f64,
    /// The chance to leave after a purchase.
    pub drop_chance: f64,
    /// Whether the customer has not left by the log's end.
    pub is_active: bool,
    /// The chance of no purchase in the 90 days after the log.
    pub churn: f64,
}

impl Truth {
    /// Purchases to expect within so many days: a Poisson process that ends after each purchase by chance.
    fn expected_purchases(&self, days: f64) -> f64 {
        let left = self.rate * self.drop_chance * days;
        match (self.is_active, left > 1e-9) {
            (false, _) => 0.0,
            (true, false) => self.rate * days,
            (true, true) => -(-left).exp_m1() / self.drop_chance,
        }
    }
}

/// Tells it, and gives the truth by customer.
pub async fn tell(page: &mut Page, lake: &Lake, logs: &Path) -> Result<BTreeMap<String, Truth>> {
    page.text(
        "
        ## What a customer is worth

        A customer who has not bought for two months may be gone or may be slow; a shop without contracts is never told. BG/NBD
        models both: rates of purchase are gamma-distributed, and after each purchase some leave for good. Gamma-Gamma models
        what they spend. Both are fitted to the log alone. The generator's own law has the same form, so its constants should
        come back:
        ",
    );
    let fitted = page
        .query(
            lake,
            "
            select r, r_error, alpha, alpha_error, a, a_error, b, b_error
            from gold.customer_value_model
            ",
        )
        .await?;
    let laws = [("r", RATE_SHAPE), ("alpha", RATE_SCALE_DAYS), ("a", DROP_A), ("b", DROP_B)];
    let meanings = ["shape of the purchase rates", "their scale in days", "first shape of the chance to leave", "its second shape"];
    let mut body = Vec::new();
    for ((name, law), meaning) in laws.into_iter().zip(meanings) {
        let number = |column: &str| -> Result<f64> { numbers(&fitted, column)?.first().copied().context("no model") };
        let (value, error) = (number(name)?, number(&format!("{name}_error"))?);
        let apart = format!("{:+.1}", (value - law) / error);
        body.push(vec![name.to_owned(), meaning.to_owned(), law.to_string(), format!("{value:.3}"), format!("{error:.3}"), apart]);
    }
    let head = ["parameter", "meaning", "law", "fitted", "standard error", "errors apart"];
    page.markdown(&aligned(&head, &[false, false, true, true, true, true], &body));
    page.text(
        "
        All four lie within about an error of the law. *a* and *b* are the uncertain ones: their ratio, the mean chance to leave, is
        known better than either. With the parameters, every customer gets a probability to be still there and a value for the
        next twelve months, discounted by 1 % a month:
        ",
    );
    page.ask(
        lake,
        "
        select
            value_rank as rank,
            customer_id,
            repeat_count as repeats,
            age_days - recency_days as days_since,
            cast(round(mean_order_amount, 0) as bigint) as mean_order,
            cast(round(expected_order_amount, 0) as bigint) as expected_order,
            round(alive_probability, 2) as alive,
            round(expected_purchases, 2) as purchases_90_days,
            cast(round(expected_value, 0) as bigint) as value_12_months
        from gold.customer_value
        order by value_rank
        limit 6
        ",
    )
    .await?;
    page.text(
        "
        Look at whoever has one repeat: the expected order is drawn towards the mean of all, as one large invoice is weak evidence
        of a large buyer.

        Are the expectations true? The generator wrote down each customer's rate, chance to leave, and whether the customer has
        left. From these follows what is really to be expected in the next 90 days. Customers in tenths by what the model
        expects:
        ",
    );
    let expected = page
        .query(lake, "select customer_id, expected_purchases from gold.customer_value order by expected_purchases, customer_id")
        .await?;
    page.step()?;
    let truth = truth_of(&logs.join("truth/customers.csv"))?;
    let mut both = Vec::new();
    for (id, model) in texts(&expected, "customer_id")?.iter().zip(numbers(&expected, "expected_purchases")?) {
        let law = truth.get(id).with_context(|| format!("customer {id} is unknown"))?;
        both.push((model, law.expected_purchases(90.0)));
    }
    let tenths: Vec<&[(f64, f64)]> = both.chunks(both.len().div_ceil(10)).collect();
    page.picture(
        "expected_purchases",
        "Expected purchases in 90 days by tenths of customers: the model's means lie close to those of the law",
        pictures::expected_purchases(&tenths),
    );
    let (model, law) = both.iter().fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
    page.output(format!("all customers: expected by the model {model:.0}, by the law {law:.0} ({:+.1} %)", 100.0 * (model / law - 1.0)));
    page.text(
        "
        For groups the expectations hold. For one customer they cannot: who has left is certain in the truth and a probability to
        the shop.
        ",
    );
    Ok(truth)
}

/// The truth that the generator wrote beside the log, by customer.
fn truth_of(file: &Path) -> Result<BTreeMap<String, Truth>> {
    let text = fs::read_to_string(file)?;
    let line = |line: &str| -> Result<(String, Truth)> {
        let cells: Vec<&str> = line.split(',').collect();
        let [id, rate, drop_chance, _, is_active, churn] = cells[..] else { anyhow::bail!("{line}: not six cells") };
        let truth = Truth { rate: rate.parse()?, drop_chance: drop_chance.parse()?, is_active: is_active == "1", churn: churn.parse()? };
        Ok((id.to_owned(), truth))
    };
    text.lines().skip(1).map(line).collect()
}
