//! Samples of a few examples that do not depend on how the work was divided.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Keys kept for each example shown, as not every document gives one.
const TRIES: usize = 4;

/// File and number of a document, ordered by a hash, so that the smallest keys are scattered over the input.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SampleKey {
    hash: u64,
    /// File, as the config names it.
    pub file: String,
    /// Number of the document in the file, as the reader counts them.
    pub document: u64,
}

impl SampleKey {
    /// Makes the key of a document.
    pub fn new(file: &str, document: u64) -> Self {
        Self { hash: xxh3_64_with_seed(file.as_bytes(), document), file: file.to_owned(), document }
    }
}

/// Examples at the smallest keys of those offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Rows<T>", into = "Rows<T>", bound(serialize = "T: Clone + Serialize"))]
pub struct Sample<T> {
    tried: BTreeMap<SampleKey, Option<T>>,
}

/// Serialized form of a sample: JSON has no maps with such keys.
type Rows<T> = Vec<(SampleKey, Option<T>)>;

impl<T> Default for Sample<T> {
    fn default() -> Self {
        Self { tried: BTreeMap::new() }
    }
}

impl<T> From<Rows<T>> for Sample<T> {
    fn from(rows: Rows<T>) -> Self {
        Self { tried: rows.into_iter().collect() }
    }
}

impl<T> From<Sample<T>> for Rows<T> {
    fn from(sample: Sample<T>) -> Self {
        sample.tried.into_iter().collect()
    }
}

impl<T> Sample<T> {
    /// Examples shown.
    pub const SHOWN: usize = 5;

    const CAPACITY: usize = Self::SHOWN * TRIES;

    /// Tests if an example with this key could be among the first.
    pub fn wants(&self, key: &SampleKey) -> bool {
        self.tried.len() < Self::CAPACITY || self.tried.last_key_value().is_some_and(|(last, _)| key < last)
    }

    /// Adds the example of a key, or notes that it has none.
    pub fn offer(&mut self, key: SampleKey, example: Option<T>) {
        if self.wants(&key) {
            self.tried.insert(key, example);
            if self.tried.len() > Self::CAPACITY {
                self.tried.pop_last();
            }
        }
    }

    /// Adds the examples of another sample.
    pub fn merge(&mut self, other: Self) {
        for (key, example) in other.tried {
            self.offer(key, example);
        }
    }

    /// Lists the examples to show with their keys.
    pub fn shown(&self) -> impl Iterator<Item = (&SampleKey, &T)> {
        let found = self.tried.iter().filter_map(|(key, example)| Some((key, example.as_ref()?)));
        found.take(Self::SHOWN)
    }
}
