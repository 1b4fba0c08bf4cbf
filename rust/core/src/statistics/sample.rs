//! A few examples of many, the same ones however the work was divided.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Places that are tried for each example that is wanted, as not every key gives one.
const TRIES: usize = 4;

/// Where a document stands. Ordered by a hash, so that the first places are scattered over the input.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SampleKey {
    hash: u64,
    /// The file, as the config names it.
    pub file: String,
    /// The number of the document in the file, as the reader counts them.
    pub document: u64,
}

impl SampleKey {
    /// The key of a document.
    pub fn new(file: &str, document: u64) -> Self {
        Self { hash: xxh3_64_with_seed(file.as_bytes(), document), file: file.to_owned(), document }
    }
}

/// The examples at the smallest places of those that were offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Rows<T>", into = "Rows<T>", bound(serialize = "T: Clone + Serialize"))]
pub struct Sample<T> {
    tried: BTreeMap<SampleKey, Option<T>>,
}

/// How a sample is written: JSON has no maps with such keys.
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
    /// Examples that are shown.
    pub const SHOWN: usize = 5;

    const CAPACITY: usize = Self::SHOWN * TRIES;

    /// Whether an example from this key could still be among the first.
    pub fn wants(&self, key: &SampleKey) -> bool {
        self.tried.len() < Self::CAPACITY || self.tried.last_key_value().is_some_and(|(last, _)| key < last)
    }

    /// Takes the example of a key, or that it has none.
    pub fn offer(&mut self, key: SampleKey, example: Option<T>) {
        if self.wants(&key) {
            self.tried.insert(key, example);
            if self.tried.len() > Self::CAPACITY {
                self.tried.pop_last();
            }
        }
    }

    /// Takes what another sample holds.
    pub fn merge(&mut self, other: Self) {
        for (key, example) in other.tried {
            self.offer(key, example);
        }
    }

    /// The examples to show, with their places.
    pub fn shown(&self) -> impl Iterator<Item = (&SampleKey, &T)> {
        let found = self.tried.iter().filter_map(|(key, example)| Some((key, example.as_ref()?)));
        found.take(Self::SHOWN)
    }
}
