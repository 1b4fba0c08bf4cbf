//! Rejected documents: dropped by a rule or unreadable, with file, line and reason.

use std::borrow::Cow;
use std::path::Path;

use crate::dedup::Duplicate;
use crate::filter;
use crate::source::{Malformed, OscarReason, ReadError};
use crate::{Error, Result};

/// Reason to drop a readable document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DropReason {
    /// Cleaning left nothing.
    EmptyAfterCleaning,
    /// A rule on what OSCAR says of it drops it.
    Oscar(OscarReason),
    /// A filter dropped it.
    Filter(filter::Reason),
    /// It is a duplicate.
    Duplicate(Duplicate),
}

impl DropReason {
    /// Name in reports and file names.
    pub fn name(self) -> &'static str {
        match self {
            Self::EmptyAfterCleaning => "empty_after_cleaning",
            Self::Oscar(OscarReason::QualityWarning) => "quality_warning",
            Self::Oscar(OscarReason::Category) => "category",
            Self::Oscar(OscarReason::Harmful) => "harmful",
            Self::Filter(reason) => reason.name(),
            Self::Duplicate(kind) => kind.name(),
        }
    }
}

impl serde::Serialize for DropReason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Reason why a document or file cannot be read.
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
    /// Plain text or HTML has bytes outside its encoding, or an unknown encoding.
    Undecodable,
    /// The page, or the server's header, cannot be parsed.
    MalformedPage,
    /// The page is nested too deeply, or has too many elements.
    PageTooComplex,
    /// The row of a table cannot be parsed.
    MalformedRow,
    /// The file, or a page of it, holds no text.
    NoText,
    /// The file is no text but holds binary data.
    NotText,
    /// The file is encrypted.
    Encrypted,
    /// The file lacks the text column.
    MissingColumn,
    /// The Parquet file's text column does not hold text.
    NotATextColumn,
    /// The file is truncated or damaged; the documents before are used.
    DamagedFile,
    /// The file, or the rest of it, cannot be read.
    UnreadableFile,
}

impl QuarantineReason {
    /// Advice in one sentence: what is wrong and what to do.
    pub fn advice(self) -> &'static str {
        match self {
            Self::InvalidUtf8 => "not UTF-8; set `encoding`, convert the file, or set `on_error: quarantine`",
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
            Self::MalformedPage => "the page cannot be parsed; leave it out, or set `on_error: quarantine`",
            Self::PageTooComplex => {
                "the page has more than 1,024 elements inside each other, or more than 4 million; leave it out, or \
                 set `on_error: quarantine`"
            }
            Self::MalformedRow => {
                "the row cannot be parsed, or has more cells than there are columns; mend its quotation marks, or \
                 set `on_error: quarantine`"
            }
            Self::NoText => {
                "it holds no text, like a scan; recognise its text with OCR first, or set `on_error: quarantine`"
            }
            Self::NotText => {
                "the file is no text but holds binary data, like a program or a database; leave it out, or set \
                 `on_error: quarantine`"
            }
            Self::Encrypted => {
                "the file is encrypted; save it without a password, or set `on_error: quarantine`"
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
                "the file cannot be read; check that it exists and may be read, or set `on_error: quarantine`"
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

impl From<ReadError> for QuarantineReason {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Unreadable => Self::UnreadableFile,
            ReadError::Damaged => Self::DamagedFile,
            ReadError::MissingColumn => Self::MissingColumn,
            ReadError::NotATextColumn => Self::NotATextColumn,
            ReadError::TooLong => Self::LineTooLong,
            ReadError::Undecodable => Self::Undecodable,
            ReadError::MalformedPage => Self::MalformedPage,
            ReadError::PageTooComplex => Self::PageTooComplex,
            ReadError::MalformedRow => Self::MalformedRow,
            ReadError::NoText => Self::NoText,
            ReadError::NotText => Self::NotText,
            ReadError::Encrypted => Self::Encrypted,
        }
    }
}

/// Reason of a rejection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(untagged)]
pub enum RejectReason {
    /// A rule dropped the document.
    Dropped(DropReason),
    /// The document cannot be read.
    Quarantined(QuarantineReason),
}

/// Rejected document, or file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Number of the file.
    pub source: usize,
    /// The line, row or offset, counted from 1; 0 for a whole file.
    pub line: u64,
    /// Length in bytes.
    pub bytes: u64,
    /// Counts as a document; a file that breaks between two lines does not.
    pub is_document: bool,
    /// The reason.
    pub reason: RejectReason,
    /// Names of the fields or columns that there are, where the text field is missing and the run stops at that.
    pub names: Vec<String>,
}

/// Names of fields that a message holds, and characters of each.
const NAMES: usize = 12;
const NAME: usize = 40;

impl Rejected {
    /// Makes the error that stops a run without quarantine.
    pub fn to_error(&self, path: &Path, reason: QuarantineReason) -> Error {
        let mut message = reason.advice().to_owned();
        if !self.names.is_empty() {
            let names = self.names.iter().take(NAMES).map(|name| name.chars().take(NAME).collect::<String>());
            let names: Vec<String> = names.map(|name| format!("{name:?}")).collect();
            let more = if self.names.len() > NAMES { ", …" } else { "" };
            message += &format!("; there are {}{more}", names.join(", "));
        }
        Error::Input { path: path.to_owned(), line: self.line, message }
    }
}

/// Row of `quarantine.jsonl` or `dropped.REASON.jsonl.zst`.
#[derive(serde::Serialize)]
pub struct RejectedRow<'a> {
    /// The file.
    pub file: Cow<'a, str>,
    /// The line, row or offset, counted from 1; 0 for a whole file.
    pub line: u64,
    /// The reason.
    pub reason: RejectReason,
    /// Length in bytes of an unreadable document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The earlier document that a duplicate repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<Earlier<'a>>,
    /// Clean text of a dropped document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<&'a str>,
}

/// Document that a duplicate repeats.
#[derive(serde::Serialize)]
pub struct Earlier<'a> {
    /// The file.
    pub file: Cow<'a, str>,
    /// The line, counted from 1.
    pub line: u64,
    /// Jaccard similarity of the two; 1 for the same text.
    pub similarity: f64,
}

impl RejectedRow<'_> {
    /// Appends the row and a line feed.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<()> {
        serde_json::to_writer(&mut *out, self).map_err(|_| Error::internal("a row has no JSON form"))?;
        out.push(b'\n');
        Ok(())
    }
}
