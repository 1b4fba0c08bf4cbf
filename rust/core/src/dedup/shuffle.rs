//! Shuffle between steps: records found by ranges of hashes, regrouped by document.
//!
//! The records of a part are spread over the outputs of all buckets. If every part fetched its own, look-ups would
//! number parts × buckets. So groups of neighbouring parts, no more than there are buckets, fetch theirs once, in long
//! stretches; later steps read them from the group.

use std::path::Path;

use super::bitmap::Bitmap;
use super::external_sort::{ExternalSorter, Series};
use super::options::Check;
use super::plan::{Plan, Step};
use super::record::series::{CROWDED, FRAGMENTS, MEMBERS, NEAR, PAIRS, REPEATED, RESTS, VOTES};
use super::record::{DocumentId, Fragment, Pair, Record, Repeat, Rest, Similar, Vote};
use crate::{Error, Result};

/// Collects the repeated documents of a group.
pub(super) fn repeated(plan: &Plan, group: u32, folder: &Path, check: Check<'_>) -> Result<()> {
    let mut dropped = Bitmap::new(plan, plan.group(group));
    gather(plan, (Step::Documents, REPEATED), group, folder, check, |pair: &Pair| dropped.set(pair.later))?;
    dropped.write(plan, folder)
}

/// Collects the pairs whose later document is in a group, and its documents that are in any pair or in a large band.
pub(super) fn pairs(plan: &Plan, group: u32, folder: &Path, check: Check<'_>) -> Result<()> {
    gather(plan, (Step::Candidates, PAIRS), group, folder, check, |_: &Pair| Some(()))?;
    gather(plan, (Step::Candidates, CROWDED), group, folder, check, |_: &DocumentId| Some(()))?;
    gather(plan, (Step::Candidates, MEMBERS), group, folder, check, |_: &DocumentId| Some(()))
}

/// Collects the votes for pairs whose later document is in a group.
pub(super) fn likely(plan: &Plan, group: u32, folder: &Path, check: Check<'_>) -> Result<()> {
    gather(plan, (Step::Votes, VOTES), group, folder, check, |_: &Vote| Some(()))
}

/// Collects the near-duplicates of a group; the bitmap covers all documents dropped so far.
pub(super) fn dropped(plan: &Plan, group: u32, folder: &Path, check: Check<'_>) -> Result<()> {
    let mut dropped = Bitmap::read(plan, Step::Repeated, group)?;
    let mark = |similar: &Similar| dropped.set(similar.pair.later);
    gather(plan, (Step::Resolve, NEAR), group, folder, check, mark)?;
    dropped.write(plan, folder)
}

/// Collects the repeated sentences of a group, and the documents that lose every sentence that can be lost.
pub(super) fn removed(plan: &Plan, group: u32, folder: &Path, check: Check<'_>) -> Result<()> {
    let parts = plan.group(group);
    let sizes = &plan.sizes[parts.start as usize..parts.end as usize];
    let mut lost: Vec<Vec<u32>> = sizes.iter().map(|&size| vec![0; size as usize]).collect();
    gather(plan, (Step::Sentences, REPEATED), group, folder, check, |repeat: &Repeat| {
        let part = lost.get_mut(repeat.id.part.wrapping_sub(parts.start) as usize)?;
        *part.get_mut(repeat.id.document as usize)? += 1;
        Some(())
    })?;
    let mut fragments = ExternalSorter::new(folder, FRAGMENTS, plan.spill());
    for (part, lost) in parts.zip(&lost) {
        check()?;
        let fingerprints = &plan.parts[part as usize].fingerprints;
        Series::<Rest>::open(fingerprints, RESTS)?.for_each(&(0..=u64::MAX), |rest| {
            let &lost = lost.get(rest.document as usize).ok_or_else(|| Error::damaged(fingerprints))?;
            if lost != rest.lost || rest.hash == Rest::TOO_SHORT {
                return Ok(());
            }
            fragments.push(Fragment { hash: rest.hash, id: DocumentId { part, document: rest.document } })
        })?;
    }
    fragments.finish()
}

/// Collects the documents of a group that repeat another once sentences are removed.
pub(super) fn equal(plan: &Plan, group: u32, folder: &Path, check: Check<'_>) -> Result<()> {
    gather(plan, (Step::Fragments, REPEATED), group, folder, check, |_: &Pair| Some(()))
}

/// Writes a group's records of a series from the outputs of all tasks of a step; damage is where `each` gives `None`.
fn gather<R: Record>(
    plan: &Plan,
    (step, name): (Step, &'static str),
    group: u32,
    folder: &Path,
    check: Check<'_>,
    mut each: impl FnMut(&R) -> Option<()>,
) -> Result<()> {
    let parts = plan.group(group);
    let keys = *DocumentId::part_keys(parts.start).start()..=*DocumentId::part_keys(parts.end - 1).end();
    let mut gathered = ExternalSorter::new(folder, name, plan.spill());
    for task in 0..plan.tasks(step) {
        check()?;
        // One at a time: there may be more tasks than files that a process may open.
        let from = plan.task_folder(step, task);
        Series::open(&from, name)?.for_each(&keys, |record| {
            each(&record).ok_or_else(|| Error::damaged(&from))?;
            gathered.push(record)
        })?;
    }
    gathered.finish()
}
