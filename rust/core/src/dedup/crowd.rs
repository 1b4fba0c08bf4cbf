//! Candidates among crowds: documents of a band that too many share to compare all with all, such as pages of one
//! template.
//!
//! What such documents share says little, for all of them share it; what a few of them share says much. So they get a
//! longer sketch, and a document is compared with those that have most slots in common with it that few others have.

use std::cmp::Reverse;
use std::path::Path;

use super::external_sort::{ExternalSorter, Series};
use super::minhash::Shape;
use super::options::Check;
use super::plan::{Plan, Step};
use super::record::series::{SLOTS, VOTES};
use super::record::{Band, DocumentId, Pair, Vote};
use crate::Result;

/// Sketch of a crowd's document: each slot is a band.
pub const SKETCH: Shape = Shape { bands: 256, rows: 1 };
/// Documents that may share a slot for it to count.
const FEW: usize = 32;
/// Documents that a document is compared with for their slots.
const LIKELIEST: usize = 32;

/// Slot of a document.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    hash: u64,
    id: DocumentId,
}

/// Writes a vote for each two documents of crowds and each slot of a bucket that they share with few others.
pub(super) fn votes(plan: &Plan, bucket: u32, folder: &Path, check: Check<'_>) -> Result<()> {
    let keys = plan.bucket(Step::Votes, bucket);
    let texts = |part| Series::<Band>::open(&plan.task_folder(Step::Texts, part), SLOTS);
    let parts = 0..plan.part_count();
    let counts = parts.clone().map(|part| Ok(texts(part)?.most_in(&keys)));
    let bytes = size_of::<Slot>() * counts.sum::<Result<usize>>()?;
    let mut votes = ExternalSorter::new(folder, VOTES, plan.spill());
    // How many documents crowds have is not known when buckets are planned, so a bucket is cut again.
    let passes = (bytes as u64).div_ceil(plan.options.memory / 2).max(1);
    let width = (u128::from(*keys.end() - *keys.start()) + 1).div_ceil(passes.into());
    for pass in 0..u128::from(passes) {
        let from = u128::from(*keys.start()) + pass * width;
        let to = (from + width - 1).min(u128::from(*keys.end()));
        if from > to {
            break;
        }
        // Both are within `keys`.
        let keys = from as u64..=to as u64;
        let mut slots = Vec::new();
        for part in parts.clone() {
            check()?;
            texts(part)?.for_each(&keys, |Band { hash, document }| {
                slots.push(Slot { hash, id: DocumentId { part, document } });
                Ok(())
            })?;
        }
        slots.sort_unstable();
        for sharing in slots.chunk_by(|a, b| a.hash == b.hash).filter(|sharing| sharing.len() <= FEW) {
            for (at, later) in sharing.iter().enumerate() {
                for earlier in &sharing[..at] {
                    // The lower half tells slots of the same two documents apart.
                    votes.push(Vote { pair: Pair { later: later.id, earlier: earlier.id }, slot: later.hash as u32 })?;
                }
            }
        }
    }
    votes.finish()
}

/// Returns the pairs of each document with the most votes; `votes` are sorted.
pub(super) fn likeliest(votes: &[Vote]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for votes in votes.chunk_by(|a, b| a.pair.later == b.pair.later) {
        let mut counted: Vec<(Reverse<usize>, Pair)> =
            votes.chunk_by(|a, b| a.pair == b.pair).map(|votes| (Reverse(votes.len()), votes[0].pair)).collect();
        counted.sort_unstable();
        pairs.extend(counted.into_iter().take(LIKELIEST).map(|(_, pair)| pair));
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_with_most_votes_come_first() {
        let id = |document| DocumentId { part: 0, document };
        let mut votes = Vec::new();
        for earlier in 0..40 {
            let slots = if earlier == 39 { 3 } else { 1 };
            let pair = Pair { later: id(50), earlier: id(earlier) };
            votes.extend((0..slots).map(|slot| Vote { pair, slot }));
        }
        let found: Vec<u32> = likeliest(&votes).iter().map(|pair| pair.earlier.document).collect();
        let wanted: Vec<u32> = std::iter::once(39).chain(0..31).collect();
        assert_eq!(found, wanted);
    }
}
