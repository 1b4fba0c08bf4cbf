//! A bit a document: which of them are dropped, so that what comes later leaves them out.

use std::ops::{Range, RangeInclusive};
use std::path::Path;

use super::external_sort::{ExternalSorter, Series};
use super::options::Check;
use super::plan::{Plan, Step};
use super::record::series::MARKS;
use super::record::{DocumentId, Mask, Record};
use crate::Result;

/// Marked documents of some neighbouring parts.
pub struct Bitmap {
    first: u32,
    bits: Vec<Vec<u64>>,
}

impl Bitmap {
    /// None of the documents of these parts.
    pub fn new(plan: &Plan, parts: Range<u32>) -> Self {
        let sizes = &plan.sizes[parts.start as usize..parts.end as usize];
        let bits = sizes.iter().map(|&size| vec![0; (size as usize).div_ceil(64)]).collect();
        Self { first: parts.start, bits }
    }

    /// Bitmap a document.
    pub fn mark(&mut self, id: DocumentId) {
        self.bits[(id.part - self.first) as usize][id.document as usize / 64] |= 1 << (id.document % 64);
    }

    /// Whether a document is marked.
    pub fn has(&self, id: DocumentId) -> bool {
        let word = self.bits[(id.part - self.first) as usize][id.document as usize / 64];
        word >> (id.document % 64) & 1 == 1
    }

    /// Those that a step wrote of a group.
    pub fn read(plan: &Plan, step: Step, group: u32) -> Result<Self> {
        let mut marks = Self::new(plan, plan.group(group));
        Series::<Mask>::open(&plan.task_folder(step, group), MARKS)?.for_each(&(0..=u64::MAX), |mask| {
            let DocumentId { part, document } = mask.id;
            marks.bits[(part - marks.first) as usize][document as usize / 64] = mask.bits;
            Ok(())
        })?;
        Ok(marks)
    }

    /// Writes those that are marked.
    pub fn write(&self, plan: &Plan, folder: &Path) -> Result<()> {
        let mut masks = ExternalSorter::new(folder, MARKS, plan.spill());
        for (part, words) in (self.first..).zip(&self.bits) {
            for (word, &bits) in (0..).zip(words).filter(|&(_, &bits)| bits != 0) {
                masks.push(Mask { id: DocumentId { part, document: word * 64 }, bits })?;
            }
        }
        masks.finish()
    }
}

/// Calls `each` with the records of a range in the fingerprints of all parts, in input order, but for those of the
/// documents that `step` marked.
pub fn for_each_left<R: Record>(
    plan: &Plan,
    step: Step,
    (name, keys): (&str, &RangeInclusive<u64>),
    check: Check<'_>,
    document: impl Fn(&R) -> u32,
    mut each: impl FnMut(DocumentId, R) -> Result<()>,
) -> Result<()> {
    for group in 0..plan.groups() {
        let marks = Bitmap::read(plan, step, group)?;
        for part in plan.group(group) {
            check()?;
            let fingerprints = &plan.parts[part as usize].fingerprints;
            Series::<R>::open(fingerprints, name)?.for_each(keys, |record| {
                let id = DocumentId { part, document: document(&record) };
                if marks.has(id) { Ok(()) } else { each(id, record) }
            })?;
        }
    }
    Ok(())
}
