//! Splits lines with vibrato, the reference for our own analyser.

use std::ops::Range;

use super::cut::pieces;
use crate::dictionary::LONGEST_LINE;

/// Length in bytes up to which lines, nearly all, use a lattice of their own: before each line vibrato clears every
/// position that a lattice ever had; after one line of 16,000 characters clinical text took 1.8 times as long.
const SHORT_LINE: usize = 1024;

/// Splits lines; one a thread.
pub struct Worker<'a> {
    short: ::vibrato::tokenizer::worker::Worker<'a>,
    long: ::vibrato::tokenizer::worker::Worker<'a>,
}

impl<'a> Worker<'a> {
    /// A worker with empty lattices.
    pub fn new(tokenizer: &'a ::vibrato::Tokenizer) -> Self {
        Self { short: tokenizer.new_worker(), long: tokenizer.new_worker() }
    }

    /// Calls `on_morpheme` with the byte range of each morpheme of `line`.
    pub fn split(&mut self, line: &str, mut on_morpheme: impl FnMut(Range<usize>)) {
        for piece in pieces(line, LONGEST_LINE) {
            let start = piece.start;
            self.split_piece(&line[piece], |range| on_morpheme(start + range.start..start + range.end));
        }
    }

    fn split_piece(&mut self, line: &str, mut on_morpheme: impl FnMut(Range<usize>)) {
        let worker = if line.len() <= SHORT_LINE { &mut self.short } else { &mut self.long };
        worker.reset_sentence(line);
        worker.tokenize();
        worker.token_iter().for_each(|token| on_morpheme(token.range_byte()));
    }
}
