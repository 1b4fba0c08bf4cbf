//! Locality-sensitive hashing: candidate pairs are the documents that share a band.

use std::collections::VecDeque;
use std::collections::hash_map::Entry;
use std::path::Path;

use rustc_hash::FxHashMap;

use super::bitmap::for_each_left;
use super::external_sort::ExternalSorter;
use super::options::Check;
use super::plan::{Plan, Step};
use super::record::series::{BANDS, CROWDED, MEMBERS, PAIRS};
use super::record::{Band, DocumentId, Pair};
use crate::Result;

/// Documents with the same band that a document is paired with: this many of the first, and of the last before it.
/// Paired with all, a template of a million pages would take 10^12 comparisons; [`crowd`](super::crowd) finds the rest.
pub const COMPARED: usize = 16;

/// Documents that share a band.
enum Group {
    One(DocumentId),
    /// Index into the list of larger groups.
    More(usize),
}

struct Members {
    first: Vec<DocumentId>,
    last: VecDeque<DocumentId>,
    /// There are more than these.
    crowded: bool,
}

/// Writes the candidate pairs whose band hashes to a bucket; skips exact duplicates.
pub(super) fn candidates(plan: &Plan, bucket: u32, folder: &Path, check: Check<'_>) -> Result<()> {
    let keys = plan.bucket(Step::Candidates, bucket);
    let mut groups: FxHashMap<u64, Group> = FxHashMap::default();
    let mut larger: Vec<Members> = Vec::new();
    let mut pairs = ExternalSorter::new(folder, PAIRS, plan.spill());
    let mut members = ExternalSorter::new(folder, MEMBERS, plan.spill());
    let mut crowded = ExternalSorter::new(folder, CROWDED, plan.spill());
    let left = |later: DocumentId, band: Band| {
        let mut pair = |earlier: DocumentId| {
            members.push(earlier)?;
            pairs.push(Pair { later, earlier })
        };
        match groups.entry(band.hash) {
            Entry::Vacant(vacant) => {
                vacant.insert(Group::One(later));
                return Ok(());
            }
            Entry::Occupied(mut group) => match *group.get() {
                Group::One(earlier) => {
                    pair(earlier)?;
                    group.insert(Group::More(larger.len()));
                    larger.push(Members {
                        first: vec![earlier, later],
                        last: VecDeque::new(),
                        crowded: false,
                    });
                }
                Group::More(at) => larger[at].add(later, &mut pair, &mut |id| crowded.push(id))?,
            },
        }
        members.push(later)
    };
    for_each_left(plan, Step::Repeated, (BANDS, &keys), check, |band| band.document, left)?;
    pairs.finish()?;
    crowded.finish()?;
    members.finish()
}

impl Members {
    /// Adds a document, with its pairs; and to the crowd all documents, once they are too many to be paired.
    fn add(
        &mut self,
        later: DocumentId,
        pair: &mut impl FnMut(DocumentId) -> Result<()>,
        crowd: &mut impl FnMut(DocumentId) -> Result<()>,
    ) -> Result<()> {
        self.first.iter().chain(&self.last).try_for_each(|&earlier| pair(earlier))?;
        if self.first.len() < COMPARED {
            self.first.push(later);
            return Ok(());
        }
        if self.last.len() == COMPARED {
            if !self.crowded {
                self.crowded = true;
                self.first.iter().chain(&self.last).try_for_each(|&earlier| crowd(earlier))?;
            }
            crowd(later)?;
            self.last.pop_front();
        }
        self.last.push_back(later);
        Ok(())
    }
}
