//! Sums over the documents of a source; those of its parts merge.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::change::Change;
use super::excerpt::Excerpt;
use super::histogram::Histogram;
use super::sample::Sample;
use super::script::ScriptCounts;
use super::tokens::TokenStatistics;

/// Statistics of a source, or of a part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    /// Documents as read.
    pub read: TextStatistics,
    /// Kept documents, as clean text.
    pub kept: TextStatistics,
    /// Edits of the cleaning rules and the clinical categories, by name.
    pub rules: BTreeMap<String, RuleStatistics>,
    /// Dropped documents, by reason.
    pub dropped: BTreeMap<String, DropStatistics>,
    /// Tokens of encoded documents; none before that stage.
    #[serde(default)]
    pub tokens: Option<TokenStatistics>,
}

/// Number, length and scripts of texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextStatistics {
    /// Documents.
    pub documents: u64,
    /// UTF-8 bytes.
    pub bytes: u64,
    /// Documents by their number of characters.
    pub lengths: Histogram,
    /// Characters by script.
    pub scripts: ScriptCounts,
}

/// Edits of one cleaning rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleStatistics {
    /// Changed documents.
    pub documents: u64,
    /// Edits.
    pub edits: u64,
    /// Sample of first edits in a document.
    pub examples: Sample<Change>,
}

/// Documents dropped for one reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropStatistics {
    /// Documents.
    pub documents: u64,
    /// UTF-8 bytes of their clean text.
    pub bytes: u64,
    /// Sample of their beginnings.
    pub examples: Sample<Excerpt>,
}

impl Statistics {
    /// Adds the statistics of another part.
    pub fn merge(&mut self, other: Self) {
        self.read.merge(&other.read);
        self.kept.merge(&other.kept);
        for (name, theirs) in other.rules {
            let ours = self.rules.entry(name).or_default();
            ours.documents += theirs.documents;
            ours.edits += theirs.edits;
            ours.examples.merge(theirs.examples);
        }
        for (reason, theirs) in other.dropped {
            let ours = self.dropped.entry(reason).or_default();
            ours.documents += theirs.documents;
            ours.bytes += theirs.bytes;
            ours.examples.merge(theirs.examples);
        }
        if let Some(theirs) = other.tokens {
            self.tokens.get_or_insert_default().merge(&theirs);
        }
    }
}

impl TextStatistics {
    /// Counts a text.
    pub fn add(&mut self, text: &str) {
        self.documents += 1;
        self.bytes += text.len() as u64;
        self.lengths.add(self.scripts.add(text));
    }

    /// Adds the statistics of another part.
    pub fn merge(&mut self, other: &Self) {
        self.documents += other.documents;
        self.bytes += other.bytes;
        self.lengths.merge(&other.lengths);
        self.scripts.merge(&other.scripts);
    }
}
