//! What tasks over ranges of hashes found, put in the order of the documents that it is about.
//!
//! A part's records are spread over the outputs of all buckets. If every part looked there for its own, or every task
//! of the next step for every part's, look-ups would number parts × buckets and more. So groups of neighbouring parts,
//! no more than there are buckets, fetch theirs once, in long stretches; others read them from the group.

use std::path::Path;

use super::bitmap::Bitmap;
use super::external_sort::{ExternalSorter, Series};
use super::options::Check;
use super::plan::{Plan, Step};
use super::record::series::{MEMBERS, NEAR, PAIRS, REPEATED};
use super::record::{DocumentId, Pair, Record, Repeat, Similar};
use crate::Result;

/// The documents of a group that are repeated.
pub(super) fn repeated(plan: &Plan, group: u32, folder: &Path, check: Check<'_>) -> Result<()> {
    let mut marks = Bitmap::new(plan, plan.group(group));
    gather(plan, (Step::Documents, REPEATED), group, folder, check, |pair: &Pair| marks.mark(pair.later))?;
    marks.write(plan, folder)
}

/// The pairs whose later document is in a group, and the documents of the group that are in any.
pub(super) fn pairs(plan: &Plan, group: u32, folder: &Path, check: Check<'_>) -> Result<()> {
    gather(plan, (Step::Candidates, PAIRS), group, folder, check, |_: &Pair| ())?;
    gather(plan, (Step::Candidates, MEMBERS), group, folder, check, |_: &DocumentId| ())
}

/// The documents of a group that are near-duplicates; the marks are those of all that are dropped by now.
pub(super) fn dropped(plan: &Plan, group: u32, folder: &Path, check: Check<'_>) -> Result<()> {
    let mut marks = Bitmap::read(plan, Step::Repeated, group)?;
    let mark = |similar: &Similar| marks.mark(similar.pair.later);
    gather(plan, (Step::Resolve, NEAR), group, folder, check, mark)?;
    marks.write(plan, folder)
}

/// The sentences of a group that are repeated.
pub(super) fn removed(plan: &Plan, group: u32, folder: &Path, check: Check<'_>) -> Result<()> {
    gather(plan, (Step::Sentences, REPEATED), group, folder, check, |_: &Repeat| ())
}

/// Writes the group's records of a series from the outputs of all tasks of a step, and shows them to `each`.
fn gather<R: Record>(
    plan: &Plan,
    (step, name): (Step, &'static str),
    group: u32,
    folder: &Path,
    check: Check<'_>,
    mut each: impl FnMut(&R),
) -> Result<()> {
    let parts = plan.group(group);
    let keys = *DocumentId::part_keys(parts.start).start()..=*DocumentId::part_keys(parts.end - 1).end();
    let mut gathered = ExternalSorter::new(folder, name, plan.spill());
    for task in 0..plan.tasks(step) {
        check()?;
        // One after the other: there may be more than a process may have open.
        Series::open(&plan.task_folder(step, task), name)?.for_each(&keys, |record| {
            each(&record);
            gathered.push(record)
        })?;
    }
    gathered.finish()
}
