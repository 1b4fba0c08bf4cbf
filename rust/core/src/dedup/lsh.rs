//! Pairs of documents that share a band, so may be alike.

use std::collections::VecDeque;
use std::collections::hash_map::Entry;
use std::path::Path;

use rustc_hash::FxHashMap;

use super::bitmap::for_each_left;
use super::external_sort::ExternalSorter;
use super::options::Check;
use super::plan::{Plan, Step};
use super::record::series::{BANDS, MEMBERS, PAIRS};
use super::record::{Band, DocumentId, Pair};
use crate::Result;

/// Of more documents with the same band, a document is compared with as many that came first, and as many that came
/// last before it: with all, a template of a million pages would take 10^12 comparisons.
const COMPARED: usize = 16;

/// The documents with one band.
enum Group {
    One(DocumentId),
    /// Where in the list of larger groups.
    More(u32),
}

struct Members {
    first: Vec<DocumentId>,
    last: VecDeque<DocumentId>,
}

/// Pairs whose bands have their hash in a bucket. Documents that are repeated take no part.
pub(super) fn candidates(plan: &Plan, bucket: u32, folder: &Path, check: Check<'_>) -> Result<()> {
    let keys = plan.bucket(Step::Candidates, bucket);
    let mut groups: FxHashMap<u64, Group> = FxHashMap::default();
    let mut larger: Vec<Members> = Vec::new();
    let mut pairs = ExternalSorter::new(folder, PAIRS, plan.spill());
    let mut members = ExternalSorter::new(folder, MEMBERS, plan.spill());
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
                    group.insert(Group::More(larger.len() as u32));
                    larger.push(Members { first: vec![earlier, later], last: VecDeque::new() });
                }
                Group::More(at) => larger[at as usize].add(later, &mut pair)?,
            },
        }
        members.push(later)
    };
    for_each_left(plan, Step::Repeated, (BANDS, &keys), check, |band| band.document, left)?;
    pairs.finish()?;
    members.finish()
}

impl Members {
    fn add(&mut self, later: DocumentId, pair: &mut impl FnMut(DocumentId) -> Result<()>) -> Result<()> {
        self.first.iter().chain(&self.last).try_for_each(|&earlier| pair(earlier))?;
        if self.first.len() < COMPARED {
            self.first.push(later);
            return Ok(());
        }
        if self.last.len() == COMPARED {
            self.last.pop_front();
        }
        self.last.push_back(later);
        Ok(())
    }
}
