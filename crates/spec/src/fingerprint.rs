//! A number that changes when, and only when, a model's result may change.

use sqlparser::tokenizer::{Token, Tokenizer};

use crate::header::Header;
use crate::query::DIALECT;

#[cfg(test)]
mod tests;

/// 128-bit FNV-1a, written here because it is a few lines that never change, while a fingerprint
/// must stay the same across processes, machines and versions of everything.
///
/// Fowler, Noll, Vo; parameters from <http://www.isthe.com/chongo/tech/comp/fnv/>.
struct Fnv(u128);

impl Fnv {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u128::from(*byte)).wrapping_mul(Fnv::PRIME);
        }
    }

    /// A text with its length, so that "ab", "c" and "a", "bc" differ.
    fn text(&mut self, text: &str) {
        self.bytes(&(text.len() as u64).to_le_bytes());
        self.bytes(text.as_bytes());
    }

    fn texts<'a>(&mut self, texts: impl ExactSizeIterator<Item = &'a str>) {
        self.bytes(&(texts.len() as u64).to_le_bytes());
        texts.for_each(|text| self.text(text));
    }
}

/// 32 hexadecimal digits for what decides the result: header without descriptions, SQL without
/// comments, line breaks and letter case of unquoted words.
pub(crate) fn fingerprint(header: &Header, sql: &str) -> String {
    let mut hash = Fnv(Fnv::OFFSET);
    hash.text(header.kind.as_str());
    for columns in [&header.key, &header.first_by, &header.last_by, &header.partition_by] {
        hash.texts(columns.iter().map(String::as_str));
    }
    hash.bytes(&(header.expect.len() as u64).to_le_bytes());
    for expectation in &header.expect {
        hash.text(&expectation.name);
        hash.text(expectation.on_fail.as_str());
        hash.texts(words(&expectation.that).iter().map(String::as_str));
    }
    hash.texts(words(sql).iter().map(String::as_str));
    // Nothing at all where there is none, as before there could be one.
    for input in &header.optional {
        hash.text(&input.table.to_string());
        hash.texts(input.columns.iter().flat_map(|(name, data_type)| [name.as_str(), data_type]).collect::<Vec<_>>().into_iter());
    }
    format!("{:032x}", hash.0)
}

/// The tokens of a SQL text that carry meaning.
pub(crate) fn words(sql: &str) -> Vec<String> {
    let Ok(tokens) = Tokenizer::new(&DIALECT, sql).tokenize() else {
        // Parsed SQL always tokenizes; hashing it as it stands would still be right.
        return vec![sql.to_string()];
    };
    tokens
        .iter()
        .filter_map(|token| match token {
            Token::Whitespace(_) => None,
            Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_ascii_lowercase()),
            other => Some(other.to_string()),
        })
        .collect()
}
