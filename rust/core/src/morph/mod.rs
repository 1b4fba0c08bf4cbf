//! Morphological analysis: splits a line into the morphemes that MeCab finds, with either of two engines.
//!
//! All threads share one [`Analyzer`]; each has a [`Worker`], which keeps its buffers from line to line.

mod cut;
mod neighbours;
mod vibrato;
mod viterbi;

use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::dictionary::file;
use crate::dictionary::lattice::Dictionary;
use crate::dictionary::{Header, vibrato_error, vibrato_tokenizer};
use crate::{Error, Result};

/// Engine of morphological analysis; all give the same morphemes, but of lines over [`LONGEST_LINE`] characters.
///
/// [`LONGEST_LINE`]: crate::dictionary::LONGEST_LINE
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// The engine of this crate.
    #[default]
    Lattice,
    /// vibrato, the reference; it cuts longer lines, as its costs have 32 bits.
    Vibrato,
}

impl Engine {
    /// Names of all engines.
    pub const NAMES: [(&'static str, Self); 2] = [("lattice", Self::Lattice), ("vibrato", Self::Vibrato)];

    /// Returns the engine's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lattice => "lattice",
            Self::Vibrato => "vibrato",
        }
    }
}

/// The number of a surface in the dictionary, below [`Analyzer::words`].
pub type Word = u32;

/// A loaded dictionary.
pub struct Analyzer {
    path: PathBuf,
    checksum: u64,
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

    /// Loads the dictionary file with this checksum.
    ///
    /// # Errors
    ///
    /// As for [`Analyzer::load`], and [`Error::Dictionary`] if the file has another one.
    pub fn reopen(engine: Engine, path: &Path, checksum: u64) -> Result<Self> {
        let analyzer = Self::load_for(engine, path)?;
        if analyzer.checksum == checksum {
            return Ok(analyzer);
        }
        let message = "changed since the analyser was pickled; load it again".to_owned();
        Err(Error::Dictionary { path: path.to_owned(), message })
    }

    /// Loads the bytes of a dictionary file; `path` is for messages.
    ///
    /// # Errors
    ///
    /// [`Error::Dictionary`](crate::Error::Dictionary) as for [`Analyzer::load`], and [`Error::Io`] for want of memory.
    pub fn from_bytes(engine: Engine, bytes: &[u8], path: &Path) -> Result<Self> {
        let parts = file::parse(bytes, path)?;
        let engine = match engine {
            Engine::Lattice => {
                let dictionary = Dictionary::from_bytes(parts.lattice);
                let dictionary = dictionary.map_err(Error::io(path, "cannot decompress"))?;
                Loaded::Lattice(Box::new(dictionary.ok_or_else(|| file::damaged(path))?))
            }
            Engine::Vibrato => {
                let dictionary = ::vibrato::Dictionary::read(parts.vibrato).map_err(vibrato_error(path))?;
                Loaded::Vibrato(Box::new(vibrato_tokenizer(dictionary).map_err(vibrato_error(path))?))
            }
        };
        let (header, terms) = (parts.header, parts.terms.to_owned());
        Ok(Self { path: absolute(path)?, checksum: parts.checksum, header, terms, engine })
    }

    /// Returns the absolute path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the checksum of the file's contents.
    pub fn checksum(&self) -> u64 {
        self.checksum
    }

    /// Returns the engine.
    pub fn engine(&self) -> Engine {
        match self.engine {
            Loaded::Lattice(_) => Engine::Lattice,
            Loaded::Vibrato(_) => Engine::Vibrato,
        }
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

/// Makes a path independent of the working directory.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(Error::io(path, "cannot find"))
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
        match &mut self.0 {
            Running::Lattice(worker) => worker.split(line, on_morpheme),
            Running::Vibrato(worker) => worker.split(line, |range| on_morpheme(range, None)),
        }
    }
}
