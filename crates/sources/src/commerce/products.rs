//! What the shop sells.

use crate::synthetic::draw::{Draws, Stream, Weighted};

/// Products of the shop.
pub const PRODUCTS: usize = 2000;

const COLOURS: [&str; 12] = ["RED", "WHITE", "BLUE", "PINK", "IVORY", "GREEN", "BLACK", "CREAM", "SILVER", "RETRO", "VINTAGE", "WOODEN"];
const PATTERNS: [&str; 10] = ["SPOT", "HEART", "STAR", "ROSE", "STRIPE", "BIRD", "CHRISTMAS", "PAISLEY", "POLKADOT", "£1 CLUB"];
const THINGS: [&str; 20] = [
    "T-LIGHT HOLDER",
    "LUNCH BAG",
    "CAKE STAND",
    "MUG",
    "BUNTING",
    "CANDLE",
    "DOORMAT",
    "PHOTO FRAME",
    "LANTERN",
    "TEA TOWEL",
    "HOT WATER BOTTLE",
    "JAM JAR",
    "CLOCK",
    "APRON",
    "GIFT WRAP",
    "UMBRELLA",
    "PAPER CHAIN KIT",
    "TIN",
    "NECKLACE",
    "CUSHION COVER",
];

/// A product.
pub(super) struct Product {
    pub(super) code: String,
    pub(super) description: String,
    /// In hundredths.
    pub(super) price: i64,
}

/// The shop's products and how often each is taken.
pub(super) struct Products {
    products: Vec<Product>,
    popularity: Weighted,
}

impl Products {
    pub(super) fn new(seed: u64) -> Self {
        let products = (0..PRODUCTS).map(|number| {
            let mut draws = Draws::new(seed, Stream::Product, number as u64);
            let letter = if draws.chance(0.25) { ["A", "B", "C", "L"][draws.below(4)] } else { "" };
            let description = format!(
                "{} {} {}",
                COLOURS[draws.below(COLOURS.len())],
                PATTERNS[draws.below(PATTERNS.len())],
                THINGS[draws.below(THINGS.len())]
            );
            let price = 210.0 * (0.9 * draws.normal()).exp();
            // Ends in 5: 0.05, 0.15, 0.25 …
            let price = 10 * (price / 10.0) as i64 + 5;
            Product { code: format!("{}{letter}", 20_000 + 7 * number), description, price }
        });
        let popularity = Weighted::new((0..PRODUCTS).map(|rank| 1.0 / (rank as f64 + 20.0)));
        Self { products: products.collect(), popularity }
    }

    pub(super) fn pick(&self, draws: &mut Draws) -> &Product {
        &self.products[self.popularity.pick(draws)]
    }
}
