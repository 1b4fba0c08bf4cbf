//! Candidates among crowds: documents of a band that too many share to compare all with all, such as pages of one
//! template.
//!
//! Features that all such documents share say little; those that a few of them share say much. So they get a longer
//! sketch. A slot that few of them share is a vote for each two of these, and so is a longer band, which more
//! similar documents share: it tells those just above the threshold from those just below. A document is compared with
//! those that have most votes.

use std::cmp::Reverse;
use std::ops::Range;
use std::path::Path;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::external_sort::{ExternalSorter, Series};
use super::lsh::COMPARED;
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
/// Slots of a longer band.
const ROWS: usize = 8;
/// Lowest bit of a key: set in that of a longer band, clear in that of a slot.
const LONGER: u64 = 1;
/// Documents that a document is compared with for their votes.
const LIKELIEST: usize = 256;

/// Returns the keys of a sketch: its slots and its longer bands.
pub fn keys(slots: &[u64]) -> impl Iterator<Item = u64> {
    let longer = (0..).zip(slots.chunks_exact(ROWS)).map(|(band, slots)| {
        let bytes: Vec<u8> = slots.iter().flat_map(|slot| slot.to_le_bytes()).collect();
        xxh3_64_with_seed(&bytes, band) | LONGER
    });
    slots.iter().map(|slot| slot & !LONGER).chain(longer)
}

/// Key of a document.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    hash: u64,
    id: DocumentId,
}

/// Returns the range of the earlier ones of documents that share a key that get votes with the one at an index.
///
/// Of a slot these are all, or none if too many share it; of a longer band the first and the last before it.
fn voted(sharing: &[Key], at: usize) -> (Range<usize>, Range<usize>) {
    if sharing[at].hash & LONGER == 0 {
        return (0..if sharing.len() <= FEW { at } else { 0 }, 0..0);
    }
    let first = at.min(COMPARED);
    (0..first, at.saturating_sub(COMPARED).max(first)..at)
}

/// Writes a vote for each two documents of crowds and each key of a bucket that they share.
pub(super) fn votes(plan: &Plan, bucket: u32, folder: &Path, check: Check<'_>) -> Result<()> {
    let keys = plan.bucket(Step::Votes, bucket);
    let texts = |part| Series::<Band>::open(&plan.task_folder(Step::Texts, part), SLOTS);
    let parts = 0..plan.part_count();
    let counts = parts.clone().map(|part| Ok(texts(part)?.most_in(&keys)));
    let bytes = size_of::<Key>() * counts.sum::<Result<usize>>()?;
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
        let mut found = Vec::new();
        for part in parts.clone() {
            check()?;
            texts(part)?.for_each(&keys, |Band { hash, document }| {
                found.push(Key { hash, id: DocumentId { part, document } });
                Ok(())
            })?;
        }
        found.sort_unstable();
        for sharing in found.chunk_by(|a, b| a.hash == b.hash) {
            for (at, later) in sharing.iter().enumerate() {
                let (first, last) = voted(sharing, at);
                for earlier in sharing[first].iter().chain(&sharing[last]) {
                    let pair = Pair { later: later.id, earlier: earlier.id };
                    // The lower half tells keys of the same two documents apart.
                    votes.push(Vote { pair, key: later.hash as u32 })?;
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
        let mut counted: Vec<(Reverse<usize>, Pair)> = votes
            .chunk_by(|a, b| a.pair == b.pair)
            .map(|votes| (Reverse(votes.len()), votes[0].pair))
            .collect();
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
        for earlier in 0..400 {
            let keys = if earlier == 399 { 3 } else { 1 };
            let pair = Pair { later: id(500), earlier: id(earlier) };
            votes.extend((0..keys).map(|key| Vote { pair, key }));
        }
        let found: Vec<u32> = likeliest(&votes).iter().map(|pair| pair.earlier.document).collect();
        let wanted: Vec<u32> = std::iter::once(399).chain(0..255).collect();
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_slot_votes_for_few_and_a_longer_band_for_first_and_last() {
        let sharing = |count: u32, hash| -> Vec<Key> {
            (0..count).map(|document| Key { hash, id: DocumentId { part: 0, document } }).collect()
        };
        assert_eq!(voted(&sharing(32, 2), 31), (0..31, 0..0));
        assert_eq!(voted(&sharing(33, 2), 31), (0..0, 0..0));
        assert_eq!(voted(&sharing(100, 3), 9), (0..9, 9..9));
        assert_eq!(voted(&sharing(100, 3), 20), (0..16, 16..20));
        assert_eq!(voted(&sharing(100, 3), 99), (0..16, 83..99));
    }
}
