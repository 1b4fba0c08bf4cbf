//! Documents → how often each morpheme occurs, which is all that the tokenizer's training needs of a corpus.

use rustc_hash::FxHashMap;

use super::rejected::DropReason;
use super::run::{Document, Job};
use crate::clean::Counts;
use crate::morph::Analyzer;
use crate::tokenizer::Splitter;

/// Counts morphemes.
pub struct CountMorphemes<'a> {
    /// The analyser.
    pub analyzer: &'a Analyzer,
}

impl<'a> Job for CountMorphemes<'a> {
    type Worker = Splitter<'a>;
    type Batch = FxHashMap<Box<str>, u64>;

    fn worker(&self) -> Splitter<'a> {
        Splitter::new(self.analyzer)
    }

    fn document(
        &self,
        splitter: &mut Splitter<'a>,
        document: &Document<'_>,
        batch: &mut Self::Batch,
    ) -> Result<(), DropReason> {
        let mut any = false;
        splitter.split(document.text, |morpheme| {
            any = true;
            match batch.get_mut(morpheme) {
                Some(count) => *count += 1,
                None => {
                    batch.insert(morpheme.into(), 1);
                }
            }
        });
        if any { Ok(()) } else { Err(DropReason::EmptyAfterCleaning) }
    }

    fn take_counts(splitter: &mut Splitter<'a>) -> Counts {
        splitter.take_counts()
    }
}
