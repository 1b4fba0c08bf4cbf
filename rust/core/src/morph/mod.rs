//! Morphological analysis: splits a line into the morphemes that MeCab finds, with either of two engines.
//!
//! All threads share one [`Analyzer`]; each has a [`Worker`], which keeps its buffers from line to line.

mod cut;
mod neighbours;
mod vibrato;
mod viterbi;

use std::ops::Range;
use std::path::Path;

use crate::Result;
use crate::dictionary::file;
use crate::dictionary::lattice::Dictionary;
use crate::dictionary::{Header, LONGEST_LINE, vibrato_error, vibrato_tokenizer};

/// Engine of morphological analysis; all give the same morphemes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// The engine of this crate.
    #[default]
    Lattice,
    /// vibrato, the reference.
    Vibrato,
}

impl Engine {
    /// Names of all engines.
    pub const NAMES: [(&'static str, Self); 2] = [("lattice", Self::Lattice), ("vibrato", Self::Vibrato)];
}

/// The number of a surface in the dictionary, below [`Analyzer::words`].
pub type Word = u32;

/// A loaded dictionary.
pub struct Analyzer {
    header: Header,
    terms: String,
    engine: Loaded,
}

enum Loaded {
    Lattice(Box<Dictionary>),
    Vibrato(Box<::vibrato::Tokenizer>),
}

impl Analyzer {
    /// Loads a dictionary file for the default engine.
    ///
    /// # Errors
    ///
    /// [`Error::Io`](crate::Error::Io) if it cannot be read, [`Error::Dictionary`](crate::Error::Dictionary) if it is no
    /// dictionary, damaged or of another format.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::load_for(Engine::default(), path)
    }

    /// Loads a dictionary file.
    ///
    /// # Errors
    ///
    /// As for [`Analyzer::load`].
    pub fn load_for(engine: Engine, path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::from_bytes(engine, &file::read(path)?, path)
    }

    /// Loads the bytes of a dictionary file; `path` is for messages.
    ///
    /// # Errors
    ///
    /// [`Error::Dictionary`](crate::Error::Dictionary) as for [`Analyzer::load`].
    pub fn from_bytes(engine: Engine, bytes: &[u8], path: &Path) -> Result<Self> {
        let parts = file::parse(bytes, path)?;
        let engine = match engine {
            Engine::Lattice => {
                let dictionary = Dictionary::from_bytes(parts.lattice);
                Loaded::Lattice(Box::new(dictionary.ok_or_else(|| file::damaged(path))?))
            }
            Engine::Vibrato => {
                let dictionary = ::vibrato::Dictionary::read(parts.vibrato).map_err(vibrato_error(path))?;
                Loaded::Vibrato(Box::new(vibrato_tokenizer(dictionary).map_err(vibrato_error(path))?))
            }
        };
        Ok(Self { header: parts.header, terms: parts.terms.to_owned(), engine })
    }

    /// Returns the contents of the dictionary.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Returns the terms that were added, as a MeCab user dictionary in CSV.
    pub fn terms(&self) -> &str {
        &self.terms
    }

    /// Returns one more than the highest [`Word`]; 0 for an engine that does not number words.
    pub fn words(&self) -> usize {
        match &self.engine {
            Loaded::Lattice(dictionary) => dictionary.entries.len(),
            Loaded::Vibrato(_) => 0,
        }
    }

    /// Creates a worker for one thread.
    pub fn worker(&self) -> Worker<'_> {
        Worker(match &self.engine {
            Loaded::Lattice(dictionary) => Running::Lattice(Box::new(viterbi::Worker::new(dictionary))),
            Loaded::Vibrato(tokenizer) => Running::Vibrato(Box::new(vibrato::Worker::new(tokenizer))),
        })
    }
}

/// Splits lines; one a thread.
pub struct Worker<'a>(Running<'a>);

enum Running<'a> {
    Lattice(Box<viterbi::Worker<'a>>),
    Vibrato(Box<vibrato::Worker<'a>>),
}

impl Worker<'_> {
    /// Calls `on_morpheme` with the byte range of each morpheme of `line`, from left to right.
    ///
    /// Spaces between morphemes belong to no range (a few morphemes have one inside: emoticons in UniDic). `line`
    /// should have no line feed: MeCab would see two lines, and this takes it for a space.
    pub fn split(&mut self, line: &str, mut on_morpheme: impl FnMut(Range<usize>)) {
        self.split_words(line, |range, _| on_morpheme(range));
    }

    /// Splits as [`Worker::split`], with the dictionary's number of each morpheme: morphemes with the same number have
    /// the same surface. `None` is for unknown words, and for all where [`Analyzer::words`] is 0.
    pub fn split_words(&mut self, line: &str, mut on_morpheme: impl FnMut(Range<usize>, Option<Word>)) {
        for piece in cut::pieces(line, LONGEST_LINE) {
            let text = &line[piece.clone()];
            let mut on_range = |range: Range<usize>, word| {
                on_morpheme(piece.start + range.start..piece.start + range.end, word);
            };
            match &mut self.0 {
                Running::Lattice(worker) => worker.split(text, on_range),
                Running::Vibrato(worker) => worker.split(text, |range| on_range(range, None)),
            }
        }
    }
}
