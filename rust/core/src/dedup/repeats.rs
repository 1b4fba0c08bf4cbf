//! Documents and sentences that occurred before, exactly: a table of the hashes of a bucket, parts in input order.

use std::collections::hash_map::Entry;
use std::path::Path;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Check;
use super::fingerprint::{DOCUMENTS, SENTENCES};
use super::marks::for_each_left;
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
pub(super) fn documents(plan: &Plan, bucket: u32, folder: &Path, check: Check<'_>) -> Result<()> {
    let keys = plan.bucket(Step::Documents, bucket);
    let mut first: FxHashMap<u128, Place> = FxHashMap::default();
    let mut repeated = Sorter::new(folder, REPEATED, plan.spill());
    for (number, part) in (0..).zip(&plan.parts) {
        check()?;
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
pub(super) fn sentences(plan: &Plan, bucket: u32, folder: &Path, check: Check<'_>) -> Result<()> {
    let keys = plan.bucket(Step::Sentences, bucket);
    let mut seen: FxHashSet<u128> = FxHashSet::default();
    let mut repeated = Sorter::new(folder, REPEATED, plan.spill());
    let left = |place: Place, record: Occurrence| {
        if seen.insert(record.hash) {
            return Ok(());
        }
        repeated.push(Repeat { place, sentence: record.sentence })
    };
    let step = if plan.options.near.is_some() { Step::Dropped } else { Step::Repeated };
    for_each_left(plan, step, (SENTENCES, &keys), check, |record| record.document, left)?;
    repeated.finish()
}
