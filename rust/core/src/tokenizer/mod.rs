//! The tokenizer folder: cleaning rules, dictionary and pieces together turn raw text into ids.

use std::path::Path;

use rustc_hash::FxHashMap;

use crate::clean::{self, Cleaner, META_SPACE};
use crate::morph::{self, Analyzer};
use crate::unigram::{EncodeBuffer, PieceKind, Unigram};
use crate::{Error, Result};

/// The SentencePiece model in a tokenizer folder.
pub const MODEL_FILE: &str = "tokenizer.model";
/// The dictionary in a tokenizer folder.
pub const DICTIONARY_FILE: &str = "dictionary";
/// The version of the cleaning rules in a tokenizer folder.
pub const CLEANING_FILE: &str = "cleaning.json";

/// The piece that begins a text.
pub const BEGIN_OF_TEXT: &str = "<|begin_of_text|>";
/// The piece that ends a text, and pads.
pub const END_OF_TEXT: &str = "<|end_of_text|>";

/// Morphemes whose ids a worker remembers; few words make up most of a text (Zipf).
const REMEMBERED: usize = 1 << 17;

/// A tokenizer, shared by all threads.
pub struct Tokenizer {
    analyzer: Analyzer,
    model: Unigram,
    begin: u32,
    end: u32,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Cleaning {
    version: u32,
}

impl Tokenizer {
    /// Loads a folder that `ncvc tokenizer train` wrote.
    pub fn load(folder: &Path) -> Result<Self> {
        let fail = |file: &str, message: String| Error::Tokenizer { path: folder.join(file), message };
        let read = |file: &str| {
            std::fs::read(folder.join(file)).map_err(Error::io(folder.join(file), "cannot read"))
        };
        let cleaning: Cleaning = serde_json::from_slice(&read(CLEANING_FILE)?)
            .map_err(|error| fail(CLEANING_FILE, format!("not a description of cleaning rules: {error}")))?;
        if cleaning.version != clean::VERSION {
            let message = format!(
                "made with cleaning rules {}, but this ncvc has rules {}: train the tokenizer again, or use the ncvc that made it",
                cleaning.version,
                clean::VERSION
            );
            return Err(fail(CLEANING_FILE, message));
        }
        let model = Unigram::from_bytes(&read(MODEL_FILE)?).map_err(|message| fail(MODEL_FILE, message))?;
        let control = |piece: &str| {
            model.id(piece).ok_or_else(|| fail(MODEL_FILE, format!("the piece {piece} is missing")))
        };
        let (begin, end) = (control(BEGIN_OF_TEXT)?, control(END_OF_TEXT)?);
        let analyzer = Analyzer::load(folder.join(DICTIONARY_FILE))?;
        Ok(Self { analyzer, model, begin, end })
    }

    /// The pieces.
    pub fn model(&self) -> &Unigram {
        &self.model
    }

    /// The id that begins a text.
    pub fn begin_of_text(&self) -> u32 {
        self.begin
    }

    /// The id that ends every document.
    pub fn end_of_text(&self) -> u32 {
        self.end
    }

    /// A worker for one thread.
    pub fn worker(&self) -> Worker<'_> {
        Worker {
            splitter: Splitter::new(&self.analyzer),
            encoder: Encoder {
                model: &self.model,
                buffer: EncodeBuffer::default(),
                ids: Vec::new(),
                known: FxHashMap::default(),
            },
        }
    }

    /// The cleaned text of ids; the beginning and the end of text are nothing, as are unknown characters.
    ///
    /// `None` if an id is not in the vocabulary.
    pub fn decode(&self, ids: &[u32]) -> Option<String> {
        let mut text = String::new();
        for &id in ids {
            let (piece, kind) = self.model.piece(id)?;
            if matches!(kind, PieceKind::Normal | PieceKind::UserDefined) {
                text.push_str(piece);
            }
        }
        Some(text)
    }
}

/// Cleans and analyses text; one a thread.
pub struct Splitter<'a> {
    cleaner: Cleaner,
    analyzer: morph::Worker<'a>,
}

impl<'a> Splitter<'a> {
    /// A splitter that uses the analyser's dictionary.
    pub fn new(analyzer: &'a Analyzer) -> Self {
        Self { cleaner: Cleaner::default(), analyzer: analyzer.worker() }
    }

    /// Calls `on_morpheme` for every morpheme of the cleaned text; together they are the cleaned text.
    ///
    /// White space (▁) and line feeds are morphemes of their own, and no other morpheme holds one, though a
    /// word of the dictionary may.
    pub fn split(&mut self, text: &str, mut on_morpheme: impl FnMut(&str)) {
        let mut meta_space = [0; 4];
        let meta_space: &str = META_SPACE.encode_utf8(&mut meta_space);
        let cleaned = self.cleaner.clean_with_spaces(text);
        for (i, line) in cleaned.split('\n').enumerate() {
            if i > 0 {
                on_morpheme("\n");
            }
            let mut done = 0;
            let mut emit = |surface: &str| {
                for (j, word) in surface.split(' ').enumerate() {
                    if j > 0 {
                        on_morpheme(meta_space);
                    }
                    if !word.is_empty() {
                        on_morpheme(word);
                    }
                }
            };
            self.analyzer.split(line, |range| {
                emit(&line[done..range.start]);
                emit(&line[range.clone()]);
                done = range.end;
            });
            emit(&line[done..]);
        }
    }

    /// Takes what the cleaning rules changed since the last call.
    pub fn take_counts(&mut self) -> clean::Counts {
        self.cleaner.take_counts()
    }
}

/// Turns text into ids; one a thread.
pub struct Worker<'t> {
    splitter: Splitter<'t>,
    encoder: Encoder<'t>,
}

impl Worker<'_> {
    /// Appends the ids of a raw text and returns the number of its morphemes.
    pub fn encode(&mut self, text: &str, ids: &mut Vec<u32>) -> u64 {
        let Self { splitter, encoder } = self;
        let mut morphemes = 0;
        splitter.split(text, |morpheme| {
            morphemes += 1;
            encoder.encode(morpheme, ids);
        });
        morphemes
    }

    /// Calls `on_morpheme` for every morpheme of the cleaned text, as [`Splitter::split`].
    pub fn split(&mut self, text: &str, on_morpheme: impl FnMut(&str)) {
        self.splitter.split(text, on_morpheme);
    }

    /// Takes what the cleaning rules changed since the last call.
    pub fn take_counts(&mut self) -> clean::Counts {
        self.splitter.take_counts()
    }
}

/// Remembers the ids of the morphemes that it has met.
struct Encoder<'t> {
    model: &'t Unigram,
    buffer: EncodeBuffer,
    ids: Vec<u32>,
    known: FxHashMap<Box<str>, (u32, u32)>,
}

impl Encoder<'_> {
    fn encode(&mut self, morpheme: &str, out: &mut Vec<u32>) {
        if let Some(&(start, end)) = self.known.get(morpheme) {
            out.extend_from_slice(&self.ids[start as usize..end as usize]);
            return;
        }
        let before = out.len();
        self.model.encode(morpheme, &mut self.buffer, out);
        if self.known.len() < REMEMBERED {
            let start = self.ids.len();
            self.ids.extend_from_slice(&out[before..]);
            self.known.insert(morpheme.into(), (start as u32, self.ids.len() as u32));
        }
    }
}
