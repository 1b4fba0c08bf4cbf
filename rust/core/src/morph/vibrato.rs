//! vibrato, set as MeCab is: what our own analyser is compared with, and what prices terms.

use std::ops::Range;

use vibrato::errors::VibratoError;

use super::lattice::MAX_GROUPING_LEN;

/// Lines up to this length in bytes, nearly all, have a lattice of their own: vibrato clears every position that a
/// lattice ever had before each line, so that after one line of 16,000 characters clinical text took 1.8 times as long.
const SHORT_LINE: usize = 1024;

/// The analyser set as MeCab is.
pub fn tokenizer(dictionary: vibrato::Dictionary) -> Result<vibrato::Tokenizer, VibratoError> {
    Ok(vibrato::Tokenizer::new(dictionary).ignore_space(true)?.max_grouping_len(MAX_GROUPING_LEN))
}

/// Splits lines; one a thread.
pub struct Worker<'a> {
    short: vibrato::tokenizer::worker::Worker<'a>,
    long: vibrato::tokenizer::worker::Worker<'a>,
}

impl<'a> Worker<'a> {
    /// A worker with empty lattices.
    pub fn new(tokenizer: &'a vibrato::Tokenizer) -> Self {
        Self { short: tokenizer.new_worker(), long: tokenizer.new_worker() }
    }

    /// Calls `on_morpheme` with the byte range of each morpheme of `line`.
    pub fn split(&mut self, line: &str, mut on_morpheme: impl FnMut(Range<usize>)) {
        let worker = if line.len() <= SHORT_LINE { &mut self.short } else { &mut self.long };
        worker.reset_sentence(line);
        worker.tokenize();
        worker.token_iter().for_each(|token| on_morpheme(token.range_byte()));
    }
}
