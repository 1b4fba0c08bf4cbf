//! Documents and sentences that occurred before, exactly: a table of the hashes of a bucket, parts in input order.

use std::collections::hash_map::Entry;
use std::path::Path;

use rustc_hash::{FxHashMap, FxHashSet};

use super::fingerprint::{DOCUMENTS, SENTENCES};
use super::plan::{Plan, Step};
use super::record::{Occurrence, Pair, Place, Repeat};
use super::sorter::{Series, Sorter};
use crate::Result;

pub(super) const REPEATED: &str = "repeated";

// What a table takes for a record, in bytes, at its worst: twice the room, while half of it is moved to.
/// A hash and a place.
pub(super) const DOCUMENT_BYTES: usize = 113;
/// A hash.
pub(super) const SENTENCE_BYTES: usize = 59;

/// All but the first of the documents with the same text.
pub(super) fn documents(plan: &Plan, bucket: u32, folder: &Path) -> Result<()> {
    let keys = plan.bucket(Step::Documents, bucket);
    let mut first: FxHashMap<u128, Place> = FxHashMap::default();
    let mut repeated = Sorter::new(folder, REPEATED, plan.spill());
    for (number, part) in (0..).zip(&plan.parts) {
        Series::<Occurrence>::open(&part.fingerprints, DOCUMENTS)?.for_each(&keys, |record| {
            let place = Place { part: number, document: record.document };
            match first.entry(record.hash) {
                Entry::Vacant(vacant) => {
                    vacant.insert(place);
                    Ok(())
                }
                Entry::Occupied(earlier) => repeated.push(Pair { later: place, earlier: *earlier.get() }),
            }
        })?;
    }
    repeated.finish()
}

/// All but the first of the sentences with the same text, in the documents that stay.
pub(super) fn sentences(plan: &Plan, bucket: u32, folder: &Path) -> Result<()> {
    let keys = plan.bucket(Step::Sentences, bucket);
    let mut seen: FxHashSet<u128> = FxHashSet::default();
    let mut repeated = Sorter::new(folder, REPEATED, plan.spill());
    for (number, part) in (0..).zip(&plan.parts) {
        let mut dropped: FxHashSet<u32> = FxHashSet::default();
        dropped.extend(plan.repeated(number)?.iter().map(|pair| pair.later.document));
        dropped.extend(plan.near(number)?.iter().map(|similar| similar.pair.later.document));
        Series::<Occurrence>::open(&part.fingerprints, SENTENCES)?.for_each(&keys, |record| {
            if dropped.contains(&record.document) || seen.insert(record.hash) {
                return Ok(());
            }
            let place = Place { part: number, document: record.document };
            repeated.push(Repeat { place, sentence: record.sentence })
        })?;
    }
    repeated.finish()
}
