//! Clusters named by their centres.

use super::features::Feature;

/// From here, in standard deviations, a centre is low or high.
const NOTABLE: f64 = 0.5;
/// From here it is very much so.
const STRIKING: f64 = 1.5;

/// One name per centre, in standard deviations from the mean of all customers: `recent, very frequent, big spenders`, and `average` where
/// nothing is notable. Clusters that would have one name get their rank by the feature that sets them apart the most.
pub fn names(features: &[&Feature], centres: &[&[f64]]) -> Vec<String> {
    let plain: Vec<_> = centres.iter().map(|centre| plain_name(features, centre)).collect();
    let unique = plain.iter().zip(centres).map(|(name, centre)| {
        let alike: Vec<_> = plain.iter().zip(centres).filter(|(other, _)| *other == name).map(|(_, centre)| *centre).collect();
        if alike.len() == 1 {
            return name.clone();
        }
        let spread = |index: usize| {
            let values = alike.iter().map(|centre| centre[index]);
            values.clone().fold(f64::NEG_INFINITY, f64::max) - values.fold(f64::INFINITY, f64::min)
        };
        let widest = (0..features.len()).max_by(|left, right| spread(*left).total_cmp(&spread(*right))).unwrap_or_default();
        let rank = 1 + alike.iter().filter(|other| other[widest] > centre[widest]).count();
        format!("{name} ({rank} of {} by {})", alike.len(), features[widest].name)
    });
    unique.collect()
}

fn plain_name(features: &[&Feature], centre: &[f64]) -> String {
    let notable = features.iter().zip(centre).filter(|(_, value)| value.abs() >= NOTABLE);
    let words: Vec<_> = notable
        .map(|(feature, value)| {
            let word = if *value < 0.0 { &feature.low } else { &feature.high };
            if value.abs() >= STRIKING { format!("very {word}") } else { word.clone() }
        })
        .collect();
    if words.is_empty() { "average".to_owned() } else { words.join(", ") }
}
