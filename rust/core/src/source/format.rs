//! How a file holds its documents.

use std::path::PathBuf;
use std::str::FromStr;

/// How a file holds its documents. Text and JSON lines may be compressed with gzip, bzip2 or Zstandard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A JSON object a line.
    JsonLines,
    /// A row a document.
    Parquet,
    /// The whole file is one document.
    Text,
    /// Documents are separated by blank lines.
    Paragraphs,
    /// Pages of HTML or WARC, which only an extractor can read.
    Pages,
}

impl FromStr for Format {
    type Err = ();

    /// The name in configs: `jsonl`, `parquet`, `text`, `paragraphs`, `html` or `warc`.
    fn from_str(name: &str) -> Result<Self, ()> {
        match name {
            "jsonl" => Ok(Self::JsonLines),
            "parquet" => Ok(Self::Parquet),
            "text" => Ok(Self::Text),
            "paragraphs" => Ok(Self::Paragraphs),
            "html" | "warc" => Ok(Self::Pages),
            _ => Err(()),
        }
    }
}

/// Some files, and what was made of them if that is what is to be read.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The files that documents come from.
    pub files: &'a [SourceFile],
    /// What an extractor made of them, see [`super::Extracted`].
    pub extracted: Option<&'a SourceFile>,
}

impl<'a> Input<'a> {
    /// Files that are read as they are.
    pub fn files(files: &'a [SourceFile]) -> Self {
        Self { files, extracted: None }
    }
}

/// A file of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Where it is.
    pub path: PathBuf,
    /// How it holds its documents.
    pub format: Format,
}

impl SourceFile {
    /// A file of JSON lines.
    pub fn json_lines(path: PathBuf) -> Self {
        Self { path, format: Format::JsonLines }
    }
}
