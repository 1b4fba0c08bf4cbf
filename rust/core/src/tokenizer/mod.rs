//! The tokenizer folder: cleaning rules, dictionary and pieces, which together encode raw text as ids.

mod id_cache;
mod manifest;
mod split;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use self::manifest::Manifest;
use crate::clean;
use crate::dictionary;
use crate::morph::{self, Analyzer, Engine};
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
    folder: PathBuf,
    checksum: u64,
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
    /// Loads a folder that `ncvc tokenizer train` wrote, or one with the same files.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if a file cannot be read, [`Error::Dictionary`] and [`Error::Tokenizer`] if one is none, is not as
    /// the folder's manifest says, was made with other cleaning rules, or has no piece for a character that cleaned
    /// text may hold.
    pub fn load(folder: &Path, engine: Engine) -> Result<Self> {
        let fail = |file: &str, message: String| Error::Tokenizer { path: folder.join(file), message };
        let manifest = Manifest::read(folder)?;
        let read = |file: &str| {
            let path = folder.join(file);
            std::fs::read(&path).map_err(Error::io(&path, "cannot read"))
        };
        let cleaning_file = read(CLEANING_FILE)?;
        let cleaning: Cleaning = serde_json::from_slice(&cleaning_file)
            .map_err(|error| fail(CLEANING_FILE, format!("not a description of cleaning rules: {error}")))?;
        if cleaning.version != clean::VERSION {
            let message = format!(
                "made with cleaning rules {}, but this ncvc has rules {}: train the tokenizer again, or use the ncvc that made it",
                cleaning.version,
                clean::VERSION
            );
            return Err(fail(CLEANING_FILE, message));
        }
        let model_file = read(MODEL_FILE)?;
        let dictionary = folder.join(DICTIONARY_FILE);
        let dictionary_file = dictionary::file::read(&dictionary)?;
        manifest.check(folder, CLEANING_FILE, &cleaning_file)?;
        manifest.check(folder, MODEL_FILE, &model_file)?;
        let model = Unigram::from_bytes(&model_file).map_err(|message| fail(MODEL_FILE, message))?;
        let control = |piece: &str| {
            model.id(piece).ok_or_else(|| fail(MODEL_FILE, format!("the piece {piece} is missing")))
        };
        let (begin, end) = (control(BEGIN_OF_TEXT)?, control(END_OF_TEXT)?);
        require_characters(&model).map_err(|message| fail(MODEL_FILE, message))?;
        // The digest of the dictionary takes as long as loading it.
        let (checked, analyzer) = std::thread::scope(|scope| {
            let checked = scope.spawn(|| manifest.check(folder, DICTIONARY_FILE, &dictionary_file));
            let analyzer = Analyzer::from_bytes(engine, &dictionary_file, &dictionary);
            (checked.join(), analyzer)
        });
        let analyzer = analyzer?;
        checked.map_err(|_| Error::internal("the digest of a dictionary failed"))??;
        let mut checksum = Xxh3::new();
        [cleaning_file.as_slice(), &model_file, &analyzer.checksum().to_le_bytes()]
            .iter()
            .for_each(|part| checksum.update(part));
        let (folder, checksum) = (morph::absolute(folder)?, checksum.digest());
        Ok(Self { folder, checksum, analyzer: Arc::new(analyzer), model, begin, end })
    }

    /// Loads the folder with this checksum.
    ///
    /// # Errors
    ///
    /// As for [`Tokenizer::load`], and [`Error::Tokenizer`] if the folder has another one.
    pub fn reopen(folder: &Path, engine: Engine, checksum: u64) -> Result<Self> {
        let tokenizer = Self::load(folder, engine)?;
        if tokenizer.checksum == checksum {
            return Ok(tokenizer);
        }
        let message = "changed since the tokenizer was pickled; load it again".to_owned();
        Err(Error::Tokenizer { path: folder.to_owned(), message })
    }

    /// Returns the absolute path of the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the checksum of what determines the ids.
    pub fn checksum(&self) -> u64 {
        self.checksum
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

/// Checks that each character of cleaned text is a piece: any other would become `<unk>`, and its id no text again.
fn require_characters(model: &Unigram) -> std::result::Result<(), String> {
    let characters = clean::allowed_characters().into_iter().chain([clean::META_SPACE, '\n']);
    let missing: Vec<char> = characters.filter(|c| model.id(c.encode_utf8(&mut [0; 4])).is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let shown: Vec<String> = missing.iter().take(5).map(|c| c.escape_debug().to_string()).collect();
    Err(format!(
        "lacks {} of the characters that cleaned text may hold, {} among them; train it with `ncvc tokenizer train`",
        missing.len(),
        shown.join(" ")
    ))
}
