//! What is summed in a bin, and what one row adds to it.

/// Sums over rows, in whole numbers.
pub(crate) trait Cell: Copy + Default + Send + Sync {
    fn add(&mut self, other: Self);
    /// What is left without a part of it.
    fn minus(self, part: Self) -> Self;
    /// Rows, each as often as it was drawn.
    fn count(self) -> u32;
}

/// One row as a tree sees it; kept in the order of the tree's nodes.
pub(crate) trait Sample: Copy + Default + Send + Sync {
    type Cell: Cell;
    fn row(self) -> u32;
    fn cell(self) -> Self::Cell;
}

/// Draws in the lower 32 bits, positive draws in the upper: one addition sums both.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Packed(u64);

impl Packed {
    pub(crate) fn positive(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

impl Cell for Packed {
    #[inline]
    fn add(&mut self, other: Self) {
        self.0 = self.0.wrapping_add(other.0);
    }

    fn minus(self, part: Self) -> Self {
        Self(self.0.wrapping_sub(part.0))
    }

    #[inline]
    fn count(self) -> u32 {
        self.0 as u32
    }
}

/// A row drawn for a tree, some number of times.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Draw {
    row: u32,
    /// How often, times two; plus one if the label is true.
    count_and_label: u32,
}

impl Draw {
    /// `count` is below 2^31.
    pub(crate) fn new(row: u32, count: u32, label: bool) -> Self {
        Self { row, count_and_label: count << 1 | u32::from(label) }
    }
}

impl Sample for Draw {
    type Cell = Packed;

    #[inline]
    fn row(self) -> u32 {
        self.row
    }

    #[inline]
    fn cell(self) -> Packed {
        let count = u64::from(self.count_and_label >> 1);
        let positive = count & u64::from(self.count_and_label & 1).wrapping_neg();
        Packed(count | positive << 32)
    }
}

/// Two sums of fixed-point numbers and a count: (gradient, hessian) or (positive weight, weight).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Wide {
    first: i64,
    /// The second sum in the upper 36 bits, rows in the lower 28.
    second_and_count: u64,
}

impl Wide {
    /// The most rows one sum can count.
    pub(crate) const ROWS: usize = 1 << 28;
    /// The most that the second sum may come to.
    pub(crate) const SECOND: u64 = 1 << 35;

    pub(crate) fn first(self) -> f64 {
        self.first as f64
    }

    pub(crate) fn second(self) -> f64 {
        (self.second_and_count >> 28) as f64
    }
}

impl Cell for Wide {
    #[inline]
    fn add(&mut self, other: Self) {
        self.first = self.first.wrapping_add(other.first);
        self.second_and_count = self.second_and_count.wrapping_add(other.second_and_count);
    }

    fn minus(self, part: Self) -> Self {
        Self { first: self.first.wrapping_sub(part.first), second_and_count: self.second_and_count.wrapping_sub(part.second_and_count) }
    }

    #[inline]
    fn count(self) -> u32 {
        (self.second_and_count & (Self::ROWS as u64 - 1)) as u32
    }
}

/// A row with its two fixed-point numbers.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Graded {
    row: u32,
    first: i32,
    second: u32,
}

impl Graded {
    pub(crate) fn new(row: u32, first: i32, second: u32) -> Self {
        Self { row, first, second }
    }

    pub(crate) fn row_number(self) -> usize {
        self.row as usize
    }
}

impl Sample for Graded {
    type Cell = Wide;

    #[inline]
    fn row(self) -> u32 {
        self.row
    }

    #[inline]
    fn cell(self) -> Wide {
        Wide { first: i64::from(self.first), second_and_count: u64::from(self.second) << 28 | 1 }
    }
}
