//! The steps of deduplication: tasks that read files and write a folder each.
//!
//! ```text
//! documents(bucket)   fingerprints               → documents that are repeated
//! repeated(group)     these, of all buckets      → the same, by part
//! candidates(bucket)  fingerprints               → pairs that share a band, and the documents in them
//! pairs(group)        these, of all buckets      → the same, by part
//! texts(part)         clean text                 → texts of these documents
//! compare(part)       pairs, texts               → pairs that are alike
//! resolve             pairs that are alike       → near-duplicate documents
//! dropped(group)      repeated, near-duplicates  → all documents that are dropped by now
//! sentences(bucket)   fingerprints               → sentences that are repeated in the others
//! removed(group)      these, of all buckets      → the same, by part
//! decide(part)        all that is repeated       → decisions
//! ```
//! A bucket is a range of hashes; there are as many as keep a task's tables within the memory limit. A group is some
//! neighbouring parts; there are no more than buckets. A step begins when the one before has ended; its tasks can run
//! in any order, anywhere that sees the same disk, more than once.

use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};

use super::external_sort::Series;
use super::options::Options;
use super::record::series::{BANDS, DOCUMENTS, SENTENCES, SIZES};
use super::record::{Band, Occurrence, Record, Size, table_bytes};
use crate::Result;

/// The files of a part.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The folder of its fingerprints.
    pub fingerprints: PathBuf,
    /// Its clean documents, JSON lines, plain or compressed.
    pub text: PathBuf,
    /// The member that holds the text.
    pub text_field: String,
}

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // The module says what each does.
pub enum Step {
    Documents,
    Repeated,
    Candidates,
    Pairs,
    Texts,
    Compare,
    Resolve,
    Dropped,
    Sentences,
    Removed,
    Decide,
}

impl Step {
    /// All, in order.
    pub const ALL: [Self; 11] = [
        Self::Documents,
        Self::Repeated,
        Self::Candidates,
        Self::Pairs,
        Self::Texts,
        Self::Compare,
        Self::Resolve,
        Self::Dropped,
        Self::Sentences,
        Self::Removed,
        Self::Decide,
    ];

    /// Its name, which its folder has too.
    pub fn name(self) -> &'static str {
        match self {
            Self::Documents => "documents",
            Self::Repeated => "repeated",
            Self::Candidates => "candidates",
            Self::Pairs => "pairs",
            Self::Texts => "texts",
            Self::Compare => "compare",
            Self::Resolve => "resolve",
            Self::Dropped => "dropped",
            Self::Sentences => "sentences",
            Self::Removed => "removed",
            Self::Decide => "decisions",
        }
    }
}

/// Which parts are deduplicated together, how, and where the work is kept.
pub struct Plan {
    pub(super) parts: Vec<Part>,
    pub(super) options: Options,
    /// Documents of each part.
    pub(super) sizes: Vec<u32>,
    folder: PathBuf,
    buckets: [u32; 3],
}

impl Plan {
    /// A plan for parts in input order, whose fingerprints were made with the same options.
    ///
    /// Reads how many records each has.
    pub fn new(parts: Vec<Part>, options: Options, folder: &Path) -> Result<Self> {
        options.check()?;
        let sizes =
            parts.iter().map(|part| Ok(Series::<Size>::open(&part.fingerprints, SIZES)?.len() as u32));
        let sizes = sizes.collect::<Result<_>>()?;
        let buckets = |most: usize, bytes: usize| {
            (most as u64 * bytes as u64).div_ceil(options.memory).clamp(1, u64::from(u32::MAX)) as u32
        };
        let documents = if options.documents { count::<Occurrence>(&parts, DOCUMENTS)? } else { 0 };
        let bands = if options.near.is_some() { count::<Band>(&parts, BANDS)? } else { 0 };
        let sentences = if options.sentences { count::<Occurrence>(&parts, SENTENCES)? } else { 0 };
        let buckets = [
            buckets(documents, table_bytes::DOCUMENT),
            buckets(bands, table_bytes::BAND),
            buckets(sentences, table_bytes::SENTENCE),
        ];
        Ok(Self { parts, options, sizes, folder: folder.to_owned(), buckets })
    }

    /// How many tasks a step has; 0 if the options leave it out.
    pub fn tasks(&self, step: Step) -> u32 {
        let near = |tasks| if self.options.near.is_some() { tasks } else { 0 };
        let [documents, bands, sentences] = self.buckets;
        let parts = self.parts.len() as u32;
        match step {
            Step::Documents => documents * u32::from(self.options.documents),
            Step::Repeated => self.groups(),
            Step::Candidates => near(bands),
            Step::Pairs | Step::Dropped => near(self.groups()),
            Step::Texts | Step::Compare => near(parts),
            Step::Resolve => near(1),
            Step::Sentences => sentences * u32::from(self.options.sentences),
            Step::Removed => self.groups() * u32::from(self.options.sentences),
            Step::Decide => parts,
        }
    }

    /// Where a task puts its files. The number of tasks is in it, for another memory limit makes other buckets.
    pub fn task_folder(&self, step: Step, task: u32) -> PathBuf {
        self.folder.join(format!("{}-of-{}", step.name(), self.tasks(step))).join(format!("{task:06}"))
    }

    /// How many groups of parts there are.
    pub(super) fn groups(&self) -> u32 {
        self.buckets.into_iter().fold(1, u32::max).min(self.parts.len() as u32)
    }

    /// The parts of a group.
    pub(super) fn group(&self, group: u32) -> Range<u32> {
        let bound = |group: u64| (group * self.parts.len() as u64 / u64::from(self.groups())) as u32;
        bound(group.into())..bound(u64::from(group) + 1)
    }

    /// What a step found of the group of a part; nothing if the options leave the step out.
    pub(super) fn of_group<R: Record>(&self, step: Step, name: &str, part: u32) -> Result<Series<R>> {
        if self.tasks(step) == 0 {
            return Ok(Series::empty());
        }
        let group = ((u64::from(part) + 1) * u64::from(self.groups()) - 1) / self.parts.len() as u64;
        Series::open(&self.task_folder(step, group as u32), name)
    }

    /// What a task may hold of records that it writes, in bytes; tables take the rest.
    pub(super) fn spill(&self) -> u64 {
        self.options.memory / 8
    }

    /// The keys of a bucket.
    pub(super) fn bucket(&self, step: Step, task: u32) -> RangeInclusive<u64> {
        let tasks = u128::from(self.tasks(step));
        let bound = |task: u128| ((task << 64) / tasks) as u64;
        let end = if u128::from(task) + 1 == tasks { u64::MAX } else { bound(u128::from(task) + 1) - 1 };
        bound(u128::from(task))..=end
    }
}

/// How many records a series has in all parts.
fn count<R: Record>(parts: &[Part], name: &str) -> Result<usize> {
    parts.iter().map(|part| Ok(Series::<R>::open(&part.fingerprints, name)?.len())).sum()
}
