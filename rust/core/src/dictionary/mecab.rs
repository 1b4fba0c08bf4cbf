//! A MeCab dictionary in memory.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::characters::Characters;
use super::charset::Charset;
use super::matrix::Matrix;
use crate::{Error, Result};

/// One morpheme: a row of a MeCab lexicon.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Spelling in the text.
    pub surface: String,
    /// Its id as the right neighbour of another morpheme.
    pub left: u16,
    /// Its id as the left neighbour of another morpheme.
    pub right: u16,
    /// Its own cost.
    pub cost: i16,
    /// The first three fields of the feature: part of speech and two subclasses.
    pub part_of_speech: Arc<str>,
}

/// A dictionary that terms can be added to.
pub struct Base {
    /// The folder it was read from.
    pub folder: PathBuf,
    /// The lexicon.
    pub rows: Vec<Row>,
    /// The templates of unknown words; their surfaces are category names.
    pub unknown: Vec<Row>,
    /// The character categories.
    pub characters: Characters,
    /// The connection costs.
    pub matrix: Matrix,
    /// The files that were read.
    pub inputs: Vec<InputFile>,
    /// Reason → number of rows that were left out for it.
    pub skipped: BTreeMap<String, u64>,
}

/// Rows of a lexicon, and the number of those whose surface is not text in the lexicon's charset.
///
/// Debian's Juman dictionary has six such rows of 751,185.
#[derive(Debug, Default)]
pub struct Lexicon {
    /// The rows, in the order of the lexicon.
    pub rows: Vec<Row>,
    /// Number of the others.
    pub not_text: u64,
}

/// A file that went into a dictionary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// Its name without the folder.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
}

impl Base {
    /// Returns left id, right id and part of speech of plain proper nouns; where there are none, of other plain nouns.
    ///
    /// UniDic has several pairs of ids for one class: the pair that most rows have counts.
    pub fn noun_class(&self) -> Result<(u16, u16, Arc<str>)> {
        for class in ["名詞,固有名詞,一般", "名詞,固有名詞", "名詞,普通名詞,一般", "名詞,一般", "名詞"]
        {
            let mut counts = BTreeMap::new();
            for row in self.rows.iter().filter(|row| row.part_of_speech.starts_with(class)) {
                *counts.entry((row.left, row.right, &row.part_of_speech)).or_insert(0) += 1;
            }
            if let Some(((left, right, class), _)) = counts.into_iter().max_by_key(|&(_, count)| count) {
                return Ok((left, right, class.clone()));
            }
        }
        Err(error(&self.folder, "no row is a 名詞, so terms cannot be given the ids of nouns"))
    }

    /// Returns the surfaces that are nouns.
    pub fn nouns(&self) -> HashSet<&str> {
        let nouns = self.rows.iter().filter(|row| row.part_of_speech.starts_with("名詞"));
        nouns.map(|row| row.surface.as_str()).collect()
    }

    /// Leaves out the rows that the analyser cannot use, and counts them.
    ///
    /// vibrato skips spaces in one go and could not go on from a morpheme that ends among them.
    pub(super) fn skip_unusable(&mut self) {
        let Self { rows, characters, skipped, .. } = self;
        rows.retain(|row| {
            let reason = if row.surface.len() > MAX_SURFACE {
                TOO_LONG
            } else if row.surface.ends_with(|c| characters.has(c, "SPACE")) {
                ENDS_IN_SPACE
            } else {
                return true;
            };
            *skipped.entry(reason.to_owned()).or_default() += 1;
            false
        });
    }

    /// Checks everything that would make the analyser fail later.
    pub(super) fn check(&self) -> Result<()> {
        if self.rows.is_empty() {
            return Err(error(&self.folder, "no rows that can be used; take the whole dictionary"));
        }
        let outside = |row: &&Row| row.left >= self.matrix.lefts || row.right >= self.matrix.rights;
        if let Some(row) = self.rows.iter().chain(&self.unknown).find(outside) {
            let message = format!(
                "{} has ids {}, {} but the matrix only {} × {}; take all files from one dictionary",
                row.surface, row.left, row.right, self.matrix.lefts, self.matrix.rights
            );
            return Err(error(&self.folder, message));
        }
        let categories = &self.characters.categories;
        if let Some(category) =
            categories.iter().find(|c| self.unknown.iter().all(|row| row.surface != c.name))
        {
            let message =
                format!("no row for unknown words of the category {}; add one to unk.def", category.name);
            return Err(error(&self.folder, message));
        }
        if let Some(row) = self.unknown.iter().find(|row| categories.iter().all(|c| c.name != row.surface)) {
            let message = format!("unknown words of {}: char.def defines no such category", row.surface);
            return Err(error(&self.folder, message));
        }
        if categories.iter().all(|category| category.name != "SPACE") {
            return Err(error(&self.folder, NO_SPACE));
        }
        Ok(())
    }
}

