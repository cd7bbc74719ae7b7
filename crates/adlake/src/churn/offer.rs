//! Whom an offer is worth.

use serde::{Deserialize, Serialize};
use training::metrics::{Confidence, Estimate, grouped_total};

use super::walk::Prediction;

/// What an offer that is to keep a customer costs and brings, in the log's currency. Who would have stayed takes the offer and brings
/// nothing more; who would have left is kept at the success rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// What it costs, whether it works or not.
    pub cost: f64,
    /// What a kept customer brings.
    pub customer_value: f64,
    /// Of those who would have left, the share that it keeps.
    pub success_rate: f64,
}

impl From<&spec::ChurnSettings> for Offer {
    fn from(settings: &spec::ChurnSettings) -> Self {
        Self { cost: settings.offer_cost, customer_value: settings.customer_value, success_rate: settings.offer_success_rate }
    }
}

impl Offer {
    /// The probability of churn from which on the offer pays: its cost by what it brings where it is needed. Above 1 it never does.
    pub fn threshold(&self) -> f64 {
        self.cost / (self.customer_value * self.success_rate)
    }

    /// What the offer earns with a customer who would leave with this probability: 1 and 0 where it is known.
    pub fn profit(&self, probability: f64) -> f64 {
        probability * self.customer_value * self.success_rate - self.cost
    }
}

/// What the offer would have earned on the cuts that were walked over, had it been made to those at or above the threshold, as predicted
/// then. Nobody treated earns 0. A customer counts once per cut.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfferReport {
    /// See [`Offer::threshold`].
    pub threshold: f64,
    /// Customers and cuts.
    pub rows: usize,
    /// Of them treated.
    pub treated: usize,
    /// What treating them earns.
    pub profit: Estimate,
    /// What treating everybody earns.
    pub profit_of_everybody: Estimate,
    /// How much more the first is.
    pub gain: Estimate,
}

impl OfferReport {
    /// Of predictions whose outcome is known; intervals take a customer's cuts together.
    ///
    /// # Errors
    /// None that predictions can meet.
    pub fn of(offer: &Offer, predictions: &[Prediction], confidence: &Confidence) -> training::Result<Self> {
        let threshold = offer.threshold();
        let groups: Vec<u64> = predictions.iter().map(|prediction| prediction.group).collect();
        let earned = |prediction: &Prediction| offer.profit(f64::from(u8::from(prediction.is_churned)));
        let is_treated = |prediction: &&Prediction| prediction.probability >= threshold;
        let total =
            |amount: &dyn Fn(&Prediction) -> f64| grouped_total(&predictions.iter().map(amount).collect::<Vec<_>>(), &groups, confidence);
        let of_treated = |prediction: &Prediction| if is_treated(&prediction) { earned(prediction) } else { 0.0 };
        Ok(Self {
            threshold,
            rows: predictions.len(),
            treated: predictions.iter().filter(is_treated).count(),
            profit: total(&of_treated)?,
            profit_of_everybody: total(&earned)?,
            gain: total(&|prediction| of_treated(prediction) - earned(prediction))?,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const OFFER: Offer = Offer { cost: 10.0, customer_value: 100.0, success_rate: 0.2 };

    #[test]
    fn at_the_threshold_an_offer_earns_nothing() {
        assert!((OFFER.threshold() - 0.5).abs() < 1e-12 && OFFER.profit(0.5).abs() < 1e-12);
        assert!(OFFER.profit(0.6) > 0.0 && OFFER.profit(0.4) < 0.0);
    }

    #[test]
    fn profit_is_what_the_outcomes_say() {
        let prediction = |group, probability, is_churned| Prediction { cut_on: 0, group, probability, is_churned, place: 0 };
        let all = [prediction(1, 0.9, true), prediction(2, 0.8, false), prediction(3, 0.1, true), prediction(4, 0.2, false)];
        let report = OfferReport::of(&OFFER, &all, &Confidence::default()).unwrap();
        // Treated are 1, who is worth 20 - 10, and 2, who costs 10. Everybody costs 40 and brings 40.
        assert_eq!((report.treated, report.profit.value, report.profit_of_everybody.value, report.gain.value), (2, 0.0, 0.0, 0.0));
        let dear = Offer { cost: 30.0, ..OFFER };
        let report = OfferReport::of(&dear, &all, &Confidence::default()).unwrap();
        assert_eq!((report.treated, report.profit.value, report.profit_of_everybody.value), (0, 0.0, -80.0));
    }
}
