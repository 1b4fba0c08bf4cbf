//! Documents → ids, each ended by `<|end_of_text|>`.

use super::rejected::DropReason;
use super::run::{Document, Job};
use crate::clean::Counts;
use crate::indexed::TokenType;
use crate::tokenizer::{Tokenizer, Worker};

/// Encodes documents.
pub struct Encode<'t> {
    /// The tokenizer.
    pub tokenizer: &'t Tokenizer,
    /// How tokens are stored.
    pub token_type: TokenType,
}

/// Encoded documents.
#[derive(Default)]
pub struct EncodedBatch {
    /// Tokens as stored.
    pub tokens: Vec<u8>,
    /// The number of tokens of each document.
    pub lengths: Vec<i32>,
    /// Morphemes in all.
    pub morphemes: u64,
    /// Tokens that stand for unknown characters.
    pub unknown: u64,
}

impl<'t> Job for Encode<'t> {
    type Worker = (Worker<'t>, Vec<u32>);
    type Batch = EncodedBatch;

    fn worker(&self) -> Self::Worker {
        (self.tokenizer.worker(), Vec::new())
    }

    fn document(
        &self,
        (worker, ids): &mut Self::Worker,
        document: &Document<'_>,
        batch: &mut EncodedBatch,
    ) -> Result<(), DropReason> {
        ids.clear();
        let morphemes = worker.encode(document.text, ids);
        if ids.is_empty() {
            return Err(DropReason::EmptyAfterCleaning);
        }
        ids.push(self.tokenizer.end_of_text());
        batch.morphemes += morphemes;
        batch.unknown += ids.iter().filter(|&&id| id == self.tokenizer.model().unknown()).count() as u64;
        batch.lengths.push(ids.len() as i32);
        self.token_type.push(ids, &mut batch.tokens);
        Ok(())
    }

    fn take_counts((worker, _): &mut Self::Worker) -> Counts {
        worker.take_counts()
    }
}
