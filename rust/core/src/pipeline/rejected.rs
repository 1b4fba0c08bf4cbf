//! What did not become a document of the output, where it stands, and why. Never its text: it may be private.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::source::{Broken, Malformed, SourceFile};
use crate::{Error, Result};

/// Why a readable document is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    /// Nothing is left of it after cleaning.
    EmptyAfterCleaning,
    /// OSCAR warns of it.
    QualityWarning,
}

/// Why something is set aside because it cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum QuarantineReason {
    /// The line is not UTF-8.
    InvalidUtf8,
    /// The line is not JSON.
    MalformedJson,
    /// The line is JSON, but no object.
    NotAnObject,
    /// The object lacks the text field.
    MissingField,
    /// The text field is no string.
    NotAString,
    /// The line, or the document of another format, is longer than the config allows.
    LineTooLong,
    /// Plain text has bytes that its encoding does not have, or an encoding that is not recognised.
    Undecodable,
    /// The Parquet file has no column of the text field's name.
    MissingColumn,
    /// The Parquet file's column of that name does not hold text.
    NotATextColumn,
    /// The file ends or breaks in the middle; what came before is used.
    DamagedFile,
    /// The file cannot be opened.
    UnreadableFile,
}

impl QuarantineReason {
    /// What is wrong and what to do, in one sentence.
    pub fn advice(self) -> &'static str {
        match self {
            Self::InvalidUtf8 => "not UTF-8; convert the file, or set `on_error: quarantine`",
            Self::MalformedJson => "not JSON; mend the line, or set `on_error: quarantine`",
            Self::NotAnObject => {
                "JSON, but not an object like {\"text\": \"…\"}; mend the line, or set `on_error: quarantine`"
            }
            Self::MissingField => {
                "the object lacks the text field; set `text_field`, or `on_error: quarantine`"
            }
            Self::NotAString => "the text field is not a string; set `text_field`, or `on_error: quarantine`",
            Self::LineTooLong => {
                "the line or document is too long; raise `longest_line`, or set `on_error: quarantine`"
            }
            Self::Undecodable => {
                "not text in the file's encoding; set `encoding`, convert the file, or set `on_error: quarantine`"
            }
            Self::MissingColumn => {
                "the file has no column of the name in `text_field`; set `text_field`, or `on_error: quarantine`"
            }
            Self::NotATextColumn => {
                "the column named in `text_field` does not hold text; set `text_field`, or `on_error: quarantine`"
            }
            Self::DamagedFile => {
                "the file is truncated or damaged here; copy it again, or set `on_error: quarantine`"
            }
            Self::UnreadableFile => {
                "the file cannot be opened; check that it exists and may be read, or set `on_error: quarantine`"
            }
        }
    }
}

impl From<Malformed> for QuarantineReason {
    fn from(malformed: Malformed) -> Self {
        match malformed {
            Malformed::InvalidUtf8 => Self::InvalidUtf8,
            Malformed::MalformedJson => Self::MalformedJson,
            Malformed::NotAnObject => Self::NotAnObject,
            Malformed::MissingField => Self::MissingField,
            Malformed::NotAString => Self::NotAString,
        }
    }
}

impl From<Broken> for QuarantineReason {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Unreadable => Self::UnreadableFile,
            Broken::Damaged => Self::DamagedFile,
            Broken::MissingColumn => Self::MissingColumn,
            Broken::NotATextColumn => Self::NotATextColumn,
            Broken::Undecodable(_) => Self::Undecodable,
        }
    }
}

/// Dropped by a rule, or quarantined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(untagged)]
pub enum Why {
    /// A rule leaves it out.
    Dropped(DropReason),
    /// It cannot be read.
    Quarantined(QuarantineReason),
}

/// Something that did not become a document of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Which of the sources.
    pub source: usize,
    /// The line on which it begins, or its row, counted from 1; 0 for a whole file.
    pub line: u64,
    /// Its length in bytes.
    pub bytes: u64,
    /// Whether it counts as a document; a file that breaks between two lines does not.
    pub is_document: bool,
    /// The reason.
    pub why: Why,
}

impl Rejected {
    /// The error that stops a run which does not quarantine.
    pub fn to_error(self, path: &Path, reason: QuarantineReason) -> Error {
        Error::Input { path: path.to_owned(), line: self.line, message: reason.advice().to_owned() }
    }
}

/// Writes what was left out as JSON lines: `dropped.jsonl` and `quarantine.jsonl` in a folder.
pub struct RejectWriter {
    sources: Vec<PathBuf>,
    dropped: (PathBuf, BufWriter<File>),
    quarantined: (PathBuf, BufWriter<File>),
}

#[derive(serde::Serialize)]
struct Row<'a> {
    file: Cow<'a, str>,
    line: u64,
    bytes: u64,
    reason: Why,
}

impl RejectWriter {
    /// Creates both files.
    pub fn create(folder: &Path, sources: &[SourceFile]) -> Result<Self> {
        let create = |name: &str| {
            let path = folder.join(name);
            let file = File::create(&path).map_err(Error::io(&path, "cannot create"))?;
            Ok((path, BufWriter::new(file)))
        };
        Ok(Self {
            sources: sources.iter().map(|file| file.path.clone()).collect(),
            dropped: create("dropped.jsonl")?,
            quarantined: create("quarantine.jsonl")?,
        })
    }

    /// Writes a row.
    pub fn write(&mut self, rejected: &Rejected) -> Result<()> {
        let (path, out) = match rejected.why {
            Why::Dropped(_) => &mut self.dropped,
            Why::Quarantined(_) => &mut self.quarantined,
        };
        let file = self.sources[rejected.source].to_string_lossy();
        let row = Row { file, line: rejected.line, bytes: rejected.bytes, reason: rejected.why };
        serde_json::to_writer(&mut *out, &row)
            .map_err(|error| Error::io(&*path, "cannot write")(error.into()))?;
        out.write_all(b"\n").map_err(Error::io(path, "cannot write"))
    }

    /// Sees to it that both files are on disk.
    pub fn finish(self) -> Result<()> {
        for (path, out) in [self.dropped, self.quarantined] {
            let file = out.into_inner().map_err(|e| Error::io(&path, "cannot write")(e.into_error()))?;
            file.sync_all().map_err(Error::io(&path, "cannot sync"))?;
        }
        Ok(())
    }
}
