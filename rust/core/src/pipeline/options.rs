//! Options of a pass.

use crate::source::{Encoding, Form};

/// Treatment of unreadable documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnError {
    /// Stop with an error that names file and line.
    Stop,
    /// Quarantine them and go on.
    Quarantine,
}

/// Options of a run.
pub struct Options {
    /// Member of each JSON object, or column, that holds the text.
    pub text_field: String,
    /// Encoding of plain text; detected for each file if none.
    pub encoding: Option<&'static Encoding>,
    /// Form of documents.
    pub form: Form,
    /// Worker threads.
    pub threads: usize,
    /// Longest line or document, in bytes.
    pub longest_line: usize,
    /// Treatment of unreadable documents.
    pub on_error: OnError,
    /// Bytes of lines after which a part ends.
    pub part_bytes: usize,
    /// Lines read of all files together, at most.
    pub most_lines: usize,
}
