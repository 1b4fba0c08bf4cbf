//! Options of deduplication.

use crate::{Error, Result};

/// Callback that a task calls often; its error ends the task.
pub type Check<'a> = &'a (dyn Fn() -> Result<()> + Sync);

/// Kinds of duplicates to search for, and the memory for it.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Drop all but the first of the documents with the same text.
    pub documents: bool,
    /// Remove all but the first of the sentences with the same text.
    pub sentences: bool,
    /// Length in characters, without blanks, below which sentences are never removed.
    pub min_sentence_characters: u32,
    /// Drop documents whose n-grams have at least this Jaccard similarity with those of an earlier one.
    pub near: Option<f64>,
    /// Characters of an n-gram, 1 to 6; blanks do not count.
    pub ngram: u32,
    /// Memory of one task in bytes, at least 65536.
    pub memory: u64,
}

impl Options {
    /// Refuses values out of range.
    pub fn check(&self) -> Result<()> {
        let wrong = if !(1..=6).contains(&self.ngram) {
            "ngram is the number of characters of an n-gram, from 1 to 6"
        } else if self.near.is_some_and(|near| !(0.1..=1.0).contains(&near)) {
            "near is a similarity from 0.1 to 1"
        } else if self.memory < 1 << 16 {
            "memory is a number of bytes, at least 65536"
        } else {
            return Ok(());
        };
        Err(Error::Option { message: wrong })
    }
}
