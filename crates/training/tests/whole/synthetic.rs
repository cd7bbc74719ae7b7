//! Clicks by a stated law.

use training::{Column, Dataset, Frame};

/// A small random number generator, so that the tests do not rest on ours.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        let mut dice = Self(seed.wrapping_mul(0x2545_F491_4F6C_DD1D) | 1);
        // The first numbers of small seeds are alike.
        for _ in 0..50 {
            dice.unit();
        }
        dice
    }

    /// From 0 to 1.
    pub fn unit(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Impressions of which about a tenth is clicked, and the true probability of each: a curve in the hour, steps in the position, an effect of
/// the device, and a number that says nothing. Times ascend; every row has one of 500 users.
pub fn impressions(rows: usize, seed: u64) -> (Dataset, Vec<f64>) {
    let mut dice = Dice::new(seed);
    let (mut hours, mut positions, mut noise, mut devices) = (vec![], vec![], vec![], vec![]);
    let (mut labels, mut truth, mut users) = (vec![], vec![], vec![]);
    for _ in 0..rows {
        let hour = (24.0 * dice.unit()).floor();
        let position = (5.0 * dice.unit()).floor();
        let device = ["phone", "tablet", "tv", "desktop"][(4.0 * dice.unit()) as usize];
        let effect = match device {
            "phone" => 0.8,
            "tv" => -1.0,
            _ => 0.0,
        };
        let log_odds = -2.3 + 1.2 * (hour / 24.0 * std::f64::consts::TAU).sin() - 0.5 * position + effect;
        let probability = 1.0 / (1.0 + f64::exp(-log_odds));
        hours.push(hour);
        positions.push(position);
        noise.push(dice.unit());
        devices.push(Some(device));
        labels.push(dice.unit() < probability);
        users.push((500.0 * dice.unit()) as u64);
        truth.push(probability);
    }
    let frame = Frame::new([
        ("hour_of_day", Column::from(hours)),
        ("ad_position", positions.into()),
        ("noise", noise.into()),
        ("device_type", Column::texts(devices)),
    ]);
    let data = Dataset::new(frame.unwrap(), labels).unwrap();
    (data.with_times((0..rows as i64).collect::<Vec<_>>()).unwrap().with_groups(users).unwrap(), truth)
}
