//! Decisions on the documents of a part: they stay, lose sentences, or are dropped.

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;

use rustc_hash::{FxHashMap, FxHashSet};

use super::external_sort::{ExternalSorter, Series};
use super::plan::{Plan, Step};
use super::record::series::{DROPPED, NEAR, REPEATED, RESTS, SENTENCES, SIZES};
use super::record::{DocumentId, Pair, Record, Repeat, Rest, Similar, Size};
use super::sentence;
use crate::{Error, Result};

/// Reason to drop a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Duplicate {
    /// An earlier document has the same text.
    Document,
    /// An earlier document that stays is similar.
    NearDocument,
    /// All of its sentences occurred before.
    AllSentences,
    /// Without the sentences that occurred before it is too short.
    TooShort,
}

impl Duplicate {
    /// Number of the reason in files.
    fn code(self) -> u32 {
        match self {
            Self::Document => 0,
            Self::NearDocument => 1,
            Self::AllSentences => 2,
            Self::TooShort => 3,
        }
    }

    fn from_code(code: u32) -> Option<Self> {
        [Self::Document, Self::NearDocument, Self::AllSentences, Self::TooShort]
            .into_iter()
            .find(|reason| reason.code() == code)
    }

    /// Name in reports and file names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Document => "duplicate_document",
            Self::NearDocument => "near_duplicate_document",
            Self::AllSentences => "duplicate_sentences",
            Self::TooShort => "too_short",
        }
    }
}

/// A dropped document.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drop {
    /// Number of the document in its part.
    pub document: u32,
    /// The reason.
    pub reason: Duplicate,
    /// The earlier document; none if the repeated sentences come from several.
    pub earlier: Option<DocumentId>,
    /// Jaccard similarity of the two; 1 for the same text.
    pub similarity: f64,
}

/// A [`Drop`] as stored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct DropRecord {
    document: u32,
    reason: u32,
    earlier: DocumentId,
    shared: u32,
    all: u32,
}

impl Record for DropRecord {
    const BYTES: usize = 24;

    fn key(&self) -> u64 {
        u64::from(self.document)
    }

    fn write(&self, out: &mut Vec<u8>) {
        Size { document: self.document, sentences: self.reason }.write(out);
        self.earlier.write(out);
        Size { document: self.shared, sentences: self.all }.write(out);
    }

    fn read(bytes: &[u8]) -> Self {
        let Size { document, sentences: reason } = Size::read(&bytes[..8]);
        let Size { document: shared, sentences: all } = Size::read(&bytes[16..]);
        Self { document, reason, earlier: DocumentId::read(&bytes[8..16]), shared, all }
    }
}

/// Stands for no document: no plan has so many parts.
const NONE: DocumentId = DocumentId { part: u32::MAX, document: u32::MAX };

/// Merges the findings of the other steps on a part into decisions.
pub(super) fn decide(plan: &Plan, part: u32, folder: &Path) -> Result<()> {
    let mut dropped = ExternalSorter::new(folder, DROPPED, u64::MAX);
    let mut drop = |document, reason: Duplicate, earlier, shared, all| {
        dropped.push(DropRecord { document, reason: reason.code(), earlier, shared, all })
    };
    let keys = DocumentId::part_keys(part);
    for pair in plan.of_group::<Pair>(Step::Repeated, REPEATED, part)?.sorted(&keys)? {
        drop(pair.later.document, Duplicate::Document, pair.earlier, 1, 1)?;
    }
    for near in plan.of_group::<Similar>(Step::Dropped, NEAR, part)?.sorted(&keys)? {
        drop(near.pair.later.document, Duplicate::NearDocument, near.pair.earlier, near.shared, near.all)?;
    }
    let mut equal: FxHashSet<u32> = FxHashSet::default();
    for pair in plan.of_group::<Pair>(Step::Equal, REPEATED, part)?.sorted(&keys)? {
        equal.insert(pair.later.document);
        drop(pair.later.document, Duplicate::Document, pair.earlier, 1, 1)?;
    }
    let mut sentences = ExternalSorter::new(folder, SENTENCES, u64::MAX);
    let repeats = plan.of_group::<Repeat>(Step::Removed, REPEATED, part)?.sorted(&keys)?;
    let fingerprints = &plan.parts[part as usize].fingerprints;
    let mut sizes = Vec::with_capacity(plan.sizes[part as usize] as usize);
    Series::<Size>::open(fingerprints, SIZES)?.for_each(&(0..=u64::MAX), |size| {
        sizes.push(size.sentences);
        Ok(())
    })?;
    let mut short: FxHashMap<u32, u32> = FxHashMap::default();
    Series::<Rest>::open(fingerprints, RESTS)?.for_each(&(0..=u64::MAX), |rest| {
        if rest.hash == Rest::TOO_SHORT {
            short.insert(rest.document, rest.lost);
        }
        Ok(())
    })?;
    for repeats in repeats.chunk_by(|a, b| a.id == b.id) {
        let document = repeats[0].id.document;
        let &sentences_in_all = sizes.get(document as usize).ok_or_else(|| Error::damaged(fingerprints))?;
        if repeats.len() == sentences_in_all as usize {
            drop(document, Duplicate::AllSentences, NONE, 1, 1)?;
        } else if short.get(&document).is_some_and(|&lost| lost as usize == repeats.len()) {
            drop(document, Duplicate::TooShort, NONE, 1, 1)?;
        } else if !equal.contains(&document) {
            repeats.iter().try_for_each(|&repeat| sentences.push(repeat))?;
        }
    }
    dropped.finish()?;
    sentences.finish()
}

