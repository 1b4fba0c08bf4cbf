//! Sketches of character n-grams, whose bands similar documents share.
//!
//! The sketch is that of Dahlgaard, Knudsen and Thorup, "Fast Similarity Sketching" (FOCS 2017): every n-gram is
//! hashed once into one of the slots, and again in further rounds while slots are empty. The probability that a slot is
//! equal in two documents is their Jaccard similarity, as with independent MinHash functions; but a long document takes
//! one round, whatever the number of slots, and a short one is as exact as with independent functions.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::sentence::is_blank;

/// Least probability that two documents just at the threshold share a band.
const RECALL: f64 = 0.99;
/// Slots of a sketch, at most.
const MOST_SLOTS: u32 = 128;
const EMPTY: u64 = u64::MAX;

/// Division of a sketch into bands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Number of bands.
    pub bands: u32,
    /// Number of slots of a band.
    pub rows: u32,
}

impl Shape {
    /// Chooses the longest bands, so the fewest false candidates, that reach the recall.
    ///
    /// At similarity s, two documents share a band with probability 1 − (1 − s^rows)^bands.
    pub fn for_threshold(threshold: f64) -> Self {
        let shape = |rows: u32| {
            let miss = 1.0 - threshold.powi(rows as i32);
            let bands = if miss <= 0.0 { 1.0 } else { ((1.0 - RECALL).ln() / miss.ln()).ceil().max(1.0) };
            Self { bands: bands.min(f64::from(u32::MAX / MOST_SLOTS)) as u32, rows }
        };
        let fits = |shape: &Self| shape.bands * shape.rows <= MOST_SLOTS;
        (1..=16).rev().map(shape).find(fits).unwrap_or(shape(1))
    }
}

/// Sketches documents; one for each thread.
pub struct Sketcher {
    ngram: usize,
    shape: Shape,
    grams: Vec<u64>,
    slots: Vec<u64>,
    bytes: Vec<u8>,
    /// Ring of the last `ngram` characters.
    window: Vec<u64>,
}

/// An odd random number: the base of the rolling hash.
const BASE: u64 = 0x9fb2_1c65_1e98_df25;
const MIX: u64 = 0xd6e8_feb8_6659_fd93;

impl Sketcher {
    /// Sketches n-grams of `ngram` characters.
    pub fn new(ngram: u32, shape: Shape) -> Self {
        let slots = vec![EMPTY; (shape.bands * shape.rows) as usize];
        let ngram = ngram as usize;
        Self { ngram, shape, grams: Vec::new(), slots, bytes: Vec::new(), window: vec![0; ngram] }
    }

    /// Hashes the bands of a text; none if it is blank.
    pub fn bands(&mut self, text: &str) -> Vec<u64> {
        self.hash_grams(text);
        if self.grams.is_empty() {
            return Vec::new();
        }
        self.sketch();
        let rows = self.slots.chunks_exact(self.shape.rows as usize);
        let bytes = &mut self.bytes;
        let hash = |(band, rows): (u64, &[u64])| {
            bytes.clear();
            rows.iter().for_each(|slot| bytes.extend_from_slice(&slot.to_le_bytes()));
            xxh3_64_with_seed(bytes, band)
        };
        (0..).zip(rows).map(hash).collect()
    }

    /// Computes a rolling polynomial hash of every n-gram; of a shorter text, one of the whole.
    fn hash_grams(&mut self, text: &str) {
        self.grams.clear();
        self.window.fill(0);
        let leaving = BASE.wrapping_pow(self.ngram as u32);
        let (mut hash, mut at, mut count) = (0u64, 0, 0usize);
        for c in text.chars().filter(|&c| !is_blank(c)) {
            let entering = (u64::from(u32::from(c)) + 1).wrapping_mul(MIX);
            let out = std::mem::replace(&mut self.window[at], entering);
            hash = hash.wrapping_mul(BASE).wrapping_add(entering).wrapping_sub(out.wrapping_mul(leaving));
            at = if at + 1 == self.ngram { 0 } else { at + 1 };
            count += 1;
            if count >= self.ngram {
                self.grams.push(hash);
            }
        }
        if (1..self.ngram).contains(&count) {
            self.grams.push(hash);
        }
    }

