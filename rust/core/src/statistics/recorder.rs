//! Fills in statistics while documents go by.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::change::Tracer;
use super::excerpt::Excerpt;
use super::sample::{Sample, SampleKey};
use super::tokens::TokenStatistics;
use super::totals::Statistics;
use crate::clean::{Counts, RULE_COUNT, counted};

/// The keys of examples that all threads have seen so far: ever fewer documents are traced, rule by rule, for an
/// example that would not be among the first.
#[derive(Default)]
pub struct SeenKeys {
    rules: [Sample<()>; RULE_COUNT],
    dropped: BTreeMap<&'static str, Sample<()>>,
}

/// Counts documents; one a thread, for as long as the thread lasts. What was counted is taken now and then.
#[derive(Default)]
pub struct Recorder {
    tracer: Tracer,
    statistics: Statistics,
    seen: Arc<Mutex<SeenKeys>>,
}

impl Recorder {
    /// A recorder that shares the keys that were seen with those of other threads.
    pub fn sharing(seen: &Arc<Mutex<SeenKeys>>) -> Self {
        Self { seen: Arc::clone(seen), ..Self::default() }
    }

    /// A document as it was read.
    pub fn read(&mut self, text: &str) {
        self.statistics.read.add(text);
    }

    /// What cleaning did to a document; `counts` are the cleaner's for it alone.
    pub fn cleaned(&mut self, file: &str, document: u64, before: &str, after: &str, counts: &Counts) {
        if counts.edits.iter().all(|&edits| edits == 0) {
            return;
        }
        let key = SampleKey::new(file, document);
        let mut changes = None;
        for (i, name) in counted().enumerate().filter(|&(i, _)| counts.edits[i] > 0) {
            if !self.statistics.rules.contains_key(name) {
                self.statistics.rules.insert(name.to_owned(), Default::default());
            }
            let Some(row) = self.statistics.rules.get_mut(name) else { continue };
            row.documents += 1;
            row.edits += counts.edits[i];
            // Clinical categories have no examples: nothing but personal data is what they change.
            if i < RULE_COUNT && offer(&self.seen, |seen| &mut seen.rules[i], &key) {
                let changes = changes.get_or_insert_with(|| self.tracer.changes(before, after));
                row.examples.offer(key.clone(), changes[i].take());
            }
        }
    }

    /// A document that stayed, as cleaned and filtered text.
    pub fn kept(&mut self, text: &str) {
        self.statistics.kept.add(text);
    }

    /// A document that was left out; `text` is cleaned, and empty where it could not be.
    pub fn dropped(&mut self, file: &str, document: u64, reason: &'static str, text: &str) {
        let row = self.statistics.dropped.entry(reason.to_owned()).or_default();
        row.documents += 1;
        row.bytes += text.len() as u64;
        let key = SampleKey::new(file, document);
        if offer(&self.seen, |seen| seen.dropped.entry(reason).or_default(), &key) {
            row.examples.offer(key, (!text.is_empty()).then(|| Excerpt::beginning(text)));
        }
    }

    /// A document that was encoded into `ids`, with the one that ends it.
    pub fn encoded(&mut self, text: &str, morphemes: u64, ids: &[u32]) {
        self.statistics.tokens.get_or_insert_with(TokenStatistics::default).add(text, morphemes, ids);
    }

    /// Takes what was counted since the last call.
    pub fn take(&mut self) -> Statistics {
        std::mem::take(&mut self.statistics)
    }
}

/// Notes a key; says whether its example could be among the first.
fn offer(seen: &Mutex<SeenKeys>, of: impl FnOnce(&mut SeenKeys) -> &mut Sample<()>, key: &SampleKey) -> bool {
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    let sample = of(&mut seen);
    let wanted = sample.wants(key);
    if wanted {
        sample.offer(key.clone(), None);
    }
    wanted
}
