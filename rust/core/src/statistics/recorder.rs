//! Fills in statistics while documents go by; one a thread and file.

use serde::{Deserialize, Serialize};

use super::change::first;
use super::{Place, Statistics, TokenStatistics, Tracer};
use crate::clean::{Counts, RULES};

/// Characters that are shown of a dropped document.
const BEGINNING: usize = 160;

/// The beginning of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    /// Its first characters.
    pub text: String,
    /// How many characters follow.
    pub more: u64,
}

/// Counts the documents of one file.
pub struct Recorder {
    file: String,
    examples: bool,
    tracer: Tracer,
    statistics: Statistics,
}

impl Recorder {
    /// For documents of `file`, which is how examples name it; without `examples` no text is kept.
    pub fn new(file: &str, examples: bool) -> Self {
        let (tracer, statistics) = (Tracer::default(), Statistics::default());
        Self { file: file.to_owned(), examples, tracer, statistics }
    }

    /// A document as it was read.
    pub fn read(&mut self, text: &str) {
        self.statistics.read.add(text);
    }

    /// What cleaning did to a document; `counts` are the cleaner's for it alone.
    pub fn cleaned(&mut self, document: u64, before: &str, after: &str, counts: &Counts) {
        if counts.edits.iter().all(|&edits| edits == 0) {
            return;
        }
        let place = Place::new(&self.file, document);
        let mut changes = None;
        for (i, rule) in RULES.iter().enumerate().filter(|&(i, _)| counts.edits[i] > 0) {
            if !self.statistics.rules.contains_key(rule.name) {
                self.statistics.rules.insert(rule.name.to_owned(), Default::default());
            }
            let Some(row) = self.statistics.rules.get_mut(rule.name) else { continue };
            row.documents += 1;
            row.edits += counts.edits[i];
            if self.examples && row.examples.wants(&place) {
                let changes = changes.get_or_insert_with(|| self.tracer.changes(before, after));
                row.examples.offer(place.clone(), changes[i].take());
            }
        }
    }

    /// A document that stayed, as cleaned and filtered text.
    pub fn kept(&mut self, text: &str) {
        self.statistics.kept.add(text);
    }

    /// A document that was left out; `text` is cleaned, and empty where it could not be.
    pub fn dropped(&mut self, document: u64, reason: &str, text: &str) {
        let row = self.statistics.dropped.entry(reason.to_owned()).or_default();
        row.documents += 1;
        row.bytes += text.len() as u64;
        let place = Place::new(&self.file, document);
        if self.examples && row.examples.wants(&place) {
            let excerpt = || {
                let more = text.chars().count().saturating_sub(BEGINNING) as u64;
                Excerpt { text: first(text, BEGINNING), more }
            };
            row.examples.offer(place, (!text.is_empty()).then(excerpt));
        }
    }

    /// A document that was encoded into `ids`, with the one that ends it.
    pub fn encoded(&mut self, text: &str, morphemes: u64, ids: &[u32]) {
        self.statistics.tokens.get_or_insert_with(TokenStatistics::default).add(text, morphemes, ids);
    }

    /// What was counted.
    pub fn finish(self) -> Statistics {
        self.statistics
    }
}
