//! Resolves pairs of similar documents into those that stay and those that are dropped.
//!
//! Similarity is not transitive: where a resembles b and b resembles c, a need not resemble c. So documents are
//! decided in input order, and one is dropped only if it is similar to an earlier one *that stays*; every dropped
//! document resembles a kept one. (Dropping all but one of a connected component, as others do, also loses c.)

use std::path::Path;

use super::bitmap::Bitmap;
use super::external_sort::{ExternalSorter, Series};
use super::options::Check;
use super::plan::{Plan, Step};
use super::record::series::{NEAR, SIMILAR};
use super::record::{DocumentId, Similar};
use crate::{Error, Result};

/// Writes the near-duplicates, each with the most similar kept document. One task, with one bit for each document.
pub(super) fn resolve(plan: &Plan, folder: &Path, check: Check<'_>) -> Result<()> {
    let parts = 0..plan.part_count();
    let mut dropped = Bitmap::new(plan, parts.clone());
    let mut near = ExternalSorter::new(folder, NEAR, plan.spill());
    for part in parts {
        check()?;
        let compared = plan.task_folder(Step::Compare, part);
        let damaged = || Error::damaged(&compared);
        let similar = Series::<Similar>::open(&compared, SIMILAR)?;
        // `compare` wrote them by document, so the pairs of a document are neighbours.
        let mut best: Option<Similar> = None;
        similar.for_each(&DocumentId::part_keys(part), |next| {
            if dropped.get(next.pair.earlier).ok_or_else(damaged)? {
                return Ok(());
            }
            match &mut best {
                Some(best) if best.pair.later == next.pair.later => {
                    if is_more(&next, best) {
                        *best = next;
                    }
                }
                _ => {
                    dropped.set(next.pair.later).ok_or_else(damaged)?;
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
