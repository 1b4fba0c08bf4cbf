//! Steps of deduplication: tasks that read files and write one folder each.
//!
//! ```text
//! documents(bucket)   fingerprints               → repeated documents
//! repeated(group)     these, of all buckets      → the same, by part
//! candidates(bucket)  fingerprints               → pairs that share a band, and the documents in them
//! pairs(group)        these, of all buckets      → the same, by part
//! texts(part)         clean text                 → texts of these documents; slots of those in large bands
//! votes(bucket)       slots                      → pairs that share slots that few have
//! likely(group)       these, of all buckets      → the same, by part
//! compare(part)       pairs of both kinds, texts → similar pairs
//! resolve             similar pairs              → near-duplicate documents
//! dropped(group)      repeated, near-duplicates  → all documents dropped so far
//! sentences(bucket)   fingerprints               → repeated sentences in the others
//! removed(group)      these, of all buckets      → the same, by part; documents left with short sentences only
//! fragments(bucket)   these, fingerprints        → the repeated ones of them
//! equal(group)        these, of all buckets      → the same, by part
//! decide(part)        all of the above           → decisions
//! ```
//! A bucket is a range of hashes; there are as many as keep a task's tables within the memory limit. A group is a few
//! neighbouring parts; there are no more groups than buckets. A step begins when the one before has ended; its tasks
//! can run in any order, on any machine that sees the same disk, more than once.

use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};

use super::external_sort::Series;
use super::options::Options;
use super::record::series::{BANDS, DOCUMENTS, SENTENCES, SIZES};
use super::record::{Band, Occurrence, Record, Size, table_bytes};
use crate::{Error, Result};

/// Files of a part.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Folder of its fingerprints.
    pub fingerprints: PathBuf,
    /// Its clean documents, JSON lines, plain or compressed.
    pub text: PathBuf,
    /// Member that holds the text.
    pub text_field: String,
}

/// Step of deduplication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // The table of the module describes each.
pub enum Step {
    Documents,
    Repeated,
    Candidates,
    Pairs,
    Texts,
    Votes,
    Likely,
    Compare,
    Resolve,
    Dropped,
    Sentences,
    Removed,
    Fragments,
    Equal,
    Decide,
}

impl Step {
    /// All steps in order.
    pub const ALL: [Self; 15] = [
        Self::Documents,
        Self::Repeated,
        Self::Candidates,
        Self::Pairs,
        Self::Texts,
        Self::Votes,
        Self::Likely,
        Self::Compare,
        Self::Resolve,
        Self::Dropped,
        Self::Sentences,
        Self::Removed,
        Self::Fragments,
        Self::Equal,
        Self::Decide,
    ];

    /// Name of the step, and of its folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::Documents => "documents",
            Self::Repeated => "repeated",
            Self::Candidates => "candidates",
            Self::Pairs => "pairs",
            Self::Texts => "texts",
            Self::Votes => "votes",
            Self::Likely => "likely",
            Self::Compare => "compare",
            Self::Resolve => "resolve",
            Self::Dropped => "dropped",
            Self::Sentences => "sentences",
            Self::Removed => "removed",
            Self::Fragments => "fragments",
            Self::Equal => "equal",
            Self::Decide => "decisions",
        }
    }
}

/// Plan of a deduplication: parts, options and the folder of intermediate files.
pub struct Plan {
    pub(super) parts: Vec<Part>,
    pub(super) options: Options,
    /// Number of documents of each part.
    pub(super) sizes: Vec<u32>,
    folder: PathBuf,
    buckets: [u32; 3],
}

impl Plan {
    /// Plans for parts in input order, whose fingerprints were made with the same options.
    ///
    /// Reads the number of records of each part.
    pub fn new(parts: Vec<Part>, options: Options, folder: &Path) -> Result<Self> {
        options.check()?;
        if u32::try_from(parts.len()).is_err() {
            return Err(Error::internal("more parts than can be numbered"));
        }
        let size = |part: &Part| {
            let documents = Series::<Size>::open(&part.fingerprints, SIZES)?.len();
            u32::try_from(documents).map_err(|_| Error::damaged(&part.fingerprints))
        };
        let sizes = parts.iter().map(size).collect::<Result<_>>()?;
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

    /// Number of tasks of a step; 0 if the options leave it out.
    pub fn tasks(&self, step: Step) -> u32 {
        let near = |tasks| if self.options.near.is_some() { tasks } else { 0 };
        let [documents, bands, sentences] = self.buckets;
        let parts = self.part_count();
        match step {
            Step::Documents => documents * u32::from(self.options.documents),
            Step::Repeated => self.groups(),
            Step::Candidates | Step::Votes => near(bands),
            Step::Pairs | Step::Likely | Step::Dropped => near(self.groups()),
            Step::Texts | Step::Compare => near(parts),
            Step::Resolve => near(1),
            Step::Sentences => sentences * u32::from(self.options.sentences),
            Step::Removed => self.groups() * u32::from(self.options.sentences),
            Step::Fragments => documents * u32::from(self.options.documents && self.options.sentences),
            Step::Equal => self.groups() * u32::from(self.options.documents && self.options.sentences),
            Step::Decide => parts,
        }
    }

    /// Folder of a task. Its name holds the number of tasks, as another memory limit makes other buckets.
    pub fn task_folder(&self, step: Step, task: u32) -> PathBuf {
        self.folder.join(format!("{}-of-{}", step.name(), self.tasks(step))).join(format!("{task:06}"))
    }

    /// Number of parts.
    pub(super) fn part_count(&self) -> u32 {
        // `new` saw to it that they fit.
        self.parts.len() as u32
    }

    /// Number of groups of parts.
    pub(super) fn groups(&self) -> u32 {
        self.buckets.into_iter().fold(1, u32::max).min(self.part_count())
    }

    /// The parts of a group.
    pub(super) fn group(&self, group: u32) -> Range<u32> {
        let bound = |group: u64| (group * self.parts.len() as u64 / u64::from(self.groups())) as u32;
        bound(group.into())..bound(u64::from(group) + 1)
    }

    /// Opens what a step found for the group of a part; empty if the options leave the step out.
    pub(super) fn of_group<R: Record>(&self, step: Step, name: &str, part: u32) -> Result<Series<R>> {
        if self.tasks(step) == 0 {
            return Ok(Series::empty());
        }
        let group = ((u64::from(part) + 1) * u64::from(self.groups()) - 1) / self.parts.len() as u64;
        Series::open(&self.task_folder(step, group as u32), name)
    }

    /// The step whose bitmap covers all documents that are dropped whole.
    pub(super) fn last_dropped(&self) -> Step {
        if self.options.near.is_some() { Step::Dropped } else { Step::Repeated }
    }

    /// Memory for the records that a task writes, in bytes; hash tables take the rest.
    pub(super) fn spill(&self) -> u64 {
        self.options.memory / 8
    }

    /// Range of keys of a bucket.
    pub(super) fn bucket(&self, step: Step, task: u32) -> RangeInclusive<u64> {
        let tasks = u128::from(self.tasks(step));
        let bound = |task: u128| ((task << 64) / tasks) as u64;
        let end = if u128::from(task) + 1 == tasks { u64::MAX } else { bound(u128::from(task) + 1) - 1 };
        bound(u128::from(task))..=end
    }
}

/// Number of records of a series in all parts.
fn count<R: Record>(parts: &[Part], name: &str) -> Result<usize> {
    parts.iter().map(|part| Ok(Series::<R>::open(&part.fingerprints, name)?.len())).sum()
}
