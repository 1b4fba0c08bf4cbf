//! Fills in statistics while documents go by.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::change::first;
use super::{Place, Sample, Statistics, TokenStatistics, Tracer};
use crate::clean::{Counts, RULE_COUNT, counted};

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

impl Excerpt {
    /// The beginning of `text`.
    pub fn beginning(text: &str) -> Self {
        let more = text.chars().count().saturating_sub(BEGINNING) as u64;
        Self { text: first(text, BEGINNING), more }
    }
}

/// The places of examples that all threads have met so far: ever fewer documents are traced, rule by rule, for an
/// example that would not be among the first.
#[derive(Default)]
pub struct Met {
    rules: [Sample<()>; RULE_COUNT],
    dropped: BTreeMap<&'static str, Sample<()>>,
}

/// Counts documents; one a thread, for as long as the thread lasts. What was counted is taken now and then.
#[derive(Default)]
pub struct Recorder {
    tracer: Tracer,
    statistics: Statistics,
    met: Arc<Mutex<Met>>,
}

impl Recorder {
    /// A recorder that shares the places that were met with those of other threads.
    pub fn sharing(met: &Arc<Mutex<Met>>) -> Self {
        Self { met: Arc::clone(met), ..Self::default() }
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
        let place = Place::new(file, document);
        let mut changes = None;
        for (i, name) in counted().enumerate().filter(|&(i, _)| counts.edits[i] > 0) {
            if !self.statistics.rules.contains_key(name) {
                self.statistics.rules.insert(name.to_owned(), Default::default());
            }
            let Some(row) = self.statistics.rules.get_mut(name) else { continue };
            row.documents += 1;
            row.edits += counts.edits[i];
            // Clinical categories have no examples: nothing but personal data is what they change.
            if i < RULE_COUNT && meet(&self.met, |met| &mut met.rules[i], &place) {
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
    pub fn dropped(&mut self, file: &str, document: u64, reason: &'static str, text: &str) {
        let row = self.statistics.dropped.entry(reason.to_owned()).or_default();
        row.documents += 1;
        row.bytes += text.len() as u64;
        let place = Place::new(file, document);
        if meet(&self.met, |met| met.dropped.entry(reason).or_default(), &place) {
            row.examples.offer(place, (!text.is_empty()).then(|| Excerpt::beginning(text)));
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

/// Notes a place; says whether its example could be among the first.
fn meet(met: &Mutex<Met>, of: impl FnOnce(&mut Met) -> &mut Sample<()>, place: &Place) -> bool {
    let mut met = met.lock().unwrap_or_else(PoisonError::into_inner);
    let sample = of(&mut met);
    let wanted = sample.wants(place);
    if wanted {
        sample.offer(place.clone(), None);
    }
    wanted
}
