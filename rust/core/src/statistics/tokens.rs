//! Statistics of encoded documents.

use serde::{Deserialize, Serialize};

use super::histogram::Histogram;

/// Tokens and morphemes of encoded documents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenStatistics {
    /// Documents.
    pub documents: u64,
    /// UTF-8 bytes of the encoded text.
    pub bytes: u64,
    /// Tokens, beginnings and ends of text included.
    pub tokens: u64,
    /// Morphemes.
    pub morphemes: u64,
    /// Documents by their number of tokens.
    pub lengths: Histogram,
    /// Number of occurrences of each id, up to the last id that occurs.
    pub frequency: Vec<u64>,
}

impl TokenStatistics {
    /// Counts an encoded document.
    pub fn add(&mut self, text: &str, morphemes: u64, ids: &[u32]) {
        self.documents += 1;
        self.bytes += text.len() as u64;
        self.tokens += ids.len() as u64;
        self.morphemes += morphemes;
        self.lengths.add(ids.len() as u64);
        for &id in ids {
            let id = id as usize;
            if id >= self.frequency.len() {
                self.frequency.resize(id + 1, 0);
            }
            self.frequency[id] += 1;
        }
    }

    /// Adds the statistics of another part.
    pub fn merge(&mut self, other: &Self) {
        self.documents += other.documents;
        self.bytes += other.bytes;
        self.tokens += other.tokens;
        self.morphemes += other.morphemes;
        self.lengths.merge(&other.lengths);
        if other.frequency.len() > self.frequency.len() {
            self.frequency.resize(other.frequency.len(), 0);
        }
        for (ours, theirs) in self.frequency.iter_mut().zip(&other.frequency) {
            *ours += theirs;
        }
    }
}
