//! Records statistics of documents during a pass.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::change::Tracer;
use super::excerpt::Excerpt;
use super::sample::{Sample, SampleKey};
use super::tokens::TokenStatistics;
use super::totals::Statistics;
use crate::clean::{Counts, RULE_COUNT, row_names};

/// Keys of the examples of all threads so far, which spare a thread the tracing of documents whose examples would not
/// be among the first.
#[derive(Default)]
pub struct SeenKeys {
    rules: [Sample<()>; RULE_COUNT],
    dropped: BTreeMap<&'static str, Sample<()>>,
}

/// Recorder of one thread; its statistics are taken batch by batch.
#[derive(Default)]
pub struct Recorder {
    tracer: Tracer,
    statistics: Statistics,
    seen: Arc<Mutex<SeenKeys>>,
}

impl Recorder {
    /// Makes a recorder that shares its seen keys with other threads.
    pub fn sharing(seen: &Arc<Mutex<SeenKeys>>) -> Self {
        Self { seen: Arc::clone(seen), ..Self::default() }
    }

    /// Records a document as read.
    pub fn read(&mut self, text: &str) {
        self.statistics.read.add(text);
    }

    /// Records the cleaning of a document; `counts` are the cleaner's for this document alone.
    pub fn cleaned(&mut self, file: &str, document: u64, before: &str, after: &str, counts: &Counts) {
        if counts.edits.iter().all(|&edits| edits == 0) {
            return;
        }
        let key = SampleKey::new(file, document);
        let mut changes = None;
        for (i, name) in row_names().enumerate().filter(|&(i, _)| counts.edits[i] > 0) {
            let rules = &mut self.statistics.rules;
            let row = match rules.get_mut(name) {
                Some(row) => row,
                None => rules.entry(name.to_owned()).or_default(),
            };
            row.documents += 1;
            row.edits += counts.edits[i];
            // Clinical categories have no examples: they change nothing but personal data.
            if i < RULE_COUNT && offer(&self.seen, |seen| &mut seen.rules[i], &key) {
                let changes = changes.get_or_insert_with(|| self.tracer.changes(before, after));
                row.examples.offer(key.clone(), changes[i].take());
            }
        }
    }

    /// Records a kept document: its clean text.
    pub fn kept(&mut self, text: &str) {
        self.statistics.kept.add(text);
    }

    /// Records a dropped document; `text` is its clean text, empty if nothing is left.
    pub fn dropped(&mut self, file: &str, document: u64, reason: &'static str, text: &str) {
        let row = self.statistics.dropped.entry(reason.to_owned()).or_default();
        row.documents += 1;
        row.bytes += text.len() as u64;
        let key = SampleKey::new(file, document);
        if offer(&self.seen, |seen| seen.dropped.entry(reason).or_default(), &key) {
            row.examples.offer(key, (!text.is_empty()).then(|| Excerpt::beginning(text)));
        }
    }

    /// Records an encoded document; `ids` include the beginning and the end of text.
    pub fn encoded(&mut self, text: &str, morphemes: u64, ids: &[u32]) {
        self.statistics.tokens.get_or_insert_with(TokenStatistics::default).add(text, morphemes, ids);
    }

    /// Takes the statistics since the last call.
    pub fn take(&mut self) -> Statistics {
        std::mem::take(&mut self.statistics)
    }
}

/// Offers a key to a sample of the seen keys; true if its example could be among the first.
fn offer(seen: &Mutex<SeenKeys>, of: impl FnOnce(&mut SeenKeys) -> &mut Sample<()>, key: &SampleKey) -> bool {
    // A panic in another thread ends the run; the keys stay sound.
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    let sample = of(&mut seen);
    let wanted = sample.wants(key);
    if wanted {
        sample.offer(key.clone(), None);
    }
    wanted
}
