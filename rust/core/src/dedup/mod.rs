//! Duplicates: documents with the same text, documents that are much alike, and sentences that occurred before.
//!
//! Over all parts of a corpus at once, the first occurrence in input order stays. A part's fingerprints are made when
//! it is prepared; the steps of `plan` then work on ranges of hashes, within a memory limit; the decisions on a part
//! are applied when it is encoded. They depend on the texts and the options alone, not on threads, buckets or memory.
//!
//! Hashes have 128 bits: among the 10^11 sentences of 10 TB, the odds that any two different ones have the same hash
//! are 10^22 / 2^129, below one in 10^16. Near-duplicates are compared by their texts, so hashes decide nothing there.

mod candidates;
mod compare;
mod decide;
mod fingerprint;
mod gather;
mod marks;
mod minhash;
mod plan;
mod publish;
mod record;
mod repeats;
mod resolve;
mod sentence;
mod sorted;
mod sorter;
mod texts;

pub use decide::{Decisions, Drop, Duplicate};
pub use fingerprint::{Fingerprint, FingerprintWriter, Fingerprinter, fingerprint_part};
pub use plan::{Part, Plan, Step};
pub use record::Place;
pub use sentence::{sentences, without};
pub use texts::for_each_text;

/// Asked now and then by a task whether to go on; its error ends the task.
pub type Check<'a> = &'a (dyn Fn() -> crate::Result<()> + Sync);

/// What counts as a duplicate.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Drop all but the first of the documents with the same text.
    pub documents: bool,
    /// Remove all but the first of the sentences with the same text.
    pub sentences: bool,
    /// Shorter sentences are never removed; blanks do not count.
    pub min_sentence_characters: u32,
    /// Drop documents that are at least so much like an earlier one: the Jaccard similarity of their n-grams.
    pub near: Option<f64>,
    /// Characters of an n-gram, 1 to 6; blanks do not count.
    pub ngram: u32,
    /// Bytes that the tables of one task may take, at least 65536.
    pub memory: u64,
}
