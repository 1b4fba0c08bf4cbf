//! Exact duplicates of documents and sentences: a table of the hashes of a bucket, parts in input order.

use std::collections::hash_map::Entry;
use std::path::Path;

use rustc_hash::{FxHashMap, FxHashSet};

use super::bitmap::for_each_left;
use super::external_sort::{ExternalSorter, Series};
use super::options::Check;
use super::plan::{Plan, Step};
use super::record::series::{DOCUMENTS, FRAGMENTS, REPEATED, SENTENCES};
use super::record::{DocumentId, Fragment, Occurrence, Pair, Repeat};
use crate::Result;

/// Writes all but the first of the documents with the same text.
pub(super) fn documents(plan: &Plan, bucket: u32, folder: &Path, check: Check<'_>) -> Result<()> {
    let keys = plan.bucket(Step::Documents, bucket);
    let mut first: FxHashMap<u128, DocumentId> = FxHashMap::default();
    let mut repeated = ExternalSorter::new(folder, REPEATED, plan.spill());
    for (number, part) in (0..).zip(&plan.parts) {
        check()?;
        Series::<Occurrence>::open(&part.fingerprints, DOCUMENTS)?.for_each(&keys, |record| {
            let id = DocumentId { part: number, document: record.document };
            match first.entry(record.hash) {
                Entry::Vacant(vacant) => {
                    vacant.insert(id);
                    Ok(())
                }
                Entry::Occupied(earlier) => repeated.push(Pair { later: id, earlier: *earlier.get() }),
            }
        })?;
    }
    repeated.finish()
}

/// Writes all but the first of the sentences with the same text, in the documents that stay.
pub(super) fn sentences(plan: &Plan, bucket: u32, folder: &Path, check: Check<'_>) -> Result<()> {
    let keys = plan.bucket(Step::Sentences, bucket);
    let mut seen: FxHashSet<u128> = FxHashSet::default();
    let mut repeated = ExternalSorter::new(folder, REPEATED, plan.spill());
    let left = |id: DocumentId, record: Occurrence| {
        if seen.insert(record.hash) {
            return Ok(());
        }
        repeated.push(Repeat { id, sentence: record.sentence })
    };
    for_each_left(plan, plan.last_dropped(), (SENTENCES, &keys), check, |record| record.document, left)?;
    repeated.finish()
}

/// Writes all but the first of the documents that have the same text once sentences are removed.
///
/// Only those that lost every sentence that can be lost are looked at: any other holds a sentence that no other has.
pub(super) fn fragments(plan: &Plan, bucket: u32, folder: &Path, check: Check<'_>) -> Result<()> {
    let keys = plan.bucket(Step::Fragments, bucket);
    let mut first: FxHashMap<u128, DocumentId> = FxHashMap::default();
    let each_fragment = |each: &mut dyn FnMut(Fragment) -> Result<()>| -> Result<()> {
        (0..plan.groups()).try_for_each(|group| {
            check()?;
            Series::open(&plan.task_folder(Step::Removed, group), FRAGMENTS)?.for_each(&keys, &mut *each)
        })
    };
    each_fragment(&mut |fragment| {
        let first = first.entry(fragment.hash).or_insert(fragment.id);
        *first = fragment.id.min(*first);
        Ok(())
    })?;
    let mut repeated = ExternalSorter::new(folder, REPEATED, plan.spill());
    if !first.is_empty() {
        let left = |id: DocumentId, record: Occurrence| match first.get_mut(&record.hash) {
            Some(first) if *first < id => repeated.push(Pair { later: id, earlier: *first }),
            Some(first) => {
                *first = id;
                Ok(())
            }
            None => Ok(()),
        };
        for_each_left(plan, plan.last_dropped(), (DOCUMENTS, &keys), check, |record| record.document, left)?;
    }
    each_fragment(&mut |fragment| match first.get(&fragment.hash) {
        Some(&earlier) if earlier != fragment.id => repeated.push(Pair { later: fragment.id, earlier }),
        _ => Ok(()),
    })?;
    repeated.finish()
}
