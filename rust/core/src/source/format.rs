//! Formats of input files.

use std::path::PathBuf;
use std::str::FromStr;

use super::range::FileRange;

/// Format of an input file. Text and JSON lines may be compressed with gzip, bzip2 or Zstandard.
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
    /// Any other format, which only an extractor reads.
    Extracted,
}

impl FromStr for Format {
    type Err = ();

    /// The name in configs: `jsonl`, `parquet`, `text`, `paragraphs`, `html`, …
    fn from_str(name: &str) -> Result<Self, ()> {
        match name {
            "jsonl" => Ok(Self::JsonLines),
            "parquet" => Ok(Self::Parquet),
            "text" => Ok(Self::Text),
            "paragraphs" => Ok(Self::Paragraphs),
            "html" | "warc" | "csv" | "tsv" | "excel" | "wikipedia" | "docx" | "pdf" => Ok(Self::Extracted),
            _ => Err(()),
        }
    }
}

/// Input files, with the output of an extractor where that is read instead.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The files that documents come from.
    pub files: &'a [SourceFile],
    /// The output of an extractor on them, see [`super::Extracted`].
    pub extracted: Option<&'a SourceFile>,
}

impl<'a> Input<'a> {
    /// Creates an input of files that are read as they are.
    pub fn files(files: &'a [SourceFile]) -> Self {
        Self { files, extracted: None }
    }
}

/// A file of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Its path.
    pub path: PathBuf,
    /// Its format.
    pub format: Format,
    /// The lines of it that are read; none for all of them.
    pub range: Option<FileRange>,
}

impl SourceFile {
    /// Creates a file that is read whole.
    pub fn new(path: PathBuf, format: Format) -> Self {
        Self { path, format, range: None }
    }

    /// Creates a file of JSON lines.
    pub fn json_lines(path: PathBuf) -> Self {
        Self::new(path, Format::JsonLines)
    }
}
