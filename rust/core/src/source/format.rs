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
}

impl FromStr for Format {
    type Err = ();

    /// The name in configs: `jsonl`, `parquet`, `text` or `paragraphs`.
    fn from_str(name: &str) -> Result<Self, ()> {
        match name {
            "jsonl" => Ok(Self::JsonLines),
            "parquet" => Ok(Self::Parquet),
            "text" => Ok(Self::Text),
            "paragraphs" => Ok(Self::Paragraphs),
            _ => Err(()),
        }
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
