//! What becomes of the documents of a part: they stay, lose sentences, or are dropped.

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;

use super::external_sort::{ExternalSorter, Series};
use super::plan::{Plan, Step};
use super::record::series::{DROPPED, NEAR, REPEATED, SENTENCES, SIZES};
use super::record::{DocumentId, Pair, Record, Repeat, Similar, Size};
use super::sentence;
use crate::Result;

/// Why a document is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Duplicate {
    /// An earlier one has the same text.
    Document,
    /// An earlier one that stays resembles it.
    NearDocument,
    /// All of its sentences occurred before.
    AllSentences,
}

impl Duplicate {
    const ALL: [Self; 3] = [Self::Document, Self::NearDocument, Self::AllSentences];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Document => "duplicate_document",
            Self::NearDocument => "near_duplicate_document",
            Self::AllSentences => "duplicate_sentences",
        }
    }
}

/// A dropped document.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drop {
    /// The document in its part.
    pub document: u32,
    /// Why.
    pub reason: Duplicate,
    /// The earlier document; none if its sentences come from several.
    pub earlier: Option<DocumentId>,
    /// Their Jaccard similarity; 1 for the same text.
    pub similarity: f64,
}

/// As it is in the file.
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

/// No document: a part that cannot be.
const NOWHERE: DocumentId = DocumentId { part: u32::MAX, document: u32::MAX };

/// Puts together what the other steps found of a part.
pub(super) fn decide(plan: &Plan, part: u32, folder: &Path) -> Result<()> {
    let mut dropped = ExternalSorter::new(folder, DROPPED, u64::MAX);
    let mut drop = |document, reason: Duplicate, earlier, shared, all| {
        dropped.push(DropRecord { document, reason: reason as u32, earlier, shared, all })
    };
    let keys = DocumentId::part_keys(part);
    for pair in plan.of_group::<Pair>(Step::Repeated, REPEATED, part)?.sorted(&keys)? {
        drop(pair.later.document, Duplicate::Document, pair.earlier, 1, 1)?;
    }
    for near in plan.of_group::<Similar>(Step::Dropped, NEAR, part)?.sorted(&keys)? {
        drop(near.pair.later.document, Duplicate::NearDocument, near.pair.earlier, near.shared, near.all)?;
    }
    let mut sentences = ExternalSorter::new(folder, SENTENCES, u64::MAX);
    let repeats = plan.of_group::<Repeat>(Step::Removed, REPEATED, part)?.sorted(&keys)?;
    let mut sizes = Vec::with_capacity(plan.sizes[part as usize] as usize);
    Series::<Size>::open(&plan.parts[part as usize].fingerprints, SIZES)?.for_each(
        &(0..=u64::MAX),
        |size| {
            sizes.push(size.sentences);
            Ok(())
        },
    )?;
    for repeats in repeats.chunk_by(|a, b| a.id == b.id) {
        let document = repeats[0].id.document;
        if repeats.len() as u32 == sizes[document as usize] {
            drop(document, Duplicate::AllSentences, NOWHERE, 1, 1)?;
        } else {
            repeats.iter().try_for_each(|&repeat| sentences.push(repeat))?;
        }
    }
    dropped.finish()?;
    sentences.finish()
}

/// The decisions of a part.
pub struct Decisions {
    dropped: Vec<Drop>,
    /// Documents that lose sentences, and where these are in `sentences`.
    shortened: Vec<(u32, Range<usize>)>,
    sentences: Vec<u32>,
}

impl Decisions {
    /// Reads the folder that the last step wrote for a part, `Plan::task_folder(Step::Decide, part)`.
    pub fn read(folder: &Path) -> Result<Self> {
        let everything = 0..=u64::MAX;
        let mut dropped = Vec::new();
        Series::<DropRecord>::open(folder, DROPPED)?.for_each(&everything, |record| {
            dropped.push(Drop {
                document: record.document,
                reason: Duplicate::ALL[record.reason as usize % 3],
                earlier: (record.earlier != NOWHERE).then_some(record.earlier),
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

    /// How many sentences are taken out of documents that stay.
    pub fn removed_sentences(&self) -> usize {
        self.sentences.len()
    }

    /// The decision on a document that is dropped.
    pub fn drop_of(&self, document: u32) -> Option<&Drop> {
        let at = self.dropped.binary_search_by_key(&document, |drop| drop.document).ok()?;
        Some(&self.dropped[at])
    }

    /// The numbers of the sentences that a document loses.
    pub fn sentences_of(&self, document: u32) -> &[u32] {
        match self.shortened.binary_search_by_key(&document, |&(document, _)| document) {
            Ok(at) => &self.sentences[self.shortened[at].1.clone()],
            Err(_) => &[],
        }
    }

    /// What stays of a document's clean text; none if it is dropped.
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
