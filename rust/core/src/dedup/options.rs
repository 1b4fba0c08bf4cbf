//! What counts as a duplicate, and how much memory the search may take.

use crate::{Error, Result};

/// Asked now and then by a task whether to go on; its error ends the task.
pub type Check<'a> = &'a (dyn Fn() -> Result<()> + Sync);

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

impl Options {
    /// Refuses what cannot be done.
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
