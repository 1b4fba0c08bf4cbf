//! The tokenizer folder: cleaning rules, dictionary and pieces, which together encode raw text as ids.

mod id_cache;
mod split;
mod worker;

use std::path::Path;
use std::sync::Arc;

use crate::clean;
use crate::morph::{Analyzer, Engine};
use crate::unigram::{PieceKind, Unigram};
use crate::{Error, Result};

pub use split::Splitter;
pub use worker::{MORPHEME_SEPARATOR, Worker};

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

/// A tokenizer, shared by all threads.
pub struct Tokenizer {
    analyzer: Arc<Analyzer>,
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
    pub fn load(folder: &Path, engine: Engine) -> Result<Self> {
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
        let analyzer = Analyzer::load_for(engine, folder.join(DICTIONARY_FILE))?;
        Ok(Self { analyzer: Arc::new(analyzer), model, begin, end })
    }

    /// Returns the morphological analyser.
    pub fn analyzer(&self) -> &Arc<Analyzer> {
        &self.analyzer
    }

    /// Returns the Unigram model.
    pub fn model(&self) -> &Unigram {
        &self.model
    }

    /// Returns the id that begins a text.
    pub fn begin_of_text(&self) -> u32 {
        self.begin
    }

    /// Returns the id that ends every document.
    pub fn end_of_text(&self) -> u32 {
        self.end
    }

    /// Creates a worker for one thread.
    pub fn worker(&self) -> Worker<'_> {
        Worker::new(&self.analyzer, &self.model)
    }

    /// Decodes ids to cleaned text, without begin and end of text and unknown characters.
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
