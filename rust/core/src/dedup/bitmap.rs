//! One bit for each document: set for those that are dropped, so that later steps skip them.

use std::ops::{Range, RangeInclusive};
use std::path::Path;

use super::external_sort::{ExternalSorter, Series};
use super::options::Check;
use super::plan::{Plan, Step};
use super::record::series::MARKS;
use super::record::{DocumentId, Mask, Record};
use crate::{Error, Result};

/// Bits of the documents of neighbouring parts.
pub struct Bitmap {
    first: u32,
    bits: Vec<Vec<u64>>,
}

impl Bitmap {
    /// Clears the bits of all documents of these parts.
    pub fn new(plan: &Plan, parts: Range<u32>) -> Self {
        let sizes = &plan.sizes[parts.start as usize..parts.end as usize];
        let bits = sizes.iter().map(|&size| vec![0; (size as usize).div_ceil(64)]).collect();
        Self { first: parts.start, bits }
    }

    /// Sets the bit of a document; `None` if no part has it.
    pub fn set(&mut self, id: DocumentId) -> Option<()> {
        *self.word(id)? |= 1 << (id.document % 64);
        Some(())
    }

    /// Tests the bit of a document; `None` if no part has it.
    pub fn get(&self, id: DocumentId) -> Option<bool> {
        let part = self.bits.get(id.part.wrapping_sub(self.first) as usize)?;
        Some(part.get(id.document as usize / 64)? >> (id.document % 64) & 1 == 1)
    }

    fn word(&mut self, id: DocumentId) -> Option<&mut u64> {
        let part = self.bits.get_mut(id.part.wrapping_sub(self.first) as usize)?;
        part.get_mut(id.document as usize / 64)
    }

    /// Reads the bits that a step wrote for a group.
    pub fn read(plan: &Plan, step: Step, group: u32) -> Result<Self> {
        let folder = plan.task_folder(step, group);
        let mut bitmap = Self::new(plan, plan.group(group));
        Series::<Mask>::open(&folder, MARKS)?.for_each(&(0..=u64::MAX), |mask| {
            *bitmap.word(mask.id).ok_or_else(|| Error::damaged(&folder))? = mask.bits;
            Ok(())
        })?;
        Ok(bitmap)
    }

    /// Writes the words that are not zero.
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

/// Calls `each` with the records of a key range in the fingerprints of all parts, in input order, skipping documents
/// whose bit `step` set.
pub fn for_each_left<R: Record>(
    plan: &Plan,
    step: Step,
    (name, keys): (&str, &RangeInclusive<u64>),
    check: Check<'_>,
    document: impl Fn(&R) -> u32,
    mut each: impl FnMut(DocumentId, R) -> Result<()>,
) -> Result<()> {
    for group in 0..plan.groups() {
        let dropped = Bitmap::read(plan, step, group)?;
        for part in plan.group(group) {
            check()?;
            let fingerprints = &plan.parts[part as usize].fingerprints;
            Series::<R>::open(fingerprints, name)?.for_each(keys, |record| {
                let id = DocumentId { part, document: document(&record) };
                match dropped.get(id) {
                    Some(true) => Ok(()),
                    Some(false) => each(id, record),
                    None => Err(Error::damaged(fingerprints)),
                }
            })?;
        }
    }
    Ok(())
}
