//! Numbers as hexadecimal text, which a JSON file holds exactly and in little room.

use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// Writes 32-bit words, eight digits each.
pub(super) fn serialize<S: Serializer>(words: &[u32], serializer: S) -> Result<S::Ok, S::Error> {
    let digit = |word: u32, place: u32| char::from_digit(word >> (28 - 4 * place) & 15, 16).unwrap_or('0');
    let text: String = words.iter().flat_map(|word| (0..8).map(move |place| digit(*word, place))).collect();
    serializer.serialize_str(&text)
}

/// Reads them.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u32>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let word = |digits: &[u8]| {
        let text = std::str::from_utf8(digits).ok().filter(|_| digits.len() == 8)?;
        u32::from_str_radix(text, 16).ok()
    };
    let words: Option<Vec<_>> = text.as_bytes().chunks(8).map(word).collect();
    words.ok_or_else(|| D::Error::custom("packed weights that are not hexadecimal"))
}
