//! Morphological analysis: which stretches of a line are its morphemes. The same answer as MeCab's, by vibrato.
//!
//! One [`Analyzer`] is shared, one [`Worker`] a thread keeps its buffers from line to line.

mod cut;

use std::ops::Range;
use std::path::Path;

use vibrato::errors::VibratoError;

use crate::dictionary::file::{self, Settings};
use crate::dictionary::{Header, vibrato_error};
use crate::{Error, Result};

/// MeCab's default for the longest run of characters that is one unknown word, less one.
const MAX_GROUPING_LEN: usize = 24;

/// The longest line that is analysed in one piece, in characters; longer ones are cut after 。！？!? or, where there
/// are none, at this length.
///
/// vibrato adds up costs in 32 bits: a morpheme costs at most 2 × 32,767, so from 32,768 morphemes on they can
/// overflow. MeCab has no such limit and gives the same answer up to this length.
pub const LONGEST_LINE: usize = 16_384;

/// Lines up to this length in bytes, nearly all, have a lattice of their own: vibrato clears every position that a
/// lattice ever had before each line, so that after one line of 16,000 characters clinical text took 1.8 times as long.
const SHORT_LINE: usize = 1024;

/// A loaded dictionary.
pub struct Analyzer {
    header: Header,
    terms: String,
    tokenizer: vibrato::Tokenizer,
}

impl Analyzer {
    /// Loads a dictionary file.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it cannot be read, [`Error::Dictionary`] if it is no dictionary, damaged or of another format.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::from_bytes(&std::fs::read(path).map_err(Error::io(path, "cannot read"))?, path)
    }

    /// The analyser in the bytes of a dictionary file; `path` is for messages.
    ///
    /// # Errors
    ///
    /// [`Error::Dictionary`] as for [`Analyzer::load`].
    pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Self> {
        let parts = file::parse(bytes, path)?;
        let dictionary = vibrato::Dictionary::read(parts.analyser).map_err(vibrato_error(path))?;
        let tokenizer = tokenizer(dictionary).map_err(vibrato_error(path))?;
        Ok(Self { header: parts.header, terms: parts.terms.to_owned(), tokenizer })
    }

    /// What the dictionary was made of.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The terms that were added, as a MeCab user dictionary in CSV.
    pub fn terms(&self) -> &str {
        &self.terms
    }

    /// A worker for one thread.
    pub fn worker(&self) -> Worker<'_> {
        Worker { short: self.tokenizer.new_worker(), long: self.tokenizer.new_worker() }
    }
}

/// Splits lines; one a thread.
pub struct Worker<'a> {
    short: vibrato::tokenizer::worker::Worker<'a>,
    long: vibrato::tokenizer::worker::Worker<'a>,
}

impl Worker<'_> {
    /// Calls `on_morpheme` with the byte range of each morpheme of `line`, from left to right.
    ///
    /// Spaces between morphemes belong to no range (a few morphemes have one inside: emoticons in UniDic). `line`
    /// should have no line feed: MeCab would see two lines, and this takes it for a space.
    pub fn split(&mut self, line: &str, mut on_morpheme: impl FnMut(Range<usize>)) {
        for piece in cut::pieces(line, LONGEST_LINE) {
            let worker = if piece.len() <= SHORT_LINE { &mut self.short } else { &mut self.long };
            worker.reset_sentence(&line[piece.clone()]);
            worker.tokenize();
            for token in worker.token_iter() {
                let range = token.range_byte();
                on_morpheme(piece.start + range.start..piece.start + range.end);
            }
        }
    }
}

/// The analyser set as MeCab is.
pub(crate) fn tokenizer(
    dictionary: vibrato::Dictionary,
) -> std::result::Result<vibrato::Tokenizer, VibratoError> {
    Ok(vibrato::Tokenizer::new(dictionary).ignore_space(true)?.max_grouping_len(MAX_GROUPING_LEN))
}

/// The settings of [`tokenizer`], for the header.
pub(crate) fn settings() -> Settings {
    Settings {
        engine: "vibrato".into(),
        ignore_space: true,
        max_grouping_len: MAX_GROUPING_LEN,
        longest_line: LONGEST_LINE,
    }
}
