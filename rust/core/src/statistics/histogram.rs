//! Histogram whose bins grow with the values.

use serde::{Deserialize, Serialize};

/// Bins of an octave: 0, 1, 2, 3, 4, 5, 6, 7, 8–9, 10–11, 12–13, 14–15, 16–19, …
const STEPS: u64 = 4;

/// Counts values in bins whose width is a quarter of the power of two below them; `[i]` counts the bin from
/// [`Histogram::lower`]`(i)` up to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Histogram(Vec<u64>);

impl Histogram {
    /// Counts a value.
    pub fn add(&mut self, value: u64) {
        let bin = bin(value);
        if bin >= self.0.len() {
            self.0.resize(bin + 1, 0);
        }
        self.0[bin] += 1;
    }

    /// Adds the counts of another histogram.
    pub fn merge(&mut self, other: &Self) {
        if other.0.len() > self.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (ours, theirs) in self.0.iter_mut().zip(&other.0) {
            *ours += theirs;
        }
    }

    /// Returns the smallest value of a bin.
    pub fn lower(bin: usize) -> u64 {
        let (octave, step) = (bin as u64 / STEPS, bin as u64 % STEPS);
        if octave == 0 { step } else { (STEPS + step) << (octave - 1) }
    }
}

fn bin(value: u64) -> usize {
    let bin = match value.checked_ilog2() {
        None | Some(0 | 1) => value,
        Some(octave) => STEPS * (u64::from(octave) - 1) + ((value >> (octave - 2)) & (STEPS - 1)),
    };
    bin as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_follow_each_other_and_hold_their_values() {
        let mut last = 0;
        for value in 0..100_000 {
            let bin = bin(value);
            assert!(bin == last || bin == last + 1, "{value}");
            assert!(Histogram::lower(bin) <= value && value < Histogram::lower(bin + 1), "{value}");
            last = bin;
        }
        assert_eq!(bin(u64::MAX), 4 * 62 + 3);
    }
}
