//! Runs of kanji that were read before: most runs come again, and hold no name.

use rustc_hash::FxHashMap;

/// The most runs that are remembered, which take some MB.
const MOST: usize = 50_000;

/// Properties of a run, whatever stands around it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Known {
    /// True if no word of the run is a name: without an honorific behind it, and with one.
    pub nameless: [bool; 2],
    /// True if a name may be in it by its shape; `None` before that is asked.
    pub shaped: Option<bool>,
    /// True if it may be a given name alone; `None` before that is asked.
    pub given: Option<bool>,
}

/// Runs with what is known of them.
#[derive(Default)]
pub struct KnownRuns {
    /// Runs of up to 16 bytes, which are most, as numbers: no pointer is followed to compare them.
    short: FxHashMap<u128, Known>,
    long: FxHashMap<Box<str>, Known>,
}

impl KnownRuns {
    /// Returns what is known of a run.
    pub fn get(&self, run: &str) -> Known {
        let known = match number(run) {
            Some(number) => self.short.get(&number),
            None => self.long.get(run),
        };
        known.copied().unwrap_or_default()
    }

    /// Remembers a run.
    pub fn set(&mut self, run: &str, known: Known) {
        if self.short.len() + self.long.len() >= MOST {
            self.short.clear();
            self.long.clear();
        }
        match number(run) {
            Some(number) => self.short.insert(number, known),
            None => self.long.insert(run.into(), known),
        };
    }
}

/// Returns the bytes of a run as a number, as none of them is 0; `None` for more than 16.
fn number(run: &str) -> Option<u128> {
    let mut bytes = [0; 16];
    bytes.get_mut(..run.len())?.copy_from_slice(run.as_bytes());
    Some(u128::from_le_bytes(bytes))
}