/// The message about a dictionary without the category of spaces.
pub const NO_SPACE: &str = "the category SPACE is missing from char.def; define it";

/// Reasons why a row of the base is left out.
pub const NOT_TEXT: &str = "row of the base that is not text in its charset";
const TOO_LONG: &str = "row of the base that is too long";
const ENDS_IN_SPACE: &str = "row of the base that ends in a space";

/// The longest surface in bytes: the reader behind vibrato takes no field of more than 4096.
pub const MAX_SURFACE: usize = 1024;
/// Size of the largest file that is read into memory, in bytes.
const LARGEST: u64 = 2 << 30;

/// Creates [`Error::Dictionary`].
pub fn error(path: impl Into<PathBuf>, message: impl Into<String>) -> Error {
    Error::Dictionary { path: path.into(), message: message.into() }
}

/// Creates the error about the row at `position` of a CSV file; without a position, about the file.
pub fn error_at(path: &Path, position: Option<&csv::Position>, message: &str) -> Error {
    match position {
        Some(position) => {
            Error::Input { path: path.to_owned(), line: position.line(), message: message.to_owned() }
        }
        None => error(path, message),
    }
}

/// Reads a file and records its name, size and SHA-256.
pub fn read_input(path: &Path) -> Result<(Vec<u8>, InputFile)> {
    read_input_if(path, |beginning, _| {
        !(beginning.len() == BEGINNING && beginning.iter().all(|&byte| byte == 0))
    })
}

/// Bytes at the beginning of a file by which it is known.
const BEGINNING: usize = 4096;

/// Reads a file as [`read_input`] if its first [`BEGINNING`] bytes and its length may be those of such a file.
///
/// A file of many gigabytes is so refused before it is in memory.
pub fn read_input_if(path: &Path, may_be: impl FnOnce(&[u8], u64) -> bool) -> Result<(Vec<u8>, InputFile)> {
    let mut bytes = Vec::new();
    let mut file = std::fs::File::open(path).map_err(Error::io(path, "cannot open"))?;
    let length = file.metadata().map_err(Error::io(path, "cannot read"))?.len();
    file.by_ref().take(BEGINNING as u64).read_to_end(&mut bytes).map_err(Error::io(path, "cannot read"))?;
    if !may_be(&bytes, length) {
        return Err(error(path, "not what its name says, or damaged; install the dictionary again"));
    }
    file.take(LARGEST).read_to_end(&mut bytes).map_err(Error::io(path, "cannot read"))?;
    if bytes.len() as u64 > LARGEST {
        return Err(error(path, "larger than 2 GiB, which no dictionary is; name another file"));
    }
    let name = path.file_name().ok_or_else(|| error(path, "names no file; give the path of a file"))?;
    let name = name.to_string_lossy().into_owned();
    let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let input = InputFile { name, bytes: bytes.len() as u64, sha256 };
    Ok((bytes, input))
}

/// Interns parts of speech: a lexicon has hundreds of thousands of rows and a few hundred of these.
#[derive(Default)]
pub struct PartsOfSpeech(HashMap<Vec<u8>, Arc<str>>);

impl PartsOfSpeech {
    /// Returns the first three fields of `feature`; bytes that are not in the charset become U+FFFD, as few rows have
    /// them and none in these fields.
    pub fn of(&mut self, charset: Charset, feature: &[u8]) -> Arc<str> {
        let mut commas = feature.iter().enumerate().filter(|&(_, &byte)| byte == b',');
        let end = commas.nth(2).map_or(feature.len(), |(comma, _)| comma);
        let feature = &feature[..end];
        if let Some(known) = self.0.get(feature) {
            return known.clone();
        }
        let text = charset.decode(feature).unwrap_or_else(|| String::from_utf8_lossy(feature).into_owned());
        let new: Arc<str> = text.into();
        self.0.insert(feature.to_owned(), new.clone());
        new
    }
}