/// The decisions of a part.
pub struct Decisions {
    dropped: Vec<Drop>,
    /// Documents that lose sentences, with their range in `sentences`.
    shortened: Vec<(u32, Range<usize>)>,
    sentences: Vec<u32>,
}

impl Decisions {
    /// Reads the folder that the last step wrote for a part: `Plan::task_folder(Step::Decide, part)`.
    pub fn read(folder: &Path) -> Result<Self> {
        let everything = 0..=u64::MAX;
        let mut dropped = Vec::new();
        Series::<DropRecord>::open(folder, DROPPED)?.for_each(&everything, |record| {
            let reason = Duplicate::from_code(record.reason).ok_or_else(|| Error::damaged(folder))?;
            if record.all == 0 || record.shared > record.all {
                return Err(Error::damaged(folder));
            }
            dropped.push(Drop {
                document: record.document,
                reason,
                earlier: (record.earlier != NONE).then_some(record.earlier),
                similarity: f64::from(record.shared) / f64::from(record.all),
            });
            Ok(())
        })?;
        let (mut shortened, mut sentences) = (Vec::<(u32, Range<usize>)>::new(), Vec::new());
        Series::<Repeat>::open(folder, SENTENCES)?.for_each(&everything, |repeat| {
            let at = sentences.len();
            sentences.push(repeat.sentence);
            match shortened.last_mut() {
                Some((document, range)) if *document == repeat.id.document => range.end = at + 1,
                _ => shortened.push((repeat.id.document, at..at + 1)),
            }
            Ok(())
        })?;
        Ok(Self { dropped, shortened, sentences })
    }

    /// The dropped documents, in order.
    pub fn dropped(&self) -> &[Drop] {
        &self.dropped
    }

    /// Number of sentences removed from documents that stay.
    pub fn removed_sentences(&self) -> usize {
        self.sentences.len()
    }

    /// The decision on a document, if it is dropped.
    pub fn drop_of(&self, document: u32) -> Option<&Drop> {
        let at = self.dropped.partition_point(|drop| drop.document < document);
        self.dropped.get(at).filter(|drop| drop.document == document)
    }

    /// Numbers of the sentences that a document loses.
    pub fn sentences_of(&self, document: u32) -> &[u32] {
        match self.shortened.binary_search_by_key(&document, |&(document, _)| document) {
            Ok(at) => &self.sentences[self.shortened[at].1.clone()],
            Err(_) => &[],
        }
    }

    /// Returns what stays of a document's clean text; none if it is dropped.
    pub fn apply<'a>(&self, document: u32, text: &'a str) -> Option<Cow<'a, str>> {
        if self.drop_of(document).is_some() {
            return None;
        }
        match self.sentences_of(document) {
            [] => Some(Cow::Borrowed(text)),
            removed => sentence::without(text, removed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_reason_is_damage() {
        let read = |reason| {
            let folder = tempfile::tempdir().expect("there is room");
            let mut dropped = ExternalSorter::new(folder.path(), DROPPED, u64::MAX);
            dropped
                .push(DropRecord { document: 3, reason, earlier: NONE, shared: 1, all: 1 })
                .expect("there is room");
            dropped.finish().expect("there is room");
            let sentences = ExternalSorter::<Repeat>::new(folder.path(), SENTENCES, u64::MAX);
            sentences.finish().expect("there is room");
            Decisions::read(folder.path()).map(|decisions| decisions.dropped()[0].reason)
        };
        let [document, near] = [Duplicate::Document, Duplicate::NearDocument];
        for reason in [document, near, Duplicate::AllSentences, Duplicate::TooShort] {
            assert_eq!(read(reason.code()).expect("the reason is known"), reason);
        }
        assert!(matches!(read(4), Err(Error::Damaged { .. })));
    }
}
