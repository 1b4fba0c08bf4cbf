//! Which of the documents that are alike stay.
//!
//! Similarity is not transitive: where a resembles b and b resembles c, a need not resemble c. So documents are
//! decided in input order, and one is dropped only if it is near an earlier one *that stays*; nothing is lost but what
//! something kept resembles. (Dropping whole connected components, as others do, also loses c.)

use std::path::Path;

use super::bitmap::Bitmap;
use super::external_sort::{ExternalSorter, Series};
use super::options::Check;
use super::plan::{Plan, Step};
use super::record::series::{NEAR, SIMILAR};
use super::record::{DocumentId, Similar};
use crate::Result;

/// Dropped documents, each with the kept one that is most like it. One task, with a bit a document.
pub(super) fn resolve(plan: &Plan, folder: &Path, check: Check<'_>) -> Result<()> {
    let parts = 0..plan.parts.len() as u32;
    let mut dropped = Bitmap::new(plan, parts.clone());
    let mut near = ExternalSorter::new(folder, NEAR, plan.spill());
    for part in parts {
        check()?;
        let similar = Series::<Similar>::open(&plan.task_folder(Step::Compare, part), SIMILAR)?;
        // `compare` pushed them by document, so a document's are neighbours.
        let mut best: Option<Similar> = None;
        similar.for_each(&DocumentId::part_keys(part), |next| {
            if dropped.has(next.pair.earlier) {
                return Ok(());
            }
            match &mut best {
                Some(best) if best.pair.later == next.pair.later => {
                    if is_more(&next, best) {
                        *best = next;
                    }
                }
                _ => {
                    dropped.mark(next.pair.later);
                    if let Some(done) = best.replace(next) {
                        near.push(done)?;
                    }
                }
            }
            Ok(())
        })?;
        best.map_or(Ok(()), |best| near.push(best))?;
    }
    near.finish()
}

fn is_more(a: &Similar, b: &Similar) -> bool {
    u64::from(a.shared) * u64::from(b.all) > u64::from(b.shared) * u64::from(a.all)
}
