//! A bit a document: which of them are dropped, so that what comes later leaves them out.

use std::ops::{Range, RangeInclusive};
use std::path::Path;

use super::Check;
use super::plan::{Plan, Step};
use super::record::{Mask, Place, Record};
use super::sorter::{Series, Sorter};
use crate::Result;

const MARKS: &str = "marks";

/// Marked documents of some neighbouring parts.
pub struct Marks {
    first: u32,
    bits: Vec<Vec<u64>>,
}

impl Marks {
    /// None of the documents of these parts.
    pub fn new(plan: &Plan, parts: Range<u32>) -> Self {
        let sizes = &plan.sizes[parts.start as usize..parts.end as usize];
        let bits = sizes.iter().map(|&size| vec![0; (size as usize).div_ceil(64)]).collect();
        Self { first: parts.start, bits }
    }

    /// Marks a document.
    pub fn mark(&mut self, place: Place) {
        self.bits[(place.part - self.first) as usize][place.document as usize / 64] |=
            1 << (place.document % 64);
    }

    /// Whether a document is marked.
    pub fn has(&self, place: Place) -> bool {
        let word = self.bits[(place.part - self.first) as usize][place.document as usize / 64];
        word >> (place.document % 64) & 1 == 1
    }

    /// Those that a step wrote of a group.
    pub fn read(plan: &Plan, step: Step, group: u32) -> Result<Self> {
        let mut marks = Self::new(plan, plan.group(group));
        Series::<Mask>::open(&plan.task_folder(step, group), MARKS)?.for_each(&(0..=u64::MAX), |mask| {
            let Place { part, document } = mask.place;
            marks.bits[(part - marks.first) as usize][document as usize / 64] = mask.bits;
            Ok(())
        })?;
        Ok(marks)
    }

    /// Writes those that are marked.
    pub fn write(&self, plan: &Plan, folder: &Path) -> Result<()> {
        let mut masks = Sorter::new(folder, MARKS, plan.spill());
        for (part, words) in (self.first..).zip(&self.bits) {
            for (word, &bits) in (0..).zip(words).filter(|&(_, &bits)| bits != 0) {
                masks.push(Mask { place: Place { part, document: word * 64 }, bits })?;
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
    mut each: impl FnMut(Place, R) -> Result<()>,
) -> Result<()> {
    for group in 0..plan.groups() {
        let marks = Marks::read(plan, step, group)?;
        for part in plan.group(group) {
            check()?;
            let fingerprints = &plan.parts[part as usize].fingerprints;
            Series::<R>::open(fingerprints, name)?.for_each(keys, |record| {
                let place = Place { part, document: document(&record) };
                if marks.has(place) { Ok(()) } else { each(place, record) }
            })?;
        }
    }
    Ok(())
}
