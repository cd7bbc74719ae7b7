//! The pictures of the chapter.

use training::explain::PermutationImportance;
use training::metrics::CalibrationBin;

use crate::chart::{Bar, Bars, Bin, Reliability, Unit};

/// Bins of each model's test rows.
pub fn reliability(models: &[(&str, Vec<CalibrationBin>)]) -> String {
    let bin = |bin: &CalibrationBin| {
        let observed = bin.observed;
        Bin { expected: bin.expected, observed: observed.value, interval: (observed.low, observed.high) }
    };
    let models: Vec<_> = models.iter().map(|(name, bins)| (*name, bins.iter().map(bin).collect())).collect();
    let chart = Reliability {
        title: "Clicks promised and clicks observed",
        subtitle: "A point is a tenth of the test rows; upright: clicks of 100 impressions, with 95% interval",
        x_title: "Mean probability that the model gave",
    };
    chart.draw(&models)
}

/// What shuffling each feature costs.
pub fn importance(features: &[PermutationImportance]) -> String {
    let bar = |feature: &PermutationImportance| Bar {
        name: feature.feature.clone(),
        number: feature.auc_drop.value.max(0.0),
        interval: Some((feature.auc_drop.low, feature.auc_drop.high)),
    };
    let chart = Bars {
        title: "What the ranking rests on",
        subtitle: "ROC-AUC that is lost when a feature is shuffled among the test rows; thin: 95% interval of the shuffling",
        x_title: "Fall of ROC-AUC",
        unit: Unit::Count,
        left: 240.0,
    };
    chart.draw(&features.iter().map(bar).collect::<Vec<_>>())
}
