//! Which of the documents that are alike stay.
//!
//! Similarity is not transitive: where a resembles b and b resembles c, a need not resemble c. So documents are
//! decided in input order, and one is dropped only if it is near an earlier one *that stays*; nothing is lost but what
//! something kept resembles. (Dropping whole connected components, as others do, also loses c.)

use std::path::Path;

use super::Check;
use super::compare::SIMILAR;
use super::marks::Marks;
use super::plan::{Plan, Step};
use super::record::{Place, Similar};
use super::sorter::{Series, Sorter};
use crate::Result;

pub(super) const NEAR: &str = "near";

/// Dropped documents, each with the kept one that is most like it. One task, with a bit a document.
pub(super) fn resolve(plan: &Plan, folder: &Path, check: Check<'_>) -> Result<()> {
    let parts = 0..plan.parts.len() as u32;
    let mut dropped = Marks::new(plan, parts.clone());
    let mut near = Sorter::new(folder, NEAR, plan.spill());
    for part in parts {
        check()?;
        let similar = Series::<Similar>::open(&plan.task_folder(Step::Compare, part), SIMILAR)?;
        // `compare` pushed them by document, so a document's are neighbours.
        let mut best: Option<Similar> = None;
        similar.for_each(&Place::part_keys(part), |next| {
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
