//! Options of the filters. `ncvc/corpus/filters.py` declares, documents and validates them and passes them as JSON;
//! `None` switches a filter off.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// All filters, in the order in which they run.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilterOptions {
    /// Notices that the text may not be used.
    pub copyright_notices: Option<CopyrightOptions>,
    /// Sentences without their end.
    pub unfinished_sentences: Option<UnfinishedOptions>,
    /// Documents too short to teach anything.
    pub too_short: Option<LengthOptions>,
    /// Documents in other scripts.
    pub japanese: Option<JapaneseOptions>,
    /// Documents that repeat themselves.
    pub repetition: Option<RepetitionOptions>,
    /// Pornography.
    pub adult_words: Option<AdultOptions>,
    /// Low scores of a model.
    pub quality: Option<QualityOptions>,
}

/// Removal where a copyright notice is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemoveNotice {
    /// The whole document, as in the papers.
    Document,
    /// The line with the notice.
    Line,
}

/// See [`copyright`](super::copyright).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CopyrightOptions {
    /// Part that is removed.
    pub remove: RemoveNotice,
}

/// Removal where a sentence is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemoveCutOff {
    /// The document, if its end or too many of its sentences are cut off.
    Document,
    /// The cut-off sentences.
    Sentence,
}

/// See [`unfinished`](super::unfinished).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnfinishedOptions {
    /// Part that is removed.
    pub remove: RemoveCutOff,
    /// The largest fraction of a document's sentences that may be cut off, where documents go.
    pub most_cut_off: f64,
    /// The largest fraction of a document's characters that may be in lines without the end of a sentence.
    pub most_unended: f64,
}

/// See [`length`](super::length).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LengthOptions {
    /// The smallest number of characters, white space apart.
    pub least_characters: usize,
}

/// See [`japanese`](super::japanese).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JapaneseOptions {
    /// The smallest fraction of letters that are kana or kanji.
    pub least_japanese: f64,
    /// The smallest fraction of characters that are hiragana.
    pub least_hiragana: f64,
    /// Shorter documents, in characters, need no hiragana.
    pub hiragana_from: usize,
}

/// See [`repetition`](super::repetition). Fractions are of the document's lines, paragraphs or characters.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepetitionOptions {
    /// Documents with fewer characters are not judged.
    pub least_characters: usize,
    /// The largest fraction of lines that stood before.
    pub most_lines: f64,
    /// The largest fraction of characters in lines that stood before.
    pub most_line_characters: f64,
    /// The largest fraction of paragraphs that stood before.
    pub most_paragraphs: f64,
    /// The largest fraction of characters in paragraphs that stood before.
    pub most_paragraph_characters: f64,
    /// The length of n-grams whose most frequent one is weighed, in characters.
    pub frequent_length: usize,
    /// The largest fraction of characters that the most frequent n-gram may take.
    pub most_frequent_characters: f64,
    /// The length of n-grams that stood before, in characters.
    pub repeated_length: usize,
    /// The largest fraction of characters in n-grams that stood before.
    pub most_repeated_characters: f64,
}

/// See [`adult`](super::adult).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdultOptions {
    /// The list's file, for messages.
    pub list_name: String,
    /// The list: a word, white space and its weight a line; # begins a comment.
    pub list: String,
    /// The smallest weight for which a document goes: in all up to 1,000 characters, per 1,000 beyond.
    pub least_weight: f64,
    /// The smallest number of different words of weight 3 or more for which a document goes.
    pub least_words: usize,
}

/// See [`quality`](super::quality).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualityOptions {
    /// The model, or what it said.
    pub model: QualityModel,
    /// The smallest probability of high quality with which a document stays.
    pub threshold: f64,
}

/// Files of a model.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum QualityModel {
    /// A linear model of hashed n-grams of characters.
    Linear {
        /// The weights: a power of two of 32-bit floats in numpy's format.
        weights: PathBuf,
        /// The SHA-256 of that file, in hexadecimal.
        sha256: String,
        /// The constant that is added to the mean weight.
        intercept: f64,
        /// The length of the shortest n-grams, in characters.
        shortest: usize,
        /// The length of the longest ones.
        longest: usize,
    },
    /// Scores by text.
    Scores {
        /// Rows of 16 bytes of the text's SHA-256 and the score as a 32-bit float.
        scores: PathBuf,
        /// The SHA-256 of that file, in hexadecimal.
        sha256: String,
    },
}

impl QualityModel {
    /// Returns the file that the engine reads, and its SHA-256.
    pub fn file(&self) -> (&Path, &str) {
        match self {
            Self::Linear { weights: file, sha256, .. } | Self::Scores { scores: file, sha256 } => {
                (file, sha256)
            }
        }
    }
}
