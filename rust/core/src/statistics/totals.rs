//! Sums over the documents of a source; those of its parts merge into them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::change::Change;
use super::excerpt::Excerpt;
use super::histogram::Histogram;
use super::sample::Sample;
use super::script::ScriptCounts;
use super::tokens::TokenStatistics;

/// What a pass saw of a source, or of a part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    /// Documents as they were read.
    pub read: TextStatistics,
    /// Documents that stayed, as cleaned text.
    pub kept: TextStatistics,
    /// What the cleaning rules and the clinical categories did, by name.
    pub rules: BTreeMap<String, RuleStatistics>,
    /// What was left out, by reason.
    pub dropped: BTreeMap<String, DropStatistics>,
    /// What was encoded; nothing before that stage.
    #[serde(default)]
    pub tokens: Option<TokenStatistics>,
}

/// Texts: how many, how long, in which scripts.
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

/// What one cleaning rule did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleStatistics {
    /// Documents that it changed.
    pub documents: u64,
    /// Edits that it made.
    pub edits: u64,
    /// Some of its first edits in a document.
    pub examples: Sample<Change>,
}

/// What was left out for one reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropStatistics {
    /// Documents.
    pub documents: u64,
    /// UTF-8 bytes of their text, as far as it was cleaned when they went.
    pub bytes: u64,
    /// How some of them begin.
    pub examples: Sample<Excerpt>,
}

impl Statistics {
    /// Adds those of another part.
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

    /// Adds those of another part.
    pub fn merge(&mut self, other: &Self) {
        self.documents += other.documents;
        self.bytes += other.bytes;
        self.lengths.merge(&other.lengths);
        self.scripts.merge(&other.scripts);
    }
}
