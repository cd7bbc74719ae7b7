//! Where the fields of a text begin.
//!
//! Eight bytes at a time in one 64-bit word (Warren, Hacker's Delight, 6-1: finding a byte in a word),
//! 64 bytes to a bit mask, what is between quotes found by a prefix sum over the quotes (Langdale and
//! Lemire, Parsing Gigabytes of JSON per Second, 3.1.1), and positions read off the mask in groups of
//! eight, so that the processor need not guess how long each field is.

/// Where fields begin, reused from piece to piece.
#[derive(Default)]
pub(super) struct Index {
    starts: Vec<u32>,
    len: usize,
}

/// Quotes in a text whose quotes match.
#[derive(Clone, Copy)]
pub(super) struct Quotes<'l> {
    pub quote: u8,
    /// Positions of those that are letters within a field, in order.
    pub letters: &'l [usize],
}

const LOW: u64 = 0x7F7F_7F7F_7F7F_7F7F;
const STEP: usize = 64;
/// Positions are written in groups of so many.
const GROUP: usize = 8;

impl Index {
    /// Where fields begin: first the text itself, then after each delimiter and line end outside quotes. A
    /// text that does not end with a line end counts as if it did. So field `i` is
    /// `starts[i] .. starts[i + 1] - 1`.
    pub fn starts(&self) -> &[u32] {
        &self.starts[..self.len]
    }

    /// Indexes `text`, which must be shorter than 4 GiB; `quotes` is none if it has none.
    pub fn fill(&mut self, text: &[u8], delimiter: u8, quotes: Option<Quotes<'_>>) {
        // Every byte could be a delimiter.
        let most = 2 + text.len() + STEP;
        if self.starts.len() < most {
            self.starts.resize(most, 0);
        }
        self.starts[0] = 0;
        self.len = 1;
        match quotes {
            None => self.fill_masked(text, |_, piece| matching(piece, delimiter) | matching(piece, b'\n')),
            Some(quotes) => {
                let mut letters = quotes.letters.iter().peekable();
                let mut carry = 0;
                self.fill_masked(text, |start, piece| {
                    let mut quote_bits = matching(piece, quotes.quote);
                    while let Some(letter) = letters.next_if(|letter| **letter < start + STEP) {
                        quote_bits &= !(1 << (letter - start));
                    }
                    let within = prefix_xor(quote_bits) ^ carry;
                    carry = 0u64.wrapping_sub(within >> 63);
                    (matching(piece, delimiter) | matching(piece, b'\n')) & !within
                });
            }
        }
        if text.last().is_some_and(|last| *last != b'\n') {
            self.starts[self.len] = text.len() as u32 + 1;
            self.len += 1;
        }
    }

    /// Collects the positions after the bits of `mask`, which is called for every 64 bytes.
    #[inline(always)]
    fn fill_masked(&mut self, text: &[u8], mut mask: impl FnMut(usize, &[u8; STEP]) -> u64) {
        let (pieces, rest) = text.as_chunks::<STEP>();
        let mut start = 0;
        for piece in pieces {
            let bits = mask(start, piece);
            self.collect(bits, start as u32 + 1);
            start += STEP;
        }
        if !rest.is_empty() {
            let mut piece = [0; STEP];
            piece[..rest.len()].copy_from_slice(rest);
            let bits = mask(start, &piece) & ((1 << rest.len()) - 1);
            self.collect(bits, start as u32 + 1);
        }
    }

    #[inline(always)]
    fn collect(&mut self, mut bits: u64, after: u32) {
        let end = self.len + bits.count_ones() as usize;
        let mut at = self.len;
        while at < end {
            for start in &mut self.starts[at..at + GROUP] {
                *start = after + bits.trailing_zeros();
                bits &= bits.wrapping_sub(1);
            }
            at += GROUP;
        }
        self.len = end;
    }
}

/// Bit `i` is set if byte `i` of the piece is `byte`.
#[inline(always)]
fn matching(piece: &[u8; STEP], byte: u8) -> u64 {
    let pattern = u64::from_le_bytes([byte; 8]);
    let mut mask = 0;
    let (words, _) = piece.as_chunks::<8>();
    for (position, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word) ^ pattern;
        // The top bit of each byte that is zero, exactly; then all eight into the lowest byte.
        let zeros = !(((word & LOW) + LOW) | word | LOW);
        let bits = (zeros >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        mask |= bits << (8 * position);
    }
    mask
}

/// Bit `i` is set if an odd number of the bits `0..=i` is.
#[inline(always)]
fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_delimiter_is_found_at_every_position() {
        let mut index = Index::default();
        for length in [1usize, 7, 8, 63, 64, 65, 127, 128, 200] {
            for step in 1..=length {
                // Letters that differ from the delimiter and LF in one bit, or are not ASCII.
                let mut text: Vec<u8> = (0..length).map(|i| [b'-', 0x0B, 0xAC, 0x8A][i % 4]).collect();
                let mut expected = vec![0u32];
                for at in (0..length).step_by(step) {
                    text[at] = if at % 2 == 0 { b',' } else { b'\n' };
                    expected.push(at as u32 + 1);
                }
                if text.last() != Some(&b'\n') {
                    expected.push(length as u32 + 1);
                }
                index.fill(&text, b',', None);
                assert_eq!(index.starts(), expected, "{length} {step}");
            }
        }
    }

    #[test]
    fn quotes_hide_delimiters_however_far_apart() {
        let mut index = Index::default();
        for length in [0usize, 1, 60, 61, 62, 63, 64, 200] {
            let text = format!("a\"b,\"{}\"\"\",c\n", ",\n".repeat(length));
            let letters = [1];
            let quotes = Quotes { quote: b'"', letters: &letters };
            index.fill(text.as_bytes(), b',', Some(quotes));
            let end = text.len() as u32;
            assert_eq!(index.starts(), [0, 4, end - 2, end], "{length}");
        }
    }
}
