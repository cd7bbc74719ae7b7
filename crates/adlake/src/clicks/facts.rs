//! The leak audit, told what is known of the rows.

use std::collections::BTreeMap;

use features::Provenance;
use spec::KnownFrom;
use training::audit::{Audit, AuditSettings, Facts};
use training::{Dataset, Split, Splitting};

/// Looks for leaks in rows and their split, by their values and by what is known of their features. Without `has_times` the data set's times
/// are places, which say nothing of instants.
pub(super) fn audited(
    data: &Dataset,
    split: Option<(&Split, Splitting)>,
    provenance: &Provenance,
    has_times: bool,
) -> training::Result<Audit> {
    let events = data.times().filter(|_| has_times).unwrap_or_default();
    let mut instants = BTreeMap::new();
    for from in provenance.known_from.values() {
        // Few kinds of knowledge, many features.
        instants.entry(*from).or_insert_with(|| events.iter().map_while(|event| from.last_known(*event)).collect::<Vec<_>>());
    }
    let known = provenance.known_from.iter().map(|(name, from)| (name.as_str(), instants[from].as_slice()));
    let known_at: Vec<_> = known.filter(|(_, instants)| !instants.is_empty()).collect();
    // What is known with the label is of it, also where no instants can be compared.
    let with_label = provenance.known_from.iter().filter(|(_, from)| !has_times && **from == KnownFrom::Label).map(|(name, _)| name);
    let from_label: Vec<_> = provenance.from_label.iter().chain(with_label).map(String::as_str).collect();
    let facts =
        Facts { splitting: split.map(|(_, splitting)| splitting), known_at: &known_at, from_label: &from_label, ..Facts::default() };
    Audit::of(data, split.map(|(split, _)| split), &facts, &AuditSettings::default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use training::audit::Kind;
    use training::{Column, Frame};

    use super::*;

    /// Rows of a week, midnights among them, with two features that say nothing of the label.
    fn rows() -> Dataset {
        let quarter = 15 * 60 * 1_000_000;
        let number = |row: u64, salt: u64| (row.wrapping_mul(0x9E37_79B9_7F4A_7C15 ^ salt) >> 40) as f64;
        let column = |salt: u64| Column::from((0..672).map(|row| number(row, salt)).collect::<Vec<_>>());
        let frame = Frame::new([("rate", column(1)), ("outcome", column(2))]).unwrap();
        let labels = (0..672).map(|row| number(row, 3) % 5.0 < 1.0).collect::<Vec<_>>();
        Dataset::new(frame, labels).unwrap().with_times((0..672).map(|row| row * quarter).collect::<Vec<_>>()).unwrap()
    }

    fn named(known: [KnownFrom; 2], from_label: &[&str], has_times: bool) -> Vec<(Kind, Option<String>)> {
        let known_from = ["rate", "outcome"].map(str::to_owned).into_iter().zip(known).collect();
        let provenance = Provenance { known_from, from_label: from_label.iter().map(|name| (*name).to_owned()).collect() };
        let audit = audited(&rows(), None, &provenance, has_times).unwrap();
        audit.leaks().map(|leak| (leak.kind, leak.feature.clone())).collect()
    }

    #[test]
    fn a_feature_that_is_known_with_the_label_is_named() {
        let outcome = Some("outcome".to_owned());
        assert_eq!(named([KnownFrom::Midnight, KnownFrom::Label], &[], true), [(Kind::KnownTooLate, outcome.clone())]);
        assert_eq!(named([KnownFrom::Event, KnownFrom::Ad], &["outcome"], true), [(Kind::DerivedFromLabel, outcome.clone())]);
        // Rows without instants.
        assert_eq!(named([KnownFrom::Midnight, KnownFrom::Label], &[], false), [(Kind::DerivedFromLabel, outcome.clone())]);
        // Control: the same values, said to be known before.
        for before in [KnownFrom::Request, KnownFrom::Ad, KnownFrom::Midnight, KnownFrom::Event] {
            for has_times in [true, false] {
                assert_eq!(named([KnownFrom::Midnight, before], &[], has_times), []);
            }
        }
    }
}
