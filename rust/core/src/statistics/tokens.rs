//! What encoding made of the documents.

use serde::{Deserialize, Serialize};

use super::histogram::Histogram;

/// Tokens of encoded documents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenStatistics {
    /// Documents.
    pub documents: u64,
    /// UTF-8 bytes of the encoded text.
    pub bytes: u64,
    /// Tokens, the one at each document's end included.
    pub tokens: u64,
    /// Morphemes.
    pub morphemes: u64,
    /// Documents by their number of tokens.
    pub lengths: Histogram,
    /// How often each id occurs; ids above the last that does are left out.
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

    /// Adds those of another part.
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
