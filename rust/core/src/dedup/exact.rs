//! Exact duplicates of documents and sentences: a table of the hashes of a bucket, parts in input order.

use std::collections::hash_map::Entry;
use std::path::Path;

use rustc_hash::{FxHashMap, FxHashSet};

use super::bitmap::for_each_left;
use super::external_sort::{ExternalSorter, Series};
use super::options::Check;
use super::plan::{Plan, Step};
use super::record::series::{DOCUMENTS, REPEATED, SENTENCES};
use super::record::{DocumentId, Occurrence, Pair, Repeat};
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
    let step = if plan.options.near.is_some() { Step::Dropped } else { Step::Repeated };
    for_each_left(plan, step, (SENTENCES, &keys), check, |record| record.document, left)?;
    repeated.finish()
}