    /// Fills the slots. The values of a round are below those of the next, so later rounds only fill empty slots.
    fn sketch(&mut self) {
        self.slots.fill(EMPTY);
        let count = self.slots.len() as u64;
        for round in 0..2 * count {
            let salt = (round + 1).wrapping_mul(BASE);
            for &gram in &self.grams {
                let hash = mix(gram ^ salt);
                // From round `count` on, each fills one slot for certain.
                let slot = if round < count { ((hash >> 32) * count) >> 32 } else { round - count };
                let value = (round << 32) | (hash & 0xffff_ffff);
                let slot = &mut self.slots[slot as usize];
                *slot = value.min(*slot);
            }
            if !self.slots.contains(&EMPTY) {
                return;
            }
        }
    }
}

/// Mixes by folding a 128-bit product: every bit of `x` reaches every bit of the result.
fn mix(x: u64) -> u64 {
    let product = u128::from(x ^ 0xa076_1d64_78bd_642f) * u128::from(MIX);
    let folded = (product >> 64) as u64 ^ product as u64;
    (folded ^ (folded >> 29)).wrapping_mul(BASE)
}

/// Returns the exact set of a text's n-grams of at most six characters, sorted.
///
/// Blanks are left out; a text shorter than an n-gram is one n-gram.
pub fn gram_set(text: &str, ngram: u32) -> Vec<u128> {
    debug_assert!((1..=6).contains(&ngram));
    let mask = (1u128 << (21 * ngram)) - 1;
    let (mut gram, mut count) = (0u128, 0);
    let mut grams = Vec::with_capacity(text.len() / 3);
    for c in text.chars().filter(|&c| !is_blank(c)) {
        // No character is 0 afterwards, so n-grams of different lengths differ; char::MAX + 1 fits 21 bits.
        gram = ((gram << 21) | u128::from(u32::from(c) + 1)) & mask;
        count += 1;
        if count >= ngram {
            grams.push(gram);
        }
    }
    if count > 0 && count < ngram {
        grams.push(gram);
    }
    grams.sort_unstable();
    grams.dedup();
    grams
}

/// Counts the n-grams that two sets share.
pub fn shared(a: &[u128], b: &[u128]) -> usize {
    let (mut i, mut j, mut shared) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        shared += usize::from(a[i] == b[j]);
        let (x, y) = (a[i], b[j]);
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
    shared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_as_long_as_recall_allows() {
        assert_eq!(Shape::for_threshold(0.8), Shape { bands: 16, rows: 6 });
        for percent in 10..=100 {
            let threshold = f64::from(percent) / 100.0;
            let Shape { bands, rows } = Shape::for_threshold(threshold);
            assert!(1.0 - (1.0 - threshold.powi(rows as i32)).powi(bands as i32) >= 0.99, "{threshold}");
        }
    }

    #[test]
    fn slots_are_equal_as_often_as_the_sets_are_alike() {
        let shape = Shape { bands: 128, rows: 1 };
        // 30 and 3,000 n-grams: many rounds, and one.
        for size in [30u32, 3000] {
            let (mut equal, mut all) = (0, 0);
            for trial in 0..200u32 {
                let text = |from: u32, to: u32| -> String {
                    (from..to).filter_map(|i| char::from_u32(0x20000 + (trial * 7919 + i) % 40000)).collect()
                };
                let mut sketcher = Sketcher::new(1, shape);
                // size − size/10 shared of size + size/10 in all: 0.9 / 1.1.
                let a = sketcher.bands(&text(0, size));
                let b = sketcher.bands(&text(size / 10, size + size / 10));
                equal += a.iter().zip(&b).filter(|(x, y)| x == y).count();
                all += a.len();
            }
            let estimate = equal as f64 / all as f64;
            assert!((estimate - 0.9 / 1.1).abs() < 0.02, "{size}: {estimate}");
        }
    }

    #[test]
    fn sets_leave_blanks_out() {
        assert_eq!(gram_set("a▁b\nc d", 2), gram_set("abcd", 2));
        assert_eq!(gram_set("abab", 2).len(), 2);
        assert_eq!(gram_set("a", 5).len(), 1);
        assert_eq!(gram_set("▁\n", 5).len(), 0);
        let (a, b) = (gram_set("abcd", 2), gram_set("bcde", 2));
        assert_eq!(shared(&a, &b), 2);
    }
}
