//! Cuts a stream of batches into parts, each finished once.
//!
//! The end of a part depends on the text alone, so a resumed run cuts the same parts. The hash of a finished part's
//! lines shows whether the input has changed since.

use xxhash_rust::xxh3::Xxh3;

/// Hash of the raw lines of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct RawHash(u128);

impl From<RawHash> for String {
    fn from(hash: RawHash) -> Self {
        format!("{:032x}", hash.0)
    }
}

impl TryFrom<String> for RawHash {
    type Error = std::num::ParseIntError;

    fn try_from(hex: String) -> Result<Self, Self::Error> {
        u128::from_str_radix(&hex, 16).map(Self)
    }
}

/// Treatment of a batch.
#[derive(Debug, PartialEq, Eq)]
pub enum Cut {
    /// Process it for the part of this number, which ends with it if there is a hash.
    Work(u32, Option<RawHash>),
    /// Skip it: its part is finished.
    Skip,
    /// Refuse it: its part is finished, but was made of other lines.
    Changed,
}

/// Assigns batches to parts.
pub struct PartCutter<'f> {
    limit: usize,
    finished: &'f [RawHash],
    number: u32,
    bytes: usize,
    empty: bool,
    hash: Xxh3,
}

impl<'f> PartCutter<'f> {
    /// Cuts parts of at least `limit` bytes of lines; the first ones are `finished`.
    pub fn new(limit: usize, finished: &'f [RawHash]) -> Self {
        Self { limit, finished, number: 0, bytes: 0, empty: true, hash: Xxh3::new() }
    }

    /// Takes the next batch: its lines, and numbers that identify them.
    pub fn take(&mut self, lines: &[u8], places: impl Iterator<Item = u64>) -> Cut {
        self.hash.update(lines);
        places.for_each(|place| self.hash.update(&place.to_le_bytes()));
        self.bytes += lines.len();
        self.empty = false;
        let number = self.number;
        let whole = if self.bytes >= self.limit { self.end() } else { None };
        match self.finished.get(number as usize) {
            None => Cut::Work(number, whole),
            Some(finished) if whole.is_some_and(|whole| whole != *finished) => Cut::Changed,
            Some(_) => Cut::Skip,
        }
    }

    /// Ends the last part, which may not be full; none if it is empty.
    pub fn finish(mut self) -> Option<Cut> {
        let number = self.number;
        let whole = self.end()?;
        Some(match self.finished.get(number as usize) {
            None => Cut::Work(number, Some(whole)),
            Some(finished) if whole != *finished => Cut::Changed,
            Some(_) => Cut::Skip,
        })
    }

    fn end(&mut self) -> Option<RawHash> {
        if self.empty {
            return None;
        }
        let whole = RawHash(self.hash.digest128());
        self.hash.reset();
        (self.bytes, self.empty) = (0, true);
        self.number += 1;
        Some(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cuts(finished: &[RawHash], batches: &[&[u8]]) -> Vec<Cut> {
        let mut cutter = PartCutter::new(8, finished);
        let mut cuts: Vec<Cut> = batches.iter().map(|lines| cutter.take(lines, [0, 4].into_iter())).collect();
        cuts.extend(cutter.finish());
        cuts
    }

    fn parts(cuts: &[Cut]) -> Vec<(u32, bool)> {
        let part =
            |cut: &Cut| if let Cut::Work(part, hash) = cut { Some((*part, hash.is_some())) } else { None };
        cuts.iter().filter_map(part).collect()
    }

    fn hashes(cuts: &[Cut]) -> Vec<RawHash> {
        cuts.iter().filter_map(|cut| if let Cut::Work(_, hash) = cut { *hash } else { None }).collect()
    }

    const BATCHES: [&[u8]; 4] = [b"12345", b"678", b"9", b"10"];

    #[test]
    fn a_part_ends_with_the_batch_that_fills_it_and_with_the_input() {
        assert_eq!(parts(&cuts(&[], &BATCHES)), [(0, false), (0, true), (1, false), (1, false), (1, true)]);
        assert_eq!(parts(&cuts(&[], &BATCHES[..2])), [(0, false), (0, true)]);
        assert_eq!(parts(&cuts(&[], &[])), []);
    }

    #[test]
    fn finished_parts_are_skipped_if_the_lines_are_the_same() {
        let before = hashes(&cuts(&[], &BATCHES));
        let again = cuts(&before[..1], &BATCHES);
        assert_eq!(again[..2], [Cut::Skip, Cut::Skip]);
        assert_eq!(hashes(&again), before[1..]);
        assert!(cuts(&before, &BATCHES).iter().all(|cut| *cut == Cut::Skip));
        assert_eq!(cuts(&before[..1], &[b"12345", b"6x8"])[1], Cut::Changed);
        assert_eq!(cuts(&before, &BATCHES[..3]).last(), Some(&Cut::Changed));
    }
}
